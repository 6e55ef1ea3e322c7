"""Inputs that once ended in tracebacks: each is reported in one line with its place."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from console.domain.values import parsed_json
from maps.dataset import read_city, write_city
from maps.errors import InputFault
from maps.hydraulics.model_building.model import ModelDetail, build_model
from tests.console.cli.conftest import Quanmai
from tests.console.services.town import a_town

_EVENT = {"city": "c.gpkg", "detected_at": "2024-01-03T23:10:00+08:00", "candidates": [{"pipe": "H10"}], "set_90": ["H10"]}
_TRUTH = "pipe,start,end\nH10,2024-01-03T23:00,2024-01-04T02:00\n"


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """The little town as a dataset."""
    write_city(a_town(), tmp_path / "c.gpkg")
    return tmp_path / "c.gpkg"


def test_a_sound_event_is_scored(quanmai: Quanmai, city: Path, tmp_path: Path) -> None:
    (tmp_path / "e.jsonl").write_text(json.dumps(_EVENT))
    (tmp_path / "t.csv").write_text(_TRUTH)
    assert quanmai("score", "e.jsonl", "--truth", "t.csv") == (0, "")


@pytest.mark.parametrize(
    ("event", "place"),
    [
        ({**_EVENT, "candidates": [{"probability": 0.5}]}, "e.jsonl, line 1"),
        ({**_EVENT, "candidates": [0.5]}, "e.jsonl, line 1"),
        ({**_EVENT, "candidates": "H10"}, "e.jsonl, line 1"),
        ({**_EVENT, "candidates": [{"pipe": "nowhere"}]}, "e.jsonl, event 1: candidate 'nowhere'"),
        ({**_EVENT, "set_90": None}, "e.jsonl, line 1"),
        ({**_EVENT, "detected_at": "yesterday"}, "e.jsonl, event 1: detected_at"),
        ({**_EVENT, "detected_at": "0001-01-01T00:00:00+14:00"}, "e.jsonl, event 1: detected_at"),
        ({**_EVENT, "city": 5}, "e.jsonl, line 1"),
        ([1], "e.jsonl, line 1"),
    ],
)
def test_score_names_the_event_that_it_cannot_read(
    event: object,
    place: str,
    quanmai: Quanmai,
    city: Path,
    tmp_path: Path,
) -> None:
    (tmp_path / "e.jsonl").write_text(json.dumps(event))
    (tmp_path / "t.csv").write_text(_TRUTH)
    code, told = quanmai("score", "e.jsonl", "--truth", "t.csv")
    assert (code, told.count("\n")) == (2, 1), told
    assert told.startswith(f"quanmai: {place}")


@pytest.mark.parametrize(
    ("truth", "word"),
    [
        (_TRUTH.encode() + "H10,2024,城\n".encode("gb18030"), "UTF-8"),
        (_TRUTH.replace("H10", "nowhere").encode(), "'nowhere' is no pipe"),
        (_TRUTH.replace("2024-01-04T02:00", "later").encode(), "row 1, end"),
        (b"pipe,start\nH10,2024-01-03\n", "column end missing"),
        (b'pipe,start,end\n"H10,1,2', "t.csv"),
    ],
)
def test_score_names_the_row_of_the_truth_that_it_cannot_read(
    truth: bytes,
    word: str,
    quanmai: Quanmai,
    city: Path,
    tmp_path: Path,
) -> None:
    (tmp_path / "e.jsonl").write_text(json.dumps(_EVENT))
    (tmp_path / "t.csv").write_bytes(truth)
    code, told = quanmai("score", "e.jsonl", "--truth", "t.csv")
    assert (code, told.count("\n"), word in told) == (2, 1, True), told


@pytest.mark.parametrize("option", ["--batch", "--overlap"])
@pytest.mark.parametrize("nested", ["[" * 100_000, '{"burst":' * 5_000, '{"burst": ["H10"], "valves": ' + "[" * 5_000])
def test_deeply_nested_json_is_refused_and_the_other_lines_are_answered(
    nested: str,
    option: str,
    quanmai: Quanmai,
    city: Path,
    tmp_path: Path,
) -> None:
    (tmp_path / "r.jsonl").write_text(nested + "\n")
    code, told = quanmai("isolate", "c.gpkg", option, "r.jsonl")
    assert (code, told.count("\n"), "line 1: not JSON" in told) == (2, 1, True), told


def test_json_nested_too_deeply_is_refused() -> None:
    with pytest.raises(ValueError, match="too deeply"):
        parsed_json("[" * 100_000)
    assert parsed_json('{"a": [1]}') == {"a": [1]}


def _changed(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for name in ("ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY", "ST_IsEmpty"):
        connection.create_function(name, 1, lambda shape: 0)
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


@pytest.mark.parametrize("assumed", ["5", "'not json'", "'{}'", "NULL", "'[1, null]'"])
def test_a_city_is_read_whatever_its_column_assumed_holds(assumed: str, city: Path) -> None:
    _changed(city, f"UPDATE city SET assumed = {assumed}")
    assert isinstance(read_city(city).info.assumed, tuple)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ("UPDATE city SET time_zone = 'Mars/Olympus'", "no time zone"),
        ("UPDATE city SET time_zone = '../../x'", "no time zone"),
        ("UPDATE pipes SET geom = x'475000010000000001FF000000'", "contains a shape that cannot be read"),
    ],
)
def test_an_odd_dataset_is_refused_in_one_line_that_names_it(change: str, word: str, city: Path) -> None:
    _changed(city, change)
    with pytest.raises(InputFault, match=word):
        read_city(city)


def test_a_model_without_its_text_is_reported(city: Path, make_model: Callable[[Path], None]) -> None:
    make_model(city)
    _changed(city, "ALTER TABLE epanet_model DROP COLUMN inp")
    with pytest.raises(InputFault, match="column inp is missing"):
        read_city(city)


@pytest.fixture
def make_model() -> Callable[[Path], None]:
    """Put a model into a dataset."""

    def make(path: Path) -> None:
        read = read_city(path)
        write_city(replace(read, epanet=build_model(read.network, ModelDetail(), "town")), path)

    return make
