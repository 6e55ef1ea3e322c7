"""Daily patterns: scheduled steps, and a profile that preserves the steps of demand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from console.detection.pressure.baseline import Profile
from console.detection.pressure.daily_pattern import DailyFactors, DailySteps

STEP_S, A_DAY = 300.0, 288
TIMES_S: NDArray[np.float64] = np.arange(A_DAY) * np.float64(STEP_S)
NOISE_M = 0.03
MONDAY_US = 1_735_516_800_000_000
"""2024-12-30, a Monday."""

Steps = NDArray[np.float32]


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(9)


def days_of_steps(random: np.random.Generator, days: int) -> tuple[Steps, NDArray[np.float64]]:
    """Four stations: every day at seven, every other day at seven, once a day at any time, never."""
    steps = NOISE_M * random.standard_normal((days * A_DAY, 4))
    for day in range(days):
        steps[day * A_DAY + 84, 0] -= 0.5
        steps[day * A_DAY + 84, 1] -= 0.5 * (day % 2)
        steps[day * A_DAY + int(random.integers(0, A_DAY)), 2] -= 0.5
    second = np.tile(np.arange(A_DAY) * STEP_S, days)
    return steps.astype(np.float32), second


def test_only_steps_at_the_same_time_every_day_recur(random: np.random.Generator) -> None:
    found = DailySteps.learned(*days_of_steps(random, 14), STEP_S)
    day = found.at_all(TIMES_S)
    assert day[84, 0] == pytest.approx(-0.5, abs=0.05)
    day[84, 0] = 0.0
    assert np.count_nonzero(day) <= 2


def test_no_step_recurs_within_a_few_days(random: np.random.Generator) -> None:
    found = DailySteps.learned(*days_of_steps(random, 4), STEP_S)
    assert not found.at_all(TIMES_S).any()


def weeks_of_pressures(random: np.random.Generator, days: int) -> tuple[NDArray[np.int64], Steps]:
    """One station that falls by five kPa from seven to nine, and is two kPa higher at weekends."""
    local_us = MONDAY_US + np.arange(days * A_DAY, dtype=np.int64) * int(STEP_S * 1e6)
    return local_us, (pressure(local_us) + 0.3 * random.standard_normal(len(local_us)))[:, None].astype(np.float32)


def pressure(local_us: NDArray[np.int64]) -> NDArray[np.float64]:
    minute, day = local_us // 60_000_000 % 1440, (local_us - MONDAY_US) // 86_400_000_000 % 7
    return 300.0 - 5.0 * ((minute >= 420) & (minute < 540)) + 2.0 * (day >= 5)


@pytest.mark.parametrize("days", [10, 35])
def test_a_profile_jumps_when_demand_jumps(random: np.random.Generator, days: int) -> None:
    profile = Profile.learned(*weeks_of_pressures(random, days))
    times = MONDAY_US + 70 * 86_400_000_000 + np.array([415, 420, 425, 535, 540, 545]) * 60_000_000
    found = np.array([profile.at(np.array([at]))[0] for at in times])
    assert found == pytest.approx(pressure(times), abs=0.7)


def test_weeks_of_history_give_a_weekend_profile(random: np.random.Generator) -> None:
    profile = Profile.learned(*weeks_of_pressures(random, 35))
    times = MONDAY_US + 70 * 86_400_000_000 + (np.arange(7) * 1440 + 900) * 60_000_000
    found = np.array([profile.at(np.array([at]))[0] for at in times])
    assert found == pytest.approx(pressure(times), abs=0.3)


@pytest.mark.parametrize("days", [10, 35])
def test_optimism_is_the_ratio_of_out_of_sample_to_in_sample_residuals(random: np.random.Generator, days: int) -> None:
    # Deviations last half a day, like weather: neighbouring 15-minute bins are correlated.
    half_days = np.repeat(random.standard_normal((days * 2 + 60, 40)), A_DAY // 2, axis=0).astype(np.float32)
    local_us = MONDAY_US + np.arange(len(half_days), dtype=np.int64) * int(STEP_S * 1e6)
    made = days * A_DAY
    profile = Profile.learned(local_us[:made], half_days[:made])
    left = half_days - np.stack([profile.at(np.array([at])) for at in local_us])
    seen = float(np.std(left[made:]) / np.std(left[:made]))
    assert profile.optimism == pytest.approx(seen, rel=0.12)


def test_a_noisy_hour_raises_thresholds_while_windows_include_it(random: np.random.Generator) -> None:
    screens = random.exponential(5.0, 14 * A_DAY).astype(np.float32)
    second = np.tile(TIMES_S, 14)
    screens[second == 84 * STEP_S] *= 8.0
    hours = DailyFactors.learned(screens, second, STEP_S, ticks=3)
    found = hours.at_all(TIMES_S)
    assert np.flatnonzero(found > 3.0).tolist() == [84, 85, 86]
    assert hours.at(85 * STEP_S) == found[85]
    assert np.count_nonzero(found > 1.0) < 20
