"""How the window is divided: strip, messages, layers | map over alarms | log, beside them the case; sizes remembered."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from console.ui.settings import Memory


class Division(QWidget):
    """The central widget. The case column has the whole height: the case reads top to bottom without scrolling."""

    def __init__(
        self, strip: QWidget, messages: QWidget, upper: tuple[QWidget, QWidget], lower: tuple[QWidget, QWidget], case: QWidget
    ) -> None:
        super().__init__()
        self.setObjectName("window")
        self._upper, self._lower = QSplitter(), QSplitter()
        self._left, self._whole = QSplitter(Qt.Orientation.Vertical), QSplitter()
        for splitter, parts in (
            (self._upper, upper),
            (self._lower, lower),
            (self._left, (self._upper, self._lower)),
            (self._whole, (self._left, case)),
        ):
            splitter.setHandleWidth(3)
            for part in parts:
                splitter.addWidget(part)
        self._upper.setStretchFactor(1, 1)
        self._upper.setCollapsible(1, False)
        self._lower.setStretchFactor(0, 3)
        self._lower.setStretchFactor(1, 2)
        self._left.setStretchFactor(0, 1)
        self._whole.setStretchFactor(0, 1)
        self._whole.setCollapsible(0, False)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(2)
        box.addWidget(strip)
        box.addWidget(messages)
        box.addWidget(self._whole, 1)
        self.reset()

    def reset(self) -> None:
        """Sizes as they are at first."""
        self._upper.setSizes([326, 1164])
        self._lower.setSizes([980, 510])
        self._left.setSizes([830, 200])
        self._whole.setSizes([1490, 430])

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
        return (("upper", self._upper), ("lower", self._lower), ("left", self._left), ("whole", self._whole))
