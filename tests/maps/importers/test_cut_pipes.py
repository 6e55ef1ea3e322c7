"""Rows that name a pipe which the import cuts: they count for every piece until they are placed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from maps.attachment import piece_ids
from maps.city import City
from maps.dataset import read_city, write_city
from maps.errors import InputFault
from maps.importers import ImportOptions, ImportResult, import_city
from maps.importers.completion import stations_from_csv
from maps.isolation import Isolator
from tests.maps.importers.writing import pipe, point, source, write

BOTH = ("B~1", "B~2")


def _made(path: Path, **tables: list[dict[str, Any]]) -> ImportResult:
    """R1 =A= =B=, B cut by V2 in its middle; tables by name."""
    layers = {
        "nodes": [source(0, 0, "R1")],
        "pipes": [pipe("A", (0, 0), (100, 0)), pipe("B", (100, 0), (300, 0))],
        "valves": [{"asset_id": "V1", "pipe": "A", "wkt": point(90, 0)}, {"asset_id": "V2", "pipe": "B", "wkt": point(200, 0)}],
        **tables,
    }
    return import_city([write(path / "net.gpkg", layers)], ImportOptions())


def _tables() -> dict[str, list[dict[str, Any]]]:
    return {
        "customers": [
            {"asset_id": "C1", "pipe": "B", "households": 100, "critical": "dialysis", "wkt": None},
            {"asset_id": "C2", "pipe": "B", "households": 5, "wkt": point(290, 3)},
        ],
        "hydrants": [{"asset_id": "H1", "pipe": "B", "wkt": None}, {"asset_id": "H2", "pipe": "B", "wkt": point(110, 1)}],
        "stations": [{"asset_id": "F1", "link": "B", "wkt": None}, {"asset_id": "F2", "link": "B", "wkt": point(250, 0)}],
    }


@pytest.fixture
def city(tmp_path: Path) -> City:
    return _made(tmp_path, **_tables()).city


def test_a_row_without_a_place_keeps_all_pieces_and_a_placed_one_has_its_own(city: City) -> None:
    pipes = city.network.pipes
    for table, unknown, known, piece in ((city.customers, "C1", "C2", "B~2"), (city.hydrants, "H1", "H2", "B~1")):
        assert piece_ids(str(table.pieces[table.row(unknown)])) == BOTH
        assert str(table.pieces[table.row(known)]) == ""
        assert str(pipes.asset_id[table.pipe[table.row(known)]]) == piece
    stations = city.stations
    assert piece_ids(str(stations.pieces[stations.row("F1")])) == BOTH
    assert (str(stations.link[stations.row("F2")]), str(stations.pieces[stations.row("F2")])) == ("B~2", "")


def test_a_burst_on_either_piece_affects_a_customer_of_unknown_piece(city: City) -> None:
    isolator = Isolator(city)
    first, second = isolator.plan(["B~1"]), isolator.plan(["B~2"])
    assert set(second.customers_without_water) == {"C1", "C2"}
    assert second.customers_piece_unknown == ("C1",)
    assert second.hydrants_lost == second.hydrants_piece_unknown == ("H1",)
    assert "C1" in first.customers_without_water
    assert first.households_without_water == 105


def test_rows_on_cut_pipes_are_reported_once_for_each_table(tmp_path: Path) -> None:
    faults = _made(tmp_path, **_tables()).faults
    told = {fault.layer: fault.message for fault in faults if fault.code == "piece_unknown"}
    assert set(told) == {"customers", "hydrants", "stations"}
    assert "C1" in told["customers"]
    assert "C2" not in told["customers"]


def test_unknown_pieces_survive_writing_reading_and_importing_again(city: City, tmp_path: Path) -> None:
    path = tmp_path / "city.gpkg"
    write_city(city, path)
    again = read_city(path)
    assert piece_ids(str(again.customers.pieces[again.customers.row("C1")])) == BOTH
    anew = import_city([path], ImportOptions()).city
    assert piece_ids(str(anew.customers.pieces[anew.customers.row("C1")])) == BOTH
    assert str(anew.customers.pieces[anew.customers.row("C2")]) == ""


def test_a_row_without_a_place_counts_for_all_pieces_when_a_later_import_cuts_its_pipe(tmp_path: Path) -> None:
    """C3, H3 and F3 name piece B~2 (F3 in a list), C4 stands on it at 290; then a second import cuts B~2 at 250 and at 270."""
    tables: dict[str, list[dict[str, Any]]] = {
        "customers": [
            {"asset_id": "C3", "pipe": "B~2", "households": 7, "wkt": None},
            {"asset_id": "C4", "pipe": "B~2", "households": 1, "wkt": point(290, 3)},
        ],
        "hydrants": [{"asset_id": "H3", "pipe": "B~2", "wkt": None}],
    }
    first, more = tmp_path / "first.gpkg", tmp_path / "more.gpkg"
    made = _made(tmp_path, **tables).city
    (tmp_path / "stations.csv").write_text("station_id,node,channel\nF3,B~2,flow\n", encoding="utf-8")
    listed = stations_from_csv(made, tmp_path / "stations.csv", [])
    write_city(replace(made, stations=listed), first)
    write(more, {"valves": [{"asset_id": f"V{x}", "wkt": point(x, 0)} for x in (250, 270)]})
    city = import_city([first, more], ImportOptions()).city
    pieces = ("B~2~1", "B~2~2", "B~2~3")
    assert [name for name in city.network.pipes.asset_id if name.startswith("B~2")] == list(pieces)
    for table, name in ((city.customers, "C3"), (city.hydrants, "H3"), (city.stations, "F3")):
        assert piece_ids(str(table.pieces[table.row(name)])) == pieces
    assert str(city.customers.pieces[city.customers.row("C4")]) == ""
    isolator = Isolator(city)
    assert [isolator.plan([piece]).households_without_water for piece in pieces] == [8, 8, 8]
    assert isolator.plan([pieces[2]]).customers_piece_unknown == ("C3",)


def test_a_place_as_near_to_two_pieces_counts_for_both(tmp_path: Path) -> None:
    """C1 stands opposite to the valve that cuts B, C2 one metre further on."""
    rows = [{"asset_id": name, "pipe": "B", "wkt": point(x, 8)} for name, x in (("C1", 200), ("C2", 201))]
    customers = _made(tmp_path, customers=rows).city.customers
    assert piece_ids(str(customers.pieces[customers.row("C1")])) == BOTH
    assert str(customers.pieces[customers.row("C2")]) == ""


def test_a_dataset_from_before_these_columns_opens_as_it_did(city: City, tmp_path: Path) -> None:
    import sqlite3

    path = tmp_path / "old.gpkg"
    write_city(city, path)
    with sqlite3.connect(path) as base:
        for layer, column in (("customers", "pieces"), ("hydrants", "pieces"), ("stations", "pieces"), ("valves", "placing")):
            base.execute(f"ALTER TABLE {layer} DROP COLUMN {column}")
        base.execute("ALTER TABLE nodes DROP COLUMN inflow_m3h")
    base.close()
    old = read_city(path)
    assert old.info.assumed == city.info.assumed
    assert set(old.customers.pieces) == {""}
    assert Isolator(old).plan(["B~1"]).households_without_water == 105


def test_a_cell_that_is_no_list_of_pieces_is_refused_with_its_place(city: City, tmp_path: Path) -> None:
    import sqlite3

    path = tmp_path / "bad.gpkg"
    write_city(city, path)
    with sqlite3.connect(path) as base:
        # The spatial index's triggers need functions that only GDAL brings.
        triggers = base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'customers'").fetchall()
        for (name,) in triggers:
            base.execute(f'DROP TRIGGER "{name}"')
        base.execute("UPDATE customers SET pieces = 'B~1, B~2' WHERE asset_id = 'C1'")
    base.close()
    with pytest.raises(InputFault, match="customers, row 1, pieces"):
        read_city(path)


def test_the_demand_of_an_unplaced_customer_is_shared_by_the_pieces(tmp_path: Path) -> None:
    customers = [{"asset_id": "C1", "pipe": "B", "demand_m3h": 8.0, "wkt": None}]
    network = _made(tmp_path, customers=customers).city.network
    at = {float(x) - 500_000.0: float(demand) for x, demand in zip(network.nodes.x, network.nodes.demand_m3h, strict=True)}
    assert (at[100.0], at[200.0], at[300.0]) == (2.0, 4.0, 2.0)


def test_a_station_of_a_list_that_names_a_cut_pipe_is_found_and_marked(tmp_path: Path) -> None:
    listed = tmp_path / "stations.csv"
    listed.write_text("station_id,node,channel\nF1,B,flow\nF2,B~2,flow\n", encoding="utf-8")
    layers = {
        "nodes": [source(0, 0, "R1")],
        "pipes": [pipe("A", (0, 0), (100, 0)), pipe("B", (100, 0), (300, 0))],
        "valves": [{"asset_id": "V2", "wkt": point(200, 0)}],
    }
    made = import_city([write(tmp_path / "net.gpkg", layers)], ImportOptions(stations=listed))
    stations = made.city.stations
    assert [piece_ids(str(text)) for text in stations.pieces] == [BOTH, ()]
    assert [fault.layer for fault in made.faults if fault.code == "piece_unknown"] == ["stations"]
