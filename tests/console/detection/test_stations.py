"""Groups of stations, and the watch over each channel of each station."""

from __future__ import annotations

import numpy as np

from console.bench.detect import station_city
from console.detection.faults import StationWatch
from console.detection.finding import StationFinding
from console.detection.groups import pressure_stations, station_groups
from console.detection.options import DetectorOptions
from console.domain.readings import Channel


def test_groups_are_as_few_as_will_do_and_hold_every_pressure_station_once() -> None:
    city = station_city(1001, seed=3)
    groups = station_groups(city, 100)
    assert len(groups) == 11
    assert max(map(len, groups)) <= 100
    assert sorted(np.concatenate(groups).tolist()) == pressure_stations(city.stations).tolist()


def test_a_cell_heard_later_is_followed_from_then_on_and_moves_no_other() -> None:
    random = np.random.default_rng(4)
    city = station_city(30, seed=3)
    rows = len(city.stations)
    alone, together = (StationWatch(city.stations, DetectorOptions()) for _ in range(2))
    told: tuple[list[StationFinding], list[StationFinding]] = ([], [])
    for tick in range(1, 80):
        now_us = tick * 60_000_000
        value, at_us = np.full((rows, len(Channel)), np.nan), np.zeros((rows, len(Channel)), dtype=np.int64)
        value[:, Channel.PRESSURE] = 300.0 + random.standard_normal(rows)
        if tick > 20:
            value[4, Channel.PRESSURE] = 300.0
        at_us[:, Channel.PRESSURE] = now_us
        others = value.copy(), at_us.copy()
        if tick > 30:
            others[0][:, Channel.FLOW], others[1][:, Channel.FLOW] = 5.0 + random.standard_normal(rows), now_us
        told[0].extend(alone.instruments(value, at_us, np.isfinite(value), now_us))
        told[1].extend(together.instruments(*others, np.isfinite(others[0]), now_us))
    assert told[0] == told[1]
    assert [(one.code, one.channel, one.active) for one in told[0]] == [("frozen", "pressure", True)]
    assert told[0][0].station_id == str(city.stations.asset_id[4])
