"""The command that lists what a store keeps and what its retention deleted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from console.cli import main
from console.domain.jobs import JobKey, JobKind, JobRow, JobState
from console.services.analysis.retention import FIRST_US, HistoryKind
from console.store import open_store
from tests.console.store.values import readings

DAY_US = 86_400_000_000


def run(monkeypatch: pytest.MonkeyPatch, *words: str | Path) -> object:
    """Exit code of a command line."""
    monkeypatch.setattr("sys.argv", ["quanmai", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code or 0


def test_the_span_of_what_is_kept_and_each_deletion_is_listed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    store = open_store(tmp_path / "s.sqlite")
    for day in range(3):
        store.append_readings(readings(0, (day * DAY_US, 1.0, 0)))
        store.flush()
    store.delete_history(HistoryKind.READINGS, FIRST_US, DAY_US, 10, days=730, at_us=9 * DAY_US)
    store.close()
    assert run(monkeypatch, "history", "--store", tmp_path / "s.sqlite", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["kept"] == {
        "readings": {"from": "1970-01-02T00:00:00+00:00", "until": "1970-01-03T00:00:00+00:00"},
        "positions": None, "expected": None, "minutes": None, "quarters": None, "jobs": None,
    }  # fmt: skip
    first = "1970-01-01T00:00:00+00:00"
    deletion = {"at": "1970-01-10T00:00:00+00:00", "kind": "readings", "from": first, "until": first, "values": 1, "days": 730}
    assert found["deleted"] == [deletion]
    assert run(monkeypatch, "history", "--store", tmp_path / "s.sqlite") == 0
    assert "1 values of readings" in capsys.readouterr().out
    assert run(monkeypatch, "history", "--store", tmp_path / "none.sqlite") == 2


def test_each_job_is_listed_with_attempts_next_time_and_last_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    store = open_store(tmp_path / "s.sqlite")
    files, impact = JobKey(JobKind.FILES, "2024-0001-N1", "v1"), JobKey(JobKind.IMPACT, "2024-0001", "ab")
    store.jobs.record([JobRow(files, JobState.FAILED, 3, 60.0, "no disk"), JobRow(impact, JobState.DONE, 1)])
    store.close()
    assert run(monkeypatch, "jobs", "--store", tmp_path / "s.sqlite", "--json") == 0
    found = json.loads(capsys.readouterr().out)["jobs"]
    shown = {one["kind"]: (one["subject"], one["state"], one["attempts"], one["reason"], one["next"] is None) for one in found}
    assert shown == {
        "files": ("2024-0001-N1", "failed", 3, "no disk", False),
        "impact": ("2024-0001", "done", 1, "", True),
    }
    assert run(monkeypatch, "jobs", "--store", tmp_path / "s.sqlite") == 0
    assert "files 2024-0001-N1: failed, attempts 3, next " in capsys.readouterr().out
