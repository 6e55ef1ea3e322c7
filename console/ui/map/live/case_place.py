"""The place of the case: the most visible thing on the map at every scale, and its name."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QPen

from console.ui.map.drawing.frame import Frame
from console.ui.map.drawing.label_placement import Ink, text_size
from console.ui.map.drawing.symbols import diamond

_LEAST_PX, _MOST_PX = 19.0, 70.0
_GAP_PX = 5.0
"""Room between the candidates and the ring about them."""
_TICK_PX = 7.0
_PLAIN_PX = 10.0


@dataclass(frozen=True, slots=True)
class PlaceMark:
    """Where the burst is, or may be: a circle about the pipes (world, m). ``where``: community or road.

    ``judged``: a person said so.
    """

    x: float
    y: float
    radius_m: float
    where: str
    judged: bool


def paint_place(frame: Frame, mark: PlaceMark | None) -> None:
    """A ring with four ticks about the candidates or a judged burst; none where the candidates themselves are that large."""
    if mark is None:
        return
    x, y = frame.camera.to_screen(mark.x, mark.y)
    radius = _radius(frame, mark)
    if radius is None or not frame.holds(x, y, radius):
        return
    theme, painter = frame.theme, frame.painter
    colour = theme.colour("state.critical" if mark.judged else "case.candidate")
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for ink in (QPen(theme.colour("map.halo"), 6.5), QPen(colour, 3.0)):
        painter.setPen(ink)
        painter.drawEllipse(QPointF(x, y), radius, radius)
        for dx, dy in ((1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)):
            start = QPointF(x + dx * radius, y + dy * radius)
            painter.drawLine(start, QPointF(start.x() + dx * _TICK_PX, start.y() + dy * _TICK_PX))
    if mark.judged:
        painter.setPen(QPen(theme.colour("map.halo"), 1.5))
        painter.setBrush(colour)
        painter.drawPath(diamond(9).translated(x, y))
    frame.placer.take(QRectF(x - radius, y - radius, 2 * radius, 2 * radius))


@dataclass(frozen=True, slots=True)
class PlaceName:
    """The name of the place and where it is written in this frame."""

    text: str
    place: QRectF
    ink: Ink


def name_place(frame: Frame, mark: PlaceMark | None) -> PlaceName | None:
    """Room for the name on the case's colour, before any other label, beside the ring and clear of the plan's valves.

    It is written after the symbols, which would lie on it.
    """
    if mark is None:
        return None
    x, y = frame.camera.to_screen(mark.x, mark.y)
    radius = _radius(frame, mark) or _PLAIN_PX
    if not frame.holds(x, y, radius):
        return None
    text = f"{mark.where} {frame.words('case.burst' if mark.judged else 'case.suspected')}"
    font = frame.theme.font(10.0, QFont.Weight.Bold)
    width, height = text_size(font, text)
    label = frame.placer.find(x, y, width + 8, height + 2, offset=radius + _TICK_PX, insist=True, key="case place")
    colour = frame.theme.colour("state.critical" if mark.judged else "case.candidate")
    return None if label is None else PlaceName(text, label, Ink(font, frame.theme.colour("case.on_place"), colour))


def _radius(frame: Frame, mark: PlaceMark) -> float | None:
    """Of the ring on the screen, px; None where the candidates fill more than a ring."""
    if mark.judged:
        return _LEAST_PX
    needed = mark.radius_m / frame.camera.m_per_px + _GAP_PX
    return max(needed, _LEAST_PX) if needed <= _MOST_PX else None
