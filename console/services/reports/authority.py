"""What people do with the event level and the reports: correct the level, fill and edit a report, record it as sent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from console.domain.actors import Actor, Permission
from console.domain.changes import ChangeSet
from console.domain.incidents import Incident, LevelByHand, Phase
from console.domain.intents import Intent
from console.domain.notes import NO_NOTE, Note
from console.domain.reports import REPORT, Report, ReportSent
from console.services.changesets import NOTHING, Refused, incident_of, recorded
from console.services.handling import Handler
from console.services.notices.redrafting import redrafted
from console.services.reports.report_text import report_texts
from console.services.shift.words import line
from console.services.state import DeskState
from console.services.tools import Tools


@dataclass(frozen=True, slots=True)
class SetEventLevel(Intent):
    """The event level by hand, with its ground; ``level`` "": as the rules propose it, from now on."""

    incident_id: str
    level: str
    ground: str


@dataclass(frozen=True, slots=True)
class DraftReport(Intent):
    """Fill a report anew from the facts; edits are kept where they still fit."""

    report_id: str


@dataclass(frozen=True, slots=True)
class EditReport(Intent):
    """Correct a report's texts by hand. ``base``: the record's texts that the edits began from, (Chinese, English)."""

    report_id: str
    text_zh: str
    text_en: str
    base: tuple[str, str]


@dataclass(frozen=True, slots=True)
class RecordReportSent(Intent):
    """A person's word that the report went out: ``to`` whom (codes of the rules, or names), ``how``."""

    report_id: str
    to: tuple[str, ...]
    how: str


def set_level(tools: Tools, state: DeskState, intent: SetEventLevel, actor: Actor, now: datetime) -> ChangeSet:
    """Set the level by hand or leave it to the rules again. Raises Refused."""
    incident, ground = incident_of(state, intent.incident_id), intent.ground.strip()
    if incident.phase is Phase.SUSPECTED or incident.work is not None:
        raise Refused("level_not_judged", incident=incident.incident_id)
    if not ground:
        raise Refused("level_ground", incident=incident.incident_id)
    if intent.level and intent.level not in tools.levels.names:
        raise Refused("level_unknown", level=intent.level, levels=", ".join(tools.levels.names))
    by_hand = LevelByHand(intent.level, ground, actor.name, now) if intent.level else None
    after = replace(incident, level_by_hand=by_hand)
    was, level = tools.levels.level_of(incident), tools.levels.level_of(after)
    note = Note("report.level_set", before=was.name, after=level.name, user=actor.name, ground=ground)
    if by_hand is None:
        note = Note("report.level_by_rules", before=was.name, after=level.name, user=actor.name, ground=ground)
    return recorded(incident, after, "level_set", note)


def draft(tools: Tools, state: DeskState, intent: DraftReport, actor: Actor, now: datetime) -> ChangeSet:
    """Fill a report anew. Raises Refused."""
    report = _unsent(state, intent.report_id)
    incident = state.incidents.get(report.incident_id)
    if incident is None:
        raise Refused("report_case_gone", report=report.report_id, incident=report.incident_id)
    after = filled(tools, incident, report, now)
    if after == report:
        return NOTHING
    lost = after.dropped_edits[len(report.dropped_edits) :]
    dropped = Note("notice.dropped", lines=lost) if lost else NO_NOTE
    return recorded(report, after, "report_drafted", Note("report.drafted", report=report.report_id, dropped=dropped))


def edit(tools: Tools, state: DeskState, intent: EditReport, actor: Actor, now: datetime) -> ChangeSet:
    """Edit the texts. Raises Refused, also when they are no longer those that the edits began from: nobody's save is lost."""
    report = _unsent(state, intent.report_id)
    if not (intent.text_zh.strip() and intent.text_en.strip()):
        raise Refused("report_texts", report=report.report_id)
    if (intent.text_zh, intent.text_en) == (report.text_zh, report.text_en):
        return NOTHING
    if intent.base != (report.text_zh, report.text_en):
        by = report.edited_by[-1] if report.edited_by else "–"
        raise Refused("report_edited_since", report=report.report_id, user=by)
    edited_by = tuple(dict.fromkeys((*report.edited_by, actor.name)))
    after = replace(report, text_zh=intent.text_zh, text_en=intent.text_en, edited_by=edited_by)
    return recorded(report, after, "report_edited", Note("report.edited", report=report.report_id, user=actor.name))


def record_sent(tools: Tools, state: DeskState, intent: RecordReportSent, actor: Actor, now: datetime) -> ChangeSet:
    """Record as sent, to whom, by whom, when. Raises Refused: this program sends no report, a person does and says so."""
    report, how = _unsent(state, intent.report_id), line(intent.how)
    to = tuple(dict.fromkeys(name for name in map(line, intent.to) if name))
    if not to:
        raise Refused("report_to", report=report.report_id)
    if not how:
        raise Refused("report_how", report=report.report_id)
    sent = ReportSent(to, actor.name, now, how)
    names = [tools.levels.recipient(code, "zh_CN") for code in to]
    note = Note("report.sent", report=report.report_id, user=actor.name, to=names, how=how)
    return recorded(report, replace(report, sent=sent, closed_at=now), "report_sent", note)


def filled(tools: Tools, incident: Incident, report: Report, now: datetime) -> Report:
    """The report with texts from the facts as they stand, line by line with the edits that still fit."""
    zh, en = report_texts(tools, incident, report.kind, report.number, now)
    made = [
        redrafted(old, edited, new)
        for old, edited, new in ((report.drafted_zh, report.text_zh, zh), (report.drafted_en, report.text_en, en))
    ]
    dropped = tuple(line for one in made for line in one.dropped)
    return replace(
        report,
        drafted_zh=zh,
        drafted_en=en,
        text_zh=made[0].text,
        text_en=made[1].text,
        drafted_at=now,
        edited_by=report.edited_by if any(one.kept for one in made) else (),
        dropped_edits=tuple(dict.fromkeys((*report.dropped_edits, *dropped))),
    )


def _unsent(state: DeskState, report_id: str) -> Report:
    report = state.of(REPORT).get(report_id)
    if report is None:
        raise Refused("no_report", report=report_id)
    if report.closed_at is not None:
        raise Refused("report_over", report=report_id)
    return report


HANDLERS = (
    Handler(SetEventLevel, set_level, Permission.CASES, undoable=("level_set",)),
    Handler(DraftReport, draft, Permission.DRAFT_NOTICES),
    Handler(EditReport, edit, Permission.DRAFT_NOTICES),
    Handler(RecordReportSent, record_sent, Permission.DRAFT_NOTICES),
)
