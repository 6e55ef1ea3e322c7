"""A pressure below its service limit stays an alarm for as long as it lasts, also in a process that begins meanwhile."""

from __future__ import annotations

import numpy as np
import pytest

from console.detection import Detector, DetectorOptions
from console.detection.history import History
from console.domain.readings import Channel, Quality
from console.services.alarms.limits import station_limits
from maps.city import City
from tests.console.ui.small_city import build_small_city

TICK_S, START_US, DAYS, STEP_S = 60, 1_704_294_000_000_000, 3, 300
LOW_KPA, TICKS = 80.0, 90
Found = list[tuple[str, bool]]


@pytest.fixture(scope="module")
def city() -> City:
    return build_small_city()


def learned(city: City) -> Detector:
    """After three quiet days."""
    made = Detector(city, None, DetectorOptions(tick_s=TICK_S, limits=station_limits(city)))
    ticks, stations = DAYS * 86_400 // STEP_S, len(city.stations)
    at_us = START_US - np.arange(ticks, 0, -1, dtype=np.int64) * STEP_S * 1_000_000
    noise = np.random.default_rng(3).normal(0.0, 0.4, (ticks, stations))
    made.learn(History(at_us, {int(Channel.PRESSURE): (300.0 + noise).astype(np.float32)}))
    return made


def watched(detector: Detector, city: City, low: range, ticks: range) -> Found:
    """(station, whether low) as found, while the stations in ``low`` have a low pressure, the others the usual one."""
    shape, noise, found = (len(city.stations), len(Channel)), np.random.default_rng(4), list[tuple[str, bool]]()
    quality = np.full(shape, int(Quality.GOOD), dtype=np.uint8)
    for tick in ticks:
        now_us = START_US + tick * TICK_S * 1_000_000
        value, at_us = np.full(shape, np.nan), np.zeros(shape, dtype=np.int64)
        value[:, Channel.PRESSURE] = 300.0 + noise.normal(0.0, 0.4, shape[0])
        value[low, Channel.PRESSURE] = LOW_KPA + noise.normal(0.0, 0.4, len(low))
        at_us[:, Channel.PRESSURE] = now_us
        result = detector.tick(value, at_us, quality, now_us)
        found += [(one.station_id, one.active) for one in result.stations if one.code == "low_pressure"]
    return found


def test_stations_that_fall_together_below_the_limit_stay_alarms(city: City) -> None:
    detector, low = learned(city), range(2, 12)
    assert watched(detector, city, range(0), range(1, 11)) == []
    found = watched(detector, city, low, range(11, 11 + TICKS))
    assert sorted(found) == sorted((str(city.stations.asset_id[row]), True) for row in low)


def test_a_process_that_begins_while_they_are_low_ends_no_alarm(city: City) -> None:
    detector, low = learned(city), range(2, 12)
    found = watched(detector, city, low, range(1, TICKS))
    assert sorted(found) == sorted((str(city.stations.asset_id[row]), True) for row in low)
