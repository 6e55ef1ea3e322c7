"""Background tasks: work on one worker thread whose results arrive in the window's thread."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

from maps.errors import QuanmaiError


class BackgroundTasks(QObject):
    """One worker thread; of each kind only the result of the latest request is delivered.

    ``initializer`` is called once on the worker thread.
    """

    failed = Signal(str)
    """One line: a QuanmaiError of a task. Any other exception is a defect and is raised in the window's thread."""
    _done = Signal(str, int, object)

    def __init__(self, thread_name: str, parent: QObject | None = None, initializer: Callable[[], None] | None = None) -> None:
        super().__init__(parent)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix=thread_name, initializer=initializer)
        self._generation: dict[str, int] = {}
        self._receivers: dict[str, Callable[[Any], None]] = {}
        self._waiting: dict[tuple[str, int], Future[object]] = {}
        self._lock = Lock()
        self._closed = False
        self._done.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def request(self, kind: str, work: Callable[[], object], receiver: Callable[[Any], None]) -> None:
        """Run ``work`` on the worker and pass its result to ``receiver``, unless the kind is requested again meanwhile."""
        if self._closed:
            return
        generation = self._generation.get(kind, 0) + 1
        self._generation[kind], self._receivers[kind] = generation, receiver
        future = self._worker.submit(work)
        self._waiting[kind, generation] = future
        future.add_done_callback(lambda done: self._on_done(kind, generation, done))

    @property
    def busy(self) -> bool:
        """Whether a result has not been delivered yet."""
        return bool(self._waiting)

    def finish(self) -> None:
        """Wait for everything that was requested and deliver it (screenshots, tests)."""
        while self._waiting:
            (kind, generation), future = next(iter(self._waiting.items()))
            future.exception()
            self._deliver(kind, generation, future)

    def close(self) -> None:
        """Wait for the running task and drop the others."""
        with self._lock:
            self._closed = True
        self._worker.shutdown(wait=True, cancel_futures=True)
        self._waiting.clear()

    def _on_done(self, kind: str, generation: int, done: Future[object]) -> None:
        with self._lock:
            if not self._closed and not done.cancelled():
                self._done.emit(kind, generation, done)

    @Slot(str, int, object)
    def _deliver(self, kind: str, generation: int, done: Future[object]) -> None:
        if self._waiting.pop((kind, generation), None) is None or self._closed:
            return
        if self._generation.get(kind) != generation:
            return
        fault = done.exception()
        if isinstance(fault, QuanmaiError):
            self.failed.emit(str(fault))
        elif fault is not None:
            raise fault
        else:
            self._receivers[kind](done.result())
