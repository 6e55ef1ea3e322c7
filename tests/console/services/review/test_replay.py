"""Replay: at any time exactly what was known then, compared with a plain walk through the record."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.alarms import AlarmState
from console.domain.clock import micros, moment
from console.domain.crews import CrewState
from console.domain.expected import ExpectedValues
from console.domain.incidents import Phase
from console.domain.live import LivePicture
from console.domain.readings import Channel, ReadingBatch
from console.services.review.record import CaseRecord
from console.services.review.replay import Replay, clock_words
from tests.console.package.cases import a_case


@pytest.fixture(scope="module")
def record() -> CaseRecord:
    """A whole case."""
    return a_case()


@pytest.fixture(scope="module")
def replay(record: CaseRecord) -> Replay:
    """Its replay."""
    return Replay(record)


def heard_by(record: CaseRecord, at_us: int) -> LivePicture:
    """The live picture after every reading that had arrived, one arrival after the other."""
    batch, live = record.readings, LivePicture(len(record.city.stations))
    known = batch.known_us()
    for moment_us in np.unique(known[known <= at_us]).tolist():
        live.apply(batch.where(known == moment_us), moment_us)
    return live


@settings(max_examples=30, deadline=None)
@given(share=st.floats(-0.1, 1.0), seed=st.integers(0, 99), longest_s=st.sampled_from([0, 3, 90, 4000]))
def test_the_picture_of_a_moment_is_that_of_applying_all_that_had_arrived_in_its_order(
    record: CaseRecord, share: float, seed: int, longest_s: int
) -> None:
    rng, batch = np.random.default_rng(seed), record.readings
    delay_us = rng.integers(-8_000_000, longest_s * 1_000_000 + 1, len(batch)) * (rng.random(len(batch)) < 0.5)
    arrived = np.where(rng.random(len(batch)) < 0.9, batch.at_us + delay_us, 0)
    delayed = replace(record, readings=replace(batch, arrived_us=arrived))
    replay = Replay(delayed)
    at_us = int(replay.since_us + share * (replay.until_us - replay.since_us))
    live, shown = heard_by(delayed, at_us), replay.picture(at_us)
    assert np.array_equal(shown.value, live.value, equal_nan=True)
    assert np.array_equal(shown.at_us, live.at_us)


def test_without_arrivals_a_reading_is_known_when_it_was_measured(record: CaseRecord) -> None:
    untimed = replace(record, readings=replace(record.readings, arrived_us=None))
    replay = Replay(untimed)
    for at_us in (replay.since_us, micros(record.incident.opened_at), replay.until_us):
        assert np.array_equal(replay.picture(at_us).at_us, heard_by(untimed, at_us).at_us)


def test_a_late_reading_is_unknown_at_its_time_and_known_after_its_arrival(record: CaseRecord, replay: Replay) -> None:
    held = record.readings.delay_s() > 300
    assert held.any()
    measured, arrived = int(record.readings.at_us[held].min()), int(record.readings.known_us()[held].min())
    shown = replay.picture(arrived - 1)
    assert shown.at_us[3, Channel.PRESSURE] < measured
    assert replay.picture(arrived).at_us[3, Channel.PRESSURE] >= measured
    then, _, _ = replay.series(3, Channel.PRESSURE, 0, arrived - 1, known_by_us=arrived - 1)
    now, _, _ = replay.series(3, Channel.PRESSURE, 0, arrived - 1)
    assert then.max() < measured <= now.max()
    known, value = replay.as_known(3, Channel.PRESSURE)
    for at_us in (replay.since_us + 90_000_000, arrived - 1, arrived, replay.until_us):
        assert value[known <= at_us][-1] == replay.picture(at_us).value[3, Channel.PRESSURE]


def test_the_last_state_is_the_incident_as_it_was_kept(record: CaseRecord) -> None:
    assert record.incident_states[-1].value == record.incident


def test_the_case_at_a_time_is_as_it_was_known_then(record: CaseRecord, replay: Replay) -> None:
    states = record.incident_states
    assert replay.incident(micros(states[0].at) - 1) is None
    for state, following in itertools.pairwise(states):
        if following.at > state.at:
            assert replay.incident(micros(following.at) - 1) == state.value
    judged = next(state for state in states if state.kind == "burst_judged")
    assert judged.value.burst_pipes == ("H10",)
    assert record.incident.burst_pipes == ("V10",)


def test_alarms_have_at_each_time_the_state_they_had_then(record: CaseRecord, replay: Replay) -> None:
    alarm_id = record.incident.alarm_ids[0]
    states = {a.alarm_id: a.state for a in replay.picture(micros(record.incident.opened_at)).alarms}
    assert states == {alarm_id: AlarmState.ACTIVE}
    later = replay.picture(micros(record.incident.opened_at + timedelta(seconds=15)))
    assert {a.state for a in later.alarms} == {AlarmState.ACKNOWLEDGED}


def test_a_closed_case_is_gone_from_the_running_ones(record: CaseRecord, replay: Replay) -> None:
    assert record.incident.phase is Phase.CLOSED
    assert not replay.picture(replay.until_us).incidents


def test_crews_stand_at_their_last_fix_and_do_what_their_orders_say(record: CaseRecord, replay: Replay) -> None:
    sent = next(state for state in record.incident_states if state.value.orders)
    crews = {crew.crew_id: crew for crew in replay.picture(micros(sent.at)).crews}
    assert crews[sent.value.orders[0].crew_id].state is CrewState.ASSIGNED
    own = record.tracks.crew_id == "C1"
    before = record.tracks.at_us[own] <= micros(sent.at)
    assert crews["C1"].x == record.tracks.x[own][before][-1]
    assert {crew.at_us for crew in replay.picture(replay.since_us - 1).crews} == {0}


def test_where_no_expected_values_were_kept_a_series_names_what_the_alarm_compared_with(record: CaseRecord) -> None:
    replay = Replay(replace(record, expected=ExpectedValues.empty()))
    at_us = micros(record.incident.opened_at)
    assert np.isnan(replay.picture(at_us).expected).all()
    times, values, expected = replay.series(0, Channel.PRESSURE, replay.since_us, at_us)
    assert times[-1] <= at_us
    assert len(times) == len(values)
    assert expected[-1] == record.incident.evidence[0].expected
    assert np.isnan(expected[0])


def test_expected_values_are_those_of_the_last_tick_and_interpolated_between_ticks(record: CaseRecord, replay: Replay) -> None:
    ticks = np.unique(record.expected.at_us)
    for number, late_s in ((0, 0), (7, 20), (len(ticks) - 1, 59)):
        shown = replay.picture(int(ticks[number]) + late_s * 1_000_000).expected
        assert shown[0, Channel.PRESSURE] == 312.0 + 0.5 * number  # as the case was played
        assert np.isnan(shown[1, Channel.PRESSURE])  # still learned
        assert np.isnan(shown[:, Channel.FLOW]).all()
    at_us, _, expected = replay.series(0, Channel.PRESSURE, replay.since_us, replay.until_us)
    assert np.allclose(expected, 312.0 + 0.5 * (at_us - ticks[0]) / 60e6)
    assert np.isnan(replay.series(1, Channel.PRESSURE, replay.since_us, replay.until_us)[2]).all()


def test_expected_values_of_later_ticks_are_not_used(replay: Replay, record: CaseRecord) -> None:
    ticks = np.unique(record.expected.at_us)
    then = int(ticks[9]) + 30_000_000
    _, _, expected = replay.series(0, Channel.PRESSURE, replay.since_us, then + 240_000_000, known_by_us=then)
    assert expected[9] == 312.0 + 0.5 * 9
    assert (expected[9:] == expected[9]).all()


def test_a_stations_scatter_is_the_last_that_was_known_then(replay: Replay, record: CaseRecord) -> None:
    ticks = np.unique(record.expected.at_us).tolist()
    known = [replay.scatter(0, Channel.PRESSURE, known_by_us=ticks[number]) for number in (0, 9, 10, -1)]
    assert known == [0.8, 0.8, 1.1, 1.1]
    assert np.isnan(replay.scatter(3, Channel.PRESSURE))
    assert np.isnan(replay.scatter(0, Channel.FLOW))
    assert np.isnan(replay.scatter(0, Channel.PRESSURE, known_by_us=ticks[0] - 1))


def test_where_no_tick_was_kept_for_long_nothing_is_expected(record: CaseRecord) -> None:
    ticks = np.unique(record.expected.at_us)
    gap = (record.expected.at_us <= ticks[5]) | (record.expected.at_us >= ticks[15])
    replay = Replay(replace(record, expected=record.expected.where(gap)))
    known = [number for number, at in enumerate(ticks.tolist()) if np.isfinite(replay.picture(at).expected[0, Channel.PRESSURE])]
    assert known == [number for number in range(len(ticks)) if not 9 <= number <= 14]
    _, _, expected = replay.series(0, Channel.PRESSURE, replay.since_us, int(ticks[15]))
    assert np.flatnonzero(np.isnan(expected)).tolist() == list(range(9, 15))


def test_steps_lead_from_event_to_event(record: CaseRecord, replay: Replay) -> None:
    at, seen = replay.since_us - 1, []
    while (following := replay.after(at)) is not None:
        seen.append(following)
        at = following
    assert seen == sorted({micros(change.at) for change in record.changes})
    assert replay.before(seen[3]) == seen[2]
    assert replay.before(seen[0]) is None


def test_the_clock_counts_from_the_first_abnormal_reading(record: CaseRecord, replay: Replay) -> None:
    first = micros(record.incident.first_abnormal_at)
    assert clock_words(replay, first + 247_000_000) == "T+04:07"
    assert clock_words(replay, first - 61_000_000) == "T-01:01"
    assert clock_words(replay, first + 3_661_000_000) == "T+1:01:01"


def test_a_record_without_readings_and_crews_replays(record: CaseRecord) -> None:
    empty = ReadingBatch(np.empty(0, np.int32), np.empty(0, np.uint8), np.empty(0, np.int64), np.empty(0), np.empty(0, np.uint8))
    replay = Replay(replace(record, readings=empty))
    assert np.isnan(replay.picture(replay.until_us).value).all()
    assert moment(replay.until_us) == record.until
