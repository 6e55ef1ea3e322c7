"""Milestones of a case: time of each, and duration against target."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from console.domain.incidents import Incident, OrderKind, OrderState, Phase
from console.domain.targets import Goal
from console.services.incidents.escalations import goals
from console.services.review.answers import Answer, Fact, Rows, against, known, targets
from console.services.review.record import CaseRecord
from console.services.review.states import Known

_SPANS = (("alerted", "verified"), ("alerted", "verified_on_site"), ("verified", "issued"), ("alerted", "issued"))
_GOALS = {
    "acknowledged": Goal.ACKNOWLEDGE,
    "verified": Goal.JUDGE,
    "issued": Goal.ISSUE,
    "on_site": Goal.CREW_ARRIVAL,
    "isolated": Goal.ISOLATE,
}
"""Milestones that the utility's targets are about."""


@dataclass(frozen=True, slots=True)
class Milestone:
    """A milestone of a case. ``at`` None: not reached (or not recorded)."""

    key: str
    at: datetime | None


def milestones(record: CaseRecord) -> tuple[Milestone, ...]:
    """All milestones, in the usual order of a case."""
    states, case = record.incident_states, record.incident
    raised = [alarm.raised_at for alarm in record.alarms if alarm.alarm_id in case.alarm_ids]
    heard = [alarm.acknowledged_at for alarm in record.alarms if alarm.alarm_id in case.alarm_ids and alarm.acknowledged_at]
    found = (
        ("first_abnormal", case.first_abnormal_at),
        ("alarm", min(raised, default=None)),
        ("acknowledged", min(heard, default=None)),
        ("alerted", case.alerted_at),
        ("verified", case.verified_at),
        ("verified_on_site", _first(states, lambda i: i.ground == "on_site")),
        ("planned", _first(states, lambda i: i.plan is not None)),
        ("crew_sent", _first(states, lambda i: any(o.kind is OrderKind.REPAIR for o in i.orders))),
        ("on_site", _first(states, lambda i: any(o.state in (OrderState.ON_SITE, OrderState.DONE) for o in i.work_orders()))),
        ("first_valve", _first(states, lambda i: any(m.closed for m in i.valve_marks))),
        ("isolated", case.isolated_at),
        ("drafted", _first(states, lambda i: bool(i.notices))),
        ("issued", case.issued_at),
        ("repairing", _first(states, lambda i: i.phase is Phase.REPAIRING)),
        ("restoring", _first(states, lambda i: i.phase is Phase.RESTORING)),
        ("restored", restored_at(record)),
        ("closed", case.closed_at),
    )
    return tuple(Milestone(key, at) for key, at in found)


def restored_at(record: CaseRecord) -> datetime | None:
    """Time of restoration: as entered by the reviewer, else when the last valve was reported open again."""
    if record.notes.findings.restored_at is not None:
        return record.notes.findings.restored_at
    case = record.incident
    marks = [mark for mark in case.valve_marks if mark.closed]
    if marks and all(mark.restored_at is not None for mark in marks):
        return max(mark.restored_at for mark in marks if mark.restored_at is not None)
    return None


def how_long(record: CaseRecord) -> Answer:
    """Minutes from the first abnormal reading to each milestone against target."""
    reached = milestones(record)
    start = record.incident.first_abnormal_at
    facts = tuple(
        against(m.key, None if m.at is None else m.at - start, _minutes_to(record, m.key))
        for m in reached
        if m.key != "first_abnormal"
    )
    rows = tuple((m.key, m.at) for m in reached)
    return Answer("milestones", facts, Rows(("milestone", "at"), ("milestone", "time"), rows))


def spans(record: CaseRecord) -> Answer:
    """Durations from alert to verified to issued, and where their targets come from."""
    at = {milestone.key: milestone.at for milestone in milestones(record)}
    facts: list[Fact] = []
    for start, end in _SPANS:
        first, last = at[start], at[end]
        took = None if first is None or last is None else last - first
        facts.append(against(f"{start}_{end}", took, _minutes_between(record, start, end)))
    facts.append(known("targets_from", "planning" if record.targets is None else "utility", "targets_from"))
    return Answer("spans", tuple(facts))


def _minutes_between(record: CaseRecord, start: str, end: str) -> float | None:
    """Target of a span in minutes. Where the utility's targets are known, one that they do not hold has none."""
    if start == "alerted" and end in _GOALS and (due := _due(record, _GOALS[end])) is not None:
        alerted = record.incident.alerted_at or record.incident.opened_at
        return (due - alerted).total_seconds() / 60
    return None if record.targets is not None else targets()["spans"].get(f"{start}_{end}")


def _minutes_to(record: CaseRecord, key: str) -> float | None:
    """Target of a milestone in minutes from the first abnormal reading; the program's planning value where no other is known."""
    if key in _GOALS and (due := _due(record, _GOALS[key])) is not None:
        return (due - record.incident.first_abnormal_at).total_seconds() / 60
    if key in _GOALS and record.targets is not None:
        return None
    return targets()["milestones"].get(key)  # type: ignore[no-any-return]


def _due(record: CaseRecord, goal: Goal) -> datetime | None:
    """Until when a goal should have been reached: as a warning of that time said, else by the targets that the record carries."""
    own = [alarm for alarm in record.alarms if alarm.alarm_id in record.incident.alarm_ids]
    said = [*record.incident.escalations, *(one for alarm in own for one in alarm.escalations)]
    if due := [one.due_at for one in said if one.goal is goal]:
        return due[-1]
    begins = {of: begin for of, begin, _ in goals(record.incident)}
    begins[Goal.ACKNOWLEDGE] = min((alarm.raised_at for alarm in own), default=None)
    begin, minutes = begins.get(goal), 0.0 if record.targets is None else record.targets.of(goal).minutes
    return None if begin is None or not minutes else begin + timedelta(minutes=minutes)


def _first(states: Sequence[Known[Incident]], holds: Callable[[Incident], bool]) -> datetime | None:
    return next((known.at for known in states if holds(known.value)), None)
