"""Tour: a few steps through the window at the first start; it can be left at any of them and never holds work up."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from console.ui.appearance import Appearance
from console.ui.widgets import button, label, row

STEPS = ("map", "strip", "alarms", "case", "keys")
"""Names of the parts shown, in this order; ``keys`` shows no part."""
_CARD_PX, _EDGE_PX, _FRAME_PX = 380, 18, 3


class Frame(QWidget):
    """A frame around the part that is spoken of; clicks go through it."""

    def __init__(self, appearance: Appearance, parent: QWidget) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the frame."""
        painter = QPainter(self)
        painter.setPen(QPen(self._appearance.theme.colour("accent.focus"), _FRAME_PX))
        inset = _FRAME_PX // 2 + 1
        painter.drawRoundedRect(self.rect().adjusted(inset, inset, -inset, -inset), 5, 5)
        painter.end()


class Tour(QFrame):
    """The card with the step's words; ``parts``: widgets by name."""

    ended = Signal()
    """Left or finished."""

    def __init__(self, window: QWidget, parts: Mapping[str, QWidget], appearance: Appearance) -> None:
        super().__init__(window)
        self._parts, self._appearance, self.step = dict(parts), appearance, 0
        self.setObjectName("note")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(appearance.words.catalogue.text("help.tour.title"))
        self.frame = Frame(appearance, window)
        self._count, self._head, self._text = label(name="muted"), label(name="title", wrap=True), label(wrap=True)
        self.leave, self.back, self.next = button("", "flat"), button(""), button("", "primary")
        self.leave.clicked.connect(self.end)
        self.back.clicked.connect(lambda: self._go(self.step - 1))
        self.next.clicked.connect(lambda: self._go(self.step + 1))
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 12, 16, 12)
        box.setSpacing(8)
        for widget in (self._count, self._head, self._text):
            box.addWidget(widget)
        box.addLayout(row(self.leave, 1, self.back, self.next))
        window.installEventFilter(self)
        self.hide()
        self.frame.hide()

    def begin(self) -> None:
        """From the first step."""
        self.show()
        self.frame.show()
        self._go(0)

    def end(self) -> None:
        """Leave it."""
        window = self.parentWidget()
        if window is not None:
            window.removeEventFilter(self)
        self.frame.hide()
        self.hide()
        self.frame.deleteLater()
        self.deleteLater()
        self.ended.emit()

    def _go(self, step: int) -> None:
        if step >= len(STEPS):
            self.end()
            return
        self.step = max(step, 0)
        text, name = self._appearance.words.catalogue.text, STEPS[self.step]
        self._count.setText(text("help.tour.count", n=self.step + 1, all=len(STEPS)))
        self._head.setText(text(f"help.tour.{name}_title"))
        self._text.setText(text(f"help.tour.{name}"))
        self.leave.setText(text("help.tour.leave"))
        self.back.setText(text("help.tour.back"))
        self.back.setEnabled(self.step > 0)
        self.next.setText(text("help.tour.done" if self.step == len(STEPS) - 1 else "help.tour.next"))
        self.next.setFocus()
        self.place()

    def place(self) -> None:
        """The frame around the part, the card beside it and inside the window."""
        window = self.parentWidget()
        if window is None:
            return
        part, whole = self._parts.get(STEPS[self.step]), window.rect()
        spoken = QRect(part.mapTo(window, QPoint(0, 0)), part.size()) if part is not None and part.isVisible() else QRect()
        self.frame.setVisible(not spoken.isNull())
        self.frame.setGeometry(spoken)
        self.frame.raise_()
        self.setFixedWidth(_CARD_PX)
        self.adjustSize()
        size = self.size()
        if spoken.isNull() or spoken.width() > whole.width() // 2:  # a wide part: the card stands inside or below it
            middle = spoken.center() if not spoken.isNull() and spoken.height() > 2 * size.height() else whole.center()
            at = QPoint(middle.x() - size.width() // 2, middle.y() - size.height() // 2)
        elif spoken.left() - size.width() > _EDGE_PX:
            at = QPoint(spoken.left() - size.width() - _EDGE_PX, spoken.center().y() - size.height() // 2)
        else:
            at = QPoint(spoken.right() + _EDGE_PX, spoken.center().y() - size.height() // 2)
        right, bottom = whole.width() - size.width() - _EDGE_PX, whole.height() - size.height() - _EDGE_PX
        self.move(min(max(at.x(), _EDGE_PX), max(right, _EDGE_PX)), min(max(at.y(), _EDGE_PX), max(bottom, _EDGE_PX)))
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the window's size."""
        if event.type() == QEvent.Type.Resize:
            self.place()
        return super().eventFilter(watched, event)

    def event(self, event: QEvent) -> bool:
        """Esc leaves the tour before the window takes the key for itself."""
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                self.end()
                return True
        return bool(super().event(event))
