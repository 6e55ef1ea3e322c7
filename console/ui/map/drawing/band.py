"""PictureBand: one horizontal band of the static picture with its own painter, so that bands are drawn in parallel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QTransform

from console.ui.map.drawing.line_batches import batches, draw_segments
from console.ui.map.drawing.line_levels import LineWork
from console.ui.map.layers import LayerSettings, MapLayer
from console.ui.map.view.camera import Camera
from console.ui.theme import Theme


class DrawingCancelled(Exception):
    """The picture being drawn is no longer wanted."""


@dataclass(frozen=True, eq=False)
class StaticStyle:
    """How to draw: theme, layers, pixels per logical pixel."""

    theme: Theme
    look: LayerSettings = field(default_factory=LayerSettings)
    ratio: float = 1.0

    @property
    def visible(self) -> frozenset[MapLayer]:
        """Layers shown."""
        return self.look.visible


@dataclass(frozen=True, eq=False)
class PictureBand:
    """``view``: the world rectangle of this band (m), ``camera`` the whole picture's; ``wanted``: False stops drawing.

    ``fineness``: below 1 for painters with more dots than a screen has pixels; ``vector``: symbols as strokes, not as pictures.
    """

    painter: QPainter
    camera: Camera
    view: tuple[float, float, float, float]
    style: StaticStyle
    wanted: Callable[[], bool]
    fineness: float = 1.0
    vector: bool = False

    def lines(self, work: LineWork, klass: int, pen: QPen) -> None:
        """Draw line work of one class. Raises DrawingCancelled."""
        self.painter.setPen(pen)
        level = work.level(self.camera.m_per_px * self.fineness)
        for screen in batches(work, level, klass, self.camera, self.view):
            if not self.wanted():
                raise DrawingCancelled
            draw_segments(self.painter, screen)

    def rows_in_view(self, x: NDArray[np.float64], y: NDArray[np.float64], margin_px: float = 12.0) -> NDArray[np.int64]:
        """Rows of the points in this band, with a margin for the size of their symbols."""
        margin = margin_px * self.camera.m_per_px
        low_x, low_y, high_x, high_y = self.view
        return np.flatnonzero((x > low_x - margin) & (x < high_x + margin) & (y > low_y - margin) & (y < high_y + margin))


def bands(
    image: QImage, camera: Camera, ratio: float, count: int
) -> list[tuple[QImage, float, tuple[float, float, float, float]]]:
    """(picture of the band, its top in logical pixels, its world rectangle) from top to bottom; they share the image's memory."""
    edges = np.linspace(0, image.height(), count + 1).astype(int)
    memory = image.bits()
    found = []
    for top, bottom in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if bottom > top:
            part = QImage(memory[top * image.bytesPerLine() :], image.width(), bottom - top, image.bytesPerLine(), image.format())
            part.setDevicePixelRatio(ratio)
            left, low = camera.to_world(0, bottom / ratio)
            right, high = camera.to_world(camera.width, top / ratio)
            found.append((part, top / ratio, (left, low, right, high)))
    return found


def world_transform(camera: Camera) -> QTransform:
    """World coordinates to screen, for painter paths."""
    scale = 1.0 / camera.m_per_px
    return QTransform(scale, 0.0, 0.0, -scale, camera.width / 2 - camera.x * scale, camera.height / 2 + camera.y * scale)


def pen(colour: QColor, width: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    """A pen; hairlines (0) and 1 px are drawn the fast way. Square caps close the joints of wide ones."""
    made = QPen(colour, width, style)
    made.setCapStyle(Qt.PenCapStyle.SquareCap if width > 2.2 and style is Qt.PenStyle.SolidLine else Qt.PenCapStyle.FlatCap)
    return made
