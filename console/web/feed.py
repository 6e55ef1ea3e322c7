"""WebFeed: answers and positions of crews' pages, decoded, on the same way as those of the broker."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime

from console.domain.crews import CrewFix
from console.domain.field_reports import Reported
from console.domain.health import CREW_PAGE, FeedHealth
from console.domain.orders import OrderReply
from console.feeds.inbox import Inbox
from console.feeds.port import Decoded

NAME = CREW_PAGE
MOST_OPEN = 1_000
"""Answers on their way at one time; more are to be sent again later."""

Key = tuple[str, str]
"""(crew, id of the answer)."""


class WebFeed:
    """``submit`` may be called from any thread."""

    def __init__(self) -> None:
        self._inbox: Inbox | None = None
        self._lock = threading.Lock()
        self._open: dict[Key, threading.Event] = {}
        self._received, self._refused = 0, dict[str, int]()
        self._last_at: datetime | None = None

    @property
    def name(self) -> str:
        """As shown."""
        return NAME

    def start(self, inbox: Inbox) -> None:
        """Take answers from now on."""
        self._inbox = inbox

    def stop(self) -> None:
        """Take no more."""
        self._inbox = None

    def submit(self, key: Key, reply: OrderReply | Reported, patience_s: float) -> bool:
        """Hand an answer to the engine and wait until what follows from it is on disk; False when that takes longer.

        The same answer again, while it is on its way, is not handed over twice.
        """
        with self._lock:
            done, is_new = self._open.get(key), False
            if done is None:
                if len(self._open) >= MOST_OPEN:  # phones that never asked again for what is done
                    self._open = {one: event for one, event in self._open.items() if not event.is_set()}
                if self._inbox is None or len(self._open) >= MOST_OPEN:
                    return False
                done, is_new = threading.Event(), True
                self._open[key] = done
        if is_new:
            self._offer(key, reply, done)
        return done.wait(patience_s)

    def settled(self, key: Key) -> None:
        """What became of an answer was read: it is no longer on its way."""
        with self._lock:
            self._open.pop(key, None)

    def refuse(self, kind: str) -> None:
        """Count an answer that could not be used."""
        with self._lock:
            self._refused[kind] = self._refused.get(kind, 0) + 1

    def moved(self, fix: CrewFix) -> bool:
        """Hand a position to the engine; False when it cannot be taken now."""
        inbox = self._inbox
        if inbox is None or not inbox.offer_all(self, (fix,), None):
            return False
        self._count()
        return True

    def decode(self, items: Sequence[OrderReply | Reported | CrewFix], now_us: int) -> Decoded:
        """They were decoded, and their times judged, when they came."""
        fixes = tuple(one for one in items if isinstance(one, CrewFix))
        replies = tuple(one for one in items if isinstance(one, OrderReply))
        return Decoded(fixes=fixes, replies=replies, reports=tuple(one for one in items if isinstance(one, Reported)))

    def health(self) -> FeedHealth:
        """Up from start to stop."""
        with self._lock:
            invalid, refused = sum(self._refused.values()), tuple(sorted(self._refused.items(), key=lambda one: -one[1]))
            state = "off" if self._inbox is None else "up"
            return FeedHealth(
                NAME, state, received=self._received, invalid=invalid, last_at=self._last_at, refused=refused
            )  # fmt: skip

    def _offer(self, key: Key, reply: OrderReply | Reported, done: threading.Event) -> None:
        inbox = self._inbox
        if inbox is None or not inbox.offer_all(self, (reply,), done.set):
            self.settled(key)
            return
        self._count()

    def _count(self) -> None:
        with self._lock:
            self._received += 1
            self._last_at = datetime.now(UTC)
