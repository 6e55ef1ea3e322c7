"""The window over a real engine: one with a blocked thread, and one with an unavailable store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from console.ui import status_banners as honesty
from console.ui.settings import WindowSettings
from console.ui.window import MainWindow
from tests.console.engine.faulty_store import locked
from tests.console.engine.room import Room
from tests.console.engine.test_watchdog import Block

pytestmark = pytest.mark.gui

SAID = {"zh_CN": "没有更新", "en": "No update for"}
FAULT = {"zh_CN": "后台故障", "en": "Fault in the program"}


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    monkeypatch.setattr("console.store.connection._BUSY_MS", 50)
    monkeypatch.setattr(honesty, "SILENT_AFTER_S", 0.8)
    opened = Room(tmp_path)
    yield opened
    opened.close()


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_a_blocked_engine_is_shown_until_it_continues(qtbot: QtBot, room: Room, language: str) -> None:
    window = MainWindow(room.engine, WindowSettings("王", None, language, "dark"))
    qtbot.addWidget(window)
    window.show()
    block = Block()
    room.engine.subscribe(block)
    block.on.set()
    assert block.held.wait(60)
    try:
        qtbot.waitUntil(lambda: SAID[language] in window.messages.text, timeout=60_000)
    finally:
        block.on.clear()
        block.gone.set()
    qtbot.waitUntil(lambda: SAID[language] not in window.messages.text, timeout=60_000)
    window.close()
    QApplication.processEvents()


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_an_unavailable_store_is_shown_as_a_fault_while_values_continue(qtbot: QtBot, room: Room, language: str) -> None:
    window = MainWindow(room.engine, WindowSettings("王", None, language, "dark"))
    qtbot.addWidget(window)
    window.show()
    with locked(room.store):
        room.send("Q-001", 0.3)
        qtbot.waitUntil(lambda: FAULT[language] in window.messages.text, timeout=60_000)
    qtbot.waitUntil(lambda: FAULT[language] not in window.messages.text, timeout=60_000)
    window.close()
    QApplication.processEvents()
