"""How the window is divided: the top, the map with the left panels over the bottom ones, and the right panels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QByteArray, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QApplication, QSplitter, QTabBar, QTabWidget, QVBoxLayout, QWidget

from console.domain.picture import Picture
from console.services.overview.network_now import AlarmBand, alarm_band
from console.ui.arrangement import Arrangement, Place, as_text, from_text, usual
from console.ui.message_overlay import MessageOverlay
from console.ui.panels.panel import Area, Panel, PanelSpec
from console.ui.settings import StoredSettings
from console.ui.splitters import FloatingPanel, FoldSplitter
from console.ui.theme import Letters

_MAP_PX, _LEFT_PX = 1164, 1490
_UPPER_PX, _LOWER_PX = 830, 200
_FRAME_PX, _ROW_PX = 78, 27
"""Of the alarm list: title, heading and margins; one row."""
_CALM_ROWS, _USUAL_ROWS, _FLOOD_ROWS = 1, 5, 14
_MOST_SHARE = 0.45
"""Of the height, for the bottom panels in a flood."""

Placed = Sequence[tuple[PanelSpec, Panel]]


class WindowLayout(QWidget):
    """The central widget. Panels stand as an ``Arrangement`` says; it and the sizes are remembered by the screens there are.

    Splitters and tabs: a panel moves by command, or dragged by its title (``PanelDrag``), so nothing slips while one works.
    The right panels have the whole height: a case is read from top to bottom without scrolling.
    """

    menu_asked = Signal(str, QPoint)
    """(title, global position): a menu for a panel."""

    def __init__(self, placed: Placed, messages: Sequence[QWidget], map_: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("window")
        self._placed, self.map_ = placed, map_
        self._tab_watcher: QObject | None = None
        self.specs = tuple(spec for spec, _ in placed)
        self._panel = {spec.title: panel for spec, panel in placed}
        self._names: Mapping[str, str] = {}
        self._tabs: list[tuple[QTabWidget, tuple[str, ...]]] = []
        self._floats: dict[str, FloatingPanel] = {}
        self._by_hand, self._rows = False, -1
        # From the outside in: each move of a widget applies the style sheet to everything inside it.
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(2)
        self._whole = FoldSplitter(parent=self)
        self._left = FoldSplitter(Qt.Orientation.Vertical, self._whole)
        self._upper, self._lower = FoldSplitter(parent=self._left), FoldSplitter(parent=self._left)
        for spec, panel in placed:
            if spec.area is Area.TOP:
                box.addWidget(panel)
        box.addWidget(self._whole, 1)
        self._upper.addWidget(map_)
        self._upper.stays, self._left.stays, self._whole.stays = map_, self._upper, self._left
        self._left.setStretchFactor(0, 1)
        self._whole.setStretchFactor(0, 1)
        self._whole.setCollapsible(0, False)
        self.spare_px = 0
        """Height that the bottom panels leave to something below the window's parts (the time bar of a replay)."""
        self._left.splitterMoved.connect(self._on_moved)
        self._arrangement = usual(self.specs)
        self._fill()
        self._use_sizes(self._arrangement)
        self.overlay = MessageOverlay(messages, map_, self)

    def showEvent(self, event: QShowEvent) -> None:
        """Panels in windows of their own come with it."""
        super().showEvent(event)
        for window in self._floats.values():
            window.show()

    # Arrangements

    def arrange(self, wanted: Arrangement) -> None:
        """Put every panel where the arrangement says. The focus stays where it was, if that is still in sight."""
        holder = QApplication.focusWidget()
        if wanted.groups != self._arrangement.groups or wanted.hidden != self._arrangement.hidden or self._moved(wanted):
            self._arrangement = wanted
            self.setUpdatesEnabled(False)
            self._fill()
            self.setUpdatesEnabled(True)
        self._arrangement, self._by_hand, self._rows = wanted, wanted.by_hand, -1
        self._use_sizes(wanted)
        self.set_titles(self._names)
        self.overlay.place()
        if holder is not None and self.isAncestorOf(holder) and holder.isVisible():
            holder.setFocus()

    def arrangement(self) -> Arrangement:
        """As the panels stand now, with sizes."""
        sizes = {name: tuple(splitter.sizes()) for name, splitter in self._named()}
        floating = {title: _place_of(window) for title, window in self._floats.items()}
        return replace(self._arrangement, sizes=sizes, floating=floating, by_hand=self._by_hand)

    def reset(self) -> None:
        """The usual places and sizes."""
        self.arrange(usual(self.specs))

    def float_panel(self, title: str) -> None:
        """A panel in a window of its own, where it stood."""
        panel = self._panel[title]
        corner = panel.mapToGlobal(QPoint(24, 24)) if panel.isVisible() else self.mapToGlobal(QPoint(80, 80))
        size = panel.size() if panel.isVisible() else panel.sizeHint()
        self.arrange(self.arrangement().floated(title, (corner.x(), corner.y(), max(size.width(), 320), max(size.height(), 220))))

    def movable(self) -> Mapping[str, Panel]:
        """The panels that can stand elsewhere, by their titles."""
        return {spec.title: panel for spec, panel in self._placed if spec.area is not Area.TOP}

    def watch_tabs(self, watcher: QObject) -> None:
        """Let an event filter see the tabs, those to come too."""
        self._tab_watcher = watcher
        for tabs, _ in self._tabs:
            tabs.tabBar().installEventFilter(watcher)

    def title_of_tab(self, bar: QTabBar, at: QPoint) -> str:
        """The panel whose tab is at a point of a bar; "" for none."""
        titles = next((mine for tabs, mine in self._tabs if tabs.tabBar() is bar), ())
        index = bar.tabAt(at)
        return titles[index] if 0 <= index < len(titles) else ""

    def bring_up(self, panel: Panel) -> None:
        """Show a panel that is hidden, in a window of its own, or behind another one in its place."""
        title = next(spec.title for spec, one in self._placed if one is panel)
        if title in self._arrangement.hidden:
            self.arrange(self.arrangement().show(title))
        if title in self._floats:
            self._floats[title].raise_()
            self._floats[title].activateWindow()
        for tabs, _ in self._tabs:
            if tabs.indexOf(panel) >= 0:
                tabs.setCurrentWidget(panel)

    # Pictures

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
        at_bottom = any("alarms" in titles for titles in self._arrangement.shown(Area.BOTTOM))
        if self._by_hand or self._rows < 0 or not whole or not at_bottom:
            return
        aside = any(tabs.currentIndex() > 0 and self._lower.isAncestorOf(tabs) for tabs, _ in self._tabs)
        rows = max(self._rows, _USUAL_ROWS) if aside else self._rows
        lower = min(_FRAME_PX + rows * _ROW_PX, round(whole * _MOST_SHARE)) - self.spare_px
        self._left.setSizes([whole - lower, lower])

    def _on_moved(self) -> None:
        self._by_hand = True

    # Settings

    def save(self, stored: StoredSettings, screens: str) -> None:
        """Remember where panels stand on these screens."""
        stored.put(f"layout/{screens}", as_text(self.arrangement()))

    def restore(self, stored: StoredSettings, screens: str) -> None:
        """As remembered for these screens; else the sizes of an earlier version, where there are any."""
        found = from_text(stored.get(f"layout/{screens}"), self.specs)
        if found is not None:
            self.arrange(found)
            return
        for name, splitter in self._named():
            state = stored.get(f"layout/{name}")
            if isinstance(state, QByteArray):
                splitter.restoreState(state)
                splitter.setHandleWidth(FoldSplitter().handleWidth())
        self._by_hand = str(stored.get("layout/bottom_by_hand", "false")).lower() == "true"

    def set_titles(self, titles: Mapping[str, str]) -> None:
        """Names of the tabs and windows, by the panels' titles in the registry."""
        self._names = titles
        for tabs, mine in self._tabs:
            for index, title in enumerate(mine):
                tabs.setTabText(index, titles.get(title, ""))
        for title, window in self._floats.items():
            window.setWindowTitle(titles.get(title, ""))

    # Inside

    def _moved(self, wanted: Arrangement) -> bool:
        return set(wanted.floating) != set(self._floats)

    def _fill(self) -> None:
        """Take every panel out of its place and put it into its own."""
        made, before, floats = self._arrangement, self._tabs, self._floats
        self._tabs, self._floats = [], {}
        for area, splitter in ((Area.LEFT, self._upper), (Area.BOTTOM, self._lower), (Area.RIGHT, self._whole)):
            first = 0 if area is not Area.RIGHT else 1
            for number, titles in enumerate(made.shown(area)):
                part = self._in_place(titles)
                splitter.insertWidget(first + number, part)
                part.show()  # a panel that was hidden; not before: without a parent it would be a window of its own
                if area is Area.BOTTOM:
                    splitter.setStretchFactor(number, self._spec(titles[0]).stretch or 1)
        for title in made.hidden:
            self._panel[title].hide()
            self._panel[title].setParent(self)
        for title, place in made.floating.items():
            window = self._floats[title] = FloatingPanel(self._panel[title], partial(self._dock, title), self)
            window.setGeometry(*place)
            window.setVisible(self.isVisible())
        for tabs, _ in before:
            tabs.setParent(None)
            tabs.deleteLater()
        for window in floats.values():
            window.hide()
            window.deleteLater()
        self._upper.setStretchFactor(self._upper.indexOf(self.map_), 1)
        self._upper.setCollapsible(self._upper.indexOf(self.map_), False)
        self._lower.setVisible(self._lower.count() > 0)

    def _dock(self, title: str) -> None:
        self.arrange(self.arrangement().show(title))

    def _in_place(self, titles: Sequence[str]) -> QWidget:
        """The panel, or tabs where others share its place."""
        if len(titles) == 1:
            return self._panel[titles[0]]
        tabs = QTabWidget()
        tabs.setDocumentMode(True)
        bar = tabs.tabBar()
        bar.setDrawBase(False)
        bar.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        bar.customContextMenuRequested.connect(lambda at: self._on_tab_menu(tabs, at))
        if self._tab_watcher is not None:
            bar.installEventFilter(self._tab_watcher)
        for title in titles:
            tabs.addTab(self._panel[title], self._names.get(title, ""))
        tabs.currentChanged.connect(lambda _: self._fit_bottom())
        self._tabs.append((tabs, tuple(titles)))
        return tabs

    def _on_tab_menu(self, tabs: QTabWidget, at: QPoint) -> None:
        title = self.title_of_tab(tabs.tabBar(), at)
        if title:
            self.menu_asked.emit(title, tabs.tabBar().mapToGlobal(at))

    def _use_sizes(self, made: Arrangement) -> None:
        """The sizes of an arrangement, where it has them and they fit; else the usual ones."""
        usual_sizes = {
            "upper": [*self._widths(Area.LEFT), _MAP_PX],
            "lower": self._widths(Area.BOTTOM),
            "left": [_UPPER_PX, _LOWER_PX],
            "whole": [_LEFT_PX, *self._widths(Area.RIGHT)],
        }
        for name, splitter in self._named():
            sizes = made.sizes.get(name, ())
            splitter.setSizes(list(sizes) if len(sizes) == splitter.count() and sum(sizes) > 0 else usual_sizes[name])

    def _widths(self, area: Area) -> list[int]:
        """Columns beside the map are wider where letters are larger (4K without scaling)."""
        scale = max(Letters.now().scale, 1.0) if area is not Area.BOTTOM else 1.0
        widths = [self._spec(titles[0]).size_px or _UPPER_PX // 2 for titles in self._arrangement.shown(area)]
        return [round(width * scale) for width in widths]

    def _spec(self, title: str) -> PanelSpec:
        """The registry's line of a panel; of one beside another, that one's for its sizes."""
        spec = next(one for one in self.specs if one.title == title)
        return self._spec(spec.beside) if spec.beside else spec

    def _named(self) -> tuple[tuple[str, QSplitter], ...]:
        return (("upper", self._upper), ("lower", self._lower), ("left", self._left), ("whole", self._whole))


def _place_of(window: QWidget) -> Place:
    at = window.geometry()
    return at.x(), at.y(), at.width(), at.height()
