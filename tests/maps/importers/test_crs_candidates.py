"""Candidates for a coordinate system: the right one puts the pipes on the roads; the shift is the published one."""

from __future__ import annotations

import numpy as np
import pytest

from maps import crs as crs_of
from maps.gcj02 import gcj02_of, wgs84_of
from maps.importers.crs_candidates import GCJ02, candidates, densified

_STREETS = np.array([[117.0 + 0.004 * k, 36.60, 117.0 + 0.004 * k, 36.70] for k in range(15)])
"""North-south streets every 360 m in Jinan, degrees."""


def _pipes() -> np.ndarray:
    """Points on every third street."""
    return np.array([[117.0 + 0.012 * k, 36.62 + 0.001 * at] for k in range(5) for at in range(60)])


def test_the_shift_is_the_published_one_and_is_inverted_to_centimetres() -> None:
    there = gcj02_of(np.array([[116.404, 39.915]]))  # as the public conversions give it
    assert there[0] == pytest.approx([116.41024449916938, 39.91640428150164], abs=1e-9)
    assert wgs84_of(there)[0] == pytest.approx([116.404, 39.915], abs=1e-7)
    abroad = np.array([[2.35, 48.85]])
    assert gcj02_of(abroad).tolist() == abroad.tolist()


def test_eastings_without_a_zone_fit_every_zone_and_roads_tell_which() -> None:
    x, y = crs_of.from_wgs84(_pipes()[:, 0], _pipes()[:, 1], "EPSG:4548")
    data = np.column_stack([x, y])
    assert len(candidates(data)) > 15
    found = candidates(data, roads=densified(_STREETS))
    assert found[0].crs == "EPSG:4548"
    assert found[0].on_roads == 1.0
    assert all(one.on_roads is None for one in found[1:])


def test_eastings_with_their_zone_fit_only_it() -> None:
    x, y = crs_of.from_wgs84(_pipes()[:, 0], _pipes()[:, 1], "EPSG:4527")  # zone 39
    assert [one.crs for one in candidates(np.column_stack([x, y]))] == ["EPSG:4527"]


def test_shifted_degrees_are_seen_on_the_roads_and_the_declared_system_stays_first() -> None:
    data = gcj02_of(_pipes())
    found = candidates(data, "EPSG:4326", densified(_STREETS))
    assert found[0].crs == "EPSG:4326"
    best = max(found, key=lambda one: one.on_roads or 0.0)
    assert (best.crs, best.on_roads) == (GCJ02, 1.0)
    assert 300 < best.shift_m < 700
    assert (found[0].on_roads or 0.0) < 0.5


def test_nothing_fits_numbers_of_a_local_grid() -> None:
    assert candidates(np.array([[1000.0, 2000.0], [1500.0, 2500.0]])) == ()
    assert candidates(np.array([[np.nan, 1.0]])) == ()
