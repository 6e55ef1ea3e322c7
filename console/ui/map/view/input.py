"""Hands: what mouse, wheel, touch and keys do on the map; the canvas builds on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QChildEvent, QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import (
    QContextMenuEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QSinglePointEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QGestureEvent, QPinchGesture, QWidget

from console.ui.map.view.camera import Camera
from console.ui.map.view.picking import Asset, Picker
from console.ui.map.view.tools import BOXES, CLICKED, Sketch, Tool

if TYPE_CHECKING:
    from PySide6.QtCore import SignalInstance

    from console.ui.map.layers import LayerLook
    from console.ui.map.overlay import Overlay
    from console.ui.map.view.animation import Flight

_CLICK_PX = 4
_KEY_PAN_PX = 120
_PANS = {
    Qt.Key.Key_Left: (_KEY_PAN_PX, 0),
    Qt.Key.Key_Right: (-_KEY_PAN_PX, 0),
    Qt.Key.Key_Up: (0, _KEY_PAN_PX),
    Qt.Key.Key_Down: (0, -_KEY_PAN_PX),
}
_ZOOMS = {
    Qt.Key.Key_Plus: 1.5,
    Qt.Key.Key_Equal: 1.5,
    Qt.Key.Key_Minus: 1 / 1.5,
    Qt.Key.Key_PageUp: 2.0,
    Qt.Key.Key_PageDown: 0.5,
}
_BOX_LEAST_PX = 6.0
_BEGUN = {
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseButtonDblClick,
    QEvent.Type.Wheel,
    QEvent.Type.NativeGesture,
    QEvent.Type.ContextMenu,
    QEvent.Type.ToolTip,
    QEvent.Type.WhatsThis,
}
"""Events that act on what is under the pointer. Qt hands a child's on to its parent when the child has no use for them."""


class Hands(QWidget):
    """Turns events into moves of the camera, picks, and shapes."""

    camera: Camera
    sketch: Sketch
    touched: bool
    layer_look: LayerLook
    overlay: Overlay
    _picker: Picker
    _flight: Flight
    _fitted: bool
    if TYPE_CHECKING:
        picked: SignalInstance
        menu_requested: SignalInstance
        activated: SignalInstance
        shape_ended: SignalInstance

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cursor_world: tuple[float, float] | None = None
        """World point under the pointer, None when it is elsewhere."""
        self._pressed_at: QPointF | None = None
        self._dragged = False
        self._box_tool: Tool | None = None
        self.setMouseTracking(True)
        self.grabGesture(Qt.GestureType.PinchGesture)

    def look(self, camera: Camera) -> None:
        """Show another part at once."""
        raise NotImplementedError

    def use(self, tool: Tool) -> None:
        """What the left button does."""
        raise NotImplementedError

    def fit_all(self) -> None:
        """The whole network."""
        raise NotImplementedError

    def go_back(self) -> None:
        """The view before."""
        raise NotImplementedError

    def go_forward(self) -> None:
        """The view after."""
        raise NotImplementedError

    # Qt

    def event(self, event: QEvent) -> bool:
        if self._is_for_a_panel(event):
            event.accept()
            return True
        if isinstance(event, QGestureEvent) and event.type() == QEvent.Type.Gesture:
            return self._pinch(event)
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom(1.0 + event.value(), event.position())
            return True
        return super().event(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        steps = event.angleDelta().y() / 120 or event.pixelDelta().y() / 40
        self.zoom(1.25**steps, event.position())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus()
        position = event.position()
        self._pressed_at, self._dragged, self._box_tool = position, False, None
        if event.button() == Qt.MouseButton.BackButton:
            self.go_back()
        elif event.button() == Qt.MouseButton.ForwardButton:
            self.go_forward()
        elif event.button() == Qt.MouseButton.RightButton:
            if self.sketch.tool in CLICKED and self.sketch.undo_point():
                self.update()
                return
            self.menu_requested.emit(self._pick(position), event.globalPosition().toPoint())
        elif event.button() == Qt.MouseButton.LeftButton:
            shifted = event.modifiers() & Qt.KeyboardModifier.ShiftModifier and self.sketch.tool is Tool.PAN
            tool = Tool.ZOOM_BOX if shifted else self.sketch.tool
            if tool in BOXES:
                self._box_tool = tool
                previous = self.sketch.tool
                self.sketch.start(tool)
                self.sketch.points = [self._world(position)]
                self._after_box = previous

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        position = event.position()
        self.cursor_world = self._world(position)
        self.sketch.cursor = self.cursor_world
        held = event.buttons() & (Qt.MouseButton.LeftButton | Qt.MouseButton.MiddleButton)
        if self._pressed_at is not None and held and self._box_tool is None:
            moved = position - self._pressed_at
            if self._dragged or moved.manhattanLength() > _CLICK_PX:
                self._dragged, self._pressed_at = True, position
                self._by_hand()
                self.look(self.camera.panned(moved.x(), moved.y()))
                self.cursor_world = self._world(position)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        position = event.position()
        if event.button() == Qt.MouseButton.LeftButton and self._pressed_at is not None:
            if self._box_tool is not None:
                self._end_box(position)
            elif not self._dragged and self.sketch.tool in CLICKED:
                self.sketch.click(self._world(position))
            elif not self._dragged:
                self.picked.emit(self._pick(position))
        self._pressed_at = None
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.sketch.tool in CLICKED:
            self._end_shape()
            return
        asset = self._pick(event.position())
        if asset is not None:
            self.activated.emit(asset)
        else:
            self.zoom(2.0, event.position())

    def leaveEvent(self, event: QEvent) -> None:
        self._leave()

    def childEvent(self, event: QChildEvent) -> None:
        if event.added() and isinstance(event.child(), QWidget):
            event.child().installEventFilter(self)
        super().childEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Enter:  # Qt sends no Leave to a parent when the pointer enters its child
            self._leave()
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        holder = QApplication.focusWidget()
        if holder is not None and holder is not self and self.isAncestorOf(holder):  # handed on by a panel over the map
            super().keyPressEvent(event)
            return
        key, middle = Qt.Key(event.key()), QPointF(self.width() / 2, self.height() / 2)
        alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        if alt and key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            (self.go_back if key == Qt.Key.Key_Left else self.go_forward)()
        elif key in _PANS:
            self._by_hand()
            self.look(self.camera.panned(*_PANS[key]))
        elif key in _ZOOMS:
            self.zoom(_ZOOMS[key], middle)
        elif key == Qt.Key.Key_Home:
            self.fit_all()
        elif key == Qt.Key.Key_Backspace:
            self.go_back()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.sketch.tool in CLICKED:
            self._end_shape()
        elif key == Qt.Key.Key_Escape and self.sketch.tool is not Tool.PAN:
            self.use(Tool.PAN)
        elif key == Qt.Key.Key_Menu:
            self.menu_requested.emit(self._pick(middle), self.mapToGlobal(middle.toPoint()))
        else:
            super().keyPressEvent(event)

    def zoom(self, factor: float, at: QPointF) -> None:
        """Magnify about a screen position."""
        self._fitted = self.touched = True
        self.look(self.camera.zoomed(factor, at.x(), at.y()))

    def pick_at(self, position: QPoint) -> Asset | None:
        """The asset at a position of the widget."""
        return self._pick(QPointF(position))

    # Inside

    def _is_for_a_panel(self, event: QEvent) -> bool:
        """Whether an event happened over a panel that lies on the map: the map hidden there must not act on it.

        A drag that began on the map goes on beneath the panels; one that began on a panel never moves the map.
        """
        if isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseMove:
            return self._pressed_at is None and self.childAt(event.position().toPoint()) is not None
        if event.type() not in _BEGUN:
            return False
        at = event.position().toPoint() if isinstance(event, QSinglePointEvent) else _help_position(event)
        covered = at is not None and self.childAt(at) is not None
        if covered and isinstance(event, QMouseEvent):
            self._pressed_at = None
        return covered

    def _leave(self) -> None:
        self.cursor_world = None
        self.update()

    def _pinch(self, event: QGestureEvent) -> bool:
        pinch = event.gesture(Qt.GestureType.PinchGesture)
        if not isinstance(pinch, QPinchGesture):
            return False
        event.accept(pinch)
        if self.childAt(self.mapFromGlobal(pinch.centerPoint().toPoint())) is not None:
            return True
        self._pressed_at = None  # the first finger is no mouse that drags the map or picks
        if pinch.centerPoint() == pinch.lastCenterPoint() and pinch.scaleFactor() == pinch.lastScaleFactor():
            return True  # Qt 6 tells each touch twice: the second would zoom once more
        self._by_hand()
        at = QPointF(self.mapFromGlobal(pinch.centerPoint().toPoint()))
        step = pinch.centerPoint() - pinch.lastCenterPoint()
        camera = self.camera if pinch.lastCenterPoint().isNull() else self.camera.panned(step.x(), step.y())
        self.look(camera.zoomed(pinch.scaleFactor(), at.x(), at.y()))
        return True

    def _by_hand(self) -> None:
        self._fitted = self.touched = True
        self.overlay.crews.followed = ""

    def _world(self, position: QPointF) -> tuple[float, float]:
        return self.camera.to_world(position.x(), position.y())

    def _pick(self, at: QPointF) -> Asset | None:
        return self._picker.at(at.x(), at.y(), self.camera, self.layer_look.visible)

    def _end_box(self, position: QPointF) -> None:
        tool, start = self._box_tool, self.sketch.points[0]
        self._box_tool = None
        self.sketch.points = [start, self._world(position)]
        left, top = self.camera.to_screen(*start)
        small = max(abs(left - position.x()), abs(top - position.y())) < _BOX_LEAST_PX
        if tool is Tool.ZOOM_BOX:
            (ax, ay), (bx, by) = self.sketch.points
            self.sketch.start(self._after_box)
            if not small:
                self._by_hand()
                self.look(self.camera.fitted((min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)), margin=0.0))
        elif small:
            self.sketch.start(Tool.SELECT_BOX)
            self.picked.emit(self._pick(position))
        else:
            self._end_shape()

    def _end_shape(self) -> None:
        self.sketch.ended = True
        self.shape_ended.emit(self.sketch)
        self.update()


def _help_position(event: QEvent) -> QPoint | None:
    return event.pos() if isinstance(event, QHelpEvent | QContextMenuEvent) else None
