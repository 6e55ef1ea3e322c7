"""The check of a dataset: counts, faults with their place, and the result of its hydraulics."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np

from maps.check import check_city
from maps.city import EpanetModel
from tests.builders import a_network


def _codes(report: dict[str, object]) -> set[str]:
    faults = report["faults"]
    assert isinstance(faults, list)
    return {fault["code"] for fault in faults}


def test_the_report_is_json_with_counts_crs_faults_and_hydraulics() -> None:
    report = json.loads(
        json.dumps(check_city(a_network().source("S").pipe("P1", "S", "A").valve("V1", on="P1").build(model=True)))
    )
    assert report["counts"] == {
        "nodes": 2, "pipes": 1, "pumps": 0, "valves": 1, "hydrants": 0, "plants": 0, "crews": 0, "stations": 0, "customers": 0,
        "zones": 0, "sources": 1, "length_km": 0.1,
    }  # fmt: skip
    assert report["crs"]["code"] == "EPSG:4548"
    assert report["crs"]["georeferenced"] is True
    assert report["hydraulics"]["converged"] is True


def test_a_city_without_a_model_says_so() -> None:
    hydraulics = check_city(a_network().source("S").pipe("P1", "S", "A").build())["hydraulics"]
    assert hydraulics == {"converged": False, "message": "no hydraulic model in this dataset"}


def test_a_model_that_epanet_refuses_is_reported_and_raises_nothing() -> None:
    city = a_network().source("S").pipe("P1", "S", "A").build()
    none = np.empty(0, dtype=object)
    hydraulics = check_city(replace(city, epanet=EpanetModel("[PIPES]\nP1 A B\n[END]\n", none, none, none)))["hydraulics"]
    assert hydraulics["converged"] is False
    assert "EPANET" in hydraulics["message"]


def test_an_island_without_a_source_is_a_fault_and_one_with_it_is_none() -> None:
    town = a_network().source("S").pipe("P1", "S", "A").pipe("P2", "X", "Y")
    assert "island_without_source" in _codes(check_city(town.build()))
    assert "island_without_source" not in _codes(check_city(town.source("T").pipe("P3", "T", "X").build()))


def test_pipes_without_diameter_or_length_and_doubles_are_faults() -> None:
    town = (
        a_network()
        .source("S")
        .pipe("P1", "S", "A", diameter_mm=float("nan"))
        .pipe("P2", "A", "B", length_m=0.0)
        .pipe("P3", "B", "C")
        .pipe("P4", "C", "B")
        .pipe("P5", "C", "C")
    )
    assert {"unknown_diameter", "zero_length", "duplicate_pipe", "loop_pipe"} <= _codes(check_city(town.build()))


def test_a_pipe_end_just_short_of_another_pipe_is_distinguished_from_a_dead_end() -> None:
    town = a_network().source("S", 500_000, 4_058_000).node("A", 500_100, 4_058_000).node("B", 500_101, 4_058_000)
    town.node("C", 500_200, 4_058_000)
    report = check_city(town.pipe("P1", "S", "A").pipe("P2", "B", "C").build())
    said = {fault["asset_id"]: fault for fault in report["faults"] if fault["code"] == "dangling_end"}
    assert {name for name, fault in said.items() if fault["severity"] == "warning"} == {"A", "B"}
    assert said["A"]["x"] == 500_100
    assert said["C"]["severity"] == "info"


def test_many_faults_of_one_kind_are_counted_in_full_and_listed_in_part() -> None:
    town = a_network().source("S")
    for number in range(60):
        town.pipe(f"P{number}", "S", f"J{number}", diameter_mm=0.0)
    report = check_city(town.build())
    assert report["fault_counts"]["unknown_diameter"] == 60
    assert sum(fault["code"] == "unknown_diameter" for fault in report["faults"]) == 50
