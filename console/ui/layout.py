"""How the window is divided: the top, the messages, the map with the left panels over the bottom ones, and the right panels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtWidgets import QSplitter, QTabWidget, QVBoxLayout, QWidget

from console.ui.panels.panel import Area, Panel, PanelSpec
from console.ui.settings import StoredSettings

_MAP_PX, _LEFT_PX = 1164, 1490
_UPPER_PX, _LOWER_PX = 830, 200

Placed = Sequence[tuple[PanelSpec, Panel]]


class WindowLayout(QWidget):
    """The central widget. Sizes are remembered.

    The right panels have the whole height: a case is read from top to bottom without scrolling.
    """

    def __init__(self, placed: Placed, messages: Sequence[QWidget], map_: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("window")
        self._placed = placed
        self._tabs: list[tuple[QTabWidget, list[PanelSpec]]] = []
        # From the outside in: each move of a widget applies the style sheet to everything inside it.
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(2)
        self._whole = QSplitter(self)
        self._left = QSplitter(Qt.Orientation.Vertical, self._whole)
        self._upper, self._lower = QSplitter(self._left), QSplitter(self._left)
        for panel in (*self._panels(Area.TOP), *messages):
            box.addWidget(panel)
        box.addWidget(self._whole, 1)
        for splitter, parts in (
            (self._upper, (*self._panels(Area.LEFT), map_)),
            (self._lower, self._panels(Area.BOTTOM)),
            (self._whole, self._panels(Area.RIGHT)),
        ):
            for part in parts:
                splitter.addWidget(part)
        for splitter in (self._upper, self._lower, self._left, self._whole):
            splitter.setHandleWidth(3)
        self._upper.setStretchFactor(self._upper.count() - 1, 1)
        self._upper.setCollapsible(self._upper.count() - 1, False)
        for index, (spec, _) in enumerate(self._of(Area.BOTTOM)):
            self._lower.setStretchFactor(index, spec.stretch)
        self._left.setStretchFactor(0, 1)
        self._whole.setStretchFactor(0, 1)
        self._whole.setCollapsible(0, False)
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

    def set_titles(self, titles: Mapping[str, str]) -> None:
        """Names of the tabs, by the panels' titles in the registry."""
        for tabs, specs in self._tabs:
            for index, spec in enumerate(specs):
                tabs.setTabText(index, titles[spec.title])

    def bring_up(self, panel: Panel) -> None:
        """Show a panel that stands behind another one in its place."""
        for tabs, _ in self._tabs:
            if tabs.indexOf(panel) >= 0:
                tabs.setCurrentWidget(panel)

    def _of(self, area: Area) -> list[tuple[PanelSpec, Panel]]:
        return [(spec, panel) for spec, panel in self._placed if spec.area is area and not spec.beside]

    def _panels(self, area: Area) -> tuple[QWidget, ...]:
        return tuple(self._in_place(spec, panel) for spec, panel in self._of(area))

    def _in_place(self, spec: PanelSpec, panel: Panel) -> QWidget:
        """The panel, or tabs where others share its place."""
        sharing = [(spec, panel), *((one, other) for one, other in self._placed if one.beside == spec.title)]
        if len(sharing) == 1:
            return panel
        tabs = QTabWidget()
        tabs.setDocumentMode(True)
        tabs.tabBar().setDrawBase(False)
        for _, one in sharing:
            tabs.addTab(one, "")
        self._tabs.append((tabs, [one for one, _ in sharing]))
        return tabs

    def _sizes(self, area: Area) -> list[int]:
        return [spec.size_px for spec, _ in self._of(area)]

    def _named(self) -> tuple[tuple[str, QSplitter], ...]:
        return (("upper", self._upper), ("lower", self._lower), ("left", self._left), ("whole", self._whole))
