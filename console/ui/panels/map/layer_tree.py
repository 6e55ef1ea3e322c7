"""The layer tree: what the map shows, how strongly, and what lies above what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QHeaderView, QSlider, QToolButton, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from console.ui.appearance import Appearance
from console.ui.map.layers import GROUND_LAYERS, PLAN_LAYERS, LayerSettings, MapLayer
from console.ui.map.network.facilities import facilities
from console.ui.widgets import label
from maps.city import City

_GROUPS: Mapping[str, tuple[MapLayer, ...]] = {
    "network": (MapLayer.PIPES, MapLayer.VALVES, MapLayer.HYDRANTS, MapLayer.PLANTS, MapLayer.CUSTOMERS, MapLayer.FLOW),
    "live": (MapLayer.STATIONS, MapLayer.CREWS, MapLayer.TICKETS, MapLayer.WATER_POINTS, MapLayer.OUTAGES, MapLayer.PRESSURE),
    "plan": PLAN_LAYERS,
    "ground": (
        MapLayer.LABELS,
        MapLayer.COMMUNITIES,
        MapLayer.DISTRICTS,
        MapLayer.DMA,
        MapLayer.ROADS,
        MapLayer.WATER,
        MapLayer.TILES,
    ),
}
_CLOSED_AT_FIRST = ("plan", "ground")
_LAYER = int(Qt.ItemDataRole.UserRole)


class LayerTree(QWidget):
    """Ticks show layers; below, opacity and order of the one that is chosen."""

    layers_changed = Signal(object)
    """LayerSettings."""

    def __init__(self, city: City, appearance: Appearance, look: LayerSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance, self._look = appearance, look
        self._counts = layer_counts(city)
        self.tree = QTreeWidget()
        self.tree.setColumnCount(2)
        self.tree.setHeaderHidden(True)
        self.tree.setIndentation(14)
        self.tree.setUniformRowHeights(True)
        self._groups: dict[str, QTreeWidgetItem] = {}
        self._items: dict[MapLayer, QTreeWidgetItem] = {}
        for group, layers in _GROUPS.items():
            top = QTreeWidgetItem(self.tree)
            self._groups[group] = top
            if group == "plan":
                self._prepare(top, MapLayer.PLAN)
            for layer in layers:
                self._prepare(QTreeWidgetItem(top), layer)
            top.setExpanded(group not in _CLOSED_AT_FIRST)
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self._opacity = QSlider(Qt.Orientation.Horizontal)
        self._opacity.setRange(10, 100)
        self._opacity.setPageStep(10)
        self._up, self._down = QToolButton(), QToolButton()
        self._up.setArrowType(Qt.ArrowType.UpArrow)
        self._down.setArrowType(Qt.ArrowType.DownArrow)
        self._opacity_label = label(name="muted")
        below = QHBoxLayout()
        for part in (self._opacity_label, self._opacity, self._up, self._down):
            below.addWidget(part)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(3)
        box.addWidget(self.tree, 1)
        box.addLayout(below)
        self.tree.itemChanged.connect(self._ticked)
        self.tree.currentItemChanged.connect(lambda *_: self._chosen())
        self._opacity.valueChanged.connect(self._faded)
        self._up.clicked.connect(lambda: self._shift(-1))
        self._down.clicked.connect(lambda: self._shift(1))
        self.set_appearance(appearance)
        self.set_layers(look)
        self.tree.setCurrentItem(self._items[MapLayer.PIPES])

    @property
    def look(self) -> LayerSettings:
        """As it is set."""
        return self._look

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language."""
        self._appearance = appearance
        words = appearance.words
        self.tree.blockSignals(True)
        for group, item in self._groups.items():
            item.setText(0, words("layers.plan") if group == "plan" else words(f"layers.group_{group}"))
        for layer, item in self._items.items():
            item.setText(0, words(f"layers.{layer.value}"))
            count = self._counts.get(layer)
            item.setText(1, f"{count:,}" if count is not None else "")
            item.setForeground(1, appearance.theme.colour("text.muted"))
        self.tree.blockSignals(False)
        self._opacity_label.setText(words("layers.opacity"))
        self._up.setToolTip(words("layers.up"))
        self._down.setToolTip(words("layers.down"))
        for part, name in ((self._opacity, "layers.opacity"), (self._up, "layers.up"), (self._down, "layers.down")):
            part.setAccessibleName(words(name))

    def set_layers(self, look: LayerSettings) -> None:
        """Show what is shown; nothing is emitted."""
        self._look = look
        self.tree.blockSignals(True)
        for layer, item in self._items.items():
            item.setCheckState(0, Qt.CheckState.Checked if layer in look.visible else Qt.CheckState.Unchecked)
        self.tree.blockSignals(False)
        self._chosen()

    def tick(self, layer: MapLayer, shown: bool) -> None:
        """As a click on its box."""
        self._items[layer].setCheckState(0, Qt.CheckState.Checked if shown else Qt.CheckState.Unchecked)

    def choose(self, layer: MapLayer) -> None:
        """Make a layer the one whose opacity and order can be set."""
        self.tree.setCurrentItem(self._items[layer])

    def _prepare(self, item: QTreeWidgetItem, layer: MapLayer) -> None:
        item.setData(0, _LAYER, layer.value)
        item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        self._items[layer] = item

    def _current(self) -> MapLayer | None:
        item = self.tree.currentItem()
        value = item.data(0, _LAYER) if item is not None else None
        return MapLayer(value) if value else None

    def _ticked(self, item: QTreeWidgetItem) -> None:
        value = item.data(0, _LAYER)
        if not value:
            return
        shown = item.checkState(0) == Qt.CheckState.Checked
        change = {MapLayer(value)}
        self._set(replace(self._look, visible=self._look.visible | change if shown else self._look.visible - change))

    def _chosen(self) -> None:
        layer = self._current()
        ordered = layer in GROUND_LAYERS
        self._up.setEnabled(ordered)
        self._down.setEnabled(ordered)
        self._opacity.setEnabled(layer is not None)
        self._opacity.blockSignals(True)
        self._opacity.setValue(round(100 * (self._look.alpha(layer) if layer is not None else 1.0)))
        self._opacity.blockSignals(False)

    def _faded(self, value: int) -> None:
        layer = self._current()
        if layer is not None:
            self._set(replace(self._look, opacity={**self._look.opacity, layer: value / 100}))

    def _shift(self, step: int) -> None:
        layer, order = self._current(), list(self._look.order)
        if layer not in order:
            return
        at = order.index(layer)
        to = min(max(at + step, 0), len(order) - 1)
        order.insert(to, order.pop(at))
        self._set(replace(self._look, order=tuple(order)))

    def _set(self, look: LayerSettings) -> None:
        if look != self._look:
            self._look = look
            self.layers_changed.emit(look)


def layer_counts(city: City) -> dict[MapLayer, int]:
    """How many things each layer holds."""
    kinds = city.zones.kind.astype(str).tolist()
    return {
        MapLayer.PIPES: len(city.network.pipes),
        MapLayer.VALVES: len(city.network.valves),
        MapLayer.HYDRANTS: len(city.hydrants),
        MapLayer.STATIONS: len(city.stations),
        MapLayer.PLANTS: len(facilities(city)),
        MapLayer.CREWS: len(city.crews),
        MapLayer.CUSTOMERS: len(city.customers),
        MapLayer.DMA: kinds.count("dma"),
        MapLayer.COMMUNITIES: kinds.count("community"),
        MapLayer.DISTRICTS: kinds.count("district") + kinds.count("area"),
        MapLayer.ROADS: len(city.roads),
        MapLayer.WATER: len(city.water),
    }
