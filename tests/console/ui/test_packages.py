"""The command that writes the package of the case in focus: path, background work, message; refusals in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from console.services.incidents.judging import DismissIncident
from console.ui.window import MainWindow
from maps.errors import InputFault
from tests.console.ui.scripted import CASE, ScriptedPort

pytestmark = pytest.mark.gui


@pytest.fixture
def chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is chosen in the file dialog."""
    path = tmp_path / "a"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    return path


def test_the_package_of_the_case_in_focus_is_written_in_the_background_and_its_path_is_shown(
    window: MainWindow, port: ScriptedPort, chosen: Path, qtbot: QtBot
) -> None:
    asked: list[tuple[str, Path, str]] = []

    def writer(incident_id: str, to: Path, language: str) -> Path:
        asked.append((incident_id, to, language))
        return to

    window.packages.writer = writer
    window.commands.run("package")
    assert not asked, "there is no case yet"
    port.burst()
    window.settle()
    hit = next(hit for hit in window.search("事件包") if hit.kind == "command")
    window.open_hit(hit)
    assert CASE in window.messages.text
    assert window.messages.objectName() == "note"
    qtbot.waitUntil(lambda: not window.packages.busy, timeout=60_000)
    assert asked == [(CASE, chosen.with_suffix(".incident"), "zh_CN")]
    assert str(chosen.with_suffix(".incident")) in window.messages.text


def test_a_file_that_cannot_be_written_is_reported(window: MainWindow, port: ScriptedPort, chosen: Path, qtbot: QtBot) -> None:
    def refuses(incident_id: str, to: Path, language: str) -> Path:
        raise InputFault(f"{to}: no place")

    port.burst()
    window.settle()
    window.commands.run("package")
    assert window.messages.text == window._appearance.words("messages.package_nowhere")
    window.packages.writer = refuses
    window.commands.run("package")
    qtbot.waitUntil(lambda: not window.packages.busy, timeout=60_000)
    assert "no place" in window.messages.text
    assert window.messages.objectName() == "banner"


def test_the_package_of_the_case_closed_last_is_written_too(
    window: MainWindow, port: ScriptedPort, chosen: Path, qtbot: QtBot
) -> None:
    asked: list[str] = []

    def writer(incident_id: str, to: Path, language: str) -> Path:
        asked.append(incident_id)
        return to

    window.packages.writer = writer
    port.burst()
    window.settle()
    window.dispatcher.submit(DismissIncident(CASE, "误报"))
    window.settle()
    assert not port.latest().incidents
    window.commands.run("package")
    qtbot.waitUntil(lambda: not window.packages.busy, timeout=60_000)
    assert asked == [CASE]
