"""SketchMap: lines and marks on a plain ground, to be looked at before there is a city to open; wheel and drag move it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from console.ui.appearance import Appearance
from console.ui.map.drawing.line_batches import draw_segments, on_screen
from console.ui.map.ground.tiles import TileSource, tiles_in_view
from console.ui.map.view.camera import Camera, scale_bar
from maps import crs as crs_of

_MOST_SEGMENTS = 150_000
"""Segments drawn of one set: more would hold the window for over 100 ms; every k-th is drawn then."""
_ZOOM_STEP = 1.25
_MARK_PX, _CROSS_PX = 9.0, 6.0
Segments = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SketchLines:
    """Segments (n, 4), world metres, in the colour of a theme's role; ``px``: width; ``dashed``: a second sign besides colour."""

    segments: Segments
    role: str
    px: float = 1.0
    dashed: bool = False


@dataclass(frozen=True, eq=False)
class SketchMarks:
    """Marks at points (n, 2), world metres; ``shape``: ring, cross or plus."""

    points: NDArray[np.float64]
    role: str
    shape: str = "ring"


def segments_of(vertices: NDArray[np.float64], offsets: NDArray[np.int64]) -> Segments:
    """Ragged lines as segments, (n, 4); a vertex that is not finite breaks its line."""
    if len(vertices) < 2:
        return np.empty((0, 4))
    inside = np.ones(len(vertices) - 1, dtype=np.bool_)
    inside[np.asarray(offsets[1:-1], dtype=np.int64) - 1] = False
    made = np.concatenate([vertices[:-1], vertices[1:]], axis=1)[inside]
    return np.ascontiguousarray(made[np.isfinite(made).all(axis=1)])


class SketchMap(QWidget):
    """A ground of lines (drawn once for each view) and marks over it."""

    def __init__(self, appearance: Appearance, name: str) -> None:
        super().__init__()
        self._theme = appearance.theme
        self._lines: tuple[SketchLines, ...] = ()
        self._over: tuple[SketchLines, ...] = ()
        self._marks: tuple[SketchMarks, ...] = ()
        self._legend: tuple[tuple[str, str], ...] = ()
        self._tiles: TileSource | None = None
        self._crs = crs_of.LOCAL
        self.camera = Camera(0.0, 0.0, 1.0, 320, 240)
        self._drawn: tuple[Camera, QPixmap] | None = None
        self._dragged: QPointF | None = None
        self._shown_whole: Segments | None = None
        """What was brought into view, until the map is moved by hand: another size shows it whole again."""
        self.setMinimumSize(260, 180)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(name)

    def show_lines(
        self, lines: Sequence[SketchLines], crs: str = crs_of.LOCAL, *, tiles: TileSource | None = None, fit: bool = True
    ) -> None:
        """The ground: another set of lines; ``fit``: all of the last one in view. ``tiles``: drawn below in this CRS."""
        self._lines, self._crs, self._tiles, self._drawn = tuple(lines), crs, tiles, None
        if fit and lines and len(lines[-1].segments):
            self.fit(lines[-1].segments)
        self.update()

    def mark(
        self, marks: Sequence[SketchMarks] = (), lines: Sequence[SketchLines] = (), legend: Sequence[tuple[str, str]] = ()
    ) -> None:
        """What is drawn over the ground; ``legend``: (role, text) of each kind."""
        self._marks, self._over, self._legend = tuple(marks), tuple(lines), tuple(legend)
        self.update()

    def fit(self, segments: Segments) -> None:
        """Bring segments into view, without the outermost 1 % of their ends: one stray vertex would hide all others."""
        points = segments.reshape(-1, 2)
        if not len(points):
            return
        low, high = np.quantile(points, 0.01, axis=0), np.quantile(points, 0.99, axis=0)
        pad = np.maximum(0.02 * (high - low), 5.0)
        bounds = (float(low[0] - pad[0]), float(low[1] - pad[1]), float(high[0] + pad[0]), float(high[1] + pad[1]))
        self.camera = self.camera.resized(self.width(), self.height()).fitted(bounds)
        self._shown_whole, self._drawn = segments, None
        self.update()

    def go_to(self, x: float, y: float, m_per_px: float | None = None) -> None:
        """Bring a point into the middle."""
        self.camera = self.camera.centred(x, y, m_per_px)
        self._shown_whole = self._drawn = None
        self.update()

    # Qt

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the middle, or all that was brought into view."""
        self.camera, self._drawn = self.camera.resized(self.width(), self.height()), None
        if self._shown_whole is not None:
            self.fit(self._shown_whole)
        super().resizeEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the pointer."""
        factor = _ZOOM_STEP if event.angleDelta().y() > 0 else 1 / _ZOOM_STEP
        at = event.position()
        self.camera, self._drawn = self.camera.zoomed(factor, at.x(), at.y()), None
        self._shown_whole = None
        self.update()
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the map."""
        if event.button() is Qt.MouseButton.LeftButton:
            self._dragged = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move it; the picture is drawn anew when it is let go."""
        if self._dragged is not None:
            moved = event.position() - self._dragged
            self.camera, self._dragged = self.camera.panned(moved.x(), moved.y()), event.position()
            self._shown_whole = None
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let it go."""
        self._dragged = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint ground, marks, legend and scale."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.colour("map.background"))
        self._paint_ground(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for lines in self._over:
            self._paint_lines(painter, lines)
        for marks in self._marks:
            self._paint_marks(painter, marks)
        self._paint_legend(painter)
        self._paint_scale(painter)
        painter.end()

    def _paint_ground(self, painter: QPainter) -> None:
        if self._drawn is None or (self._drawn[0] != self.camera and self._dragged is None):
            self._drawn = self.camera, self._ground()
        camera, picture = self._drawn
        x, y = self.camera.to_screen(camera.x, camera.y)
        painter.drawPixmap(QPointF(x - self.width() / 2, y - self.height() / 2), picture)

    def _ground(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        made = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        made.setDevicePixelRatio(ratio)
        made.fill(self._theme.colour("map.background"))
        painter = QPainter(made)
        if self._tiles is not None:
            for placed in tiles_in_view(self._tiles, self.camera, self.camera.view(), self._crs):
                painter.save()
                painter.setTransform(placed.transform, True)
                painter.drawImage(0, 0, placed.image)
                painter.restore()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for lines in self._lines:
            self._paint_lines(painter, lines)
        painter.end()
        return made

    def _paint_lines(self, painter: QPainter, lines: SketchLines) -> None:
        pen = QPen(self._theme.colour(lines.role), lines.px)
        pen.setStyle(Qt.PenStyle.DashLine if lines.dashed else Qt.PenStyle.SolidLine)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap if lines.px > 2 else Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        low_x, low_y, high_x, high_y = self.camera.view()
        s = lines.segments
        seen = (np.maximum(s[:, 0], s[:, 2]) >= low_x) & (np.minimum(s[:, 0], s[:, 2]) <= high_x)
        seen &= (np.maximum(s[:, 1], s[:, 3]) >= low_y) & (np.minimum(s[:, 1], s[:, 3]) <= high_y)
        shown = s[seen]
        shown = shown[:: -(-len(shown) // _MOST_SEGMENTS)] if len(shown) > _MOST_SEGMENTS else shown
        draw_segments(painter, np.ascontiguousarray(on_screen(shown, (0.0, 0.0), self.camera)))

    def _paint_marks(self, painter: QPainter, marks: SketchMarks) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        x, y = self.camera.project(marks.points[:, 0], marks.points[:, 1])
        inside = np.flatnonzero((x > -20) & (x < self.width() + 20) & (y > -20) & (y < self.height() + 20))
        for colour, px in ((self._theme.colour("map.halo"), 4.5), (self._theme.colour(marks.role), 2.2)):
            painter.setPen(QPen(colour, px))
            for at in inside[:2000].tolist():
                _paint_mark(painter, float(x[at]), float(y[at]), marks.shape)

    def _paint_legend(self, painter: QPainter) -> None:
        if not self._legend:
            return
        painter.setFont(self._theme.font(9))
        high = painter.fontMetrics().height()
        wide = max(painter.fontMetrics().horizontalAdvance(text) for _, text in self._legend) + 34
        painter.setPen(Qt.PenStyle.NoPen)
        ground = QColor(self._theme.colour("surface.panel"))
        ground.setAlpha(230)
        painter.setBrush(ground)
        painter.drawRect(QRectF(8, 8, wide, high * len(self._legend) + 8))
        for at, (role, text) in enumerate(self._legend):
            y = 12 + high * (at + 0.5)
            painter.setPen(QPen(self._theme.colour(role), 3))
            painter.drawLine(QPointF(14, y), QPointF(30, y))
            painter.setPen(self._theme.colour("text.normal"))
            painter.drawText(QPointF(36, y + high * 0.32), text)

    def _paint_scale(self, painter: QPainter) -> None:
        metres, px = scale_bar(self.camera.m_per_px, 110.0)
        text = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
        right, bottom = self.width() - 12, self.height() - 10
        painter.setPen(QPen(self._theme.colour("text.muted"), 1.4))
        painter.drawLine(QPointF(right - px, bottom), QPointF(right, bottom))
        painter.setFont(self._theme.font(8))
        painter.drawText(QPointF(right - px, bottom - 4), text)


def _paint_mark(painter: QPainter, x: float, y: float, shape: str) -> None:
    if shape == "ring":
        painter.drawEllipse(QPointF(x, y), _MARK_PX, _MARK_PX)
        return
    a = _CROSS_PX
    if shape == "cross":
        painter.drawLine(QPointF(x - a, y - a), QPointF(x + a, y + a))
        painter.drawLine(QPointF(x - a, y + a), QPointF(x + a, y - a))
    else:
        painter.drawLine(QPointF(x - a, y), QPointF(x + a, y))
        painter.drawLine(QPointF(x, y - a), QPointF(x, y + a))
