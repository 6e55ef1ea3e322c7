"""GeoJSON: lon before lat, one feature per asset, and a mark where coordinates are not georeferenced."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from maps.crs import from_wgs84
from maps.errors import InputFault
from maps.export.geojson import city_geojson, plan_geojson, write_geojson
from tests.maps.export.cases import CANDIDATES, PIPES, X0, Y0, a_city, a_plan


def test_every_asset_of_a_layer_is_a_feature_with_its_id() -> None:
    found = city_geojson(a_city(), ("pipes", "valves", "nodes", "stations", "zones", "roads", "hydrants"))
    by_layer = [item["properties"]["layer"] for item in found["features"]]
    assert [by_layer.count(layer) for layer in ("pipes", "valves", "nodes", "stations", "zones", "roads")] == [3, 2, 4, 1, 2, 1]
    assert [item["id"] for item in found["features"][:3]] == list(PIPES)


def test_coordinates_are_wgs84_lon_lat_and_lead_back_to_the_networks() -> None:
    first = city_geojson(a_city(), ("pipes",))["features"][0]["geometry"]["coordinates"][0]
    assert 116 < first[0] < 118
    assert 36 < first[1] < 37
    x, y = from_wgs84(np.array([first[0]]), np.array([first[1]]), "EPSG:4548")
    assert (float(x[0]), float(y[0])) == pytest.approx((X0, Y0), abs=0.1)


def test_a_drawing_keeps_its_coordinates_and_says_so() -> None:
    found = city_geojson(a_city("local"), ("pipes",))
    assert "not georeferenced" in found["coordinates"]
    assert found["features"][0]["geometry"]["coordinates"][0] == [X0, Y0]


def test_what_is_unknown_is_null_so_that_the_text_is_json() -> None:
    found = city_geojson(a_city(), ("pipes",))
    assert found["features"][2]["properties"]["diameter_mm"] is None
    json.dumps(found, allow_nan=False)


def test_a_plan_names_the_role_of_each_feature() -> None:
    found = plan_geojson(a_city(), a_plan(), CANDIDATES)
    roles = {(item["properties"]["role"], item["properties"]["asset_id"]) for item in found["features"]}
    assert roles == {
        ("zone", "PIPE-B"),
        ("dry_pocket", "PIPE-C"),
        ("candidate", "PIPE-B"),
        ("candidate", "PIPE-A"),
        ("valve_to_close", "VALVE-1"),
        ("valve_to_close", "VALVE-2"),
    }


def test_an_unknown_layer_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputFault, match="pipes, valves"):
        city_geojson(a_city(), ("sewers",))


def test_a_file_is_written_whole_and_read_back(tmp_path: Path) -> None:
    write_geojson(tmp_path / "city.geojson", city_geojson(a_city()))
    assert json.loads((tmp_path / "city.geojson").read_text("utf-8"))["type"] == "FeatureCollection"
    assert [path.name for path in tmp_path.iterdir()] == ["city.geojson"]
