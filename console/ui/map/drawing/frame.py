"""Frame: painter, camera, style and occupied places for painting one frame of the overlay."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from console.ui.map.drawing.label_placement import Ink, Placer, text_size, write
from console.ui.map.layers import LayerSettings, MapLayer
from console.ui.map.view.camera import Camera
from console.ui.theme import Theme
from console.ui.words import Words


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame of the overlay.

    ``hurried``: slow parts may wait for the next frame; ``vector``: symbols and names as strokes, not as pictures.
    """

    painter: QPainter
    camera: Camera
    theme: Theme
    words: Words
    placer: Placer
    look: LayerSettings
    ratio: float = 1.0
    hurried: bool = False
    vector: bool = False

    def shows(self, layer: MapLayer) -> bool:
        """Whether a layer is shown."""
        return self.look.shows(layer)

    @contextmanager
    def faded(self, layer: MapLayer) -> Iterator[None]:
        """Paint with a layer's opacity."""
        self.painter.setOpacity(self.look.alpha(layer))
        yield
        self.painter.setOpacity(1.0)

    def label(self, key: str, text: str, x: float, y: float, ink: Ink, offset: float) -> QRectF | None:
        """Write a label beside a screen point where there is room."""
        place = self.placer.find(x, y, *text_size(ink.font, text), offset=offset, key=key)
        if place is not None:
            write(self.painter, place, text, ink)
        return place

    def holds(self, x: float, y: float, margin: float = 0.0) -> bool:
        """Whether a screen point is in view, give or take a margin."""
        return -margin < x < self.camera.width + margin and -margin < y < self.camera.height + margin
