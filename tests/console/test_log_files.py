"""Log files: rotated by size; a full disk stops nothing and is reported once."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from console import log_files
from console.log_files import logged_to


def test_records_are_in_the_file_with_time_and_level(tmp_path: Path) -> None:
    with logged_to(tmp_path / "日志", "engine-1") as path:
        logging.getLogger("console.test").error("阀门 %s", "V1")
    assert path is not None
    (line,) = path.read_text("utf-8").splitlines()
    assert line.endswith("ERROR console.test: 阀门 V1")
    assert line[10] == "T"


def test_files_are_rotated_and_the_oldest_is_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_files, "MOST_BYTES", 2_000)
    with logged_to(tmp_path, "engine"):
        for number in range(1_000):
            logging.getLogger("console.test").error("line %d", number)
    found = sorted(tmp_path.iterdir())
    assert len(found) == 1 + log_files.FILES
    assert all(path.stat().st_size <= 2_000 for path in found)
    assert "line 999" in (tmp_path / "engine.log").read_text("utf-8")


def test_a_full_disk_is_reported_once_and_so_is_its_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with logged_to(tmp_path, "engine") as path:
        handler = next(one for one in logging.getLogger().handlers if isinstance(one, log_files.LogFile))
        good = handler.stream
        full = Path("/dev/full").open("w", encoding="utf-8")  # noqa: SIM115 - closing it raises, see below
        handler.stream = full
        for _ in range(3):
            logging.getLogger("console.test").error("lost")
        handler.stream = good
        logging.getLogger("console.test").error("kept")
    assert path is not None
    with pytest.raises(OSError, match="No space left"):
        full.close()
    said = capsys.readouterr().err
    assert said.count("cannot be written") == 1
    assert said.count("is written again") == 1
    assert "kept" in path.read_text("utf-8")


def test_a_folder_that_cannot_be_made_leaves_the_log_on_stderr(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    with logged_to(tmp_path / "file", "engine") as path:
        assert path is None
    assert "no log file" in caplog.text


def test_the_file_is_closed_and_gets_no_more_records_at_the_end(tmp_path: Path) -> None:
    with logged_to(tmp_path, "engine") as path:
        logging.getLogger("console.test").error("first")
    logging.getLogger("console.test").error("after")
    assert path is not None
    assert "after" not in path.read_text("utf-8")
    assert not any(isinstance(one, log_files.LogFile) for one in logging.getLogger().handlers)
