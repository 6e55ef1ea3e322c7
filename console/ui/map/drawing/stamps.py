"""Stamps: symbols drawn once side by side into one pixmap; thousands are then put on the screen by one call."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import shiboken6
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPixmap

from console.ui.map.drawing.frame import Frame
from console.ui.map.drawing.symbols import paint_at

_FIELDS = 10
"""x, y, source left, top, width, height, scale x, y, rotation, opacity: Qt's own record of doubles."""


class Stamps:
    """A strip of symbols, each painted with the origin in the middle of its cell. Window's thread only."""

    def __init__(self, symbols: Sequence[Callable[[QPainter], None]], size: float, ratio: float) -> None:
        self._symbols = symbols
        self._cell = math.ceil(size * ratio)
        self._ratio = ratio
        self._pixmap = QPixmap(self._cell * max(len(symbols), 1), self._cell)
        self._pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(self._pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for number, paint in enumerate(symbols):
            painter.save()
            painter.setClipRect(number * self._cell, 0, self._cell, self._cell)
            painter.translate((number + 0.5) * self._cell, self._cell / 2)
            painter.scale(ratio, ratio)
            paint(painter)
            painter.restore()
        painter.end()

    def put(self, frame: Frame, x: NDArray[np.float64], y: NDArray[np.float64], symbol: NDArray[np.int64]) -> None:
        """Symbols at screen points (n,), later ones on top."""
        if frame.vector:
            for left, top, number in zip(x.tolist(), y.tolist(), symbol.tolist(), strict=True):
                paint_at(frame.painter, left, top, self._symbols[number])
        elif len(x):
            self._put_pictures(frame.painter, x, y, symbol)

    def _put_pictures(self, painter: QPainter, x: NDArray[np.float64], y: NDArray[np.float64], symbol: NDArray[np.int64]) -> None:
        records = np.empty((len(x), _FIELDS))
        # On whole device pixels: between them a symbol would blur.
        half = self._cell / 2
        records[:, 0] = (np.round(x * self._ratio - half) + half) / self._ratio
        records[:, 1] = (np.round(y * self._ratio - half) + half) / self._ratio
        records[:, 2] = symbol * self._cell
        records[:, 3] = 0.0
        records[:, 4:6] = self._cell
        records[:, 6:8] = 1.0 / self._ratio
        records[:, 8] = 0.0
        records[:, 9] = 1.0
        first = cast(QPainter.PixmapFragment, shiboken6.wrapInstance(records.ctypes.data, QPainter.PixmapFragment))
        painter.drawPixmapFragments(first, len(records), self._pixmap)
