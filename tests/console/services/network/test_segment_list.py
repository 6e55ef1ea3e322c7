"""City-wide plans as lists, and overlapping plans from a file."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from console.services.network.isolation_requests import answer_one
from console.services.network.plan_overlaps import answer_overlaps
from console.services.network.plan_text import plan_text, schedule_json, segments_text
from console.services.network.segment_list import COLUMNS, every_segment, write_segments_csv
from maps.errors import InputFault
from maps.isolation import Isolator
from tests.builders import a_network
from tests.console.services.town import a_town


def test_every_segments_row_is_the_plan_of_its_pipe_ranked_by_households() -> None:
    city = a_town()
    found = every_segment(city)
    assert found["segments"] == len(found["plans"]) == len(city.network.pipes)
    households = [row["households"] for row in found["plans"]]
    assert households == sorted(households, reverse=True)
    for row in found["plans"]:
        answer = answer_one(city, {"burst": [row["pipe"]]})
        assert sorted(row["valve_ids"]) == sorted(step["asset_id"] for step in answer["valves_to_close"])
        assert row["households"] == answer["households_without_water"]
    assert len(every_segment(city, top=3)["plans"]) == 3
    needed = {row["asset_id"]: row["plans"] for row in found["critical_valves"]}
    assert needed["H10a"] == sum("H10a" in row["valve_ids"] for row in found["plans"])


def test_a_part_without_any_valve_is_listed_as_without_closable_boundary() -> None:
    town = a_network().source("S").pipe("P1", "S", "A").pipe("P2", "A", "B").pipe("P3", "B", "C")
    found = every_segment(town.valve("V3", on="P3", at="B", operable=False).build())
    assert found["without_closable_boundary"] == ["P1"]
    assert found["not_isolatable"] == 1


def test_the_list_goes_to_a_table_and_back(tmp_path: Path) -> None:
    found = every_segment(a_town())
    write_segments_csv(found["plans"], tmp_path / "s.csv")
    with (tmp_path / "s.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [row["valve_ids"].split() for row in rows] == [row["valve_ids"] for row in found["plans"]]
    assert "segments" in segments_text(found)


def test_an_unknown_order_is_refused() -> None:
    with pytest.raises(InputFault, match="households, valves"):
        every_segment(a_town(), by="size")


def _lines(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_only_plans_in_force_at_one_time_conflict(tmp_path: Path) -> None:
    day = '"starts":"2024-01-03T08:00","ends":"2024-01-03T12:00"'
    later = '"starts":"2024-01-03T05:00+00:00","ends":"2024-01-03T16:00+08:00"'
    ask = _lines(
        tmp_path / "p.jsonl",
        f'{{"id":"A","burst":["H00"],{day}}}',
        f'{{"id":"B","burst":["V00"],{day}}}',
        f'{{"id":"C","burst":["V00"],{later}}}',
    )
    found = answer_overlaps(a_town(), ask)
    assert found["overlapping"] == [["A", "B"]]
    (conflict,) = found["conflicts"]
    assert conflict["households"] == 40 * (len(a_town().customers) - 3)
    assert conflict["critical"] == ("C-H20",)


def test_faulty_lines_of_overlapping_plans_are_all_named(tmp_path: Path) -> None:
    ask = _lines(
        tmp_path / "p.jsonl",
        '{"burst":["H00"]}',
        '{"id":"A","burst":["H00"],"starts":"noon","ends":"2024-01-03"}',
        '{"id":"B","burst":["H00"],"starts":"2024-01-03","ends":"2024-01-02"}',
    )
    with pytest.raises(InputFault, match=r'line 1: "id".*line 2: "starts".*line 3: B: ends'):
        answer_overlaps(a_town(), ask)


def test_a_plan_reads_as_text_with_its_alternatives() -> None:
    city = a_town()
    answer = answer_one(city, {"burst": ["H10"]})
    answer["schedule"] = schedule_json(city, Isolator(city).plan(["H10"]), 20.0)
    text = plan_text(answer)
    assert "close 2 valves" in text
    assert "if H10a cannot be closed" in text
    assert answer["schedule"]["minutes"] is None
