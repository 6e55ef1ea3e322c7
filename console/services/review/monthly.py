"""The monthly review: incidents with filters, figures in the terms of the service standard, trends over months."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from console.domain.changes import Change
from console.domain.incidents import Incident, OrderState
from console.domain.readings import Channel, Quality, ReadingBatch
from console.domain.tickets import Ticket
from console.services.review.answers import Fact, Verdict, targets
from console.services.review.month_calls import month_calls
from console.services.review.notes import Findings
from console.services.review.past_case import PastCase, notice_time
from console.services.review.trend import MonthOfCases, by_month
from maps.errors import InputFault

Readings = Callable[[datetime, datetime], ReadingBatch]
"""The readings in [since, until)."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Filters of the incidents; "" and None: all. ``text``: anywhere in id, title, road, community."""

    phase: str = ""
    text: str = ""
    drills: bool = False
    least_diameter_mm: float = 0.0

    def lets(self, incident: Incident) -> bool:
        """Whether an incident counts."""
        place = incident.place
        words = " ".join((incident.incident_id, incident.title, *((place.road, place.community) if place else ()))).casefold()
        wide = place is not None and place.diameter_mm >= self.least_diameter_mm
        return (
            incident.work is None  # planned work is no incident of the service's figures
            and (self.drills or not incident.is_drill)
            and (not self.phase or incident.phase.value == self.phase)
            and self.text.casefold() in words
            and (wide or not self.least_diameter_mm)
        )


@dataclass(frozen=True, slots=True)
class Case:
    """One incident of the month in figures; None: not reached or not recorded."""

    incident: Incident
    to_notice: timedelta | None
    to_site: timedelta | None
    to_repair: timedelta | None
    household_hours: float | None


@dataclass(frozen=True, eq=False)
class Month:
    """The review of a month.

    ``cases``: of the month that pass the filters. ``board``: figures against the standard. ``trend``: by month, oldest first.
    ``repeats``: (pipe, incidents in the last year). ``calls``: of customers in the month, without filters.
    """

    first: date
    cases: tuple[Case, ...]
    board: tuple[Fact, ...]
    trend: tuple[MonthOfCases, ...]
    repeats: tuple[tuple[str, int], ...]
    calls: tuple[Fact, ...] = ()


@dataclass(frozen=True, eq=False)
class MonthInputs:
    """``incidents`` of the last year or more; ``changes`` of their subjects; ``findings`` of reviewers by incident id.

    ``tickets``: of callers, of which those of the month count.
    """

    incidents: Sequence[Incident]
    changes: Sequence[Change]
    findings: Mapping[str, Findings] = field(default_factory=dict)
    readings: Readings | None = None
    tickets: Sequence[Ticket] = ()


def month_bounds(first: date, time_zone: str) -> tuple[datetime, datetime]:
    """The month that ``first`` begins, in the city's zone: [since, until)."""
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as fault:
        raise InputFault(f"{time_zone[:60]!r} is no time zone; name one such as Asia/Shanghai") from fault
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return datetime(first.year, first.month, 1, tzinfo=zone), datetime(following.year, following.month, 1, tzinfo=zone)


def month_review(first: date, time_zone: str, inputs: MonthInputs, filters: Filters | None = None) -> Month:
    """The review of one month."""
    filters = filters or Filters()
    since, until = month_bounds(first, time_zone)
    counted = [incident for incident in inputs.incidents if filters.lets(incident)]
    by_subject = _by_subject(inputs.changes)
    cases = tuple(
        _case(incident, by_subject.get(f"incident/{incident.incident_id}", ()), inputs.findings.get(incident.incident_id))
        for incident in counted
        if since <= incident.opened_at < until
    )
    findings = [inputs.findings[case.incident.incident_id] for case in cases if case.incident.incident_id in inputs.findings]
    compliance = pressure_compliance(inputs.readings, since, until) if inputs.readings is not None else None
    year_ago = since - timedelta(days=365)
    repeats = Counter(pipe for one in counted if year_ago <= one.opened_at < until for pipe in one.burst_pipes)
    return Month(
        first,
        cases,
        _board(cases, findings, compliance, repeats),
        _trend(counted, inputs.findings, until, time_zone),
        tuple((pipe, count) for pipe, count in repeats.most_common() if count > 1),
        month_calls((one for one in inputs.tickets if since <= one.called_at < until), drills=filters.drills),
    )


def pressure_compliance(readings: Readings, since: datetime, until: datetime) -> float | None:
    """Share of good pressure readings at or above the least pressure, 0 to 1; None without any. Day by day: a month is large."""
    least = float(targets()["service"]["pressure_least_kpa"])
    kept = total = 0
    day = since
    while day < until:
        following = min(day + timedelta(days=1), until)
        batch = readings(day, following)
        good = (batch.channel == Channel.PRESSURE) & (batch.quality == Quality.GOOD) & np.isfinite(batch.value)
        total += int(good.sum())
        kept += int((batch.value[good] >= least).sum())
        day = following
    return kept / total if total else None


def _case(incident: Incident, changes: Sequence[Change], found: Findings | None) -> Case:
    start = incident.first_abnormal_at
    site = next((change.at for change in changes if change.kind == "order_on_site"), None)
    answered = [
        o.answered_at for o in incident.work_orders() if o.answered_at and o.state in (OrderState.ON_SITE, OrderState.DONE)
    ]
    site = site or min(answered, default=None)
    marks = [mark for mark in incident.valve_marks if mark.closed]
    back = [mark.restored_at for mark in marks if mark.restored_at is not None]
    restored = found.restored_at if found and found.restored_at else max(back) if marks and len(back) == len(marks) else None
    first_valve = min((mark.at for mark in marks), default=None)
    hours = None
    if incident.plan is not None and first_valve is not None and restored is not None:
        hours = incident.plan.households_without_water * (restored - first_valve) / timedelta(hours=1)
    return Case(
        incident,
        notice_time(incident),
        None if site is None else site - start,
        None if restored is None else restored - start,
        hours,
    )


def _board(
    cases: Sequence[Case], findings: Sequence[Findings], compliance: float | None, repeats: Counter[str]
) -> tuple[Fact, ...]:
    wanted = targets()["service"]
    notice_target = timedelta(minutes=wanted["notice_minutes"])
    judged = [case for case in cases if case.incident.burst_pipes]
    noticed = [case.to_notice for case in judged]
    in_time = [took is not None and took <= notice_target for took in noticed]
    hours = [case.household_hours for case in cases if case.household_hours is not None]
    return (
        Fact("count", len(cases)),
        _duration("notice", noticed, notice_target),
        _share("in_time", sum(in_time) / len(in_time) if in_time else None, 1.0),
        _duration("site", [case.to_site for case in judged], timedelta(minutes=wanted["site_minutes"])),
        _duration("repair", [case.to_repair for case in judged], timedelta(hours=wanted["repair_hours"])),
        _share("pressure", compliance, wanted["pressure_share"]),
        _rating("satisfaction_process", [f.satisfaction_process for f in findings], wanted["satisfaction"]),
        _rating("satisfaction_result", [f.satisfaction_result for f in findings], wanted["satisfaction"]),
        Fact("household_hours", round(sum(hours), 1) if hours else None, "household_hours"),
        Fact("repeats", sum(count > 1 for count in repeats.values()), "", 0, _good(not any(c > 1 for c in repeats.values()))),
    )


def _trend(
    incidents: Sequence[Incident], findings: Mapping[str, Findings], until: datetime, time_zone: str
) -> tuple[MonthOfCases, ...]:
    cases = [PastCase.of(incident, findings.get(incident.incident_id)) for incident in incidents]
    return by_month(cases, until - timedelta(days=1), time_zone)


def _duration(key: str, values: Iterable[timedelta | None], target: timedelta) -> Fact:
    known = [value.total_seconds() for value in values if value is not None]
    if not known:
        return Fact(key, None, "duration", target, Verdict.UNKNOWN)
    middle = timedelta(seconds=median(known))
    return Fact(key, middle, "duration", target, _good(middle <= target))


def _share(key: str, value: float | None, target: float) -> Fact:
    verdict = Verdict.UNKNOWN if value is None else _good(value >= target)
    return Fact(key, None if value is None else f"{value:.1%}", "", f"{target:.0%}", verdict)


def _rating(key: str, values: Iterable[float | None], target: float) -> Fact:
    known = [value for value in values if value is not None]
    mean = sum(known) / len(known) if known else None
    return Fact(
        key, None if mean is None else round(mean, 2), "", target, Verdict.UNKNOWN if mean is None else _good(mean >= target)
    )


def _good(holds: bool) -> Verdict:
    return Verdict.GOOD if holds else Verdict.BAD


def _by_subject(changes: Iterable[Change]) -> dict[str, list[Change]]:
    found: dict[str, list[Change]] = {}
    for change in changes:
        found.setdefault(change.subject, []).append(change)
    return found
