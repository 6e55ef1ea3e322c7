"""LiveTestWindow: what a broker carries; fields are mapped to stations and channels by click, values shown at once."""

from __future__ import annotations

from pathlib import Path
from time import monotonic

import numpy as np
from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QLineEdit,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from console.domain.readings import CHANNEL_BY_NAME, Channel
from console.feeds.mapping import UNITS, MappedValue, TopicMapping, numbers_in, times_in
from console.mqtt import Broker
from console.mqtt.listening import Heard, Listener
from console.ui.appearance import Appearance
from console.ui.import_window.mapped_fields import MappedFields
from console.ui.import_window.sketch_map import SketchLines, SketchMap, SketchMarks, segments_of
from console.ui.widgets import ElidedLabel, button, label, make_primary, row
from console.ui.words import one_line
from maps.city import City
from maps.errors import InputFault
from maps.files import write_aside
from maps.importers.guessing.lexicon import normal, words

_EVERY_MS = 500
_ROLE = Qt.ItemDataRole.UserRole
_LATE_S = 60.0


class LiveTestWindow(QWidget):
    """Listens beside whatever else runs; nothing is stored but the mapping that a person saves."""

    def __init__(self, appearance: Appearance, city: City, broker: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self._appearance, self._city = appearance, city
        self._listener: Listener | None = None
        self._stations = {str(name): at for at, name in enumerate(city.stations.asset_id)}
        self._items: dict[tuple[str, str], QTreeWidgetItem] = {}
        self.mapped = MappedFields(city)
        self.setObjectName("window")
        self.setWindowTitle(self._t("title"))
        self.resize(1240, 720)
        self.broker, self.connect_button = QLineEdit(broker), button(self._t("connect"))
        self.broker.setPlaceholderText("mqtt://host:1883")
        self.broker.setAccessibleName(self._t("broker"))
        self.state = ElidedLabel("", "muted")
        self.topics, self.mapping = QTreeWidget(), QTreeWidget()
        self.station, self.channel, self.unit, self.time = QComboBox(), QComboBox(), QComboBox(), QComboBox()
        self.alike = QCheckBox()
        self.map_button, self.unmap_button = button(self._t("map_field")), button(self._t("unmap"))
        self.leave, self.save = button(self._t("close")), button(self._t("save"))
        self.map = SketchMap(appearance, self._t("map"))
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self.refresh)
        self._build()
        self._show_network()
        self._show_state()

    def listen(self) -> None:
        """Connect to the broker in the field."""
        try:
            broker = Broker.parse(self.broker.text().strip())
            listener = Listener(broker)
        except InputFault as fault:
            self.state.setText(one_line(str(fault)))
            return
        self.stop()
        self._listener = listener
        self.topics.clear()
        self._items.clear()
        self._timer.start()

    def stop(self) -> None:
        """Disconnect."""
        self._timer.stop()
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def select(self, topic: str, field: str) -> None:
        """Choose a field, as a click does."""
        self.topics.setCurrentItem(self._items[topic, field])

    def map_field(self) -> None:
        """Map the chosen field as the boxes say."""
        chosen = self._chosen()
        if chosen is None or self.station.currentText() not in self._stations:
            return
        topic, field = chosen
        station, channel = self.station.currentText(), str(self.channel.currentData())
        unit, told = str(self.unit.currentData() or ""), str(self.time.currentData() or "")
        if self.alike.isChecked() and (wild := self._wildcards(topic)):
            topic, station = wild
        self.mapped.add(MappedValue(topic, field, station, channel, unit, told))
        self._show_mapping()
        self.refresh()

    def values(self) -> dict[tuple[str, str], float]:
        """(station, channel) -> newest value, inside unit."""
        return self.mapped.values()

    def save_to(self, path: Path) -> None:
        """Write the mapping; a file that cannot be written is told in one line."""
        try:
            write_aside(path, self.mapped.toml().encode("utf-8"))
        except InputFault as fault:
            self.state.setText(one_line(str(fault)))
            return
        self.state.setText(self._t("saved", path=one_line(str(path))))

    def load(self, path: Path) -> None:
        """Go on with a mapping made before."""
        self.mapped.take(TopicMapping.read(path).values)
        self._show_mapping()

    @Slot()
    def refresh(self) -> None:
        """Show what was heard since, and the values of mapped fields."""
        if self._listener is None:
            return
        heard = self._listener.heard()
        key = {"": "connecting", "connected": "connected"}.get(self._listener.state)
        self.state.setText(self._t(key, n=len(heard)) if key else self._t("refused", reason=one_line(self._listener.state)))
        for one in heard:
            self._show_topic(one)
        self.mapped.read(heard)
        self._show_values()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Disconnect."""
        self.stop()
        super().closeEvent(event)

    # Parts

    def _t(self, key: str, **params: object) -> str:
        return self._appearance.words.catalogue.text(f"import.live.{key}", **params)

    def _build(self) -> None:
        self.topics.setHeaderLabels([self._t(f"head_{key}") for key in ("topic", "value", "count")])
        self.mapping.setHeaderLabels([self._t(f"head_{key}") for key in ("field", "station", "value", "age")])
        for tree, widths in ((self.topics, (330, 130)), (self.mapping, (230, 170, 110))):
            tree.setUniformRowHeights(True)
            tree.setRootIsDecorated(tree is self.topics)
            for at, width in enumerate(widths):
                tree.setColumnWidth(at, width)
        self.topics.setAccessibleName(self._t("head_topic"))
        self.mapping.setAccessibleName(self._t("head_field"))
        self.station.setEditable(True)
        self.station.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.station.addItems(list(self._stations))
        for name in CHANNEL_BY_NAME:
            self.channel.addItem(self._channel_name(name), name)
        form = QFormLayout()
        for key, field in (("station", self.station), ("channel", self.channel), ("unit", self.unit), ("time", self.time)):
            field.setAccessibleName(self._t(key))
            form.addRow(label(self._t(key), "muted"), field)
        right = QWidget()
        box = QVBoxLayout(right)
        box.setContentsMargins(0, 0, 0, 0)
        box.addLayout(form)
        box.addWidget(self.alike)
        box.addLayout(row(self.unmap_button, self.map_button))
        box.addWidget(self.mapping, 1)
        box.addWidget(self.map, 1)
        split = QSplitter()
        split.addWidget(self.topics)
        split.addWidget(right)
        split.setSizes([560, 640])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 14, 16, 14)
        whole.setSpacing(10)
        top = row(self.connect_button)
        top.insertWidget(0, self.broker, 1)
        whole.addLayout(top)
        whole.addWidget(split, 1)
        below = row(self.leave, self.save)
        below.insertWidget(0, self.state, 1)
        whole.addLayout(below)
        self.connect_button.clicked.connect(self.listen)
        self.broker.returnPressed.connect(self.listen)
        self.topics.currentItemChanged.connect(self._on_field)
        self.channel.currentIndexChanged.connect(self._show_units)
        self.station.editTextChanged.connect(self._show_alike)
        self.map_button.clicked.connect(self.map_field)
        self.unmap_button.clicked.connect(self._unmap)
        self.leave.clicked.connect(self.close)
        self.save.clicked.connect(self._on_save)
        self._show_units()

    def _channel_name(self, name: str) -> str:
        key = f"domain.channel.{name}"
        return self._appearance.words.catalogue.text(key) if self._appearance.words.catalogue.has(key) else name

    def _show_network(self) -> None:
        pipes = self._city.network.pipes
        self.map.show_lines([SketchLines(segments_of(pipes.vertices, pipes.offsets), "map.pipe_0", 1.0)], self._city.network.crs)

    def _chosen(self) -> tuple[str, str] | None:
        item = self.topics.currentItem()
        return item.data(0, _ROLE) if item is not None else None

    def _show_topic(self, one: Heard) -> None:
        top = self._items.get((one.topic, "\0"))
        if top is None:
            top = QTreeWidgetItem([one_line(one.topic), "", ""])
            self._items[one.topic, "\0"] = top
            self.topics.addTopLevelItem(top)
            top.setExpanded(True)
        if top.text(2) == f"{one.count:,}":
            return
        top.setText(2, f"{one.count:,}")
        numbers = numbers_in(one.payload)
        if not numbers:
            top.setText(1, one_line(one.payload[:60].decode("utf-8", "replace")))
        for field, value in numbers.items():
            child = self._items.get((one.topic, field))
            if child is None:
                child = QTreeWidgetItem([one_line(field) or self._t("whole"), "", ""])
                child.setData(0, _ROLE, (one.topic, field))
                child.setData(1, _ROLE, times_in(one.payload))
                self._items[one.topic, field] = child
                top.addChild(child)
            child.setText(1, f"{value:g}")

    @Slot(QTreeWidgetItem, QTreeWidgetItem)
    def _on_field(self, item: QTreeWidgetItem | None, before: QTreeWidgetItem | None = None) -> None:
        chosen = self._chosen()
        if chosen is not None and item is not None:
            self._propose(*chosen, list(item.data(1, _ROLE) or []))
        self._show_state()

    def _propose(self, topic: str, field: str, times: list[str]) -> None:
        """What the names say: a station's id in the topic or the field, a word for what is measured."""
        known = self.mapped.known(topic, field)
        parts = [*topic.split("/"), *field.split(".")]
        named = known.station_in(topic.split("/")) if known else ""
        station = named or next((part for part in parts if part in self._stations), "")
        self.station.setEditText(station)
        meanings = words("channel")
        channel = (
            known.channel if known else next((meanings[normal(part)] for part in reversed(parts) if normal(part) in meanings), "")
        )
        if (at := self.channel.findData(channel)) >= 0:
            self.channel.setCurrentIndex(at)
        self.time.clear()
        self.time.addItem(self._t("arrival"), "")
        for name in times:
            self.time.addItem(one_line(name), name)
        self.time.setCurrentIndex(max(self.time.findData(known.time), 0) if known else self.time.count() - 1 if times else 0)
        if known and (at := self.unit.findData(known.unit)) >= 0:
            self.unit.setCurrentIndex(at)
        self._show_alike()

    def _wildcards(self, topic: str) -> tuple[str, str] | None:
        """(topic with a wildcard, station by its level) where a level of the topic is the chosen station; None elsewhere.

        Other levels stay as they are: in the file they can be opened by hand.
        """
        levels, station = topic.split("/"), self.station.currentText()
        if station not in levels or station not in self._stations:
            return None
        at = levels.index(station)
        return "/".join([*levels[:at], "+", *levels[at + 1 :]]), f"{{{at + 1}}}"

    @Slot()
    def _show_alike(self) -> None:
        """Offer all topics of this form, where the station's id is a level of the topic."""
        chosen = self._chosen()
        wild = self._wildcards(chosen[0]) if chosen is not None else None
        self.alike.setEnabled(wild is not None)
        self.alike.setText(self._t("alike", topic=one_line(wild[0])) if wild is not None else self._t("not_alike"))
        if wild is None:
            self.alike.setChecked(False)

    @Slot()
    def _show_units(self) -> None:
        self.unit.clear()
        for unit in UNITS.get(str(self.channel.currentData()), {}):
            self.unit.addItem(unit, unit)
        self.unit.setEnabled(self.unit.count() > 1)

    def _show_mapping(self) -> None:
        self.mapping.clear()
        for key, one in self.mapped:
            station = self._t("by_level", n=_level(one.station)) if "+" in one.topic else one.station
            item = QTreeWidgetItem(
                [one_line(f"{one.topic} {one.field}"), f"{station} · {self._channel_name(one.channel)}", "", ""]
            )
            item.setData(0, _ROLE, key)
            item.setData(1, _ROLE, one.channel)
            self.mapping.addTopLevelItem(item)
        self._show_state()

    def _show_values(self) -> None:
        now = monotonic()
        for at in range(self.mapping.topLevelItemCount()):
            item = self.mapping.topLevelItem(at)
            if item is None:
                continue
            key = item.data(0, _ROLE)
            found = self.mapped.newest(tuple(key))
            if not found:
                item.setText(2, self._t("no_value"))
                continue
            last = max(found.values(), key=lambda one: one.at_s)
            is_pressure = CHANNEL_BY_NAME[str(item.data(1, _ROLE))] is Channel.PRESSURE
            shown = f"{last.value / 1000:.3f} MPa" if is_pressure else f"{last.value:g}"
            item.setText(2, shown if len(found) == 1 else self._t("of_stations", value=shown, n=len(found)))
            item.setText(3, f"{now - last.at_s:.0f} s")
        live = self.mapped.heard_since(now - _LATE_S)
        stations = self._city.stations
        xy = np.column_stack([stations.x, stations.y])
        is_live = np.array([str(name) in live for name in stations.asset_id], dtype=np.bool_)
        self.map.mark(
            [SketchMarks(xy[~is_live], "state.missing", "ring"), SketchMarks(xy[is_live], "state.ok", "plus")],
            legend=[
                ("state.ok", self._t("live", n=int(is_live.sum()))),
                ("state.missing", self._t("silent", n=int((~is_live).sum()))),
            ],
        )

    @Slot()
    def _unmap(self) -> None:
        item = self.mapping.currentItem()
        if item is not None:
            self.mapped.remove(tuple(item.data(0, _ROLE)))
            self._show_mapping()

    @Slot()
    def _show_state(self) -> None:
        self.map_button.setEnabled(self._chosen() is not None)
        self.unmap_button.setEnabled(bool(self.mapped))
        self.save.setEnabled(bool(self.mapped))
        make_primary(self.connect_button, self._listener is None)
        make_primary(self.map_button, self._listener is not None and not self.mapped)
        make_primary(self.save, bool(self.mapped))

    @Slot()
    def _on_save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, self._t("save"), "mapping.toml", "TOML (*.toml)")
        if name:
            self.save_to(Path(name))


def _level(station: str) -> str:
    """The station as a mapping names it, with the level of the topic: ``PT-{3}``; the number alone where it is all."""
    return station.strip("{}") if station.startswith("{") and station.endswith("}") else station
