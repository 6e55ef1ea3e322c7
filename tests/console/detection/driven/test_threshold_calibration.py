"""Thresholds of a statistic with a known tail distribution."""

from __future__ import annotations

import numpy as np
import pytest

from console.detection.driven.threshold_calibration import calibrated

TICK_S = 300.0
DAY = 288


def test_a_month_of_history_cannot_exclude_two_false_events_a_month() -> None:
    found = calibrated(np.random.default_rng(1).exponential(size=30 * DAY), TICK_S, 0.5)
    assert found.history_days == pytest.approx(30.0)
    assert found.at_most_a_month == pytest.approx(2.303, abs=0.01)  # Poisson: none seen in one month, 90 %


def test_a_shorter_history_gives_a_wider_bound() -> None:
    random = np.random.default_rng(2)
    bounds = [calibrated(random.exponential(size=days * DAY), TICK_S, 0.5).at_most_a_month for days in (1, 7, 28)]
    assert bounds == sorted(bounds, reverse=True)
    assert bounds[0] == pytest.approx(28.0 * bounds[2])


def test_the_rate_on_later_days_is_not_above_the_wanted_one() -> None:
    random = np.random.default_rng(3)
    false, months = 0, 0.0
    for _ in range(12):
        found = calibrated(random.exponential(size=28 * DAY), TICK_S, 0.5)
        later = random.exponential(size=60 * DAY)
        false += int((later > found.value).sum())
        months += 2.0
    assert false / months <= 0.5


def test_a_long_excursion_is_one_event() -> None:
    random = np.random.default_rng(4)
    quiet = random.exponential(size=28 * DAY)
    burst = quiet.copy()
    burst[1000:1020] = 40.0
    one = quiet.copy()
    one[1000] = 40.0
    assert calibrated(burst, TICK_S, 0.5).value == pytest.approx(calibrated(one, TICK_S, 0.5).value)
