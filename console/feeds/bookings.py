"""Bookings: maps the broker's acknowledgements to messages of the outbox."""

from __future__ import annotations

import threading
import time

_REFUSED_S = 30.0
"""Pause before a topic refused by the broker is tried again."""


class Bookings:
    """Pairs MQTT's message ids with ids of the outbox. Safe to use from several threads; calls nobody under its lock.

    The acknowledgement may come before ``publish`` has returned the message id: it then waits in ``_early`` for ``book``.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[int, tuple[int | None, str]] = {}
        self._early: dict[int, bool] = {}
        self._ours: set[int] = set()
        self._sent: list[int] = []
        self._refused_until: dict[str, float] = {}

    def begin(self, outgoing_id: int) -> bool:
        """Before publishing. False when this message is with paho already."""
        with self._lock:
            if outgoing_id in self._ours:
                return False
            self._ours.add(outgoing_id)
            return True

    def book(self, mid: int, outgoing_id: int | None, topic: str) -> None:
        """After publishing: ``mid`` belongs to ``outgoing_id`` (None: not tracked)."""
        with self._lock:
            if mid in self._early:
                self._settle(outgoing_id, topic, self._early.pop(mid))
            else:
                self._waiting[mid] = (outgoing_id, topic)

    def acknowledged(self, mid: int, *, refused: bool) -> str:
        """The broker acknowledged or refused ``mid``. Returns the topic of a refused booked message, else ""."""
        with self._lock:
            if mid not in self._waiting:
                self._early[mid] = refused
                return ""
            outgoing_id, topic = self._waiting.pop(mid)
            self._settle(outgoing_id, topic, refused)
            return topic if refused else ""

    def give_up(self, outgoing_id: int, refused_topic: str = "") -> None:
        """It could not be published."""
        with self._lock:
            self._ours.discard(outgoing_id)
            if refused_topic:
                self._refused_until[refused_topic] = time.monotonic() + _REFUSED_S

    def is_refused(self, topic: str) -> bool:
        """Whether the broker refused this topic a short while ago."""
        with self._lock:
            return self._refused_until.get(topic, 0.0) > time.monotonic()

    def taken(self) -> list[int]:
        """Ids of the outbox that the broker has, since the last call."""
        with self._lock:
            sent, self._sent = self._sent, []
            return sent

    def _settle(self, outgoing_id: int | None, topic: str, refused: bool) -> None:
        if refused:
            self._refused_until[topic] = time.monotonic() + _REFUSED_S
        if outgoing_id is None:
            return
        self._ours.discard(outgoing_id)
        if not refused:
            self._sent.append(outgoing_id)
