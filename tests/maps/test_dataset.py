"""The city dataset: read back as written, written atomically; changes by other programs are reported."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import box

from maps.city import City, ShapeTable
from maps.columns import Columns
from maps.dataset import SCHEMA_VERSION, read_city, write_city
from maps.errors import InputFault
from maps.network import PipeStatus, ValveKind, ValveState
from tests.builders import a_network


def _town() -> City:
    town = (
        a_network(name="泉城")
        .source("S", elevation_m=40.0)
        .pipe("P1", "S", "A", material="球墨", points=[(500_050.0, 4_058_020.0)])
        .pipe("P2", "A", "B", status=PipeStatus.CLOSED, source_id="P", road_name="泺源大街")
        .valve("V1", on="P1", at="A", state=ValveState.CLOSED, flows_to="P1", last_checked="2024-05-01")
        .valve("V2", between=("B", "C"), kind=ValveKind.PRV, setting=30.0)
        .valve("V3", at="A", operable=False, assumed=True)
        .pump("U1", "C", "D")
        .customer("C1", on="P2", critical="hospital", community="美林苑", vulnerable=True)
        .hydrant("H1", at="B")
        .station("M1", at="B")
        .station("F1", on="P1", channels="flow,pressure")
        .plant("W1", at="S", planned=True)
        .crew("crew-1", skills="weld,dig")
        .zone("Z1", box(499_900, 4_057_900, 500_500, 4_058_100), kind="dma")
        .build(model=True)
    )
    shape = np.array([box(0, 0, 1, 1)], dtype=object)
    roads = ShapeTable.of(["R1"], name=["经十路"], kind=["primary"], geometry=shape)
    return replace(town, roads=roads, info=replace(town.info, assumed=("一", "two")))


def _tables(city: City) -> dict[str, Columns]:
    outer = {f.name: getattr(city, f.name) for f in fields(city)}
    inner = {f.name: getattr(city.network, f.name) for f in fields(city.network)}
    return {name: table for name, table in {**outer, **inner}.items() if isinstance(table, Columns)}


def _assert_same(first: Columns, second: Columns) -> None:
    for name in first.column_kinds():
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name), err_msg=f"{type(first).__name__}.{name}")


def test_every_column_of_every_table_comes_back(tmp_path: Path) -> None:
    town = _town()
    write_city(town, tmp_path / "泉城 1.gpkg")
    back = read_city(tmp_path / "泉城 1.gpkg")
    tables = _tables(back)
    for name, table in _tables(town).items():
        _assert_same(table, tables[name])
    assert back.info == town.info
    assert (back.network.crs, back.network.headloss) == (town.network.crs, town.network.headloss)
    np.testing.assert_array_equal(back.network.pipes.vertices, town.network.pipes.vertices)
    np.testing.assert_array_equal(back.network.pipes.offsets, town.network.pipes.offsets)
    assert back.zones.geometry[0].equals(town.zones.geometry[0])
    assert town.epanet is not None
    assert back.epanet is not None
    assert back.epanet.inp == town.epanet.inp
    np.testing.assert_array_equal(back.epanet.epanet_id, town.epanet.epanet_id)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(
        st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12), min_size=2, max_size=6, unique=True
    ),
    places=st.lists(st.tuples(st.floats(-1e7, 1e7), st.floats(-1e7, 1e7)), min_size=6, max_size=6),
)
def test_any_ids_and_places_come_back(tmp_path: Path, names: list[str], places: list[tuple[float, float]]) -> None:
    network = a_network()
    for name, (x, y) in zip(names, places, strict=False):
        network.node(name, x, y)
    for number, (a, b) in enumerate(pairwise(names)):
        network.pipe(f"{a}→{number}", a, b)
    town = network.build()
    write_city(town, tmp_path / "any.gpkg")
    back = read_city(tmp_path / "any.gpkg")
    _assert_same(back.network.nodes, town.network.nodes)
    _assert_same(back.network.pipes, town.network.pipes)


def test_layers_have_real_geometries_and_a_crs(tmp_path: Path) -> None:
    write_city(_town(), tmp_path / "city.gpkg")
    kinds = {str(name): str(kind) for name, kind in pyogrio.list_layers(tmp_path / "city.gpkg")}
    assert kinds["pipes"] == "LineString"
    assert {kinds[name] for name in ("nodes", "valves", "stations", "customers", "hydrants", "crews", "plants")} == {"Point"}
    assert pyogrio.read_info(tmp_path / "city.gpkg", layer="pipes")["crs"] == "EPSG:4548"


def test_a_local_grid_is_written_as_such(tmp_path: Path) -> None:
    town = a_network(crs="local").source("S").pipe("P1", "S", "A").build()
    write_city(town, tmp_path / "city.gpkg")
    assert read_city(tmp_path / "city.gpkg").network.crs == "local"
    assert "EPSG" not in str(pyogrio.read_info(tmp_path / "city.gpkg", layer="pipes")["crs"])


def test_a_node_moved_in_another_program_is_where_it_was_moved_to(tmp_path: Path) -> None:
    write_city(_town(), tmp_path / "city.gpkg")
    frame = pyogrio.read_dataframe(tmp_path / "city.gpkg", layer="nodes")
    frame.geometry = frame.geometry.translate(7.0, 0.0)
    pyogrio.write_dataframe(frame, tmp_path / "city.gpkg", layer="nodes")
    np.testing.assert_allclose(read_city(tmp_path / "city.gpkg").network.nodes.x, _town().network.nodes.x + 7.0)


def test_a_pipe_whose_node_has_no_place_still_comes_back(tmp_path: Path) -> None:
    town = a_network().source("S").pipe("P1", "S", "A").pipe("P2", "A", "B")
    town.node("B", float("nan"), float("nan"))
    write_city(town.build(), tmp_path / "city.gpkg")
    back = read_city(tmp_path / "city.gpkg")
    assert list(np.diff(back.network.pipes.offsets)) == [2, 2]
    assert np.isnan(back.network.nodes.x[2])


def test_unknown_columns_are_kept_whatever_their_case(tmp_path: Path) -> None:
    town = _town()
    pipes = town.network.pipes.replaced(extra={"STATUS": np.array(["x", "y"], dtype=object), "评分": np.array([1.5, 2.5])})
    write_city(replace(town, network=replace(town.network, pipes=pipes)), tmp_path / "city.gpkg")
    extra = read_city(tmp_path / "city.gpkg").network.pipes.extra
    assert {name: list(values) for name, values in extra.items()} == {"STATUS_": ["x", "y"], "评分": [1.5, 2.5]}


def test_a_missing_optional_column_gets_its_default_and_is_named(tmp_path: Path) -> None:
    write_city(_town(), tmp_path / "city.gpkg")
    _sql(tmp_path / "city.gpkg", "ALTER TABLE pipes DROP COLUMN minor_loss")
    back = read_city(tmp_path / "city.gpkg")
    assert back.network.pipes.minor_loss.tolist() == [0.0, 0.0]
    assert any("minor_loss" in line for line in back.info.assumed)


@pytest.mark.parametrize(("statement", "said"), [
    (f"UPDATE city SET schema_version = {SCHEMA_VERSION + 1}", "newer Quanmai"),
    ("UPDATE city SET schema_version = NULL", "schema_version"),
    ("DELETE FROM city", "one row"),
    ("UPDATE city SET crs = 'EPSG:4326'", "not projected in metres"),
    ("UPDATE city SET crs = 'nonsense'", "not known"),
    ("UPDATE city SET headloss = 'X'", "headloss"),
    ("UPDATE pipes SET to_node = 'nobody' WHERE asset_id = 'P2'", "pipes, row 2, to_node: no 'nobody'"),
    ("UPDATE pipes SET from_node = NULL WHERE asset_id = 'P1'", "pipes, row 1, from_node: has no node"),
    ("UPDATE valves SET state = 'ajar' WHERE asset_id = 'V1'", "valves, row 1, state: 'ajar' is none of"),
    ("UPDATE nodes SET asset_id = 'S'", "is the id of row 1 too"),
    ("ALTER TABLE pipes DROP COLUMN to_node", "required column to_node"),
])  # fmt: skip
def test_a_damaged_dataset_is_refused_with_its_place(tmp_path: Path, statement: str, said: str) -> None:
    write_city(_town(), tmp_path / "city.gpkg")
    _sql(tmp_path / "city.gpkg", statement)
    with pytest.raises(InputFault, match=said):
        read_city(tmp_path / "city.gpkg")


@pytest.mark.parametrize("text", ["crew-1", "M1", "P2", "hospital", "Z1", "W1", "H1", "weld"])
def test_text_that_is_not_utf_8_is_refused_wherever_it_stands(tmp_path: Path, text: str) -> None:
    write_city(_town(), tmp_path / "town.gpkg")
    content, good = (tmp_path / "town.gpkg").read_bytes(), text.encode()
    assert good in content
    (tmp_path / "town.gpkg").write_bytes(content.replace(good, b"\x80" + good[1:]))
    with pytest.raises(InputFault, match="town"):
        read_city(tmp_path / "town.gpkg")


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\x00" + b"\x00" * 200])
def test_a_file_that_is_not_a_dataset_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "no.gpkg"
    path.write_bytes(content)
    with pytest.raises(InputFault, match=r"no\.gpkg"):
        read_city(path)
    with pytest.raises(InputFault, match="no such file"):
        read_city(tmp_path / "absent.gpkg")


def test_another_geopackage_is_refused_with_the_advice_to_import_it(tmp_path: Path) -> None:
    write_city(_town(), tmp_path / "city.gpkg")
    pyogrio.write_dataframe(pyogrio.read_dataframe(tmp_path / "city.gpkg", layer="pipes"), tmp_path / "other.gpkg", layer="x")
    with pytest.raises(InputFault, match="quanmai import"):
        read_city(tmp_path / "other.gpkg")


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_city(_town(), tmp_path / "city.gpkg")
    before = (tmp_path / "city.gpkg").read_bytes()

    def full(*_: Any, **__: Any) -> None:
        raise pyogrio.errors.DataSourceError("database or disk is full")

    monkeypatch.setattr(pyogrio.raw, "write_arrow", full)
    with pytest.raises(OSError, match="disk is full"):
        write_city(_town(), tmp_path / "city.gpkg")
    assert (tmp_path / "city.gpkg").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["city.gpkg"]


def test_a_missing_folder_is_reported_by_the_name_given(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"No such file.*absent/city\.gpkg"):
        write_city(_town(), tmp_path / "absent" / "city.gpkg")


def test_an_old_file_is_replaced_whole(tmp_path: Path) -> None:
    write_city(_town(), tmp_path / "city.gpkg")
    write_city(a_network().source("S").pipe("P1", "S", "A").build(), tmp_path / "city.gpkg")
    assert not len(read_city(tmp_path / "city.gpkg").customers)


def _sql(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    # The triggers of the spatial index need functions that only GIS programs have.
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f'DROP TRIGGER "{name}"')
    connection.execute(statement)
    connection.commit()
    connection.close()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damage=st.lists(st.tuples(st.integers(0, 10_000_000), st.integers(0, 255)), min_size=1, max_size=8), cut=st.floats(0.1, 3))
def test_a_damaged_file_is_read_or_refused_never_a_defect(tmp_path: Path, damage: list[tuple[int, int]], cut: float) -> None:
    whole = tmp_path / "whole.gpkg"
    if not whole.exists():
        write_city(_town(), whole)
    content = bytearray(whole.read_bytes())
    for place, byte in damage:
        content[place % len(content)] = byte
    (tmp_path / "damaged.gpkg").write_bytes(content[: int(len(content) * cut)])
    with contextlib.suppress(InputFault):
        read_city(tmp_path / "damaged.gpkg")
