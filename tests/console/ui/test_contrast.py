"""What is really painted: outlines and the focus have at least 3:1; every widget that one acts on has a name for readers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QStringListModel, Qt
from PySide6.QtGui import QAccessible, QImage
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QLineEdit,
    QListView,
    QRadioButton,
    QSlider,
    QSpinBox,
    QTabBar,
    QTextEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from console.ui.map.canvas import MapCanvas
from console.ui.theme import NAMES, Theme, apply_theme
from console.ui.widgets import button
from console.ui.window import MainWindow
from tests.console.ui.scripted import ScriptedPort
from tests.contrast import contrast, rgb

pytestmark = pytest.mark.gui

LEAST = 3.0


def tabs() -> QTabBar:
    """Two tabs."""
    made = QTabBar()
    made.addTab("one")
    made.addTab("two")
    return made


def listed() -> QListView:
    """A list of two lines."""
    made = QListView()
    made.setModel(QStringListModel(["one", "two"], made))
    return made


def tool(checked: bool) -> QToolButton:
    """A tool's button."""
    made = QToolButton()
    made.setCheckable(True)
    made.setChecked(checked)
    return made


def slider() -> QSlider:
    """A slider lying down."""
    return QSlider(Qt.Orientation.Horizontal)


KINDS: dict[str, Callable[[], QWidget]] = {
    "button": lambda: button("Close"),
    "primary": lambda: button("Judge", "primary"),
    "flat": lambda: button("More", "flat"),
    "tool": lambda: tool(False),
    "tool in use": lambda: tool(True),
    "line": lambda: QLineEdit("x"),
    "choice": QComboBox,
    "number": QSpinBox,
    "check": lambda: QCheckBox("one"),
    "radio": lambda: QRadioButton("one"),
    "list": listed,
    "tabs": tabs,
    "slider": slider,
    "text": lambda: QTextEdit("x"),
}
OUTLINED = ("line", "choice", "number", "check", "radio")
"""Controls that are only their outline while they are empty or not chosen."""


def pixels(widget: QWidget) -> NDArray[np.float64]:
    """Painted pixels, (height, width, 3) sRGB."""
    return read(widget.grab().toImage())


def read(image: QImage) -> NDArray[np.float64]:
    """Pixels of a picture, (height, width, 3) sRGB."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    flat = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    return flat[:, :, 2::-1].astype(np.float64)


@pytest.fixture(params=NAMES)
def shown(qtbot: QtBot, request: pytest.FixtureRequest) -> Iterator[tuple[QWidget, dict[str, QWidget], str]]:
    """A panel with a widget of each kind, in each theme."""
    app, theme = cast(QApplication, QApplication.instance()), str(request.param)
    apply_theme(app, Theme.load(theme))
    panel = QWidget()
    panel.setObjectName("panel")
    panel.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    qtbot.addWidget(panel)
    box, made = QVBoxLayout(panel), {}
    first = QLineEdit()
    box.addWidget(first)
    for name, make in KINDS.items():
        made[name] = make()
        box.addWidget(made[name])
    panel.show()
    panel.activateWindow()
    first.setFocus()
    qtbot.waitUntil(first.hasFocus, timeout=60_000)
    yield panel, made, theme
    apply_theme(app, Theme.load("dark"))


def test_the_focus_changes_every_kind_of_widget_by_three_to_one(
    qtbot: QtBot, shown: tuple[QWidget, dict[str, QWidget], str]
) -> None:
    _, made, _ = shown
    weak = {}
    for name, widget in made.items():
        before = pixels(widget)
        widget.setFocus(Qt.FocusReason.TabFocusReason)
        qtbot.waitUntil(widget.hasFocus, timeout=60_000)
        after = pixels(widget)
        moved = np.argwhere((before != after).any(axis=2))
        strong = [1 for y, x in moved[:4000].tolist() if contrast(after[y][x], before[y][x]) >= LEAST]
        if len(strong) < 24:  # a line about the smallest of them
            weak[name] = (len(moved), len(strong))
        widget.clearFocus()
    assert not weak


def test_controls_that_are_only_an_outline_are_seen(shown: tuple[QWidget, dict[str, QWidget], str]) -> None:
    panel, made, theme = shown
    ground = np.array(rgb(Theme.load(theme).colours["surface.panel"]), dtype=np.float64)
    whole = pixels(panel)
    for name in OUTLINED:
        place = made[name].geometry()
        part = whole[place.top() : place.bottom() + 1, place.left() : place.left() + 20]
        seen = sum(contrast(one, ground) >= LEAST for one in part.reshape(-1, 3))
        assert seen >= 20, name


def test_a_partly_ticked_box_is_neither_the_ticked_nor_the_unticked_one(
    shown: tuple[QWidget, dict[str, QWidget], str],
) -> None:
    box = made = shown[1]["check"]
    assert isinstance(box, QCheckBox)
    box.setTristate(True)
    seen = []
    for state in (Qt.CheckState.Unchecked, Qt.CheckState.PartiallyChecked, Qt.CheckState.Checked):
        box.setCheckState(state)
        seen.append(pixels(made)[:, :20])
    for one, other in ((0, 1), (1, 2)):
        pairs = zip(seen[one].reshape(-1, 3), seen[other].reshape(-1, 3), strict=True)
        differ = sum(contrast(a, b) >= LEAST for a, b in pairs if (a != b).any())
        assert differ >= 10, (one, other, differ)


def interactive(window: QWidget) -> Iterator[QWidget]:
    """Widgets of a window that a person acts on."""
    kinds = (
        QAbstractButton,
        QAbstractItemView,
        QAbstractSlider,
        QAbstractSpinBox,
        QComboBox,
        QLineEdit,
        QTextEdit,
        QTabBar,
        MapCanvas,
    )
    for widget in window.findChildren(QWidget):
        inner = widget.objectName().startswith("qt_") or type(widget).__name__ in (
            "QScrollBar",
            "QHeaderView",
            "QTableCornerButton",
        )
        if isinstance(widget, kinds) and not inner:
            yield widget


def test_every_widget_that_one_acts_on_has_a_name_for_screen_readers(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    window.settle()
    window.tools.toggle_what_if()
    nameless = [
        f"{type(widget).__name__} {widget.objectName()} in {type(widget.parentWidget()).__name__}"
        for widget in interactive(window)
        if widget.isVisible()
        and not (widget.accessibleName() or (isinstance(widget, QAbstractButton) and any(map(str.isalnum, widget.text()))))
    ]
    assert not nameless


OPENING = (
    "search", "attributes", "outages", "operation", "segments", "shift_log", "shift_entry", "handover", "contacts", "public",
    "care", "water", "dispatch_orders", "deliveries", "ticket", "layout_keep", "bookmark",
)  # fmt: skip
"""Commands that open a window, a dialog or a page with controls of its own."""


def test_every_control_of_the_windows_that_commands_open_is_named_to_screen_readers(
    window: MainWindow, port: ScriptedPort
) -> None:
    port.burst()
    window.settle()
    window.station_cards.show(3)
    nameless = set()
    for command in OPENING:
        window.run_command(command)
        window.settle()
        for widget in interactive(window):
            read = QAccessible.queryAccessibleInterface(widget)
            if widget.isVisible() and not isinstance(widget, MapCanvas) and not read.text(QAccessible.Text.Name).strip():
                nameless.add(f"{command}: {type(widget).__name__} in {type(widget.parentWidget()).__name__}")
        for opened in window.findChildren(QDialog):
            opened.close()
    assert not nameless


@pytest.mark.parametrize("theme", NAMES)
def test_pipes_below_150_mm_are_painted_at_three_to_one(qtbot: QtBot, port: ScriptedPort, theme: str) -> None:
    from console.ui.map.drawing.band import StaticStyle
    from console.ui.map.drawing.static_layer import Extras, blank, paint_static
    from console.ui.map.layers import LayerSettings, MapLayer
    from console.ui.map.network.pipes import pipe_widths
    from console.ui.map.scene import Scene
    from console.ui.map.view.camera import Camera

    scene = Scene(port.city)
    pipes = port.city.network.pipes
    small = int(np.flatnonzero(pipes.diameter_mm < 150)[0])
    x, y = pipes.points(small).mean(axis=0)
    camera = Camera(float(x), float(y), 0.5, 240, 150)
    assert pipe_widths(camera.m_per_px)[0] >= 1.0
    style = StaticStyle(Theme.load(theme), LayerSettings(frozenset({MapLayer.PIPES})))
    image = blank(camera, style)
    paint_static(image, scene, camera, style, Extras())
    ground = np.array(rgb(Theme.load(theme).colours["map.background"]), dtype=np.float64)
    line = read(image)[70:81, 115:126].reshape(-1, 3)
    assert max(contrast(one, ground) for one in line) >= LEAST
