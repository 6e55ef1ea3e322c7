"""Furniture: scale bar, coordinates with the CRS's name, north, and what must never be forgotten (drill, synthetic …)."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPen

from console.ui.map.camera import scale_bar
from console.ui.map.labels import Ink, text_size, write
from console.ui.map.overlay import Frame
from console.ui.map.symbols import polygon
from maps import crs as crs_names
from maps.city import City
from maps.errors import QuanmaiError

_MARGIN = 14.0


@dataclass(frozen=True, slots=True)
class Badge:
    """A lasting remark on the map. ``role``: its colour."""

    text: str
    role: str


def crs_name(city: City) -> str:
    """The CRS as a person calls it; the code itself when it is unknown here."""
    try:
        return crs_names.describe(city.network.crs)
    except QuanmaiError:
        return city.network.crs[:60]


def reserve(frame: Frame) -> None:
    """Keep labels off the furniture's corners."""
    width, height = frame.camera.width, frame.camera.height
    frame.placer.take(QRectF(0, height - 44, 200, 44))
    frame.placer.take(QRectF(width - 560, height - 28, 560, 28))
    frame.placer.take(QRectF(0, 0, width, 40))


def paint_furniture(
    frame: Frame, crs: str, cursor: tuple[float, float] | None, dots_per_inch: float, badges: tuple[Badge, ...]
) -> None:
    """Scale bar left below, coordinates right below, north right above, badges left above."""
    painter, theme, camera = frame.painter, frame.theme, frame.camera
    metres, pixels = scale_bar(camera.m_per_px)
    text = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
    left, base = _MARGIN, camera.height - _MARGIN
    back = theme.colour("map.background", 0.8)
    painter.fillRect(QRectF(left - 6, base - 24, pixels + 12, 32), back)
    painter.setPen(QPen(theme.colour("text.normal"), 1.4))
    painter.drawPolyline(
        [QPointF(left, base - 5), QPointF(left, base), QPointF(left + pixels, base), QPointF(left + pixels, base - 5)]
    )
    painter.setFont(theme.font(9))
    painter.drawText(QRectF(left, base - 23, pixels, 18), Qt.AlignmentFlag.AlignCenter, text)
    _coordinates(frame, crs, cursor, dots_per_inch)
    _north(frame)
    _badges(frame, badges)


def _coordinates(frame: Frame, crs: str, cursor: tuple[float, float] | None, dots_per_inch: float) -> None:
    camera, theme = frame.camera, frame.theme
    x, y = cursor if cursor is not None else (camera.x, camera.y)
    denominator = camera.scale_denominator(dots_per_inch)
    magnitude = 10 ** max(len(str(int(denominator))) - 3, 0)
    scale = f"1:{round(denominator / magnitude) * magnitude:,.0f}"
    numbers = f"{x:,.1f}  {y:,.1f}".replace(",", "\u2009")
    text = f"{numbers}  ·  {crs}  ·  {scale}"
    font = theme.font(8.5)
    width, height = text_size(font, text)
    place = QRectF(camera.width - width - 8, camera.height - height - 6, width, height)
    write(frame.painter, place, text, Ink(font, theme.colour("text.muted"), theme.colour("map.background", 0.8)))


def _north(frame: Frame) -> None:
    theme, painter = frame.theme, frame.painter
    x, y = frame.camera.width - 24.0, 30.0
    painter.setPen(QPen(theme.colour("text.muted"), 1.0))
    painter.setBrush(theme.colour("text.muted"))
    painter.drawPath(polygon((0, -10), (4.5, 6), (0, 3), (-4.5, 6)).translated(x, y))
    painter.setFont(theme.font(8, QFont.Weight.DemiBold))
    painter.drawText(QRectF(x - 10, y + 6, 20, 14), Qt.AlignmentFlag.AlignCenter, "N")


def _badges(frame: Frame, badges: tuple[Badge, ...]) -> None:
    font, x = frame.theme.font(10, QFont.Weight.DemiBold), 12.0
    for badge in badges:
        width, height = text_size(font, badge.text)
        place = QRectF(x, 10, width + 12, height + 6)
        ground = QColor(frame.theme.colour("surface.raised", 0.94))
        write(frame.painter, place, badge.text, Ink(font, frame.theme.colour(badge.role), ground))
        frame.painter.setPen(QPen(frame.theme.colour(badge.role), 1.2))
        frame.painter.setBrush(Qt.BrushStyle.NoBrush)
        frame.painter.drawRoundedRect(place, 2.5, 2.5)
        x += width + 22
