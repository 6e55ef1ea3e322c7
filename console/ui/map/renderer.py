"""Renderer: keeps a finished picture for the map to show at once, and draws the next one in slices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter

from PySide6.QtCore import QObject, QRectF, QTimer, Signal
from PySide6.QtGui import QImage, QPainter

from console.ui.map.camera import Camera
from console.ui.map.scene import Scene
from console.ui.map.static_layer import StaticStyle, blank, paint_static

SLICE_S = 0.004
"""Drawing time before the event loop gets its turn: half a frame of the pan budget."""
_OVERVIEW_PX = 900


@dataclass(frozen=True, eq=False)
class Drawn:
    """A finished picture and the camera it was drawn for."""

    image: QImage
    camera: Camera


class Renderer(QObject):
    """``request`` a camera, ``paint`` what there is; ``finished`` when a new picture has been swapped in."""

    finished = Signal()

    def __init__(self, scene: Scene, style: StaticStyle, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._scene, self._style = scene, style
        self._drawn: Drawn | None = None
        self._overview: Drawn | None = None
        self._wanted: Camera | None = None
        self._running: Iterator[None] | None = None
        self._running_camera: Camera | None = None
        self._target: QImage | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._slice)

    @property
    def busy(self) -> bool:
        """Whether a picture is being drawn."""
        return self._running is not None

    def set_style(self, style: StaticStyle) -> None:
        """Draw anew in another style; the old picture stays until the new one is there."""
        self._style, self._overview = style, None
        self._give_up()
        if self._wanted is not None:
            self.request(self._wanted, force=True)

    def request(self, camera: Camera, force: bool = False) -> None:
        """Want a picture of ``camera``. One that is under way is finished first unless it is of another scale."""
        self._wanted = camera
        if not force and self._drawn is not None and self._drawn.camera == camera and self._running is None:
            return
        running = self._running_camera
        if force or (running is not None and not 0.5 < running.m_per_px / camera.m_per_px < 2.0):
            self._give_up()
        if self._running is None:
            self._begin(camera)
        self._timer.start()

    def draw_now(self) -> None:
        """Finish the wanted picture before returning (screenshots, the first frame)."""
        while self._running is not None:
            self._advance(float("inf"))
        self._timer.stop()

    def paint(self, painter: QPainter, camera: Camera) -> None:
        """Show the best there is for ``camera`` at once: the picture moved and scaled, the overview around it."""
        if self._drawn is not None and self._drawn.camera == camera:
            painter.drawImage(0, 0, self._drawn.image)
            return
        if self._overview is None:
            self._overview = self._draw_overview(camera)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.fillRect(0, 0, camera.width, camera.height, self._style.theme.colour("map.background"))
        for drawn in (self._overview, self._drawn):
            if drawn is not None:
                painter.drawImage(_placed(drawn.camera, camera), drawn.image, QRectF(drawn.image.rect()))
        painter.restore()

    def _draw_overview(self, camera: Camera) -> Drawn:
        size = max(1, min(_OVERVIEW_PX, camera.height))
        whole = Camera(0, 0, 1, _OVERVIEW_PX, size).fitted(self._scene.bounds)
        style = StaticStyle(self._style.theme, self._style.visible)
        image = blank(whole, style)
        for _ in paint_static(image, self._scene, whole, style):
            pass
        return Drawn(image, whole)

    def _begin(self, camera: Camera) -> None:
        self._target = blank(camera, self._style)
        self._running_camera = camera
        self._running = paint_static(self._target, self._scene, camera, self._style)

    def _give_up(self) -> None:
        if self._running is not None:
            self._running.close()  # type: ignore[attr-defined]  # a generator: ends its painter
        self._running, self._target, self._running_camera = None, None, None

    def _slice(self) -> None:
        if self._running is None:
            self._timer.stop()
            return
        self._advance(SLICE_S)

    def _advance(self, budget_s: float) -> None:
        assert self._running is not None
        until = perf_counter() + budget_s
        for _ in self._running:
            if perf_counter() > until:
                return
        self._swap()

    def _swap(self) -> None:
        assert self._target is not None
        assert self._running_camera is not None
        self._drawn = Drawn(self._target, self._running_camera)
        self._running, self._target, self._running_camera = None, None, None
        if self._wanted is not None and self._wanted != self._drawn.camera:
            self._begin(self._wanted)
        else:
            self._timer.stop()
        self.finished.emit()


def _placed(drawn: Camera, shown: Camera) -> QRectF:
    """Where a picture of ``drawn`` lies on the screen of ``shown``."""
    left, top = shown.to_screen(*drawn.to_world(0, 0))
    right, bottom = shown.to_screen(*drawn.to_world(drawn.width, drawn.height))
    return QRectF(left, top, right - left, bottom - top)
