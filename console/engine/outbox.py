"""Outbox: what the store holds for others -> the link, until it has safely arrived; on a thread of its own."""

from __future__ import annotations

import threading

from console.engine.faults import Faults
from console.services.ports import Link, Store, StoreUnavailable

FAULT = "store/outbox"
_BUSY_S, _IDLE_S = 0.05, 0.5


class Outbox:
    """Waits for the link and for the store. ``wake``: something new is due; any thread."""

    def __init__(self, store: Store, link: Link, faults: Faults) -> None:
        self._store, self._link, self._faults = store, link, faults
        self._in_flight: set[int] = set()
        self._arrived: list[int] = []
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
                self._faults.begin(FAULT, f"{fault}; what is due is sent when it is back")
            except Exception as defect:  # noqa: BLE001 - shown and logged; the next message goes out all the same
                self._faults.defect("outbox", defect)
            if not last:
                self._woken.wait(_BUSY_S if self._in_flight or self._arrived else _IDLE_S)
                self._woken.clear()

    def _turn(self) -> None:
        """Record what has arrived, hand over what is due."""
        self._arrived += self._link.taken()
        if self._arrived:
            self._store.mark_sent(self._arrived)
            self._in_flight.difference_update(self._arrived)
            self._arrived.clear()
        if self._link.health().state != "up":
            self._in_flight.clear()
            return
        for outgoing_id, outgoing in self._store.pending_outgoing():
            if outgoing_id not in self._in_flight and self._link.publish(outgoing_id, outgoing):
                self._in_flight.add(outgoing_id)
