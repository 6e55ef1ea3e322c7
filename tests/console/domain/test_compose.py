"""The composed picture: cleared alarms are left out, the gravest come first, published pictures never change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from console.domain.alarms import Alarm, AlarmKind, AlarmState, Evidence, Priority
from console.domain.clock import micros
from console.domain.compose import ExpectedHistory, compose_picture
from console.domain.incidents import Incident, Phase
from console.domain.live import LivePicture
from console.domain.picture import Picture, StationState
from console.domain.readings import Channel

NOW = datetime(2024, 1, 3, 15, 0, tzinfo=UTC)
BURST = Alarm("A-2", AlarmKind.BURST, Priority.CRITICAL, "network", NOW, (Evidence("S1", "pressure", 1.0, 2.0, NOW),))
FAULT = Alarm("A-1", AlarmKind.STATION_FAULT, Priority.LOW, "S2", NOW - timedelta(hours=1))


def composed(live: LivePicture, *alarms: Alarm, incidents: tuple[Incident, ...] = ()) -> Picture:
    """A picture of two stations."""
    return compose_picture(
        live,
        {"S1": 0, "S2": 1},
        version=1,
        now_us=micros(NOW),
        expected=np.full(live.value.shape, np.nan),
        crews=(),
        alarms=alarms,
        incidents=incidents,
        feeds=(),
        is_drill=False,
    )


def test_the_gravest_alarm_comes_first_and_cleared_ones_are_not_shown() -> None:
    gone = replace(FAULT, alarm_id="A-3", state=AlarmState.CLEARED)
    picture = composed(LivePicture(2), FAULT, gone, BURST)
    assert [alarm.alarm_id for alarm in picture.alarms] == ["A-2", "A-1"]
    assert picture.alarms_per_10_min == 1


def test_stations_of_a_burst_are_abnormal_and_a_faulty_one_is_marked() -> None:
    picture = composed(LivePicture(2), BURST, FAULT)
    assert picture.station_state.tolist() == [StationState.ABNORMAL, StationState.FAULT]


def test_an_alarm_set_aside_hides_neither_a_fault_nor_the_stations_of_a_running_case() -> None:
    shelved = replace(BURST, state=AlarmState.SHELVED, incident_id="1")
    fault = replace(FAULT, state=AlarmState.OUT_OF_SERVICE)
    case = Incident("1", "", NOW, NOW)
    running = composed(LivePicture(2), shelved, fault, incidents=(case,))
    over = composed(LivePicture(2), shelved, fault, incidents=(replace(case, phase=Phase.CLOSED),))
    assert running.station_state.tolist() == [StationState.ABNORMAL, StationState.FAULT]
    assert over.station_state[0] != StationState.ABNORMAL
    mended = composed(LivePicture(2), replace(fault, returned_at=NOW))
    assert mended.station_state[1] != StationState.FAULT


def test_closed_incidents_are_not_running() -> None:
    running = Incident("1", "", NOW, NOW)
    picture = composed(LivePicture(2), incidents=(running, replace(running, incident_id="2", phase=Phase.CLOSED)))
    assert [incident.incident_id for incident in picture.incidents] == ["1"]


def test_a_published_picture_does_not_change_with_later_readings() -> None:
    live = LivePicture(2)
    picture = composed(live)
    live.value[0, 0] = 9.0
    live.at_us[0, 0] = 1
    assert np.isnan(picture.value[0, 0])
    assert np.isnan(picture.age_s()[0, 0])


def test_expected_values_are_given_between_ticks_and_not_before_them() -> None:
    history = ExpectedHistory()
    for tick, value in ((100, 1.0), (200, 3.0)):
        history.add(tick, np.full((2, len(Channel)), value))
    at_us = np.array([50, 100, 150, 250])
    np.testing.assert_array_equal(history.at(1, Channel.FLOW, at_us), [np.nan, 1.0, 2.0, 3.0])
    assert np.isnan(history.at(1, Channel.PH, at_us)).all()
