"""The clocks of reports: which one is due when, by the event level of the case; a late one is told once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from console.domain.changes import ChangeSet, canonical_json
from console.domain.incidents import Incident, Phase
from console.domain.notes import Code, Note
from console.domain.outgoing import MessageKind, Outgoing
from console.domain.record_ids import provisional_id
from console.domain.reports import REPORT, Report, ReportKind
from console.services.changesets import NOTHING, recorded
from console.services.incidents.joint_plans import merged
from console.services.note_texts import in_each_language
from console.services.reports.authority import filled
from console.services.state import DeskState
from console.services.tools import Tools


def on_time(tools: Tools, state: DeskState, now: datetime) -> ChangeSet:
    """Reports that have to be opened, moved, dropped or warned about now.

    The first report is due some time after the judgement; the next one some time after the last was sent, while the case is open;
    the final one some time after it was closed. A raised level moves the clocks at once. Planned work has none.
    """
    by_case: dict[str, list[Report]] = {}
    for report in state.of(REPORT).values():
        by_case.setdefault(report.incident_id, []).append(report)
    steps = [
        _of_case(tools, case, sorted(by_case.get(key, ()), key=lambda one: one.number), now)
        for key, case in state.incidents.items()
        if case.work is None and case.verified_at is not None and case.phase is not Phase.SUSPECTED
    ]
    gone = [one for key, some in by_case.items() if key not in state.incidents for one in some]
    return merged(*steps, *(_told_late(tools, one, now) for one in gone))


def _of_case(tools: Tools, case: Incident, reports: list[Report], now: datetime) -> ChangeSet:
    waiting = next((one for one in reports if one.closed_at is None), None)
    sent = [one for one in reports if one.sent is not None]
    if waiting is None:
        kind = _next_kind(case, reports, sent)
        return NOTHING if kind is None else _opened(tools, case, kind, len(reports) + 1, sent, now)
    if case.dismissed and not case.is_open() and not sent:
        after = replace(waiting, closed_at=now, dropped="dismissed")
        note = Note("report.dropped", report=waiting.report_id, case=case.incident_id)
        return recorded(waiting, after, "report_dropped", note)
    kind = waiting.kind
    if sent:
        kind = ReportKind.CONTINUED if case.is_open() else ReportKind.FINAL
    level = tools.levels.level_of(case)
    after = replace(waiting, kind=kind, level=level.name, due_at=due_at(tools, case, kind, sent))
    if after == waiting:
        return _told_late(tools, waiting, now)
    if kind is not waiting.kind:
        after = filled(tools, case, after, now)
    note = Note("report.due", report=waiting.report_id, kind=Code("report_kind", kind), level=level.name, due=after.due_at)
    return recorded(waiting, after, "report_due", note)


def _next_kind(case: Incident, reports: list[Report], sent: list[Report]) -> ReportKind | None:
    """The report that a case needs next and that is not open; None for none."""
    if not reports:
        return ReportKind.FIRST if case.is_open() else None
    if not sent or sent[-1].kind is ReportKind.FINAL:
        return ReportKind.FIRST if case.is_open() and not sent else None
    return ReportKind.CONTINUED if case.is_open() else ReportKind.FINAL


def due_at(tools: Tools, case: Incident, kind: ReportKind, sent: Iterable[Report]) -> datetime:
    """When a report of this kind is due. ``sent``: those of the case that were sent, the last one last."""
    level = tools.levels.level_of(case)
    if kind is ReportKind.FIRST:
        return level.first_due
    if kind is ReportKind.FINAL and level.final_due is not None:
        return level.final_due
    last = [one.sent.at for one in sent if one.sent is not None]
    return (last[-1] if last else level.first_due) + level.continued_every


def _opened(tools: Tools, case: Incident, kind: ReportKind, number: int, sent: list[Report], now: datetime) -> ChangeSet:
    year = now.astimezone(ZoneInfo(tools.city.info.time_zone)).year
    level = tools.levels.level_of(case)
    report = Report(
        report_id=provisional_id(REPORT, str(year)),
        incident_id=case.incident_id,
        kind=kind,
        number=number,
        level=level.name,
        due_at=due_at(tools, case, kind, sent),
        opened_at=now,
        is_drill=case.is_drill,
    )
    report = filled(tools, case, report, now)
    what = Code("report_kind", kind)
    note = Note("report.opened", case=case.incident_id, kind=what, level=level.name, due=report.due_at)
    return recorded(None, report, "report_opened", note)


def _told_late(tools: Tools, report: Report, now: datetime) -> ChangeSet:
    """Once, when its time has passed: a line of the log, and a message to the supervisor where there is an address."""
    if report.closed_at is not None or report.late_at is not None or now < report.due_at:
        return NOTHING
    what = Code("report_kind", report.kind)
    note = Note("report.late", report=report.report_id, case=report.incident_id, kind=what, due=report.due_at)
    address, zone = tools.settings.supervisor_address, tools.city.info.time_zone
    body = {
        "exercise": tools.is_drill,
        "incident_id": report.incident_id,
        "report_id": report.report_id,
        "step": "missed",
        "due": report.due_at.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds"),
        "t": now.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds"),
        "text": in_each_language(note, zone),
    }
    outgoing = [Outgoing(MessageKind.ESCALATION, address, canonical_json(body))] if address else []
    return recorded(report, replace(report, late_at=now), "report_late", note, outgoing=outgoing)
