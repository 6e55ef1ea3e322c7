"""What is under the pointer, in one line at a place of its own: nothing jumps after the pointer."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QPointF, QTimer, Signal

from console.ui.map.view.picking import Asset

_REST_MS = 60
"""So long the pointer rests before it is looked what is under it: a drag or a sweep costs nothing."""


class Hover(QObject):
    """Looks once the pointer rests. ``pick``: the asset at a position of the widget, None where there is none."""

    changed = Signal()

    def __init__(self, pick: Callable[[QPointF], Asset | None], parent: QObject) -> None:
        super().__init__(parent)
        self._pick = pick
        self._at: QPointF | None = None
        self.asset: Asset | None = None
        """What was under the pointer when it last rested."""
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._look)

    def move(self, at: QPointF | None) -> None:
        """The pointer is here; None: elsewhere, or the map is being dragged."""
        self._at = at
        if at is None:
            self._rest.stop()
            self._show(None)
        else:
            self._rest.start()

    def _look(self) -> None:
        self._show(self._pick(self._at) if self._at is not None else None)

    def _show(self, asset: Asset | None) -> None:
        if asset != self.asset:
            self.asset = asset
            self.changed.emit()
