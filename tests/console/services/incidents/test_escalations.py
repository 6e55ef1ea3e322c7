"""Escalation: a warning before a target and a line at the miss, each once, whatever the clock does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from console.domain.actors import Role
from console.domain.outgoing import MessageKind
from console.domain.targets import Escalation, Goal, Step, Target, Targets
from console.services.alarms.station_alarms import AcknowledgeAlarm
from console.services.desk import DeskSettings
from console.services.incidents.escalations import deadlines, standing
from console.services.incidents.judging import DismissIncident, JudgeBurst, SetRestoration
from console.services.note_texts import NoteTexts
from tests.console.services.conftest import CASE
from tests.console.services.town import Chair, a_finding

NONE = Target(0, 0)
ONLY_JUDGE = Targets(NONE, Target(8, 2), NONE, NONE, NONE, NONE)
EN = NoteTexts("en", "Asia/Shanghai").text


def a_case(targets: Targets = ONLY_JUDGE, address: str = "") -> Chair:
    chair = Chair(settings=DeskSettings(targets=targets, supervisor_address=address))
    chair.sees(a_finding())
    return chair


def looks_at(chair: Chair, at: datetime) -> None:
    chair.now = at
    chair.take(chair.desk.on_time(chair.state, at))


def opened_at(chair: Chair) -> datetime:
    return chair.state.incidents[CASE].opened_at


def said(chair: Chair) -> list[tuple[Goal, Step]]:
    return [(one.goal, one.step) for one in chair.state.incidents[CASE].escalations]


def looked(minutes: Sequence[float], targets: Targets = ONLY_JUDGE) -> list[tuple[float, Step]]:
    """(minute, step) that looks at these minutes after the alert give."""
    chair, found = a_case(targets), list[tuple[float, Step]]()
    start = opened_at(chair)
    for minute in minutes:
        before = len(said(chair))
        looks_at(chair, start + timedelta(minutes=minute))
        found += [(minute, step) for _, step in said(chair)[before:]]
    return found


WARNED, MISSED = Step.WARNED, Step.MISSED


@pytest.mark.parametrize(
    ("minutes", "found"),
    [
        ([0, 1, 5.9], []),
        ([5.99, 6, 6.1, 7.9], [(6, WARNED)]),
        ([6, 7, 8, 8.1, 20, 600], [(6, WARNED), (8, MISSED)]),
        ([300], [(300, MISSED)]),
        ([9, 6.5, 7, 8, 9], [(9, MISSED)]),
        ([6, 1, 6, 8, 2, 8, 6, 9], [(6, WARNED), (8, MISSED)]),
        ([-500, 3, 6], [(6, WARNED)]),
    ],
    ids=["early", "warning", "both", "was off", "set back after a jump", "to and fro", "before the alert"],
)
def test_each_step_comes_once_whatever_the_clock_does(minutes: list[float], found: list[tuple[float, Step]]) -> None:
    assert looked(minutes) == found


def test_without_a_target_nothing_comes_and_without_a_warning_only_the_miss() -> None:
    assert looked([1, 6, 8, 60], replace(ONLY_JUDGE, judge=NONE)) == []
    assert looked([1, 6, 8, 60], replace(ONLY_JUDGE, judge=Target(8, 0))) == [(8, MISSED)]
    assert looked([1, 6, 8, 60], replace(ONLY_JUDGE, judge=Target(2, 1))) == [(1, WARNED), (6, MISSED)]


def test_what_is_reached_in_time_escalates_no_more() -> None:
    chair = a_case()
    start = opened_at(chair)
    looks_at(chair, start + timedelta(minutes=6))
    assert [one.step for one in standing(ONLY_JUDGE, chair.state.incidents[CASE])] == [WARNED]
    chair.does(JudgeBurst(CASE, ("H10",)))
    assert standing(ONLY_JUDGE, chair.state.incidents[CASE]) == ()
    looks_at(chair, start + timedelta(minutes=60))
    assert said(chair) == [(Goal.JUDGE, WARNED)]


def test_a_closed_case_escalates_no_more() -> None:
    chair = a_case(Targets())
    chair.does(DismissIncident(CASE, "施工"))
    looks_at(chair, chair.now + timedelta(days=1))
    assert said(chair) == []


def test_deadlines_follow_the_case(judged: Chair) -> None:
    incident, targets = judged.state.incidents[CASE], Targets()
    assert incident.alerted_at is not None
    assert incident.verified_at is not None
    due = {one.goal: one.due_at for one in deadlines(targets, incident)}
    assert due == {
        Goal.ISSUE: incident.alerted_at + timedelta(minutes=10),
        Goal.CREW_ARRIVAL: incident.orders[0].sent_at + timedelta(minutes=30),
        Goal.ISOLATE: incident.verified_at + timedelta(minutes=60),
        Goal.RESTORE: incident.restoration_at,
    }
    assert list(due.values()) == sorted(due.values())


def test_a_corrected_restoration_time_is_a_new_deadline() -> None:
    chair = a_case(replace(ONLY_JUDGE, judge=NONE, restore=Target(0, 30)))
    chair.does(JudgeBurst(CASE, ("H10",)))
    first = chair.state.incidents[CASE].restoration_at
    assert first is not None
    for minutes in (-30, 1):
        looks_at(chair, first + timedelta(minutes=minutes))
    second = chair.now + timedelta(hours=3)
    chair.does(SetRestoration(CASE, second))
    assert standing(chair.desk.targets, chair.state.incidents[CASE]) == ()
    looks_at(chair, second)
    found = [(one.step, one.due_at) for one in chair.state.incidents[CASE].escalations]
    assert found == [(WARNED, first), (MISSED, first), (MISSED, second)]


def test_the_case_s_log_says_what_is_due_who_must_be_told_and_what_was_sent_to_nobody() -> None:
    chair = a_case()
    looks_at(chair, opened_at(chair) + timedelta(minutes=6))
    last = chair.log[-1]
    assert (last.kind, last.subject) == ("target_warned", f"incident/{CASE}")
    assert EN(last.note) == (
        "Deadline near: judged due by 23:08:05, the supervisor must be told; no address is set, nobody was sent a message"
    )
    assert not [one for one in chair.sent if one.kind is MessageKind.ESCALATION]


def test_a_miss_that_is_noticed_late_says_when() -> None:
    chair = a_case()
    looks_at(chair, opened_at(chair) + timedelta(hours=5))
    assert EN(chair.log[-1].note).endswith("noticed only at 01-04 04:00:05")


def test_a_message_goes_to_the_supervisor_s_address_once_a_step() -> None:
    chair = a_case(address="duty-phone")
    start = opened_at(chair)
    for minutes in (6, 6.5, 8, 9):
        looks_at(chair, start + timedelta(minutes=minutes))
    sent = [one for one in chair.sent if one.kind is MessageKind.ESCALATION]
    assert [one.address for one in sent] == ["escalations/duty-phone"] * 2
    bodies = [json.loads(one.payload) for one in sent]
    assert [(one["incident_id"], one["goal"], one["step"]) for one in bodies] == [
        (CASE, "judge", "warned"),
        (CASE, "judge", "missed"),
    ]
    assert {one["due"] for one in bodies} == {"2024-01-03T23:08:05+08:00"}
    assert bodies[0]["text"]["zh_CN"].startswith("时限预警：研判应于 23:08:05 前完成，须告知值班主任")


def test_a_burst_alarm_that_nobody_acknowledges_escalates_and_an_acknowledged_one_does_not() -> None:
    only = Targets(Target(2, 1), *(NONE for _ in range(5)))
    for acknowledged in (False, True):
        chair = a_case(only)
        (alarm_id,) = chair.state.alarms
        start = chair.state.alarms[alarm_id].raised_at
        if acknowledged:
            chair.does(AcknowledgeAlarm(alarm_id))
        for minutes in (1, 1.5, 2, 30):
            looks_at(chair, start + timedelta(minutes=minutes))
        found = [(one.goal, one.step) for one in chair.state.alarms[alarm_id].escalations]
        assert found == ([] if acknowledged else [(Goal.ACKNOWLEDGE, WARNED), (Goal.ACKNOWLEDGE, MISSED)])


def test_plans_made_anew_at_the_same_moment_are_kept_with_the_escalation() -> None:
    chair = a_case()
    stale = chair.state.incidents[CASE]
    assert stale.plan is not None
    chair.state = chair.state.with_records([replace(stale, plan=replace(stale.plan, basis="an older network"))])
    looks_at(chair, opened_at(chair) + timedelta(minutes=6))
    after = chair.state.incidents[CASE]
    assert after.plan is not None
    assert after.plan.basis == stale.plan.basis
    assert (said(chair), after.version) == ([(Goal.JUDGE, WARNED)], stale.version + 1)


@pytest.mark.parametrize("wrong", [(-1, 0), (8, 8), (8, 9), (8, -1), (1e9, 0)])
def test_a_target_that_cannot_be_is_refused(wrong: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match=r"minutes are|before the start"):
        Target(*wrong)


def test_an_escalation_says_whom_the_setting_names() -> None:
    chair = a_case(replace(ONLY_JUDGE, judge=Target(8, 2, Role.AREA)))
    start = opened_at(chair)
    looks_at(chair, start + timedelta(minutes=6))
    due = start + timedelta(minutes=8)
    assert chair.state.incidents[CASE].escalations == (
        Escalation(Goal.JUDGE, WARNED, due, chair.now - timedelta(seconds=10), Role.AREA),
    )
