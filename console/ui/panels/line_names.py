"""LineNames: the names of a chart's lines below it, in the colours of the lines."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from console.ui.appearance import Appearance
from console.ui.theme import Letters
from console.ui.widgets import tip

_NAMES_PX, _LEFT_PX, _DASH_PX, _GAP_PX = 15, 38, 10, 4
_NAME_ROWS, _IN_A_ROW = 2, 3


class LineNames(QWidget):
    """A dash of each line's colour and its name, in two rows; all have the same room, the whole names are in the tip.

    The height is that of two rows whatever there is to name: nothing below moves.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(self._height())
        self._names: tuple[str, ...] = ()
        self._appearance: Appearance | None = None

    def sizeHint(self) -> QSize:
        """The preferred size."""
        return QSize(240, self._height())

    def _height(self) -> int:
        return _NAME_ROWS * self._row_px()

    @staticmethod
    def _row_px() -> int:
        """A row, as high as the letters need."""
        return round(_NAMES_PX * max(Letters.now().scale, 1.0))

    def show_names(self, names: Sequence[str], appearance: Appearance) -> None:
        """Names in the order of the lines."""
        self._names, self._appearance = tuple(names), appearance
        self.setFixedHeight(self._height())
        told = appearance.words.listed(names)
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
        in_a_row = max(min(len(self._names), _IN_A_ROW), -(-len(self._names) // _NAME_ROWS))
        room, high = (self.width() - _LEFT_PX) / in_a_row, self._row_px()
        for index, name in enumerate(self._names):
            x, y = _LEFT_PX + index % in_a_row * room, index // in_a_row * high
            painter.fillRect(QRectF(x, y + high / 2 - 1, _DASH_PX, 3), QColor(series[index % len(series)]))
            painter.setPen(theme.colour("text.muted"))
            x, wide = x + _DASH_PX + _GAP_PX, int(room) - _DASH_PX - 2 * _GAP_PX
            text = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, wide)
            painter.drawText(QRectF(x, y, wide, high), Qt.AlignmentFlag.AlignVCenter, text)
        painter.end()
