"""Fitness scores of a city's data: hand-worked shares, the weakest part decides."""

from __future__ import annotations

import pytest

from maps.fitness import Fitness, fitness, fitness_json
from maps.network import ValveState
from tests.builders import a_network


def _of(purpose: str, made: tuple[Fitness, ...]) -> Fitness:
    return next(one for one in made if one.purpose == purpose)


def test_shares_of_isolation_are_by_length_and_by_valve() -> None:
    # S -V1- P1 (100 m) - A -V2- P2 (300 m) - B ; X - P3 (100 m) - Y has no source; V2's state is unknown, V3 is assumed.
    town = (
        a_network().source("S").pipe("P1", "S", "A", length_m=100.0).pipe("P2", "A", "B", length_m=300.0)
        .pipe("P3", "X", "Y", length_m=100.0)
        .valve("V1", on="P1", at="S").valve("V2", on="P2", at="A", state=ValveState.UNKNOWN)
        .valve("V3", on="P2", at="B", assumed=True)
    )  # fmt: skip
    parts = dict(_of("isolation", fitness(town.build())).parts)
    assert parts["connected"] == pytest.approx(400 / 500)
    assert parts["can_be_cut"] == 1.0
    assert parts["valves_known"] == pytest.approx(1 / 3)


def test_a_pipe_without_a_valve_before_its_source_cannot_be_cut() -> None:
    town = a_network().source("S").pipe("P1", "S", "A", length_m=100.0).pipe("P2", "A", "B", length_m=300.0)
    parts = dict(_of("isolation", fitness(town.valve("V1", on="P2", at="A").build())).parts)
    assert parts["can_be_cut"] == pytest.approx(300 / 400)


def test_the_weakest_part_is_the_score_and_one_missing_pipe_is_not_rounded_away() -> None:
    town = a_network().source("S").valve("V1", on="P0", at="S")
    for number in range(300):
        town.pipe(
            f"P{number}",
            "S" if number == 0 else f"J{number - 1}",
            f"J{number}",
            length_m=10.0,
            diameter_mm=0.0 if number == 7 else 100.0,
        )
    found = _of("hydraulics", fitness(town.customer("C", on="P1").build()))
    assert dict(found.parts)["diameters"] == pytest.approx(299 / 300)
    assert Fitness("x", (("diameters", 299 / 300),)).score == 99
    assert Fitness("x", (("diameters", 1.0),)).weakest == ""


def test_an_empty_table_serves_nothing() -> None:
    town = a_network().source("S").pipe("P1", "S", "A").build()
    made = fitness_json(town)
    assert made["notices"]["score"] == 0
    assert made["notices"]["weakest"] in ("customers_placed", "customers_known", "communities", "roads")
