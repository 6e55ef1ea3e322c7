"""How the window is divided: strip, messages, layers | map | case, alarms | log; sizes remembered."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from console.ui.settings import Memory


class Division(QWidget):
    """The central widget."""

    def __init__(self, strip: QWidget, messages: QWidget, upper: tuple[QWidget, QWidget, QWidget], lower: tuple[QWidget, QWidget]) -> None:
        super().__init__()
        self.setObjectName("window")
        self._upper, self._lower, self._whole = QSplitter(), QSplitter(), QSplitter(Qt.Orientation.Vertical)
        for part in upper:
            self._upper.addWidget(part)
        for part in lower:
            self._lower.addWidget(part)
        self._whole.addWidget(self._upper)
        self._whole.addWidget(self._lower)
        for splitter in (self._upper, self._lower, self._whole):
            splitter.setHandleWidth(3)
            splitter.setChildrenCollapsible(True)
        self._upper.setStretchFactor(1, 1)
        self._upper.setCollapsible(1, False)
        self._lower.setStretchFactor(0, 3)
        self._lower.setStretchFactor(1, 2)
        self._whole.setStretchFactor(0, 1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(2)
        box.addWidget(strip)
        box.addWidget(messages)
        box.addWidget(self._whole, 1)
        self.reset()

    def reset(self) -> None:
        """Sizes as they are at first."""
        self._upper.setSizes([250, 1240, 430])
        self._lower.setSizes([1280, 640])
        self._whole.setSizes([790, 240])

    def save(self, memory: Memory) -> None:
        """Remember the sizes."""
        for name, splitter in self._named():
            memory.put(f"layout/{name}", splitter.saveState())

    def restore(self, memory: Memory) -> None:
        """Sizes as remembered, where there are any."""
        for name, splitter in self._named():
            state = memory.get(f"layout/{name}")
            if isinstance(state, QByteArray):
                splitter.restoreState(state)

    def _named(self) -> tuple[tuple[str, QSplitter], ...]:
        return (("upper", self._upper), ("lower", self._lower), ("whole", self._whole))
