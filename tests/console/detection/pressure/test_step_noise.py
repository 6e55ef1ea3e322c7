"""Step noise: fitted to most stations; extra variance of a few stations is separate."""

from __future__ import annotations

import numpy as np
import pytest

from console.detection.options import DetectorOptions
from console.detection.pressure.group_watch import LevelTest
from console.detection.pressure.step_noise import StepNoise, fitted_noise, own_scatter
from console.detection.signature_cache import SignatureCache
from maps.columns import Floats
from tests.console.detection.cases import NOISE_M, Night, Town, bursts

READING_M, SHARE = 0.05, 0.1
DAYS, DAY_TICKS = 14, 288


def test_noise_is_fitted_to_most_stations_and_extra_variance_is_per_station() -> None:
    random = np.random.default_rng(4)
    sensitivity = random.uniform(0.0, 0.5, (24, 30))
    variance = (READING_M**2 + SHARE**2 * sensitivity) * random.uniform(0.8, 1.25, sensitivity.shape)
    wild = variance.copy()
    wild[:, [3, 17, 20]] = (20.0**2, 4.0**2, 1.0**2)
    wild[:12, 5] = 3.0**2  # at night only
    for one in (variance, wild):
        fit = fitted_noise(one.ravel(), sensitivity.ravel())
        assert fit.reading_m == pytest.approx(READING_M, rel=0.1)
        assert fit.demand_share == pytest.approx(SHARE, rel=0.1)
    own = own_scatter(wild, READING_M**2 + SHARE**2 * sensitivity)
    assert own[[3, 17, 20, 5]] == pytest.approx([400.0, 16.0, 1.0, 4.5], rel=0.02)
    assert not own[np.setdiff1d(np.arange(30), [3, 5, 17, 20])].any()
    assert own_scatter(np.full((2, 3), np.nan), np.ones((2, 3))).tolist() == [0.0, 0.0, 0.0]


def test_noise_of_stations_in_two_parts_is_the_models() -> None:
    response = np.array([[1.0, 2.0], [0.0, 1.0]])
    # 0.5^2 of the products of rows: (1 + 4, 2; 2, 1), and 0.1^2 on the diagonal.
    covariance = StepNoise(0.1, 0.5).covariance((response @ response.T).astype(np.float64))
    np.testing.assert_allclose(covariance, np.array([[1.26, 0.5], [0.5, 0.26]]))


def learned(town: Town, residual: Floats) -> LevelTest:
    """The level lane after a history of these residuals (ticks, stations), m."""
    rows = np.arange(len(town.quiet_m))
    watch = LevelTest(rows, SignatureCache(town.city, [town.state], "imported"), DetectorOptions(tick_s=300.0), 1)
    second = np.asarray(np.arange(len(residual)) * 300.0 % 86_400.0, dtype=np.float64)
    watch.learn(residual.astype(np.float32), second, 300.0, switching=False, days=float(DAYS))
    return watch


def test_recurring_excursions_raise_the_threshold_and_a_leak_in_history_does_not() -> None:
    town = Town.built("H33")
    random, drop = np.random.default_rng(2), 3.0 * town.drops_m["H33"]
    quiet = NOISE_M * random.standard_normal((DAYS * DAY_TICKS, len(town.quiet_m)))
    cycling, leaking = quiet.copy(), quiet.copy()
    for day in range(DAYS):
        begin = day * DAY_TICKS + int(random.integers(0, 250))
        cycling[begin : begin + 12] += drop
    leaking[12 * DAY_TICKS :] += drop
    calm, lived_with, leaked = (learned(town, one).statistic(drop, 12 * 3600.0)[1] for one in (quiet, cycling, leaking))
    assert lived_with > 15.0 * calm
    assert leaked < 12.5 * calm, "a leak nobody knew of makes no later one unheard"


def test_stations_that_repeat_one_value_for_hours_say_nothing_of_noise_and_a_burst_is_found_after() -> None:
    town = Town.built("H33")
    night = Night(town, learned=False)
    assert bursts(night.ticks(60, noise_m=0.0)) == 0
    assert bursts(night.ticks(3, 3.0 * town.drops_m["H33"])) == 1
