"""Events against known leaks, on a street of four pipes of 100 m."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from console.services.analysis.scoring import score_events
from maps.dataset import write_city
from maps.errors import InputFault
from tests.builders import a_network


@pytest.fixture
def city(tmp_path: Path) -> Path:
    builder = a_network().source("R", 0, 0, head_m=60.0)
    names = ["R", "A", "B", "C", "D"]
    for number, name in enumerate(names[1:], start=1):
        builder = builder.node(name, 400.0 * number, 0.0).pipe(f"P{number}", names[number - 1], name, length_m=400.0)
    path = tmp_path / "street.gpkg"
    write_city(builder.build(), path)
    return path


def event(city: Path, at: str, *pipes: str) -> str:
    candidates = [{"pipe": pipe, "probability": 0.5} for pipe in pipes]
    return json.dumps({"city": str(city), "detected_at": at, "candidates": candidates, "set_90": list(pipes)})


def truth(folder: Path) -> Path:
    path = folder / "leaks.csv"
    path.write_text("pipe,start,end,type\nP1,2024-01-03 10:00,2024-01-20 10:00,abrupt\nP4,2024-02-01 10:00,2024-02-02 10:00,\n")
    return path


def test_true_false_and_repeated_events_are_told_apart(city: Path, tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    events.write_text(
        "\n".join(
            [
                event(city, "2024-01-01T00:00:00+08:00", "P1"),
                event(city, "2024-01-03T10:05:00+08:00", "P2", "P1"),
                event(city, "2024-01-10T10:05:00+08:00", "P1"),
                event(city, "2024-01-11T10:05:00+08:00", "P4"),
            ]
        )
    )
    found = score_events(events, truth(tmp_path))
    assert (found["events"], found["leaks_found"], found["repeats"], found["false_alarms"]) == (4, 1, 1, 2)
    leak = found["leaks"][0]
    assert (leak["delay_min"], leak["first_m"], leak["best_of_20_m"], leak["in_set_90"]) == (5.0, 400.0, 0.0, True)
    assert (found["abrupt_within_15_min"], found["leaks"][1]["detected_at"]) == (1, None)


def test_wrong_files_are_reported_in_one_line(city: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.jsonl"
    wrong.write_text("no json")
    with pytest.raises(InputFault, match="line 1"):
        score_events(wrong, truth(tmp_path), city)
    events = tmp_path / "events.jsonl"
    events.write_text(event(city, "2024-01-01T00:00:00+08:00", "P1"))
    unknown = tmp_path / "unknown.csv"
    unknown.write_text("pipe,start,end\nXX,2024-01-03,2024-01-04\n")
    with pytest.raises(InputFault, match="XX"):
        score_events(events, unknown)
