"""The one way in: a bounded queue of raw messages between the feeds' threads and the engine."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

CAPACITY = 200_000
"""Messages held before a feed has to wait: ten seconds at the design rate of 20,000/s."""


@dataclass(frozen=True, slots=True)
class Message:
    """One raw message of one feed."""

    feed: str
    topic: str
    payload: bytes


class Inbox:
    """Bounded; a full inbox makes its feed wait (the broker keeps QoS 1 messages), so nothing is dropped.

    Coalescing to the latest value per channel happens where a whole drained batch is applied to the picture
    (``console.domain.live``): here every value is kept, because history wants every one.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._messages: deque[Message] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def offer(self, message: Message) -> bool:
        """Put a message in, waiting while full. False when the inbox has been closed."""
        with self._changed:
            while len(self._messages) >= self._capacity and not self._closed:
                self._changed.wait()
            if self._closed:
                return False
            self._messages.append(message)
            self._changed.notify_all()
            return True

    def drain(self, timeout_s: float, most: int = 20_000) -> list[Message]:
        """Up to ``most`` messages in order of arrival; waits at most ``timeout_s`` real seconds for the first."""
        with self._changed:
            if not self._messages and not self._closed:
                self._changed.wait(timeout_s)
            taken = [self._messages.popleft() for _ in range(min(most, len(self._messages)))]
            if taken:
                self._changed.notify_all()
            return taken

    def wake(self) -> None:
        """End a waiting ``drain`` early."""
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        """Let every waiting feed go; later messages are refused."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def __len__(self) -> int:
        return len(self._messages)
