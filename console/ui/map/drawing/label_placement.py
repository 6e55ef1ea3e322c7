"""Labels without overlap: placed in the caller's order, on the side they had in the last frame."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, hypot, pi, sin

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

_CELL_PX = 4.0
_GAP_PX = 3.0
_SIDES = tuple((last, *(side for side in range(8) if side != last)) for last in range(8))
_SIZES: dict[tuple[float, int, str], tuple[float, float]] = {}
"""Sizes of texts by point size, weight and text (the family is the program's own)."""
_SIZES_MOST = 20_000


@dataclass(frozen=True, slots=True)
class Ink:
    """How a label is written. ``back``: ground behind it, None for bare text."""

    font: QFont
    colour: QColor
    back: QColor | None = None


class LabelMemory:
    """The side of its anchor on which each label was drawn last. It is used again while there is room, so labels do not jump."""

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
        for side in _SIDES[last]:
            left, top = _beside(side, x, y, width, height, offset)
            if self._free(left, top, width, height):
                if key:
                    self._memory.stood(key, side)
                return self._kept(QRectF(left, top, width, height))
        return self._kept(QRectF(*_beside(0, x, y, width, height, offset), width, height)) if insist else None

    def centred(self, x: float, y: float, width: float, height: float, key: str = "") -> QRectF | None:
        """The place about a point, if it is free."""
        if not self._free(x - width / 2, y - height / 2, width, height):
            return None
        if key:
            self._memory.stood(key, 0)
        return self._kept(QRectF(x - width / 2, y - height / 2, width, height))

    def along(self, x: float, y: float, width: float, height: float, room: tuple[float, float], key: str) -> QRectF | None:
        """A free place about a point, else to its sides along a line of the length ``room`` (dx, dy) about it.

        Where the screen's edge takes the middle, there is none: a name must not run before the edge while the map is dragged.
        """
        if x < width / 2 or y < height / 2 or x + width / 2 > self._width or y + height / 2 > self._height:
            return None
        for share in (0.0, 0.25, -0.25, 0.45, -0.45):
            place = self.centred(x + share * room[0], y + share * room[1], width, height, key)
            if place is not None or room == (0.0, 0.0):
                return place
        return None

    def _kept(self, place: QRectF) -> QRectF:
        self.take(place)
        self.placed.append(place)
        return place

    def _free(self, left: float, top: float, width: float, height: float) -> bool:
        right, bottom = left + width, top + height
        if left < 0 or top < 0 or right > self._width or bottom > self._height:
            return False
        rows = slice(int(top / _CELL_PX), int(bottom / _CELL_PX) + 1)
        return not self._taken[rows, int(left / _CELL_PX) : int(right / _CELL_PX) + 1].any()

    def _cells(self, rect: QRectF) -> tuple[slice, slice]:
        top, left = max(int(rect.top() / _CELL_PX), 0), max(int(rect.left() / _CELL_PX), 0)
        return slice(top, max(int(rect.bottom() / _CELL_PX) + 1, 0)), slice(left, max(int(rect.right() / _CELL_PX) + 1, 0))


def _beside(side: int, x: float, y: float, width: float, height: float, offset: float) -> tuple[float, float]:
    """(left, top) of a label on one of the eight sides of its anchor."""
    if side == 0:
        return x + offset, y - height / 2
    if side == 1:
        return x - offset - width, y - height / 2
    if side < 4:
        return x - width / 2, y - height - offset if side == 2 else y + offset
    left = x + offset if side < 6 else x - offset - width
    return left, y - height - offset / 2 if side % 2 == 0 else y + offset / 2


def spread(
    places: list[tuple[float, float]], apart_px: float, taken: list[tuple[float, float]] | None = None
) -> list[tuple[float, float]]:
    """Screen points, each moved to the nearest free spot around it.

    Discs of ``apart_px`` at the results overlap neither one another nor those at the points ``taken``.
    """
    kept: list[tuple[float, float]] = []
    fixed = taken or []
    for x, y in places:
        spots = [(x, y)]
        for ring in (1.0, 1.6, 2.4):
            spots += [(x + ring * apart_px * cos(turn * pi / 4), y + ring * apart_px * sin(turn * pi / 4)) for turn in range(8)]
        free = (spot for spot in spots if all(hypot(spot[0] - a, spot[1] - b) >= apart_px * 0.98 for a, b in (*kept, *fixed)))
        kept.append(next(free, (x, y)))
    return kept


def text_size(font: QFont, text: str) -> tuple[float, float]:
    """(width, height) a label needs, its margin included."""
    key = (font.pointSizeF(), font.weight().value, text)
    found = _SIZES.get(key)
    if found is None:
        if len(_SIZES) > _SIZES_MOST:
            _SIZES.clear()
        metrics = QFontMetricsF(font)
        found = _SIZES[key] = (metrics.horizontalAdvance(text) + 2 * _GAP_PX, metrics.height())
    return found


def write(painter: QPainter, place: QRectF, text: str, ink: Ink) -> None:
    """Write a label into its place."""
    if ink.back is not None:
        painter.fillRect(place, ink.back)
    painter.setFont(ink.font)
    painter.setPen(ink.colour)
    painter.drawText(place, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip, text)
