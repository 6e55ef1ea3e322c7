"""Names, reasons and errors from outside are shown as plain text and never widen the window beyond the screen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from console.domain.health import FeedHealth
from console.services.alarms.station_alarms import ShelveAlarm
from console.ui.settings import WindowSettings
from console.ui.widgets import PlainButton, PlainLabel, tip
from console.ui.window import MainWindow
from console.ui.words import one_line
from tests.console.ui.scripted import ScriptedPort
from tests.console.ui.small_city import build_small_city

pytestmark = pytest.mark.gui
SCREEN_PX, SMALL_SCREEN_PX = 1920, 1536
MARKUP = "<img src='x'><b>A&B</b>\n第二行\u202eabc\u2066 محطة "
NAMES = (MARKUP + "很长的名字" * 40, "W" * 300)


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_no_name_makes_the_window_wider_than_the_screen(qtbot: QtBot, language: str) -> None:
    city = build_small_city()
    named = np.array([NAMES[row % 2] for row in range(len(city.stations))], dtype=object)
    city = replace(
        city,
        info=replace(city.info, name=NAMES[0]),
        stations=replace(city.stations, name=named),
        crews=replace(city.crews, name=named[: len(city.crews)]),
        zones=replace(city.zones, name=named[: len(city.zones)]),
        customers=replace(city.customers, community=np.full(len(city.customers), NAMES[1], dtype=object)),
    )
    port = ScriptedPort(city)
    window = MainWindow(port, WindowSettings(NAMES[0], None, language, "dark"))
    qtbot.addWidget(window)
    window.resize(SCREEN_PX, 1080)
    window.show()
    port.feeds = (FeedHealth("mqtt", "down", NAMES[0]),)
    port.burst()
    port.station_event(5, "frozen")
    window.settle()
    window.dispatcher.submit(ShelveAlarm(port.latest().alarms[-1].alarm_id, port.now() + timedelta(minutes=5), NAMES[0]))
    window.case.location.judge()
    window.alarms.table.selectRow(0)
    window.settle()
    QApplication.processEvents()
    assert (window.width(), window.height()) == (SCREEN_PX, 1080)
    assert window.minimumSizeHint().width() <= SCREEN_PX
    assert "\n" not in window.messages.text
    plain = {Qt.TextFormat.PlainText}
    assert {shown.textFormat() for shown in window.findChildren(QLabel) if "<b>" in shown.text()} <= plain
    window.close()


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_three_running_cases_fit_the_strip(qtbot: QtBot, language: str) -> None:
    port = ScriptedPort()
    window = MainWindow(port, WindowSettings("王小明", None, language, "dark"))
    qtbot.addWidget(window)
    port.burst()
    window.show()
    cases = tuple(replace(port.case, incident_id=f"2024-000{number}") for number in range(1, 4))
    window.show_picture(replace(port.latest(), incidents=cases))
    window.resize(SMALL_SCREEN_PX, 900)
    QApplication.processEvents()
    assert window.width() == SMALL_SCREEN_PX
    assert window.strip.minimumSizeHint().width() <= window.strip.width()
    elapsed = window._appearance.words.elapsed(10)
    assert window.strip._more_cases.isHidden()
    more = (*cases, *(replace(port.case, incident_id=f"2024-001{number}") for number in range(2)))
    window.show_picture(replace(port.latest(), version=99, incidents=more))
    assert window.strip._more_cases.text() == "+2"  # cases that have no room are counted, not forgotten
    QApplication.processEvents()
    assert window.width() == SMALL_SCREEN_PX
    assert window.strip.minimumSizeHint().width() <= window.strip.width()
    assert [case.text().startswith(f"◆ {elapsed}") for case in window.strip._cases] == [True] * 3
    window.close()


def test_one_line_has_no_breaks_and_no_marks_that_turn_writing_round() -> None:
    assert one_line(MARKUP) == "<img src='x'><b>A&B</b> 第二行abc محطة"
    assert one_line("a\u0000b\r\n\tc") == "a b c"


def test_a_tooltip_shows_markup_as_text() -> None:
    assert tip("<b>x</b>") == "<p>&lt;b&gt;x&lt;/b&gt;</p>"
    assert tip("") == ""


def test_an_endless_word_is_cut_and_an_ampersand_is_a_letter(qapp: QApplication) -> None:
    long = PlainLabel("W" * 400)
    long.setWordWrap(True)
    assert long.minimumSizeHint().width() < 300
    button = PlainButton()
    button.setText("P&1")
    assert button.text() == "P&&1"
    assert button.shortcut().isEmpty()
