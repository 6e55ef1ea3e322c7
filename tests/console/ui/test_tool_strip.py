"""The tool strip: an icon of its own for each tool, the tool in use lit, names on demand, and room on a low map."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from console.ui.icons import icon
from console.ui.settings import WindowSettings
from console.ui.theme import Theme
from console.ui.window import MainWindow
from tests.console.ui.scripted import ScriptedPort
from tests.contrast import contrast, rgb

pytestmark = pytest.mark.gui


def ink(button: QToolButton) -> frozenset[tuple[int, int]]:
    """Where a button's icon is painted."""
    image = button.icon().pixmap(button.iconSize()).toImage().convertToFormat(QImage.Format.Format_ARGB32)
    alpha = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[:, :, 3]
    return frozenset((int(y), int(x)) for y, x in np.argwhere(alpha > 128))


def test_every_tool_has_an_icon_of_its_own_and_an_unknown_one_is_named(window: MainWindow) -> None:
    buttons = window.map_commands.strip._buttons
    shapes = {name: ink(button) for name, button in buttons.items()}
    assert min(map(len, shapes.values())) > 30
    for (first, one), (second, other) in combinations(shapes.items(), 2):
        assert len(one & other) < 0.8 * len(one | other), (first, second)
    with pytest.raises(KeyError, match="nothing"):
        icon("nothing", Theme.load("dark"), 18)


@pytest.mark.parametrize("name", ["dark", "light"])
def test_the_tool_in_use_is_lit(window: MainWindow, name: str) -> None:
    window.set_appearance(type(window._appearance)(Theme.load(name), window.words))
    window.settle()
    window.run_command("measure_area")
    lit, other = (window.map_commands.strip._buttons[tool].grab().toImage() for tool in ("measure_area", "pan"))
    ground, usual = (rgb(image.pixelColor(4, image.height() // 2).name()) for image in (lit, other))
    assert contrast(ground, usual) >= 3.0


def test_names_are_shown_on_demand_and_remembered(qtbot: QtBot, port: ScriptedPort, tmp_path: Path) -> None:
    for shown in (False, True):
        made = MainWindow(port, WindowSettings("王", tmp_path, "zh_CN", "dark"))
        qtbot.addWidget(made)
        made.resize(1600, 900)
        made.show()
        made.settle()
        strip = made.map_commands.strip
        assert (strip.width() > 90) == shown
        strip._buttons["labels"].click()
        assert (strip.width() > 90) != shown
        made.close()


def test_on_a_low_map_the_strip_stays_on_the_map(window: MainWindow) -> None:
    strip = window.map_commands.strip
    window.settle()
    assert strip.width() < 50
    window.resize(1366, 640)
    window.settle()
    assert strip.geometry().bottom() < window.map.height() - 40
    assert strip.width() > 50
