"""Panels over the map take all mouse events: nothing beneath is picked, moved, zoomed or offered a menu."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QWidget

from console.ui.map.canvas import MapCanvas
from console.ui.map.view.picking import Asset
from console.ui.window import MainWindow
from tests.console.ui.scripted import ScriptedPort

pytestmark = pytest.mark.gui

_LEFT, _RIGHT, _MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
_STEP_PX = 73


def _trace(window: MainWindow) -> QWidget:
    window.tools.toggle_trace()
    window.map.input.picked.emit(Asset("pipe", "P-104040", 0, 0.0, 0.0))
    return window.tools.trace.panel


def _what_if(window: MainWindow) -> QWidget:
    window.tools.toggle_what_if()
    window.settle()
    window.map.input.picked.emit(Asset("pipe", "P-104040", 0, 0.0, 0.0))
    return window.tools.what_if.panel


def _card(window: MainWindow) -> QWidget:
    window.map.input.picked.emit(Asset("pipe", "P-104040", 0, 0.0, 0.0))
    return window.map_commands.card


def _strip(window: MainWindow) -> QWidget:
    return window.map_commands.strip


_PANELS: dict[str, Callable[[MainWindow], QWidget]] = {"trace": _trace, "what_if": _what_if, "card": _card, "strip": _strip}


def place_of(canvas: MapCanvas) -> tuple[float, float, float]:
    """Centre and scale of the map; not its size, which a line in the message bar changes."""
    return canvas.camera.x, canvas.camera.y, canvas.camera.m_per_px


class Heard:
    """Signals that the map emitted."""

    def __init__(self, canvas: MapCanvas) -> None:
        self._canvas, self.told = canvas, list[str]()
        for name in ("picked", "menu_requested", "activated", "shape_ended"):
            getattr(canvas.input, name).connect(lambda *_, n=name: self.told.append(n))
        self._place = place_of(canvas)

    def check(self, what: str) -> None:
        """Nothing at all."""
        popup = QApplication.activePopupWidget()
        if popup is not None:  # a control's own menu (copy text)
            popup.close()
        assert self.told == [], what
        assert place_of(self._canvas) == self._place, what
        assert self._canvas.input.cursor_world is None, what


def _points(window: MainWindow, panel: QWidget) -> Iterator[tuple[QWidget, QPoint, QPoint]]:
    """(widget there, point of the window, global point) all over a panel's visible part, its edges too.

    Its disabled controls come first: Qt lets every event through them.
    """
    for child in panel.findChildren(QAbstractButton):
        if child.isVisible() and not child.isEnabled():
            at = child.mapTo(window, child.rect().center())
            if window.childAt(at) is child:
                yield child, at, window.mapToGlobal(at)
    seen = panel.rect()
    xs = [*range(1, seen.width() - 1, _STEP_PX), seen.width() - 1]
    ys = [*range(1, seen.height() - 1, _STEP_PX), seen.height() - 1]
    for y in ys:
        for x in xs:
            QApplication.processEvents()  # a control in use may have shrunk it: lay it out first
            at = panel.mapTo(window, QPoint(x, y))
            there = window.childAt(at)
            if there is not None and _covered(window, panel, at):
                yield there, at, window.mapToGlobal(at)


def _covered(window: MainWindow, panel: QWidget, at: QPoint) -> bool:
    """Whether the panel lies at this point of the window now."""
    there = window.childAt(at)
    return there is not None and (there is panel or panel.isAncestorOf(there))


def _acts(there: QWidget) -> bool:
    """Whether a click there would use a control of the panel itself."""
    return isinstance(there, QAbstractButton | QComboBox) and there.isEnabled()


@pytest.mark.parametrize("name", _PANELS)
def test_mouse_and_wheel_over_a_panel_never_reach_what_is_hidden_beneath(
    window: MainWindow, port: ScriptedPort, name: str
) -> None:
    panel = _PANELS[name](window)
    window.settle()
    QApplication.processEvents()
    assert panel.isVisible()
    handle = window.windowHandle()
    heard, tried, disabled = Heard(window.map), 0, 0
    for there, at, on_screen in _points(window, panel):
        what = f"{type(there).__name__} at {at}"
        disabled += not there.isEnabled()
        tried += 1
        for turn in (120, -120):
            if not _covered(window, panel, at):  # an answer that arrived made the panel shorter; the map is there now
                break
            QTest.wheelEvent(handle, at.toPointF(), QPoint(0, turn))
            heard.check(f"wheel {turn}: {what}")
        QApplication.sendEvent(there, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, there.mapFrom(window, at), on_screen))
        for other in (_RIGHT, _MIDDLE):
            QTest.mouseClick(handle, other, pos=at)
        heard.check(f"other buttons: {what}")
        if not _acts(there):
            QTest.mouseClick(handle, _LEFT, pos=at)
            QTest.mouseDClick(handle, _LEFT, pos=at)
            heard.check(f"click: {what}")
        QTest.mouseMove(handle, at)
        heard.check(f"hover: {what}")
    assert tried > 5
    assert disabled or name != "what_if"  # its arrows are disabled at first


@pytest.mark.parametrize("name", ["trace", "what_if", "card"])
def test_a_drag_that_begins_on_a_panel_leaves_the_map_where_it_is(window: MainWindow, port: ScriptedPort, name: str) -> None:
    panel = _PANELS[name](window)
    window.settle()
    handle, outside = window.windowHandle(), window.map.mapTo(window, QPoint(window.map.width() - 300, 400))
    place = place_of(window.map)
    for there, at, _ in _points(window, panel):
        if _acts(there):
            continue
        QTest.mousePress(handle, _LEFT, pos=at)
        for share in (0.3, 0.7, 1.0):
            QTest.mouseMove(handle, at + (outside - at) * share)
        QTest.mouseRelease(handle, _LEFT, pos=outside)
        assert place_of(window.map) == place, f"{type(there).__name__} at {at}"


def test_a_drag_that_begins_on_the_map_goes_on_beneath_a_panel(window: MainWindow, port: ScriptedPort) -> None:
    panel = _card(window)
    window.settle()
    handle, camera = window.windowHandle(), window.map.camera
    start = window.map.mapTo(window, QPoint(500, 500))
    end = panel.mapTo(window, panel.rect().center())
    QTest.mousePress(handle, _LEFT, pos=start)
    QTest.mouseMove(handle, (start + end) / 2)
    QTest.mouseMove(handle, end)
    QTest.mouseRelease(handle, _LEFT, pos=end)
    moved = end - start
    seen, meant = window.map.camera, camera.panned(moved.x(), moved.y())  # panned in two steps, rounded at each
    assert (seen.x, seen.y) == pytest.approx((meant.x, meant.y), rel=1e-12, abs=1e-9)
    assert replace(seen, x=meant.x, y=meant.y) == meant


def test_keys_of_a_panels_control_do_not_move_the_map(window: MainWindow, port: ScriptedPort) -> None:
    _what_if(window)
    window.settle()
    window.activateWindow()
    button = window.tools.what_if.panel.shut
    button.setFocus()
    if QApplication.focusWidget() is not button:
        pytest.fail("the button did not get the focus")
    place = place_of(window.map)
    for key in (Qt.Key.Key_Plus, Qt.Key.Key_Minus, Qt.Key.Key_Home, Qt.Key.Key_PageDown, Qt.Key.Key_Backspace, Qt.Key.Key_Menu):
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            QApplication.sendEvent(button, QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier))
    assert place_of(window.map) == place
