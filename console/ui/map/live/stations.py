"""Stations on the map: gauges near by, clusters at city scale that show their worst state; values with trend.

An age is written only where the value is later than it should be. Stations that a case explains are thin rings in its colour,
the larger the more they deviate; of these the furthest off have labels.

A gauge's needle stands up when the value is as expected and leans by a degree for each third of a per cent beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QFont, QPainter, QPen

from console.domain.picture import Picture, StationState
from console.domain.readings import CHANNEL_BY_NAME, Channel
from console.ui.map.drawing.frame import Frame
from console.ui.map.drawing.label_placement import Ink
from console.ui.map.drawing.stamps import Stamps
from console.ui.map.drawing.symbols import STATION_ROLE, circle, paint_station
from console.ui.map.layers import MapLayer
from console.ui.theme import Theme
from maps.city import City

_CLUSTER_PX = 36.0
_CLUSTERED_FROM = 220
"""More stations in view than this are clustered."""
_LABELLED_MOST = 200
_GAUGES_BELOW = 3.5
"""Metres per pixel below which a station is drawn as a gauge with a needle."""
_NEEDLES = 13
_SWING_DEG = 75.0
_DEG_PER_SHARE = 300.0
_STATES = len(StationState)
_RINGS_PX = (4.2, 5.4, 6.8, 8.6, 10.8)
"""Radius of the ring of a station in a case, by how much it deviates."""
_RING_FROM_KPA, _RING_FROM_SHARE = 10.0, 0.1
"""Deviation from which the second ring is drawn, each further one at twice as much: of a pressure, of other values."""
_IN_CASE_LABELLED = 8
"""So many stations of a case have a label: its place is what counts."""


@dataclass(frozen=True, eq=False)
class _Clusters:
    """Stations grouped by a grid on the ground: sorted rows, where each group begins, its middle (world)."""

    cell_m: float
    order: NDArray[np.int64]
    starts: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    size: NDArray[np.int64]


class Gauges:
    """The stations of one city."""

    def __init__(self, city: City) -> None:
        stations, nodes = city.stations, city.network.nodes
        self.x, self.y = stations.x.copy(), stations.y.copy()
        lost = ~np.isfinite(self.x) & (stations.node >= 0)
        self.x[lost], self.y[lost] = nodes.x[stations.node[lost]], nodes.y[stations.node[lost]]
        self.channel = main_channels(city)
        self._ids = stations.asset_id
        self._placed = np.flatnonzero(np.isfinite(self.x) & np.isfinite(self.y))
        self._clusters: _Clusters | None = None
        self._stamps: dict[tuple[str, float], Stamps] = {}

    def paint(self, frame: Frame, picture: Picture) -> None:
        """Symbols, then labels, the worst first."""
        if not frame.shows(MapLayer.STATIONS) or not len(self._placed):
            return
        px, py = frame.camera.project(self.x[self._placed], self.y[self._placed])
        inside = (px > -14) & (px < frame.camera.width + 14) & (py > -14) & (py < frame.camera.height + 14)
        seen = self._placed[inside]
        if len(seen) > _CLUSTERED_FROM:
            self._paint_clusters(frame, picture)
        else:
            self._paint_single(frame, picture, seen, px[inside], py[inside])

    def alarming(self, frame: Frame, picture: Picture) -> list[tuple[float, float]]:
        """Screen points of the stations in view that are in warning or abnormal, none while stations are hidden."""
        if not frame.shows(MapLayer.STATIONS):
            return []
        rows = self._placed[picture.station_state[self._placed] >= StationState.WARNING]
        px, py = frame.camera.project(self.x[rows], self.y[rows])
        inside = (px > 0) & (px < frame.camera.width) & (py > 0) & (py < frame.camera.height)
        return list(zip(px[inside].tolist(), py[inside].tolist(), strict=True))

    # One by one

    def _paint_single(
        self, frame: Frame, picture: Picture, seen: NDArray[np.int64], px: NDArray[np.float64], py: NDArray[np.float64]
    ) -> None:
        state = picture.station_state[seen].astype(np.int64)
        order = np.argsort(state, kind="stable")
        near = frame.camera.m_per_px < _GAUGES_BELOW
        symbol = state * _NEEDLES + (self._needle(picture, seen) if near else 0)
        offset = _STATES if near else 0
        symbols = np.where(near, offset + symbol, state)
        in_case = state == StationState.IN_CASE
        deviation = self._deviation(picture, seen)
        symbols = np.where(in_case, _STATES * (2 + _NEEDLES) + _ring(deviation), symbols)
        self._strip(frame).put(frame, px[order], py[order], symbols[order])
        frame.placer.take_many(px, py, 7.0 if near else 4.0)
        shown = np.array([not frame.placer.was_shown(f"station:{row}") for row in seen.tolist()], dtype=bool)
        importance = np.where(in_case, -deviation, 0.0)
        ranked = np.lexsort((seen, shown, importance, -state))
        quiet = in_case[ranked] & (np.cumsum(in_case[ranked]) > _IN_CASE_LABELLED)
        for i in ranked[~quiet][:_LABELLED_MOST].tolist():
            self._label(frame, picture, int(seen[i]), float(px[i]), float(py[i]), 11.0 if near else 8.0)

    def _deviation(self, picture: Picture, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """How far each value is from the usual one, in units of the second ring; 0 where one of them is unknown."""
        channel = self.channel[rows]
        value, expected = picture.value[rows, channel], picture.expected[rows, channel]
        unit = np.where(channel == Channel.PRESSURE, _RING_FROM_KPA, _RING_FROM_SHARE * np.abs(expected))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.nan_to_num(np.abs(value - expected) / unit, nan=0.0, posinf=0.0)

    def _needle(self, picture: Picture, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Which of the needle's positions each station shows, the middle one when nothing is expected."""
        value, expected = picture.value[rows, self.channel[rows]], picture.expected[rows, self.channel[rows]]
        with np.errstate(divide="ignore", invalid="ignore"):
            lean = np.nan_to_num((value - expected) / np.abs(expected), nan=0.0, posinf=1.0, neginf=-1.0) * _DEG_PER_SHARE
        share = np.clip(lean, -_SWING_DEG, _SWING_DEG) / _SWING_DEG
        return np.round((share + 1.0) / 2.0 * (_NEEDLES - 1)).astype(np.int64)

    def _label(self, frame: Frame, picture: Picture, row: int, x: float, y: float, offset: float) -> None:
        state = StationState(int(picture.station_state[row]))
        if state is StationState.MISSING:
            return  # its symbol shows that it has never reported
        channel = Channel(int(self.channel[row]))
        value, at_us = float(picture.value[row, channel]), int(picture.at_us[row, channel])
        age = (picture.now_us - at_us) / 1e6 if at_us else float("nan")
        matters = state >= StationState.WARNING
        trend = _trend(value, float(picture.expected[row, channel])) if matters or state is StationState.IN_CASE else ""
        text = f"{frame.words.value(channel, value, unit=channel is not Channel.PRESSURE)}{trend}"
        if state is StationState.STALE or (picture.late is not None and bool(picture.late[row, channel])):
            text += f" · {frame.words.age(age)}"
        font = frame.theme.font(9.0 if matters else 8.0, QFont.Weight.DemiBold if matters else QFont.Weight.Normal)
        frame.label(f"station:{row}", text, x, y, station_ink(frame.theme, state, font), offset)

    # At city scale

    def _paint_clusters(self, frame: Frame, picture: Picture) -> None:
        groups = self._grouped(frame.camera.m_per_px)
        state = picture.station_state[groups.order].astype(np.int64)
        worst = np.maximum.reduceat(state, groups.starts)
        abnormal = np.add.reduceat((state >= StationState.WARNING).astype(np.int64), groups.starts)
        px, py = frame.camera.project(groups.x, groups.y)
        seen = np.flatnonzero((px > -14) & (px < frame.camera.width + 14) & (py > -14) & (py < frame.camera.height + 14))
        seen = seen[np.argsort(worst[seen], kind="stable")]
        alone = groups.size[seen] == 1
        ring = _STATES * (1 + _NEEDLES)
        self._strip(frame).put(frame, px[seen], py[seen], np.where(alone, worst[seen], ring + worst[seen]))
        matter = seen[worst[seen] >= StationState.WARNING][::-1][:_LABELLED_MOST]
        frame.placer.take_many(px[matter], py[matter], 6.0)
        for i in matter.tolist():
            x, y = float(px[i]), float(py[i])
            if groups.size[i] == 1:
                self._label(frame, picture, int(groups.order[groups.starts[i]]), x, y, 10.0)
                continue
            font = frame.theme.font(9.0, QFont.Weight.DemiBold)
            ink = station_ink(frame.theme, StationState(int(worst[i])), font)
            row = int(groups.order[groups.starts[i]])
            frame.label(f"cluster:{row}", f"{abnormal[i]}/{groups.size[i]}", x, y, ink, 10.0)

    def _grouped(self, m_per_px: float) -> _Clusters:
        cell_m = _CLUSTER_PX * 2.0 ** np.ceil(np.log2(m_per_px))
        if self._clusters is None or self._clusters.cell_m != cell_m:
            x, y = self.x[self._placed], self.y[self._placed]
            cell = np.floor(np.column_stack([x, y]) / cell_m).astype(np.int64)
            key = (cell[:, 0] << 32) ^ (cell[:, 1] & 0xFFFFFFFF)
            order = np.argsort(key, kind="stable")
            starts = np.flatnonzero(np.concatenate([[True], np.diff(key[order]) != 0]))
            size = np.diff(np.append(starts, len(order)))
            middle = [np.add.reduceat(values[order], starts) / size for values in (x, y)]
            self._clusters = _Clusters(float(cell_m), self._placed[order], starts, middle[0], middle[1], size)
        return self._clusters

    def _strip(self, frame: Frame) -> Stamps:
        """Plain symbols by state, gauges by state and needle, cluster rings by worst state."""
        key = (frame.theme.name, frame.ratio)
        if key not in self._stamps:
            theme, states = frame.theme, tuple(StationState)
            plain = [partial(_symbol, theme, state, 3.6) for state in states]
            gauges = [partial(_gauge, theme, state, needle) for state in states for needle in range(_NEEDLES)]
            clusters = [partial(_cluster, theme, state) for state in states]
            rings = [partial(_in_case, theme, radius) for radius in _RINGS_PX]
            self._stamps[key] = Stamps([*plain, *gauges, *clusters, *rings], 28.0, frame.ratio)
        return self._stamps[key]


def main_channels(city: City) -> NDArray[np.int64]:
    """The channel that is shown of each station: the first it names, (stations,)."""
    names = [str(channels).split(",")[0].strip() for channels in city.stations.channels]
    return np.array([CHANNEL_BY_NAME.get(name, Channel.PRESSURE) for name in names], dtype=np.int64)


def station_ink(theme: Theme, state: StationState, font: QFont) -> Ink:
    """How a station's value is written."""
    if state is StationState.ABNORMAL:
        return Ink(font, theme.colour("state.critical"), theme.colour("surface.alert", 0.92))
    if state is StationState.WARNING:
        return Ink(font, theme.colour("state.high"), theme.colour("map.background", 0.85))
    if state is StationState.IN_CASE:
        return Ink(font, theme.colour("text.normal"), theme.colour("map.background", 0.85))
    role = {StationState.FAULT: "state.fault", StationState.STALE: "state.stale", StationState.MISSING: "state.missing"}
    return Ink(font, theme.colour(role.get(state, "text.muted")), theme.colour("map.background", 0.6))


def _trend(value: float, expected: float) -> str:
    deviation = value - expected
    if not np.isfinite(deviation) or abs(deviation) < 1e-9:
        return ""
    return " ▼" if deviation < 0 else " ▲"


def _ring(deviation: NDArray[np.float64]) -> NDArray[np.int64]:
    """Which ring a deviation gets, in units of the second one."""
    steps = np.floor(np.log2(np.maximum(deviation, 0.25))) + 1.0
    return np.clip(steps, 0, len(_RINGS_PX) - 1).astype(np.int64)


def _in_case(theme: Theme, radius: float, painter: QPainter) -> None:
    """A thin ring in the case's colour about a small dot."""
    painter.setPen(QPen(theme.colour("case.candidate"), 1.3))
    painter.setBrush(theme.colour("map.halo", 0.45))
    painter.drawPath(circle(radius))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour("case.candidate"))
    painter.drawPath(circle(1.7))


def _symbol(theme: Theme, state: StationState, radius: float, painter: QPainter) -> None:
    paint_station(painter, theme, state, 0.0, 0.0, radius)


def _gauge(theme: Theme, state: StationState, needle: int, painter: QPainter) -> None:
    """A dial with its needle for calm states; what is wrong keeps its own shape, larger."""
    if state not in (StationState.NORMAL, StationState.LEARNING):
        paint_station(painter, theme, state, 0.0, 0.0, 5.4)
        return
    paint_station(painter, theme, state, 0.0, 0.0, 6.4)
    lean = (needle / (_NEEDLES - 1) * 2 - 1) * _SWING_DEG
    painter.rotate(lean)
    painter.setPen(QPen(theme.colour(STATION_ROLE[state]), 1.5))
    painter.drawLine(QPointF(0, 1.5), QPointF(0, -4.6))


def _cluster(theme: Theme, state: StationState, painter: QPainter) -> None:
    """Several stations: a second ring about the worst one's shape."""
    painter.setPen(QPen(theme.colour(STATION_ROLE[state], 0.7), 1.0))
    painter.drawPath(circle(6.6 if state < StationState.WARNING else 8.4))
    paint_station(painter, theme, state, 0.0, 0.0, 3.4)
