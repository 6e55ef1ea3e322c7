"""Decorations at the map's edge: scale bar, coordinates with their CRS, north arrow, badges (drill, synthetic …)."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPen

from console.ui.map.drawing.frame import Frame
from console.ui.map.drawing.label_placement import Ink, text_size, write
from console.ui.map.drawing.symbols import polygon
from console.ui.map.view.camera import scale_bar
from console.ui.map.view.coordinates import Coordinates

_MARGIN = 14.0
_FRAME_PX = 6.0
_LIFT_PX = 20.0
_OTHER_FONTS = 0.04
"""Share by which a line may be wider where another program sets its letters (SVG)."""


@dataclass(frozen=True, slots=True)
class Badge:
    """A lasting remark on the map. ``role``: its colour."""

    text: str
    role: str


@dataclass(frozen=True, eq=False)
class Margin:
    """Content of the decorations. ``cursor``: world point under the pointer; ``attribution``: source of the ground."""

    coordinates: Coordinates
    cursor: tuple[float, float] | None
    dots_per_inch: float
    badges: tuple[Badge, ...]
    attribution: str = ""
    remark: str = ""
    """A remark on what is drawn (an interpolated surface), beside the scale bar."""
    what_if: tuple[str, ...] = ()
    """(word, note) in the frame about the map while a what-if is shown: it is not the real plan."""
    hover: str = ""
    """What is under the pointer."""
    covered_px: float = 0.0
    """How far from the left a panel covers the map."""


def map_scale(denominator: float) -> str:
    """``1:12,500``, rounded to three figures."""
    magnitude = 10 ** max(len(str(int(denominator))) - 3, 0)
    return f"1:{round(denominator / magnitude) * magnitude:,.0f}"


def reserve(frame: Frame, margin: Margin) -> None:
    """Keep labels off the decorations."""
    width, height = frame.camera.width, frame.camera.height
    lift = _lift(frame, margin)
    frame.placer.take(QRectF(0, height - 44 - lift, 200, 44 + lift))
    frame.placer.take(_coordinates_place(frame, margin))
    frame.placer.take(QRectF(width - 44, 10, 44, 50))
    for place, _ in _badge_places(frame, margin.badges):
        frame.placer.take(place)
    if margin.remark:
        frame.placer.take(_remark_place(frame, margin))
    if margin.what_if:
        frame.placer.take(_what_if_place(frame, margin))


def paint_furniture(frame: Frame, margin: Margin) -> None:
    """Scale bar left below, coordinates right below, north right above, badges left above."""
    painter, theme, camera = frame.painter, frame.theme, frame.camera
    metres, pixels = scale_bar(camera.m_per_px)
    text = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
    left, base = _MARGIN, camera.height - _MARGIN - _lift(frame, margin)
    back = theme.colour("map.background", 0.8)
    painter.fillRect(QRectF(left - 6, base - 24, pixels + 12, 32), back)
    painter.setPen(QPen(theme.colour("text.normal"), 1.4))
    painter.drawPolyline(
        [QPointF(left, base - 5), QPointF(left, base), QPointF(left + pixels, base), QPointF(left + pixels, base - 5)]
    )
    painter.setFont(theme.font(9))
    painter.drawText(QRectF(left, base - 23, pixels, 18), Qt.AlignmentFlag.AlignCenter, text)
    ink = Ink(theme.font(8.5), theme.colour("text.muted"), theme.colour("map.background", 0.8))
    write(painter, _coordinates_place(frame, margin), _coordinates_text(frame, margin), ink)
    if margin.remark:
        remark = Ink(theme.font(9.0, QFont.Weight.DemiBold), theme.colour("text.normal"), theme.colour("surface.raised", 0.94))
        write(painter, _remark_place(frame, margin), margin.remark, remark)
    if margin.hover:
        _hover(frame, margin)
    _north(frame)
    _badges(frame, margin.badges)
    if margin.what_if:
        _what_if(frame, margin)


def _hover(frame: Frame, margin: Margin) -> None:
    """Above the coordinates, at the right: it has its place, and no label makes room for it."""
    font, below = frame.theme.font(9.0), _coordinates_place(frame, margin)
    width, height = text_size(font, margin.hover)
    width = min(width + 6, frame.camera.width - margin.covered_px - 2 * _MARGIN)
    place = QRectF(below.right() - width, below.top() - height - 5, width, height + 2)
    ink = Ink(font, frame.theme.colour("text.strong"), frame.theme.colour("surface.raised", 0.95))
    write(frame.painter, place, margin.hover, ink)


def _what_if(frame: Frame, margin: Margin) -> None:
    """A frame about the whole map, labelled in large letters as a what-if."""
    painter, colour = frame.painter, frame.theme.colour("what_if.main")
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour, _FRAME_PX, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap, Qt.PenJoinStyle.MiterJoin))
    half = _FRAME_PX / 2
    painter.drawRect(QRectF(half, half, frame.camera.width - _FRAME_PX, frame.camera.height - _FRAME_PX))
    place = _what_if_place(frame, margin)
    painter.fillRect(place, colour)
    painter.setPen(frame.theme.colour("what_if.on_main"))
    top = place.top() + 2
    for text, font in zip(margin.what_if, _what_if_fonts(frame), strict=True):
        height = text_size(font, text)[1]
        painter.setFont(font)
        painter.drawText(QRectF(place.left(), top, place.width(), height), Qt.AlignmentFlag.AlignCenter, text)
        top += height


def _what_if_fonts(frame: Frame) -> tuple[QFont, QFont]:
    return frame.theme.font(18.0, QFont.Weight.Bold), frame.theme.font(10.0, QFont.Weight.DemiBold)


def _what_if_place(frame: Frame, margin: Margin) -> QRectF:
    """Place of the label: in the middle of the uncovered part, above the scale bar's line."""
    sizes = [text_size(font, text) for text, font in zip(margin.what_if, _what_if_fonts(frame), strict=True)]
    width = max(width for width, _ in sizes) * (1.0 + _OTHER_FONTS * frame.vector) + 24
    height = sum(height for _, height in sizes) + 6
    left = margin.covered_px if margin.covered_px + width < frame.camera.width else 0.0
    return QRectF((left + frame.camera.width - width) / 2, frame.camera.height - 50 - height, width, height)


def _coordinates_text(frame: Frame, margin: Margin) -> str:
    camera = frame.camera
    x, y = margin.cursor if margin.cursor is not None else (camera.x, camera.y)
    scale = map_scale(camera.scale_denominator(margin.dots_per_inch))
    crs = margin.coordinates.name(frame.words("map.local_crs"))
    return "  ·  ".join(part for part in (margin.coordinates.text(x, y), crs, scale, margin.attribution) if part)


def _coordinates_place(frame: Frame, margin: Margin) -> QRectF:
    width, height = text_size(frame.theme.font(8.5), _coordinates_text(frame, margin))
    width *= 1.0 + _OTHER_FONTS * frame.vector
    edge = _FRAME_PX if margin.what_if else 0.0
    return QRectF(frame.camera.width - width - 8 - edge, frame.camera.height - height - 6 - edge, width, height)


def _lift(frame: Frame, margin: Margin) -> float:
    """How far the scale bar is moved up: on a narrow map it would touch the coordinates."""
    ends = _MARGIN + scale_bar(frame.camera.m_per_px)[1] + 12
    return _LIFT_PX if ends > _coordinates_place(frame, margin).left() else 0.0


def _remark_place(frame: Frame, margin: Margin) -> QRectF:
    width, height = text_size(frame.theme.font(9.0, QFont.Weight.DemiBold), margin.remark)
    return QRectF(_MARGIN - 6, frame.camera.height - 52 - height - _lift(frame, margin), width + 8, height + 4)


def _north(frame: Frame) -> None:
    theme, painter = frame.theme, frame.painter
    x, y = frame.camera.width - 24.0, 30.0
    painter.setPen(QPen(theme.colour("text.muted"), 1.0))
    painter.setBrush(theme.colour("text.muted"))
    painter.drawPath(polygon((0, -10), (4.5, 6), (0, 3), (-4.5, 6)).translated(x, y))
    painter.setFont(theme.font(8, QFont.Weight.DemiBold))
    painter.drawText(QRectF(x - 10, y + 6, 20, 14), Qt.AlignmentFlag.AlignCenter, "N")


def _badge_places(frame: Frame, badges: tuple[Badge, ...]) -> list[tuple[QRectF, Badge]]:
    font, x, places = frame.theme.font(10, QFont.Weight.DemiBold), 12.0, []
    for badge in badges:
        width, height = text_size(font, badge.text)
        places.append((QRectF(x, 10, width + 12, height + 6), badge))
        x += width + 22
    return places


def _badges(frame: Frame, badges: tuple[Badge, ...]) -> None:
    font = frame.theme.font(10, QFont.Weight.DemiBold)
    for place, badge in _badge_places(frame, badges):
        ground = QColor(frame.theme.colour("surface.raised", 0.94))
        write(frame.painter, place, badge.text, Ink(font, frame.theme.colour(badge.role), ground))
        frame.painter.setPen(QPen(frame.theme.colour(badge.role), 1.2))
        frame.painter.setBrush(Qt.BrushStyle.NoBrush)
        frame.painter.drawRoundedRect(place, 2.5, 2.5)
