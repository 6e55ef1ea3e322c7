"""Signals from other threads into the window's thread: the newest picture, at most ten times a second, and single results."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from console.domain.picture import Picture

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
        """Hand over a new picture; callable from any thread."""
        with self._lock:
            if self._closed:
                return
            self._latest = picture
            if self._told:
                return
            self._told = True
            self._pushed.emit()

    def close(self) -> None:
        """Stop delivering pictures."""
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


class CrossThreadCall(QObject):
    """Passes a value from any thread (``push``) to ``receiver`` in the window's thread."""

    _pushed = Signal(object)

    def __init__(self, receiver: Callable[[Any], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._receiver = receiver
        self._pushed.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def push(self, brought: object) -> None:
        """Hand over a value; callable from any thread while the window exists."""
        self._pushed.emit(brought)

    @Slot(object)
    def _take(self, brought: object) -> None:
        self._receiver(brought)
