"""Benchmark of the time of a detection tick: ``run(stations) -> dict``. Accuracy is measured in console.bench.ltown."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from console.bench.trace import lattice
from console.detection import Detector, DetectorOptions, History
from console.domain.readings import Channel
from maps.city import City
from maps.locate.station_placement import place_stations

_TICKS = 40
_TICK_US = 60_000_000
_START_US = 1_704_067_200_000_000
_NODES_PER_STATION = 2
_MOST_NODES = 12_000


def run(stations: int = 10_000, seed: int = 1) -> dict[str, Any]:
    """Median, 95th percentile and largest time of one tick of ``stations`` pressure stations, ms, on quiet readings.

    A lattice has no hydraulics, so signatures are interpolated by distance; their number is that of a modelled network.
    """
    city = station_city(stations, seed)
    rows = len(city.stations)
    started = time.perf_counter()
    detector = Detector(city, None, DetectorOptions(time_zone="UTC"))
    random = np.random.default_rng(seed)
    normal = random.uniform(200.0, 500.0, rows)
    ticks_a_day = 1440
    history_us = _START_US - np.arange(2 * ticks_a_day // 5, 0, -1) * 5 * _TICK_US
    quiet = (normal + 0.5 * random.standard_normal((len(history_us), rows))).astype(np.float32)
    detector.learn(History(history_us, {int(Channel.PRESSURE): quiet}))
    ready_s = time.perf_counter() - started
    value = np.full((rows, len(Channel)), np.nan)
    at_us, quality = np.zeros(value.shape, dtype=np.int64), np.zeros(value.shape, dtype=np.uint8)
    spent: list[float] = []
    for tick in range(_TICKS):
        now = _START_US + tick * _TICK_US
        value[:, Channel.PRESSURE] = normal + 0.5 * random.standard_normal(rows)
        at_us[:, Channel.PRESSURE] = now
        began = time.perf_counter()
        detector.tick(value, at_us, quality, now)
        spent.append((time.perf_counter() - began) * 1000.0)
    warm = np.array(spent[5:])
    return {
        "stations": rows,
        "ready_s": round(ready_s, 2),
        "tick_ms": round(float(np.median(warm)), 2),
        "tick_p95_ms": round(float(np.quantile(warm, 0.95)), 2),
        "tick_most_ms": round(float(warm.max()), 2),
    }


def station_city(stations: int, seed: int) -> City:
    """A lattice with ``stations`` pressure stations and two nodes per station, up to a size limit."""
    from dataclasses import replace

    city = lattice(int(max(min(stations * _NODES_PER_STATION, _MOST_NODES), stations) * 1.6), seed)
    return replace(city, stations=place_stations(city, stations))
