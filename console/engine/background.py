"""BackgroundCall: one call at a time on its own thread; the caller takes the result."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class BackgroundCall(Generic[T]):
    """``begin``, ``taken`` and ``busy_s`` belong to one thread; ``wake`` is called when a result is there."""

    def __init__(self, name: str, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._asked: queue.SimpleQueue[tuple[Callable[[], T], Future[T]] | None] = queue.SimpleQueue()
        self._running: Future[T] | None = None
        self._since = 0.0
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    @property
    def is_busy(self) -> bool:
        """Whether a call runs or its result has not been taken."""
        return self._running is not None

    @property
    def busy_s(self) -> float:
        """Real seconds since the running call began, 0 without one."""
        return 0.0 if self._running is None or self._running.done() else time.monotonic() - self._since

    def begin(self, work: Callable[[], T]) -> None:
        """Begin a call; the result of the last one was taken."""
        self._running, self._since = Future(), time.monotonic()
        self._asked.put((work, self._running))

    def taken(self) -> T | None:
        """The result when there is one. Raises what the call raised."""
        if self._running is None or not self._running.done():
            return None
        done, self._running = self._running, None
        return done.result()

    def close(self, patience_s: float) -> None:
        """Finish the running call."""
        self._asked.put(None)
        if self._thread.is_alive():
            self._thread.join(patience_s)

    def _run(self) -> None:
        while (asked := self._asked.get()) is not None:
            work, future = asked
            try:
                future.set_result(work())
            except BaseException as fault:  # noqa: BLE001 - it is raised where the result is taken
                future.set_exception(fault)
            self._wake()
