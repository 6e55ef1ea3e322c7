"""Background: what the map works out aside (road names, themed pipes, pressure) and hands over when ready."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

from console.ui.map.drawing.renderer import yield_to_window

log = logging.getLogger(__name__)


class Background(QObject):
    """One worker thread; of each kind only the last one asked is delivered, in the window's thread."""

    _done = Signal(str, int, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="map-background", initializer=yield_to_window)
        self._generation: dict[str, int] = {}
        self._receivers: dict[str, Callable[[Any], None]] = {}
        self._waiting: dict[tuple[str, int], Future[object]] = {}
        self._lock = Lock()
        self._closed = False
        self._done.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def ask(self, kind: str, work: Callable[[], object], receiver: Callable[[Any], None]) -> None:
        """Do ``work`` aside and hand its result to ``receiver``, unless asked again meanwhile."""
        if self._closed:
            return
        generation = self._generation.get(kind, 0) + 1
        self._generation[kind], self._receivers[kind] = generation, receiver
        future = self._worker.submit(work)
        self._waiting[kind, generation] = future
        future.add_done_callback(lambda done: self._tell(kind, generation, done))

    @property
    def busy(self) -> bool:
        """Whether something is not delivered yet."""
        return bool(self._waiting)

    def finish(self) -> None:
        """Wait for all that was asked and deliver it (screenshots, tests)."""
        while self._waiting:
            (kind, generation), future = next(iter(self._waiting.items()))
            future.exception()
            self._deliver(kind, generation, future)

    def close(self) -> None:
        """End what runs, drop what waits."""
        with self._lock:
            self._closed = True
        self._worker.shutdown(wait=True, cancel_futures=True)
        self._waiting.clear()

    def _tell(self, kind: str, generation: int, done: Future[object]) -> None:
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
        if fault is not None:
            raise fault
        self._receivers[kind](done.result())
