"""Coordinate display: each system is named, GCJ-02 by its published values, none for a city that is not georeferenced."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.ui.map.view.coordinates import Coordinates, CoordinateSystem
from maps.attribution import attribution
from maps.gcj02 import gcj02
from tests.console.ui.small_city import ORIGIN, build_small_city


@pytest.mark.parametrize(
    ("wgs84", "shifted"),
    [
        ((116.404, 39.915), (116.410244, 39.916404)),  # Beijing, as published with the formula
        ((2.2945, 48.8584), (2.2945, 48.8584)),  # Paris: nothing is shifted outside of China
    ],
)
def test_gcj02_of_known_places(wgs84: tuple[float, float], shifted: tuple[float, float]) -> None:
    assert gcj02(*wgs84) == pytest.approx(shifted, abs=2e-6)


@given(st.floats(75, 134), st.floats(19, 52))
def test_gcj02_shifts_by_some_hundred_metres_and_smoothly(lon: float, lat: float) -> None:
    east, north = gcj02(lon, lat)
    assert 0 < abs(east - lon) + abs(north - lat) < 0.03
    near = gcj02(lon + 1e-4, lat)
    assert near[0] - east == pytest.approx(1e-4, rel=0.05)


def test_every_system_is_named_beside_its_numbers() -> None:
    city = build_small_city()
    for system, name in (
        (CoordinateSystem.WGS84, "WGS84"),
        (CoordinateSystem.GCJ02, "GCJ-02"),
        (CoordinateSystem.CGCS2000, "CGCS2000"),
        (CoordinateSystem.NETWORK, "4548"),
    ):
        assert name in Coordinates(city, system).name("local")
    lon, lat = Coordinates(city, CoordinateSystem.WGS84).degrees(*ORIGIN)
    assert (lon, lat) == pytest.approx((117.06, 36.65), abs=0.02)
    assert Coordinates(city, CoordinateSystem.CGCS2000).degrees(*ORIGIN) == pytest.approx((lon, lat), abs=1e-5)


def test_a_city_without_a_place_offers_only_its_own_coordinates() -> None:
    city = build_small_city(crs="local")
    coordinates = Coordinates(city, CoordinateSystem.GCJ02)
    assert coordinates.offered == (CoordinateSystem.NETWORK,)
    assert coordinates.system is CoordinateSystem.NETWORK
    assert coordinates.name("工程坐标") == "工程坐标"


def test_a_city_along_streets_names_their_source() -> None:
    from dataclasses import replace

    city = build_small_city()
    assert attribution(city) == ""
    info = replace(city.info, assumed=("pipes are laid along the streets of roads.gpkg; the land's elevation is invented",))
    assert "OpenStreetMap" in attribution(replace(city, info=info))
