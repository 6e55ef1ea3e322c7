"""Circumstances of the case: alarms missed and dismissed, pressure before, cause, samples, reports, calls, actions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import zip_longest
from zoneinfo import ZoneInfo

import numpy as np

from console.domain.clock import micros
from console.domain.readings import Channel
from console.services.incidents.event_level import LevelTable
from console.services.review.answers import Answer, Fact, Rows, Value, Verdict, known
from console.services.review.record import CaseRecord
from console.services.review.replay import Replay
from resources.texts import LANGUAGES, Catalogue

_HOUR_US, _SETTLED_US = 3_600_000_000, 600_000_000
_NOTABLE_KPA = 20.0
_FROST_MONTHS = (12, 1, 2)
_FIRST, _CONTINUED, _FINAL = "first", "continued", "final"
_CONTINUED_MOST = 50


def alarms_around(record: CaseRecord, replay: Replay) -> Answer:
    """Alarms in the time window: never acknowledged, shelved; and stations that fell by 20 kPa or more without an alarm."""
    rows: list[tuple[Value, ...]] = []
    unheard = shelved = 0
    for alarm in record.alarms:
        took = None if alarm.acknowledged_at is None else alarm.acknowledged_at - alarm.raised_at
        unheard += took is None
        shelved += bool(alarm.shelved_reason)
        rows.append((alarm.raised_at, alarm.kind.value, alarm.subject, took, alarm.shelved_reason))
    named = {item.station_id for alarm in record.alarms for item in alarm.evidence} | {a.subject for a in record.alarms}
    silent = tuple(station for station, fall in falls(record, replay) if station not in named and fall >= _NOTABLE_KPA)
    dismissed = record.incident.close_reason if record.incident.closed_at and not record.incident.burst_pipes else ""
    facts = (
        Fact("alarms_unheard", unheard, "", 0, Verdict.BAD if unheard else Verdict.GOOD),
        Fact("alarms_shelved", shelved),
        Fact("stations_missed", silent or "–", "", None, Verdict.BAD if silent else Verdict.GOOD),
        Fact("dismissed", dismissed or "–"),
    )
    table = Rows(
        ("at", "alarm", "subject", "acknowledged_after", "reason"), ("time", "alarm", "subject", "duration", ""), tuple(rows)
    )
    return Answer("alarms", facts, table)


def falls(record: CaseRecord, replay: Replay) -> list[tuple[str, float]]:
    """(station, fall in kPa) from the half hour before to the ten minutes after the first abnormal reading, most first."""
    first = micros(record.incident.first_abnormal_at)
    found = []
    for row, station in enumerate(record.city.stations.asset_id):
        _, before, _ = replay.series(row, Channel.PRESSURE, first - _HOUR_US // 2, first - 1)
        _, after, _ = replay.series(row, Channel.PRESSURE, first, first + _SETTLED_US)
        before, after = before[np.isfinite(before)], after[np.isfinite(after)]
        if len(before) and len(after):
            found.append((str(station), float(np.median(before) - np.median(after))))
    return sorted(found, key=lambda item: -item[1])


def pressure_before(record: CaseRecord, replay: Replay) -> Answer:
    """The hour before at the deviating stations: usual and highest pressure, rise; a surge is pointed out."""
    first = micros(record.incident.first_abnormal_at)
    rows: list[tuple[Value, ...]] = []
    for item in record.incident.evidence[:8]:
        if item.channel != "pressure" or not record.city.stations.has(item.station_id):
            continue
        row = record.city.stations.row(item.station_id)
        _, value, _ = replay.series(row, Channel.PRESSURE, first - _HOUR_US, first - 1)
        value = value[np.isfinite(value)]
        if len(value):
            middle = float(np.median(value))
            rows.append((item.station_id, middle, float(value.max()), float(value.max()) - middle, item.observed))
    most = max((row[3] for row in rows if isinstance(row[3], float)), default=None)
    table = Rows(("station", "usual", "highest", "rise", "observed"), ("", "kpa", "kpa", "kpa", "kpa"), tuple(rows))
    return Answer("pressure", (known("surge", most, "kpa"),), table)


def cause(record: CaseRecord) -> Answer:
    """Cause and frost as found; else the pipe's data and the season."""
    found, place = record.notes.findings, record.incident.place
    month = record.incident.first_abnormal_at.astimezone(ZoneInfo(record.city.info.time_zone)).month
    age = record.incident.first_abnormal_at.year - place.year_laid if place and place.year_laid else None
    return Answer(
        "cause",
        (
            known("cause", found.cause),
            known("frost", found.frost),
            known("frost_season", month in _FROST_MONTHS),
            known("material", place.material if place else ""),
            known("age", age, "years"),
            known("depth", place.depth_m if place else None, "m"),
        ),
    )


def water_samples(record: CaseRecord) -> Answer:
    """Every recorded sample; the last one decides."""
    seen = dict.fromkeys(known_.value.sample for known_ in record.incident_states if known_.value.sample is not None)
    rows: list[tuple[Value, ...]] = [
        (s.at, s.by, "waived" if s.waived_by else "passed" if s.passed else "failed", s.turbidity_ntu, s.chlorine_mgl, s.reason)
        for s in seen
    ]
    last = record.incident.sample
    verdict = Verdict.UNKNOWN if last is None else Verdict.GOOD if last.passed and not last.waived_by else Verdict.BAD
    facts = (Fact("sample", None if last is None else rows[-1][2], "sample", None, verdict),)
    columns = ("at", "by", "result", "turbidity", "chlorine", "reason")
    return Answer("samples", facts, Rows(columns, ("time", "", "sample", "ntu", "mgl", ""), tuple(rows)))


def reports(record: CaseRecord) -> Answer:
    """First, continued and final report to the authority: due and made. Reports made are entered by the reviewer."""
    level = LevelTable.load().level_of(record.incident)
    written = {text: name for name, text in Catalogue.load(LANGUAGES[0]).section("review.report").items()}
    made: dict[str, list[datetime]] = {name: [] for name in (_FIRST, _CONTINUED, _FINAL)}
    for name, at in sorted(record.notes.findings.reports, key=lambda item: item[1]):
        made.setdefault(written.get(name, name.casefold() if name.casefold() in made else name), []).append(at)
    last = record.incident.closed_at or record.until
    due: dict[str, list[datetime]] = {
        _FIRST: [level.first_due],
        _CONTINUED: _every(level.continued_every, level.first_due, last),
        _FINAL: [] if level.final_due is None else [level.final_due],
    }
    rows: list[tuple[Value, ...]] = []
    for name, times in made.items():
        rows += [(name, until, at) for until, at in zip_longest(due.get(name, []), times)]
    facts = (
        Fact("level", level.name, "", None, Verdict.PLAIN, level.source),
        _report("report_first", made[_FIRST], due[_FIRST]),
        _continued(made[_CONTINUED], due[_CONTINUED]),
        _report("report_final", made[_FINAL], due[_FINAL]),
    )
    return Answer("reports", facts, Rows(("report", "due", "made"), ("report", "time", "time"), tuple(rows)))


def _every(step: timedelta, since: datetime, last: datetime) -> list[datetime]:
    """Continued reports due until ``last``, limited to the table's length."""
    count = int((last - since) / step) if step > timedelta() else 0
    return [since + step * number for number in range(1, min(max(count, 0), _CONTINUED_MOST) + 1)]


def _report(key: str, made: Sequence[datetime], due: Sequence[datetime]) -> Fact:
    at, until = (times[0] if times else None for times in (made, due))
    return Fact(key, at, "time", until, _on_time(at, until))


def _continued(made: Sequence[datetime], due: Sequence[datetime]) -> Fact:
    """Number of due reports made in time; unknown when none was entered."""
    if not due:
        return Fact("report_continued", len(made) or "–")
    in_time = sum(at <= until for until, at in zip(due, made, strict=False))
    verdict = Verdict.UNKNOWN if not made else Verdict.GOOD if in_time == len(due) else Verdict.BAD
    return Fact("report_continued", in_time if made else None, "of", len(due), verdict)


def calls(record: CaseRecord) -> Answer:
    """References of the customers' calls."""
    found = record.notes.findings.calls
    by_call = record.incident.ground == "call" or any(known_.value.ground == "call" for known_ in record.incident_states)
    return Answer("calls", (known("calls", found), known("opened_by_call", by_call)))


def actions(record: CaseRecord) -> Answer:
    """Actions with responsible person and date."""
    rows: tuple[tuple[Value, ...], ...] = tuple(
        (action.what, action.owner, action.due, action.done) for action in record.notes.actions
    )
    ownerless = sum(not action.owner or action.due is None for action in record.notes.actions)
    facts = (
        known("actions", len(rows) or None),
        Fact("actions_ownerless", ownerless, "", 0, Verdict.BAD if ownerless else Verdict.GOOD),
    )
    return Answer("actions", facts if rows else facts[:1], Rows(("what", "owner", "due", "done"), ("", "", "date", ""), rows))


def _on_time(at: datetime | None, due: datetime | None) -> Verdict:
    if at is None or due is None:
        return Verdict.UNKNOWN
    return Verdict.GOOD if at <= due else Verdict.BAD


def since_first(record: CaseRecord, at: datetime) -> timedelta:
    """Time from the first abnormal reading."""
    return at - record.incident.first_abnormal_at
