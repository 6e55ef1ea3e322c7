"""Inbox: a bounded queue of what the feeds receive, between their threads and the engine."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from console.feeds.port import Feed

log = logging.getLogger(__name__)

CAPACITY = 200_000
"""Items held before a feed has to wait: ten seconds at the design rate of 20,000/s."""

GATHER_S = 0.02
"""Wait for further items after the first: processing costs the same for one and for a thousand."""

Acknowledge = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Arrived:
    """Items of one feed that came one after the other; the feed decodes them."""

    feed: Feed
    items: list[Any]


class Inbox:
    """Bounded; a full inbox makes its feed wait (the broker keeps QoS 1 messages), so nothing is dropped.

    Items come in packs with what acknowledges them to their sender. ``kept`` calls that, in order of arrival, once the
    engine has their content on disk; what was drained and not kept is delivered again by the sender after a crash.

    Coalescing to the latest value per channel happens where a whole drained batch is applied to the picture
    (``console.domain.live``): here every value is kept for the history.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._packs: deque[tuple[Feed, Sequence[Any], Acknowledge | None]] = deque()
        self._count = 0
        self._unkept: deque[tuple[int, Acknowledge | None]] = deque()
        self._kept = 0
        self._woken = False
        self._changed = threading.Condition()
        self._closed = False

    def offer_all(self, feed: Feed, items: Sequence[Any], acknowledge: Acknowledge | None = None) -> bool:
        """Put a pack of a feed's items in, waiting while full; ``acknowledge`` is called when all of them are on disk.

        False when the inbox has been closed.
        """
        with self._changed:
            while self._count >= self._capacity and not self._closed:
                self._changed.wait()
            if self._closed:
                return False
            self._packs.append((feed, items, acknowledge))
            self._count += len(items)
            self._changed.notify_all()
            return True

    def drain(self, timeout_s: float, most: int = 20_000, gather_s: float = 0.0) -> list[Arrived]:
        """About ``most`` items (whole packs) in order of arrival.

        Waits at most ``timeout_s`` real seconds for the first, and ``gather_s`` more while there are fewer than ``most``.
        """
        with self._changed:
            self._wait(timeout_s, lambda: self._count > 0)
            if self._count:
                self._wait(gather_s, lambda: self._count >= most)
            self._woken = False
            arrived, taken = list[Arrived](), 0
            while self._packs and (not taken or taken + len(self._packs[0][1]) <= most):
                feed, items, acknowledge = self._packs.popleft()
                if not arrived or arrived[-1].feed is not feed:
                    arrived.append(Arrived(feed, []))
                arrived[-1].items.extend(items)
                self._unkept.append((len(items), acknowledge))
                taken += len(items)
            self._count -= taken
            if taken:
                self._changed.notify_all()
            return arrived

    def kept(self, count: int) -> None:
        """The content of the ``count`` oldest drained items is on disk: acknowledge them to their senders."""
        due: list[Acknowledge] = []
        with self._changed:
            self._kept += count
            while self._unkept and self._unkept[0][0] <= self._kept:
                size, acknowledge = self._unkept.popleft()
                self._kept -= size
                if acknowledge is not None:
                    due.append(acknowledge)
        for acknowledge in due:  # no lock is held over a call into a feed
            try:
                acknowledge()
            except Exception:
                # The others' are due all the same; what is not acknowledged is delivered again.
                log.exception("a feed could not acknowledge what is on disk")

    def wake(self) -> None:
        """End a waiting ``drain`` early."""
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    def close(self) -> None:
        """Release every waiting feed; later items are refused."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def __len__(self) -> int:
        return self._count

    def _wait(self, timeout_s: float, true: Callable[[], bool]) -> None:
        until = time.monotonic() + timeout_s
        while not (true() or self._closed or self._woken) and (left := until - time.monotonic()) > 0:
            self._changed.wait(left)
