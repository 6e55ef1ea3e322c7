"""``quanmai isolate`` and ``quanmai trace`` from end to end: what they print, write and exit with."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from console.cli import main
from maps.dataset import write_city
from tests.console.services.town import a_town


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The town as a dataset."""
    path = tmp_path_factory.mktemp("city") / "town.gpkg"
    write_city(a_town(), path)
    return path


def ran(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    """(exit code, stdout, stderr) of a command line."""
    monkeypatch.setattr(sys, "argv", ["quanmai", *map(str, words)])
    try:
        main()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


def answers(out: str) -> list[dict[str, Any]]:
    """One JSON object a line."""
    return [json.loads(line) for line in out.splitlines()]


def test_a_batch_answers_each_line_and_a_bad_one_is_one_clear_line_and_exit_2(
    city: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    requests = tmp_path / "requests.jsonl"
    requests.write_text('{"burst":["H10"]}\n{"burst":["H10"],\n{"burst":["H20"]}\n', encoding="utf-8")
    code, out, err = ran(monkeypatch, capsys, "isolate", city, "--batch", requests, "--json")
    assert code == 2
    assert [answer.get("burst", answer.get("line")) for answer in answers(out)] == [["H10"], 2, ["H20"]]
    assert len(err.strip().splitlines()) == 1
    assert "line 2" in err


def test_one_plan_with_its_crews_and_the_way_back(
    city: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = ran(
        monkeypatch, capsys, "isolate", city, "--burst", "H10", "--stuck", "H10a", "--crews", "--restore", "--json"
    )
    (answer,) = answers(out)
    assert code == 0
    assert answer["unable"] == ["H10a"]
    assert answer["schedule"]["travel"].startswith("straight line")
    assert [step["action"] for step in answer["restoring"]] == ["fill", "sample", "reopen", "reopen"]
    code, out, _ = ran(monkeypatch, capsys, "isolate", city, "--burst", "H10")
    assert "close 2 valves" in out


def test_every_segment_is_listed_and_written(
    city: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "segments.csv"
    code, out, _ = ran(monkeypatch, capsys, "isolate", city, "--every-segment", "--by", "valves", "--csv", table, "--json")
    (answer,) = answers(out)
    assert code == 0
    assert len(table.read_text(encoding="utf-8-sig").splitlines()) == answer["segments"] + 1


def test_options_that_exclude_each_other_are_refused_in_one_line(
    city: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = ran(monkeypatch, capsys, "isolate", city, "--burst", "H10", "--every-segment")
    assert (code, out) == (2, "")
    assert "--every-segment" in err
    assert len(err.strip().splitlines()) == 1


def test_a_path_is_traced_exported_and_profiled(
    city: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "path.geojson"
    words = ["trace", city, "--kind", "path", "--from", "J00", "--via", "J01", "--to", "J22", "--barrier", "H01"]
    code, out, _ = ran(monkeypatch, capsys, *words, "--profile", "--export", file, "--json")
    (answer,) = answers(out)
    assert code == 0
    assert answer["pipes"][0] == "V00"
    assert "H01" not in answer["pipes"]
    assert [row["node"] for row in answer["profile"]] == answer["nodes"]
    features = json.loads(file.read_text(encoding="utf-8"))["features"]
    assert {f["properties"]["asset_id"] for f in features if f["properties"]["layer"] == "pipes"} == set(answer["pipes"])


def test_a_condition_that_cannot_be_read_is_one_line_and_exit_2(
    city: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = ran(monkeypatch, capsys, "trace", city, "--from", "J00", "--barrier-where", "DN is small")
    assert (code, out) == (2, "")
    assert "DN < 200" in err
