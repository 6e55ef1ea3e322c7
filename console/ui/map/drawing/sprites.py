"""Sprites: symbols drawn once as small pictures, in as many directions as needed, then stamped; any thread may ask.

A printer that takes lines gets the symbol's strokes instead of its picture.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPainterPath, QPen

from console.ui.map.drawing.symbols import bow_tie, circle, diamond, hexagon, polygon, square, triangle
from console.ui.theme import Theme

VALVE_LOOKS = ("open", "closed", "unknown", "stuck", "one_way")
FACILITY_KINDS = ("plant", "pumping_station", "tank", "well", "source")
CUSTOMER_KINDS = ("residential", "commercial", "industrial", "public", "critical")


@dataclass(frozen=True, eq=False)
class Sprite:
    """``image``: a transparent square; ``paint``: draws the same with the origin in the middle of the symbol."""

    image: QImage
    paint: Callable[[QPainter], None]


def made(size: float, ratio: float, paint: Callable[[QPainter], None]) -> Sprite:
    """A sprite whose picture has ``size`` logical pixels a side."""
    pixels = math.ceil(size * ratio)
    image = QImage(pixels, pixels, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    try:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(pixels / ratio / 2, pixels / ratio / 2)
        paint(painter)
    finally:
        painter.end()
    return Sprite(image, paint)


def sprite(path: QPainterPath, size: float, fill: QColor | None, edge: QColor, ratio: float) -> Sprite:
    """A path, filled and edged; ``size``: logical pixels of the square picture."""

    def paint(painter: QPainter) -> None:
        painter.setPen(QPen(edge, 1.2))
        painter.setBrush(QBrush(fill) if fill is not None else Qt.BrushStyle.NoBrush)
        painter.drawPath(path)

    return made(size, ratio, paint)


@lru_cache(maxsize=64)
def turned_arrows(path_radius: float, rgba: int, ratio: float, turns: int) -> tuple[Sprite, ...]:
    """Arrow heads in ``turns`` directions, clockwise from east; ``rgba``: as QColor.rgba gives it."""
    from console.ui.map.drawing.symbols import flow_arrow

    def turned(number: int) -> Sprite:
        def paint(painter: QPainter) -> None:
            painter.rotate(number * 360.0 / turns)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor.fromRgba(rgba))
            painter.drawPath(flow_arrow(path_radius))

        return made(3 * path_radius, ratio, paint)

    return tuple(turned(number) for number in range(turns))


_VALVES: dict[tuple[str, str, float, float, int], tuple[Sprite, ...]] = {}


def valve_sprites(theme: Theme, look: str, size: float, ratio: float, turns: int) -> tuple[Sprite, ...]:
    """A valve's bow tie in ``turns`` directions, its state as shape.

    Closed: filled with a bar; unknown: hollow; stuck: crossed out; one-way: half filled with an arrow; open: filled.
    """
    key = (theme.name, look, size, ratio, turns)
    if key not in _VALVES:
        _VALVES[key] = tuple(
            made(3.2 * size, ratio, lambda painter, n=number: _valve(painter, theme, look, size, n * 360.0 / turns))  # type: ignore[misc]
            for number in range(turns)
        )
    return _VALVES[key]


def _valve(painter: QPainter, theme: Theme, look: str, size: float, angle: float) -> None:
    halo, plain = theme.colour("map.halo"), theme.colour("map.valve")
    edge = {
        "open": halo,
        "closed": theme.colour("map.valve_closed"),
        "unknown": plain,
        "stuck": theme.colour("case.valve_unable"),
        "one_way": plain,
    }[look]
    painter.rotate(angle)
    painter.strokePath(bow_tie(size), QPen(halo, 2.6))
    painter.setPen(Qt.PenStyle.NoPen if look == "open" else QPen(edge, 1.4))
    painter.setBrush({"open": plain, "closed": theme.colour("map.valve_closed")}.get(look, halo))
    painter.drawPath(bow_tie(size))
    if look == "closed":
        painter.setPen(QPen(edge, 2.0))
        painter.drawLine(QPointF(0, -size), QPointF(0, size))
    elif look == "stuck":
        painter.drawLine(QPointF(-size * 0.8, -size), QPointF(size * 0.8, size))
        painter.drawLine(QPointF(-size * 0.8, size), QPointF(size * 0.8, -size))
    elif look == "one_way":
        painter.setBrush(plain)
        painter.drawPath(polygon((-size, -size * 0.62), (0, 0), (-size, size * 0.62)))
        painter.drawLine(QPointF(-size * 0.6, -size * 1.1), QPointF(size * 0.6, -size * 1.1))
        painter.drawPath(polygon((size, -size * 1.1), (size * 0.4, -size * 1.45), (size * 0.4, -size * 0.75)))


_FACILITIES: dict[tuple[str, str, bool, float, float], Sprite] = {}


def facility_sprite(theme: Theme, kind: str, planned: bool, size: float, ratio: float) -> Sprite:
    """A plant (square), pumping station (ring with its triangle), tank (hexagon, half full), well (ring), source (diamond)."""
    key = (theme.name, kind, planned, size, ratio)
    if key not in _FACILITIES:
        _FACILITIES[key] = made(3 * size, ratio, lambda painter: _facility(painter, theme, kind, planned, size))
    return _FACILITIES[key]


def _facility(painter: QPainter, theme: Theme, kind: str, planned: bool, size: float) -> None:
    colour = theme.colour("map.plant")
    outline = QPen(colour, 1.6)
    if planned:
        outline.setCapStyle(Qt.PenCapStyle.FlatCap)  # square caps would close so small gaps
        outline.setDashPattern([1.6, 1.4])
    painter.setPen(outline)
    painter.setBrush(theme.colour("map.halo"))
    inner = QBrush(Qt.BrushStyle.NoBrush if planned else colour)
    if kind == "plant":
        painter.drawPath(square(size * 0.9))
        painter.setBrush(inner)
        painter.drawPath(square(size * 0.34))
    elif kind == "tank":
        painter.drawPath(hexagon(size))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(inner)
        painter.drawRect(QRectF(-size * 0.5, 0, size, size * 0.6))
    elif kind == "pumping_station":
        painter.drawPath(circle(size))
        painter.setBrush(inner)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawPath(polygon((size * 0.62, 0), (-size * 0.38, -size * 0.55), (-size * 0.38, size * 0.55)))
    else:
        painter.drawPath(diamond(size) if kind == "source" else circle(size * 0.8))
        painter.setBrush(inner)
        painter.drawPath(circle(size * 0.28))


_CUSTOMERS: dict[tuple[str, str, float], Sprite] = {}


def customer_sprite(theme: Theme, kind: str, ratio: float) -> Sprite:
    """A customer: house, shop square, factory triangle, public diamond; a critical one carries a cross on a disc."""
    key = (theme.name, kind, ratio)
    if key not in _CUSTOMERS:
        _CUSTOMERS[key] = made(16, ratio, lambda painter: _customer(painter, theme, kind))
    return _CUSTOMERS[key]


def _customer(painter: QPainter, theme: Theme, kind: str) -> None:
    colour = theme.colour("map.place")
    painter.setPen(QPen(theme.colour("map.halo"), 1.0))
    painter.setBrush(colour)
    if kind == "critical":
        painter.setBrush(theme.colour("text.strong"))
        painter.drawPath(circle(6.0))
        painter.setPen(QPen(theme.colour("map.background"), 2.0))
        painter.drawLine(QPointF(-3.2, 0), QPointF(3.2, 0))
        painter.drawLine(QPointF(0, -3.2), QPointF(0, 3.2))
        return
    shapes = {"commercial": square(2.6), "industrial": triangle(3.4), "public": diamond(3.6)}
    painter.drawPath(shapes.get(kind, polygon((0, -3.6), (3.2, -0.6), (3.2, 3.0), (-3.2, 3.0), (-3.2, -0.6))))
