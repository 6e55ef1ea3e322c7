"""Repairs: what is proposed for a fault mends it, in any order of the layers, and an import with them is repeatable."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maps.city import City
from maps.errors import InputFault
from maps.fitness import fitness
from maps.importers import ImportOptions, ImportResult, import_city
from maps.importers.repairs import Repair, RepairKind, located, proposals, proposals_of_refusal, read_repairs, repairs_toml
from maps.trace import islands
from tests.maps.importers.writing import X, Y, pipe, point, source, write

_SNAP_M = 0.5


def _import(path: Path, *repairs: Repair) -> ImportResult:
    return import_city([path], ImportOptions(repairs=repairs))


def _proposed(result: ImportResult) -> tuple[Repair, ...]:
    faults = located(result.faults, result.city)
    return tuple(one for one in proposals(faults, result.city, _SNAP_M) if one is not None)


def _fed(city: City) -> set[str]:
    """Ids of the pipes with a way to a source."""
    _, label, fed = islands(city.network)
    pipes = city.network.pipes
    rows = np.flatnonzero(fed[label[pipes.from_node]])
    return {str(pipes.source_id[row] or pipes.asset_id[row]) for row in rows}


def _length(city: City) -> float:
    return float(city.network.pipes.length_m.sum())


def _ends(**columns: Any) -> dict[str, list[dict[str, Any]]]:
    """A main S-A-B; C ends 1 m beside the middle of the main, D 1 m beyond its end B."""
    stated = {"from_node": "", "to_node": ""}
    return {
        "nodes": [source(0, 0)],
        "pipes": [
            pipe("M", (0, 0), (200, 0), length_m=210.0, **{**stated, **columns}),
            pipe("C", (100, 1), (100, 100), **stated),
            pipe("D", (201, 0), (300, 0), **stated),
        ],
    }


def test_ends_beside_a_pipe_are_joined_by_a_cut_or_at_its_end(tmp_path: Path) -> None:
    path = write(tmp_path / "net.gpkg", _ends())
    before = _import(path)
    assert _fed(before.city) == {"M"}
    found = _proposed(before)
    assert Counter((one.kind, one.asset_id, one.to_id) for one in found if one.kind is RepairKind.SPLIT) == {
        (RepairKind.SPLIT, "C", "M"): 1
    }
    after = _import(path, *found)
    assert _fed(after.city) == {"M", "C", "D"}
    assert len(after.city.network.pipes) == 4
    assert _length(after.city) == pytest.approx(210.0 + 100.0 + 100.0, abs=1.1)
    assert "repair_not_made" not in {fault.code for fault in after.faults}
    assert fitness(after.city)[0].parts != fitness(before.city)[0].parts


def test_stated_nodes_are_joined_too_and_valves_on_the_cut_pipe_stay(tmp_path: Path) -> None:
    nodes = [source(0, 0), *({"asset_id": n, "kind": "junction", "wkt": point(x, y)} for n, x, y in (
        ("B", 200, 0), ("C1", 100, 1), ("C2", 100, 100), ("D1", 201, 0), ("D2", 300, 0)))]  # fmt: skip
    pipes = [
        pipe("M", (0, 0), (200, 0), from_node="S", to_node="B", length_m=210.0),
        pipe("C", (100, 1), (100, 100), from_node="C1", to_node="C2"),
        pipe("D", (201, 0), (300, 0), from_node="D1", to_node="D2"),
    ]
    valves = [{"asset_id": "V", "pipe": "M", "wkt": point(150, 0)}]
    path = write(tmp_path / "net.gpkg", {"nodes": nodes, "pipes": pipes, "valves": valves})
    found = _proposed(_import(path))
    city = _import(path, *found).city
    assert _fed(city) == {"M", "C", "D"}
    at = city.network.valves.row("V")
    assert float(city.network.valves.x[at]) == pytest.approx(X + 150)
    assert str(city.network.pipes.source_id[city.network.valves.pipe[at]] or "M") == "M"
    assert _length(city) == pytest.approx(410.0, abs=2.1)


def test_a_pipe_drawn_twice_goes_and_its_customers_stay(tmp_path: Path) -> None:
    pipes = [pipe("A", (0, 0), (100, 0)), pipe("B", (0, 0), (100, 0)), pipe("L", (100, 0), (150, 50), (200, 0))]
    customers = [{"asset_id": "K", "pipe": "B", "households": 3, "wkt": point(50, 5)}]
    path = write(tmp_path / "net.gpkg", {"nodes": [source(0, 0)], "pipes": pipes, "customers": customers})
    (found,) = _proposed(_import(path))
    assert (found.kind, found.asset_id, found.to_id) == (RepairKind.DROP, "B", "A")
    city = _import(path, found).city
    assert city.network.pipes.asset_id.tolist() == ["A", "L"]
    assert str(city.network.pipes.asset_id[city.customers.pipe[0]]) == "A"


def test_a_valve_beside_one_pipe_is_moved_onto_it_and_one_between_two_is_not(tmp_path: Path) -> None:
    pipes = [
        pipe("A", (0, 0), (100, 0)),
        pipe("B", (0, 60), (100, 60)),
        pipe("R", (0, 0), (0, 60)),
        pipe("Q", (100, 66), (0, 66)),
    ]
    valves = [{"asset_id": "V1", "wkt": point(50, 4)}, {"asset_id": "V2", "wkt": point(50, 63)}]
    path = write(tmp_path / "net.gpkg", {"nodes": [source(0, 0)], "pipes": pipes, "valves": valves})
    found = [one for one in _proposed(_import(path)) if one.layer == "valves"]
    assert [one.asset_id for one in found] == ["V1"]
    valves_after = _import(path, *found).city.network.valves
    assert valves_after.asset_id.tolist() == ["V1"]
    assert float(valves_after.y[0]) == pytest.approx(Y)


def test_given_nodes_at_one_place_become_one_but_never_the_ends_of_a_pipe(tmp_path: Path) -> None:
    nodes = [source(0, 0), *({"asset_id": n, "kind": "junction", "wkt": point(x, 0)} for n, x in (
        ("A", 100), ("A2", 100.2), ("A3", 100.6), ("E", 200), ("T", 200.3)))]  # fmt: skip
    pipes = [
        pipe("P", (0, 0), (100, 0), from_node="S", to_node="A"),
        pipe("R", (100.6, 0), (200, 0), from_node="A3", to_node="E"),
        pipe("K", (100.2, 0), (100, 50), from_node="A2", to_node=""),
        pipe("U", (200, 0), (200.3, 0), from_node="E", to_node="T"),
    ]
    path = write(tmp_path / "net.gpkg", {"nodes": nodes, "pipes": pipes})
    found = [one for one in _proposed(_import(path)) if one.kind is RepairKind.MERGE]
    assert [(one.asset_id, one.to_id) for one in found] == [("A2", "A"), ("A3", "A2")]
    assert _fed(_import(path, *found).city) == {"P", "R", "K", "U"}


def test_a_refused_import_goes_on_with_what_is_proposed(tmp_path: Path) -> None:
    nodes = [source(0, 0), {"asset_id": "A", "wkt": point(100, 0)}, {"asset_id": "A", "wkt": point(100, 0)}]
    pipes = [
        pipe("P", (0, 0), (100, 0), from_node="S", to_node="nowhere"),
        pipe("R", (100, 0), (200, 0), from_node="A", to_node=""),
    ]
    path = write(tmp_path / "net.gpkg", {"nodes": nodes, "pipes": pipes})
    with pytest.raises(InputFault) as refused:
        _import(path)
    found = tuple(one for one in proposals_of_refusal(refused.value.faults) if one is not None)
    assert {(one.kind, one.layer, one.asset_id) for one in found} == {("drop", "nodes", "A"), ("snap", "pipes", "P")}
    assert _fed(_import(path, *found).city) == {"P", "R"}


def test_a_list_of_repairs_is_read_as_written_and_a_stale_one_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "net.gpkg", _ends())
    found = _proposed(_import(path))
    kept = tmp_path / "net.repairs.toml"
    kept.write_text(repairs_toml(found), encoding="utf-8")
    again = read_repairs(kept)
    assert [(one.kind, one.asset_id, one.to_id, one.node) for one in again] == [
        (one.kind, one.asset_id, one.to_id, one.node) for one in found
    ]
    assert _fed(_import(path, *again).city) == {"M", "C", "D"}
    mended = write(tmp_path / "mended.gpkg", {"nodes": [source(0, 0)], "pipes": [pipe("M", (0, 0), (200, 0))]})
    stale = [fault for fault in _import(mended, *again).faults if fault.code == "repair_not_made"]
    assert {fault.asset_id for fault in stale} == {"C", "D"} - ({"D"} - {one.asset_id for one in found})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[repair]]\nkind = 'glue'\nlayer='pipes'\nasset_id='P'", "glue"),
        ("[[repair]]\nkind = 'drop'\nlayer='pipes'", "asset_id"),
        ("[[repair]]\nkind = 'drop'\nlayer='pipes'\nasset_id='P'\nx=nan", "number"),
        ("[[repair]]\nkind = 'drop'\nlayer='pipes'\nasset_id='P'\nhue='red'", "hue"),
        ("repair = 3", "[[repair]]"),
        ("nonsense", "cannot be read"),
    ],
)
def test_a_wrong_list_is_refused_with_its_place(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "x.repairs.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputFault, match=r"repairs\.toml") as refused:
        read_repairs(path)
    assert said in str(refused.value)
