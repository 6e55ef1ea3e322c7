"""How the window is divided: the top, the map with the left panels over the bottom ones, and the right panels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtWidgets import QApplication, QSplitter, QTabWidget, QVBoxLayout, QWidget

from console.domain.picture import Picture
from console.services.overview.network_now import AlarmBand, alarm_band
from console.ui.message_overlay import MessageOverlay
from console.ui.panels.panel import Area, Panel, PanelSpec
from console.ui.settings import StoredSettings

_MAP_PX, _LEFT_PX = 1164, 1490
_UPPER_PX, _LOWER_PX = 830, 200
_FRAME_PX, _ROW_PX = 78, 27
"""Of the alarm list: title, heading and margins; one row."""
_CALM_ROWS, _USUAL_ROWS, _FLOOD_ROWS = 1, 5, 14
_MOST_SHARE = 0.45
"""Of the height, for the bottom panels in a flood."""

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
        for panel in self._panels(Area.TOP):
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
        self._by_hand, self._rows = False, -1
        self.spare_px = 0
        """Height that the bottom panels leave to something below the window's parts (the time bar of a replay)."""
        self._left.splitterMoved.connect(self._on_moved)
        for tabs, _ in self._tabs:
            tabs.currentChanged.connect(lambda _: self._fit_bottom())
        self.reset()
        self.overlay = MessageOverlay(messages, map_, self)

    def reset(self) -> None:
        """Restore the default sizes."""
        self._by_hand, self._rows = False, -1
        self._upper.setSizes([*self._sizes(Area.LEFT), _MAP_PX])
        self._lower.setSizes(self._sizes(Area.BOTTOM))
        self._left.setSizes([_UPPER_PX, _LOWER_PX])
        self._whole.setSizes([_LEFT_PX, *self._sizes(Area.RIGHT)])

    def show_picture(self, picture: Picture) -> None:
        """Fold the alarms to a row in quiet hours, grow in a flood; a height chosen by hand stays.

        Nothing moves under the pointer: while it is over the bottom panels or a button is held, the change waits.
        """
        flood = alarm_band(picture.alarms_per_10_min) is AlarmBand.FLOOD
        least = _USUAL_ROWS if picture.incidents else _CALM_ROWS  # of a running case the log beside the alarms is read
        rows = _FLOOD_ROWS if flood else min(max(len(picture.alarms), least), _USUAL_ROWS)
        busy = self._lower.underMouse() or QApplication.mouseButtons() != Qt.MouseButton.NoButton
        if rows != self._rows and not busy:
            self._rows = rows
            self._fit_bottom()

    def _fit_bottom(self) -> None:
        """The height of the bottom panels by their rows; a panel behind the first tab has its usual height."""
        whole = sum(self._left.sizes())
        if self._by_hand or self._rows < 0 or not whole:
            return
        aside = any(tabs.currentIndex() > 0 for tabs, _ in self._tabs)
        rows = max(self._rows, _USUAL_ROWS) if aside else self._rows
        lower = min(_FRAME_PX + rows * _ROW_PX, round(whole * _MOST_SHARE)) - self.spare_px
        self._left.setSizes([whole - lower, lower])

    def _on_moved(self) -> None:
        self._by_hand = True

    def save(self, stored: StoredSettings) -> None:
        """Remember the sizes."""
        for name, splitter in self._named():
            stored.put(f"layout/{name}", splitter.saveState())
        stored.put("layout/bottom_by_hand", self._by_hand)

    def restore(self, stored: StoredSettings) -> None:
        """Restore the remembered sizes, where there are any."""
        for name, splitter in self._named():
            state = stored.get(f"layout/{name}")
            if isinstance(state, QByteArray):
                splitter.restoreState(state)
        self._by_hand = str(stored.get("layout/bottom_by_hand", "false")).lower() == "true"

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
