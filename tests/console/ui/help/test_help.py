"""F1 explains the panel in use and lists every key; the tour can be left at any step and is offered once."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from console.ui.commands.key_bindings import KEY_BINDINGS
from console.ui.help.key_sheet import key_lines, key_sheet
from console.ui.help.pages import PAGES, page
from console.ui.help.tour import STEPS
from console.ui.panels.registry import PANELS
from console.ui.settings import WindowSettings
from console.ui.window import MainWindow
from console.ui.words import Words
from resources.texts import LANGUAGES
from tests.console.ui.scripted import ScriptedPort

pytestmark = pytest.mark.gui


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sheet_lists_every_key_with_its_command_in_words(qtbot: QtBot, language: str) -> None:
    words = Words(language, "Asia/Shanghai")
    listed = {(line.key, line.does) for line in key_lines(words)}
    for binding in KEY_BINDINGS:
        if binding.key:
            key = QKeySequence(binding.key).toString(QKeySequence.SequenceFormat.NativeText)
            assert (key, words(f"commands.{binding.name}")) in listed
    assert "Ctrl+J" in key_sheet(words, "ctrl+j")
    assert "Ctrl+M" not in key_sheet(words, "ctrl+j")


def test_no_two_commands_of_the_window_share_a_key() -> None:
    keys = [binding.key for binding in KEY_BINDINGS if binding.key]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_panel_has_a_page_that_tells_how_to_read_it(language: str) -> None:
    assert {spec.title for spec in PANELS} - {"lock"} <= set(PAGES)
    reading = {"zh_CN": ("## 怎么看", "## 可以做什么"), "en": ("## How to read it", "## What can be done")}[language]
    for name in PAGES:
        text = page(name, language)
        assert text.startswith("# ")
        assert any(head in text for head in reading), name
        assert text.isascii() or language == "zh_CN" or not any("\u4e00" <= letter <= "\u9fff" for letter in text), name


def test_f1_opens_the_page_of_the_panel_that_has_the_focus(window: MainWindow, qtbot: QtBot) -> None:
    for command, name in (("alarms", "alarms"), ("stations", "layers"), ("case", "case"), ("map", "map")):
        window.run_command(command)
        window.run_command("help")
        shown = window.help.show(window.help.page_in_use())
        assert shown.pages.currentData() == name
    shown = window.help.show("alarms")
    assert "确认（Ctrl+A）" in shown.page.toPlainText()
    assert "判定爆管" in shown.keys.toPlainText()
    assert window.help.show("map") is shown
    window.choice.choose_language("en")
    QApplication.processEvents()
    shown = window.help.show("alarms")
    assert "Acknowledge (Ctrl+A)" in shown.page.toPlainText()
    shown.close()


def test_the_tour_is_offered_once_and_left_at_any_step(qtbot: QtBot, port: ScriptedPort, tmp_path: Path) -> None:
    def opened() -> MainWindow:
        made = MainWindow(port, WindowSettings("王", tmp_path, "zh_CN", "dark"))
        qtbot.addWidget(made)
        made.resize(1366, 768)
        made.show()
        return made

    window = opened()
    window.help.offer_tour()
    qtbot.waitUntil(lambda: window.help.tour is not None, timeout=60_000)
    tour = window.help.tour
    assert tour is not None
    for step in range(len(STEPS)):
        assert tour.step == step
        assert window.rect().contains(tour.geometry())
        if step < len(STEPS) - 1:
            tour.next.click()
    QTest.keyClick(tour.next, Qt.Key.Key_Escape)
    assert window.help.tour is None
    for left_at in range(len(STEPS)):
        tour = window.help.begin_tour()
        for _ in range(left_at):
            tour.next.click()
        tour.leave.click()
        assert window.help.tour is None
    window.close()
    again = opened()
    again.help.offer_tour()
    assert str(again._stored.get("tour/shown")) == "yes"
    qtbot.wait(1700)
    assert again.help.tour is None
    again.close()
