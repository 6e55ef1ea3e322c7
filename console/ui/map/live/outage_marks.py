"""Planned outages and works on the map: their pipes dashed, a sign with when; not the plan, which only a chosen outage shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QFont, QPen

from console.domain.alarms import Alarm
from console.domain.clock import moment
from console.domain.outages import OUTAGE, Outage, OutageState
from console.domain.picture import Picture
from console.services.overview.network_now import works
from console.ui.map.drawing.frame import Frame
from console.ui.map.drawing.label_placement import Ink
from console.ui.map.drawing.symbols import triangle
from console.ui.map.layers import MapLayer
from console.ui.map.live.case_marks import pipe_lines
from console.ui.words import Words
from maps.city import City

AHEAD = timedelta(hours=24)
"""Without being asked, what runs or begins within this time is shown: today's and tonight's works."""
_LABELLED_FROM = 30.0
"""Metres per pixel below which the signs are labelled."""


@dataclass(frozen=True, eq=False)
class _Work:
    """One outage or work. ``lines``: (n, 4) world, m."""

    key: str
    begin: datetime
    end: datetime
    lines: NDArray[np.float64]


class OutageMarks:
    """Of one city; made anew only when the outages, the works or the day differ."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._of: tuple[object, ...] = ()
        self._works: tuple[_Work, ...] = ()

    def paint(self, frame: Frame, picture: Picture, also: frozenset[str], chosen: str = "") -> None:
        """``also``: ids of outages that are shown whenever they are; ``chosen``: one whose whole plan is drawn elsewhere."""
        if not frame.shows(MapLayer.OUTAGES):
            return
        now = moment(picture.now_us)
        for work in self._read(picture, also, now):
            if work.key != chosen:
                _paint(frame, work, now)

    def _read(self, picture: Picture, also: frozenset[str], now: datetime) -> tuple[_Work, ...]:
        alarms, minute = works(picture.alarms), picture.now_us // 60_000_000
        basis = (picture.of(OUTAGE), alarms, also, minute)
        if basis != self._of:
            self._of = basis
            made = [*_outages(self._city, picture.of(OUTAGE), also, now), *_works(self._city, alarms, now)]
            self._works = tuple(one for one in made if len(one.lines))
        return self._works


def _outages(city: City, outages: Iterable[Outage], also: frozenset[str], now: datetime) -> list[_Work]:
    return [
        _Work(one.outage_id, one.starts_at, one.ends_at, pipe_lines(city, one.pipe_ids))
        for one in outages
        if one.is_open()
        and (one.outage_id in also or one.state is OutageState.RUNNING or now - AHEAD <= one.starts_at <= now + AHEAD)
    ]


def _works(city: City, alarms: Iterable[Alarm], now: datetime) -> list[_Work]:
    """Works that were entered for a pipe; of the others the place is not known."""
    return [
        _Work(one.subject, one.raised_at, one.ends_at, pipe_lines(city, (one.subject,)))
        for one in alarms
        if one.ends_at is not None and one.raised_at <= now + AHEAD
    ]


def _paint(frame: Frame, work: _Work, now: datetime) -> None:
    painter, colour = frame.painter, frame.theme.colour("what_if.main")
    painter.setPen(QPen(colour, 3.0, Qt.PenStyle.DashLine, Qt.PenCapStyle.FlatCap))
    lines = work.lines
    ax, ay = frame.camera.project(lines[:, 0], lines[:, 1])
    bx, by = frame.camera.project(lines[:, 2], lines[:, 3])
    painter.drawLines([QLineF(*ends) for ends in np.column_stack([ax, ay, bx, by]).tolist()])
    middle = len(lines) // 2
    x, y = float(ax[middle] + bx[middle]) / 2, float(ay[middle] + by[middle]) / 2
    if not frame.holds(x, y, 20.0):
        return
    is_on = work.begin <= now <= work.end
    painter.setPen(QPen(colour if not is_on else frame.theme.colour("map.halo"), 1.6))
    painter.setBrush(colour if is_on else frame.theme.colour("map.halo"))
    painter.drawPath(triangle(8.0).translated(x, y))
    painter.setPen(QPen(frame.theme.colour("what_if.on_main") if is_on else colour, 1.6))
    painter.drawLine(QPointF(x, y - 2.5), QPointF(x, y + 1.5))
    painter.drawPoint(QPointF(x, y + 4.0))
    frame.placer.take_many(np.array([x]), np.array([y]), 10.0)
    if frame.camera.m_per_px < _LABELLED_FROM:
        ink = Ink(frame.theme.font(9.0, QFont.Weight.DemiBold), colour, frame.theme.colour("map.background", 0.85))
        frame.label(f"work:{work.key}", _words(work, now, frame.words), x, y, ink, 12.0)


def _words(work: _Work, now: datetime, words: Words) -> str:
    return f"{work.key} · {words.hour(work.begin, now)}–{words.hour(work.end, work.begin)}"
