"""Where a drawn valve is placed, which places are reported as doubtful, and the effect of the tolerance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maps.city import City
from maps.errors import Fault
from maps.importers import ImportOptions, import_city
from maps.isolation import Isolator
from tests.maps.importers.writing import line, pipe, point, source, write


def _tee(path: Path, valves: list[dict[str, Any]], *, snap_m: float = 0.5, **layers: Any) -> tuple[City, tuple[Fault, ...]]:
    """R1 =A= tee =B= R2, and C from the tee down to a dead end."""
    pipes = [pipe("A", (0, 0), (100, 0)), pipe("B", (100, 0), (300, 0)), pipe("C", (100, 0), (100, -150))]
    everything = {"nodes": [source(0, 0, "R1"), source(300, 0, "R2")], "pipes": pipes, "valves": valves, **layers}
    made = import_city([write(path / "tee.gpkg", everything)], ImportOptions(snap_m=snap_m))
    return made.city, made.faults


_STATED = (("T", (100, 0)), ("E", (100, -150)))


def _sits(city: City, valve: str) -> tuple[str, tuple[float, float]]:
    """(pipe, place of the node) of a valve."""
    network = city.network
    row = network.valves.row(valve)
    node, on = int(network.valves.node[row]), int(network.valves.pipe[row])
    at = (float(network.nodes.x[node]) - 500_000.0, float(network.nodes.y[node]) - 4_058_000.0)
    return (str(network.pipes.asset_id[on]) if on >= 0 else "", at)


def _doubt(city: City, valve: str) -> str:
    return str(city.network.valves.placing[city.network.valves.row(valve)])


def _three(away: float) -> list[dict[str, Any]]:
    places = {"VA": (100 - away, 0), "VB": (100 + away, 0), "VC": (100, -away)}
    return [{"asset_id": name, "wkt": point(*at)} for name, at in places.items()]


@pytest.mark.parametrize("away", [0.1, 0.25, 0.4])
def test_a_valve_drawn_nearer_to_one_pipe_than_to_the_node_sits_on_that_pipes_end(away: float, tmp_path: Path) -> None:
    city, _ = _tee(tmp_path, _three(away))
    assert [_sits(city, name) for name in ("VA", "VB", "VC")] == [(name, (100.0, 0.0)) for name in "ABC"]
    assert [_doubt(city, name) for name in ("VA", "VB", "VC")] == ["", "", ""]
    isolator = Isolator(city)
    assert [step.asset_id for step in isolator.plan(["C"]).valves_to_close] == ["VC"]
    assert {step.asset_id for step in isolator.plan(["A"]).valves_to_close} == {"VA"}


@pytest.mark.parametrize("turned", [False, True])
def test_a_valve_beside_a_source_of_two_pipes_shuts_only_the_pipe_it_is_drawn_on(turned: bool, tmp_path: Path) -> None:
    """A and B meet at a well, V is drawn on A's end 0.2 m from it: nothing keeps the well's water out of B."""
    pipes = [pipe("A", (0, 0), (100, 0)), pipe("B", (200, 0), (100, 0)) if turned else pipe("B", (100, 0), (200, 0))]
    valves = [{"asset_id": "V", "wkt": point(99.8, 0)}]
    wells: list[dict[str, Any]] = [
        {"nodes": [source(0, 0), source(100, 0, "W")]},
        {"nodes": [{"asset_id": "W", "demand_m3h": -5.0, "wkt": point(100, 0)}, source(0, 0)]},
        {"nodes": [source(0, 0)], "plants": [{"asset_id": "W", "kind": "well", "wkt": point(100, 0)}]},
    ]
    for number, layers in enumerate(wells):
        rows = pipes[::-1] if turned else pipes
        city = import_city(
            [write(tmp_path / f"{number}.gpkg", {**layers, "pipes": rows, "valves": valves})], ImportOptions()
        ).city
        plan = Isolator(city).plan(["B"])
        well = str(city.network.nodes.asset_id[np.flatnonzero(city.network.nodes.x == 500_100.0)[0]])
        # A fixed head parts its two pipes; past an inflow water runs on, and V holds back what lies behind A.
        holds = [step.asset_id for step in plan.valves_to_close]
        assert (plan.isolatable, plan.sources_inside, holds) == (False, (well,), ["V"] if number == 1 else [])
        assert [step.asset_id for step in Isolator(city).plan(["A"]).valves_to_close] == ["V"]


@pytest.mark.parametrize("long_m", [0.1, 0.2, 0.45])
def test_valves_drawn_as_short_links_around_a_tee_are_not_bypassed(long_m: float, tmp_path: Path) -> None:
    far = {"A": (100 - long_m, 0.0), "B": (100 + long_m, 0.0), "C": (100.0, -long_m)}
    pipes = [pipe("A", (0, 0), far["A"]), pipe("B", far["B"], (300, 0)), pipe("C", (100, -150), far["C"])]
    valves = [{"asset_id": f"V{name}", "wkt": line(at, (100, 0))} for name, at in far.items()]
    layers = {"nodes": [source(0, 0, "R1"), source(300, 0, "R2")], "pipes": pipes, "valves": valves}
    isolator = Isolator(import_city([write(tmp_path / "tee.gpkg", layers)], ImportOptions()).city)
    assert [[step.asset_id for step in isolator.plan([name]).valves_to_close] for name in far] == [["VA"], ["VB"], ["VC"]]


@pytest.mark.parametrize("kind", ["gate", "prv"])
@pytest.mark.parametrize("ends", [(1.0, 2.0), (2.0, 1.0), (0.0, 1.0)])
def test_a_valve_drawn_as_a_line_over_a_pipe_is_placed_on_it_or_reported_as_bypassed(
    ends: tuple[float, float], kind: str, tmp_path: Path
) -> None:
    drawn = [{"asset_id": "VC", "kind": kind, "wkt": line(*((100, -down) for down in ends))}]
    city, faults = _tee(tmp_path, [*({**row, "kind": "gate"} for row in _three(0.4)[:2]), *drawn])
    last = str(city.network.pipes.asset_id[np.flatnonzero(city.network.pipes.source_id == "C")[-1]])
    steps = [step.asset_id for step in Isolator(city).plan([last]).valves_to_close]
    if kind == "gate":
        assert steps == ["VC"]
        assert "valve_over_pipe" in _codes(faults, "VC")
    else:
        assert steps == ["VA", "VB"]
        assert "valve_bypassed" in _codes(faults, "VC")


@pytest.mark.parametrize("away", [0.05, 0.2, 0.4])
def test_a_line_that_stops_a_little_short_of_its_stated_node_still_has_its_valves(away: float, tmp_path: Path) -> None:
    nodes = [source(0, 0, "R1"), source(300, 0, "R2"), *({"asset_id": n, "wkt": point(*at)} for n, at in _STATED)]
    pipes = [
        pipe("A", (0, 0), (99.7, 0), from_node="R1", to_node="T"),
        pipe("B", (300, 0), (100.3, 0), from_node="R2", to_node="T"),
        pipe("C", (100, -0.3), (100, -150), from_node="T", to_node="E"),
    ]
    layers = {"nodes": nodes, "pipes": pipes, "valves": _three(away)}
    city = import_city([write(tmp_path / "tee.gpkg", layers)], ImportOptions()).city
    assert [_sits(city, name)[0] for name in ("VA", "VB", "VC")] == ["A", "B", "C"]
    assert [step.asset_id for step in Isolator(city).plan(["C"]).valves_to_close] == ["VC"]


def test_a_valve_drawn_on_a_source_of_two_pipes_is_in_doubt(tmp_path: Path) -> None:
    layers = {
        "nodes": [source(0, 0), source(100, 0, "W")],
        "pipes": [pipe("A", (0, 0), (100, 0)), pipe("B", (100, 0), (200, 0))],
        "valves": [{"asset_id": "V", "wkt": point(100, 0)}],
    }
    made = import_city([write(tmp_path / "w.gpkg", layers)], ImportOptions())
    assert _doubt(made.city, "V") == "at_junction"
    assert "valve_at_junction" in _codes(made.faults, "V")


def test_a_valve_near_a_pipes_end_is_placed_on_the_end_within_the_tolerance_and_cuts_the_pipe_beyond(tmp_path: Path) -> None:
    for name, snap_m, pieces, burst in (("narrow", 0.2, 6, "C~2"), ("wide", 2.0, 3, "C")):
        folder = tmp_path / name
        folder.mkdir()
        city, _ = _tee(folder, _three(0.4), snap_m=snap_m)
        assert len(city.network.pipes) == pieces
        assert [step.asset_id for step in Isolator(city).plan([burst]).valves_to_close] == ["VC"]


@pytest.mark.parametrize("away", [0.1, 0.4])
def test_on_a_main_drawn_through_the_tee_a_valve_sits_on_the_side_it_is_drawn(away: float, tmp_path: Path) -> None:
    layers = {
        "nodes": [source(0, 0, "R1"), source(300, 0, "R2")],
        "pipes": [pipe("M", (0, 0), (300, 0)), pipe("C", (100, 0), (100, -150))],
        "valves": _three(away),
    }
    city = import_city([write(tmp_path / "tee.gpkg", layers)], ImportOptions()).city
    assert [_sits(city, name)[0] for name in ("VA", "VB", "VC")] == ["M~1", "M~2", "C"]
    isolator = Isolator(city)
    assert {step.asset_id for step in isolator.plan(["M~1"]).valves_to_close} == {"VA"}
    assert {step.asset_id for step in isolator.plan(["M~2"]).valves_to_close} == {"VB"}


def test_a_valve_that_names_a_pipe_with_two_pieces_at_its_node_is_in_doubt_unless_drawn(tmp_path: Path) -> None:
    nodes = [source(0, 0, "R1"), {"asset_id": "T", "kind": "junction", "head_m": None, "wkt": point(100, 0)}]
    row = {"pipe": "M", "node": "T"}
    valves: list[dict[str, Any]] = [{"asset_id": "V1", **row, "wkt": None}, {"asset_id": "V2", **row, "wkt": point(100.3, 0)}]
    pipes = [pipe("M", (0, 0), (300, 0)), pipe("C", (100, 0), (100, -150))]
    made = import_city([write(tmp_path / "t.gpkg", {"nodes": nodes, "pipes": pipes, "valves": valves})], ImportOptions())
    assert (_doubt(made.city, "V1"), _doubt(made.city, "V2")) == ("end_unknown", "")
    assert _sits(made.city, "V2")[0] == "M~2"
    assert "valve_end_unknown" in _codes(made.faults, "V1")


def test_a_one_way_valve_into_a_pipe_that_it_cuts_is_reported_and_directed_as_the_pipe_is_drawn(tmp_path: Path) -> None:
    layers = {
        "nodes": [source(0, 0, "R1")],
        "pipes": [pipe("A", (0, 0), (100, 0))],
        "valves": [{"asset_id": "V", "flows_to": "A", "wkt": point(30, 0)}],
    }
    made = import_city([write(tmp_path / "w.gpkg", layers)], ImportOptions())
    network = made.city.network
    assert str(network.pipes.asset_id[network.valves.flows_to[0]]) == "A~2"
    assert _doubt(made.city, "V") == "direction_unknown"
    assert "flows_to_ambiguous" in _codes(made.faults, "V")


def _codes(faults: tuple[Fault, ...], valve: str) -> set[str]:
    return {fault.code for fault in faults if fault.layer == "valves" and fault.asset_id == valve}


@pytest.mark.parametrize(
    ("at", "doubt", "code"),
    [
        ((100.0, 0.0), "at_junction", "valve_at_junction"),
        ((99.97, -0.03), "near_two_pipes", "valve_near_two_pipes"),
        ((50.0, 0.48), "tolerance_edge", "valve_at_tolerance"),
        ((99.5, 0.0), "tolerance_edge", "valve_at_tolerance"),
        ((100.47, 0.0), "tolerance_edge", "valve_at_tolerance"),
    ],
)
def test_a_doubtful_place_is_reported_and_marked(at: tuple[float, float], doubt: str, code: str, tmp_path: Path) -> None:
    city, faults = _tee(tmp_path, [{"asset_id": "V", "wkt": point(*at)}])
    assert doubt in _doubt(city, "V").split(",")
    assert code in _codes(faults, "V")


def test_an_unambiguous_place_is_neither_reported_nor_marked(tmp_path: Path) -> None:
    city, faults = _tee(tmp_path, [{"asset_id": "V", "wkt": point(50.0, 0.1)}, {"asset_id": "W", "wkt": point(200.0, 0.0)}])
    assert (_doubt(city, "V"), _doubt(city, "W")) == ("", "")
    assert not _codes(faults, "V") | _codes(faults, "W")


def test_a_valve_between_two_pipes_that_do_not_meet_is_in_doubt(tmp_path: Path) -> None:
    pipes = [pipe("A", (0, 0), (100, 0)), pipe("P", (0, 0.3), (100, 0.3))]
    layers = {"nodes": [source(0, 0)], "pipes": pipes, "valves": [{"asset_id": "V", "wkt": point(50, 0.14)}]}
    made = import_city([write(tmp_path / "p.gpkg", layers)], ImportOptions(snap_m=0.2))
    assert str(made.city.network.valves.placing[0]) == "near_two_pipes"


def test_a_valve_drawn_away_from_the_pipe_it_names_is_in_doubt(tmp_path: Path) -> None:
    city, faults = _tee(tmp_path, [{"asset_id": "V", "pipe": "A", "wkt": point(50, 20)}])
    assert _doubt(city, "V") == "off_its_pipe"
    assert "valve_off_its_pipe" in _codes(faults, "V")


def test_a_valve_left_out_is_reported_with_the_distance_to_the_next_pipe(tmp_path: Path) -> None:
    _, faults = _tee(tmp_path, [{"asset_id": "V", "wkt": point(50, 0.52)}])
    (told,) = (fault for fault in faults if fault.code == "valve_off_network")
    assert "0.52 m" in told.message
    assert "tolerance" in told.message


def test_doubts_of_a_dataset_survive_writing_and_reading(tmp_path: Path) -> None:
    from maps.dataset import read_city, write_city

    city, _ = _tee(tmp_path, [{"asset_id": "V", "wkt": point(100, 0)}])
    write_city(city, tmp_path / "city.gpkg")
    again = read_city(tmp_path / "city.gpkg")
    assert _doubt(again, "V") == "at_junction"
    assert [step.placing for step in Isolator(again).plan(["C"]).valves_to_close] == ["at_junction"]


def test_a_duplicate_is_found_whichever_of_the_two_pipes_a_valve_cuts(tmp_path: Path) -> None:
    for name, where in (("none", None), ("one", (150.0, 0.0)), ("far", (130.0, 0.0))):
        pipes = [pipe("A", (0, 0), (100, 0)), pipe("B", (100, 0), (200, 0)), pipe("B2", (200, 0), (100, 0))]
        layers = {"nodes": [source(0, 0)], "pipes": pipes}
        if where is not None:
            layers["valves"] = [{"asset_id": "V1", "pipe": "B2" if name == "far" else "B", "wkt": point(*where)}]
        faults = import_city([write(tmp_path / f"{name}.gpkg", layers)], ImportOptions()).faults
        found = [fault.asset_id for fault in faults if fault.code == "duplicate_pipe"]
        assert [one.partition("~")[0] for one in found] == ["B2"], name


def test_pipes_of_one_length_between_the_same_nodes_are_no_duplicates_where_their_courses_differ(tmp_path: Path) -> None:
    rows = [
        pipe("A", (0, 0), (50, 30), (100, 0)),
        pipe("B", (0, 0), (50, -30), (100, 0)),
        pipe("C", (100, 0), (50, -30), (25, -15), (0, 0)),  # B the other way round
    ]
    path = write(tmp_path / "twins.gpkg", {"pipes": rows, "nodes": [source(0, 0)]})
    told = [f for f in import_city([path], ImportOptions()).faults if f.code == "duplicate_pipe"]
    assert [fault.asset_id for fault in told] == ["C"]


def test_the_halves_of_a_ring_that_a_valve_cuts_are_no_duplicates(tmp_path: Path) -> None:
    ring = pipe("R", (100, 0), (150, 50), (200, 0), (150, -50), (100, 0))
    valves = [{"asset_id": "V", "pipe": "R", "wkt": point(200, 0)}]
    path = write(
        tmp_path / "ring.gpkg", {"pipes": [pipe("A", (0, 0), (100, 0)), ring], "nodes": [source(0, 0)], "valves": valves}
    )
    result = import_city([path], ImportOptions())
    assert {"R~1", "R~2"} <= set(result.city.network.pipes.asset_id)
    assert not [fault for fault in result.faults if fault.code == "duplicate_pipe"]


def test_two_duplicates_cut_at_different_places_are_reported_once(tmp_path: Path) -> None:
    pipes = [pipe("A", (0, 0), (100, 0)), pipe("B", (100, 0), (200, 0)), pipe("B2", (100, 0), (200, 0))]
    valves = [{"asset_id": f"V{n}", "pipe": on, "wkt": point(x, 0)} for n, (on, x) in enumerate([("B", 130), ("B2", 170)])]
    layers = {"nodes": [source(0, 0)], "pipes": pipes, "valves": valves}
    faults = import_city([write(tmp_path / "d.gpkg", layers)], ImportOptions()).faults
    assert [fault.asset_id for fault in faults if fault.code == "duplicate_pipe"] == ["B2~1"]
