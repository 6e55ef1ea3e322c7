"""Names on the map: plants, places, districts, communities, metered zones, roads, pipes.

Important names are placed first. Candidates are chosen on the ground, not on the screen, so that names keep their place while the
map is dragged.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap

from console.ui.map.drawing.frame import Frame
from console.ui.map.drawing.label_placement import Ink, text_size
from console.ui.map.drawing.symbols import paint_at
from console.ui.map.layers import MapLayer
from console.ui.map.network.asset_symbols import VALVES_FROM
from console.ui.map.network.facilities import Facility
from console.ui.map.network.road_names import RoadNames, Runs
from console.ui.map.scene import Scene

_ZONE_NAMES_MOST = 60
_ROAD_NAMES_MOST = 70
_PIPE_NAMES_MOST = 60
_PIPES_FROM = 1.1
_MAINS_FROM = 2.6
_MAIN_MM = 300.0
_APART_PX = 420.0
_ANGLE_STEP = 3
_PIXMAPS = 700
_HALO_PX = 2.0
_VALVE_PX = 4.0
_FACILITY_PX = 6.0
_NEW_NAMES_S = 0.003
"""Time a hurried frame spends on names it has not drawn before."""
_SHOWN = {"district": (3.0, math.inf), "community": (0.0, 6.0), "dma": (0.0, 20.0), "area": (8.0, 40.0)}
"""Metres per pixel between which the names of each kind of zone stand."""
_PLACES_FROM = 20.0
_IDS_FROM = 12.0
"""Metres per pixel below which facilities without a name show their id."""


@dataclass(frozen=True, eq=False)
class _PipesBySize:
    """Pipes from the largest diameter down: rows, middles (m); ``mains``: so many of them are mains. ``runs``: by row."""

    rows: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    mains: int
    runs: Runs

    @classmethod
    def of(cls, scene: Scene) -> _PipesBySize:
        """Sorted once: 200,000 of them take 20 ms, more than a frame has."""
        pipes, (x, y) = scene.city.network.pipes, scene.pipe_middle
        diameter = np.nan_to_num(pipes.diameter_mm)
        rows = np.argsort(-diameter, kind="stable")
        angle = (scene.pipe_angle + 90.0) % 180.0 - 90.0
        runs = Runs(pipes.asset_id, x, y, angle, np.nan_to_num(pipes.length_m), np.zeros(0, dtype=np.bool_))
        return cls(rows, x[rows], y[rows], int((diameter >= _MAIN_MM).sum()), runs)


class Names:
    """The names of one city. ``roads``: None until they have been worked out aside."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.roads: RoadNames | None = None
        self._pipes_by_size: _PipesBySize | None = None
        self._pixmaps: OrderedDict[tuple[object, ...], QPixmap] = OrderedDict()
        self.unfinished = False
        """Whether names are still to be drawn: another frame is needed."""
        self._until = 0.0

    def keep_clear(self, frame: Frame) -> None:
        """Keep every label off the facilities' symbols, which the picture below holds already."""
        if frame.shows(MapLayer.PLANTS):
            frame.placer.take_many(*frame.camera.project(*self._scene.facility_places.T), _FACILITY_PX)

    def paint(self, frame: Frame) -> None:
        """Every name there is room for."""
        self.unfinished, self._until = False, perf_counter() + _NEW_NAMES_S
        if frame.shows(MapLayer.PLANTS):
            self._facilities(frame)
        if not frame.shows(MapLayer.LABELS):
            return
        self._zones(frame)
        self._places(frame)
        self._keep_off_valves(frame)
        self._roads(frame)
        self._pipes(frame)

    def _facilities(self, frame: Frame) -> None:
        ink = Ink(frame.theme.font(9.5, QFont.Weight.DemiBold), frame.theme.colour("map.plant"))
        for number, facility in enumerate(self._scene.facilities):
            px, py = frame.camera.to_screen(facility.x, facility.y)
            text = self._facility_name(frame, facility)
            if text and frame.holds(px, py):
                place = frame.placer.find(px, py, *text_size(ink.font, text), offset=11.0, key=f"plant:{number}")
                if place is not None:
                    self._stand(frame, place, text, 0, ink)

    def _facility_name(self, frame: Frame, facility: Facility) -> str:
        """Its name; from near, else its kind with its id."""
        if facility.name:
            return facility.name + (frame.words("map.planned") if facility.planned else "")
        if frame.camera.m_per_px >= _IDS_FROM:
            return ""
        kind = frame.words.of("word", facility.kind)
        return facility.asset_id if kind.casefold() in facility.asset_id.casefold() else f"{kind} {facility.asset_id}"

    def _zones(self, frame: Frame) -> None:
        m_per_px, theme = frame.camera.m_per_px, frame.theme
        layers = {
            "community": MapLayer.COMMUNITIES,
            "dma": MapLayer.DMA,
            "district": MapLayer.DISTRICTS,
            "area": MapLayer.DISTRICTS,
        }
        bold, plain = theme.font(10.0, QFont.Weight.DemiBold), theme.font(9.0)
        for kind in ("district", "dma", "area", "community"):
            low, high = _SHOWN[kind]
            if not (frame.shows(layers[kind]) and low <= m_per_px < high):
                continue
            colour = theme.colour("state.learning" if kind == "dma" else "map.place")
            ink = Ink(bold if kind == "district" else plain, colour)
            names = self._scene.zone_names.get(kind)
            if names is None:
                continue
            px, py = frame.camera.project(names.x, names.y)
            seen = np.flatnonzero((px > 0) & (px < frame.camera.width) & (py > 0) & (py < frame.camera.height))
            for i in seen[:_ZONE_NAMES_MOST].tolist():
                self._centred(frame, f"{kind}:{i}", str(names.text[i]), float(px[i]), float(py[i]), ink)

    def _places(self, frame: Frame) -> None:
        places = self._scene.place_names
        px, py = frame.camera.project(places.x, places.y)
        seen = np.flatnonzero((px > 0) & (px < frame.camera.width) & (py > 0) & (py < frame.camera.height))
        m_per_px = frame.camera.m_per_px
        ink = Ink(frame.theme.font(9.0), frame.theme.colour("map.place"))
        shown = 0
        for i in seen.tolist():
            if shown >= _ZONE_NAMES_MOST:
                break
            if m_per_px < _PLACES_FROM / (1 if places.major[i] else 3):
                shown += 1
                self._centred(frame, f"place:{i}", str(places.text[i]), float(px[i]), float(py[i]), ink)

    def _centred(self, frame: Frame, key: str, text: str, x: float, y: float, ink: Ink) -> None:
        if not text:
            return
        place = frame.placer.centred(x, y, *text_size(ink.font, text), key=key)
        if place is not None:
            self._stand(frame, place, text, 0, ink)

    # Along lines

    def _keep_off_valves(self, frame: Frame) -> None:
        """A valve's symbol is read before a name."""
        if frame.camera.m_per_px <= VALVES_FROM and frame.shows(MapLayer.VALVES):
            valves = self._scene.city.network.valves
            rows = self._in_view(frame, valves.x, valves.y)
            frame.placer.take_many(*frame.camera.project(valves.x[rows], valves.y[rows]), _VALVE_PX)

    def _roads(self, frame: Frame) -> None:
        if self.roads is None or not frame.shows(MapLayer.ROADS):
            return
        m_per_px = frame.camera.m_per_px
        if m_per_px > 25:
            return
        runs = self.roads.at(m_per_px)
        ink = Ink(frame.theme.font(8.5), frame.theme.colour("map.place"))
        long_enough = runs.length_m > 30.0 * m_per_px
        seen = self._in_view(frame, runs.x, runs.y, long_enough & (runs.major | (m_per_px < 4.0)))
        self._along(frame, "road", ((str(runs.text[i]), i) for i in seen.tolist()), runs, ink, _ROAD_NAMES_MOST)

    def _pipes(self, frame: Frame) -> None:
        m_per_px = frame.camera.m_per_px
        if m_per_px > _MAINS_FROM or not frame.shows(MapLayer.PIPES):
            return
        if self._pipes_by_size is None:
            self._pipes_by_size = _PipesBySize.of(self._scene)
        pipes, sorted_ = self._scene.city.network.pipes, self._pipes_by_size
        count = len(sorted_.rows) if m_per_px < _PIPES_FROM else sorted_.mains
        seen = sorted_.rows[self._in_view(frame, sorted_.x[:count], sorted_.y[:count])]
        ink = Ink(frame.theme.font(8.0), frame.theme.colour("text.muted"))
        words = frame.words

        def texts() -> Iterator[tuple[str, int]]:
            for i in seen.tolist():
                text = words.pipe(float(pipes.diameter_mm[i]), str(pipes.material[i]), int(pipes.year_laid[i]))
                if text:
                    yield text, i

        self._along(frame, "pipe", texts(), sorted_.runs, ink, _PIPE_NAMES_MOST)

    def _in_view(
        self, frame: Frame, x: NDArray[np.float64], y: NDArray[np.float64], wanted: NDArray[np.bool_] | None = None
    ) -> NDArray[np.int64]:
        low_x, low_y, high_x, high_y = frame.camera.view()
        seen = (x > low_x) & (x < high_x) & (y > low_y) & (y < high_y)
        return np.flatnonzero(seen if wanted is None else seen & wanted)

    def _along(self, frame: Frame, kind: str, texts: Iterator[tuple[str, int]], runs: Runs, ink: Ink, most: int) -> None:
        """Names along their runs, the same name never twice within a few hundred pixels."""
        standing: dict[str, list[tuple[float, float]]] = {}
        shown = 0
        for text, i in texts:
            if shown >= most:
                return
            px, py = frame.camera.to_screen(float(runs.x[i]), float(runs.y[i]))
            width, height = text_size(ink.font, text)
            if width > runs.length_m[i] / frame.camera.m_per_px * 1.05:
                continue
            if any(math.hypot(px - a, py - b) < _APART_PX for a, b in standing.get(text, ())):
                continue
            angle = round(float(runs.angle[i]) / _ANGLE_STEP) * _ANGLE_STEP
            turn = math.radians(angle)
            wide = abs(width * math.cos(turn)) + abs(height * math.sin(turn))
            high = abs(width * math.sin(turn)) + abs(height * math.cos(turn))
            room = max(float(runs.length_m[i]) / frame.camera.m_per_px - width, 0.0) if kind == "road" else 0.0
            place = frame.placer.along(px, py, wide, high, (room * math.cos(turn), room * math.sin(turn)), f"{kind}:{i}")
            if place is not None:
                shown += 1
                standing.setdefault(text, []).append((px, py))
                self._stand(frame, place, text, angle, ink)

    def _stand(self, frame: Frame, place: QRectF, text: str, angle: int, ink: Ink) -> None:
        """Draw a name at its place.

        Turned text and halos are slow to draw: on a screen each is drawn once and kept as a small picture.
        """
        if frame.vector:
            paint_at(frame.painter, place.center().x(), place.center().y(), partial(_write_name, frame, text, angle, ink))
            return
        key = (text, angle, ink.font.pointSizeF(), ink.font.weight(), ink.colour.rgba(), frame.theme.name, frame.ratio)
        pixmap = self._pixmaps.get(key)
        if pixmap is None and frame.hurried and perf_counter() > self._until:
            self.unfinished = True  # its place is kept; it stands there in one of the next frames
            return
        if pixmap is None:
            pixmap = _drawn_name(frame, place, text, angle, ink)
            self._pixmaps[key] = pixmap
            while len(self._pixmaps) > _PIXMAPS:
                self._pixmaps.popitem(last=False)
        else:
            self._pixmaps.move_to_end(key)
        frame.painter.drawPixmap(QPointF(round(place.left() - _HALO_PX), round(place.top() - _HALO_PX)), pixmap)


def _drawn_name(frame: Frame, place: QRectF, text: str, angle: int, ink: Ink) -> QPixmap:
    """A name as a small picture."""
    width, height = place.width() + 2 * _HALO_PX, place.height() + 2 * _HALO_PX
    pixmap = QPixmap(math.ceil(width * frame.ratio) + 1, math.ceil(height * frame.ratio) + 1)
    pixmap.setDevicePixelRatio(frame.ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    painter.translate(width / 2, height / 2)
    _write_name(frame, text, angle, ink, painter)
    painter.end()
    return pixmap


def _write_name(frame: Frame, text: str, angle: int, ink: Ink, painter: QPainter) -> None:
    """A name about the painter's origin, with a halo in the ground's colour, so that it reads on lines of any colour.

    ``angle``: degrees, clockwise.
    """
    metrics = QFontMetricsF(ink.font)
    painter.rotate(angle)
    start = QPointF(-metrics.horizontalAdvance(text) / 2, (metrics.ascent() - metrics.descent()) / 2)
    outline = QPainterPath()
    outline.addText(start, ink.font, text)
    halo = QPen(frame.theme.colour("map.background", 0.85), 2 * _HALO_PX)
    halo.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.strokePath(outline, halo)
    painter.setFont(ink.font)
    painter.setPen(ink.colour)
    painter.drawText(start, text)
