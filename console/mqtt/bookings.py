"""Bookings: maps the broker's acknowledgements to deliveries of the outbox."""

from __future__ import annotations

import threading


class Bookings:
    """Pairs MQTT's message ids with ids of deliveries. Safe to use from several threads; calls nobody under its lock.

    The acknowledgement may come before ``publish`` has returned the message id: it then waits in ``_early`` for ``book``.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[int, tuple[int | None, str]] = {}
        self._early: dict[int, str] = {}
        self._ours: set[int] = set()
        self._results: list[tuple[int, str]] = []

    def begin(self, delivery_id: int) -> bool:
        """Before publishing. False when this delivery is with paho already."""
        with self._lock:
            if delivery_id in self._ours:
                return False
            self._ours.add(delivery_id)
            return True

    def book(self, mid: int, delivery_id: int | None, topic: str) -> None:
        """After publishing: ``mid`` belongs to ``delivery_id`` (None: not tracked)."""
        with self._lock:
            if mid in self._early:
                self._settle(delivery_id, self._early.pop(mid))
            else:
                self._waiting[mid] = (delivery_id, topic)

    def acknowledged(self, mid: int, refused: str) -> str:
        """The broker acknowledged ``mid``, or ``refused`` it for a reason ("": it did not).

        Returns the topic of a refused booked message, else "".
        """
        with self._lock:
            if mid not in self._waiting:
                self._early[mid] = refused
                return ""
            delivery_id, topic = self._waiting.pop(mid)
            self._settle(delivery_id, refused)
            return topic if refused else ""

    def failed(self, delivery_id: int, reason: str) -> None:
        """It could not be published."""
        with self._lock:
            self._settle(delivery_id, reason)

    def results(self) -> list[tuple[int, str]]:
        """(delivery, "" or why the broker refused it) since the last call."""
        with self._lock:
            results, self._results = self._results, []
            return results

    def _settle(self, delivery_id: int | None, refused: str) -> None:
        if delivery_id is not None:
            self._ours.discard(delivery_id)
            self._results.append((delivery_id, refused))
