"""ToolFrame: a panel that lies over the map while its tool is in use; it grows with what it shows and scrolls beyond."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from console.ui.appearance import Appearance
from console.ui.widgets import button, label, row

WIDTH = 400
_TOP, _LEFT, _BELOW = 44, 54, 56
_SHARE_MOST, _LEAST_WIDTH = 0.55, 330
"""On a narrow map the panel is narrower, down to what its words need: the plan has to be seen beside it."""


class ToolFrame(QFrame):
    """Title, undo, redo and close; below them what the tool adds to ``box``."""

    undo_asked = Signal()
    redo_asked = Signal()
    closed = Signal()

    def __init__(self, over: QWidget, appearance: Appearance) -> None:
        super().__init__(over)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.appearance = appearance
        self.title = label(name="strong")
        self.undo, self.redo, self.shut = button("↶", "flat", quick=True), button("↷", "flat", quick=True), button("✕", "flat")
        self.undo.clicked.connect(self.undo_asked)
        self.redo.clicked.connect(self.redo_asked)
        self.shut.clicked.connect(self.closed)
        self.hint = label(name="muted", wrap=True)
        self._inner = QWidget()
        self._inner.setObjectName("panel")
        self._inner.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.box = QVBoxLayout(self._inner)
        self.box.setContentsMargins(0, 0, 12, 0)
        self.box.setSpacing(5)
        self._scroll = QScrollArea()
        self._scroll.setObjectName("panel")
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(self._inner)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(10, 8, 8, 8)
        outer.setSpacing(5)
        outer.addLayout(row(self.title, 1, self.undo, self.redo, self.shut, spacing=2))
        outer.addWidget(self.hint)
        outer.addWidget(self._scroll, 1)
        over.installEventFilter(self)
        self._inner.installEventFilter(self)
        self.hide()

    def text(self, key: str, **params: object) -> str:
        """A word of the tools, ``tools.<key>``."""
        return self.appearance.words.catalogue.text(f"tools.{key}", **params)

    def word(self, group: str, code: str) -> str:
        """The word for a code; the code where there is none."""
        key = f"tools.{group}.{code}"
        return self.text(f"{group}.{code}") if self.appearance.words.catalogue.has(key) else code

    def show_steps(self, can_undo: bool, can_redo: bool) -> None:
        """What the arrows can do."""
        self.undo.setEnabled(can_undo)
        self.redo.setEnabled(can_redo)

    def place(self) -> None:
        """Over the upper left of the map, as high as it needs to be and no higher than the map."""
        over = self.parentWidget()
        if over is None:
            return
        width = min(WIDTH, max(round(over.width() * _SHARE_MOST), _LEAST_WIDTH), over.width() - 2 * _LEFT)
        head = self.title.sizeHint().height() + self.hint.heightForWidth(width - 30) + 40
        inner = min(self._scroll.viewport().width(), width - 32)
        wanted = self.box.totalHeightForWidth(inner) if self.box.hasHeightForWidth() else self.box.totalSizeHint().height()
        # Wrapped words tell a scroll area too small a height: without this the rows would be pressed together, not scrolled.
        self._inner.setMinimumHeight(wanted)
        height = min(wanted + head, over.height() - _TOP - _BELOW)
        self.setGeometry(_LEFT, _TOP, width, max(height, 120))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Handle an event of a watched widget."""
        wanted = QEvent.Type.LayoutRequest if watched is self._inner else QEvent.Type.Resize
        if self.isVisible() and event.type() == wanted:
            # Later: the layouts below still have the old heights.
            QTimer.singleShot(0, self, self.place)
        return super().eventFilter(watched, event)

    def showEvent(self, event: QEvent) -> None:
        """Place the panel and raise it over the others."""
        self.place()
        self.raise_()
