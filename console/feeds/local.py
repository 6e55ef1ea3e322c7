"""LocalFeed: messages of the contract that this process makes itself (a drill, a benchmark, tests)."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from console.domain.health import FeedHealth
from console.feeds.inbox import Acknowledge, Inbox
from console.feeds.port import Decoded
from console.feeds.refusals import CountingDecoder
from console.mqtt.message import Message
from maps.city import City


class LocalFeed:
    """``offer`` may be called from any thread; before ``start`` it waits."""

    def __init__(self, name: str, city: City) -> None:
        self._name = name
        self._decoder = CountingDecoder(name, city)
        self._inbox: Inbox | None = None
        self._begun = threading.Event()
        self._counting = threading.Lock()
        self._received, self._last_at = 0, 0.0
        self._state = "connecting"

    @property
    def name(self) -> str:
        """As given."""
        return self._name

    def start(self, inbox: Inbox) -> None:
        """Let messages in."""
        self._inbox, self._state = inbox, "up"
        self._begun.set()

    def stop(self) -> None:
        """Let nothing in any more."""
        self._inbox, self._state = None, "off"
        self._begun.set()

    def offer(self, topic: str, payload: bytes) -> bool:
        """A message; False when the feed has ended."""
        return self.offer_all((Message(topic, payload),))

    def offer_all(self, messages: Sequence[Message], acknowledge: Acknowledge | None = None) -> bool:
        """Messages that belong together; ``acknowledge`` is called when their content is on disk. False as for ``offer``."""
        self._begun.wait()
        inbox = self._inbox
        if inbox is None or not inbox.offer_all(self, messages, acknowledge):
            return False
        with self._counting:
            self._received += len(messages)
            self._last_at = time.time()
        return True

    def decode(self, items: Sequence[Message], now_us: int) -> Decoded:
        """By the contract."""
        return self._decoder.decode(items, now_us)

    def health(self) -> FeedHealth:
        """Up from start to stop."""
        with self._counting:
            last_at = datetime.fromtimestamp(self._last_at, UTC) if self._last_at else None
            health = FeedHealth(self._name, self._state, received=self._received, last_at=last_at)
        return self._decoder.counted(health)
