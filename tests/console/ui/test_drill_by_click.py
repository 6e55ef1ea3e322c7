"""An instructor breaks a pipe by a right click: offered in a drill only, shown as information, refused in one line."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from console.ui.map.view.picking import Asset
from console.ui.settings import WindowSettings
from console.ui.window import MainWindow
from maps.errors import QuanmaiError
from tests.console.ui.scripted import ScriptedPort

pytestmark = pytest.mark.gui
PIPE = "P-104100"


class Simulation:
    """The instructor's side of a drill."""

    def __init__(self) -> None:
        self.broken: list[str] = []
        self.fault: QuanmaiError | None = None

    def burst(self, pipe_id: str) -> float:
        """Break a pipe; the flow, m³/h."""
        if self.fault is not None:
            raise self.fault
        self.broken.append(pipe_id)
        return 353.4


def offered(window: MainWindow, pipe_id: str) -> dict[str, QMenu]:
    """What a right click on a pipe offers."""
    pipes = window._port.city.network.pipes
    x, y = map(float, pipes.points(pipes.row(pipe_id))[1])
    window.locator.on_menu(Asset("pipe", pipe_id, pipes.row(pipe_id), x, y), QPoint(10, 10))
    menu = window.findChildren(QMenu)[-1]
    return {action.text(): menu for action in menu.actions()}


def click(window: MainWindow, pipe_id: str) -> None:
    """Choose the drill's entry of a pipe's menu."""
    (menu,) = [menu for text, menu in offered(window, pipe_id).items() if "演练" in text]
    next(action for action in menu.actions() if "演练" in action.text()).trigger()
    menu.close()
    QApplication.processEvents()


def test_a_pipe_is_broken_from_the_map_without_a_warning(qtbot: QtBot) -> None:
    simulation = Simulation()
    window = MainWindow(ScriptedPort(), WindowSettings("王", None, "zh_CN", "dark"), simulation)
    qtbot.addWidget(window)
    window.show()
    click(window, PIPE)
    assert simulation.broken == [PIPE]
    assert f"{PIPE} 已爆管，353 m³/h" in window.messages.text
    assert window.messages.objectName() == "note"
    simulation.fault = QuanmaiError("the simulator has ended;\nstart the drill anew")
    click(window, PIPE)
    assert window.messages.text == "the simulator has ended; start the drill anew"
    assert window.messages.objectName() == "banner"
    window.close()


def test_nothing_can_be_broken_outside_a_drill(window: MainWindow) -> None:
    assert not [text for text in offered(window, PIPE) if "演练" in text]
    window.findChildren(QMenu)[-1].close()
