"""LineNames: which line of a chart is whose, in one row under it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from console.ui.appearance import Appearance
from console.ui.widgets import tip

_HEIGHT_PX, _LEFT_PX, _DASH_PX, _GAP_PX = 14, 38, 10, 4


class LineNames(QWidget):
    """A dash of each line's colour and its name; all have the same room, the whole names are in the tip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(_HEIGHT_PX)
        self._names: tuple[str, ...] = ()
        self._appearance: Appearance | None = None

    def sizeHint(self) -> QSize:
        """The preferred size."""
        return QSize(240, _HEIGHT_PX)

    def show_names(self, names: Sequence[str], appearance: Appearance) -> None:
        """Names in the order of the lines."""
        self._names, self._appearance = tuple(names), appearance
        told = appearance.words("alarms.and").join(names)
        self.setToolTip(tip(told))
        self.setAccessibleName(told)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the widget."""
        if self._appearance is None or not self._names:
            return
        theme, series = self._appearance.theme, self._appearance.theme.series
        painter = QPainter(self)
        painter.setFont(theme.font(8))
        room = (self.width() - _LEFT_PX) / len(self._names)
        for index, name in enumerate(self._names):
            x = _LEFT_PX + index * room
            painter.fillRect(QRectF(x, _HEIGHT_PX / 2 - 1, _DASH_PX, 3), QColor(series[index % len(series)]))
            painter.setPen(theme.colour("text.muted"))
            x, wide = x + _DASH_PX + _GAP_PX, int(room) - _DASH_PX - 2 * _GAP_PX
            text = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, wide)
            painter.drawText(QRectF(x, 0, wide, _HEIGHT_PX), Qt.AlignmentFlag.AlignVCenter, text)
        painter.end()
