"""EPANET files compared with wntr, which has a reader of its own."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maps.check import check_city
from maps.city import City
from maps.crs import transform
from maps.dataset import read_city, write_city
from maps.errors import InputFault
from maps.importers import ImportOptions, import_city
from maps.network import NodeKind, ValveKind, ValveState

_EXAMPLES = ("Net3", "Net6", "ky4", "ky10")
_SMALL = """
[JUNCTIONS]
J1 10 5
J2 12 3
[RESERVOIRS]
R1 60
[PIPES]
P1 R1 J1 100 200 130 0 Open
P2 J1 J2 80 150 130 0 CV
[OPTIONS]
UNITS LPS
HEADLOSS H-W
[COORDINATES]
J1 500100 4058000
J2 500180 4058000
R1 500000 4058000
[VERTICES]
P1 500050 4058010
[END]
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.inp"
    path.write_text(_SMALL, encoding="utf-8")
    return path


def _imported(path: Path, **options: Any) -> City:
    return import_city([path], ImportOptions(**options)).city


def _peer(path: Path) -> Any:
    wntr = pytest.importorskip("wntr", reason="the peer wntr is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return wntr.network.WaterNetworkModel(str(path))


@pytest.mark.parametrize("name", _EXAMPLES)
def test_lengths_and_diameters_are_those_that_wntr_reads(wntr_networks: Path, name: str) -> None:
    city, peer = _imported(wntr_networks / f"{name}.inp"), _peer(wntr_networks / f"{name}.inp")
    pipes = city.network.pipes
    assert sorted(pipes.asset_id) == sorted(peer.pipe_name_list)
    theirs = [peer.get_link(pipe) for pipe in pipes.asset_id]
    # wntr keeps fewer digits of a foot than EPANET: relative, not exact.
    np.testing.assert_allclose(pipes.length_m, [pipe.length for pipe in theirs], rtol=1e-6)
    np.testing.assert_allclose(pipes.diameter_mm, [pipe.diameter * 1000 for pipe in theirs], rtol=1e-6)
    np.testing.assert_allclose(pipes.roughness, [pipe.roughness for pipe in theirs], rtol=1e-6)


@pytest.mark.parametrize("name", _EXAMPLES)
def test_nodes_pumps_and_valves_are_those_that_wntr_reads(wntr_networks: Path, name: str) -> None:
    city, peer = _imported(wntr_networks / f"{name}.inp"), _peer(wntr_networks / f"{name}.inp")
    nodes, network = city.network.nodes, city.network
    assert sorted(nodes.asset_id) == sorted(peer.node_name_list)
    assert int((nodes.kind == NodeKind.SOURCE).sum()) == peer.num_reservoirs
    assert int((nodes.kind == NodeKind.TANK).sum()) == peer.num_tanks
    assert sorted(network.pumps.asset_id) == sorted(peer.pump_name_list)
    assert sorted(network.valves.asset_id[network.valves.is_link]) == sorted(peer.valve_name_list)
    for row, node in enumerate(nodes.asset_id):
        assert (nodes.x[row], nodes.y[row]) == pytest.approx(peer.get_node(node).coordinates)


@pytest.mark.parametrize("name", _EXAMPLES)
def test_a_demand_is_the_mean_of_the_day(wntr_networks: Path, name: str) -> None:
    city, peer = _imported(wntr_networks / f"{name}.inp"), _peer(wntr_networks / f"{name}.inp")
    nodes = city.network.nodes
    for junction in peer.junction_name_list:
        parts = peer.get_node(junction).demand_timeseries_list
        expected = sum(
            part.base_value * (float(np.mean(part.pattern.multipliers)) if part.pattern is not None else 1.0) for part in parts
        )
        expected *= peer.options.hydraulic.demand_multiplier * 3600
        assert nodes.demand_m3h[nodes.row(junction)] == pytest.approx(expected, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("name", _EXAMPLES)
def test_settings_of_control_valves_are_metres_of_water(wntr_networks: Path, name: str) -> None:
    city, peer = _imported(wntr_networks / f"{name}.inp"), _peer(wntr_networks / f"{name}.inp")
    valves = city.network.valves
    for row in np.flatnonzero(valves.is_link & (valves.kind == ValveKind.PRV)):
        assert valves.setting[row] == pytest.approx(peer.get_link(valves.asset_id[row]).initial_setting, rel=2e-3)


@pytest.mark.parametrize("name", _EXAMPLES)
def test_an_example_city_survives_its_dataset_and_converges(wntr_networks: Path, tmp_path: Path, name: str) -> None:
    write_city(_imported(wntr_networks / f"{name}.inp", assume_valves=True), tmp_path / "city.gpkg")
    report = check_city(read_city(tmp_path / "city.gpkg"))
    assert report["hydraulics"]["converged"] is True
    assert report["counts"]["valves"] >= 2 * report["counts"]["pipes"]
    assert report["crs"]["georeferenced"] is False


def test_the_text_of_the_model_is_kept_as_it_came(small: Path) -> None:
    city = _imported(small)
    assert city.epanet is not None
    assert city.epanet.inp == _SMALL
    assert not city.epanet.built


def test_vertices_lie_between_the_nodes_in_their_order(small: Path) -> None:
    pipes = _imported(small).network.pipes
    assert pipes.points(0).tolist() == [[500000, 4058000], [500050, 4058010], [500100, 4058000]]


def test_a_check_valve_pipe_lets_water_in_at_its_start_only(small: Path) -> None:
    network = _imported(small).network
    row = network.valves.row("CV-P2")
    assert network.valves.kind[row] == ValveKind.CHECK
    assert network.pipes.asset_id[network.valves.flows_to[row]] == "P2"
    assert network.nodes.asset_id[network.valves.node[row]] == "J1"


def test_assumed_valves_stand_at_both_ends_of_every_pipe_and_say_so(small: Path) -> None:
    city = _imported(small, assume_valves=True)
    valves = city.network.valves
    assumed = valves.assumed
    ends = {(int(pipe), int(node)) for pipe, node in zip(valves.pipe[assumed], valves.node[assumed], strict=True)}
    pipes = city.network.pipes
    assert ends == {(row, int(end)) for row in range(2) for end in (pipes.from_node[row], pipes.to_node[row])}
    assert (valves.state[assumed] == ValveState.OPEN).all()
    assert any("valves are assumed" in line for line in city.info.assumed)


def test_customers_are_estimated_from_demands_and_marked(small: Path) -> None:
    city = _imported(small)
    assert city.customers.estimated.all()
    # 8 l/s are 691.2 m³ a day: 5 residents per m³.
    assert city.customers.people.sum() == pytest.approx(691.2 * 5, abs=2)
    assert any("5 residents per m³/day" in line for line in city.info.assumed)


def test_a_declared_crs_makes_the_city_georeferenced(small: Path) -> None:
    assert _imported(small, crs="EPSG:4548").network.crs == "EPSG:4548"
    assert _imported(small).network.crs == "local"


def test_degrees_in_a_model_are_projected(tmp_path: Path) -> None:
    path = tmp_path / "degrees.inp"
    path.write_text(_SMALL.replace("5001", "117.").replace("4058000", "36.65").replace("500000", "117.1"), encoding="utf-8")
    path.write_text(path.read_text(encoding="utf-8").replace("500050 4058010", "117.05 36.66"), encoding="utf-8")
    network = _imported(path, crs="EPSG:4490").network
    assert network.crs == "EPSG:4548"
    assert 490_000 < network.nodes.x.min() < 600_000


def test_a_node_without_coordinates_is_placed_among_its_neighbours_and_reported(tmp_path: Path) -> None:
    path = tmp_path / "lost.inp"
    path.write_text(_SMALL.replace("J1 500100 4058000\n", ""), encoding="utf-8")
    result = import_city([path], ImportOptions())
    nodes = result.city.network.nodes
    assert nodes.x[nodes.row("J1")] == pytest.approx(500090)
    assert [fault.asset_id for fault in result.faults if fault.code == "no_coordinate"] == ["J1"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_chinese_ids_are_read_in_older_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "历下 管网.inp"
    path.write_bytes(_SMALL.replace("J1", "节点甲").replace("P2", "管2").encode(encoding))
    write_city(_imported(path, assume_valves=True), tmp_path / "城.gpkg")
    city = read_city(tmp_path / "城.gpkg")
    assert "节点甲" in city.network.nodes.asset_id
    assert city.network.valves.has("AV-管2-a")
    assert check_city(city)["hydraulics"]["converged"] is True


def test_text_that_epanet_cannot_read_is_reported_in_epanets_words(tmp_path: Path) -> None:
    path = tmp_path / "坏的.inp"
    path.write_text(_SMALL.replace("P2 J1 J2", "P2 J1 J9"), encoding="utf-8")
    with pytest.raises(InputFault, match=r"(?s)坏的\.inp.*J9"):
        import_city([path], ImportOptions())


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02" * 500, "不是模型".encode(), b"[JUNCTIONS]\nJ1 ten\n"])
def test_a_file_that_is_not_a_model_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "no.inp"
    path.write_bytes(content)
    with pytest.raises(InputFault, match=r"no\.inp"):
        import_city([path], ImportOptions())


def test_a_valve_on_a_pipe_of_the_model_cuts_it_and_the_model_follows(wntr_networks: Path, tmp_path: Path) -> None:
    before = _imported(wntr_networks / "Net3.inp")
    pipes = before.network.pipes
    x, y = pipes.points(pipes.row("131")).mean(axis=0)
    table = tmp_path / "valves.csv"
    table.write_text(f"asset_id,pipe,node,x,y,kind\nV1,131,,{x},{y},butterfly\nV2,,15,,,gate\n", encoding="utf-8")
    city = import_city([wntr_networks / "Net3.inp", table], ImportOptions(snap_m=0.001)).city
    pieces = [row for row, source in enumerate(city.network.pipes.source_id) if source == "131"]
    assert [str(city.network.pipes.asset_id[row]) for row in pieces] == ["131~1", "131~2"]
    assert city.network.pipes.length_m[pieces].sum() == pytest.approx(pipes.length_m[pipes.row("131")])
    assert city.epanet is not None
    assert city.epanet.word == "imported"  # its heads are those of the file, which the import measured
    assert check_city(city)["hydraulics"]["converged"] is True


def test_stations_come_from_a_table_and_flow_sits_on_a_link(small: Path, tmp_path: Path) -> None:
    table = tmp_path / "stations.csv"
    table.write_text("station_id,node,channel\nS1,J1,pressure\nS1,J1,chlorine\nF1,P1,flow\n", encoding="utf-8")
    stations = _imported(small, stations=table).stations
    assert list(zip(stations.asset_id, stations.channels, stations.link, strict=True)) == [
        ("S1", "pressure,chlorine", ""), ("F1", "flow", "P1"),
    ]  # fmt: skip


def test_all_wrong_stations_are_reported_at_once(small: Path, tmp_path: Path) -> None:
    table = tmp_path / "stations.csv"
    table.write_text("station_id,node,channel\nS1,J9,pressure\nS2,J1,taste\n", encoding="utf-8")
    with pytest.raises(InputFault) as caught:
        _imported(small, stations=table)
    assert [(fault.row, fault.column) for fault in caught.value.faults] == [(2, "node"), (3, "channel")]


def test_the_same_input_gives_the_same_city(small: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_city(_imported(small, assume_valves=True, stations="auto:1"), tmp_path / f"{name}.gpkg")
    first, second = (read_city(tmp_path / f"{name}.gpkg") for name in ("a", "b"))
    for name in first.network.valves.column_kinds():
        np.testing.assert_array_equal(getattr(first.network.valves, name), getattr(second.network.valves, name))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "pipes", "km"), [("NJ1", 16_066, 777), ("DMAs", 13_896, 872)])
def test_large_real_models_are_imported_whole(shared_data: Path, name: str, pipes: int, km: float) -> None:
    city = _imported(shared_data / "networks" / f"{name}.inp")
    assert len(city.network.pipes) == pipes
    assert city.network.pipes.length_m.sum() / 1000 == pytest.approx(km, abs=1)
    assert np.isfinite(city.network.pipes.vertices).all()


@pytest.mark.slow
def test_failing_hydraulics_are_reported(shared_data: Path) -> None:
    report = check_city(_imported(shared_data / "networks" / "DMAs.inp"))
    assert report["hydraulics"]["converged"] is False
    assert report["hydraulics"]["message"]


@pytest.mark.parametrize(("size", "column"), [("inf 200", "length_m"), ("1e300 200", "length_m"), ("100 1e300", "diameter_mm")])
def test_a_pipe_without_an_end_is_refused_with_its_name(tmp_path: Path, size: str, column: str) -> None:
    path = tmp_path / "endless.inp"
    path.write_text(f"[JUNCTIONS]\nJ 0 1\n[RESERVOIRS]\nR 50\n[PIPES]\nP7 R J {size} 130\n[END]\n", encoding="ascii")
    with pytest.raises(InputFault, match=f"pipe P7, {column}"):
        import_city([path], ImportOptions())


@pytest.mark.parametrize("crs", ["EPSG:4548", "EPSG:4490", "EPSG:3857"])
def test_a_table_of_points_beside_a_model_is_in_the_crs_declared_for_both(crs: str, small: Path, tmp_path: Path) -> None:
    def moved(x: float, y: float) -> tuple[float, float]:
        east, north = transform(x, y, "EPSG:4548", crs)
        return float(east), float(north)

    text = small.read_text(encoding="utf-8")
    head, _, rest = text.partition("[COORDINATES]")
    lines = [line.split() for line in rest.split("[")[0].splitlines() if len(line.split()) == 3]
    told = "\n".join("{} {!r} {!r}".format(name, *moved(float(x), float(y))) for name, x, y in lines)
    model, valves = tmp_path / "told.inp", tmp_path / "valves.csv"
    model.write_text(f"{head}[COORDINATES]\n{told}\n[END]\n", encoding="utf-8")
    valves.write_text("asset_id,x,y\nV1,{!r},{!r}\n".format(*moved(500_050.0, 4_058_000.0)), encoding="utf-8")
    network = import_city([model, valves], ImportOptions(crs=crs)).city.network
    assert network.crs == "EPSG:4548"
    assert [network.valves.x[network.valves.row("V1")], network.valves.y[-1]] == pytest.approx([500_050.0, 4_058_000.0], abs=0.01)
