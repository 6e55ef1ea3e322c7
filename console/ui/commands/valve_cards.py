"""Valve cards for printing: a PDF with two cards a page, each with a sketch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QLineF, QMarginsF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QPageLayout, QPageSize, QPainter, QPdfWriter, QPen

from console.services.crews.valve_cards import SKETCH_M, ValveCard
from console.ui.words import Words

_DPI = 200
_MM = _DPI / 25.4
_PER_PAGE = 2
_INK, _GREY, _RED = QColor("#1a1a1a"), QColor("#8a8f94"), QColor("#b3261e")


def write_cards(path: Path, cards: Sequence[ValveCard], words: Words, *, is_drill: bool = False, crews: dict[str, str]) -> None:
    """Write the cards as PDF, A4. ``crews``: names by id. Raises OSError when it cannot be written."""
    aside = path.with_name(f".{path.name}.writing")
    writer = QPdfWriter(str(aside))
    writer.setResolution(_DPI)
    writer.setCreator("Quanmai")
    margins = QMarginsF(14, 14, 14, 14)
    writer.setPageLayout(
        QPageLayout(QPageSize(QPageSize.PageSizeId.A4), QPageLayout.Orientation.Portrait, margins, QPageLayout.Unit.Millimeter)
    )
    painter = QPainter()
    if not painter.begin(writer):
        raise OSError(f"{path}: cannot be written; check the folder and your rights")
    try:
        size = QSizeF(writer.width(), writer.height() / _PER_PAGE - 4 * _MM)
        for number, card in enumerate(cards):
            if number and number % _PER_PAGE == 0:
                writer.newPage()
            top = (number % _PER_PAGE) * (size.height() + 8 * _MM)
            _Card(painter, QRectF(QPointF(0, top), size), words).paint(card, len(cards), is_drill, crews)
    finally:
        painter.end()
    aside.replace(path)


class _Card:
    """One card in its rectangle, device units."""

    def __init__(self, painter: QPainter, box: QRectF, words: Words) -> None:
        self._painter, self._box, self._words = painter, box, words

    def paint(self, card: ValveCard, count: int, is_drill: bool, crews: dict[str, str]) -> None:
        """Heading and facts at the left, the sketch at the right."""
        painter, box = self._painter, self._box
        painter.setPen(QPen(_INK, 0.3 * _MM))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, 2 * _MM, 2 * _MM)
        left = QRectF(box.left() + 5 * _MM, box.top() + 5 * _MM, box.width() * 0.46, box.height() - 10 * _MM)
        self._sketch(card, QRectF(left.right() + 4 * _MM, left.top(), box.right() - left.right() - 9 * _MM, left.height()))
        y = left.top()
        title = self._text("cards_title", number=card.order, count=count)
        y = self._line(left, y, f"{self._text('drill')} · {title}" if is_drill else title, 11, _RED if is_drill else _GREY)
        size = f"  DN{card.diameter_mm:.0f}" if card.diameter_mm else ""
        y = self._line(left, y, f"{card.order}   {card.valve_id}{size}", 20, _INK, bold=True) + 2 * _MM
        for text in self._facts(card, crews):
            y = self._line(left, y, text, 12, _INK)

    def _facts(self, card: ValveCard, crews: dict[str, str]) -> list[str]:
        words = self._words
        work = [
            self._text("turns", n=f"{card.turns:.0f}") if card.turns else "",
            self._text(card.closes if card.closes in ("cw", "ccw") else "cw"),
            self._text("minutes", n=f"{card.minutes:.0f}") if card.minutes else "",
        ]
        place = [card.road, self._text("beside", name=card.beside) if card.beside else ""]
        seen = self._text("checked", date=card.last_checked) if card.last_checked else self._text("never")
        lines = [
            " · ".join(part for part in place if part),
            f"{card.lonlat[1]:.6f} N  {card.lonlat[0]:.6f} E" if card.lonlat else f"x {card.place[0]:.1f}  y {card.place[1]:.1f}",
            " · ".join(part for part in work if part),
            self._text("slow"),
            self._text("depth", depth=f"{card.depth_m:.1f}") if card.depth_m is not None else "",
            self._text("remote") if card.control == "remote" else "",
            words("plan.holds_back", sources=words.listed(card.holds_back[:3])) if card.holds_back else "",
            seen,
            self._text("assumed") if card.assumed else "",
            words.catalogue.text("tools.plan.placing", reasons=words.placing(card.placing)) if card.placing else "",
        ]
        if card.crew and card.begins is not None:
            name = crews.get(card.crew, card.crew)
            lines.insert(0, self._text("for_crew", crew=name, order=card.crew_order, begins=f"{card.begins:.0f}"))
        return [line for line in lines if line]

    def _line(self, box: QRectF, y: float, text: str, points: float, ink: QColor, *, bold: bool = False) -> float:
        """Write and give the height below."""
        painter = self._painter
        font = QFont(painter.font())
        font.setPointSizeF(points)
        font.setBold(bold)
        painter.setFont(font)
        painter.setPen(ink)
        room = QRectF(box.left(), y, box.width(), box.bottom() - y)
        used = painter.boundingRect(room, Qt.TextFlag.TextWordWrap, text)
        painter.drawText(room, Qt.TextFlag.TextWordWrap, text)
        return float(used.bottom()) + 1.5 * _MM

    def _sketch(self, card: ValveCard, room: QRectF) -> None:
        """Streets grey, pipes by width, the valve in the middle, north up."""
        painter = self._painter
        side = min(room.width(), room.height())
        box = QRectF(room.left(), room.top(), side, side)
        middle, scale = box.center(), side / 2 / SKETCH_M
        painter.save()
        painter.setClipRect(box)
        for x0, y0, x1, y1 in card.road_lines.tolist():
            painter.setPen(QPen(QColor("#e3e6e8"), 5 * _MM, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawLine(_across(middle, scale, x0, y0, x1, y1))
        for x0, y0, x1, y1, size in card.lines.tolist():
            painter.setPen(QPen(_INK, (0.4 + size / 500.0) * _MM, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawLine(_across(middle, scale, x0, y0, x1, y1))
        painter.setPen(QPen(QColor("white"), 0.5 * _MM))
        painter.setBrush(_RED)
        painter.drawEllipse(middle, 3.2 * _MM, 3.2 * _MM)
        painter.setPen(QColor("white"))
        font = QFont(painter.font())
        font.setPointSizeF(11)
        font.setBold(True)
        painter.setFont(font)
        painter.drawText(
            QRectF(middle.x() - 4 * _MM, middle.y() - 4 * _MM, 8 * _MM, 8 * _MM), Qt.AlignmentFlag.AlignCenter, str(card.order)
        )
        painter.restore()
        painter.setPen(QPen(_GREY, 0.2 * _MM))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(box)
        self._furniture(box, scale)

    def _furniture(self, box: QRectF, scale: float) -> None:
        painter = self._painter
        painter.setPen(QPen(_INK, 0.3 * _MM))
        top = QPointF(box.right() - 6 * _MM, box.top() + 4 * _MM)
        painter.drawLine(QLineF(top, top + QPointF(0, 8 * _MM)))
        painter.drawLine(QLineF(top, top + QPointF(-1.5 * _MM, 3 * _MM)))
        painter.drawLine(QLineF(top, top + QPointF(1.5 * _MM, 3 * _MM)))
        self._line(
            QRectF(top.x() - 4 * _MM, top.y() + 8 * _MM, 8 * _MM, 8 * _MM), top.y() + 8 * _MM, self._text("north"), 9, _INK
        )
        bar = QPointF(box.left() + 4 * _MM, box.bottom() - 5 * _MM)
        painter.setPen(QPen(_INK, 0.5 * _MM))
        painter.drawLine(QLineF(bar, bar + QPointF(20.0 * scale, 0)))
        self._line(QRectF(bar.x(), bar.y() - 6 * _MM, 40 * _MM, 6 * _MM), bar.y() - 6 * _MM, "20 m", 9, _INK)

    def _text(self, key: str, **params: object) -> str:
        return self._words.catalogue.text(f"tools.plan.{key}", **params)


def _across(middle: QPointF, scale: float, x0: float, y0: float, x1: float, y1: float) -> QLineF:
    """A line in metres from the valve as one on the page: north is up."""
    return QLineF(middle.x() + x0 * scale, middle.y() - y0 * scale, middle.x() + x1 * scale, middle.y() - y1 * scale)
