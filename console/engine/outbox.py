"""Outbox: what the store holds for others -> the link, until it has safely arrived."""

from __future__ import annotations

from console.services.ports import Link, Store


class Outbox:
    """Waits for the link."""

    def __init__(self, store: Store, link: Link) -> None:
        self._store, self._link = store, link
        self._in_flight: set[int] = set()

    def turn(self) -> None:
        """Hand over what is due, record what has arrived."""
        taken = self._link.taken()
        if taken:
            self._store.mark_sent(taken)
            self._in_flight.difference_update(taken)
        if self._link.health().state != "up":
            self._in_flight.clear()
            return
        for outgoing_id, outgoing in self._store.pending_outgoing():
            if outgoing_id not in self._in_flight and self._link.publish(outgoing_id, outgoing):
                self._in_flight.add(outgoing_id)
