"""Positions in GCJ-02: the inverse by round trip; a shifted position beside a lonely road is noticed, an honest one is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from maps.city import ShapeTable
from maps.crs import from_wgs84, to_wgs84
from maps.gcj02 import ShiftedPositions, from_gcj02, gcj02
from tests.console.services.town import X0, Y0, a_town


@given(st.floats(75.0, 134.0), st.floats(2.0, 54.0))
def test_the_inverse_gives_back_the_place(lon: float, lat: float) -> None:
    assert from_gcj02(*gcj02(lon, lat)) == pytest.approx((lon, lat), abs=1e-8)


def test_a_shifted_position_off_every_road_is_noticed_and_an_honest_one_is_not() -> None:
    town = a_town()
    line = np.empty(1, dtype=object)
    line[0] = shapely.LineString([(X0 - 200.0, Y0), (X0 + 200.0, Y0)])
    city = replace(town, roads=ShapeTable.of(["r"], name=["经十路"], kind=["x"], geometry=line))
    watch, crs = ShiftedPositions(city), city.network.crs

    def shifted(x: float, y: float) -> tuple[float, float]:
        lon, lat = to_wgs84([x], [y], crs)
        east, north = gcj02(float(lon[0]), float(lat[0]))
        given_x, given_y = from_wgs84([east], [north], crs)
        return float(given_x[0]), float(given_y[0])

    there = shifted(X0 + 150.0, Y0 + 5.0)
    assert np.hypot(there[0] - X0 - 150.0, there[1] - Y0 - 5.0) > 300.0
    assert watch.is_likely(*there)
    assert not watch.is_likely(X0 + 150.0, Y0 + 5.0)  # on the road
    assert not watch.is_likely(X0 + 5_000.0, Y0 + 5_000.0)  # in a field, and so is the place shifted back
    assert not watch.is_likely(float("nan"), Y0)
    local = replace(city, network=replace(city.network, crs="local"))
    assert not ShiftedPositions(local).is_likely(*there)
