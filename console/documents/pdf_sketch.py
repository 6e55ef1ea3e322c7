"""Draws the sketch of a notice with Qt: on paper (``pdf.py``) and beside the text in the notice window."""

from __future__ import annotations

import math
from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from console.documents.pdf_page import NoticePage
from console.documents.sketch import Line, Sketch, SketchStreet
from console.documents.wording import Wording

SANS = ["Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", "sans-serif"]
RED, INK, GREY = QColor("#b3261e"), QColor("#1a1a1a"), QColor("#666666")
_AMBER, _GROUND, _STREET, _TOLD = QColor("#8a5a00"), QColor("#f7f7f5"), QColor("#d3d3cd"), QColor("#8f8f88")
_SHARE = 0.72
"""Of the frame, for the areas; the rest is for the streets around them."""
_LEAST_M = 50.0
_NAME_PT, _MOST_NAMES = 7.5, 40


def page_font(families: list[str], points: float, bold: bool = False) -> QFont:
    """A font of printed pages."""
    font = QFont(families)
    font.setPointSizeF(points)
    font.setBold(bold)
    # Localised digits of the CJK fonts have no Unicode mapping: text copied from the PDF would lose its numbers.
    font.setFeature(QFont.Tag.fromString("locl"), 0)
    return font


def draw_sketch(painter: QPainter, frame: QRectF, page: NoticePage, mm: float) -> None:
    """The communities affected and the streets around them, north up, with a scale bar; ``mm``: dots a millimetre."""
    painter.save()
    painter.setFont(page_font(SANS, 10, bold=True))
    painter.setPen(INK)
    head = 7 * mm
    centred = int(Qt.AlignmentFlag.AlignHCenter)
    painter.drawText(QRectF(frame.left(), frame.top(), frame.width(), head), centred, page.sketch_title)
    box = frame.adjusted(0, head, 0, -6 * mm)
    painter.setPen(QPen(GREY, 0.2 * mm))
    painter.setBrush(_GROUND)
    painter.drawRect(box)
    painter.save()
    painter.setClipRect(box)
    drawn = _Drawn(painter, page.drawn, box, mm)
    drawn.streets()
    drawn.areas()
    drawn.names()
    painter.restore()
    _north(painter, box, mm)
    _scale_bar(painter, box, drawn.per_metre, mm)
    _legend(painter, box, page, mm)
    painter.setFont(page_font(SANS, 8))
    painter.setPen(GREY)
    painter.drawText(QRectF(frame.left(), box.bottom() + 1 * mm, frame.width(), 5 * mm), centred, page.sketch_note)
    painter.restore()


class _Drawn:
    """The sketch in one frame. Names are written where no other name stands."""

    def __init__(self, painter: QPainter, sketch: Sketch, box: QRectF, mm: float) -> None:
        self._painter, self._sketch, self._mm = painter, sketch, mm
        self._centre = box.center()
        # The legend, the north arrow and the scale bar have their places before names take room.
        self._taken = [
            QRectF(box.left(), box.top(), 45 * mm, 14 * mm),
            QRectF(box.right() - 16 * mm, box.top(), 16 * mm, 18 * mm),
            QRectF(box.left(), box.bottom() - 12 * mm, box.width() / 3, 12 * mm),
        ]
        points = [point for area in sketch.areas for point in area.ring] or [(0.0, 0.0)]
        xs, ys = [x for x, _ in points], [y for _, y in points]
        self._middle = ((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)
        wide, tall = max(max(xs) - min(xs), _LEAST_M), max(max(ys) - min(ys), _LEAST_M)
        self.per_metre = _SHARE * min(box.width() / wide, box.height() / tall)

    def _at(self, point: tuple[float, float]) -> QPointF:
        x, y = (point[0] - self._middle[0]) * self.per_metre, (point[1] - self._middle[1]) * self.per_metre
        return QPointF(self._centre.x() + x, self._centre.y() - y)

    def _shape(self, line: Line) -> QPolygonF:
        return QPolygonF([self._at(point) for point in line])

    def streets(self) -> None:
        """Streets as grey lines; those that the notice names are darker and wider."""
        self._painter.setBrush(Qt.BrushStyle.NoBrush)
        for street in sorted(self._sketch.streets, key=lambda one: one.is_told):
            width, colour = (1.1, _TOLD) if street.is_told else (0.7, _STREET)
            self._painter.setPen(QPen(colour, width * self._mm, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            self._painter.drawPolyline(self._shape(street.line))

    def areas(self) -> None:
        """Communities: without water filled red, with low pressure hatched amber with a dashed edge."""
        for area in sorted(self._sketch.areas, key=lambda one: one.effect):
            is_dry = area.effect == "no_water"
            self._painter.setBrush(area_brush(area.effect))
            style = Qt.PenStyle.SolidLine if is_dry else Qt.PenStyle.DashLine
            self._painter.setPen(QPen(RED if is_dry else _AMBER, 0.35 * self._mm, style))
            self._painter.drawPolygon(self._shape(area.ring))

    def names(self) -> None:
        """Names of communities first, then of streets along their longest part."""
        font = page_font(SANS, _NAME_PT, bold=True)
        self._painter.setFont(font)
        for area in self._sketch.areas:
            if area.name:
                shape = self._shape(area.ring)
                self._write(area.name, shape.boundingRect().center(), 0.0, font, RED if area.effect == "no_water" else _AMBER)
        font = page_font(SANS, _NAME_PT)
        self._painter.setFont(font)
        written = dict[str, int]()
        for street in self._sketch.streets:
            if street.name and len(written) < _MOST_NAMES and street.name not in written:
                at, angle, length = self._longest(street)
                if length > 0.6 * QFontMetricsF(font, self._painter.device()).horizontalAdvance(street.name):
                    written.update({street.name: 1} if self._write(street.name, at, angle, font, INK) else {})

    def _longest(self, street: SketchStreet) -> tuple[QPointF, float, float]:
        """(middle, angle in degrees, length in dots) of the street's longest straight part in sight."""
        points = [self._at(point) for point in street.line]
        first, last = max(pairwise(points), key=lambda pair: _distance(*pair))
        angle = math.degrees(math.atan2(last.y() - first.y(), last.x() - first.x()))
        upright = angle - 180 if angle > 90 else angle + 180 if angle < -90 else angle
        return (first + last) / 2, upright, _distance(first, last)

    def _write(self, text: str, at: QPointF, angle: float, font: QFont, colour: QColor) -> bool:
        metrics = QFontMetricsF(font, self._painter.device())
        wide, tall = metrics.horizontalAdvance(text), metrics.height()
        turn = math.radians(angle)
        across = abs(wide * math.cos(turn)) + abs(tall * math.sin(turn))
        along = abs(wide * math.sin(turn)) + abs(tall * math.cos(turn))
        place = QRectF(at.x() - across / 2, at.y() - along / 2, across, along)
        if any(place.intersects(other) for other in self._taken):
            return False
        self._taken.append(place)
        self._painter.save()
        self._painter.translate(at)
        self._painter.rotate(angle)
        room = QRectF(-wide, -tall / 2, 2 * wide, tall)
        self._painter.setPen(QColor(255, 255, 255, 230))
        step = 0.3 * self._mm
        for x, y in ((-step, 0), (step, 0), (0, -step), (0, step)):
            self._painter.drawText(room.translated(x, y), int(Qt.AlignmentFlag.AlignCenter), text)
        self._painter.setPen(colour)
        self._painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter), text)
        self._painter.restore()
        return True


def area_brush(effect: str) -> QBrush:
    """Filling of an area: red for no water, amber hatching for low pressure."""
    return QBrush(QColor(179, 38, 30, 60)) if effect == "no_water" else QBrush(QColor(138, 90, 0, 90), Qt.BrushStyle.BDiagPattern)


def _distance(first: QPointF, last: QPointF) -> float:
    return math.hypot(last.x() - first.x(), last.y() - first.y())


def _legend(painter: QPainter, box: QRectF, page: NoticePage, mm: float) -> None:
    """What the fillings mean, of the effects that are drawn."""
    drawn = {area.effect for area in page.drawn.areas}
    shown = [(effect, text) for effect, text in page.sketch_legend if effect in drawn]
    painter.setFont(page_font(SANS, 8))
    for number, (effect, text) in enumerate(shown):
        top = box.top() + (3 + 5 * number) * mm
        painter.setBrush(area_brush(effect))
        painter.setPen(QPen(RED if effect == "no_water" else _AMBER, 0.3 * mm))
        painter.drawRect(QRectF(box.left() + 3 * mm, top, 6 * mm, 3.4 * mm))
        painter.setPen(INK)
        place = QRectF(box.left() + 11 * mm, top - 0.8 * mm, 60 * mm, 5 * mm)
        painter.drawText(place, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), text)


def _north(painter: QPainter, box: QRectF, mm: float) -> None:
    x, y = box.right() - 8 * mm, box.top() + 5 * mm
    painter.setBrush(INK)
    painter.setPen(Qt.PenStyle.NoPen)
    corners = ((0.0, 0.0), (2.0, 7.0), (0.0, 5.5), (-2.0, 7.0))
    painter.drawPolygon(QPolygonF([QPointF(x + east * mm, y + south * mm) for east, south in corners]))
    painter.setPen(INK)
    painter.setFont(page_font(SANS, 8))
    label = f"{Wording('zh_CN')('pdf.north')} {Wording('en')('pdf.north')}"
    painter.drawText(QRectF(x - 8 * mm, y + 7.5 * mm, 16 * mm, 5 * mm), int(Qt.AlignmentFlag.AlignHCenter), label)


def _scale_bar(painter: QPainter, box: QRectF, per_metre: float, mm: float) -> None:
    """The longest round length within a quarter of the width."""
    longest = box.width() / 4 / per_metre
    step = 10 ** math.floor(math.log10(longest))
    metres = max(factor * step for factor in (1, 2, 5) if factor * step <= longest)
    x, y, length = box.left() + 5 * mm, box.bottom() - 5 * mm, metres * per_metre
    painter.setPen(QPen(INK, 0.4 * mm))
    painter.drawLine(QPointF(x, y), QPointF(x + length, y))
    for end in (x, x + length):
        painter.drawLine(QPointF(end, y - 1.2 * mm), QPointF(end, y + 1.2 * mm))
    painter.setFont(page_font(SANS, 8))
    painter.drawText(QPointF(x, y - 2 * mm), f"{metres:g} m" if metres < 1000 else f"{metres / 1000:g} km")
