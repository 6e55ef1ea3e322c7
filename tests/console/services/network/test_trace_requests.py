"""Trace requests: starts, barriers, directions, and answers as JSON and files."""

from __future__ import annotations

import csv
import json
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyogrio
import pytest

from console.services.network.trace_flows import solved_for, trace_text
from console.services.network.trace_requests import TraceRequest, answer_json, ids_listed, stops_json, trace_of
from maps.errors import InputFault, UnknownAsset
from maps.export.trace_files import profile_rows, write_profile, write_trace
from maps.hydraulics.state import HydraulicState
from maps.trace import profile
from tests.console.services.town import a_town

TOWN = a_town()


def _state(flow_m3h: float = 10.0) -> HydraulicState:
    """Every pipe flows from its first node to its second, heads fall by 1 m a pipe."""
    network = TOWN.network
    pipes, nodes = np.full(len(network.pipes), flow_m3h), len(network.nodes)
    fall = (network.nodes.x - network.nodes.x.min() + network.nodes.y - network.nodes.y.min()) / 200.0
    head = 80.0 - fall
    none = np.empty(0)
    return HydraulicState(
        0.0, True, "", head, head, np.zeros(nodes), pipes, none, np.full(len(network.valves), np.nan),
        np.zeros(len(network.valves), dtype=np.uint8), np.ones(len(pipes), dtype=np.bool_),
    )  # fmt: skip


def test_an_answer_has_lengths_customers_sources_and_why_it_stopped() -> None:
    answer = answer_json(TOWN, trace_of(TOWN, TraceRequest(("H10",), barriers=("V10",))))
    assert answer["length_by_diameter"] == {"300": 200.0 * (len(TOWN.network.pipes) - 1)}
    assert answer["households"] == 40 * (len(TOWN.network.pipes) - 1)
    assert len(answer["customers"]) == len(TOWN.network.pipes) - 1
    assert answer["critical_customers"] == ["C-H20"]
    assert answer["sources"] == ["R1"]
    assert {(stop["reason"], stop["asset_id"]) for stop in answer["stops"]} == {("source", "R1")}
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer
    assert f"{len(answer['pipes'])} pipes" in trace_text(answer)


def test_several_starts_are_traced_together() -> None:
    walls = ("H01", "H02", "V01", "V02", "V10", "H11")
    one = answer_json(TOWN, trace_of(TOWN, TraceRequest(("J33",), where=("DN < 100",))))
    both = answer_json(TOWN, trace_of(TOWN, TraceRequest(("J33", "J00"), barriers=walls)))
    assert set(both["pipes"]) == set(one["pipes"]) - set(walls)
    assert both["from"] == ["J33", "J00"]


def test_upstream_follows_the_solved_flow_with_the_shares_of_the_sources() -> None:
    answer = answer_json(TOWN, trace_of(TOWN, TraceRequest(("J11",), "upstream"), _state()))
    assert answer["basis"] == "flow"
    assert set(answer["pipes"]) == {"M1", "H00", "V00", "H01", "V10"}
    assert answer["shares"] == [{"asset_id": "R1", "share": 1.0}]


def test_without_a_solved_flow_directions_are_unknown_or_assumed_by_name() -> None:
    devices = answer_json(TOWN, trace_of(TOWN, TraceRequest(("J11",), "upstream")))
    assert (devices["basis"], len(devices["unknown_direction"])) == ("one-way devices", len(TOWN.network.pipes))
    assumed = answer_json(TOWN, trace_of(TOWN, TraceRequest(("J11",), "upstream", directions="assumed")))
    assert assumed["basis"].startswith("assumed")
    assert set(assumed["pipes"]) == {"M1", "H00", "V00", "H01", "V10"}
    with pytest.raises(InputFault, match="converges"):
        trace_of(TOWN, TraceRequest(("J11",), "upstream", directions="flow"))
    failed = replace(_state(), converged=False)
    assert trace_of(TOWN, TraceRequest(("J11",), "upstream"), failed).trace.basis == "one-way devices"


def test_a_path_goes_over_its_via_and_round_its_barriers_by_the_cost_asked() -> None:
    def pipes(**asked: object) -> list[str]:
        request = TraceRequest(("J00",), "path", to="J20", **asked)  # type: ignore[arg-type]
        return [str(name) for name in answer_json(TOWN, trace_of(TOWN, request, _state()))["pipes"]]

    assert pipes() == ["H00", "H10"]
    assert pipes(via=("J01",))[0] == "V00"
    assert "H00" not in pipes(barriers=("H00a",))
    answer = answer_json(TOWN, trace_of(TOWN, TraceRequest(("J00",), "path", to="J20", cost="headloss"), _state()))
    assert answer["cost"] == pytest.approx(2.0)
    with pytest.raises(InputFault, match="--to"):
        trace_of(TOWN, TraceRequest(("J00",), "path"))


def test_loops_and_islands_are_counted() -> None:
    loop = answer_json(TOWN, trace_of(TOWN, TraceRequest(("H10",), "loop")))
    assert (loop["loops"], loop["without_second_way"]) == (9, [])
    assert answer_json(TOWN, trace_of(TOWN, TraceRequest(("M1",), "loop")))["without_second_way"] == ["M1"]
    islands = answer_json(TOWN, trace_of(TOWN, TraceRequest(("M1",), "islands")))
    assert (islands["islands"], islands["without_source"]) == (1, 0)


@pytest.mark.parametrize(
    "request_",
    [TraceRequest(("J00",), "sideways"), TraceRequest(("J00",), cost="time"), TraceRequest(())],
)
def test_a_contradictory_trace_request_is_refused(request_: TraceRequest) -> None:
    with pytest.raises(InputFault):
        trace_of(TOWN, request_)


def test_unknown_places_are_named() -> None:
    with pytest.raises(UnknownAsset, match="X1"):
        trace_of(TOWN, TraceRequest(("X1",)))


def test_a_trace_is_written_as_geojson_geopackage_and_csv(tmp_path: Path) -> None:
    found = trace_of(TOWN, TraceRequest(("H10",), barriers=("H20", "V21")))
    stops = stops_json(TOWN.network, found.trace)
    for name in ("t.geojson", "t.gpkg", "t.csv"):
        write_trace(TOWN, found.trace, tmp_path / name, stops)
    expected = sorted(TOWN.network.pipes.ids(found.trace.pipes))
    written = json.loads((tmp_path / "t.geojson").read_text(encoding="utf-8"))["features"]
    assert sorted(f["properties"]["asset_id"] for f in written if f["properties"]["layer"] == "pipes") == expected
    assert 116.0 < next(f["geometry"]["coordinates"][0][0] for f in written) < 118.0
    assert sum(f["properties"]["layer"] == "stops" for f in written) == len(stops)
    table = pyogrio.read_dataframe(tmp_path / "t.gpkg", layer="pipes")
    assert sorted(table["asset_id"]) == expected
    assert table.crs.to_epsg() == 4548
    with (tmp_path / "t.csv").open(encoding="utf-8-sig", newline="") as file:
        assert sorted(row["asset_id"] for row in csv.DictReader(file)) == expected
    with pytest.raises(InputFault, match="geojson"):
        write_trace(TOWN, found.trace, tmp_path / "t.xls")


def test_a_profile_is_a_table_along_the_path(tmp_path: Path) -> None:
    path = trace_of(TOWN, TraceRequest(("J00",), "path", to="J20")).trace
    rows = profile_rows(TOWN, profile(TOWN.network, path, _state().head_m))
    assert [row["along_m"] for row in rows] == [0.0, 200.0, 400.0]
    assert rows[0]["head_m"] - rows[2]["head_m"] == pytest.approx(2.0)
    write_profile(TOWN, profile(TOWN.network, path), tmp_path / "p.csv")
    assert "J20,400.0" in (tmp_path / "p.csv").read_text(encoding="utf-8-sig")


def test_a_city_without_a_model_is_not_solved_and_times_are_checked() -> None:
    assert solved_for(TOWN, TraceRequest(("J00",), "upstream")) is None
    assert ids_listed(["A,B", " C "]) == ("A", "B", "C")


def test_a_trace_on_a_local_grid_is_written_without_library_warnings(tmp_path: Path) -> None:
    town = replace(TOWN, network=replace(TOWN.network, crs="local"))
    found = trace_of(town, TraceRequest(("H10",)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_trace(town, found.trace, tmp_path / "t.gpkg", stops_json(town.network, found.trace))
    table = pyogrio.read_dataframe(tmp_path / "t.gpkg", layer="pipes")
    assert sorted(table["asset_id"]) == sorted(town.network.pipes.ids(found.trace.pipes))
    assert table.crs is None or table.crs.to_epsg() is None
