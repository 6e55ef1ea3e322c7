"""The left panel: layers, what their colours and shapes mean, the stations."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QModelIndex, QSize, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QVBoxLayout

from console.domain.crews import CrewKind, crew_kind
from console.domain.picture import Picture
from console.domain.readings import Channel
from console.ui.appearance import Appearance
from console.ui.map.layers import LayerSettings, MapLayer, PipeTheme
from console.ui.map.live.stations import main_channels
from console.ui.map.network.themes import LegendEntry
from console.ui.models.stations import StationModel, WorstFirst
from console.ui.panels.map.layer_tree import LayerTree
from console.ui.panels.map.legend import CrewLegend, PipeLegend, StateLegend
from console.ui.panels.panel import Panel, PanelContext
from console.ui.panels.tables import FontWatcher, fit_column
from console.ui.widgets import label
from maps.city import City

_ROOMY_PX, _LOW_PX = 700, 400
_WIDE = {Channel.PRESSURE: -888.0, Channel.FLOW: 18_888.0}
"""Values (inside units) as wide as they come."""
_AGES_S = (float("nan"), 119.0, 7199.0, 888 * 3600.0)


class LayersPanel(Panel):
    """What the map shows, what it means, and the stations (those out of order first)."""

    layers_changed = Signal(object)
    """LayerSettings: visibility, opacity, order, theme."""
    station_chosen = Signal(int)
    station_opened = Signal(int)
    """Row of a station whose card is wanted (double click, Enter)."""

    def __init__(self, city: City, appearance: Appearance, stations: StationModel, look: LayerSettings) -> None:
        super().__init__()
        self.stations = stations
        self._titles = {name: label(name="heading") for name in ("layers", "widths", "states", "crews", "stations")}
        self.tree = LayerTree(city, appearance, look)
        self.legend = PipeLegend(appearance)
        self._states = StateLegend(appearance)
        kinds = {crew_kind(str(kind)) for kind in city.crews.kind}
        self._has_kinds = bool(kinds - {CrewKind.REPAIR})  # repair crews alone need no legend
        self._crews = CrewLegend(appearance, [kind for kind in CrewKind if kind in kinds])
        self.table: QTableView = self._station_table(stations)
        self._channels = {Channel.PRESSURE, *map(Channel, main_channels(city).tolist())}
        self._words = appearance.words
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 10, 8, 8)
        box.setSpacing(5)
        for name, part, stretch in (
            ("layers", self.tree, 5),
            ("widths", self.legend, 0),
            ("states", self._states, 0),
            ("crews", self._crews, 0),
            ("stations", self.table, 3),
        ):
            box.addWidget(self._titles[name])
            box.addWidget(part, stretch)
            box.addSpacing(6)
        self.tree.layers_changed.connect(self._changed)
        self.legend.theme_chosen.connect(self._themed)
        FontWatcher(self.table).changed.connect(self._fit)
        self.set_appearance(appearance)

    def show_picture(self, picture: Picture) -> None:
        """The newest values of the stations."""
        self.stations.show_picture(picture)

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language."""
        self.stations.set_appearance(appearance.theme, appearance.words)
        for name, title in self._titles.items():
            title.setText(appearance.words(f"layers.title_{name}"))
        for part in (self.tree, self.legend, self._states, self._crews):
            part.set_appearance(appearance)
        self._words = appearance.words
        self.tree.tree.setAccessibleName(appearance.words("layers.title_layers"))
        self.table.setAccessibleName(appearance.words("layers.title_stations"))
        self._fit()

    @Slot()
    def _fit(self) -> None:
        """Values and ages are never cut; the name has the rest."""
        fit_column(self.table, 1, (self._words.value(channel, _WIDE.get(channel, 88.8)) for channel in self._channels))
        fit_column(self.table, 2, (self._words.age(seconds) for seconds in _AGES_S))

    def set_visible(self, visible: frozenset[MapLayer]) -> None:
        """Tick these layers; the map follows."""
        self._tell(self.tree.look.with_visible(visible))

    def show_layers(self, look: LayerSettings) -> None:
        """What the map shows now."""
        self.tree.set_layers(look)

    def minimumSizeHint(self) -> QSize:
        """What is hidden on a low screen does not keep the window high."""
        hint = super().minimumSizeHint()
        return QSize(hint.width(), min(hint.height(), _LOW_PX))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """On a low screen the layers and stations go before the shapes' meanings, which the stations' table tells as well."""
        roomy = event.size().height() >= _ROOMY_PX
        self._states.setVisible(roomy)
        self._titles["states"].setVisible(roomy)
        for part in (self._crews, self._titles["crews"]):
            part.setVisible(self._has_kinds and roomy)
        super().resizeEvent(event)

    def show_theme(self, theme: PipeTheme, entries: tuple[LegendEntry, ...]) -> None:
        """The legend of what the map draws."""
        self.legend.show_theme(theme, entries)

    def _tell(self, look: LayerSettings) -> None:
        self.tree.set_layers(look)
        self._changed(look)

    def _themed(self, theme: PipeTheme) -> None:
        self._tell(replace(self.tree.look, theme=theme))

    def _changed(self, look: LayerSettings) -> None:
        self.layers_changed.emit(look)

    def _station_table(self, stations: StationModel) -> QTableView:
        self._worst_first = WorstFirst(stations, self)
        table = QTableView()
        table.setModel(self._worst_first)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setShowGrid(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(24)
        header = table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Fixed)
        table.activated.connect(self._opened)
        table.clicked.connect(self._chosen)
        return table

    def _chosen(self, index: QModelIndex) -> None:
        self.station_chosen.emit(self._worst_first.mapToSource(index).row())

    def _opened(self, index: QModelIndex) -> None:
        self.station_opened.emit(self._worst_first.mapToSource(index).row())


def make(context: PanelContext) -> LayersPanel:
    """The layers of the map and the stations; map and tree follow each other."""
    city, appearance, map_ = context.city, context.appearance, context.map
    stations = StationModel(city, main_channels(city), context.picture, appearance.theme, appearance.words)
    panel = LayersPanel(city, appearance, stations, map_.layer_settings)
    stations.setParent(panel)
    panel.layers_changed.connect(map_.set_layers)
    map_.layers_changed.connect(panel.show_layers)
    context.map_commands.legend_changed.connect(panel.show_theme)
    panel.show_theme(*context.map_commands.legend())
    panel.station_chosen.connect(context.locator.show_station)
    panel.station_opened.connect(context.station_cards.show)
    return panel
