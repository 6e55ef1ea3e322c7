"""Change as data: what a service changed is audit, undo and refresh in one append-only chain."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.domain.actors import Actor
from console.domain.alarms import ALARM, Alarm
from console.domain.incidents import INCIDENT, Incident
from console.domain.notes import Note
from console.domain.outgoing import Outgoing
from console.domain.record_ids import provisional_ids
from console.domain.records import R, Record, RecordKind, last_values
from console.domain.values import to_json

GENESIS = "0" * 64
"""``prev_hash`` of the first change."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A change before it is committed. ``before``/``after``: JSON values of ``subject`` (``incident/2026-0001``).

    ``schema``: that of the subject's documents, which ``before`` and ``after`` are parts of.
    """

    kind: str
    subject: str
    before: Any
    after: Any
    note: Note
    undoes: int | None = None
    schema: int = 1


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
    schema: int = 1

    @property
    def draft(self) -> Draft:
        """What was committed."""
        return Draft(self.kind, self.subject, self.before, self.after, self.note, self.undoes, self.schema)


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """What one intent changes: drafts for the chain in order, the new values of records, and what has to be sent.

    Of a record that several steps change it holds the last value alone, one version on for all of its steps.
    """

    drafts: tuple[Draft, ...]
    records: tuple[Record, ...] = ()
    outgoing: tuple[Outgoing, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "records", last_values(self.records))

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.drafts or self.records or self.outgoing)

    def of(self, kind: RecordKind[R]) -> tuple[R, ...]:
        """The new values of one kind."""
        return tuple(record for record in self.records if isinstance(record, kind.type))

    def provisional_ids(self) -> set[str]:
        """Ids in it that only the store will make final."""
        addressees = tuple(message.to for message in self.outgoing)
        return provisional_ids((self.drafts, self.records, addressees), (message.payload for message in self.outgoing))

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """The new values of incidents."""
        return self.of(INCIDENT)

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """The new values of alarms."""
        return self.of(ALARM)


@dataclass(frozen=True, slots=True)
class Committed:
    """A change set as it was committed, and its changes in the chain. ``ids``: final ids by the provisional ones it held."""

    change_set: ChangeSet
    changes: tuple[Change, ...]
    ids: Mapping[str, str]


def canonical_json(value: object) -> bytes:
    """One byte form of a JSON value: sorted keys, no blanks, UTF-8, no NaN."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def committed(seq: int, at: datetime, actor: Actor, draft: Draft, prev_hash: str) -> Change:
    """``draft`` as the change ``seq`` of a chain, behind the change whose hash is ``prev_hash``."""
    digest = change_hash(seq, at, actor.name, draft, prev_hash, actor)
    of, name = draft, actor.name
    return Change(
        seq, at, name, of.kind, of.subject, of.before, of.after, of.note, of.undoes, prev_hash, digest, actor, of.schema
    )  # fmt: skip


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
        body["actor"] = actor_json(actor)
    if draft.schema != 1:
        body["schema"] = draft.schema
    return hashlib.sha256(canonical_json(body)).hexdigest()


def actor_json(actor: Actor) -> dict[str, Any]:
    """The JSON form of an actor that hashes cover: without proof where none was recorded, as before."""
    value: dict[str, Any] = to_json(actor)
    return value if actor.proof else {name: one for name, one in value.items() if name != "proof"}


def first_broken(changes: Iterable[Change]) -> int | None:
    """``seq`` of the first change that does not fit the chain, None when it is whole."""
    prev, seq = GENESIS, 0
    for change in changes:
        expected = change_hash(change.seq, change.at, change.user, change.draft, prev, change.actor)
        if change.seq != seq + 1 or change.prev_hash != prev or change.hash != expected:
            return change.seq
        prev, seq = change.hash, change.seq
    return None
