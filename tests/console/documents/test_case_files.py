"""Exports of a case: GeoPackage with styles, GeoJSON, KML, CSV, Parquet, XLSX; no content runs as code."""

from __future__ import annotations

import csv
import json
import sqlite3
import xml.etree.ElementTree as ET
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pyogrio
import pytest

from console.documents.case_layers import case_layers
from console.documents.case_tables import DataTable, case_tables, write_csv, write_parquet, write_xlsx
from console.documents.report.words import ReportWords
from console.services.review.questions import answers_to
from console.services.review.record import CaseRecord
from maps.errors import InputFault
from maps.export.vector_files import write_layers_geojson, write_layers_gpkg, write_layers_kml
from tests.console.package.cases import HOSTILE, a_case

WORDS = ReportWords("zh_CN", "Asia/Shanghai")


@pytest.fixture(scope="module")
def record() -> CaseRecord:
    """A case with hostile names everywhere."""
    return a_case(HOSTILE)


def test_the_geopackage_has_every_layer_with_its_style(record: CaseRecord, tmp_path: Path) -> None:
    path = tmp_path / "c.gpkg"
    layers = case_layers(record, WORDS)
    write_layers_gpkg(layers, record.city.network.crs, path)
    names = {str(name) for name, kind in pyogrio.list_layers(path) if kind is not None}
    assert names == {layer.name for layer in layers}
    assert names >= {"pipes", "valves", "zone", "burst", "candidates", "valves_to_close", "stations", "crew_tracks"}
    with sqlite3.connect(path) as database:
        styles = database.execute("SELECT f_table_name, f_geometry_column, styleQML, useAsDefault FROM layer_styles").fetchall()
    database.close()
    assert {row[0] for row in styles} == names
    for _, column, style, default in styles:
        root = ET.fromstring(style)
        symbols = {symbol.get("name") for symbol in root.iter("symbol")}
        assert {rule.get("symbol") for rule in root.iter("rule")} == symbols
        assert (column, default) == ("geom", 1)
    steps = pyogrio.read_dataframe(path, layer="valves_to_close")
    assert Counter(steps["reported"])["closed"] >= 1
    pipes = pyogrio.read_dataframe(path, layer="pipes")
    assert len(pipes) == len(record.city.network.pipes)
    assert pipes.crs.to_epsg() == 4548


def test_a_case_that_no_station_saw_has_its_geopackage_too(record: CaseRecord, tmp_path: Path) -> None:
    called = replace(record, incident=replace(record.incident, evidence=(), plan=None))
    path = tmp_path / "c.gpkg"
    write_layers_gpkg(case_layers(called, WORDS), called.city.network.crs, path)
    stations = pyogrio.read_dataframe(path, layer="stations")
    assert len(stations) == len(record.city.stations)
    assert stations["observed"].isna().all()


def test_a_geopackage_that_cannot_be_put_in_place_leaves_nothing(record: CaseRecord, tmp_path: Path) -> None:
    path = tmp_path / "a folder.gpkg"
    path.mkdir()
    with pytest.raises(InputFault, match="folder"):
        write_layers_gpkg(case_layers(record, WORDS), "EPSG:4548", path)
    assert list(tmp_path.iterdir()) == [path]


def test_geojson_is_on_earth_and_a_drawing_says_that_it_is_not(record: CaseRecord, tmp_path: Path) -> None:
    path = tmp_path / "c.geojson"
    write_layers_geojson(case_layers(record, WORDS), "EPSG:4548", path)
    found = json.loads(path.read_text())
    lon, lat = next(f for f in found["features"] if f["geometry"]["type"] == "Point")["geometry"]["coordinates"]
    assert 116 < lon < 118
    assert 36 < lat < 37
    write_layers_geojson(case_layers(record, WORDS), "local", path)
    assert "not georeferenced" in json.loads(path.read_text())["coordinates"]


def test_kml_is_well_formed_and_refuses_a_drawing(record: CaseRecord, tmp_path: Path) -> None:
    path = tmp_path / "c.kml"
    write_layers_kml(case_layers(record, WORDS, network=False), "EPSG:4548", path, HOSTILE + "\x00\ufffe")
    root = ET.fromstring(path.read_bytes())
    space = {"k": "http://www.opengis.net/kml/2.2"}
    styles = {f"#{style.get('id')}" for style in root.iterfind(".//k:Style", space)}
    used = {str(url.text) for url in root.iterfind(".//k:styleUrl", space)}
    assert used
    assert used <= styles
    with pytest.raises(InputFault, match="not georeferenced"):
        write_layers_kml([], "local", path, "x")


def test_public_layers_hold_communities_and_roads_only(record: CaseRecord) -> None:
    assert {layer.name for layer in case_layers(record, WORDS, public=True)} <= {"roads", "affected"}


def test_no_cell_of_a_csv_is_a_formula(tmp_path: Path) -> None:
    hostile = ["=1+1", "+1", "-1", "@x", "\t=1", HOSTILE, "plain"]
    write_csv([DataTable("t", {"text": hostile, "number": [-1.5, float("nan"), 0.0, 1, 2, 3, 4]})], tmp_path)
    with (tmp_path / "t.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))[1:]
    assert not [row[0] for row in rows if row[0].startswith(("=", "+", "-", "@", "\t"))]
    assert [row[1] for row in rows[:2]] == ["-1.5", ""]


def test_tables_hold_the_case_in_every_form(record: CaseRecord, tmp_path: Path) -> None:
    tables = case_tables(record, WORDS, answers_to(record))
    write_csv(tables, tmp_path / "csv")
    write_parquet(tables, tmp_path / "parquet")
    readings = pq.read_table(tmp_path / "parquet" / "readings.parquet")
    assert readings.num_rows == len(record.readings)
    assert str(readings.schema.field("time").type) == "timestamp[us, tz=UTC]"
    with (tmp_path / "csv" / "timeline.csv").open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) == len(record.changes)


def test_the_spreadsheet_runs_nothing(record: CaseRecord, tmp_path: Path) -> None:
    pytest.importorskip("xlsxwriter", reason="the extra spreadsheets is not installed")
    path = tmp_path / "c.xlsx"
    small = replace(record, readings=record.readings.where(np.arange(50)))
    tables = case_tables(small, WORDS, answers_to(small))
    write_xlsx([*tables, DataTable("x", {"t": ["=1+1", "http://example.org", "\x00"]})], path, WORDS)
    with zipfile.ZipFile(path) as book:
        sheets = [book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
        assert not [name for name in book.namelist() if "externalLink" in name]
    assert len(sheets) == len(tables) + 1
    assert not any("<f>" in sheet or "<hyperlink" in sheet for sheet in sheets)


def test_a_folder_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputFault, match="no folder"):
        write_csv([], tmp_path / "file")


def test_tables_of_answers_come_out_whole_with_durations_in_seconds(record: CaseRecord, tmp_path: Path) -> None:
    answers = answers_to(record)
    write_csv(case_tables(record, WORDS, answers), tmp_path)
    arrival = next(answer.table for answer in answers if answer.key == "arrival")
    assert arrival is not None
    with (tmp_path / "answer_arrival.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(arrival.rows) == len(record.city.stations)
    # S4's link was down for eight minutes from the burst on, then two seconds on the way.
    assert {row["station"]: float(row["delay_longest"]) for row in rows}["S4"] == 482.0
    with (tmp_path / "expected.csv").open(encoding="utf-8-sig", newline="") as file:
        first = next(csv.DictReader(file))
    assert (first["station_id"], first["channel"]) == ("S1", "pressure")
    assert float(first["value"]) == pytest.approx(0.312)
