"""CapFeedChannel: issued alerts (CAP) become readable in the public feed; the feed itself is served by ``console/web``."""

from __future__ import annotations

import threading

from console.channels.port import Result
from console.domain.health import ChannelHealth
from console.domain.outgoing import MessageKind, Outgoing

NAME = "cap feed"
CAP = "application/cap+xml"


class CapFeedChannel:
    """Delivered means: recorded as published, and from then on in the feed. That somebody has read it is not known."""

    name = NAME

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._results: list[Result] = []
        self._is_up = False

    def carries(self, outgoing: Outgoing) -> bool:
        """CAP of notices."""
        return outgoing.kind is MessageKind.NOTICE and outgoing.content_type == CAP

    def start(self) -> None:
        """The feed is served from now on."""
        self._is_up = True

    def stop(self) -> None:
        """It is not any more."""
        self._is_up = False

    def health(self) -> ChannelHealth:
        """Up while the feed is served."""
        return ChannelHealth(NAME, "up" if self._is_up else "off")

    def deliver(self, outgoing_id: int, outgoing: Outgoing) -> bool:
        """Publish it."""
        if not self._is_up:
            return False
        with self._lock:
            self._results.append(Result(outgoing_id))
        return True

    def results(self) -> list[Result]:
        """Since the last call."""
        with self._lock:
            results, self._results = self._results, []
            return results
