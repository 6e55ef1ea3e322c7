"""Segments to QPainter without a Python object per line: one float64 buffer a batch, handed over by address.

PySide holds the interpreter lock while it draws. Qt's own function, called by its exported name, does not: then the
window goes on painting while a worker thread draws. Where the name is not found PySide draws, a batch at a time.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import cast

import numpy as np
import PySide6
import shiboken6
from numpy.typing import NDArray
from PySide6.QtCore import QLineF
from PySide6.QtGui import QPainter

from console.ui.map.drawing.line_levels import Level, LineWork
from console.ui.map.view.camera import Camera

BATCH = 8000
"""Lines drawn between two checks whether the picture is still needed (about 2 ms)."""
_LIBRARIES = ("Qt/lib/libQt6Gui.so.6", "Qt/lib/QtGui.framework/QtGui", "Qt6Gui.dll")
_NAMES = ("_ZN8QPainter9drawLinesEPK6QLineFi", "?drawLines@QPainter@@QEAAXPEBVQLineF@@H@Z")

DrawLines = Callable[[int, int, int], None]


@cache
def unlocked() -> DrawLines | None:
    """``QPainter::drawLines(const QLineF *, int)`` itself (painter, lines, count), None where it is not found."""
    for library in _LIBRARIES:
        path = Path(PySide6.__file__).parent / library
        if path.exists():
            try:
                qt_gui = ctypes.CDLL(str(path))
            except OSError:
                continue
            for name in _NAMES:
                draw = getattr(qt_gui, name, None)
                if draw is not None and sys.maxsize > 2**32:
                    draw.argtypes, draw.restype = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int], None
                    return cast(DrawLines, draw)
    return None


def draw_segments(painter: QPainter, screen: NDArray[np.float64]) -> None:
    """Draw (n, 4) screen segments x0, y0, x1, y1 with the painter's pen; the array must be C-contiguous float64."""
    if not len(screen):
        return
    draw = unlocked()
    if draw is not None:
        draw(shiboken6.getCppPointer(painter)[0], screen.ctypes.data, len(screen))
    else:
        painter.drawLines(cast(QLineF, shiboken6.wrapInstance(screen.ctypes.data, QLineF)), len(screen))


def on_screen(segments: NDArray[np.floating], origin: tuple[float, float], camera: Camera) -> NDArray[np.float64]:
    """Segments relative to ``origin`` (n, 4), m, as screen segments, (n, 4)."""
    factor = np.array([1.0, -1.0, 1.0, -1.0]) / camera.m_per_px
    left, top = camera.to_screen(*origin)
    screen: NDArray[np.float64] = np.multiply(segments, factor, dtype=np.float64)
    screen += np.array([left, top, left, top])
    return screen


def batches(
    work: LineWork, level: Level, klass: int, camera: Camera, view: tuple[float, float, float, float] | None = None
) -> Iterator[NDArray[np.float64]]:
    """Screen segments of one class in ``view`` (world, m; else the camera's), about BATCH at a time, short runs put together."""
    waiting: list[NDArray[np.float32]] = []
    count = 0
    for run in level.runs(klass, work.relative(view or camera.view())):
        for start in range(run.start, run.stop, BATCH):
            waiting.append(level.segments[start : min(start + BATCH, run.stop)])
            count += len(waiting[-1])
            if count >= BATCH:
                yield on_screen(_one(waiting), work.origin, camera)
                waiting, count = [], 0
    if waiting:
        yield on_screen(_one(waiting), work.origin, camera)


def _one(blocks: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    return np.concatenate(blocks) if len(blocks) > 1 else blocks[0]
