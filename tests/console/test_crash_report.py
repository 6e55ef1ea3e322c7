"""Crash reports: written for what nobody expected, with nothing that may be of people."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from console.crash_report import KEPT, CrashReports, reported_to, reports_in
from maps.errors import InputFault

_NAME = "王小明 13800000000"


def _broken(caller: str) -> None:
    raise KeyError(caller)


def _text(folder: Path) -> str:
    (path,) = reports_in(folder)
    return path.read_text("utf-8")


def test_a_report_has_version_frames_and_commands_and_nothing_of_people(tmp_path: Path) -> None:
    reports = CrashReports(tmp_path, "console-1")
    told: list[tuple[str, Path]] = []
    reports.told = told.append
    reports.note("judge")
    reports.note("CloseValve")
    with pytest.raises(KeyError) as broken:
        _broken(_NAME)
    assert reports.write(broken.value) is not None
    assert reports.write(broken.value) is None, "the same defect is reported once a run"
    text = _text(tmp_path)
    assert "Quanmai " in text
    assert "KeyError:" in text
    assert "_broken" in text
    assert text.index("judge") < text.index("CloseValve")
    assert _NAME not in text
    assert str(tmp_path) not in text
    assert str(Path(__file__).parent) not in text, "folders name accounts"
    assert told == [("KeyError", reports_in(tmp_path)[0])]


def test_an_exception_that_nobody_catches_is_reported_from_every_thread(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    before = sys.excepthook, threading.excepthook
    with reported_to(tmp_path, "seat"):
        thread = threading.Thread(target=_broken, args=(_NAME,), name="worker")
        thread.start()
        thread.join()
        logging.getLogger("engine").error("defect", exc_info=ZeroDivisionError())
        logging.getLogger("engine").error("refused", exc_info=InputFault("a row is wrong"))
    assert {path.read_text("utf-8").split("thread ")[1].split("\n")[0] for path in reports_in(tmp_path)} == {"worker", "main"}
    assert not any("InputFault" in path.read_text("utf-8") for path in reports_in(tmp_path)), "an expected fault is none"
    assert (sys.excepthook, threading.excepthook) == before
    caplog.clear()


def test_only_the_newest_reports_are_kept(tmp_path: Path) -> None:
    for number in range(KEPT + 3):
        (tmp_path / f"crash-20240101T0000{number:02d}-seat-x.txt").write_text("old", encoding="utf-8")
    CrashReports(tmp_path, "seat").write(ValueError())
    assert len(reports_in(tmp_path)) == KEPT
    assert "ValueError" in reports_in(tmp_path)[-1].read_text("utf-8")


def test_a_folder_that_cannot_be_written_costs_a_line_not_the_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "logs").write_text("a file, not a folder", encoding="utf-8")
    assert CrashReports(tmp_path / "logs", "seat").write(ValueError()) is None
    assert "crash report" in capsys.readouterr().err


def test_the_program_s_first_modules_load_neither_numpy_nor_qt() -> None:
    """The splash is there within a second only while nothing heavy is imported before it."""
    code = "import sys, console.cli; print([m for m in ('numpy', 'PySide6', 'sqlalchemy', 'pandas') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
