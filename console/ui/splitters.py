"""Splitters whose handle folds the panel beside it with a double click, and a panel in a window of its own."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QMouseEvent
from PySide6.QtWidgets import QSplitter, QSplitterHandle, QVBoxLayout, QWidget

_HANDLE_PX = 5
_LEAST_PX = 40
"""A panel narrower than this counts as folded."""


class FoldSplitter(QSplitter):
    """``stays``: the part that is never folded (the map); None: the first."""

    def __init__(self, orientation: Qt.Orientation = Qt.Orientation.Horizontal, parent: QWidget | None = None) -> None:
        super().__init__(orientation, parent)
        self.stays: QWidget | None = None
        self._before: dict[int, int] = {}
        self.setHandleWidth(_HANDLE_PX)

    def createHandle(self) -> QSplitterHandle:
        """Qt asks for a handle of each part."""
        return _Handle(self.orientation(), self)

    def fold(self, handle: int) -> None:
        """Fold the part beside a handle, or unfold it to the size that it had."""
        part = self._foldable(handle)
        sizes = self.sizes()
        widget = self.widget(part) if part is not None else None
        if part is None or widget is None or sum(sizes) == 0:
            return
        other = handle if part == handle - 1 else handle - 1
        if sizes[part] > _LEAST_PX:
            self._before[part] = sizes[part]
            change = -sizes[part]
        else:
            hint = widget.sizeHint()
            least = hint.width() if self.orientation() == Qt.Orientation.Horizontal else hint.height()
            change = min(self._before.get(part, least), max(sizes[other] - _LEAST_PX, 0)) - sizes[part]
        sizes[part] += change
        sizes[other] -= change
        self.setSizes(sizes)
        self.splitterMoved.emit(sum(sizes[:handle]), handle)

    def _foldable(self, handle: int) -> int | None:
        """The part that a handle folds: the one away from what stays."""
        if not 0 < handle < self.count():
            return None
        at = self.indexOf(self.stays) if self.stays is not None else 0
        part = handle if handle > at else handle - 1
        return part if self.isCollapsible(part) else None


class _Handle(QSplitterHandle):
    """Folds with a double click."""

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Fold or unfold what stands beside."""
        splitter = self.splitter()
        if isinstance(splitter, FoldSplitter):
            splitter.fold(next((at for at in range(splitter.count()) if splitter.handle(at) is self), 0))
        event.accept()


class FloatingPanel(QWidget):
    """A panel in a window of its own; closing it puts the panel back. The window's keys work in it."""

    def __init__(self, panel: QWidget, closed: Callable[[], None], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Tool)
        self._closed = closed
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(panel)
        panel.show()

    def closeEvent(self, event: QCloseEvent) -> None:
        """The panel goes back to its place; of a whole window that ends it stays."""
        event.accept()
        parent = self.parentWidget()
        if parent is not None and parent.isVisible():
            self._closed()
