"""MessageOverlay: messages and waiting decisions lie over the lower edge of the map; nothing else moves when they come and go."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget

_LEFT_PX, _RIGHT_PX, _BELOW_PX = 74, 14, 58
"""Beside the tool strip, and above scale bar and coordinates."""
_WIDEST_PX = 980

_FOLLOWED = (
    QEvent.Type.Resize,
    QEvent.Type.Move,
    QEvent.Type.ShowToParent,
    QEvent.Type.HideToParent,
    QEvent.Type.LayoutRequest,
)


class MessageOverlay(QWidget):
    """Holds the bars; as high as those shown need, hidden when none is."""

    def __init__(self, bars: Sequence[QWidget], over: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self._over, self._bars = over, tuple(bars)
        box = self._box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(2)
        for bar in bars:
            box.addWidget(bar)
            bar.installEventFilter(self)
        over.installEventFilter(self)
        self.place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the map and the bars."""
        if event.type() in _FOLLOWED:
            QTimer.singleShot(0, self, self.place)  # later: the texts inside are not laid out yet
        return super().eventFilter(watched, event)

    def place(self) -> None:
        """Over the lower edge of the map, as wide as the map allows."""
        shown = [bar for bar in self._bars if not bar.isHidden()]
        self.setVisible(bool(shown))
        parent = self.parentWidget()
        if not shown or parent is None:
            return
        width = min(self._over.width() - _LEFT_PX - _RIGHT_PX, _WIDEST_PX)
        height = sum(bar.heightForWidth(width) if bar.hasHeightForWidth() else bar.sizeHint().height() for bar in shown)
        height += self._box.spacing() * (len(shown) - 1)
        corner = self._over.mapTo(parent, QPoint(_LEFT_PX, self._over.height() - _BELOW_PX - height))
        self.setGeometry(corner.x(), max(corner.y(), 0), width, height)
        self.raise_()
