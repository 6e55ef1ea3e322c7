"""Days of readings before the start, computed in one go.

Solved states, measured with noise; for large cities every half hour with linear interpolation.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from console.domain.clock import micros
from console.domain.readings import Quality, ReadingBatch
from console.feeds.simulator.options import SimulatorOptions
from console.feeds.simulator.sensors import Sensors
from console.feeds.simulator.world import World
from maps.city import City

_SOLVED_S = 1800
_LARGEST_SOLVED_ALWAYS = 6000
"""Nodes up to which every step is solved: between solutions half an hour apart a pump's start would become a ramp."""


def history(city: City, options: SimulatorOptions, days: int, step_s: int) -> ReadingBatch:
    """What the stations would have reported over the ``days`` before the start, every ``step_s``; the same hidden model.

    Glitches are left out: a historian drops them. Times are multiples of ``step_s`` since 1970.
    """
    first = options.start - timedelta(days=days)
    solved_s = step_s if len(city.network.nodes) <= _LARGEST_SOLVED_ALWAYS else _SOLVED_S
    world = World(city, replace(options, step_s=solved_s), seconds_of_day(first, city.info.time_zone), stream=1)
    sensors = Sensors(city, options, stream=1)
    try:
        solved = [sensors.truth(world.advance(at)) for at in range(0, days * 86_400 + 1, solved_s)]
    finally:
        world.close()
    since = micros(first)
    at_us = np.arange(-(-since // (step_s * 1_000_000)), micros(options.start) // (step_s * 1_000_000), dtype=np.int64)
    at_us *= step_s * 1_000_000
    places = (at_us - since) / (solved_s * 1e6)
    before = np.minimum(places.astype(np.int64), len(solved) - 2)
    share = (places - before)[:, None]
    table = np.array(solved)
    smooth = table[before] * (1.0 - share) + table[before + 1] * share
    values = np.array([sensors.noisy(row) for row in smooth]).reshape(len(at_us), -1)
    count, sensors_count = values.shape
    known = np.isfinite(values.ravel())
    return ReadingBatch(
        station=np.tile(sensors.station, count)[known],
        channel=np.tile(sensors.channel, count)[known],
        at_us=np.repeat(at_us, sensors_count)[known],
        value=values.ravel()[known],
        quality=np.full(int(known.sum()), Quality.GOOD, dtype=np.uint8),
    )


def seconds_of_day(at: datetime, time_zone: str) -> float:
    """Seconds after midnight of the city's own day."""
    local = at.astimezone(ZoneInfo(time_zone))
    return local.hour * 3600.0 + local.minute * 60.0 + local.second + local.microsecond / 1e6
