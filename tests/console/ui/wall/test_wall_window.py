"""The wall view as a program of its own."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QLineEdit
from pytestqt.qtbot import QtBot

from console.engine.area_port import AreaPort
from console.services.areas.sight import AreaSight
from console.ui.settings import WindowSettings
from console.ui.wall.window import WallWindow
from tests.console.areas import NAMES, WEST, in_two_areas
from tests.console.ui.scripted import ScriptedPort
from tests.console.ui.small_city import build_small_city

pytestmark = pytest.mark.gui


@pytest.fixture
def port() -> ScriptedPort:
    city = build_small_city()
    port = ScriptedPort(in_two_areas(city, float(np.median(city.network.nodes.x)) - 400.0))
    port.read_all()
    return port


@pytest.fixture
def wall(qtbot: QtBot, port: ScriptedPort) -> Iterator[WallWindow]:
    window = WallWindow(port, WindowSettings(language="en"))
    qtbot.addWidget(window)
    window.open()
    yield window
    window.close()


def said(window: WallWindow) -> str:
    window.board.refresh()
    return "\n".join([window.board.headline.text, *(piece.text for piece in window.board.placement.pieces)])


def test_it_fills_the_screen_and_shows_a_new_case_on_board_and_map(wall: WallWindow, port: ScriptedPort, qtbot: QtBot) -> None:
    assert wall.isFullScreen()
    before = said(wall)
    port.burst()
    qtbot.waitUntil(lambda: said(wall) != before, timeout=60_000)
    qtbot.waitUntil(lambda: wall.map._live.case is not None, timeout=60_000)
    assert "1 case running" in said(wall)


def test_nothing_on_it_acts(wall: WallWindow, port: ScriptedPort) -> None:
    port.burst()
    said(wall)
    acting = [one for kind in (QAbstractButton, QAbstractSlider, QLineEdit) for one in wall.findChildren(kind)]
    assert not [one for one in acting if one.isVisible()]
    for key in (Qt.Key.Key_Return, Qt.Key.Key_A, Qt.Key.Key_Delete):
        QTest.keyClick(wall, key)
        QTest.keyClick(wall.map, key)
    QTest.mouseClick(wall.map, Qt.MouseButton.LeftButton)
    assert port.actors == []


def test_esc_leaves_the_full_screen_and_f11_takes_it_again(wall: WallWindow) -> None:
    QTest.keyClick(wall, Qt.Key.Key_Escape)
    assert not wall.isFullScreen()
    assert wall.isVisible()
    QTest.keyClick(wall, Qt.Key.Key_F11)
    assert wall.isFullScreen()


def test_of_an_area_it_shows_that_area_only(qtbot: QtBot, port: ScriptedPort) -> None:
    port.burst()  # in the east
    sight = AreaSight(port.city, [WEST])
    window = WallWindow(AreaPort(port, sight), WindowSettings(language="en", area=sight))
    qtbot.addWidget(window)
    window.open()
    assert "case running" not in said(window)
    assert NAMES[WEST] in window.windowTitle()
    window.close()
