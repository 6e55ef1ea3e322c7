"""Small marks painted beside texts: a probability as a bar, a number on a disc."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget


class ProbabilityBar(QWidget):
    """A probability as a bar; the whole width is 100 %."""

    def __init__(self, share: float, colour: QColor, ground: QColor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._share, self._colour, self._ground = share, colour, ground
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """The preferred size."""
        return QSize(70, 14)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the widget."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        middle = self.height() / 2
        painter.setBrush(self._ground)
        painter.drawRoundedRect(QRectF(0, middle - 3, self.width(), 6), 3, 3)
        painter.setBrush(self._colour)
        painter.drawRoundedRect(QRectF(0, middle - 3, max(self.width() * self._share, 4), 6), 3, 3)
        painter.end()


class NumberDisc(QWidget):
    """A numbered disc like those of the plan's valves on the map."""

    def __init__(self, text: str, fill: QColor, ink: QColor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text, self._fill, self._ink = text, fill, ink
        self.setFixedSize(22, 22)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the widget."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(self._fill)
        painter.setPen(self._ink)
        painter.drawEllipse(QRectF(1, 1, 20, 20))
        font = painter.font()
        font.setBold(True)
        painter.setFont(font)
        painter.drawText(QRectF(0, 0, 22, 22), Qt.AlignmentFlag.AlignCenter, self._text)
        painter.end()
