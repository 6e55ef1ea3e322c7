"""Alarms of stations: one per station and code, never lost, not doubled by flapping."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.detection.finding import StationFinding
from console.domain.alarms import Alarm, AlarmKind, AlarmState, Priority
from console.domain.notes import NO_NOTE
from console.services.alarms.station_alarms import (
    AcknowledgeAlarm,
    AcknowledgeAlarms,
    RestoreAlarm,
    ShelveAlarm,
    TakeOutOfService,
)
from console.services.desk import Refused
from tests.console.services.town import Chair, a_finding, a_town

CITY = a_town()
A1 = "A-000001"


def happens(chair: Chair, code: str = "frozen", *, active: bool, channel: str = "pressure", station: str = "S1") -> None:
    """A station event."""
    finding = StationFinding(station, channel, code, chair.now, active, NO_NOTE, 300.0, 310.0)
    chair.take(chair.desk.on_stations(chair.state, [finding], chair.now))


def only(chair: Chair) -> Alarm:
    """The one alarm there is."""
    (alarm,) = chair.state.alarms.values()
    return alarm


def test_an_alarm_acknowledged_and_returned_in_either_order_is_cleared(chair: Chair) -> None:
    happens(chair, active=True)
    assert only(chair).state is AlarmState.ACTIVE
    chair.does(AcknowledgeAlarm(A1))
    happens(chair, active=False)
    assert only(chair).state is AlarmState.CLEARED
    chair.now += timedelta(minutes=20)
    happens(chair, active=True)
    second = chair.state.alarms["A-000002"]
    happens(chair, active=False)
    assert chair.state.alarms[second.alarm_id].state is AlarmState.RETURNED
    chair.does(AcknowledgeAlarm(second.alarm_id))
    assert chair.state.alarms[second.alarm_id].state is AlarmState.CLEARED


def test_a_flapping_alarm_is_one_alarm_that_must_be_acknowledged_again(chair: Chair) -> None:
    happens(chair, active=True)
    chair.does(AcknowledgeAlarm(A1))
    for _ in range(5):
        happens(chair, active=False)
        happens(chair, active=True)
    assert only(chair).state is AlarmState.ACTIVE
    assert only(chair).acknowledged_at is None


def test_an_event_that_lasts_changes_nothing(chair: Chair) -> None:
    happens(chair, active=True)
    happens(chair, active=True)
    assert len(chair.log) == 1


def test_two_channels_of_a_station_are_one_alarm_until_both_are_normal(chair: Chair) -> None:
    happens(chair, active=True)
    happens(chair, active=True, channel="flow")
    happens(chair, active=False)
    assert only(chair).state is AlarmState.ACTIVE
    assert only(chair).channels == ("flow",)
    happens(chair, active=False, channel="flow")
    assert only(chair).state is AlarmState.RETURNED


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("stale", AlarmKind.STALE),
        ("frozen", AlarmKind.STATION_FAULT),
        ("future_time", AlarmKind.STATION_FAULT),
        ("low_pressure", AlarmKind.LOW_PRESSURE),
        ("below_limit", AlarmKind.WATER_QUALITY),
        ("above_limit", AlarmKind.WATER_QUALITY),
    ],
)
def test_each_code_has_its_kind_and_its_own_alarm(chair: Chair, code: str, kind: AlarmKind) -> None:
    happens(chair, code, active=True)
    happens(chair, "spike", active=True)
    assert [alarm.kind for alarm in chair.state.alarms.values()] == [kind, AlarmKind.STATION_FAULT]


def test_a_shelved_alarm_comes_back_as_what_it_has_become(chair: Chair) -> None:
    happens(chair, active=True)
    chair.does(ShelveAlarm(A1, chair.now + timedelta(minutes=10), "检修"))
    assert (only(chair).state, only(chair).shelved_reason) == (AlarmState.SHELVED, "检修")
    assert chair.desk.on_time(chair.state, chair.now).drafts == ()
    happens(chair, active=False)
    assert only(chair).state is AlarmState.SHELVED
    chair.now += timedelta(minutes=10)
    chair.take(chair.desk.on_time(chair.state, chair.now))
    assert only(chair).state is AlarmState.RETURNED


@pytest.mark.parametrize("minutes", [-1, 0])
def test_shelving_needs_a_reason_and_a_time_to_come(chair: Chair, minutes: int) -> None:
    happens(chair, active=True)
    with pytest.raises(Refused, match="time to come"):
        chair.does(ShelveAlarm(A1, chair.now + timedelta(minutes=minutes), "检修"))
    with pytest.raises(Refused, match="reason"):
        chair.does(ShelveAlarm(A1, chair.now + timedelta(minutes=5), ""))


def test_a_one_shot_shelf_ends_when_the_alarm_returns(chair: Chair) -> None:
    happens(chair, active=True)
    chair.does(ShelveAlarm(A1, None, "检修"))
    chair.now += timedelta(days=3)
    assert chair.desk.on_time(chair.state, chair.now).drafts == ()
    happens(chair, active=False)
    assert only(chair).state is AlarmState.RETURNED
    with pytest.raises(Refused, match="cannot be shelved"):
        chair.does(ShelveAlarm(A1, None, "检修"))


def test_out_of_service_lasts_until_a_person_restores_it(chair: Chair) -> None:
    happens(chair, active=True)
    with pytest.raises(Refused, match="reason"):
        chair.does(TakeOutOfService(A1, " "))
    chair.does(TakeOutOfService(A1, "更换传感器"))
    happens(chair, active=False)
    happens(chair, active=True)
    chair.now += timedelta(days=3)
    assert chair.desk.on_time(chair.state, chair.now).drafts == ()
    assert only(chair).state is AlarmState.OUT_OF_SERVICE
    chair.does(RestoreAlarm(A1))
    assert only(chair).state is AlarmState.ACTIVE
    with pytest.raises(Refused, match="neither shelved"):
        chair.does(RestoreAlarm(A1))


def test_a_second_acknowledgement_is_refused(chair: Chair) -> None:
    happens(chair, active=True)
    chair.does(AcknowledgeAlarm(A1))
    with pytest.raises(Refused, match="nothing to acknowledge"):
        chair.does(AcknowledgeAlarm(A1))
    with pytest.raises(Refused, match="no alarm A-9"):
        chair.does(AcknowledgeAlarm("A-9"))


def test_shelving_has_a_longest_duration(chair: Chair) -> None:
    happens(chair, active=True)
    for until in (chair.now + timedelta(hours=24, seconds=1), datetime.max.replace(tzinfo=UTC)):
        with pytest.raises(Refused, match="24 hours at most"):
            chair.does(ShelveAlarm(A1, until, "检修"))
    chair.does(ShelveAlarm(A1, chair.now + timedelta(hours=24), "检修"))
    assert only(chair).state is AlarmState.SHELVED


def test_several_are_acknowledged_in_one_change_set_each_with_its_own_line(chair: Chair) -> None:
    for number in range(3):
        happens(chair, active=True, station=f"S{number}")
    ids = tuple(chair.state.alarms)
    chair.does(AcknowledgeAlarm(ids[0]))
    changes = chair.does(AcknowledgeAlarms((*ids, ids[1])))
    assert [draft.kind for draft in changes.drafts] == ["alarm_acknowledged"] * 2
    assert {alarm.state for alarm in chair.state.alarms.values()} == {AlarmState.ACKNOWLEDGED}
    with pytest.raises(Refused, match="nothing to acknowledge"):
        chair.does(AcknowledgeAlarms(ids))


ACTS = st.sampled_from(["raise", "return", "ack", "shelve", "one-shot", "out", "restore", "wait"])
ASIDE = (AlarmState.SHELVED, AlarmState.OUT_OF_SERVICE)
ASIDE_ACTS = ("shelve", "one-shot", "out", "restore")


def set_aside(chair: Chair, alarm: Alarm, act: str) -> None:
    """Shelve, take out of service or restore an alarm, where its state allows it."""
    if act == "shelve" and alarm.state not in (AlarmState.CLEARED, AlarmState.OUT_OF_SERVICE):
        chair.does(ShelveAlarm(alarm.alarm_id, chair.now + timedelta(minutes=1), "检修"))
    elif act == "one-shot" and alarm.state in (AlarmState.ACTIVE, AlarmState.ACKNOWLEDGED):
        chair.does(ShelveAlarm(alarm.alarm_id, None, "检修"))
    elif act == "out" and alarm.state not in (AlarmState.CLEARED, AlarmState.OUT_OF_SERVICE):
        chair.does(TakeOutOfService(alarm.alarm_id, "检修"))
    elif act == "restore" and alarm.state in ASIDE:
        chair.does(RestoreAlarm(alarm.alarm_id))


@settings(max_examples=60, deadline=None)
@given(acts=st.lists(st.tuples(ACTS, st.sampled_from(["S1", "S2"])), max_size=25))
def test_an_unacknowledged_event_is_never_lost(acts: list[tuple[str, str]]) -> None:
    """Oracle: per station, whether the event is active, and whether it was raised since the last acknowledgement."""
    chair, on, unseen = Chair(CITY), dict.fromkeys(("S1", "S2"), False), dict.fromkeys(("S1", "S2"), False)
    for act, station in acts:
        mine = [alarm for alarm in chair.state.alarms.values() if alarm.subject == station]
        current = max(mine, key=lambda alarm: alarm.raised_at, default=None)
        if act == "raise":
            happens(chair, active=True, station=station)
            unseen[station] = unseen[station] or not on[station]
            on[station] = True
        elif act == "return":
            happens(chair, active=False, station=station)
            on[station] = False
        elif act == "ack" and current is not None and current.state in (AlarmState.ACTIVE, AlarmState.RETURNED):
            chair.does(AcknowledgeAlarm(current.alarm_id))
            unseen[station] = False
        elif act in ASIDE_ACTS and current is not None:
            set_aside(chair, current, act)
        elif act == "wait":
            chair.now += timedelta(minutes=2)
            chair.take(chair.desk.on_time(chair.state, chair.now))
    for station in on:
        living = [a for a in chair.state.alarms.values() if a.subject == station and a.state is not AlarmState.CLEARED]
        assert len(living) <= 1
        assert bool(living) or not (on[station] or unseen[station])
        if living and living[0].state not in ASIDE:
            assert (living[0].returned_at is None) == on[station]


def flood(chair: Chair, count: int, active: bool = True) -> list[StationFinding]:
    return [StationFinding(f"X{number}", "pressure", "stale", chair.now, active) for number in range(count)]


def test_in_a_flood_every_finding_is_an_alarm_of_its_own_in_one_change_set() -> None:
    chair = Chair()
    raised = chair.take(chair.desk.on_stations(chair.state, flood(chair, 400), chair.now))
    assert len(raised.drafts) == 400
    assert {alarm.subject for alarm in chair.state.alarms.values()} == {f"X{number}" for number in range(400)}
    assert len(chair.state.alarms) == 400
    chair.sees(a_finding())
    burst = max(chair.state.alarms.values(), key=lambda alarm: alarm.alarm_id)
    assert (burst.alarm_id, burst.priority < Priority.LOW) == ("A-000401", True)
    chair.take(chair.desk.on_stations(chair.state, flood(chair, 400, active=False), chair.now))
    over = [alarm for alarm in chair.state.alarms.values() if alarm.code == "stale"]
    assert {alarm.state for alarm in over} == {AlarmState.RETURNED}
    assert len(over) == 400


def test_in_one_tick_a_fault_may_begin_in_two_channels_and_end_in_one() -> None:
    chair = Chair()
    begins = [StationFinding("S1", channel, "stale", chair.now, True) for channel in ("pressure", "flow")]
    ends = StationFinding("S1", "flow", "stale", chair.now, False)
    chair.take(chair.desk.on_stations(chair.state, [*begins, ends], chair.now))
    (alarm,) = chair.state.alarms.values()
    assert (alarm.channels, alarm.state) == (("pressure",), AlarmState.ACTIVE)
    assert [change.kind for change in chair.log] == ["alarm_raised", "alarm_revised", "alarm_revised"]
