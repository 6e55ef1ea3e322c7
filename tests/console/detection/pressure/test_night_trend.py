"""Night trend: leaks that grow over days are detected; other night variations are not."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from console.detection.crossing import Crossing
from console.detection.options import DetectorOptions
from console.detection.pressure.night_trend import GAP_NIGHTS, RECENT_NIGHTS, REFERENCE_NIGHTS, NightTrend
from console.detection.signature_cache import SignatureCache
from maps.columns import Floats
from maps.locate import locate
from tests.console.detection.cases import START_US, Town

NIGHTS = REFERENCE_NIGHTS + GAP_NIGHTS + RECENT_NIGHTS
DAY_US = 86_400_000_000
NOISE_M = 0.03


@pytest.fixture(scope="module")
def town() -> Town:
    return Town.built("H33")


class Nights:
    """Six samples a night, then the morning; every night scatters on its own."""

    def __init__(self, town: Town, seed: int = 1) -> None:
        self.town, self.random, self.number = town, np.random.default_rng(seed), 0
        rows: NDArray[np.int64] = np.arange(len(town.quiet_m))
        self.watch = NightTrend(rows, SignatureCache(town.city, [town.state], "imported"), DetectorOptions(), 1)

    def pass_by(self, change_m: Floats | float = 0.0) -> Crossing | None:
        midnight = START_US + self.number * DAY_US
        level = self.town.quiet_m + change_m + NOISE_M * self.random.standard_normal(len(self.town.quiet_m))
        for sample in range(6):
            second = 2.2 * 3600 + 600.0 * sample
            noisy = level + NOISE_M * self.random.standard_normal(len(level))
            assert self.watch.take(noisy, second, midnight + int(second * 1e6)) is None
        self.number += 1
        return self.watch.take(level, 4.1 * 3600, midnight + int(4.1 * 3600e6))


def test_a_leak_that_grows_over_days_is_detected_and_located(town: Town) -> None:
    nights = Nights(town)
    assert all(nights.pass_by() is None for _ in range(NIGHTS))
    found = [nights.pass_by(share * town.drops_m["H33"]) for share in np.linspace(0.1, 1.0, 12)]
    crossing = next(one for one in found if one is not None)
    assert crossing.lane == "slow"
    signatures = SignatureCache(town.city, [town.state], "imported").made(np.arange(len(town.quiet_m)), 0)
    place = locate(town.city.network, signatures, crossing.residual_m, noise_covariance=crossing.covariance)
    assert "H33" in place.set_90


def test_a_year_of_nights_without_leaks_gives_no_crossing(town: Town) -> None:
    nights = Nights(town, seed=2)
    assert all(nights.pass_by() is None for _ in range(365))


def test_one_night_outlier_is_no_leak(town: Town) -> None:
    nights = Nights(town)
    quiet = [nights.pass_by() for _ in range(NIGHTS)]
    odd = nights.pass_by(town.drops_m["H33"])
    after = [nights.pass_by() for _ in range(NIGHTS)]
    assert [*quiet, odd, *after] == [None] * len([*quiet, odd, *after])


def test_pressures_that_rise_after_a_repair_are_no_leak(town: Town) -> None:
    nights = Nights(town)
    before = [nights.pass_by(town.drops_m["H33"]) for _ in range(NIGHTS)]
    after = [nights.pass_by() for _ in range(NIGHTS)]
    assert before + after == [None] * (2 * NIGHTS)


def test_nights_before_a_burst_stay_excluded_after_learning_again(town: Town) -> None:
    nights = Nights(town)
    for _ in range(NIGHTS):
        nights.pass_by()
    now_us = START_US + nights.number * DAY_US
    nights.watch.forget(now_us)
    at_us = START_US + np.arange(NIGHTS * 24) * (DAY_US // 24)
    history = np.tile(town.quiet_m, (len(at_us), 1)).astype(np.float32)
    nights.watch.learn(at_us, at_us % DAY_US / 1e6, history)
    assert all(nights.pass_by(town.drops_m["H33"]) is None for _ in range(NIGHTS - 1))


def test_nights_of_history_equal_nights_of_live_ticks(town: Town) -> None:
    nights = Nights(town)
    random = np.random.default_rng(5)
    at_us = START_US - np.arange(30 * 24, 0, -1) * (DAY_US // 24) + 1_800_000_000
    history = town.quiet_m + NOISE_M * random.standard_normal((len(at_us), len(town.quiet_m)))
    at_us = np.repeat(at_us, 2) + np.tile([0, 600_000_000], len(at_us))
    nights.watch.learn(at_us, at_us % DAY_US / 1e6, np.repeat(history, 2, axis=0).astype(np.float32))
    found = [nights.pass_by(town.drops_m["H33"]) for _ in range(6)]
    assert any(one is not None for one in found)
