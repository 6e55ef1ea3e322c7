"""The demand under which candidates are solved: that of the hour before the window, not of the burst itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from console.detection.driven.boundary import TickReadings
from console.detection.driven.driven_expectation import DrivenTicks
from console.detection.driven.driven_location import DrivenLocator
from console.detection.driven.window_differences import Stretch
from maps.columns import Floats
from maps.hydraulics.boundary import BoundaryMeters, DrivenValues, OtherModes, TankModes
from maps.hydraulics.driven import driven_model
from maps.hydraulics.session import EpanetSession
from tests.maps.hydraulics.test_driven import pumped_city

WINDOWS = (2, 3, 12)


def _reference(window: int) -> int:
    return max(window, 12)


def _ticks(measured_m3h: Floats, modelled_m3h: Floats) -> DrivenTicks:
    """Ticks of the pumped city: two pressures, a pump's flow, a tank, the balance."""
    ticks = len(measured_m3h)
    none, one, two = np.zeros(ticks), np.zeros((ticks, 1)), np.zeros((ticks, 2))
    observed = np.column_stack([two, one, one, measured_m3h])
    modelled = np.column_stack([two, one, one, modelled_m3h])
    readings = TickReadings(none, none.astype(np.int64), two, one, one, one, measured_m3h, none, one)
    state = np.zeros((ticks, 2), dtype=bool)
    values = DrivenValues(two, one, one, modelled_m3h, one > 0.0, TankModes(one[0] > 0.0, two[0]), OtherModes.none(2, 1, 1))
    return DrivenTicks(readings, values, observed, modelled, state)


def test_the_demand_before_a_burst_is_that_measured_in_the_hour_before_its_window(tmp_path: Path) -> None:
    city, random = pumped_city(tmp_path), np.random.default_rng(1)
    meters = BoundaryMeters.of(city)
    assert meters.balanced
    with EpanetSession(city) as session:
        model = driven_model(session)
        assert model is not None
        locator = DrivenLocator(city, meters, model)
    quiet = Stretch(
        random.normal(size=(300, 5)),
        np.ones((300, 5)),
        np.zeros(300, dtype=np.int64),
        np.zeros(300, dtype=bool),
        np.arange(300, dtype=np.float64) * 300.0,
        np.zeros(300, dtype=np.int64),
        np.zeros((300, 1), dtype=np.float32),
        np.zeros((300, len(meters.tank_node), 5), dtype=np.float32),
    )
    locator.learn(quiet, WINDOWS, _reference)
    assert locator.drawn_before(3) == 1.0  # nothing measured yet
    measured = np.concatenate([np.full(60, 500.0), np.full(12, 130.0), np.full(3, 200.0)])
    measured[62] = np.nan  # one reading is missing
    locator.follow(_ticks(measured, np.full(75, 100.0)))
    assert locator.drawn_before(3) == pytest.approx(1.3)
    assert locator.drawn_before(2) == pytest.approx((10 * 130.0 + 200.0) / 1100.0)  # one tick of the burst, one missing
    locator.follow(_ticks(np.full(12, 90.0), np.full(12, 100.0)))
    assert locator.drawn_before(12) == pytest.approx((9 * 130.0 + 3 * 200.0) / 1200.0)
    locator.forget()
    assert locator.drawn_before(3) == 1.0
    locator.follow(_ticks(np.full(30, -5.0), np.full(30, 100.0)))
    assert locator.drawn_before(3) == pytest.approx(0.2)  # no demand can be below zero: the bound
