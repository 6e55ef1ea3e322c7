"""Comparison with past incidents: the same pipe, the same road, and how long such cases took."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from statistics import median

from console.domain.incidents import Incident
from console.services.review.answers import Answer, Fact, Rows, Value, Verdict, known
from console.services.review.record import CaseRecord


def compared(record: CaseRecord, past: Sequence[Incident]) -> Answer:
    """The case beside earlier ones (its own left out)."""
    case = record.incident
    others = [one for one in past if one.incident_id != case.incident_id and one.opened_at < case.opened_at]
    pipes = set(case.burst_pipes)
    road = case.place.road if case.place else ""
    same_pipe = tuple(one.incident_id for one in others if pipes & set(one.burst_pipes))
    same_road = tuple(one.incident_id for one in others if road and one.place is not None and one.place.road == road)
    took = [value for one in others if (value := notice_time(one)) is not None]
    mine = notice_time(case)
    usual = timedelta(seconds=median(value.total_seconds() for value in took)) if took else None
    verdict = Verdict.UNKNOWN if mine is None or usual is None else Verdict.GOOD if mine <= usual else Verdict.BAD
    facts = (
        known("past_cases", len(others) or None),
        Fact("time_to_notice", mine, "duration", usual, verdict),
        Fact("same_pipe", same_pipe or "–", "", None, Verdict.BAD if same_pipe else Verdict.PLAIN),
        known("same_road", same_road or "–"),
    )
    rows: list[tuple[Value, ...]] = [
        (one.incident_id, one.opened_at, one.title, notice_time(one), one.plan.households_without_water if one.plan else None)
        for one in others[-20:]
    ]
    columns, units = ("incident", "opened", "title", "time_to_notice", "households"), ("", "time", "", "duration", "households")
    return Answer("past", facts, Rows(columns, units, tuple(rows)))


def notice_time(incident: Incident) -> timedelta | None:
    """From the first abnormal reading to the notice being public."""
    return None if incident.issued_at is None else incident.issued_at - incident.first_abnormal_at
