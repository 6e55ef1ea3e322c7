"""Size of letters and density: chosen by key, seen at once, remembered; larger at first on a 4K screen without scaling."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from console.ui.settings import WindowSettings
from console.ui.theme import FONT_PX, Letters, usual_px
from console.ui.window import MainWindow
from tests.console.ui.scripted import ScriptedPort

pytestmark = pytest.mark.gui


def test_the_size_follows_the_screen_until_somebody_chooses_one() -> None:
    assert [usual_px(height) for height in (720, 1080, 1440, 2160)] == [13, 13, 15, 18]
    assert min(FONT_PX) == 12
    assert max(FONT_PX) == 20


def test_letters_grow_within_bounds_and_size_and_density_are_remembered(qtbot: QtBot, port: ScriptedPort, tmp_path: Path) -> None:
    first = MainWindow(port, WindowSettings("王", tmp_path, "zh_CN", "dark"))
    qtbot.addWidget(first)
    first.resize(1600, 900)
    first.show()
    port.burst()
    first.settle()
    plain, row = first.strip._time.fontMetrics().height(), first.alarms.table.verticalHeader().defaultSectionSize()
    for _ in range(12):
        first.run_command("letters_larger")
    first.settle()
    assert Letters.now().px == 20
    assert "20" in first.messages.text
    assert first.strip._time.fontMetrics().height() >= plain * 1.4
    assert first.alarms.table.verticalHeader().defaultSectionSize() >= row * 1.4
    assert first.case.head._title.fontMetrics().height() > first.strip._user.fontMetrics().height()
    for _ in range(2):
        first.run_command("letters_smaller")
    first.run_command("density")
    assert Letters.now() == Letters(16, compact=True)
    first.close()
    Letters().put_on(cast(QApplication, QApplication.instance()))
    second = MainWindow(port, WindowSettings("王", tmp_path, "zh_CN", "dark"))
    qtbot.addWidget(second)
    assert Letters.now() == Letters(16, compact=True)
    second.close()
    third = MainWindow(port, WindowSettings("王", None, "zh_CN", "dark"))  # nothing stored: the usual size again
    qtbot.addWidget(third)
    assert Letters.now() == Letters()
    third.close()
