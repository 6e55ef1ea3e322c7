"""Comparison with past incidents: the same pipe, the same road, durations, and the trend over months."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from statistics import median

from console.services.review.answers import Answer, Fact, Rows, Value, Verdict, known
from console.services.review.past_case import PastCase
from console.services.review.record import CaseRecord
from console.services.review.trend import by_month

_LISTED = 20
_YEAR = timedelta(days=365)


def compared(record: CaseRecord, past: Sequence[PastCase]) -> Answer:
    """The case beside earlier ones."""
    mine = PastCase.of(record.incident)
    pipes = set(mine.burst_pipes)
    same_pipe = tuple(one.incident_id for one in past if pipes & set(one.burst_pipes))
    same_road = tuple(one.incident_id for one in past if mine.road and one.road == mine.road)
    took = [one.to_notice for one in past if one.to_notice is not None]
    usual = timedelta(seconds=median(value.total_seconds() for value in took)) if took else None
    verdict = Verdict.UNKNOWN
    if mine.to_notice is not None and usual is not None:
        verdict = Verdict.GOOD if mine.to_notice <= usual else Verdict.BAD
    facts = (
        known("past_cases", len(past) or None),
        Fact("time_to_notice", mine.to_notice, "duration", usual, verdict),
        Fact("same_pipe", same_pipe or "–", "", None, Verdict.BAD if same_pipe else Verdict.PLAIN),
        known("same_road", same_road or "–"),
    )
    # Cases on the same pipe or road are chosen first, so that a busy year does not push them off the list.
    alike = {*same_pipe, *same_road}
    listed = sorted(past, key=lambda one: (one.incident_id in alike, one.opened_at))[-_LISTED:]
    rows: tuple[tuple[Value, ...], ...] = tuple(
        (one.incident_id, one.opened_at, one.title, one.to_notice, one.households)
        for one in sorted(listed, key=lambda one: one.opened_at)
    )
    columns, units = ("incident", "opened", "title", "time_to_notice", "households"), ("", "time", "", "duration", "households")
    return Answer("past", facts, Rows(columns, units, rows))


def over_months(record: CaseRecord, past: Sequence[PastCase]) -> Answer:
    """This case's month and those before it, from the first known case on: cases, time to notice, satisfaction, repeats."""
    mine = PastCase.of(record.incident, record.notes.findings)
    cases = (*past, mine)
    repeats = Counter(pipe for one in cases if mine.opened_at - one.opened_at <= _YEAR for pipe in one.burst_pipes)
    often = tuple(f"{pipe} ×{count}" for pipe, count in repeats.most_common(_LISTED) if count > 1)
    rows = by_month(cases, mine.opened_at, record.city.info.time_zone)
    first = next((number for number, row in enumerate(rows) if row.cases), 0)
    facts = (
        Fact("trend_since", cases[0].opened_at, "time"),
        Fact("repeated_pipes", often or "–", "", None, Verdict.BAD if often else Verdict.PLAIN),
    )
    table: tuple[tuple[Value, ...], ...] = tuple(
        (row.month, row.cases, None if row.notice_minutes is None else timedelta(minutes=row.notice_minutes), row.satisfaction)
        for row in rows[first:]
    )
    columns, units = ("month", "cases", "time_to_notice", "satisfaction"), ("", "", "duration", "")
    return Answer("trend", facts, Rows(columns, units, table))
