"""The left panel: layers with their counts, the legend, the stations."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QRectF, QSize, QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractItemView, QCheckBox, QGridLayout, QHeaderView, QLabel, QTableView, QVBoxLayout, QWidget

from console.domain.picture import StationState
from console.ui.looks import Looks, label
from console.ui.map.scene import MapLayer
from console.ui.map.static_layer import pipe_widths
from console.ui.models.stations import STATE_ROLE, StationModel, station_pixmap
from maps.city import City

_LEGEND_M_PER_PX = 1.0


class LayersPanel(QWidget):
    """What the map shows, what it means, and the stations (those out of order first)."""

    layers_changed = Signal(object)
    station_chosen = Signal(int)

    def __init__(
        self, city: City, looks: Looks, stations: StationModel, visible: frozenset[MapLayer], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._city, self._looks = city, looks
        self._boxes = {layer: QCheckBox() for layer in MapLayer}
        self._titles = {name: label(name="heading") for name in ("layers", "widths", "states", "stations")}
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 10, 8, 8)
        box.setSpacing(5)
        box.addWidget(self._titles["layers"])
        box.addLayout(self._layer_rows(visible))
        box.addSpacing(8)
        box.addWidget(self._titles["widths"])
        self._legend = QGridLayout()
        self._legend.setVerticalSpacing(3)
        self._strokes = [Stroke() for _ in range(4)]
        for index, stroke in enumerate(self._strokes):
            self._legend.addWidget(stroke, index, 0)
            self._legend.addWidget(label(_width_words(index), "muted"), index, 1)
        self._legend.setColumnStretch(1, 1)
        box.addLayout(self._legend)
        box.addSpacing(8)
        box.addWidget(self._titles["states"])
        self._states = QGridLayout()
        self._state_labels = {state: (QLabel(), label(name="muted")) for state in StationState}
        for index, (shape, text) in enumerate(self._state_labels.values()):
            self._states.addWidget(shape, index // 2, index % 2 * 2)
            self._states.addWidget(text, index // 2, index % 2 * 2 + 1)
        self._states.setColumnStretch(1, 1)
        self._states.setColumnStretch(3, 1)
        box.addLayout(self._states)
        box.addSpacing(8)
        box.addWidget(self._titles["stations"])
        self.table = self._station_table(stations)
        box.addWidget(self.table, 1)
        self.set_looks(looks)

    def set_looks(self, looks: Looks) -> None:
        """Another theme or language."""
        self._looks = looks
        words = looks.words
        for layer, check in self._boxes.items():
            check.setText(words(f"layers.{layer.value}"))
        for name, title in self._titles.items():
            title.setText(words(f"layers.title_{name}"))
        for index, stroke in enumerate(self._strokes):
            stroke.show_as(3 - index, looks)
        for state, (shape, text) in self._state_labels.items():
            shape.setPixmap(station_pixmap(looks.theme, state))
            text.setText(words.of("station_state", state.name.lower()))

    def set_visible(self, visible: frozenset[MapLayer]) -> None:
        """Tick these layers; the map follows."""
        for layer, check in self._boxes.items():
            check.setChecked(layer in visible)

    def _layer_rows(self, visible: frozenset[MapLayer]) -> QGridLayout:
        grid = QGridLayout()
        grid.setVerticalSpacing(2)
        counts = self._counts()
        for index, (layer, check) in enumerate(self._boxes.items()):
            check.setChecked(layer in visible)
            check.toggled.connect(self._toggled)
            grid.addWidget(check, index, 0)
            count = counts.get(layer)
            grid.addWidget(label(f"{count:,}" if count is not None else "", "muted"), index, 1, Qt.AlignmentFlag.AlignRight)
        grid.setColumnStretch(0, 1)
        return grid

    def _counts(self) -> dict[MapLayer, int]:
        city = self._city
        kinds = [str(kind) for kind in city.zones.kind]
        return {
            MapLayer.PIPES: len(city.network.pipes),
            MapLayer.VALVES: len(city.network.valves),
            MapLayer.HYDRANTS: len(city.hydrants),
            MapLayer.STATIONS: len(city.stations),
            MapLayer.PLANTS: len(city.plants),
            MapLayer.CREWS: len(city.crews),
            MapLayer.DMA: kinds.count("dma"),
            MapLayer.COMMUNITIES: kinds.count("community"),
            MapLayer.ROADS: len(city.roads),
        }

    def _station_table(self, stations: StationModel) -> QTableView:
        self._worst_first = QSortFilterProxyModel(self)
        self._worst_first.setSourceModel(stations)
        self._worst_first.setSortRole(STATE_ROLE)
        self._worst_first.setDynamicSortFilter(True)
        self._worst_first.sort(0, Qt.SortOrder.DescendingOrder)
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
        header.resizeSection(1, 82)
        header.resizeSection(2, 60)
        table.activated.connect(self._chosen)
        table.clicked.connect(self._chosen)
        return table

    def _chosen(self, index: QModelIndex) -> None:
        self.station_chosen.emit(self._worst_first.mapToSource(index).row())

    def _toggled(self, _: bool) -> None:
        self.layers_changed.emit(frozenset(layer for layer, check in self._boxes.items() if check.isChecked()))


class Stroke(QWidget):
    """A line as wide as the map draws a class of pipes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._klass = 0
        self._looks: Looks | None = None
        self.setFixedSize(QSize(44, 16))

    def show_as(self, klass: int, looks: Looks) -> None:
        """Draw this class."""
        self._klass, self._looks = klass, looks
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._looks is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(
            QPen(self._looks.theme.colour(f"map.pipe_{self._klass}"), max(pipe_widths(_LEGEND_M_PER_PX)[self._klass], 1.0))
        )
        line = QRectF(2, self.height() / 2, 36, 0)
        painter.drawLine(line.topLeft(), line.topRight())
        painter.end()


def _width_words(index: int) -> str:
    return ("≥ DN800", "DN300–DN800", "DN150–DN300", "< DN150")[index]
