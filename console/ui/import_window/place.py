"""PlaceView: where the data lie in each coordinate system that fits, over a base map; choosing one is left to the person."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QAbstractItemView, QSplitter, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from console.services.network.own_data import Preview
from console.ui.appearance import Appearance
from console.ui.import_window.sketch_map import Segments, SketchLines, SketchMap
from console.ui.map.ground.tiles import TileSource
from console.ui.widgets import ElidedLabel, button, label, row
from maps import crs as crs_of
from maps.errors import InputFault
from maps.importers.crs_candidates import GCJ02, Candidate, candidates, densified, lon_lat, zone_of

_MOST_KM = 150
"""Further than this from a known city only degrees are given."""
_MOST_ROAD_POINTS = 200_000


class PlaceView(QWidget):
    """The candidates on the left, the data over the base map on the right."""

    chosen = Signal(str)
    """A coordinate system was chosen by a click."""
    base_asked = Signal()

    def __init__(self, appearance: Appearance) -> None:
        super().__init__()
        self._appearance = appearance
        self._drawn: Segments = np.empty((0, 4))
        self._base: Segments = np.empty((0, 4))
        self._tiles: TileSource | None = None
        self._declared = ""
        self.listed: tuple[Candidate, ...] = ()
        self.table = QTableWidget(0, 3)
        self.table.setHorizontalHeaderLabels([self._t(f"head_{key}") for key in ("crs", "near", "roads")])
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setAccessibleName(self._t("head_crs"))
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for at, width in enumerate((270, 170)):
            self.table.setColumnWidth(at, width)
        self.table.horizontalHeader().setStretchLastSection(True)
        self.base_name = ElidedLabel("", "muted")
        self.choose_base = button(self._t("base"))
        self.said = label(name="muted", wrap=True)
        self.said.setMinimumHeight(2 * self.said.fontMetrics().height() + 4)
        self.map = SketchMap(appearance, self._t("map"))
        left = QWidget()
        box = QVBoxLayout(left)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.table, 1)
        box.addWidget(self.said)
        below = row(self.choose_base)
        below.insertWidget(0, self.base_name, 1)
        box.addLayout(below)
        split = QSplitter()
        split.addWidget(left)
        split.addWidget(self.map)
        split.setSizes([560, 600])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(split)
        self.table.currentCellChanged.connect(self._on_row)
        self.table.cellClicked.connect(self._on_click)
        self.choose_base.clicked.connect(self.base_asked)

    def show_preview(self, preview: Preview) -> None:
        """The data of a preview; a base map chosen before stays."""
        self._drawn, self._declared = preview.drawn, preview.guess.crs
        if len(preview.base):
            self.show_base(preview.base, self._t("own_roads"))
        else:
            self._rank()

    def show_base(self, lines: NDArray[np.float64], name: str) -> None:
        """Roads as segments in degrees WGS84 (n, 4)."""
        self._base = lines
        self.base_name.setText(name)
        self._rank()

    def show_tiles(self, tiles: TileSource, name: str) -> None:
        """Own tiles below the data."""
        self._tiles = tiles
        self.base_name.setText(name)
        self._on_row(self.table.currentRow())

    def select(self, crs: str) -> None:
        """Show what is written in the field for the coordinate system."""
        for at, one in enumerate(self.listed):
            if one.crs == crs and at != self.table.currentRow():
                self.table.setCurrentCell(at, 0)

    # Parts

    def _t(self, key: str, **params: object) -> str:
        return self._appearance.words.catalogue.text(f"import.place.{key}", **params)

    def _rank(self) -> None:
        roads = densified(self._base)
        roads = roads[:: max(1, len(roads) // _MOST_ROAD_POINTS)]
        before = self.listed[self.table.currentRow()].crs if 0 <= self.table.currentRow() < len(self.listed) else self._declared
        self.listed = candidates(self._drawn.reshape(-1, 2), self._declared, roads)
        self.table.setRowCount(0)
        for at, one in enumerate(self.listed):
            self.table.insertRow(at)
            share = "" if one.on_roads is None else f"{100 * one.on_roads:.0f} %"
            for column, text in enumerate((self._name(one), self._near(one.lon, one.lat), share)):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                self.table.setItem(at, column, item)
        if not self.listed:
            self.said.setText(self._t("none"))
            self.map.show_lines([SketchLines(self._drawn, "map.pipe_2", 1.4)])
            return
        first = next((at for at, one in enumerate(self.listed) if one.crs == before), 0)
        self.table.setCurrentCell(first, 0)
        self._on_row(first)

    def _name(self, one: Candidate) -> str:
        if one.crs == GCJ02:
            return self._t("gcj")
        name = crs_of.describe(one.crs)
        return f"{name} · {self._t('declared')}" if one.crs == self._declared else name

    def _near(self, lon: float, lat: float) -> str:
        """The nearest large city with the distance to 5 km, or degrees."""
        places = [
            (_away_km(lon, lat, city_lon, city_lat), name)
            for city_lon, city_lat, name in _cities(self._appearance.words.language)
        ]
        away, name = min(places)
        if away > _MOST_KM:
            return f"{lon:.2f}° {lat:.2f}°"
        return self._t("in", city=name) if away < 15 else self._t("near", city=name, km=5 * round(away / 5))

    @Slot(int)
    def _on_row(self, at: int, *_: int) -> None:
        if not 0 <= at < len(self.listed):
            return
        one = self.listed[at]
        world = self._world(one)
        lines = [SketchLines(_moved(self._base, "EPSG:4326", world), "map.boundary", 1.2)] if len(self._base) else []
        legend = [("map.pipe_3", self._t("data"))]
        if len(self._base):
            legend.append(("map.boundary", self._t("roads")))
        said = self._t("gcj_says", m=round(one.shift_m)) if one.crs == GCJ02 else self._says(one)
        shifted = next((other for other in self.listed if other.crs == GCJ02), None)
        over = []
        if shifted is not None and one.crs != GCJ02:  # the same numbers, if they were shifted ones
            ghost = lon_lat(self._drawn.reshape(-1, 2), GCJ02).reshape(-1, 4)
            over.append(SketchLines(_moved(ghost, "EPSG:4326", world), "state.high", 1.2, dashed=True))
            legend.append(("state.high", self._t("if_gcj", m=round(shifted.shift_m))))
        placed = lon_lat(self._drawn.reshape(-1, 2), one.crs).reshape(-1, 4)
        lines.append(SketchLines(_moved(placed, "EPSG:4326", world), "map.pipe_3", 1.6))
        self.map.show_lines(lines, world, tiles=self._tiles)
        self.map.mark(lines=over, legend=legend)
        self.said.setText(said)

    def _says(self, one: Candidate) -> str:
        if one.on_roads is None:
            return self._t("no_base") if not len(self._base) and self._tiles is None else self._t("outside")
        return self._t("on_roads", percent=f"{100 * one.on_roads:.0f}")

    def _world(self, one: Candidate) -> str:
        """A CRS in metres to draw in: the candidate itself where it is one, else the zone of its place."""
        if one.crs != GCJ02 and crs_of.is_metric(one.crs) and not crs_of.must_be_projected(one.crs):
            return one.crs
        return zone_of(one.lon)

    @Slot(int, int)
    def _on_click(self, at: int, column: int) -> None:
        try:
            crs = self.listed[at].crs
        except IndexError:
            return
        if crs != GCJ02:
            self.chosen.emit(crs)


def _moved(segments: Segments, source: str, target: str) -> Segments:
    points = segments.reshape(-1, 2)
    try:
        x, y = crs_of.transform(points[:, 0], points[:, 1], source, target)
    except InputFault:
        return np.empty((0, 4))
    made = np.column_stack([x, y]).reshape(-1, 4)
    return np.ascontiguousarray(made[np.isfinite(made).all(axis=1)])


@cache
def _cities(language: str) -> Sequence[tuple[float, float, str]]:
    content = tomllib.loads(files("resources").joinpath("places", "cities_cn.toml").read_text(encoding="utf-8"))
    return [(float(one["lon"]), float(one["lat"]), str(one[language])) for one in content["cities"]]


def _away_km(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    return math.hypot((lon - other_lon) * math.cos(math.radians(lat)), lat - other_lat) * 111.32
