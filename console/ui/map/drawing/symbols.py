"""Symbols: small paths and sprites; a state is told by shape and colour together, never by colour alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPen, QPolygonF

from console.domain.alarms import Priority
from console.domain.picture import StationState
from console.ui.theme import Theme

STATION_ROLE = {
    StationState.NORMAL: "map.station",
    StationState.LEARNING: "state.learning",
    StationState.MISSING: "state.missing",
    StationState.STALE: "state.stale",
    StationState.FAULT: "state.fault",
    StationState.IN_CASE: "case.candidate",
    StationState.WARNING: "state.high",
    StationState.ABNORMAL: "state.critical",
}


def polygon(*points: tuple[float, float]) -> QPainterPath:
    """A closed path through points."""
    path = QPainterPath()
    path.addPolygon(QPolygonF([QPointF(x, y) for x, y in points]))
    path.closeSubpath()
    return path


@cache
def circle(radius: float) -> QPainterPath:
    """A circle about the origin."""
    path = QPainterPath()
    path.addEllipse(QPointF(0, 0), radius, radius)
    return path


@cache
def diamond(radius: float) -> QPainterPath:
    """A square on its corner."""
    return polygon((0, -radius), (radius, 0), (0, radius), (-radius, 0))


@cache
def triangle(radius: float) -> QPainterPath:
    """A triangle that points up."""
    return polygon((0, -radius), (radius, radius * 0.8), (-radius, radius * 0.8))


@cache
def square(radius: float) -> QPainterPath:
    """A square about the origin."""
    path = QPainterPath()
    path.addRect(QRectF(-radius, -radius, 2 * radius, 2 * radius))
    return path


@cache
def bow_tie(radius: float) -> QPainterPath:
    """A valve's bow tie, lying."""
    path = polygon((-radius, -radius * 0.62), (0, 0), (-radius, radius * 0.62))
    path.addPath(polygon((radius, -radius * 0.62), (0, 0), (radius, radius * 0.62)))
    return path


@cache
def arrow(radius: float) -> QPainterPath:
    """A vehicle that heads north."""
    return polygon((0, -radius), (radius * 0.75, radius * 0.8), (0, radius * 0.45), (-radius * 0.75, radius * 0.8))


@cache
def flow_arrow(radius: float) -> QPainterPath:
    """An arrow head that points east."""
    return polygon((radius, 0), (-radius * 0.7, -radius * 0.75), (-radius * 0.25, 0), (-radius * 0.7, radius * 0.75))


@cache
def hexagon(radius: float) -> QPainterPath:
    """A hexagon on its side."""
    return polygon(*((radius * math.cos(k * math.pi / 3), radius * math.sin(k * math.pi / 3)) for k in range(6)))


@cache
def meter(radius: float) -> QPainterPath:
    """A meter: a ring with its hand."""
    path = QPainterPath(circle(radius))
    path.moveTo(0, 0)
    path.lineTo(radius * 0.55, -radius * 0.55)
    return path


def priority_path(priority: Priority, radius: float) -> QPainterPath:
    """Shape of an alarm priority: diamond, triangle, square, circle."""
    shapes = {Priority.CRITICAL: diamond, Priority.HIGH: triangle, Priority.MEDIUM: square, Priority.LOW: circle}
    return shapes[priority](radius * (0.8 if priority is Priority.MEDIUM else 1.0))


def paint_station(painter: QPainter, theme: Theme, state: StationState, x: float, y: float, radius: float) -> None:
    """A station at a screen point; its state by shape: ring (dotted, with a dot), cross, dashed square, triangle, diamond."""
    colour, halo = theme.colour(STATION_ROLE[state]), theme.colour("map.halo")
    painter.save()
    painter.translate(x, y)
    if state in (StationState.WARNING, StationState.ABNORMAL):
        path = triangle(radius * 1.5) if state is StationState.WARNING else diamond(radius * 1.6)
        painter.setPen(QPen(theme.colour("text.strong") if state is StationState.ABNORMAL else halo, 1.2))
        painter.setBrush(colour)
        painter.drawPath(path)
    elif state is StationState.FAULT:
        painter.setPen(QPen(colour, 1.6))
        painter.setBrush(halo)
        painter.drawPath(square(radius))
        painter.drawLine(QPointF(-radius, -radius), QPointF(radius, radius))
        painter.drawLine(QPointF(-radius, radius), QPointF(radius, -radius))
    else:
        style = {StationState.STALE: Qt.PenStyle.DashLine, StationState.LEARNING: Qt.PenStyle.DotLine}
        painter.setPen(QPen(colour, 1.6, style.get(state, Qt.PenStyle.SolidLine)))
        painter.setBrush(halo)
        painter.drawPath(square(radius * 0.9) if state is StationState.STALE else circle(radius))
        if state is StationState.IN_CASE:
            painter.setBrush(colour)
            painter.drawPath(circle(radius * 0.4))
        if state is StationState.MISSING:
            painter.drawLine(QPointF(-radius, radius), QPointF(radius, -radius))
    painter.restore()


def paint_at(painter: QPainter, x: float, y: float, paint: Callable[[QPainter], None]) -> None:
    """A symbol that is drawn about the origin, at a screen point; the painter stays as it was."""
    painter.save()
    painter.translate(x, y)
    paint(painter)
    painter.restore()


def paint_number(
    painter: QPainter,
    text: str,
    x: float,
    y: float,
    radius: float,
    fill: QColor,
    ink: QColor,
    edge: QColor,
    *,
    square: bool = False,
) -> None:
    """A numbered disc (a valve of the plan) or square (a valve of a what-if)."""
    painter.setPen(QPen(edge, 1.4))
    painter.setBrush(QBrush(fill))
    if square:
        painter.drawRect(QRectF(x - radius, y - radius, 2 * radius, 2 * radius))
    else:
        painter.drawEllipse(QPointF(x, y), radius, radius)
    painter.setPen(ink)
    painter.drawText(QRectF(x - radius, y - radius, 2 * radius, 2 * radius), Qt.AlignmentFlag.AlignCenter, text)
