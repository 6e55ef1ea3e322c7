"""Change as data: what a service changed is audit, undo and refresh in one append-only chain."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from console.domain.actors import Actor
from console.domain.alarms import Alarm
from console.domain.incidents import Incident
from console.domain.notes import Note
from console.domain.values import to_json

GENESIS = "0" * 64
"""``prev_hash`` of the first change."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A change before it is committed. ``before``/``after``: JSON values of ``subject`` (``incident/2026-0001``)."""

    kind: str
    subject: str
    before: Any
    after: Any
    note: Note
    undoes: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A committed change. ``hash`` is SHA-256 over the canonical JSON of all else, ``prev_hash`` included.

    ``user``: the actor's shown name; ``actor`` None in changes written before actors were recorded. ``note``: a literal one in
    changes written before notes had keys; its JSON is its text, so their hashes stay.
    """

    seq: int
    at: datetime
    user: str
    kind: str
    subject: str
    before: Any
    after: Any
    note: Note
    undoes: int | None
    prev_hash: str
    hash: str
    actor: Actor | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message that must leave the house: stored with the change, published after it, kept until the broker has it."""

    topic: str
    payload: bytes
    content_type: str = "application/json"
    qos: int = 1


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """What one intent changes: drafts for the chain in order, the new values, and what has to be sent.

    Of a record that several steps change it holds the last value alone, one version on for all of its steps.
    """

    drafts: tuple[Draft, ...]
    incidents: tuple[Incident, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    outgoing: tuple[Outgoing, ...] = field(default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "incidents", _last_incidents(self.incidents))
        object.__setattr__(self, "alarms", tuple({alarm.alarm_id: alarm for alarm in self.alarms}.values()))

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.drafts or self.incidents or self.alarms or self.outgoing)


def _last_incidents(steps: tuple[Incident, ...]) -> tuple[Incident, ...]:
    last: dict[str, Incident] = {}
    for incident in steps:
        first = last.get(incident.incident_id, incident)
        last[incident.incident_id] = incident if incident is first else replace(incident, version=first.version)
    return tuple(last.values())


def canonical_json(value: object) -> bytes:
    """One byte form of a JSON value: sorted keys, no blanks, UTF-8, no NaN."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def committed(seq: int, at: datetime, actor: Actor, draft: Draft, prev_hash: str) -> Change:
    """``draft`` as the change ``seq`` of a chain, behind the change whose hash is ``prev_hash``."""
    digest = change_hash(seq, at, actor.name, draft, prev_hash, actor)
    of = draft
    return Change(seq, at, actor.name, of.kind, of.subject, of.before, of.after, of.note, of.undoes, prev_hash, digest, actor)


def change_hash(seq: int, at: datetime, user: str, draft: Draft, prev_hash: str, actor: Actor | None = None) -> str:
    """SHA-256 (hex) of a change's canonical JSON, chained over ``prev_hash``; ``actor`` as in ``Change``."""
    body: dict[str, Any] = {
        "seq": seq,
        "at": at.isoformat(timespec="microseconds"),
        "user": user,
        "kind": draft.kind,
        "subject": draft.subject,
        "before": draft.before,
        "after": draft.after,
        "note": draft.note.json(),
        "undoes": draft.undoes,
        "prev_hash": prev_hash,
    }
    if actor is not None:
        body["actor"] = to_json(actor)
    return hashlib.sha256(canonical_json(body)).hexdigest()


def first_broken(changes: Iterable[Change]) -> int | None:
    """``seq`` of the first change that does not fit the chain, None when it is whole."""
    prev, seq = GENESIS, 0
    for change in changes:
        draft = Draft(change.kind, change.subject, change.before, change.after, change.note, change.undoes)
        expected = change_hash(change.seq, change.at, change.user, draft, prev, change.actor)
        if change.seq != seq + 1 or change.prev_hash != prev or change.hash != expected:
            return change.seq
        prev, seq = change.hash, change.seq
    return None
