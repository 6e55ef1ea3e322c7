"""Milestones of a case: time of each, and duration against target."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from console.domain.incidents import Incident, OrderKind, OrderState, Phase
from console.services.review.answers import Answer, Fact, Rows, against, targets
from console.services.review.record import CaseRecord
from console.services.review.states import Known

_SPANS = (("alerted", "verified"), ("alerted", "verified_on_site"), ("verified", "issued"), ("alerted", "issued"))


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
        ("on_site", _first(states, lambda i: any(o.state in (OrderState.ON_SITE, OrderState.DONE) for o in i.orders))),
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
    start, wanted = record.incident.first_abnormal_at, targets()["milestones"]
    facts = tuple(
        against(m.key, None if m.at is None else m.at - start, wanted.get(m.key)) for m in reached if m.key != "first_abnormal"
    )
    rows = tuple((m.key, m.at) for m in reached)
    return Answer("milestones", facts, Rows(("milestone", "at"), ("milestone", "time"), rows))


def spans(record: CaseRecord) -> Answer:
    """Durations from alert to verified to issued (target ten minutes)."""
    at = {milestone.key: milestone.at for milestone in milestones(record)}
    wanted = targets()["spans"]
    facts: list[Fact] = []
    for start, end in _SPANS:
        first, last = at[start], at[end]
        took = None if first is None or last is None else last - first
        facts.append(against(f"{start}_{end}", took, wanted.get(f"{start}_{end}")))
    return Answer("spans", tuple(facts))


def _first(states: Sequence[Known[Incident]], holds: Callable[[Incident], bool]) -> datetime | None:
    return next((known.at for known in states if holds(known.value)), None)
