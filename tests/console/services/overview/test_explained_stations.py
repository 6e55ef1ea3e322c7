"""Which stations a case explains: worked by hand, one rule broken at a time. What is not explained keeps its alarm."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from console.domain.alarms import Alarm, AlarmKind, AlarmState, Evidence, Priority
from console.domain.clock import micros
from console.domain.compose import compose_picture
from console.domain.incidents import Incident, Outlook, Phase, Prediction
from console.domain.limits import Limits
from console.domain.live import LivePicture
from console.domain.picture import StationState
from console.domain.readings import Channel
from console.services.overview.explained_stations import explained_stations

NOW = datetime(2024, 1, 3, 15, 0, tzinfo=UTC)
ROWS = {"S1": 0, "S2": 1, "S3": 2}
USUAL_KPA = 340.0
SHAPE = (3, len(Channel))


def evidence(station_id: str, deviation: float, channel: str = "pressure", usual: float = USUAL_KPA) -> Evidence:
    """What a station showed when the case was found."""
    return Evidence(station_id, channel, usual + deviation, usual, NOW)


def case(*items: Evidence, predicted: dict[str, tuple[float, ...]] | None = None) -> Incident:
    """A running case; ``predicted``: kPa at stations for each of its first candidates."""
    outlook = None
    if predicted:
        names, columns = tuple(predicted), zip(*predicted.values(), strict=True)
        outlook = Outlook(names, tuple(Prediction(f"P{n}", values) for n, values in enumerate(columns)))
    return Incident("2024-0001", "", NOW, NOW, evidence=items, outlook=outlook)


def limits(low: float = -np.inf) -> Limits:
    """A lower limit of pressure, kPa."""
    least = np.full(SHAPE, -np.inf)
    least[:, Channel.PRESSURE] = low
    return Limits(least, np.full(SHAPE, np.inf), np.zeros(SHAPE), np.full(SHAPE, -1, dtype=np.int64), ())


def explained(incident: Incident, *deviations: float, low: float = -np.inf, usual: bool = True) -> list[str]:
    """Ids of the explained stations whose pressures now deviate like this; ``usual``: whether an expected value is known."""
    value, expected = np.full(SHAPE, np.nan), np.full(SHAPE, np.nan)
    value[: len(deviations), Channel.PRESSURE] = USUAL_KPA + np.array(deviations)
    if usual:
        expected[:, Channel.PRESSURE] = USUAL_KPA
    found = explained_stations([incident], ROWS, value, expected, limits(low))
    return [name for name, row in ROWS.items() if found[row]]


@pytest.mark.parametrize("usual", [True, False])
def test_stations_that_fell_as_the_burst_makes_them_fall_are_explained(usual: bool) -> None:
    burst = case(evidence("S1", -30.0), evidence("S2", -10.0), predicted={"S1": (-28.0, -12.0), "S2": (-11.0, -9.0)})
    assert explained(burst, -31.0, -10.0, usual=usual) == ["S1", "S2"]
    assert explained(case(evidence("S1", -30.0)), -29.0, usual=usual) == ["S1"]  # no model: as when the case was found


def test_a_station_without_evidence_in_the_case_is_not_explained() -> None:
    assert explained(case(evidence("S1", -30.0)), -30.0, -30.0) == ["S1"]


def test_a_station_that_rises_where_the_burst_makes_it_fall_is_not_explained() -> None:
    assert explained(case(evidence("S1", -30.0), predicted={"S1": (-28.0,)}), 12.0) == []
    assert explained(case(evidence("S1", 12.0), predicted={"S1": (-28.0,)}), 12.0) == []
    assert explained(case(evidence("S1", 12.0)), 12.0) == []


def test_a_station_that_falls_by_far_more_than_any_candidate_makes_it_is_not_explained() -> None:
    burst = case(evidence("S1", -90.0), evidence("S2", -12.0), predicted={"S1": (-20.0, -30.0), "S2": (-10.0, -11.0)})
    assert explained(burst, -90.0, -12.0) == ["S2"]
    # Twice the larger prediction and 5 kPa more: 65 kPa.
    assert explained(case(evidence("S1", -30.0), predicted={"S1": (-20.0, -30.0)}), -64.0) == ["S1"]
    assert explained(case(evidence("S1", -30.0), predicted={"S1": (-20.0, -30.0)}), -66.0) == []


def test_a_station_that_falls_further_after_the_case_was_found_is_no_longer_explained() -> None:
    assert explained(case(evidence("S1", -30.0)), -40.0) == ["S1"]
    assert explained(case(evidence("S1", -30.0)), -90.0) == []


def test_a_station_that_recovered_stays_part_of_the_case() -> None:
    assert explained(case(evidence("S1", -30.0)), 1.0) == ["S1"]


def test_a_station_below_its_service_limit_is_not_explained() -> None:
    assert explained(case(evidence("S1", -30.0)), -30.0, low=USUAL_KPA - 31.0) == ["S1"]
    assert explained(case(evidence("S1", -30.0)), -30.0, low=USUAL_KPA - 29.0) == []


def test_a_station_without_a_value_now_is_not_explained() -> None:
    assert explained(case(evidence("S1", -30.0))) == []


def test_a_closed_case_explains_nothing() -> None:
    assert explained(replace(case(evidence("S1", -30.0)), phase=Phase.CLOSED), -30.0) == []


def test_a_flow_is_explained_while_it_deviates_as_it_did_when_the_case_was_found() -> None:
    value, expected = np.full(SHAPE, np.nan), np.full(SHAPE, np.nan)
    value[:, Channel.FLOW], expected[:, Channel.FLOW] = [180.0, 60.0, 300.0], 100.0
    burst = case(*(evidence(name, 80.0, "flow", 100.0) for name in ROWS))
    assert explained_stations([burst], ROWS, value, expected, limits()).tolist() == [True, False, False]
    value[:, Channel.FLOW] = [20.0, 180.0, 100.0]  # meters that count water the other way
    burst = case(*(evidence(name, -80.0, "flow", 100.0) for name in ROWS))
    assert explained_stations([burst], ROWS, value, expected, limits()).tolist() == [True, False, True]


def composed(*alarms: Alarm, hidden: bool = True) -> list[int]:
    """States of stations that the case explains, all of them."""
    live = LivePicture(3)
    live.value[:, Channel.PRESSURE], live.at_us[:, Channel.PRESSURE] = 310.0, micros(NOW)
    picture = compose_picture(
        live, ROWS, version=1, now_us=micros(NOW), expected=np.full(SHAPE, USUAL_KPA), crews=(), alarms=alarms, incidents=(),
        feeds=(), is_drill=False, explained=np.full(3, hidden),
    )  # fmt: skip
    return [int(state) for state in picture.station_state]


def test_an_explained_station_is_part_of_the_case_unless_it_has_an_alarm_of_its_own() -> None:
    burst = Alarm("A-1", AlarmKind.BURST, Priority.HIGH, "network", NOW, (evidence("S1", -30.0), evidence("S2", -30.0)))
    low = Alarm("A-2", AlarmKind.LOW_PRESSURE, Priority.HIGH, "S2", NOW)
    fault = Alarm("A-3", AlarmKind.STATION_FAULT, Priority.LOW, "S1", NOW)
    state = StationState
    assert composed(burst) == [state.IN_CASE, state.IN_CASE, state.NORMAL]
    assert composed(burst, hidden=False) == [state.ABNORMAL, state.ABNORMAL, state.NORMAL]
    assert composed(burst, low) == [state.IN_CASE, state.ABNORMAL, state.NORMAL]
    assert composed(burst, fault) == [state.ABNORMAL, state.IN_CASE, state.NORMAL]
    assert composed(replace(burst, state=AlarmState.CLEARED), low) == [state.NORMAL, state.WARNING, state.NORMAL]
