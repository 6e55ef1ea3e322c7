"""Station groups, and the checks of each channel of each station."""

from __future__ import annotations

import numpy as np

from console.bench.detect import station_city
from console.detection.finding import StationFinding
from console.detection.options import DetectorOptions
from console.detection.quality.station_checks import StationChecks
from console.detection.station_groups import pressure_stations, station_groups
from console.domain.readings import Channel


def test_groups_are_the_fewest_possible_and_contain_every_pressure_station_once() -> None:
    city = station_city(1001, seed=3)
    groups = station_groups(city, 100)
    assert len(groups) == 11
    assert max(map(len, groups)) <= 100
    assert sorted(np.concatenate(groups).tolist()) == pressure_stations(city.stations).tolist()


def test_a_cell_that_reports_later_is_checked_from_then_on_and_affects_no_other() -> None:
    random = np.random.default_rng(4)
    city = station_city(30, seed=3)
    rows = len(city.stations)
    alone, together = (StationChecks(city.stations, DetectorOptions()) for _ in range(2))
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


def told_of_jumps(jumping: list[int], samples: int, both_within: int = 0) -> tuple[list[StationFinding], list[int]]:
    """(findings, rows accepted) when stations jump six metres at the tenth tick; the last of them ``both_within`` later."""
    city = station_city(12, seed=3)
    watch, rows = StationChecks(city.stations, DetectorOptions()), len(city.stations)
    none, sigma, group = np.zeros(rows, dtype=bool), np.full(rows, 0.05), np.zeros(rows, dtype=np.int64)
    findings: list[StationFinding] = []
    accepted: list[int] = []
    for tick in range(1, 40):
        now_us = tick * 60_000_000
        deviation = np.zeros(rows)
        for row in jumping:
            begins = 10 + (both_within if row == jumping[-1] else 0)
            deviation[row] = -6.0 if begins <= tick < begins + samples and row not in accepted else 0.0
        value = np.full((rows, len(Channel)), np.nan)
        value[:, Channel.PRESSURE] = 300.0 + deviation
        at_us = np.where(np.isfinite(value), now_us, 0).astype(np.int64)
        told, together = watch.deviations(deviation, sigma, none, group, value, value, at_us, now_us)
        findings += told
        accepted += together.tolist()
    return findings, accepted


def test_stations_that_jump_at_once_have_a_common_cause_and_include_it_in_their_baseline() -> None:
    assert told_of_jumps([2, 5, 7], samples=30) == ([], [2, 5, 7])
    assert told_of_jumps([2, 5], samples=30, both_within=1) == ([], [2, 5])
    assert told_of_jumps([2, 5, 7], samples=3) == ([], [])


def test_stations_that_jump_at_different_times_are_separate_faults() -> None:
    findings, accepted = told_of_jumps([2, 5], samples=20, both_within=6)
    city = station_city(12, seed=3)
    raised = [one.station_id for one in findings if one.code == "deviating" and one.active]
    assert (raised, accepted) == ([str(city.stations.asset_id[row]) for row in (2, 5)], [])
