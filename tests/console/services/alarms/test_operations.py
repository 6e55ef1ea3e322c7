"""Operations are named beside a finding, lower its priority for ten minutes, and never hide it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from console.detection.finding import OperationFinding
from console.domain.alarms import Alarm, AlarmKind, AlarmState, Evidence, Priority
from console.services.alarms.operations import EndOperation, EnterOperation
from console.services.alarms.station_alarms import AcknowledgeAlarm
from console.services.desk import Refused
from console.services.incidents.judging import JudgeBurst
from tests.console.notes import chinese
from tests.console.services.town import Chair, a_finding

FULL, LOWER = Priority.CRITICAL, Priority.HIGH
"""The town's burst leaves a hospital without water."""


def burst_alarm(chair: Chair) -> Alarm:
    """The burst's alarm."""
    (alarm,) = (alarm for alarm in chair.state.alarms.values() if alarm.kind is AlarmKind.BURST)
    return alarm


def operations(chair: Chair) -> list[Alarm]:
    """Operations in the list."""
    return [a for a in chair.state.alarms.values() if a.kind is AlarmKind.OPERATION and a.state is not AlarmState.CLEARED]


def plans(chair: Chair, asset: str, code: str = "works", starts: float = -5.0, ends: float = 60.0) -> None:
    """Enter works or an operation; minutes from now."""
    begin, end = (chair.now + timedelta(minutes=minutes) for minutes in (starts, ends))
    chair.does(EnterOperation(code, asset, begin, end, "换阀"))


def passes(chair: Chair, minutes: float) -> None:
    """Time goes by."""
    chair.now += timedelta(minutes=minutes)
    chair.take(chair.desk.on_time(chair.state, chair.now))


def finds(chair: Chair, *operation: OperationFinding) -> Alarm:
    """A burst is found now."""
    chair.sees(replace(a_finding(pipes=("H20", "V20"), at=chair.now), operations=operation))
    return burst_alarm(chair)


def test_without_an_operation_a_finding_has_its_full_priority() -> None:
    alarm = finds(Chair())
    assert (alarm.priority, alarm.explanations) == (FULL, ())


@pytest.mark.parametrize("asset", ["H20", "V20a", ""])
def test_works_near_a_finding_are_named_and_lower_it_for_ten_minutes(asset: str) -> None:
    chair = Chair()
    plans(chair, asset)
    alarm = finds(chair)
    assert (alarm.kind, alarm.state, alarm.priority) == (AlarmKind.BURST, AlarmState.ACTIVE, LOWER)
    assert "可能的原因：计划施工" in chinese(alarm.detail)
    assert [(one.code, one.asset_id) for one in alarm.explanations] == [("works", asset)]
    assert chair.state.incidents["2024-0001"].explanations == alarm.explanations
    passes(chair, 9.0)
    assert burst_alarm(chair).priority is LOWER
    passes(chair, 1.5)
    assert burst_alarm(chair).priority is FULL


@pytest.mark.parametrize(("starts", "ends", "lowers"), [(5.0, 60.0, False), (-60.0, 1.0, True)])
def test_only_works_under_way_or_just_over_explain(starts: float, ends: float, lowers: bool) -> None:
    chair = Chair()
    plans(chair, "H20", starts=starts, ends=ends)
    passes(chair, 4.0)
    assert (finds(chair).priority is LOWER) is lowers


def test_works_over_for_more_than_ten_minutes_leave_the_list_and_explain_nothing() -> None:
    chair = Chair()
    plans(chair, "H20", ends=1.0)
    passes(chair, 12.0)
    assert operations(chair) == []
    assert finds(chair).priority is FULL


def test_works_far_away_explain_nothing() -> None:
    chair = Chair()
    plans(chair, "M1")
    far = replace(a_finding(pipes=("H23",), at=chair.now), operations=())
    chair.sees(far)
    assert burst_alarm(chair).explanations == ()


def test_a_pump_seen_to_stop_is_information_and_explains_for_ten_minutes_from_its_stop() -> None:
    chair = Chair()
    stop = OperationFinding(chair.now, "pump", "PU1", stopped=True, stations=("S1",))
    chair.take(chair.desk.on_operation(chair.state, stop, chair.now))
    (told,) = operations(chair)
    assert (told.code, told.subject, told.priority, told.state) == (
        "pump_stop", "PU1", Priority.LOW, AlarmState.ACKNOWLEDGED,
    )  # fmt: skip
    again = chair.desk.on_operation(chair.state, stop, chair.now)
    assert again.drafts == ()
    passes(chair, 6.0)
    alarm = finds(chair, stop)
    assert alarm.priority is LOWER
    assert [one.until for one in alarm.explanations] == [stop.at + timedelta(minutes=10)]
    passes(chair, 4.0)
    assert burst_alarm(chair).priority is FULL


@pytest.mark.parametrize(("minutes", "lowers"), [(9.0, True), (11.0, False)])
def test_a_switch_seen_explains_what_comes_within_ten_minutes_wherever_it_is(minutes: float, lowers: bool) -> None:
    chair = Chair()
    chair.take(chair.desk.on_operation(chair.state, OperationFinding(chair.now, "setpoint", "S9"), chair.now))
    passes(chair, minutes)
    assert (finds(chair).priority is LOWER) is lowers


def test_an_asset_that_switches_often_is_logged_at_intervals_only() -> None:
    chair = Chair()
    for _ in range(30):
        chair.now += timedelta(seconds=50)
        chair.take(chair.desk.on_operation(chair.state, OperationFinding(chair.now, "setpoint", "S9"), chair.now))
    assert len(operations(chair)) == 1
    assert len(chair.log) <= 6


def test_a_risen_zone_inflow_is_evidence_against_the_operation() -> None:
    chair = Chair()
    plans(chair, "H20")
    found = a_finding(pipes=("H20", "V20"), at=chair.now)
    inflow = Evidence("Q1", "flow", 130.0, 100.0, chair.now)
    chair.sees(replace(found, evidence=(*found.evidence, inflow)))
    assert (burst_alarm(chair).priority, len(burst_alarm(chair).explanations)) == (FULL, 1)


def test_operations_do_not_change_a_judged_case() -> None:
    chair = Chair()
    plans(chair, "H20")
    finds(chair)
    chair.does(JudgeBurst("2024-0001", ("H20",)))
    passes(chair, 30.0)
    assert burst_alarm(chair).state is AlarmState.ACKNOWLEDGED


def test_an_acknowledged_alarm_still_gets_its_full_priority_back() -> None:
    chair = Chair()
    plans(chair, "H20")
    chair.does(AcknowledgeAlarm(finds(chair).alarm_id))
    passes(chair, 11.0)
    assert (burst_alarm(chair).priority, burst_alarm(chair).state) == (FULL, AlarmState.ACKNOWLEDGED)


def test_works_can_be_ended_or_called_off() -> None:
    chair = Chair()
    plans(chair, "H20", ends=600.0)
    plans(chair, "V20", starts=60.0, ends=600.0)
    now_on, to_come = operations(chair)
    chair.does(EndOperation(to_come.alarm_id))
    assert operations(chair) == [now_on]
    chair.does(EndOperation(now_on.alarm_id))
    passes(chair, 12.0)
    assert operations(chair) == []


def test_wrong_entries_are_refused_with_advice(chair: Chair) -> None:
    now = chair.now
    later: datetime = now + timedelta(hours=1)
    for intent, why in (
        (EnterOperation("works", "nowhere", now, later), "no asset nowhere"),
        (EnterOperation("works", "H20", later, now), "ends after it begins"),
        (EnterOperation("works", "H20", now - timedelta(hours=2), now - timedelta(hours=1)), "not in the past"),
        (EnterOperation("party", "H20", now, later), "party"),
    ):
        with pytest.raises(Refused, match=why):
            chair.does(intent)
