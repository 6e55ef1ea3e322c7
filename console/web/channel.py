"""WebChannel: orders and valve cards are delivered once the crew's browser has fetched and kept a page with them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from console.channels.port import Result
from console.domain.delivery import body_of
from console.domain.health import CREW_PAGE, ChannelHealth
from console.domain.outgoing import MessageKind, Outgoing

NAME = CREW_PAGE
PATIENCE_S = 60.0
"""After this time without a fetch the delivery counts as failed, which people see; the outbox tries it again."""
_LINKS_S = 2.0
NOT_FETCHED = "the crew's browser has not fetched it"


@dataclass(frozen=True, slots=True)
class _Waiting:
    crew_id: str
    subject: str
    """The order, or the case of valve cards."""
    until: float


class WebChannel:
    """``fetched`` may be called from any thread. ``crews``: those with a link that opens the page, as the store has them now."""

    def __init__(self, crews: Callable[[], frozenset[str]], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._crews, self._monotonic = crews, monotonic
        self._linked, self._looked = frozenset[str](), -_LINKS_S
        self._lock = threading.Lock()
        self._waiting: dict[int, _Waiting] = {}
        self._late: dict[int, _Waiting] = {}
        """Reported as not fetched; a fetch before the next attempt still counts."""
        self._fetched: set[int] = set()
        self._results: list[Result] = []
        self._is_up = False

    @property
    def name(self) -> str:
        """As shown and recorded."""
        return NAME

    def carries(self, outgoing: Outgoing) -> bool:
        """Orders and valve cards of crews with a link. Raises StoreUnavailable."""
        if outgoing.kind not in (MessageKind.ORDER, MessageKind.VALVE_CARDS):
            return False
        now = self._monotonic()
        if now - self._looked >= _LINKS_S:
            self._linked, self._looked = self._crews(), now
        return outgoing.to in self._linked

    def start(self) -> None:
        """The page is served from now on."""
        self._is_up = True

    def stop(self) -> None:
        """It is not any more."""
        self._is_up = False

    def health(self) -> ChannelHealth:
        """Up while the page is served."""
        return ChannelHealth(NAME, "up" if self._is_up else "off")

    def deliver(self, outgoing_id: int, outgoing: Outgoing) -> bool:
        """Wait for the fetch of the order; at once done when it came since the last attempt."""
        if not self._is_up:
            return False
        with self._lock:
            self._late.pop(outgoing_id, None)
            if outgoing_id in self._fetched:
                self._fetched.discard(outgoing_id)
                self._results.append(Result(outgoing_id))
                return True
            body = body_of(outgoing)
            # Cards are on every page of their case.
            subject = str(body.get("order_id") or body.get("incident_id", ""))
            self._waiting[outgoing_id] = _Waiting(outgoing.to, subject, self._monotonic() + PATIENCE_S)
        return True

    def fetched(self, crew_id: str, order_id: str, incident_id: str = "") -> None:
        """The crew's browser has kept the page of this order as the store has it now: all handed over before is in it."""
        subjects = {order_id, incident_id} - {""}
        with self._lock:
            for outgoing_id in _of(self._waiting, crew_id, subjects):
                del self._waiting[outgoing_id]
                self._results.append(Result(outgoing_id))
            for outgoing_id in _of(self._late, crew_id, subjects):
                del self._late[outgoing_id]
                self._fetched.add(outgoing_id)

    def results(self) -> list[Result]:
        """Since the last call."""
        now = self._monotonic()
        with self._lock:
            for outgoing_id, one in list(self._waiting.items()):
                if one.until <= now:
                    self._late[outgoing_id] = self._waiting.pop(outgoing_id)
                    self._results.append(Result(outgoing_id, NOT_FETCHED))
            results, self._results = self._results, []
        return results


def _of(waiting: dict[int, _Waiting], crew_id: str, subjects: Collection[str]) -> list[int]:
    return [key for key, one in waiting.items() if one.crew_id == crew_id and one.subject in subjects]
