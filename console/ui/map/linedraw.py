"""Segments to QPainter without a Python object per line: one float64 buffer a batch, handed over by address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import numpy as np
import shiboken6
from numpy.typing import NDArray
from PySide6.QtCore import QLineF
from PySide6.QtGui import QPainter

from console.ui.map.camera import Camera
from console.ui.map.segments import Level, LineWork

BATCH = 6000
"""Lines drawn before the interpreter lock and the event loop get a chance (about 1–3 ms)."""


def draw_segments(painter: QPainter, screen: NDArray[np.float64]) -> None:
    """Draw (n, 4) screen segments x0, y0, x1, y1 with the painter's pen; the array must be C-contiguous float64."""
    if len(screen):
        first = cast(QLineF, shiboken6.wrapInstance(screen.ctypes.data, QLineF))
        painter.drawLines(first, len(screen))


def batches(work: LineWork, level: Level, klass: int, camera: Camera) -> Iterator[NDArray[np.float64]]:
    """Screen segments of one class in view, (≤ BATCH, 4) at a time."""
    shift = np.array(
        [
            camera.width / 2 + (work.origin[0] - camera.x) / camera.m_per_px,
            camera.height / 2 - (work.origin[1] - camera.y) / camera.m_per_px,
        ]
        * 2
    )
    factor = np.array([1.0, -1.0, 1.0, -1.0]) / camera.m_per_px
    for run in level.runs(klass, work.relative(camera.view())):
        for start in range(run.start, run.stop, BATCH):
            block = level.segments[start : min(start + BATCH, run.stop)]
            screen = np.multiply(block, factor, dtype=np.float64)
            screen += shift
            yield screen
