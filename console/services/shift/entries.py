"""Entries that people write into the shift log: a line, an answer to one, a correction that keeps the former text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.domain.actors import Actor, Permission
from console.domain.attachments import LARGEST_BYTES, Attachment
from console.domain.changes import ChangeSet, Draft
from console.domain.intents import Intent
from console.domain.notes import NO_NOTE, Code, Note
from console.domain.record_ids import provisional_id
from console.domain.shift import LOG_ENTRY, Level, LogEntry, MapPlace
from console.services.changesets import Refused, recorded
from console.services.handling import Handler
from console.services.shift.words import LONGEST_TEXT, line, tags_of
from console.services.state import DeskState
from console.services.tools import Tools

_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class WriteEntry(Intent):
    """A line of the shift log.

    ``picture``: bytes of a PNG or JPEG, empty without one. ``reply_to``, ``corrects``: ids of other entries; ``former``: the
    text that is corrected.
    """

    text: str
    level: Level = Level.ROUTINE
    tags: tuple[str, ...] = ()
    incident_id: str = ""
    alarm_id: str = ""
    place: MapPlace | None = None
    picture: bytes = b""
    picture_name: str = ""
    reply_to: str = ""
    corrects: str = ""
    former: str = ""


def write(tools: Tools, state: DeskState, intent: WriteEntry, actor: Actor, now: datetime) -> ChangeSet:
    """Keep an entry; one of a case also stands in the case's log of actions."""
    text = intent.text.strip()
    if not text and not intent.picture:
        raise Refused("entry_empty")
    if len(text) > LONGEST_TEXT:
        raise Refused("entry_long", n=str(len(text)), most=str(LONGEST_TEXT))
    if intent.incident_id and intent.incident_id not in state.incidents:
        raise Refused("no_incident", incident=intent.incident_id)
    attachment = _picture(intent.picture)
    entry = LogEntry(
        provisional_id(LOG_ENTRY),
        now,
        actor.name,
        actor.actor_id,
        text,
        intent.level,
        tags_of(intent.tags),
        actor.seat,
        intent.incident_id,
        intent.alarm_id,
        intent.place,
        attachment.ref(line(intent.picture_name, _LONGEST_NAME)) if attachment is not None else None,
        intent.reply_to,
        intent.corrects,
        intent.former.strip()[:LONGEST_TEXT] if intent.corrects else "",
        actor.area,
    )
    note = entry_note(entry)
    kept = recorded(None, entry, "entry_written", note)
    in_case = (Draft("entry_written", f"incident/{entry.incident_id}", None, None, note),) if entry.incident_id else ()
    attachments = () if attachment is None else (attachment,)
    return ChangeSet((*kept.drafts, *in_case), kept.records, kept.outgoing, attachments)


def entry_note(entry: LogEntry) -> Note:
    """The entry in one line, as the log of actions has it."""
    picture = Note("shift.with_picture") if entry.picture is not None else NO_NOTE
    if entry.corrects:
        return Note("shift.corrected", entry=entry.corrects, text=entry.text, former=entry.former, picture=picture)
    if entry.reply_to:
        return Note("shift.replied", entry=entry.reply_to, text=entry.text, picture=picture)
    level = NO_NOTE if entry.level is Level.ROUTINE else Note("shift.level", level=Code("level", entry.level))
    return Note("shift.entry", level=level, text=entry.text, picture=picture)


def _picture(content: bytes) -> Attachment | None:
    if not content:
        return None
    try:
        return Attachment.of(content)
    except ValueError as fault:
        key = "picture_large" if len(content) > LARGEST_BYTES else "picture_type"
        raise Refused(key, most=f"{LARGEST_BYTES / 1e6:g}") from fault


HANDLERS = (Handler(WriteEntry, write, Permission.SHIFT),)
