"""Labels without overlap: first come, first placed; who comes first is the caller's order, so labels stay put while panning."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import cos, hypot, pi, sin

import numpy as np
from numpy.typing import NDArray
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


class LabelMemory:
    """Which side of its anchor each label stood on last: it stands there again while there is room, so labels do not dance."""

    def __init__(self) -> None:
        self.sides: dict[str, int] = {}
        self._next: dict[str, int] = {}

    def stood(self, key: str, side: int) -> None:
        """A label was placed in this frame."""
        self._next[key] = side

    def end_frame(self) -> None:
        """Labels of this frame are those remembered for the next."""
        self.sides, self._next = self._next, {}


class Placer:
    """Keeps which part of a screen is taken, on a 4 px grid."""

    def __init__(self, width: int, height: int, memory: LabelMemory | None = None) -> None:
        self._width, self._height = width, height
        self._taken = np.zeros((int(height / _CELL_PX) + 2, int(width / _CELL_PX) + 2), dtype=bool)
        self._memory = memory or LabelMemory()
        self.placed: list[QRectF] = []
        """Rectangles of the labels that found room, in order."""

    def take(self, rect: QRectF) -> None:
        """Keep labels off ``rect`` (a symbol, a scale bar)."""
        rows, columns = self._cells(rect)
        self._taken[rows, columns] = True

    def take_many(self, x: NDArray[np.float64], y: NDArray[np.float64], half: float) -> None:
        """Keep labels off the squares about many screen points."""
        rows, columns = self._taken.shape
        steps = np.arange(-half, half + _CELL_PX, _CELL_PX)
        for dy in steps:
            row = ((y + dy) / _CELL_PX).astype(np.int64)
            for dx in steps:
                column = ((x + dx) / _CELL_PX).astype(np.int64)
                inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
                self._taken[row[inside], column[inside]] = True

    def was_shown(self, key: str) -> bool:
        """Whether the label was on the last frame; such ones come first among equals."""
        return key in self._memory.sides

    def find(
        self, x: float, y: float, width: float, height: float, offset: float, insist: bool = False, key: str = ""
    ) -> QRectF | None:
        """A free place beside an anchor (right, left, above, below); None when there is none, unless ``insist``.

        ``key``: a label's own name; it then keeps its side while there is room.
        """
        last = self._memory.sides.get(key, 0) if key else 0
        for side in (last, *(n for n in range(8) if n != last)):
            place = _beside(side, x, y, width, height, offset)
            if self._inside(place) and self._free(place):
                if key:
                    self._memory.stood(key, side)
                return self._kept(place)
        return self._kept(_beside(0, x, y, width, height, offset)) if insist else None

    def centred(self, x: float, y: float, width: float, height: float, key: str = "") -> QRectF | None:
        """The place about a point, if it is free."""
        place = QRectF(x - width / 2, y - height / 2, width, height)
        if not (self._inside(place) and self._free(place)):
            return None
        if key:
            self._memory.stood(key, 0)
        return self._kept(place)

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


def _beside(side: int, x: float, y: float, width: float, height: float, offset: float) -> QRectF:
    near, left, above = offset / 2, x - offset - width, y - height
    return QRectF(
        (x + offset, left, x - width / 2, x - width / 2, x + offset, x + offset, left, left)[side],
        (y - height / 2, y - height / 2, above - offset, y + offset, above - near, y + near, above - near, y + near)[side],
        width,
        height,
    )


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
    return _text_size(font.key(), text)


@lru_cache(maxsize=8192)
def _text_size(font_key: str, text: str) -> tuple[float, float]:
    font = QFont()
    font.fromString(font_key)
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
