"""A window over a scripted world."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from console.ui.settings import WindowSettings
from console.ui.window import MainWindow
from maps.city import City
from tests.console.ui.approvers import OnePassword
from tests.console.ui.scripted import ScriptedPort
from tests.console.ui.small_city import build_small_city


@pytest.fixture(scope="session")
def small_city() -> City:
    """The grid city; tests do not change it."""
    return build_small_city()


@pytest.fixture
def port(small_city: City) -> ScriptedPort:
    """A scripted port before any event."""
    return ScriptedPort(small_city)


@pytest.fixture
def window(qtbot: QtBot, port: ScriptedPort) -> Iterator[MainWindow]:
    """The whole window, shown offscreen."""
    made = MainWindow(port, WindowSettings("王", None, "zh_CN", "dark", approvers=OnePassword()))
    qtbot.addWidget(made)
    made.resize(1600, 900)
    made.show()
    yield made
    made.close()
