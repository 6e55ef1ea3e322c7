"""Receipts: a drained batch is acknowledged in order of arrival, once everything in it is stored."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable


class Receipts:
    """``kept``: called with the number of oldest messages that are complete (``Inbox.kept``). Any thread."""

    def __init__(self, kept: Callable[[int], None]) -> None:
        self._kept = kept
        self._lock = threading.Lock()
        self._open: deque[list[int]] = deque()

    def expect(self, messages: int, parts: int) -> Callable[[], None]:
        """Begin a batch of ``messages``; the returned function is called once for each of its parts."""
        entry = [messages, parts]
        with self._lock:
            self._open.append(entry)

        def done() -> None:
            with self._lock:
                entry[1] -= 1
                finished = 0
                while self._open and self._open[0][1] <= 0:
                    finished += self._open.popleft()[0]
            if finished:  # no lock is held over a call that may end in a feed
                self._kept(finished)

        return done
