"""How the window is divided: the top, the messages, the map with the left panels over the bottom ones, and the right panels."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from console.ui.panels.panel import Area, Panel, PanelSpec
from console.ui.settings import StoredSettings

_MAP_PX, _LEFT_PX = 1164, 1490
_UPPER_PX, _LOWER_PX = 830, 200

Placed = Sequence[tuple[PanelSpec, Panel]]


class WindowLayout(QWidget):
    """The central widget. Sizes are remembered.

    The right panels have the whole height: a case is read from top to bottom without scrolling.
    """

    def __init__(self, placed: Placed, messages: Sequence[QWidget], map_: QWidget) -> None:
        super().__init__()
        self.setObjectName("window")
        self._placed = placed
        self._upper, self._lower = QSplitter(), QSplitter()
        self._left, self._whole = QSplitter(Qt.Orientation.Vertical), QSplitter()
        for splitter, parts in (
            (self._upper, (*self._panels(Area.LEFT), map_)),
            (self._lower, self._panels(Area.BOTTOM)),
            (self._left, (self._upper, self._lower)),
            (self._whole, (self._left, *self._panels(Area.RIGHT))),
        ):
            splitter.setHandleWidth(3)
            for part in parts:
                splitter.addWidget(part)
        self._upper.setStretchFactor(self._upper.count() - 1, 1)
        self._upper.setCollapsible(self._upper.count() - 1, False)
        for index, (spec, _) in enumerate(self._of(Area.BOTTOM)):
            self._lower.setStretchFactor(index, spec.stretch)
        self._left.setStretchFactor(0, 1)
        self._whole.setStretchFactor(0, 1)
        self._whole.setCollapsible(0, False)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(2)
        for panel in self._panels(Area.TOP):
            box.addWidget(panel)
        for bar in messages:
            box.addWidget(bar)
        box.addWidget(self._whole, 1)
        self.reset()

    def reset(self) -> None:
        """Restore the default sizes."""
        self._upper.setSizes([*self._sizes(Area.LEFT), _MAP_PX])
        self._lower.setSizes(self._sizes(Area.BOTTOM))
        self._left.setSizes([_UPPER_PX, _LOWER_PX])
        self._whole.setSizes([_LEFT_PX, *self._sizes(Area.RIGHT)])

    def save(self, stored: StoredSettings) -> None:
        """Remember the sizes."""
        for name, splitter in self._named():
            stored.put(f"layout/{name}", splitter.saveState())

    def restore(self, stored: StoredSettings) -> None:
        """Restore the remembered sizes, where there are any."""
        for name, splitter in self._named():
            state = stored.get(f"layout/{name}")
            if isinstance(state, QByteArray):
                splitter.restoreState(state)

    def _of(self, area: Area) -> list[tuple[PanelSpec, Panel]]:
        return [(spec, panel) for spec, panel in self._placed if spec.area is area]

    def _panels(self, area: Area) -> tuple[Panel, ...]:
        return tuple(panel for _, panel in self._of(area))

    def _sizes(self, area: Area) -> list[int]:
        return [spec.size_px for spec, _ in self._of(area)]

    def _named(self) -> tuple[tuple[str, QSplitter], ...]:
        return (("upper", self._upper), ("lower", self._lower), ("left", self._left), ("whole", self._whole))
