"""From other threads into the window: the newest picture at most ten times a second, answers of futures and of reads."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from time import monotonic
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from console.domain.picture import Picture
from maps.errors import QuanmaiError

log = logging.getLogger(__name__)

_EVERY_S = 0.1


class PictureBridge(QObject):
    """``push`` from the engine's thread; ``arrived`` in the window's. Pictures in between are skipped, never queued."""

    arrived = Signal(object)
    _pushed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = Lock()
        self._latest: Picture | None = None
        self._told, self._closed = False, False
        self._delivered_at = 0.0
        self._pushed.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def push(self, picture: Picture) -> None:
        """Any thread: a new picture."""
        with self._lock:
            if self._closed:
                return
            self._latest = picture
            if self._told:
                return
            self._told = True
            self._pushed.emit()

    def close(self) -> None:
        """Nothing arrives any more."""
        with self._lock:
            self._closed = True

    @Slot()
    def _take(self) -> None:
        wait_s = self._delivered_at + _EVERY_S - monotonic()
        if wait_s > 0:
            QTimer.singleShot(int(wait_s * 1000) + 1, self, self._deliver)
        else:
            self._deliver()

    @Slot()
    def _deliver(self) -> None:
        with self._lock:
            picture, self._told = self._latest, False
            if self._closed or picture is None:
                return
        self._delivered_at = monotonic()
        self.arrived.emit(picture)


class Arrival(QObject):
    """Something that another thread brings by ``push``; ``receiver`` is given it in the window's thread."""

    _pushed = Signal(object)

    def __init__(self, receiver: Callable[[Any], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._receiver = receiver
        self._pushed.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def push(self, brought: object) -> None:
        """Any thread, while the window stands."""
        self._pushed.emit(brought)

    @Slot(object)
    def _take(self, brought: object) -> None:
        self._receiver(brought)


class Errands(QObject):
    """Reads that may wait for a disk, on one worker thread; of each kind only the last one asked is delivered."""

    failed = Signal(str)
    _done = Signal(str, int, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="window-reads")
        self._generation: dict[str, int] = {}
        self._receivers: dict[str, Callable[[Any], None]] = {}
        self._open: set[tuple[str, int]] = set()
        self._lock = Lock()
        self._closed = False
        self._done.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def ask(self, kind: str, work: Callable[[], object], receiver: Callable[[Any], None]) -> None:
        """Do ``work`` aside and hand its result to ``receiver`` in the window's thread, unless asked again meanwhile."""
        if self._closed:
            return
        generation = self._generation.get(kind, 0) + 1
        self._generation[kind], self._receivers[kind] = generation, receiver
        self._open.add((kind, generation))
        self._worker.submit(work).add_done_callback(lambda done: self._finished(kind, generation, done))

    @property
    def busy(self) -> bool:
        """Whether something asked has not been delivered yet."""
        return bool(self._open)

    def close(self) -> None:
        """Finish what runs, drop what waits."""
        with self._lock:
            self._closed = True
        self._worker.shutdown(wait=True, cancel_futures=True)

    def _finished(self, kind: str, generation: int, done: Future[object]) -> None:
        with self._lock:
            if not self._closed and not done.cancelled():
                self._done.emit(kind, generation, done)

    @Slot(str, int, object)
    def _deliver(self, kind: str, generation: int, done: Future[object]) -> None:
        self._open.discard((kind, generation))
        if self._closed or self._generation.get(kind) != generation:
            return
        fault = done.exception()
        if isinstance(fault, QuanmaiError):
            self.failed.emit(str(fault))
        elif fault is not None:
            raise fault
        else:
            self._receivers[kind](done.result())
