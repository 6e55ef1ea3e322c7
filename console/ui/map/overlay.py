"""The live overlay: case, stations, crews and labels, painted over the static picture in every frame."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

from console.domain.crews import CrewFix
from console.domain.picture import Picture, StationState
from console.domain.readings import CHANNEL_BY_NAME, Channel
from console.ui.map.camera import Camera
from console.ui.map.case import CaseLook, Region, StepStatus
from console.ui.map.labels import Ink, Placer, spread, text_size, write
from console.ui.map.linedraw import draw_segments
from console.ui.map.scene import MapLayer, Scene
from console.ui.map.static_layer import in_view, world_transform
from console.ui.map.symbols import StationSprites, arrow, circle, diamond, paint_number
from console.ui.theme import Theme
from console.ui.words import Words
from maps.city import City

_CLUSTER_PX = 34
_LABELLED_MOST = 220
_CREW_OLD_S = 120.0
_DISC_PX = 21.0


@dataclass(frozen=True, eq=False)
class Live:
    """What the overlay shows. ``selected``: segments of the picked pipe (world); ``selected_text``: its label."""

    picture: Picture
    case: CaseLook = field(default_factory=CaseLook)
    selected: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 4)))
    selected_text: str = ""


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame's painting: where, how, what is taken already."""

    painter: QPainter
    camera: Camera
    theme: Theme
    words: Words
    placer: Placer
    visible: frozenset[MapLayer]


class Overlay:
    """Paints everything live of one city."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        stations, nodes = scene.city.stations, scene.city.network.nodes
        on_node = stations.node >= 0
        self.x, self.y = stations.x.copy(), stations.y.copy()
        lost = ~np.isfinite(self.x) & on_node
        self.x[lost], self.y[lost] = nodes.x[stations.node[lost]], nodes.y[stations.node[lost]]
        self.main_channel = main_channels(scene.city)

    def paint(self, frame: Frame, live: Live) -> None:
        """Areas, lines, symbols, then labels; what matters most gets its label first."""
        painter = frame.painter
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if MapLayer.PLAN in frame.visible:
            self._case_lines(frame, live.case)
        self._selection(frame, live)
        if MapLayer.PLAN in frame.visible:
            self._steps(frame, live.case)
        if MapLayer.STATIONS in frame.visible:
            self._stations(frame, live.picture)
        if MapLayer.CREWS in frame.visible:
            for fix in live.picture.crews:
                self._crew(frame, live.picture, fix)
        _selection_label(frame, live)
        self._names(frame)

    def _case_lines(self, frame: Frame, case: CaseLook) -> None:
        for region, role, fill in (
            (case.low, "case.low_pressure", 0.16),
            (case.pocket, "case.pocket", 0.22),
            (case.zone, "case.zone", 0.24),
        ):
            if region is not None:
                _region(frame, region, frame.theme.colour(role), fill)
        _lines(frame, case.supply, QPen(frame.theme.colour("case.route", 0.75), 2.0, Qt.PenStyle.DashDotLine))
        most = max((probability for _, probability in case.candidates), default=1.0)
        for lines, probability in case.candidates:
            share = probability / most
            colour = frame.theme.colour("case.candidate", 0.35 + 0.65 * share)
            _lines(frame, lines, _round(colour, 3.0 + 4.0 * share))
        _lines(frame, case.burst, _round(frame.theme.colour("state.critical"), 6.0))
        if len(case.burst):
            middle = case.burst[len(case.burst) // 2]
            x, y = frame.camera.to_screen(float(middle[0] + middle[2]) / 2, float(middle[1] + middle[3]) / 2)
            frame.painter.setPen(QPen(frame.theme.colour("map.halo"), 1.5))
            frame.painter.setBrush(frame.theme.colour("state.critical"))
            frame.painter.drawPath(diamond(9).translated(x, y))
            frame.placer.take(QRectF(x - 10, y - 10, 20, 20))

    def _selection(self, frame: Frame, live: Live) -> None:
        halo = _round(frame.theme.colour("map.selection", 0.35), 9.0)
        _lines(frame, live.selected, halo)
        _lines(frame, live.selected, QPen(frame.theme.colour("map.selection"), 2.0))

    def _steps(self, frame: Frame, case: CaseLook) -> None:
        theme, ink = frame.theme, QColor("#14181c")
        fills = {
            StepStatus.TO_CLOSE: theme.colour("case.valve_open"),
            StepStatus.CLOSED: theme.colour("case.valve_done"),
            StepStatus.UNABLE: theme.colour("case.valve_unable"),
            StepStatus.DOUBT: theme.colour("case.valve_doubt"),
        }
        painter = frame.painter
        painter.setFont(theme.font(8.5, QFont.Weight.Bold))
        places = spread([frame.camera.to_screen(mark.x, mark.y) for mark in case.steps], _DISC_PX)
        for mark, (x, y) in reversed(list(zip(case.steps, places, strict=True))):
            painter.setPen(QPen(theme.colour("text.normal"), 1.2))
            painter.drawLine(QPointF(*frame.camera.to_screen(mark.x, mark.y)), QPointF(x, y))
            text = {StepStatus.CLOSED: "✓", StepStatus.UNABLE: "✕"}.get(mark.status, str(mark.number))
            light = mark.status in (StepStatus.CLOSED, StepStatus.UNABLE)
            paint_number(painter, text, x, y, 9.0, fills[mark.status], QColor("white") if light else ink, ink)
            frame.placer.take(QRectF(x - 10, y - 10, 20, 20))

    def _stations(self, frame: Frame, picture: Picture) -> None:
        seen = in_view(self.x, self.y, frame.camera)
        if not len(seen):
            return
        px, py = frame.camera.project(self.x[seen], self.y[seen])
        state = picture.station_state[seen]
        order = np.argsort(-state.astype(np.int64), kind="stable")
        if len(seen) > _LABELLED_MOST:
            order = order[_worst_of_cell(px[order], py[order])]
        radius = 3.0 if frame.camera.m_per_px > 10 else 4.0
        sprites = StationSprites(frame.theme, radius, frame.painter.device().devicePixelRatioF())
        for i in order[::-1]:
            sprites.paint(frame.painter, StationState(int(state[i])), float(px[i]), float(py[i]))
            if state[i] >= StationState.MISSING or len(order) <= _LABELLED_MOST:
                frame.placer.take(QRectF(px[i] - 5, py[i] - 5, 10, 10))
        for i in order:
            if state[i] < StationState.WARNING and len(order) > _LABELLED_MOST:
                break
            if len(frame.placer.placed) >= _LABELLED_MOST:
                break
            self._station_label(frame, picture, int(seen[i]), float(px[i]), float(py[i]))

    def _station_label(self, frame: Frame, picture: Picture, row: int, x: float, y: float) -> None:
        if picture.station_state[row] == StationState.MISSING:
            return  # its symbol says that it has never spoken
        channel = Channel(int(self.main_channel[row]))
        state = StationState(int(picture.station_state[row]))
        value, at_us = float(picture.value[row, channel]), int(picture.at_us[row, channel])
        age = (picture.now_us - at_us) / 1e6 if at_us else float("nan")
        text = frame.words.value(channel, value, unit=channel is not Channel.PRESSURE)
        matters = state >= StationState.WARNING
        if matters:
            text += _trend(value - float(picture.expected[row, channel]))
        text += f" · {frame.words.age(age)}"
        font = frame.theme.font(9.0 if matters else 8.0, QFont.Weight.DemiBold if matters else QFont.Weight.Normal)
        place = frame.placer.find(x, y, *text_size(font, text), offset=8.0)
        if place is not None:
            write(frame.painter, place, text, _station_ink(frame.theme, state, font))

    def _crew(self, frame: Frame, picture: Picture, fix: CrewFix) -> None:
        x, y = frame.camera.to_screen(fix.x, fix.y)
        if not (-20 < x < frame.camera.width + 20 and -20 < y < frame.camera.height + 20):
            return
        age = (picture.now_us - fix.at_us) / 1e6 if fix.at_us else float("nan")
        old = not age <= _CREW_OLD_S
        painter, colour = frame.painter, frame.theme.colour("map.crew")
        painter.save()
        painter.translate(x, y)
        painter.setPen(
            QPen(colour if old else frame.theme.colour("map.halo"), 1.5, Qt.PenStyle.DashLine if old else Qt.PenStyle.SolidLine)
        )
        painter.setBrush(frame.theme.colour("map.halo") if old else colour)
        if fix.heading_deg is not None and (fix.speed_mps or 0) > 0.5:
            painter.rotate(fix.heading_deg)
            painter.drawPath(arrow(10))
        else:
            painter.drawPath(circle(6.5))
        painter.restore()
        frame.placer.take(QRectF(x - 9, y - 9, 18, 18))
        text = f"{fix.name or fix.crew_id} · {frame.words.age(age)}"
        font = frame.theme.font(9.0)
        place = frame.placer.find(x, y, *text_size(font, text), offset=12.0)
        if place is not None:
            write(painter, place, text, Ink(font, colour, frame.theme.colour("map.background", 0.75)))

    def _names(self, frame: Frame) -> None:
        theme, m_per_px = frame.theme, frame.camera.m_per_px
        plants, nodes = self._scene.city.plants, self._scene.city.network.nodes
        bold, plain = theme.font(9.5, QFont.Weight.DemiBold), theme.font(9.0)
        if MapLayer.PLANTS in frame.visible:
            for row in np.flatnonzero(plants.node >= 0):
                node = int(plants.node[row])
                name = str(plants.name[row]) + (frame.words("map.planned") if plants.planned[row] else "")
                _name(frame, name, float(nodes.x[node]), float(nodes.y[node]), Ink(bold, theme.colour("map.plant")), beside=True)
        shown = {"district": m_per_px > 3, "community": m_per_px < 6 and MapLayer.COMMUNITIES in frame.visible, "dma": False}
        for kind, name, x, y in sorted(self._scene.zone_labels, key=lambda zone: zone[0] != "district"):
            if shown.get(kind, False):
                _name(frame, name, x, y, Ink(bold if kind == "district" else plain, theme.colour("map.place")))


def main_channels(city: City) -> NDArray[np.int64]:
    """The channel that is shown of each station: the first it names, (stations,)."""
    names = [str(channels).split(",")[0].strip() for channels in city.stations.channels]
    return np.array([CHANNEL_BY_NAME.get(name, Channel.PRESSURE) for name in names], dtype=np.int64)


def _station_ink(theme: Theme, state: StationState, font: QFont) -> Ink:
    if state is StationState.ABNORMAL:
        return Ink(font, theme.colour("state.critical"), theme.colour("surface.alert", 0.92))
    if state is StationState.WARNING:
        return Ink(font, theme.colour("state.high"), theme.colour("map.background", 0.85))
    role = {StationState.FAULT: "state.fault", StationState.STALE: "state.stale", StationState.MISSING: "state.missing"}
    return Ink(font, theme.colour(role.get(state, "text.muted")), theme.colour("map.background", 0.6))


def _trend(deviation: float) -> str:
    if not np.isfinite(deviation) or abs(deviation) < 1e-9:
        return ""
    return " ▼" if deviation < 0 else " ▲"


def _worst_of_cell(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
    """First of each screen cell, in order: sorted by state beforehand, that is the worst one."""
    key = (y // _CLUSTER_PX).astype(np.int64) * 100_000 + (x // _CLUSTER_PX).astype(np.int64)
    return np.sort(np.unique(key, return_index=True)[1])


def _region(frame: Frame, region: Region, colour: QColor, fill: float) -> None:
    inside = QColor(colour)
    inside.setAlphaF(fill)
    edge = QColor(colour)
    edge.setAlphaF(0.8)
    frame.painter.setBrush(inside)
    frame.painter.setPen(QPen(edge, 1.2, Qt.PenStyle.DashLine))
    frame.painter.drawPath(world_transform(frame.camera).map(region.area))
    frame.painter.setBrush(Qt.BrushStyle.NoBrush)
    _lines(frame, region.lines, QPen(edge, 2.4))


def _lines(frame: Frame, lines: NDArray[np.float64], pen: QPen) -> None:
    if not len(lines):
        return
    camera = frame.camera
    screen = np.empty((len(lines), 4))
    screen[:, 0], screen[:, 1] = camera.project(lines[:, 0], lines[:, 1])
    screen[:, 2], screen[:, 3] = camera.project(lines[:, 2], lines[:, 3])
    frame.painter.setPen(pen)
    draw_segments(frame.painter, screen)


def _selection_label(frame: Frame, live: Live) -> None:
    if not len(live.selected) or not live.selected_text:
        return
    middle = live.selected[len(live.selected) // 2]
    x, y = frame.camera.to_screen(float(middle[0] + middle[2]) / 2, float(middle[1] + middle[3]) / 2)
    font = frame.theme.font(9.5, QFont.Weight.DemiBold)
    place = frame.placer.find(x, y, *text_size(font, live.selected_text), offset=14.0, insist=True)
    if place is not None:
        write(
            frame.painter,
            place,
            live.selected_text,
            Ink(font, frame.theme.colour("text.strong"), frame.theme.colour("surface.raised", 0.95)),
        )


def _round(colour: QColor, width: float) -> QPen:
    return QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)


def _name(frame: Frame, text: str, x: float, y: float, ink: Ink, beside: bool = False) -> None:
    px, py = frame.camera.to_screen(x, y)
    if not (0 < px < frame.camera.width and 0 < py < frame.camera.height) or not text:
        return
    size = text_size(ink.font, text)
    place = frame.placer.find(px, py, *size, offset=10.0) if beside else frame.placer.centred(px, py, *size)
    if place is not None:
        write(frame.painter, place, text, ink)
