"""Segments to QPainter without a Python object per line: one float64 buffer a batch, handed over by address."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shiboken6
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF
from PySide6.QtGui import QPainter

from console.ui.map.camera import Camera
from console.ui.map.segments import Level, LineWork

BATCH = 6000
"""Lines drawn before the interpreter lock and the event loop get a chance (about 1–3 ms)."""


def draw_segments(painter: QPainter, screen: NDArray[np.float64]) -> None:
    """Draw (n, 4) screen segments x0, y0, x1, y1 with the painter's pen; the array must be C-contiguous float64."""
    if len(screen):
        painter.drawLines(shiboken6.wrapInstance(screen.ctypes.data, QLineF), len(screen))


def draw_polyline(painter: QPainter, screen: NDArray[np.float64]) -> None:
    """Draw one line through (n, 2) screen points; C-contiguous float64."""
    if len(screen) > 1:
        painter.drawPolyline(shiboken6.wrapInstance(screen.ctypes.data, QPointF), len(screen))


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


def to_screen(points: NDArray[np.float64], camera: Camera) -> NDArray[np.float64]:
    """World points (n, 2) as screen points (n, 2), C-contiguous float64."""
    out = np.empty((len(points), 2))
    out[:, 0], out[:, 1] = camera.project(points[:, 0], points[:, 1])
    return out
