"""Input of the map: what mouse, wheel, touch and keys do."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt, Signal
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

from console.ui.map.view.navigation import Navigation
from console.ui.map.view.picking import Asset
from console.ui.map.view.tools import BOXES, CLICKED, PLAIN, Sketch, Tool

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
_CURSORS = {Tool.IDENTIFY: Qt.CursorShape.WhatsThisCursor}
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
"""Events that act on what is under the pointer. Qt passes a child's unused ones on to its parent."""

POINTER_EVENTS = _BEGUN | {QEvent.Type.MouseMove, QEvent.Type.Gesture}
"""Events that ``InputHandler.take`` may handle in place of the widget."""


class InputHandler(QObject):
    """Turns the events of one map widget into moves of the camera, picks and sketches.

    The widget passes its Qt events on; it keeps no state of input. ``pick``: the asset at a position of the widget.
    """

    picked = Signal(object)
    """Asset or None: clicked."""
    menu_requested = Signal(object, QPoint)
    """(Asset or None, global position): right click or menu key."""
    identified = Signal(QPointF)
    """Position of the widget: clicked with the tool that identifies."""
    hovered = Signal(object)
    """QPointF: the pointer moves without a button; None: it left, or drags."""
    activated = Signal(object)
    """Asset: double-clicked."""
    shape_ended = Signal(object)
    """Sketch: a box or polygon is complete."""
    tool_changed = Signal(object)
    """Tool: what the left button does now."""

    def __init__(self, widget: QWidget, navigation: Navigation, pick: Callable[[QPointF], Asset | None]) -> None:
        super().__init__(widget)
        self._widget, self._navigation, self._pick = widget, navigation, pick
        self.sketch = Sketch()
        self.cursor_world: tuple[float, float] | None = None
        self.keys = Qt.KeyboardModifier.NoModifier
        """Keys held at the last release of a mouse button: of the click itself, not of the moment in which it is handled."""
        """World point under the pointer, None when it is elsewhere."""
        self._pressed_at: QPointF | None = None
        self._dragged = False
        self._box_tool: Tool | None = None
        self._after_box = Tool.PAN
        widget.setMouseTracking(True)
        widget.grabGesture(Qt.GestureType.PinchGesture)

    def use(self, tool: Tool) -> None:
        """Choose what the left button does."""
        self.sketch.start(tool)
        shape = _CURSORS.get(tool, Qt.CursorShape.CrossCursor)
        self._widget.setCursor(shape) if tool is not Tool.PAN else self._widget.unsetCursor()
        self.tool_changed.emit(tool)
        self._widget.update()

    def pick_at(self, position: QPoint) -> Asset | None:
        """The asset at a position of the widget."""
        return self._pick(QPointF(position))

    # Events of the widget

    def take(self, event: QEvent) -> bool:
        """Handle an event before the widget does: whether the widget must not see it.

        Handled are events over a panel, pinches and native zoom gestures.
        """
        if self._is_for_a_panel(event):
            event.accept()
            return True
        if isinstance(event, QGestureEvent) and event.type() == QEvent.Type.Gesture:
            return self._pinch(event)
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self._navigation.zoom(1.0 + event.value(), event.position())
            return True
        return False

    def wheel(self, event: QWheelEvent) -> None:
        """Zoom about the pointer."""
        steps = event.angleDelta().y() / 120 or event.pixelDelta().y() / 40
        self._navigation.zoom(1.25**steps, event.position())

    def press(self, event: QMouseEvent) -> None:
        """Begin a click, a drag or a box; right: take a corner back or offer the menu; back and forward buttons."""
        self._widget.setFocus()
        position = event.position()
        self._pressed_at, self._dragged, self._box_tool = position, False, None
        if event.button() == Qt.MouseButton.BackButton:
            self._navigation.go_back()
        elif event.button() == Qt.MouseButton.ForwardButton:
            self._navigation.go_forward()
        elif event.button() == Qt.MouseButton.RightButton:
            if self.sketch.tool in CLICKED and self.sketch.undo_point():
                self._widget.update()
                return
            self.menu_requested.emit(self._pick(position), event.globalPosition().toPoint())
        elif event.button() == Qt.MouseButton.LeftButton:
            shifted = event.modifiers() & Qt.KeyboardModifier.ShiftModifier and self.sketch.tool in PLAIN
            tool = Tool.ZOOM_BOX if shifted else self.sketch.tool
            if tool in BOXES:
                self._box_tool = tool
                previous = self.sketch.tool
                self.sketch.start(tool)
                self.sketch.points = [self._world(position)]
                self._after_box = previous

    def move(self, event: QMouseEvent) -> None:
        """Drag the map, or move the loose end of the sketch."""
        position = event.position()
        self.cursor_world = self._world(position)
        self.sketch.cursor = self.cursor_world
        self.hovered.emit(position if event.buttons() == Qt.MouseButton.NoButton else None)
        held = event.buttons() & (Qt.MouseButton.LeftButton | Qt.MouseButton.MiddleButton)
        if self._pressed_at is not None and held and self._box_tool is None:
            moved = position - self._pressed_at
            if self._dragged or moved.manhattanLength() > _CLICK_PX:
                self._dragged, self._pressed_at = True, position
                self._navigation.move_by_hand(self._navigation.camera.panned(moved.x(), moved.y()))
                self.cursor_world = self._world(position)
        self._widget.update()

    def release(self, event: QMouseEvent) -> None:
        """End a click, a drag or a box."""
        position, self.keys = event.position(), event.modifiers()
        if event.button() == Qt.MouseButton.LeftButton and self._pressed_at is not None:
            if self._box_tool is not None:
                self._end_box(position)
            elif not self._dragged and self.sketch.tool in CLICKED:
                self.sketch.click(self._world(position))
            elif not self._dragged and self.sketch.tool is Tool.IDENTIFY:
                self.identified.emit(position)
            elif not self._dragged:
                self.picked.emit(self._pick(position))
        self._pressed_at = None
        self._widget.update()

    def double_click(self, event: QMouseEvent) -> None:
        """End a shape, open an asset, or zoom in."""
        if self.sketch.tool in CLICKED:
            self._end_shape()
            return
        asset = self._pick(event.position())
        if asset is not None:
            self.activated.emit(asset)
        else:
            self._navigation.zoom(2.0, event.position())

    def key(self, event: QKeyEvent) -> bool:
        """A key of the map; False when it is none, or when a panel over the map passed it on."""
        holder = QApplication.focusWidget()
        if holder is not None and holder is not self._widget and self._widget.isAncestorOf(holder):
            return False
        key, middle = Qt.Key(event.key()), QPointF(self._widget.width() / 2, self._widget.height() / 2)
        alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        return self._view_key(key, alt, middle) or self._tool_key(key, middle)

    def leave(self) -> None:
        """The pointer left the map, or is over a panel."""
        self.cursor_world = None
        self.hovered.emit(None)
        self._widget.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The pointer enters a panel over the map: it has left the map."""
        if event.type() == QEvent.Type.Enter:  # Qt sends no Leave to a parent when the pointer enters its child
            self.leave()
        return super().eventFilter(watched, event)

    # Inside

    def _view_key(self, key: Qt.Key, alt: bool, middle: QPointF) -> bool:
        """Keys that move the map."""
        navigation = self._navigation
        if alt and key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            (navigation.go_back if key == Qt.Key.Key_Left else navigation.go_forward)()
        elif key in _PANS:
            navigation.move_by_hand(navigation.camera.panned(*_PANS[key]))
        elif key in _ZOOMS:
            navigation.zoom(_ZOOMS[key], middle)
        elif key == Qt.Key.Key_Home:
            navigation.fit_all()
        elif key == Qt.Key.Key_Backspace:
            navigation.go_back()
        else:
            return False
        return True

    def _tool_key(self, key: Qt.Key, middle: QPointF) -> bool:
        """Keys of the tool in use, and the menu key."""
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.sketch.tool in CLICKED:
            self._end_shape()
        elif key == Qt.Key.Key_Escape and self.sketch.tool is not Tool.PAN:
            self.use(Tool.PAN)
        elif key == Qt.Key.Key_Menu:
            self.menu_requested.emit(self._pick(middle), self._widget.mapToGlobal(middle.toPoint()))
        else:
            return False
        return True

    def _is_for_a_panel(self, event: QEvent) -> bool:
        """Whether an event happened over a panel that lies on the map: the map hidden there must not act on it.

        A drag that began on the map goes on beneath the panels; one that began on a panel never moves the map.
        """
        if isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseMove:
            return self._pressed_at is None and self._widget.childAt(event.position().toPoint()) is not None
        if event.type() not in _BEGUN:
            return False
        at = event.position().toPoint() if isinstance(event, QSinglePointEvent) else _help_position(event)
        covered = at is not None and self._widget.childAt(at) is not None
        if covered and isinstance(event, QMouseEvent):
            self._pressed_at = None
        return covered

    def _pinch(self, event: QGestureEvent) -> bool:
        pinch = event.gesture(Qt.GestureType.PinchGesture)
        if not isinstance(pinch, QPinchGesture):
            return False
        event.accept(pinch)
        if self._widget.childAt(self._widget.mapFromGlobal(pinch.centerPoint().toPoint())) is not None:
            return True
        self._pressed_at = None  # the first finger must not drag the map or pick
        if pinch.centerPoint() == pinch.lastCenterPoint() and pinch.scaleFactor() == pinch.lastScaleFactor():
            return True  # Qt 6 reports each touch twice: the second would zoom once more
        at = QPointF(self._widget.mapFromGlobal(pinch.centerPoint().toPoint()))
        step = pinch.centerPoint() - pinch.lastCenterPoint()
        camera = self._navigation.camera
        if not pinch.lastCenterPoint().isNull():
            camera = camera.panned(step.x(), step.y())
        self._navigation.move_by_hand(camera.zoomed(pinch.scaleFactor(), at.x(), at.y()))
        return True

    def _world(self, position: QPointF) -> tuple[float, float]:
        return self._navigation.camera.to_world(position.x(), position.y())

    def _end_box(self, position: QPointF) -> None:
        tool, start = self._box_tool, self.sketch.points[0]
        self._box_tool = None
        self.sketch.points = [start, self._world(position)]
        left, top = self._navigation.camera.to_screen(*start)
        small = max(abs(left - position.x()), abs(top - position.y())) < _BOX_LEAST_PX
        if tool is Tool.ZOOM_BOX:
            (ax, ay), (bx, by) = self.sketch.points
            self.sketch.start(self._after_box)
            if not small:
                self._navigation.fit_box((min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)))
        elif small:
            self.sketch.start(Tool.SELECT_BOX)
            self.picked.emit(self._pick(position))
        else:
            self._end_shape()

    def _end_shape(self) -> None:
        self.sketch.ended = True
        self.shape_ended.emit(self.sketch)
        self._widget.update()


def _help_position(event: QEvent) -> QPoint | None:
    return event.pos() if isinstance(event, QHelpEvent | QContextMenuEvent) else None
