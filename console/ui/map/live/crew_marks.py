"""Crews on the map: heading, state by shape, age; the fixes of the last hour as dots — between them nothing is drawn."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen

from console.domain.crews import CrewFix, CrewKind, CrewState
from console.domain.picture import Picture
from console.ui.map.drawing.frame import Frame
from console.ui.map.drawing.label_placement import Ink
from console.ui.map.drawing.stamps import Stamps
from console.ui.map.drawing.symbols import arrow, circle, polygon, square, triangle
from console.ui.map.layers import MapLayer
from console.ui.map.live.tracks import TRACK_US, Tracks
from console.ui.theme import Theme
from console.ui.words import Words

_OLD_S = 120.0
_TRACKS_BELOW = 8.0
"""Metres per pixel below which every crew's track shows; the followed crew's shows always."""
_CREW_PX = 26.0
_DOT_PX = 6.0
_SHADES = 12
_TURNS = 36
_MOVING_MPS = 0.5
_LABELLED_MOST = 90
_FOLLOWED_PX = 13.0
_STATES, _KINDS = tuple(CrewState), tuple(CrewKind)
Symbols = list[Callable[[QPainter], None]]


class CrewMarks:
    """Crews of one city and where they were seen during the last hour."""

    def __init__(self) -> None:
        self.tracks = Tracks()
        self._stamps: dict[tuple[str, str, float], Stamps] = {}
        self.followed = ""
        """Crew that the map follows."""

    def paint(self, frame: Frame, picture: Picture) -> None:
        """Tracks, symbols, labels."""
        if not frame.shows(MapLayer.CREWS) or not picture.crews:
            return
        crews = picture.crews
        px, py = frame.camera.project(np.array([c.x for c in crews]), np.array([c.y for c in crews]))
        seen = np.flatnonzero((px > -20) & (px < frame.camera.width + 20) & (py > -20) & (py < frame.camera.height + 20))
        self._paint_tracks(frame, picture)
        symbols = np.array([_symbol_of(crews[i], picture.now_us) for i in seen.tolist()], dtype=np.int64)
        self._strip(frame, "crews", _CREW_PX, _crews).put(frame, px[seen], py[seen], symbols)
        frame.placer.take_many(px[seen], py[seen], 8.0)
        frame.painter.setBrush(Qt.BrushStyle.NoBrush)
        frame.painter.setPen(QPen(frame.theme.colour("accent.focus"), 2.0))
        for i in (i for i in seen.tolist() if crews[i].crew_id == self.followed):
            frame.painter.drawEllipse(QPointF(px[i], py[i]), _FOLLOWED_PX, _FOLLOWED_PX)
        ink = Ink(frame.theme.font(9.0), frame.theme.colour("map.crew"), frame.theme.colour("map.background", 0.75))
        for i in sorted(seen.tolist(), key=lambda i: _rank(crews[i], self.followed))[:_LABELLED_MOST]:
            text = crew_words(crews[i], picture.now_us, frame.words)
            frame.label(f"crew:{crews[i].crew_id}", text, float(px[i]), float(py[i]), ink, 12.0)

    def _paint_tracks(self, frame: Frame, picture: Picture) -> None:
        fixes = self.tracks.earlier(None if frame.camera.m_per_px < _TRACKS_BELOW else self.followed)
        px, py = frame.camera.project(fixes[:, 1], fixes[:, 2])
        seen = (px > -4) & (px < frame.camera.width + 4) & (py > -4) & (py < frame.camera.height + 4)
        fresh = np.clip(1.0 - (picture.now_us - fixes[seen, 0]) / TRACK_US, 0.0, 1.0)
        strip = self._strip(frame, "dots", _DOT_PX, _dots)
        strip.put(frame, px[seen], py[seen], np.round(fresh * (_SHADES - 1)).astype(np.int64))

    def _strip(self, frame: Frame, name: str, size: float, symbols: Callable[[Theme], Symbols]) -> Stamps:
        key = (name, frame.theme.name, frame.ratio)
        if key not in self._stamps:
            self._stamps[key] = Stamps(symbols(frame.theme), size, frame.ratio)
        return self._stamps[key]


def crew_words(fix: CrewFix, now_us: int, words: Words) -> str:
    """A crew's label: name, what it does, why what it sends cannot be used, age of its place."""
    state = "" if fix.state is CrewState.FREE else f" · {words.of('crew_state', fix.state.value)}"
    trouble = f" · ✕ {words.of('crew_trouble', fix.trouble)}" if fix.trouble else ""
    return f"{fix.name or fix.crew_id}{state}{trouble} · {words.age(_age_s(fix, now_us))}"


def _crews(theme: Theme) -> Symbols:
    """Standing crews by kind and state, then old fixes by kind, then moving repair crews by direction."""
    standing = [partial(paint_crew, theme, kind, state) for kind in _KINDS for state in _STATES]
    moving = [partial(_moving, theme, turn * 360.0 / _TURNS) for turn in range(_TURNS)]
    return [*standing, *(partial(_old, theme, kind) for kind in _KINDS), *moving]


def _dots(theme: Theme) -> Symbols:
    """Fixes of the past, from an hour old to new."""
    return [partial(_dot, theme, shade / (_SHADES - 1)) for shade in range(_SHADES)]


def _symbol_of(fix: CrewFix, now_us: int) -> int:
    kind, standing = _KINDS.index(fix.kind), len(_KINDS) * len(_STATES)
    if not _age_s(fix, now_us) <= _OLD_S:
        return standing + kind
    is_moving = fix.heading_deg is not None and (fix.speed_mps or 0.0) > _MOVING_MPS
    if is_moving and fix.kind is CrewKind.REPAIR:  # others keep the mark of their kind
        return standing + len(_KINDS) + round((fix.heading_deg or 0.0) / (360.0 / _TURNS)) % _TURNS
    return kind * len(_STATES) + _STATES.index(fix.state)


def _rank(fix: CrewFix, followed: str) -> tuple[bool, bool, str]:
    return fix.crew_id != followed, fix.state in (CrewState.FREE, CrewState.SILENT, CrewState.OFF_DUTY), fix.crew_id


def _age_s(fix: CrewFix, now_us: int) -> float:
    return (now_us - fix.at_us) / 1e6 if fix.at_us else float("nan")


def paint_crew(theme: Theme, kind: CrewKind, state: CrewState, painter: QPainter) -> None:
    """A crew that stands, by shape of its kind. Free hollow, assigned half, on its way full, off duty grey.

    Silent is grey and dashed. A repair crew on site is a square, others on site are full.
    """
    colour, halo = theme.colour("map.crew"), theme.colour("map.halo")
    is_away = state in (CrewState.OFF_DUTY, CrewState.SILENT)
    style = Qt.PenStyle.DashLine if state is CrewState.SILENT else Qt.PenStyle.SolidLine
    painter.setPen(QPen(theme.colour("state.stale") if is_away else colour, 1.8, style))
    painter.setBrush(colour if state in (CrewState.EN_ROUTE, CrewState.ON_SITE) else halo)
    painter.drawPath(square(5.6) if state is CrewState.ON_SITE and kind is CrewKind.REPAIR else _shape(kind))
    if state is CrewState.ASSIGNED:
        painter.setBrush(colour)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawPie(QRectF(-6.2, -6.2, 12.4, 12.4), 90 * 16, 180 * 16)


def _moving(theme: Theme, heading_deg: float, painter: QPainter) -> None:
    painter.rotate(heading_deg)
    painter.setPen(QPen(theme.colour("map.halo"), 1.4))
    painter.setBrush(theme.colour("map.crew"))
    painter.drawPath(arrow(10.0))


def _shape(kind: CrewKind) -> QPainterPath:
    """Repair a circle, patrol a triangle, community service a house, sampling a drop, tanker with its cab, vehicle a wide box."""
    match kind:
        case CrewKind.PATROL:
            return triangle(7.0)
        case CrewKind.COMMUNITY:
            return polygon((-5.5, 6.0), (-5.5, -1.0), (0.0, -7.0), (5.5, -1.0), (5.5, 6.0))
        case CrewKind.SAMPLING:
            drop = QPainterPath(QPointF(0.0, -8.0))
            drop.cubicTo(QPointF(3.0, -3.0), QPointF(6.0, 0.0), QPointF(5.0, 4.0))
            drop.cubicTo(QPointF(4.0, 8.0), QPointF(-4.0, 8.0), QPointF(-5.0, 4.0))
            drop.cubicTo(QPointF(-6.0, 0.0), QPointF(-3.0, -3.0), QPointF(0.0, -8.0))
            return drop
        case CrewKind.TANKER:
            tank = QPainterPath()
            tank.addRoundedRect(QRectF(-9.0, -4.5, 12.0, 9.0), 4.5, 4.5)
            tank.addRect(QRectF(4.5, -2.0, 4.5, 6.5))
            return tank
        case CrewKind.VEHICLE:
            return polygon((-8.0, -4.0), (8.0, -4.0), (8.0, 4.0), (-8.0, 4.0))
        case _:
            return circle(6.2)


def _old(theme: Theme, kind: CrewKind, painter: QPainter) -> None:
    """A fix of more than two minutes ago: dashed and empty, without a heading."""
    painter.setPen(QPen(theme.colour("map.crew"), 1.5, Qt.PenStyle.DashLine))
    painter.setBrush(theme.colour("map.halo"))
    painter.drawPath(circle(6.5) if kind is CrewKind.REPAIR else _shape(kind))


def _dot(theme: Theme, fresh: float, painter: QPainter) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour("map.crew", 0.15 + 0.5 * fresh))
    painter.drawPath(circle(1.9))
