"""MapCanvas: the widget — moves the camera, shows the picture there is, paints the live overlay, tells what was picked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from console.domain.picture import Picture
from console.ui.map.camera import Camera
from console.ui.map.case import CaseLook, pipe_lines
from console.ui.map.furniture import Badge, crs_name, paint_furniture, reserve
from console.ui.map.labels import Placer
from console.ui.map.overlay import Frame, Live, Overlay
from console.ui.map.picking import Asset, Picker
from console.ui.map.renderer import Renderer
from console.ui.map.scene import MapLayer, Scene
from console.ui.map.static_layer import StaticStyle
from console.ui.theme import Theme
from console.ui.words import Words

_CLICK_PX = 4
_HOME_MARGIN = 0.12
_KEY_PAN_PX = 120
_PANS = {
    Qt.Key.Key_Left: (_KEY_PAN_PX, 0),
    Qt.Key.Key_Right: (-_KEY_PAN_PX, 0),
    Qt.Key.Key_Up: (0, _KEY_PAN_PX),
    Qt.Key.Key_Down: (0, -_KEY_PAN_PX),
}


class MapCanvas(QWidget):
    """The map of one city. Wheel zooms at the cursor, drag pans, click picks, right click offers what can be done."""

    picked = Signal(object)
    """Asset or None: clicked."""
    menu_requested = Signal(object, QPoint)
    """(Asset or None, global position): right click or menu key."""
    activated = Signal(object)
    """Asset: double-clicked."""

    def __init__(self, scene: Scene, picture: Picture, theme: Theme, words: Words, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene, self._theme, self._words = scene, theme, words
        self._visible = frozenset(MapLayer) - {MapLayer.DMA}
        self._overlay = Overlay(scene)
        self._picker = Picker(scene, self._overlay.x, self._overlay.y)
        self._live = Live(picture)
        self._crs = crs_name(scene.city)
        self._badges: tuple[Badge, ...] = ()
        self._cursor: tuple[float, float] | None = None
        self._pressed_at: QPointF | None = None
        self._dragged = False
        self._fitted = False
        self.touched = False
        """Whether somebody has moved the map by hand: then it stays where it was put."""
        self.camera = Camera(0.0, 0.0, 1.0, max(self.width(), 1), max(self.height(), 1)).fitted(scene.home, _HOME_MARGIN)
        self.renderer = Renderer(scene, self._style(), self)
        self.renderer.finished.connect(self.update)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(320, 240)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(words("map.name"))

    # What is shown

    def show_picture(self, picture: Picture) -> None:
        """The newest live values."""
        self._live = replace(self._live, picture=picture)
        self.update()

    def show_case(self, case: CaseLook) -> None:
        """The case in focus."""
        self._live = replace(self._live, case=case)
        self.update()

    def select_pipes(self, pipe_ids: tuple[str, ...], text: str = "") -> None:
        """Highlight pipes with a label; none clears it."""
        self._live = replace(self._live, selected=pipe_lines(self._scene.city, pipe_ids), selected_text=text)
        self.update()

    def set_badges(self, badges: tuple[Badge, ...]) -> None:
        """Lasting remarks at the top (drill, synthetic, not georeferenced …)."""
        if badges != self._badges:
            self._badges = badges
            self.update()

    def set_visible(self, visible: frozenset[MapLayer]) -> None:
        """Show these layers only."""
        self._visible = visible
        self.renderer.set_style(self._style())
        self.update()

    def set_looks(self, theme: Theme, words: Words) -> None:
        """Another theme or language."""
        self._theme, self._words = theme, words
        self.renderer.set_style(self._style())
        self.update()

    @property
    def badges(self) -> tuple[Badge, ...]:
        """Lasting remarks shown."""
        return self._badges

    def station_place(self, row: int) -> tuple[float, float]:
        """World point of a station."""
        return float(self._overlay.x[row]), float(self._overlay.y[row])

    @property
    def visible_layers(self) -> frozenset[MapLayer]:
        """Layers shown."""
        return self._visible

    # Where it looks

    def look(self, camera: Camera) -> None:
        """Show another part; the old picture moves at once, the new one follows."""
        self.camera = camera
        self.renderer.request(camera)
        self.update()

    def look_at(self, x: float, y: float, m_per_px: float | None = None) -> None:
        """Centre a world point."""
        self.look(self.camera.centred(x, y, m_per_px))

    def fit_all(self) -> None:
        """The whole network."""
        self._fitted = True
        self.look(self.camera.fitted(self._scene.bounds))

    def fit_lines(self, pipe_ids: tuple[str, ...], least_m_per_px: float = 1.0, share: float = 0.35) -> None:
        """Bring pipes into view, with room around them."""
        lines = pipe_lines(self._scene.city, pipe_ids)
        if not len(lines):
            return
        points = lines.reshape(-1, 2)
        low, high = points.min(axis=0), points.max(axis=0)
        fitted = self.camera.fitted((float(low[0]), float(low[1]), float(high[0]), float(high[1])), margin=share)
        self._fitted = True
        self.look(replace(fitted, m_per_px=max(fitted.m_per_px, least_m_per_px)))

    # Qt

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        try:
            self.renderer.paint(painter, self.camera)
            frame = Frame(painter, self.camera, self._theme, self._words, Placer(self.width(), self.height()), self._visible)
            reserve(frame)
            self._overlay.paint(frame, self._live)
            paint_furniture(frame, self._crs_words(), self._cursor, self.logicalDpiX(), self._badges)
        finally:  # a painter left open takes the whole program down
            painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.camera = self.camera.resized(self.width(), self.height())
        if not self._fitted:
            self.camera = self.camera.fitted(self._scene.home, _HOME_MARGIN)
        self.renderer.request(self.camera)

    def wheelEvent(self, event: QWheelEvent) -> None:
        steps = event.angleDelta().y() / 120 or event.pixelDelta().y() / 40
        self._zoom(1.25**steps, event.position())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus()
        self._pressed_at, self._dragged = event.position(), False
        if event.button() == Qt.MouseButton.RightButton:
            self.menu_requested.emit(self._pick(event.position()), event.globalPosition().toPoint())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        position = event.position()
        if self._pressed_at is not None and event.buttons() & (Qt.MouseButton.LeftButton | Qt.MouseButton.MiddleButton):
            moved = position - self._pressed_at
            if self._dragged or moved.manhattanLength() > _CLICK_PX:
                self._dragged, self._fitted, self._pressed_at = True, True, position
                self.touched = True
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
                self.look(self.camera.panned(moved.x(), moved.y()))
        self._cursor = self.camera.to_world(position.x(), position.y())
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.unsetCursor()
        if event.button() == Qt.MouseButton.LeftButton and self._pressed_at is not None and not self._dragged:
            self.picked.emit(self._pick(event.position()))
        self._pressed_at = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        asset = self._pick(event.position())
        if asset is not None:
            self.activated.emit(asset)
        else:
            self._zoom(2.0, event.position())

    def leaveEvent(self, event: QEvent) -> None:
        self._cursor = None
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, middle = Qt.Key(event.key()), QPointF(self.width() / 2, self.height() / 2)
        if key in _PANS:
            self._fitted = self.touched = True
            self.look(self.camera.panned(*_PANS[key]))
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self._zoom(1.5, middle)
        elif key == Qt.Key.Key_Minus:
            self._zoom(1 / 1.5, middle)
        elif key == Qt.Key.Key_Home:
            self.fit_all()
        elif key == Qt.Key.Key_Menu:
            self.menu_requested.emit(self._pick(middle), self.mapToGlobal(middle.toPoint()))
        else:
            super().keyPressEvent(event)

    def _crs_words(self) -> str:
        return self._crs if self._scene.city.network.georeferenced else self._words("map.local_crs")

    def _zoom(self, factor: float, at: QPointF) -> None:
        self._fitted = self.touched = True
        self.look(self.camera.zoomed(factor, at.x(), at.y()))

    def _pick(self, at: QPointF) -> Asset | None:
        return self._picker.at(at.x(), at.y(), self.camera, self._visible)

    def _style(self) -> StaticStyle:
        return StaticStyle(self._theme, self._visible, float(np.clip(self.devicePixelRatioF(), 1.0, 4.0)))
