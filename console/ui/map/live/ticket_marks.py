"""Open tickets on the map: a speech bubble by kind; filled where the place lies in the area of a case, hollow elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen

from console.domain.picture import Picture
from console.domain.tickets import COVERED, TICKET, Ticket, TicketKind
from console.ui.map.drawing.frame import Frame
from console.ui.map.drawing.stamps import Stamps
from console.ui.map.layers import MapLayer
from console.ui.theme import Theme

_PX = 22.0
_KINDS = tuple(TicketKind)


class TicketMarks:
    """Tickets of one city, drawn as one call for any number."""

    def __init__(self) -> None:
        self._stamps: dict[tuple[str, float], Stamps] = {}
        self._of: tuple[Ticket, ...] = ()
        self._xy, self._symbols = np.empty((0, 2)), np.empty(0, dtype=np.int64)

    def paint(self, frame: Frame, picture: Picture) -> None:
        """The bubbles of tickets with a place."""
        if not frame.shows(MapLayer.TICKETS):
            return
        self._read(picture.of(TICKET))
        if not len(self._xy):
            return
        px, py = frame.camera.project(self._xy[:, 0], self._xy[:, 1])
        seen = np.flatnonzero((px > -20) & (px < frame.camera.width + 20) & (py > -20) & (py < frame.camera.height + 20))
        key = (frame.theme.name, frame.ratio)
        if key not in self._stamps:
            self._stamps[key] = Stamps(_symbols(frame.theme), _PX, frame.ratio)
        self._stamps[key].put(frame, px[seen], py[seen], self._symbols[seen])

    def _read(self, tickets: tuple[Ticket, ...]) -> None:
        if tickets == self._of:
            return
        self._of = tickets
        placed = [one for one in tickets if one.x is not None and one.y is not None]
        self._xy = np.array([(one.x, one.y) for one in placed], dtype=np.float64).reshape(-1, 2)
        self._symbols = np.array(
            [_KINDS.index(one.kind) + len(_KINDS) * (bool(one.incident_id) or one.cover in COVERED) for one in placed],
            dtype=np.int64,
        )


def _symbols(theme: Theme) -> list[Callable[[QPainter], None]]:
    """Hollow ones by kind, then filled ones."""
    return [partial(_bubble, theme, kind, is_known) for is_known in (False, True) for kind in _KINDS]


def _bubble(theme: Theme, kind: TicketKind, is_known: bool, painter: QPainter) -> None:
    colour, ground = theme.colour("map.ticket"), theme.colour("map.halo")
    path = QPainterPath()
    path.addRoundedRect(QRectF(-7.0, -8.5, 14.0, 11.0), 3.0, 3.0)
    tail = QPainterPath(QPointF(-2.5, 2.0))
    tail.lineTo(0.0, 7.5)
    tail.lineTo(3.0, 2.0)
    tail.closeSubpath()
    painter.setPen(QPen(ground, 3.0))
    whole = path.united(tail)
    painter.drawPath(whole)
    painter.setPen(QPen(colour, 1.4))
    painter.setBrush(colour if is_known else ground)
    painter.drawPath(whole)
    painter.setPen(QPen(ground if is_known else colour, 1.5, c=Qt.PenCapStyle.RoundCap))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for start, end in _SIGNS[kind]:
        painter.drawLine(QPointF(*start), QPointF(*end))


Strokes = tuple[tuple[tuple[float, float], tuple[float, float]], ...]
_SIGNS: dict[TicketKind, Strokes] = {
    TicketKind.NO_WATER: (((-3, -6), (3, 0)), ((3, -6), (-3, 0))),
    TicketKind.LOW_PRESSURE: (((0, -6.5), (0, 0.5)), ((-3, -2.5), (0, 0.5)), ((3, -2.5), (0, 0.5))),
    TicketKind.BURST_SEEN: (((0, -6.5), (0, -2.5)), ((0, 0), (0, 0.2))),
    TicketKind.DIRTY_WATER: (((-4, -4.5), (4, -4.5)), ((-4, -1.5), (4, -1.5))),
    TicketKind.FROZEN_METER: (((-3.5, -3), (3.5, -3)), ((-2, -6), (2, 0)), ((2, -6), (-2, 0))),
    TicketKind.OTHER: (((-3.5, -3), (-3.4, -3)), ((0, -3), (0.1, -3)), ((3.5, -3), (3.6, -3))),
}
"""No water ×, low pressure ↓, burst !, dirty water =, frozen meter *, other …"""
