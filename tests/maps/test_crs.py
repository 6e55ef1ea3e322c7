"""CRS: declared, not guessed; x east and lon first."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maps import crs
from maps.errors import InputFault

_JINAN = st.tuples(st.floats(116.2, 117.8), st.floats(36.0, 37.5))


@settings(deadline=None)
@given(_JINAN, st.sampled_from(["EPSG:4548", "EPSG:32650", "EPSG:4527"]))
def test_there_and_back_is_the_same_place(place: tuple[float, float], code: str) -> None:
    lon, lat = crs.to_wgs84(*crs.from_wgs84(*place, code), code)
    assert (float(lon), float(lat)) == pytest.approx(place, abs=1e-8)


def test_the_central_meridian_has_its_false_easting() -> None:
    # GB/T 17798: EPSG:4548 is CGCS2000 / 3-degree Gauss-Kruger, CM 117E, x_0 = 500 km, no zone number.
    x, y = crs.from_wgs84(117.0, 36.65, "EPSG:4548")
    assert float(x) == pytest.approx(500_000, abs=1e-3)
    # A meridian arc of 36.65° on GRS80: 4,057.7 km (Bulirsch series).
    assert float(y) == pytest.approx(4_057_671, abs=5)


def test_arrays_keep_their_shape() -> None:
    lon, lat = crs.to_wgs84(np.full((3, 2), 5e5), np.full((3, 2), 4.06e6), "EPSG:4548")
    assert lon.shape == lat.shape == (3, 2)


def test_an_unknown_crs_is_reported_with_advice() -> None:
    with pytest.raises(InputFault, match="EPSG:4548"):
        crs.parse("Beijing something")


def test_a_local_grid_is_no_place_on_earth() -> None:
    assert crs.describe("local") == "local, not georeferenced"
    with pytest.raises(InputFault, match="--crs"):
        crs.to_wgs84(0.0, 0.0, "local")


@pytest.mark.parametrize(
    ("code", "fits"), [("EPSG:4548", True), ("EPSG:26917", True), ("EPSG:2263", False), ("EPSG:4490", False)]
)
def test_only_projected_metres_can_hold_a_city(code: str, fits: bool) -> None:
    assert crs.is_metric(code) is fits
    if fits:
        assert crs.projected_metric(code) == code
    else:
        with pytest.raises(InputFault, match="metres"):
            crs.projected_metric(code)


@pytest.mark.parametrize(
    ("code", "must"), [("EPSG:4548", False), ("EPSG:32650", False), ("EPSG:4490", True), ("EPSG:3857", True), ("EPSG:3395", True)]
)
def test_degrees_and_mercator_maps_hold_no_distances(code: str, must: bool) -> None:
    assert crs.must_be_projected(code) is must


def test_a_network_far_outside_the_area_of_its_crs_is_reported() -> None:
    assert crs.outside_area("EPSG:4548", (500_000.0, 4_058_000.0)) == ""
    assert "not used" in crs.outside_area("EPSG:4548", (500_000.0, 9_000_000.0))
    # With the zone number before the easting, as EPSG:4527 has it.
    assert crs.outside_area("EPSG:4548", (39_500_000.0, 4_058_000.0)) != ""
