"""Limits: a station's own come before the utility's, these before the standard's; a broken limit is an alarm."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from console.detection import DetectorOptions, StationFinding
from console.detection.quality.station_checks import StationChecks
from console.domain.alarms import Alarm, Priority
from console.domain.clock import micros
from console.domain.limits import Limits
from console.domain.readings import Channel
from console.services.alarms.limits import LimitTable, station_limits
from maps.city import City
from maps.errors import InputFault
from tests.builders import a_network
from tests.console.notes import chinese
from tests.console.services.town import NOW, Chair

STEP_US = 60_000_000


def a_city(limits: str = "", critical: bool = False) -> City:
    """A plant with its station, one in the network, and one on the main out of the plant."""
    city = a_network().source("W").node("A").pipe("P1", "W", "A").pipe("P2", "A", "B").plant("works", at="W")
    city = city.station("out", at="W", channels="chlorine").station("end", at="B", channels="chlorine", limits=limits)
    return city.station("main", on="P1", channels="flow").customer("C", on="P2", critical="hospital" if critical else "").build()


def pair(limits: Limits, row: int, channel: Channel) -> tuple[float, float]:
    """Low and high of a cell."""
    return float(limits.low[row, channel]), float(limits.high[row, channel])


def test_the_standards_figures_hold_where_they_belong() -> None:
    limits = station_limits(a_city())
    assert pair(limits, 0, Channel.CHLORINE) == (0.3, 2.0)
    assert pair(limits, 1, Channel.CHLORINE) == (0.05, 2.0)
    assert pair(limits, 2, Channel.CHLORINE) == (0.3, 2.0)
    for row in range(3):
        assert pair(limits, row, Channel.TURBIDITY) == (-np.inf, 1.0)
        assert pair(limits, row, Channel.PH) == (6.5, 8.5)
    assert pair(limits, 1, Channel.PRESSURE) == (140.0, np.inf)
    assert pair(limits, 0, Channel.PRESSURE) == (-np.inf, np.inf)
    rule = limits.rule_of(1, Channel.CHLORINE)
    assert rule is not None
    assert "GB 5749-2022" in rule.article


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"pressure": [0.2, 0.6]}', (200.0, 600.0)),
        ('{"pressure_mpa": {"least": 0.2, "most": 0.6}}', (200.0, 600.0)),
        ('{"pressure": {"low_kpa": 200, "high_kpa": 600}}', (200.0, 600.0)),
        ('{"pressure": [null, 0.6]}', (-np.inf, 600.0)),
        ("not json", (140.0, np.inf)),
        ('{"pressure": "high"}', (140.0, np.inf)),
    ],
)
def test_a_stations_own_limits_go_before_the_rules(text: str, expected: tuple[float, float]) -> None:
    assert pair(station_limits(a_city(text)), 1, Channel.PRESSURE) == expected


def test_a_utilitys_file_replaces_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    own = tmp_path / "limits.toml"
    own.write_text(
        'version = "2026-05-01"\nsource = "utility"\n'
        '[[limit]]\nchannel = "pressure"\nplace = "network"\nleast = 0.2\nhysteresis = 0.02\npriority = "high"\n'
    )
    limits = station_limits(a_city(), own)
    assert pair(limits, 1, Channel.PRESSURE) == (200.0, np.inf)
    assert pair(limits, 1, Channel.CHLORINE) == (0.05, 2.0)
    assert LimitTable.load(own).source == "utility"


def test_every_wrong_entry_of_a_file_is_named_at_once(tmp_path: Path) -> None:
    own = tmp_path / "limits.toml"
    own.write_text('version = "2026-05-01"\n[[limit]]\nchannel = "presure"\n[[limit]]\nchannel = "ph"\nleast = 9\nmost = 7\n')
    with pytest.raises(InputFault, match=r"'source' is missing.*limit 1.*presure.*limit 2.*not below"):
        LimitTable.load(own)


def test_an_alarm_begins_after_two_samples_and_ends_only_well_inside() -> None:
    city = a_city()
    watch = StationChecks(city.stations, DetectorOptions(limits=station_limits(city)))
    shape = (3, len(Channel))
    # 0.14 MPa with 0.01 MPa of hysteresis: by hand, raised at the second 139, over at the first from 150 on.
    told: list[tuple[int, bool]] = []
    for tick, kpa in enumerate([141, 139, 141, 139, 139, 141, 149, 139, 150, 141], start=1):
        value, at_us = np.full(shape, np.nan), np.zeros(shape, dtype=np.int64)
        value[1, Channel.PRESSURE], at_us[1, Channel.PRESSURE] = kpa, tick * STEP_US
        found = watch.limits(
            value, np.full(shape, np.nan), np.full(shape, np.nan), at_us, np.isfinite(value), tick * STEP_US, np.full(3, np.nan)
        )
        told += [(tick, one.active) for one in found]
        assert all((one.code, one.limit) == ("low_pressure", 140.0) for one in found)
    assert told == [(5, True), (9, False)]


@pytest.mark.parametrize(
    ("error_m", "kpa", "code"),
    [
        (3.0, 150.0, "low_pressure"),  # by hand: 150 - 3 × 9.807 = 120.6 kPa in truth
        (1.4, 150.0, ""),  # too small an error to matter
        (3.0, 175.0, ""),  # 145.6 kPa in truth
        (-3.0, 135.0, "low_pressure"),  # 164.4 in truth, yet the error is an estimate: told, as doubtful
    ],
)
def test_a_gauge_with_an_elevation_error_hides_no_pressure_below_the_limit(error_m: float, kpa: float, code: str) -> None:
    city = a_city()
    watch = StationChecks(city.stations, DetectorOptions(limits=station_limits(city)))
    shape, told = (3, len(Channel)), []
    for tick in (1, 2):
        value, at_us = np.full(shape, np.nan), np.zeros(shape, dtype=np.int64)
        value[1, Channel.PRESSURE], at_us[1, Channel.PRESSURE] = kpa, tick * STEP_US
        error = np.array([np.nan, error_m, np.nan])
        told += watch.limits(
            value, np.full(shape, np.nan), np.full(shape, np.nan), at_us, np.isfinite(value), tick * STEP_US, error
        )
    assert [one.code for one in told] == ([code] if code else [])


def raised(chair: Chair, code: str, channel: str, observed: float, limit: float, error_m: float | None = None) -> Alarm:
    """The alarm of a limit broken at the network's end."""
    at = NOW + timedelta(minutes=len(chair.log))
    finding = StationFinding("end", channel, code, at, True, observed=observed, limit=limit, elevation_error_m=error_m)
    (alarm,) = chair.take(chair.desk.on_stations(chair.state, [finding], at)).alarms
    assert micros(alarm.raised_at) == micros(at)
    return alarm


def test_a_broken_limit_is_reported_with_value_limit_and_priority() -> None:
    chair = Chair(a_city())
    low = raised(chair, "low_pressure", "pressure", 121.0, 140.0)
    assert (low.priority, low.limit) == (Priority.MEDIUM, 140.0)
    assert "压力 0.121 MPa，低于 0.14 MPa" in chinese(low.detail)
    cloudy = raised(chair, "above_limit", "turbidity", 1.6, 1.0)
    assert cloudy.priority is Priority.HIGH
    assert "浊度 1.60 NTU，高于 1 NTU" in chinese(cloudy.detail)


def test_a_value_near_zero_or_beside_a_hospital_raises_the_priority_by_one() -> None:
    assert raised(Chair(a_city()), "low_pressure", "pressure", 60.0, 140.0).priority is Priority.HIGH
    assert raised(Chair(a_city(critical=True)), "low_pressure", "pressure", 121.0, 140.0).priority is Priority.HIGH


@pytest.mark.parametrize(
    ("error_m", "told", "doubtful"),
    [
        (-3.0, "标高误差 -3.0 m，修正后 0.150 MPa，在限值内，存疑", True),  # by hand: 121 + 3 × 9.807 kPa
        (-1.6, "标高误差 -1.6 m，修正后 0.137 MPa，仍超限", False),
        (3.0, "标高误差 +3.0 m，修正后 0.092 MPa，仍超限", False),
        (-1.4, "", False),
        (None, "", False),
    ],
)
def test_an_elevation_error_that_makes_the_comparison_doubtful_is_reported_and_hides_nothing(
    error_m: float | None, told: str, doubtful: bool
) -> None:
    low = raised(Chair(a_city()), "low_pressure", "pressure", 121.0, 140.0, error_m)
    assert told in chinese(low.detail)
    assert ("标高误差" in chinese(low.detail), low.is_doubtful) == (bool(told), doubtful)
    assert low.priority is Priority.MEDIUM


def test_a_pressure_that_is_low_only_after_correction_is_reported_so() -> None:
    low = raised(Chair(a_city()), "low_pressure", "pressure", 150.0, 140.0, 3.0)
    assert "修正后 0.121 MPa，实际超限" in chinese(low.detail)
    assert (low.is_doubtful, low.is_beyond_as_read) == (False, False)
