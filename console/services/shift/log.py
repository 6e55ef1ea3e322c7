"""The shift log as it is read: entries of people, calls, shifts, handovers, and what cases wrote by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.domain.changes import Change
from console.domain.contacts import CALL, Call
from console.domain.notes import Note
from console.domain.records import Record, RecordKind
from console.domain.shift import DUTY, HANDOVER, LOG_ENTRY, Duty, Handover, Level, LogEntry
from console.services.shift.contacts import call_note
from console.services.shift.duty import begun_note, ended_note
from console.services.shift.entries import entry_note
from console.services.shift.handover import handover_note
from console.services.shift.words import folded

KINDS: tuple[RecordKind[Any], ...] = (LOG_ENTRY, CALL, DUTY, HANDOVER)
"""Kinds of records that the log is made of."""

_SUBJECTS = ("incident/", "dispatch_order/")
AUTOMATIC = (
    "incident_opened",
    "incident_reported",
    "burst_judged",
    "incident_dismissed",
    "phase_isolating",
    "phase_isolated",
    "phase_repairing",
    "phase_restoring",
    "phase_closed",
    "crew_sent",
    "notice_submitted",
    "notice_approved",
    "notice_override",
    "area_emergency",
    "notice_issued",
    "notice_lifted",
    "notice_withdrawn",
    "dispatch_given",
    "dispatch_repeated",
    "dispatch_done",
    "dispatch_cancelled",
    "dispatch_unanswered",
    "water_point_opened",
    "water_point_waived",
    "water_point_closed",
    "water_test_failed",
    "target_warned",
    "target_missed",
    "not_delivered",
    "undo",
)
"""Kinds of changes of cases that are lines of the shift log. They are read from the change chain, not written twice."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line. ``key``: unique, the same at each reading; ``entry``: where a person wrote it.

    ``corrections``: later entries that correct it, oldest first; ``replies`` likewise.
    """

    key: str
    at: datetime
    author: str
    kind: str
    note: Note
    level: Level = Level.ROUTINE
    tags: tuple[str, ...] = ()
    incident_id: str = ""
    entry: LogEntry | None = None
    corrections: tuple[LogEntry, ...] = ()
    replies: tuple[LogEntry, ...] = ()

    @property
    def is_automatic(self) -> bool:
        """Whether the program wrote it."""
        return self.entry is None


@dataclass(frozen=True, slots=True)
class LogQuery:
    """What a reader looks for; empty fields take everything. ``text``: found anywhere in a line, also within Chinese words."""

    text: str = ""
    tag: str = ""
    incident_id: str = ""
    since: datetime | None = None
    until: datetime | None = None
    people_only: bool = False


def shift_log(records: Iterable[Record], changes: Iterable[Change]) -> tuple[LogLine, ...]:
    """Lines of these records and of changes of the kinds ``AUTOMATIC``, by time, the oldest first."""
    kept = tuple(records)
    entries = [one for one in kept if isinstance(one, LogEntry)]
    later = sorted(entries, key=lambda one: (one.at, one.entry_id))
    lines = [_entry_line(one, later) for one in entries]
    lines += [_call_line(one) for one in kept if isinstance(one, Call)]
    lines += [line for one in kept if isinstance(one, Duty) for line in _duty_lines(one)]
    lines += [_handover_line(one) for one in kept if isinstance(one, Handover)]
    lines += [_change_line(one) for one in changes if one.kind in AUTOMATIC and one.subject.startswith(_SUBJECTS)]
    return tuple(sorted(lines, key=lambda line: (line.at, line.key)))


def matching(lines: Sequence[LogLine], query: LogQuery, text_of: Callable[[Note], str]) -> tuple[LogLine, ...]:
    """The lines that a query finds. ``text_of``: a note in the reader's language, so that automatic lines are found as read."""
    words = folded(query.text).split()
    return tuple(line for line in lines if _fits(line, query) and all(word in _searched(line, text_of) for word in words))


def shown_text(line: LogLine) -> str:
    """A person's line as it stands after its last correction."""
    if line.entry is None:
        return ""
    return line.corrections[-1].text if line.corrections else line.entry.text


def _fits(line: LogLine, query: LogQuery) -> bool:
    if query.people_only and line.is_automatic and line.kind != "call":
        return False
    if query.tag and folded(query.tag).lstrip("#") not in map(folded, line.tags):
        return False
    if query.incident_id and query.incident_id != line.incident_id:
        return False
    return not ((query.since and line.at < query.since) or (query.until and line.at >= query.until))


def _searched(line: LogLine, text_of: Callable[[Note], str]) -> str:
    parts = [text_of(line.note), line.author, line.incident_id, *line.tags]
    parts += [one.text for one in (*line.corrections, *line.replies)]
    return folded("\n".join(parts))


def _entry_line(entry: LogEntry, later: Sequence[LogEntry]) -> LogLine:
    return LogLine(
        f"entry/{entry.entry_id}",
        entry.at,
        entry.author,
        "entry",
        entry_note(entry),
        entry.level,
        entry.tags,
        entry.incident_id,
        entry,
        tuple(one for one in later if one.corrects == entry.entry_id),
        tuple(one for one in later if one.reply_to == entry.entry_id),
    )


def _call_line(call: Call) -> LogLine:
    return LogLine(f"call/{call.call_id}", call.at, call.by, "call", call_note(call), incident_id=call.incident_id)


def _duty_lines(duty: Duty) -> tuple[LogLine, ...]:
    begun = LogLine(f"duty/{duty.duty_id}/a", duty.began_at, duty.name, "duty", begun_note(duty))
    if duty.ended_at is None or duty.handover_id:
        return (begun,)
    return begun, LogLine(f"duty/{duty.duty_id}/b", duty.ended_at, duty.name, "duty", ended_note(duty, duty.name))


def _handover_line(one: Handover) -> LogLine:
    key = f"handover/{one.handover_id}"
    return LogLine(key, one.signed_at, one.outgoing.name, "handover", handover_note(one), Level.IMPORTANT)


def _change_line(change: Change) -> LogLine:
    kind, _, record_id = change.subject.partition("/")
    incident_id = record_id if kind == "incident" else ""
    return LogLine(f"change/{change.seq:012d}", change.at, change.user, change.kind, change.note, incident_id=incident_id)
