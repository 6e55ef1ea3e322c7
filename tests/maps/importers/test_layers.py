"""Layers with the standard names: topology from geometry, valves on it, faults in one report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maps.check import check_city
from maps.city import City
from maps.dataset import read_city, write_city
from maps.errors import Fault, InputFault, Severity
from maps.hydraulics.session import EpanetSession
from maps.importers import ImportOptions, ImportResult, import_city
from maps.isolation import Isolator
from maps.network import NodeKind, ValveState
from tests.maps.importers.writing import X, Y, line, pipe, point, source, write


def _import(path: Path, **options: Any) -> ImportResult:
    return import_city([path], ImportOptions(**options))


def _ends(city: City) -> dict[str, tuple[str, str]]:
    pipes, ids = city.network.pipes, city.network.nodes.asset_id
    return {str(p): (str(ids[a]), str(ids[b])) for p, a, b in zip(pipes.asset_id, pipes.from_node, pipes.to_node, strict=True)}


def _codes(result: ImportResult) -> set[str]:
    return {fault.code for fault in result.faults}


def _one(result: ImportResult, code: str) -> Fault:
    (fault,) = [fault for fault in result.faults if fault.code == code]
    return fault


def test_ends_within_the_tolerance_become_one_node(tmp_path: Path) -> None:
    path = write(tmp_path / "net.gpkg", {"pipes": [pipe("A", (0, 0), (100, 0)), pipe("B", (100.3, 0.1), (200, 0))]})
    result = _import(path)
    ends = _ends(result.city)
    assert ends["A"][1] == ends["B"][0]
    assert "ends_snapped" in _codes(result)
    assert result.city.network.pipes.points(1)[0].tolist() == [X + 100, Y]


def test_ends_beyond_the_tolerance_stay_apart_and_are_reported(tmp_path: Path) -> None:
    path = write(tmp_path / "net.gpkg", {"pipes": [pipe("A", (0, 0), (100, 0)), pipe("B", (101, 0), (200, 0))]})
    result = _import(path)
    ends = _ends(result.city)
    assert ends["A"][1] != ends["B"][0]
    near = [fault for fault in result.faults if fault.code == "dangling_end" and fault.severity is Severity.WARNING]
    assert len(near) == 2
    assert "1.00 m beside pipe" in near[0].message


def test_a_pipe_is_split_where_another_ends_on_it(tmp_path: Path) -> None:
    path = write(tmp_path / "net.gpkg", {"pipes": [pipe("A", (0, 0), (100, 0), length_m=200.0), pipe("B", (25, 0.2), (25, 50))]})
    result = _import(path)
    pipes = result.city.network.pipes
    assert list(pipes.asset_id) == ["A~1", "A~2", "B"]
    assert list(pipes.source_id) == ["A", "A", ""]
    # The length stated for the whole is shared by the drawn lengths.
    np.testing.assert_allclose(pipes.length_m[:2], [50, 150])
    ends = _ends(result.city)
    assert ends["A~1"][1] == ends["A~2"][0] == ends["B"][0]
    assert _one(result, "pipe_split").asset_id == "A"


def test_crossing_pipes_without_an_end_there_do_not_join(tmp_path: Path) -> None:
    path = write(tmp_path / "net.gpkg", {"pipes": [pipe("A", (0, 0), (100, 0)), pipe("B", (50, -50), (50, 50))]})
    assert list(_import(path).city.network.pipes.asset_id) == ["A", "B"]


def test_a_pipe_shorter_than_the_tolerance_stays_a_pipe(tmp_path: Path) -> None:
    rows = [pipe("A", (0, 0), (100, 0)), pipe("B", (100, 0), (100.2, 0)), pipe("C", (100.2, 0), (200, 0))]
    ends = _ends(_import(write(tmp_path / "net.gpkg", {"pipes": rows})).city)
    assert len({ends["A"][1], ends["C"][0]}) == 2
    assert ends["B"] == (ends["A"][1], ends["C"][0])


def test_a_source_from_the_nodes_layer_feeds_the_pipes_that_end_at_it(tmp_path: Path) -> None:
    path = write(tmp_path / "net.gpkg", {"pipes": [pipe("A", (0, 0), (100, 0))], "nodes": [source(0.2, 0)]})
    city = _import(path).city
    assert _ends(city)["A"][0] == "S"
    assert city.network.nodes.kind[city.network.nodes.row("S")] == NodeKind.SOURCE
    assert check_city(city)["hydraulics"]["converged"] is True


def test_a_plant_feeds_the_network_and_a_planned_one_does_not(tmp_path: Path) -> None:
    plants = [{"asset_id": "W1", "kind": "plant", "planned": "no", "wkt": point(0, 1)},
              {"asset_id": "W2", "kind": "plant", "planned": "yes", "wkt": point(100, 1)}]  # fmt: skip
    city = _import(write(tmp_path / "net.gpkg", {"pipes": [pipe("A", (0, 0), (100, 0))], "plants": plants})).city
    assert list(city.network.nodes.kind) == [NodeKind.PLANT, NodeKind.JUNCTION]


def test_an_island_without_a_source_is_reported(tmp_path: Path) -> None:
    rows = [pipe("A", (0, 0), (100, 0)), pipe("B", (500, 0), (600, 0))]
    result = _import(write(tmp_path / "net.gpkg", {"pipes": rows, "nodes": [source(0, 0)]}))
    assert _one(result, "island_without_source").x == pytest.approx(X + 500)


def test_stated_topology_is_used_unchanged(tmp_path: Path) -> None:
    nodes = [source(0, 0), {"asset_id": "J1", "wkt": point(100, 0)}, {"asset_id": "J2", "wkt": point(100.1, 0)}]
    pipes = [pipe("A", (0, 0), (100, 0), from_node="S", to_node="J1"), pipe("B", (0, 1), (100, 1), from_node="J2", to_node="S")]
    city = _import(write(tmp_path / "net.gpkg", {"pipes": pipes, "nodes": nodes})).city
    assert _ends(city) == {"A": ("S", "J1"), "B": ("J2", "S")}
    # Drawn against its stated direction: the line is turned to run from its first node.
    assert city.network.pipes.points(1)[0].tolist() == [X + 100, Y + 1]


def test_a_valve_on_a_pipe_cuts_it_there(tmp_path: Path) -> None:
    valves = [{"asset_id": "V1", "state": "closed", "flows_to": "A", "wkt": point(30, 0.2)}]
    city = _import(write(tmp_path / "net.gpkg", {"pipes": [pipe("A", (0, 0), (100, 0))], "valves": valves})).city
    network = city.network
    assert _ends(city) == {"A~1": ("N1", "V1"), "A~2": ("V1", "N2")}
    assert network.nodes.asset_id[network.valves.node[0]] == "V1"
    assert network.valves.state[0] == ValveState.CLOSED
    assert network.pipes.source_id[network.valves.flows_to[0]] == "A"


def test_a_valve_at_a_branch_that_names_its_pipe_shuts_only_that_end(tmp_path: Path) -> None:
    pipes = [pipe("A", (0, 0), (100, 0)), pipe("B", (100, 0), (200, 0)), pipe("C", (100, 0), (100, 100))]
    valves = [{"asset_id": "V1", "pipe": "C", "wkt": point(100, 0.3)}, {"asset_id": "V2", "pipe": "", "wkt": point(100, 0)}]
    result = _import(write(tmp_path / "net.gpkg", {"pipes": pipes, "valves": valves}))
    table = result.city.network.valves
    assert result.city.network.pipes.asset_id[table.pipe[0]] == "C"
    assert table.pipe[1] == -1
    assert table.node[0] == table.node[1]
    assert _one(result, "valve_at_junction").asset_id == "V2"


def test_a_valve_drawn_as_a_line_is_a_link(tmp_path: Path) -> None:
    pipes = [pipe("A", (0, 0), (100, 0)), pipe("B", (100.2, 0), (200, 0))]
    valves = [{"asset_id": "V1", "kind": "prv", "setting": 30.0, "wkt": line((100, 0), (100.2, 0))}]
    city = _import(write(tmp_path / "net.gpkg", {"pipes": pipes, "valves": valves})).city
    ids, table = city.network.nodes.asset_id, city.network.valves
    assert (ids[table.from_node[0]], ids[table.to_node[0]]) == (_ends(city)["A"][1], _ends(city)["B"][0])


def test_a_valve_far_from_any_pipe_is_left_out_and_reported(tmp_path: Path) -> None:
    layers = {"pipes": [pipe("A", (0, 0), (100, 0))], "valves": [{"asset_id": "V1", "wkt": point(50, 30)}]}
    result = _import(write(tmp_path / "net.gpkg", layers))
    assert not len(result.city.network.valves)
    assert _one(result, "valve_off_network").row == 1


def test_rows_that_share_an_id_are_numbered_and_reported(tmp_path: Path) -> None:
    rows = [pipe("A", (0, 0), (100, 0)), pipe("A", (100, 0), (200, 0)), pipe("A~1", (200, 0), (300, 0))]
    result = _import(write(tmp_path / "net.gpkg", {"pipes": rows}))
    assert list(result.city.network.pipes.asset_id) == ["A~2", "A~3", "A~1"]
    assert list(result.city.network.pipes.source_id) == ["A", "A", ""]
    assert _one(result, "shared_id").asset_id == "A"


def test_parts_of_one_drawn_pipe_become_pipes(tmp_path: Path) -> None:
    wkt = f"MULTILINESTRING(({X} {Y},{X + 50} {Y}),({X + 80} {Y},{X + 100} {Y}))"
    result = _import(write(tmp_path / "net.gpkg", {"pipes": [{"asset_id": "A", "diameter_mm": 100, "wkt": wkt}]}))
    assert list(result.city.network.pipes.asset_id) == ["A~1", "A~2"]
    assert "multi_part" in _codes(result)


def test_faults_of_pipes_are_located(tmp_path: Path) -> None:
    rows = [
        pipe("A", (0, 0), (100, 0)),
        pipe("A2", (0, 0), (100, 0)),
        pipe("Z", (50, 50), (50, 50)),
        pipe("U", (100, 0), (200, 0), diameter_mm=None),
        {"asset_id": "N", "diameter_mm": 100, "wkt": None},
    ]
    result = _import(write(tmp_path / "net.gpkg", {"pipes": rows}))
    places = {fault.code: fault.asset_id for fault in result.faults}
    assert {places[c] for c in ("duplicate_pipe", "zero_length", "unknown_diameter", "no_geometry")} == {"A2", "Z", "U", "N"}


@pytest.mark.parametrize(("layer", "rows"), [
    ("nodes", [source(0, 0), source(100, 0)]),
    ("valves", [{"asset_id": "V", "wkt": point(30, 0)}, {"asset_id": "V", "wkt": point(60, 0)}]),
    ("stations", [{"asset_id": "M", "wkt": point(0, 0)}, {"asset_id": "M", "wkt": point(100, 0)}]),
])  # fmt: skip
def test_an_id_twice_is_fatal_where_others_refer_to_it(tmp_path: Path, layer: str, rows: list[dict[str, Any]]) -> None:
    path = write(tmp_path / "net.gpkg", {"pipes": [pipe("A", (0, 0), (100, 0))], layer: rows})
    with pytest.raises(InputFault) as caught:
        _import(path)
    assert [(fault.code, fault.layer, fault.row) for fault in caught.value.faults] == [("duplicate_id", layer, 2)]


@pytest.mark.parametrize(("layer", "row"), [
    ("pipes", pipe("B", (0, 0), (9, 0), from_node="S", to_node="J9")),
    ("valves", {"asset_id": "V", "node": "J9", "wkt": point(0, 0)}),
    ("stations", {"asset_id": "M", "node": "J9", "wkt": point(0, 0)}),
    ("pumps", {"asset_id": "U", "from_node": "S", "to_node": "J9", "wkt": None}),
])  # fmt: skip
def test_a_node_that_is_not_there_is_fatal(tmp_path: Path, layer: str, row: dict[str, Any]) -> None:
    layers: dict[str, list[dict[str, Any]]] = {
        "nodes": [source(0, 0), {"asset_id": "J1", "wkt": point(100, 0)}],
        "pipes": [pipe("A", (0, 0), (100, 0), from_node="S", to_node="J1")],
    }
    layers.setdefault(layer, []).append(row)
    with pytest.raises(InputFault, match="J9"):
        _import(write(tmp_path / "net.gpkg", layers))


def test_a_coordinate_that_is_no_number_is_fatal_with_its_row(tmp_path: Path) -> None:
    table = tmp_path / "pipes.csv"
    table.write_text('asset_id,diameter_mm,wkt\nA,100,"LINESTRING(0 0,9 9)"\nB,100,"LINESTRING(0 0,nan 5)"\n', encoding="utf-8")
    with pytest.raises(InputFault) as caught:
        _import(table, crs="EPSG:4548")
    assert [(fault.code, fault.row) for fault in caught.value.faults] == [("not_finite", 2)]


def test_a_required_column_that_is_missing_is_fatal(tmp_path: Path) -> None:
    with pytest.raises(InputFault, match="asset_id"):
        _import(write(tmp_path / "net.gpkg", {"pipes": [{"id": 1, "wkt": line((0, 0), (9, 0))}]}))


def test_text_where_a_number_is_expected_is_reported_with_its_place_and_the_row_is_imported(tmp_path: Path) -> None:
    rows = [pipe("A", (0, 0), (100, 0), diameter_mm="DN1OO"), pipe("B", (100, 0), (200, 0), diameter_mm="DN300")]
    result = _import(write(tmp_path / "net.gpkg", {"pipes": rows}))
    fault = _one(result, "not_a_number")
    assert fault.line() == "pipes, row 1, A, diameter_mm: 'DN1OO' is not a number; digit 0 meant?"
    assert np.isnan(result.city.network.pipes.diameter_mm[0])
    assert result.city.network.pipes.diameter_mm[1] == 300


def test_columns_without_a_standard_name_are_kept_and_defaults_named(tmp_path: Path) -> None:
    rows = [pipe("A", (0, 0), (100, 0), 片区="历下", STATUS_2=3)]
    result = _import(write(tmp_path / "net.gpkg", {"pipes": rows}))
    write_city(result.city, tmp_path / "city.gpkg")
    extra = read_city(tmp_path / "city.gpkg").network.pipes.extra
    assert [str(extra[name][0]) for name in ("片区", "STATUS_2")] == ["历下", "3"]
    assert "material" in next(fault.message for fault in result.faults if fault.code == "default_column")


def test_hydrants_customers_and_plants_are_attached_to_their_pipe_or_node(tmp_path: Path) -> None:
    zone = f"POLYGON(({X} {Y - 50},{X + 90} {Y - 50},{X + 90} {Y + 50},{X} {Y + 50},{X} {Y - 50}))"
    layers: Mapping[str, list[dict[str, Any]]] = {
        "nodes": [source(0, 0)],
        "pipes": [pipe("A", (0, 0), (100, 0)), pipe("B", (100, 0), (200, 0))],
        "hydrants": [{"asset_id": "H1", "wkt": point(40, 2)}],
        "customers": [{"asset_id": "C1", "households": 20, "people": 60, "critical": "hospital", "wkt": point(150, 20)},
                      {"asset_id": "C2", "pipe": "A", "wkt": point(60, 20)}],
        "stations": [{"asset_id": "M1", "wkt": point(100, 1)}],
        "zones": [{"asset_id": "Z1", "kind": "community", "name": "美林苑", "wkt": zone}],
    }  # fmt: skip
    city = _import(write(tmp_path / "net.gpkg", layers)).city
    assert city.network.pipes.asset_id[city.hydrants.pipe[0]] == "A"
    assert list(city.network.pipes.asset_id[city.customers.pipe]) == ["B", "A"]
    assert list(city.customers.community) == ["", "美林苑"]
    assert city.network.nodes.asset_id[city.stations.node[0]] == _ends(city)["A"][1]
    assert city.stations.channels[0] == "pressure"
    # Customers make the demand of a model without one: 60 people and 2.6, 5 to the m³ a day.
    assert city.network.nodes.demand_m3h.sum() * 24 < (60 + 2.6) / 5 + 1e-9


@pytest.mark.parametrize("name", ["管网.geojson", "pipes.geojson", "管线.shp", "pipes.gpkg", "城.gdb"])
def test_the_same_pipes_come_out_of_every_format(tmp_path: Path, name: str) -> None:
    profile = tmp_path / "profile.toml"
    profile.write_text(f'[pipes]\nlayer = "{Path(name).stem}"\n', encoding="utf-8")
    folder = tmp_path / "输入 文件"
    folder.mkdir()
    to = "EPSG:4326" if name.endswith("json") else None
    path = write(folder / name, {Path(name).stem: [pipe("甲-1", (0, 0), (100, 0)), pipe("甲-2", (100, 0), (200, 50))]}, to=to)
    city = _import(path, profile=profile).city
    assert city.network.crs == "EPSG:4548"
    assert list(city.network.pipes.asset_id) == ["甲-1", "甲-2"]
    assert city.network.pipes.length_m[0] == pytest.approx(100, abs=0.01)
    np.testing.assert_allclose(city.network.pipes.vertices[0], [X, Y], atol=0.01)


def test_a_projected_metric_crs_is_kept(tmp_path: Path) -> None:
    path = write(tmp_path / "net.gpkg", {"pipes": [pipe("A", (0, 0), (100, 0))]}, to="EPSG:32650")
    assert _import(path).city.network.crs == "EPSG:32650"


@pytest.mark.parametrize(("told", "into"), [(None, "EPSG:4548"), ("EPSG:4549", "EPSG:4549"), ("EPSG:3857", "EPSG:4548")])
def test_a_mercator_map_is_projected_for_its_metres_are_too_long(told: str | None, into: str, tmp_path: Path) -> None:
    path = write(tmp_path / "net.gpkg", {"pipes": [pipe("A", (0, 0), (100, 0))]}, to="EPSG:3857")
    city = _import(path, crs=told).city
    assert city.network.crs == into
    # Edge of a 3-degree zone: up to 0.1 % apart.
    assert city.network.pipes.length_m[0] == pytest.approx(100, abs=0.1)


def test_a_declared_crs_overrides_the_sources_and_is_reported(tmp_path: Path) -> None:
    path = write(tmp_path / "net.gpkg", {"pipes": [pipe("A", (0, 0), (100, 0))]})
    result = _import(path, crs="EPSG:4547")
    assert result.city.network.crs == "EPSG:4547"
    assert result.city.network.pipes.vertices[0].tolist() == [X, Y]
    assert "crs_overridden" in _codes(result)


def test_layers_of_different_crs_are_aligned(tmp_path: Path) -> None:
    pipes = write(tmp_path / "pipes.gpkg", {"pipes": [pipe("A", (0, 0), (100, 0))]})
    valves = write(tmp_path / "valves.geojson", {"valves": [{"asset_id": "V1", "wkt": point(30, 0)}]}, to="EPSG:4326")
    city = import_city([pipes, valves], ImportOptions()).city
    assert list(city.network.pipes.asset_id) == ["A~1", "A~2"]


def test_without_any_crs_the_city_has_a_local_grid_and_this_is_reported(tmp_path: Path) -> None:
    result = _import(write(tmp_path / "net.gpkg", {"pipes": [pipe("A", (0, 0), (100, 0))]}, crs=None))
    assert result.city.network.crs == "local"
    assert "no_crs" in _codes(result)


@pytest.mark.parametrize(("told", "said"), [
    ("EPSG:4326", "cannot be degrees"),
    ("EPSG:99999", "not known"),
    ("EPSG:2263", "not projected in metres"),
    ("GCJ-02", "shifted"),
])  # fmt: skip
def test_a_wrong_crs_is_refused_with_advice(tmp_path: Path, told: str, said: str) -> None:
    with pytest.raises(InputFault, match=said):
        _import(write(tmp_path / "net.gpkg", {"pipes": [pipe("A", (0, 0), (100, 0))]}), crs=told)


def test_degrees_declared_as_metres_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "pipes.csv"
    path.write_text('asset_id,diameter_mm,wkt\nA,100,"LINESTRING(117.0 36.6,117.1 36.7)"\n', encoding="utf-8")
    with pytest.raises(InputFault, match="look like degrees"):
        _import(path, crs="EPSG:4548")


def test_a_source_without_pipes_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "net.gpkg", {"nodes": [source(0, 0)]})
    with pytest.raises(InputFault, match="no pipes"):
        _import(path)


@pytest.mark.parametrize("name", ["net.gpkg", "net.shp", "net.geojson", "pipes.csv", "net.dwg"])
def test_a_broken_file_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"\x89broken\xff\xfe" * 40)
    with pytest.raises(InputFault) as caught:
        _import(path)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_dataset_can_be_imported_again_unchanged(tmp_path: Path) -> None:
    layers = {
        "nodes": [source(0, 0)],
        "pipes": [pipe("A", (0, 0), (100, 0))],
        "valves": [{"asset_id": "V1", "wkt": point(30, 0)}],
    }
    first = _import(write(tmp_path / "net.gpkg", layers)).city
    write_city(first, tmp_path / "city.gpkg")
    again = _import(tmp_path / "city.gpkg").city
    assert _ends(again) == _ends(first)
    assert list(again.network.pipes.source_id) == ["A", "A"]
    assert again.network.valves.x[0] == pytest.approx(X + 30)


def _ring(x: float, y: float, size: float = 20.0) -> list[tuple[float, float]]:
    return [(x, y), (x + size, y), (x + size, y + size), (x, y)]


def test_a_city_with_closed_pipe_rings_still_has_hydraulics(tmp_path: Path) -> None:
    pipes = [
        pipe("A", (0, 0), (100, 0)), pipe("B", (100, 0), (200, 0)),
        pipe("ring", *_ring(200, 0)), pipe("point", (200, 0), (200, 0)), pipe("环", *_ring(100, 0), length_m=0.0),
        pipe("lone ring", *_ring(900, 0)), pipe("at source", *_ring(0, 0)),
    ]  # fmt: skip
    customers = [{"asset_id": "C1", "pipe": "B", "households": 50, "wkt": point(150, 5)}]
    rings = {"ring", "point", "环", "lone ring", "at source"}
    result = _import(write(tmp_path / "net.gpkg", {"pipes": pipes, "nodes": [source(0, 0)], "customers": customers}))
    assert {fault.asset_id for fault in result.faults if fault.code == "loop_pipe"} == rings
    write_city(result.city, tmp_path / "city.gpkg")
    city = read_city(tmp_path / "city.gpkg")
    assert rings <= set(city.network.pipes.asset_id)
    with EpanetSession(city) as session:
        state = session.solve()
        shut = session.solve(closed_pipes=[city.network.pipes.row("ring")])
    expected = _import(write(tmp_path / "plain.gpkg", {"pipes": pipes[:2], "nodes": [source(0, 0)], "customers": customers}))
    with EpanetSession(expected.city) as session:
        plain = session.solve()
    rows = [city.network.nodes.row(str(name)) for name in expected.city.network.nodes.asset_id]
    for found in (state, shut):
        assert found.converged
        np.testing.assert_allclose(found.head_m[rows], plain.head_m, atol=1e-3)
        np.testing.assert_allclose(found.pipe_flow_m3h[[city.network.pipes.row(name) for name in rings]], 0.0, atol=1e-3)


def test_a_pipe_from_a_node_to_itself_by_ids_is_a_ring_too_and_pumps_and_valves_stay_out_of_the_model(tmp_path: Path) -> None:
    nodes = [source(0, 0), {"asset_id": "J", "demand_m3h": 10.0, "wkt": point(100, 0)}]
    pipes = [pipe("A", (0, 0), (100, 0), from_node="S", to_node="J"), pipe("R", (100, 0), (150, 0), from_node="J", to_node="J")]
    pumps = [{"asset_id": "U", "from_node": "J", "to_node": "J", "wkt": point(100, 0)}]
    valves = [{"asset_id": "V", "kind": "prv", "setting": 20.0, "from_node": "J", "to_node": "J", "wkt": point(100, 0)}]
    result = _import(write(tmp_path / "net.gpkg", {"pipes": pipes, "nodes": nodes, "pumps": pumps, "valves": valves}))
    assert {(fault.code, fault.asset_id) for fault in result.faults if fault.code.startswith("loop")} == {
        ("loop_pipe", "R"), ("loop_link", "U"), ("loop_link", "V"),
    }  # fmt: skip
    assert check_city(result.city)["hydraulics"]["converged"] is True


def test_a_ring_can_be_isolated_and_a_valve_cuts_it(tmp_path: Path) -> None:
    pipes = [pipe("A", (0, 0), (100, 0)), pipe("ring", *_ring(100, 0))]
    valves = [{"asset_id": "V", "pipe": "ring", "wkt": point(120, 10)}, {"asset_id": "W", "pipe": "A", "wkt": point(50, 0)}]
    city = _import(write(tmp_path / "net.gpkg", {"pipes": pipes, "nodes": [source(0, 0)], "valves": valves})).city
    assert _ends(city)["ring~1"][1] == _ends(city)["ring~2"][0] == "V"
    plan = Isolator(city).plan(["ring~1", "ring~2"])
    assert [step.asset_id for step in plan.valves_to_close] == ["W"]
    assert check_city(city)["hydraulics"]["converged"] is True


def test_a_part_without_source_does_not_stop_the_hydraulics_of_the_others(tmp_path: Path) -> None:
    alone = [
        pipe("B", (500, 0), (600, 0)),
        pipe("C", (600, 0), (600, 80)),
        pipe("D", (600, 80), (500, 0)),
        pipe("E", (0, 900), (0, 990)),
    ]
    customers = [{"asset_id": "C1", "pipe": "A", "households": 50, "wkt": point(50, 5)},
                 {"asset_id": "C2", "pipe": "E", "households": 5, "wkt": point(0, 950)}]  # fmt: skip
    layers = {"pipes": [pipe("A", (0, 0), (100, 0)), *alone], "nodes": [source(0, 0)], "customers": customers}
    city = _import(write(tmp_path / "net.gpkg", layers)).city
    only = {"pipes": [pipe("A", (0, 0), (100, 0))], "nodes": [source(0, 0)], "customers": customers[:1]}
    plain = _import(write(tmp_path / "plain.gpkg", only)).city
    with EpanetSession(city) as session, EpanetSession(plain) as alike:
        found, expected = session.solve(), alike.solve()
    assert found.converged
    assert "cut off from every source" in found.message
    rows = [city.network.nodes.row(str(name)) for name in plain.network.nodes.asset_id]
    np.testing.assert_allclose(found.head_m[rows], expected.head_m, atol=1e-3)


def test_a_file_without_a_usable_layer_is_reported_and_unused_layers_are_listed(tmp_path: Path) -> None:
    rows = [pipe("A", (0, 0), (100, 0))]
    net = write(tmp_path / "net.gpkg", {"pipes": rows, "old_pipes": rows, "drafts": rows})
    table = tmp_path / "gate valves.csv"
    table.write_text(f"asset_id,pipe,x,y\nV1,A,{X + 50},{Y}\n", encoding="utf-8")
    told = {fault.layer: fault for fault in import_city([net, table], ImportOptions()).faults if fault.code == "layer_unused"}
    assert told[table.name].severity is Severity.WARNING
    assert "gate valves" in told[table.name].message
    assert told[net.name].severity is Severity.INFO
    assert {"old_pipes", "drafts"} <= set(told[net.name].message.replace(",", "").split())


def test_an_unused_table_beside_a_model_is_reported(tmp_path: Path) -> None:
    model, table = tmp_path / "m.inp", tmp_path / "v.csv"
    model.write_text("[JUNCTIONS]\nJ 0 1\n[RESERVOIRS]\nR 50\n[PIPES]\nA R J 100 200 130\n[END]\n", encoding="ascii")
    table.write_text("asset_id,pipe,node\nV1,A,J\n", encoding="utf-8")
    told = [fault for fault in import_city([model, table], ImportOptions()).faults if fault.code == "layer_unused"]
    assert [(fault.severity, fault.layer) for fault in told] == [(Severity.WARNING, "v.csv")]
