"""The program's first and last moments: splash, question before closing, drafts that survive a crash."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFormLayout, QLineEdit, QPlainTextEdit
from pytestqt.qtbot import QtBot

from console.domain.actors import Actor
from console.services.ports import StoreUnavailable
from console.ui.dialogs.confirm import Confirmation
from console.ui.start.closing import Open, what_is_open
from console.ui.start.drafts import Draft, DraftKeeper, drafts_path, drop_left_over, open_drafts, take_left_over
from console.ui.start.guard import SessionGuards
from console.ui.start.recovered import RecoveredDialog
from console.ui.window import MainWindow
from tests.console.ui.scripted import ScriptedPort

pytestmark = pytest.mark.gui


@pytest.fixture
def form(qtbot: QtBot, window: MainWindow) -> QDialog:
    """An open form: a text, a line with a label, a password, a search, and a line that nobody changed."""
    dialog = QDialog(window)
    dialog.setWindowTitle("登记来电")
    layout = QFormLayout(dialog)
    fields = {}
    for name, text in (("电话", "555-0100"), ("密码", "secret"), ("查找", "DN300"), ("原文", "")):
        fields[name] = QLineEdit()
        layout.addRow(name, fields[name])
        QTest.keyClicks(fields[name], text)
    fields["密码"].setEchoMode(QLineEdit.EchoMode.Password)
    fields["查找"].setClearButtonEnabled(True)
    fields["原文"].setText("由程序填写")
    area = QPlainTextEdit()
    area.setAccessibleName("内容")
    layout.addRow(area)
    area.setPlainText("")
    area.insertPlainText("水很浑")
    area.document().setModified(True)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def test_typed_texts_are_drafts_and_passwords_searches_and_prefilled_ones_are_not(form: QDialog) -> None:
    assert set(open_drafts()) == {Draft("登记来电", "电话", "555-0100"), Draft("登记来电", "内容", "水很浑")}
    form.hide()
    assert open_drafts() == ()


def test_drafts_survive_a_crash_and_are_offered_until_they_are_dropped(
    window: MainWindow, form: QDialog, tmp_path: Path, qtbot: QtBot
) -> None:
    path = drafts_path(tmp_path, "console-1")
    DraftKeeper(window, path, list)  # and no orderly end
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, "a caller's number is for its owner alone"
    form.hide()
    for _ in range(2):  # not dropped the first time
        left = take_left_over(path)
        assert left is not None
        assert {one.text for one in left.drafts} == {"555-0100", "水很浑"}
        assert not path.exists()
    assert left is not None
    dialog = RecoveredDialog(left, None, window.appearance, window)
    qtbot.addWidget(dialog)
    dialog.copies[1].click()
    assert QApplication.clipboard().text() == left.drafts[1].text
    dialog.dropped.connect(lambda: drop_left_over(path))
    dialog.show()
    dialog.drop.click()
    assert take_left_over(path) is None


def test_a_damaged_file_of_drafts_is_told_as_an_end_that_was_not_orderly(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = drafts_path(tmp_path, "console-1")
    path.write_text('{"at": "2024-01', encoding="utf-8")
    left = take_left_over(path)
    assert left is not None
    assert left.drafts == ()
    assert "cannot be read" in caplog.text
    caplog.clear()


def test_an_orderly_end_leaves_nothing(window: MainWindow, tmp_path: Path) -> None:
    path = drafts_path(tmp_path, "console-1")
    guards = SessionGuards(None, path)
    guards.watch(window)
    assert path.exists(), "it marks a running session"
    window.close()
    assert take_left_over(path) is None


def test_closing_with_an_open_case_asks_and_stay_keeps_the_window(
    window: MainWindow, port: ScriptedPort, tmp_path: Path, qtbot: QtBot
) -> None:
    path = drafts_path(tmp_path, "console-1")
    SessionGuards(None, path).watch(window)
    port.burst()
    window.show_picture(port.latest())
    asked: list[str] = []

    def answer(button: str) -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, Confirmation)
        asked.append(button)
        (dialog.cancel if button == "stay" else dialog.ok).click()

    for button, closes in (("stay", False), ("close", True)):
        from PySide6.QtCore import QTimer

        QTimer.singleShot(50, window, lambda button=button: answer(button))
        assert window.close() is closes
        assert window.isVisible() is not closes
    assert asked == ["stay", "close"]
    assert not path.exists()


def test_the_question_says_what_is_lost_and_what_is_not(window: MainWindow) -> None:
    ((_, alone),) = what_is_open(Open(("2024-0001",), 0, 0, ()), window.appearance)
    ((_, watched),) = what_is_open(Open(("2024-0001",), 0, 0, (), is_watched=True), window.appearance)
    assert "2024-0001" in alone
    assert "不再接收读数" in alone
    assert "不再接收读数" not in watched
    waiting, unsent, drafts = (value for _, value in what_is_open(Open((), 1, 2, ("登记来电",)), window.appearance))
    assert waiting == "1"
    assert "2" in unsent
    assert "登记来电" in drafts
    assert "丢弃" in unsent
    assert "丢弃" in drafts
    assert not Open((), 0, 0, ())


def test_a_decision_that_was_not_carried_out_is_a_draft(window: MainWindow, tmp_path: Path) -> None:
    from console.services.alarms.station_alarms import AcknowledgeAlarms

    path = drafts_path(tmp_path, "console-1")
    window.unsent.hold(AcknowledgeAlarms(("A-1",)), Actor.named("王"), StoreUnavailable("away"))
    SessionGuards(None, path).watch(window)
    left = take_left_over(path)
    assert left is not None
    assert "A-1" in left.drafts[0].text
    window.may_close = lambda: True  # it would ask, as a decision waits


def test_a_defect_in_the_window_is_told_there_with_its_report(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    from console.crash_report import CrashReports, reports_in

    reports = CrashReports(tmp_path, "seat")
    SessionGuards(reports, None).watch(window)
    window.run_command("fit")
    try:
        raise ZeroDivisionError
    except ZeroDivisionError as fault:
        reports.write(fault)
    qtbot.waitUntil(lambda: "ZeroDivisionError" in window.messages.text, timeout=60_000)
    assert " fit\n" in reports_in(tmp_path)[0].read_text("utf-8")


def test_the_splash_names_each_step_and_loads_nothing_of_the_program() -> None:
    code = (
        "import sys\nfrom console.ui.start.splash import Splash\nsplash = Splash()\n"
        "for name in ('settings', 'city', 'drill_city', 'store', 'history', 'engine', 'window'): splash.step(name)\n"
        "splash.speak('en'); splash.step('city'); print(splash._screen.message().strip()); splash.finish(None)\n"
        "print([m for m in ('numpy', 'console.engine', 'console.ui.window') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ.copy())
    assert done.stdout.splitlines() == ["Reading the network…", "[]"]


def test_a_fault_of_a_start_from_the_desktop_is_shown_in_a_window(monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> None:
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QMessageBox

    from console.cli.output import FROM_DESKTOP, fail

    shown: list[str] = []

    def dismiss() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        shown.append(box.text())
        box.accept()

    monkeypatch.setenv(FROM_DESKTOP, "1")
    monkeypatch.setenv("DISPLAY", ":0")
    QTimer.singleShot(50, dismiss)
    with pytest.raises(SystemExit, match="2"):
        fail("city.gpkg: written by a newer Quanmai (schema 2, this one reads 1); update this one")
    assert shown == ["city.gpkg: written by a newer Quanmai (schema 2, this one reads 1); update this one"]
