"""Elevation errors: difference of one station's night pressures from the model."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from console.detection import History
from console.detection.quality.elevation_errors import elevation_errors
from console.domain.readings import Channel
from maps.units import KPA_PER_METRE
from tests.console.detection.cases import NOISE_M, START_US, Night, Town

HOUR_US = 3_600_000_000
MODEL_M = np.array([30.0, 40.0, 50.0, 35.0, 45.0])


def half_hours(days: int) -> NDArray[np.int64]:
    """Wall clock, (ticks,) µs."""
    return np.arange(days * 48, dtype=np.int64) * (HOUR_US // 2)


def shown(errors_m: list[float], local_us: NDArray[np.int64], common_m: float = 0.0) -> NDArray[np.float64]:
    """Pressures of stations whose gauges stand lower than on record by so much."""
    return np.tile((MODEL_M + errors_m + common_m) * KPA_PER_METRE, (len(local_us), 1))


def model(local_us: NDArray[np.int64]) -> NDArray[np.float64]:
    """What the model expects, (ticks, stations) kPa."""
    return np.tile(MODEL_M * KPA_PER_METRE, (len(local_us), 1))


def test_the_part_common_to_all_stations_is_no_elevation_error() -> None:
    # By hand: every source 3 m higher than modelled; one gauge 2 m below its record, one 1.2 m above it.
    local_us = half_hours(3)
    found = elevation_errors(local_us, shown([0.0, 2.0, 0.0, -1.2, 0.0], local_us, 3.0), model(local_us))
    assert found == pytest.approx([0.0, 2.0, 0.0, -1.2, 0.0], abs=1e-9)


def test_days_and_one_disturbed_night_do_not_count() -> None:
    local_us = half_hours(3)
    pressure = shown([0.0, 2.0, 0.0, 0.0, 0.0], local_us)
    hour = local_us // HOUR_US % 24
    pressure[(hour < 2) | (hour >= 4)] -= np.array([0.0, 90.0, 40.0, 10.0, 70.0])
    pressure[local_us // (24 * HOUR_US) == 1] -= np.array([0.0, 60.0, 0.0, 80.0, 0.0])
    found = elevation_errors(local_us, pressure, model(local_us))
    assert found == pytest.approx([0.0, 2.0, 0.0, 0.0, 0.0], abs=1e-9)


def test_a_station_with_one_night_is_unknown_and_affects_no_other() -> None:
    local_us = half_hours(3)
    pressure = np.column_stack([shown([0.0, 2.0, 0.0, 0.0, 0.0], local_us), np.full(len(local_us), 700.0)])
    pressure[48:, 5] = np.nan
    found = elevation_errors(local_us, pressure, np.column_stack([model(local_us), np.full(len(local_us), 300.0)]))
    assert found[:5] == pytest.approx([0.0, 2.0, 0.0, 0.0, 0.0], abs=1e-9)
    assert np.isnan(found[5])


def test_few_stations_have_no_common_part_and_no_estimate() -> None:
    local_us = half_hours(3)
    assert np.isnan(elevation_errors(local_us, shown([0.0] * 5, local_us)[:, :4], model(local_us)[:, :4])).all()


def test_the_detector_estimates_elevation_errors_and_residuals_are_unaffected() -> None:
    night = Night(Town.built(), learned=False)
    wrong_m = np.zeros(len(night.town.quiet_m))
    wrong_m[[2, 7]] = 2.5, -1.8
    at_us = START_US - np.arange(3 * 288, 0, -1) * 300_000_000
    heads = night.town.quiet_m + 4.0 + wrong_m + NOISE_M * night.random.standard_normal((len(at_us), len(wrong_m)))
    night.detector.learn(History(at_us, {int(Channel.PRESSURE): (heads * KPA_PER_METRE).astype(np.float32)}))
    assert night.detector.elevations.error_m == pytest.approx(wrong_m, abs=0.05)
    results = night.ticks(20, 4.0 + wrong_m)
    assert sum(len(result.bursts) for result in results) == 0
