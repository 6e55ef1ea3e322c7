"""Renderer: keeps a finished picture for the map to show at once; the next one is drawn by worker threads."""

from __future__ import annotations

import logging
import os
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from threading import Event, Lock, get_native_id

from PySide6.QtCore import QObject, QPoint, QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QImage, QPainter, QRegion

from console.ui.map.drawing.band import DrawingCancelled, PictureBand, StaticStyle
from console.ui.map.drawing.static_layer import BANDS, Extras, blank, in_bands, paint_static, warm
from console.ui.map.live.marks import Marks
from console.ui.map.scene import Scene
from console.ui.map.view.camera import Camera

log = logging.getLogger(__name__)

_OVERVIEW_PX = 900
_SPARE_MOST = 2
_SAME_SCALE = 1e-9
_NICE = 4


@dataclass(frozen=True, eq=False)
class DrawJob:
    """Everything a picture depends on; two jobs with equal parts give the same picture."""

    camera: Camera
    style: StaticStyle
    extras: Extras
    marks: Marks

    def same_ground(self, other: DrawJob) -> bool:
        """Whether all but the marks is the same."""
        return self.camera == other.camera and self.style is other.style and self.extras is other.extras

    def same(self, other: DrawJob) -> bool:
        """Whether the picture would be the same."""
        return self.same_ground(other) and self.marks is other.marks


@dataclass(frozen=True, eq=False)
class Drawn:
    """A finished picture, the one without marks it was made from, and what it shows."""

    image: QImage
    ground: QImage
    job: DrawJob


def yield_to_window() -> None:
    """Lower the priority of the calling thread below the window's (Linux, where niceness is per thread)."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, get_native_id(), _NICE)


class Renderer(QObject):
    """``request`` a camera, ``paint`` what there is; ``finished`` when a new picture has been swapped in.

    Pictures are drawn one at a time, each in bands on several threads, into two or three images that are used in turn.
    """

    finished = Signal()
    _ended = Signal(object)

    def __init__(self, scene: Scene, style: StaticStyle, parent: QObject | None = None) -> None:
        super().__init__(parent)
        warm()
        self._scene = scene
        self._style, self._extras, self._marks = style, Extras(), Marks()
        self._drawn: Drawn | None = None
        self._overview: Drawn | None = None
        self._camera: Camera | None = None
        self._running: Future[Drawn] | None = None
        self._running_wish: DrawJob | None = None
        self._cancelled = Event()
        self._spare: list[QImage] = []
        self._lock = Lock()
        self._conductor = ThreadPoolExecutor(1, thread_name_prefix="map-picture", initializer=yield_to_window)
        self._pool = ThreadPoolExecutor(max(BANDS - 1, 1), thread_name_prefix="map-band", initializer=yield_to_window)
        self._closed = False
        self._ended.connect(self._take, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        """Whether a picture is being drawn."""
        return self._running is not None

    @property
    def has_picture(self) -> bool:
        """Whether a whole picture of the map has been drawn and can be shown."""
        return self._drawn is not None

    @property
    def extras(self) -> Extras:
        """Themed pipes, flows, pressure surface, tiles."""
        return self._extras

    def set_style(self, style: StaticStyle) -> None:
        """Draw anew in another style; the old picture stays until the new one is there."""
        self._style, self._overview = style, None
        self._again()

    def set_ratio(self, ratio: float) -> None:
        """Another density of pixels (the window has moved to another screen)."""
        if ratio != self._style.ratio:
            self.set_style(replace(self._style, ratio=ratio))

    def share(self, other: Renderer, style: StaticStyle, marks: Marks) -> None:
        """Take over what another renderer has computed."""
        self._extras, self._marks = other.extras, marks
        self.set_style(style)

    def set_extras(self, **parts: object) -> None:
        """Other themed pipes, flows, pressure surface or tiles (fields of Extras)."""
        self._extras = replace(self._extras, **parts)  # type: ignore[arg-type]
        self._again()

    def set_marks(self, marks: Marks) -> None:
        """Other marks; the ground is not drawn again for them."""
        self._marks = marks
        self._again()

    def request(self, camera: Camera) -> None:
        """Request a picture of ``camera``. A running one is finished first, unless it is of another scale."""
        self._camera = camera
        running = self._running_wish
        if running is not None and not 0.5 < running.camera.m_per_px / camera.m_per_px < 2.0:
            self._cancelled.set()
        self._begin()

    def draw_now(self) -> None:
        """Finish the wanted picture before returning (screenshots, the first frame)."""
        self._begin()
        while self._running is not None:
            running = self._running
            running.exception()
            self._take(running)

    def close(self) -> None:
        """End the threads; what is painted afterwards is the last picture."""
        self._closed = True
        self._cancelled.set()
        self._conductor.shutdown(wait=True, cancel_futures=True)
        self._pool.shutdown(wait=True)
        self._running, self._running_wish = None, None

    def paint(self, painter: QPainter, camera: Camera) -> None:
        """Show the best there is for ``camera`` at once: the picture moved and scaled, the overview around it."""
        if self._drawn is None and self._camera is not None and not self._closed:
            self.draw_now()
        drawn = self._drawn
        if drawn is not None and drawn.job.camera == camera:
            painter.drawImage(0, 0, drawn.image)
            return
        painter.save()
        screen = QRect(0, 0, camera.width, camera.height)
        around = QRegion(screen)
        if drawn is not None:
            covered = _placed(drawn.job.camera, camera)
            around -= QRegion(covered.toAlignedRect().adjusted(1, 1, -1, -1))
        if not around.isEmpty():
            painter.setClipRegion(around)
            painter.fillRect(screen, self._style.theme.colour("map.background"))
            if self._overview is not None:
                _paint_part(painter, self._overview, camera, around.boundingRect())
            painter.setClipping(False)
        if drawn is not None:
            if abs(drawn.job.camera.m_per_px / camera.m_per_px - 1.0) < _SAME_SCALE:
                painter.drawImage(QPoint(round(covered.left()), round(covered.top())), drawn.image)
            else:
                _paint_part(painter, drawn, camera, screen)
        painter.restore()

    # Drawing

    def _again(self) -> None:
        self._cancelled.set()
        self._begin()

    def _begin(self) -> None:
        if self._running is not None or self._camera is None or self._closed:
            return
        job = DrawJob(self._camera, self._style, self._extras, self._marks)
        if self._drawn is not None and self._drawn.job.same(job):
            return
        self._cancelled.clear()
        self._running_wish = job
        running = self._conductor.submit(self._draw, job, self._drawn)
        self._running = running
        running.add_done_callback(self._tell)

    def _tell(self, done: Future[Drawn]) -> None:
        if not self._closed:
            self._ended.emit(done)

    @Slot(object)
    def _take(self, done: Future[Drawn]) -> None:
        if done is not self._running:
            return
        self._running, self._running_wish = None, None
        if done.cancelled():
            return
        fault = done.exception()
        if fault is None:
            self._swap(done.result())
        elif not isinstance(fault, DrawingCancelled):
            raise fault
        self._begin()
        if fault is None:
            self.finished.emit()

    def _swap(self, drawn: Drawn) -> None:
        old, self._drawn = self._drawn, drawn
        if (self._overview is None or self._overview.job.style is not drawn.job.style) and not self._closed:
            self._conductor.submit(self._draw_overview, drawn.job)
        if old is None:
            return
        kept = (drawn.image, drawn.ground)
        with self._lock:
            for image in (old.image, old.ground):
                if not any(image is other for other in (*kept, *self._spare)) and len(self._spare) < _SPARE_MOST:
                    self._spare.append(image)

    def _draw(self, job: DrawJob, last: Drawn | None) -> Drawn:
        """Draw the picture of a job; called on the conductor's thread."""
        if last is not None and last.job.same_ground(job):
            ground = last.ground
        else:
            ground = self._blank(job.camera, job.style)
            paint_static(ground, self._scene, job.camera, job.style, job.extras, self._pool, self._wanted)
        if job.marks.empty:
            image = ground
        else:
            image = self._blank(job.camera, job.style)
            self._marked(image, ground, job)
        return Drawn(image, ground, job)

    def _marked(self, image: QImage, ground: QImage, job: DrawJob) -> None:
        def paint(part: QImage, top: float, view: tuple[float, float, float, float]) -> None:
            painter = QPainter(part)
            try:
                painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
                target = QRectF(0, 0, job.camera.width, part.height() / job.style.ratio)
                painter.drawImage(target, ground, _source(ground, part, top, job))
                painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.translate(0, -top)
                job.marks.paint(PictureBand(painter, job.camera, view, job.style, self._wanted))
            finally:
                painter.end()

        in_bands(image, job.camera, job.style.ratio, self._pool, paint)

    def _wanted(self) -> bool:
        return not self._cancelled.is_set()

    def _blank(self, camera: Camera, style: StaticStyle) -> QImage:
        with self._lock:
            for number, image in enumerate(self._spare):
                if image.devicePixelRatio() == style.ratio and image.size() == _size(camera, style):
                    return self._spare.pop(number)
            self._spare.clear()
        return blank(camera, style)

    def _draw_overview(self, job: DrawJob) -> None:
        size = max(1, min(_OVERVIEW_PX, job.camera.height))
        whole = Camera(0, 0, 1, _OVERVIEW_PX, size).fitted(self._scene.bounds)
        image = blank(whole, replace(job.style, ratio=1.0))
        paint_static(image, self._scene, whole, replace(job.style, ratio=1.0), Extras(job.extras.themed), self._pool)
        self._overview = Drawn(image, image, replace(job, camera=whole))


def _size(camera: Camera, style: StaticStyle) -> QSize:
    return QSize(round(camera.width * style.ratio), round(camera.height * style.ratio))


def _source(ground: QImage, part: QImage, top: float, job: DrawJob) -> QRectF:
    return QRectF(0, round(top * job.style.ratio), ground.width(), part.height())


def _placed(drawn: Camera, shown: Camera) -> QRectF:
    """Where a picture of ``drawn`` lies on the screen of ``shown``."""
    left, top = shown.to_screen(*drawn.to_world(0, 0))
    right, bottom = shown.to_screen(*drawn.to_world(drawn.width, drawn.height))
    return QRectF(left, top, right - left, bottom - top)


def _paint_part(painter: QPainter, drawn: Drawn, camera: Camera, wanted: QRect) -> None:
    """The part of a picture that lies in ``wanted`` (screen), scaled; all of a huge one would be clipped pixel by pixel."""
    placed = _placed(drawn.job.camera, camera)
    part = placed.intersected(QRectF(wanted))
    if part.isEmpty():
        return
    factor = drawn.image.width() / placed.width()
    source = QRectF(
        (part.left() - placed.left()) * factor,
        (part.top() - placed.top()) * factor,
        part.width() * factor,
        part.height() * factor,
    )
    painter.drawImage(part, drawn.image, source)
