"""The place that the search found: a pin with its name, until something else is chosen or Esc is pressed."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFont, QPainterPath, QPen

from console.ui.map.drawing.frame import Frame
from console.ui.map.drawing.label_placement import Ink, text_size, write

_HEAD_PX, _HIGH_PX = 9.0, 26.0


@dataclass(frozen=True, slots=True)
class FoundMark:
    """A place (world, m) and the text beside it."""

    x: float
    y: float
    text: str


def paint_found(frame: Frame, mark: FoundMark | None) -> None:
    """A pin whose tip is the place, so that the place itself stays visible."""
    if mark is None:
        return
    x, y = frame.camera.to_screen(mark.x, mark.y)
    if not frame.holds(x, y, _HIGH_PX):
        return
    theme, painter = frame.theme, frame.painter
    pin = QPainterPath(QPointF(x, y))
    top = y - _HIGH_PX + _HEAD_PX
    pin.cubicTo(QPointF(x - 3, y - 8), QPointF(x - _HEAD_PX, top + 6), QPointF(x - _HEAD_PX, top))
    pin.arcTo(QRectF(x - _HEAD_PX, top - _HEAD_PX, 2 * _HEAD_PX, 2 * _HEAD_PX), 180.0, -180.0)
    pin.cubicTo(QPointF(x + _HEAD_PX, top + 6), QPointF(x + 3, y - 8), QPointF(x, y))
    painter.setPen(QPen(theme.colour("map.halo"), 2.0))
    painter.setBrush(theme.colour("accent.normal"))
    painter.drawPath(pin)
    painter.setBrush(theme.colour("accent.focus_on_accent"))
    painter.drawEllipse(QPointF(x, top), 3.2, 3.2)
    frame.placer.take(QRectF(x - _HEAD_PX, top - _HEAD_PX, 2 * _HEAD_PX, _HIGH_PX))
    font = theme.font(9.5, QFont.Weight.DemiBold)
    place = frame.placer.find(x, top, *text_size(font, mark.text), offset=_HEAD_PX + 4, insist=True, key="found")
    if place is not None and mark.text:
        write(painter, place, mark.text, Ink(font, theme.colour("text.strong"), theme.colour("surface.raised", 0.95)))
