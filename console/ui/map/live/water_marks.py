"""Points of emergency water on the map: a drop; hollow while planned or tested, filled where people can draw water."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFont, QPainterPath, QPen

from console.domain.picture import Picture
from console.domain.water_points import WATER_POINT, PointState, WaterPoint
from console.ui.map.drawing.frame import Frame
from console.ui.map.drawing.label_placement import Ink
from console.ui.map.layers import MapLayer
from console.ui.words import one_line

_LABELLED_FROM = 20.0
"""Metres per pixel below which the points are labelled."""
_LONGEST_NAME = 24


def paint_water_points(frame: Frame, picture: Picture) -> None:
    """All points that are not closed, with name, state and the water brought."""
    if not frame.shows(MapLayer.WATER_POINTS):
        return
    for point in picture.of(WATER_POINT):
        if point.state is PointState.CLOSED:
            continue
        x, y = frame.camera.to_screen(point.x, point.y)
        if frame.holds(x, y, 20.0):
            _paint(frame, point, x, y)


def _paint(frame: Frame, point: WaterPoint, x: float, y: float) -> None:
    painter, theme = frame.painter, frame.theme
    colour, ground = theme.colour("map.crew"), theme.colour("map.halo")
    drop = QPainterPath(QPointF(0.0, -11.0))
    drop.cubicTo(3.0, -5.0, 7.0, -2.0, 7.0, 2.5)
    drop.arcTo(-7.0, -4.5, 14.0, 14.0, 0.0, -180.0)
    drop.cubicTo(-7.0, -2.0, -3.0, -5.0, 0.0, -11.0)
    drop.translate(x, y)
    painter.setPen(QPen(ground, 4.0))
    painter.drawPath(drop)
    painter.setPen(QPen(colour, 1.8))
    painter.setBrush(colour if point.state is PointState.OPEN else ground)
    painter.drawPath(drop)
    if point.state in (PointState.TESTING, PointState.TESTED):
        painter.drawEllipse(QPointF(x, y + 2.5), 2.2, 2.2)
    frame.placer.take(QRectF(x - 9, y - 11, 18, 20))
    if frame.camera.m_per_px >= _LABELLED_FROM:
        return
    parts = [point.name[:_LONGEST_NAME], frame.words.of("point_state", point.state.value)]
    if point.trips:
        parts.append(f"{point.litres:,.0f} L")
    ink = Ink(theme.font(9.0, QFont.Weight.DemiBold), colour, theme.colour("map.background", 0.85))
    frame.label(f"water:{point.point_id}", one_line(" · ".join(parts)), x, y, ink, 14.0)
