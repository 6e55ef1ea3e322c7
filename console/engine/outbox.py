"""Outbox: what the store holds for others -> the link, until it has safely arrived; on a thread of its own."""

from __future__ import annotations

import logging
import queue
import threading
import time
from functools import cache

from console.domain.changes import Outgoing
from console.domain.delivery import Obsolete, Reason, Undelivered, undelivered
from console.engine.faults import Faults
from console.services.incidents.obsolete_messages import CaseOf, obsolete
from console.services.ports import Link, Store, StoreUnavailable

FAULT = "store/outbox"
_BUSY_S, _IDLE_S = 0.05, 0.5
_LOOK_S = 30.0
"""While nothing can be sent, the store is looked into when something new is due, and so often."""
LASTING_S = 30.0
"""A lost connection that comes back within this is no failed delivery."""

log = logging.getLogger(__name__)


class Outbox:
    """Waits for the link and for the store. ``wake``: something new is due; any thread.

    ``waiting``: what cannot go out now; ``lasting``: of these what is worth an entry in the log of actions; ``delivered``:
    what the broker has, ``withdrawn``: what never left and is over meanwhile; both to be taken from there.
    """

    def __init__(self, store: Store, link: Link, faults: Faults) -> None:
        self._store, self._link, self._faults = store, link, faults
        self._in_flight: dict[int, Undelivered] = {}
        self._handed: set[int] = set()
        """Handed to the link and not refused: they may have left, and the link sends them again by itself."""
        self.delivered: queue.SimpleQueue[Undelivered] = queue.SimpleQueue()
        self.withdrawn: queue.SimpleQueue[tuple[Undelivered, Obsolete]] = queue.SimpleQueue()
        self._arrived: list[int] = []
        self.waiting: tuple[Undelivered, ...] = ()
        self.lasting: tuple[Undelivered, ...] = ()
        self._since: dict[int, float] = {}
        self._named: dict[int, Undelivered] = {}
        self._looked_at, self._state = -_LOOK_S, ""
        self._woken, self._closing = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def wake(self) -> None:
        """Look at once."""
        self._woken.set()

    def close(self, patience_s: float) -> None:
        """Send what can be sent at once, end; what is left is in the store, for the next start."""
        self._closing.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(patience_s)

    def _run(self) -> None:
        last = False
        while not last:
            last = self._closing.is_set()
            try:
                self._turn()
                if last:
                    self._turn()  # what was handed over a moment ago may have arrived
                self._faults.end(FAULT)
            except StoreUnavailable as fault:
                self._faults.begin(FAULT, str(fault), "what is due is sent when it is back")
            except Exception as defect:  # noqa: BLE001 - shown and logged; the next message goes out all the same
                self._faults.defect("outbox", defect)
            if not last:
                is_woken = self._woken.wait(_BUSY_S if self._in_flight or self._arrived else _IDLE_S)
                self._woken.clear()
                if is_woken:
                    self._looked_at = -_LOOK_S

    def _turn(self) -> None:
        """Record what has arrived, hand over what is due."""
        self._arrived += self._link.taken()
        if self._arrived:
            self._store.mark_sent(self._arrived)
            self._handed.difference_update(self._arrived)
            for outgoing_id in self._arrived:
                if outgoing_id in self._in_flight:
                    self.delivered.put(self._in_flight.pop(outgoing_id))
            self._arrived.clear()
        state, now = self._link.health().state, time.monotonic()
        if state != "up":
            self._in_flight.clear()
            if state == self._state and now - self._looked_at < _LOOK_S:
                return
        self._state, self._looked_at = state, now
        pending = [item for item in self._store.pending_outgoing() if item[0] not in self._in_flight]
        # As they are on disk: read after the messages, a case is never older than what was sent about it.
        case_of = cache(self._store.incident)
        self._show([one for item in pending if (one := self._left(*item, state, case_of)) is not None], now)

    def _left(self, outgoing_id: int, outgoing: Outgoing, state: str, case_of: CaseOf) -> Undelivered | None:
        """Hand a message over, or give it up when it is over; what it is, when neither is possible now."""
        one = self._name(outgoing_id, outgoing, state)
        if outgoing_id not in self._handed and (why := obsolete(outgoing, case_of)) is not None:
            self._store.mark_withdrawn([outgoing_id])
            log.warning("withdrawn (%s), not known to have left: %s %s of case %s", why, one.kind, one.subject, one.incident_id)
            self.withdrawn.put((one, why))
            return None
        if state != "up":
            return one
        if not self._link.publish(outgoing_id, outgoing):
            self._handed.discard(outgoing_id)
            return one
        self._handed.add(outgoing_id)
        self._in_flight[outgoing_id] = one
        return None

    def _name(self, outgoing_id: int, outgoing: Outgoing, state: str) -> Undelivered:
        reason = {"up": Reason.REFUSED, "off": Reason.NO_CHANNEL}.get(state, Reason.DISCONNECTED)
        known = self._named.get(outgoing_id)
        return known if known is not None and known.reason is reason else undelivered(outgoing_id, outgoing, reason)

    def _show(self, left: list[Undelivered], now: float) -> None:
        self._named = {one.outgoing_id: one for one in left}
        self._since = {one.outgoing_id: self._since.get(one.outgoing_id, now) for one in left}
        self.waiting = tuple(left)
        lasting = tuple(
            one for one in left if one.reason is not Reason.DISCONNECTED or now - self._since[one.outgoing_id] >= LASTING_S
        )
        if lasting == self.lasting:
            return
        known = set(self.lasting)
        for one in lasting:
            if one not in known:
                log.warning("not delivered (%s): %s %s of case %s", one.reason, one.kind, one.subject, one.incident_id or "none")
        self.lasting = lasting
