"""LocalLink: replaces a broker; outgoing messages go to listeners in this process (a drill's crews)."""

from __future__ import annotations

import threading
from collections.abc import Callable

from console.domain.changes import Outgoing
from console.domain.picture import NO_FEED, FeedHealth

Listener = Callable[[Outgoing], None]


class LocalLink:
    """Same calls as ``MqttLink``. Without listeners there is no channel: nothing is taken, and nothing counts as sent.

    ``feed``: what brings readings into this process instead (a drill's simulator); by default nothing does.
    """

    def __init__(self, feed: str = NO_FEED) -> None:
        self._feed = feed
        self._lock = threading.Lock()
        self._taken: list[int] = []
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Call ``listener`` with each message that leaves, on the sender's thread."""
        self._listeners.append(listener)

    def start(self) -> None:
        """Nothing to connect."""

    def stop(self) -> None:
        """Nothing to disconnect."""

    def health(self) -> FeedHealth:
        """Up with a feed or a listener, else off."""
        if self._listeners or self._feed != NO_FEED:
            return FeedHealth(self._feed, "up")
        message = "no broker is set: nothing comes in, orders and notices do not go out"
        return FeedHealth(self._feed, "off", message, code="no_channel")

    def publish(self, outgoing_id: int, outgoing: Outgoing) -> bool:
        """Hand the message to the listeners; False when there are none."""
        if not self._listeners:
            return False
        for listener in self._listeners:
            listener(outgoing)
        with self._lock:
            self._taken.append(outgoing_id)
        return True

    def taken(self) -> list[int]:
        """Ids handed over since the last call."""
        with self._lock:
            taken, self._taken = self._taken, []
            return taken
