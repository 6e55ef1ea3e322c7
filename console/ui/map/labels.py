"""Labels without overlap: first come, first placed; who comes first is the caller's order, so labels stay put while panning."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, hypot, pi, sin

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

_CELL_PX = 4.0
_GAP_PX = 3.0


@dataclass(frozen=True, slots=True)
class Ink:
    """How a label is written. ``back``: ground behind it, None for bare text."""

    font: QFont
    colour: QColor
    back: QColor | None = None


class Placer:
    """Keeps which part of a screen is taken, on a 4 px grid."""

    def __init__(self, width: int, height: int) -> None:
        self._width, self._height = width, height
        self._taken = np.zeros((int(height / _CELL_PX) + 2, int(width / _CELL_PX) + 2), dtype=bool)
        self.placed: list[QRectF] = []
        """Rectangles of the labels that found room, in order."""

    def take(self, rect: QRectF) -> None:
        """Keep labels off ``rect`` (a symbol, a scale bar)."""
        rows, columns = self._cells(rect)
        self._taken[rows, columns] = True

    def find(self, x: float, y: float, width: float, height: float, offset: float, insist: bool = False) -> QRectF | None:
        """A free place beside an anchor (right, left, above, below); None when there is none, unless ``insist``."""
        places = (
            QRectF(x + offset, y - height / 2, width, height),
            QRectF(x - offset - width, y - height / 2, width, height),
            QRectF(x - width / 2, y - offset - height, width, height),
            QRectF(x - width / 2, y + offset, width, height),
            QRectF(x + offset, y - height - offset / 2, width, height),
            QRectF(x + offset, y + offset / 2, width, height),
            QRectF(x - offset - width, y - height - offset / 2, width, height),
            QRectF(x - offset - width, y + offset / 2, width, height),
        )
        for place in places:
            if self._inside(place) and self._free(place):
                return self._kept(place)
        return self._kept(places[0]) if insist else None

    def centred(self, x: float, y: float, width: float, height: float) -> QRectF | None:
        """The place about a point, if it is free."""
        place = QRectF(x - width / 2, y - height / 2, width, height)
        return self._kept(place) if self._inside(place) and self._free(place) else None

    def _kept(self, place: QRectF) -> QRectF:
        self.take(place)
        self.placed.append(place)
        return place

    def _inside(self, place: QRectF) -> bool:
        return place.left() >= 0 and place.top() >= 0 and place.right() <= self._width and place.bottom() <= self._height

    def _free(self, place: QRectF) -> bool:
        rows, columns = self._cells(place)
        return not self._taken[rows, columns].any()

    def _cells(self, rect: QRectF) -> tuple[slice, slice]:
        top, left = max(int(rect.top() / _CELL_PX), 0), max(int(rect.left() / _CELL_PX), 0)
        return slice(top, max(int(rect.bottom() / _CELL_PX) + 1, 0)), slice(left, max(int(rect.right() / _CELL_PX) + 1, 0))


def spread(places: list[tuple[float, float]], apart_px: float) -> list[tuple[float, float]]:
    """Screen points moved aside, each to the nearest free spot around it, so that discs of ``apart_px`` do not overlap."""
    kept: list[tuple[float, float]] = []
    for x, y in places:
        spots = [(x, y)]
        for ring in (1.0, 1.6, 2.4):
            spots += [(x + ring * apart_px * cos(turn * pi / 4), y + ring * apart_px * sin(turn * pi / 4)) for turn in range(8)]
        free = (spot for spot in spots if all(hypot(spot[0] - a, spot[1] - b) >= apart_px * 0.98 for a, b in kept))
        kept.append(next(free, (x, y)))
    return kept


def text_size(font: QFont, text: str) -> tuple[float, float]:
    """(width, height) a label needs, its margin included."""
    metrics = QFontMetricsF(font)
    return metrics.horizontalAdvance(text) + 2 * _GAP_PX, metrics.height()


def write(painter: QPainter, place: QRectF, text: str, ink: Ink) -> None:
    """Write a label into its place."""
    if ink.back is not None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink.back)
        painter.drawRoundedRect(place, 2.5, 2.5)
    painter.setFont(ink.font)
    painter.setPen(ink.colour)
    painter.drawText(place, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip, text)
