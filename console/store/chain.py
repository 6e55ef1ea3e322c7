"""The chain on disk: appending to ``changes``, reading it back, verifying it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from console.domain.actors import Actor
from console.domain.changes import GENESIS, Change, Draft, actor_json, canonical_json, committed, first_broken
from console.domain.clock import micros, moment
from console.domain.notes import Note
from console.domain.values import from_json, parsed_json
from console.store.faults import Damaged
from console.store.tables import changes

_READ_AT_ONCE = 500


def append(connection: Connection, drafts: Iterable[Draft], actor: Actor, at: datetime) -> tuple[Change, ...]:
    """Chain ``drafts`` behind the last change; the caller holds the write lock."""
    at = at.astimezone(UTC)
    last = connection.execute(select(changes.c.seq, changes.c.hash).order_by(changes.c.seq.desc()).limit(1)).one_or_none()
    seq, prev = (int(last[0]), str(last[1])) if last is not None else (0, GENESIS)
    made: list[Change] = []
    for draft in drafts:
        seq += 1
        made.append(committed(seq, at, actor, draft, prev))
        prev = made[-1].hash
    if made:
        connection.execute(insert(changes), [_row(change) for change in made])
    return tuple(made)


def find(connection: Connection, drafts: Sequence[Draft], actor: Actor, at: datetime) -> tuple[Change, ...] | None:
    """The changes that ``append`` made of these drafts, None when it did not."""
    of = changes.c
    first = select(of.seq).where(of.subject == drafts[0].subject, of.at_us == micros(at), of.user == actor.name)
    wanted = [_comparable(draft) for draft in drafts]
    for seq in connection.execute(first.order_by(of.seq)).scalars().all():
        made = tuple(read(connection, of.seq >= seq, of.seq < seq + len(drafts)))
        if [_comparable(change) for change in made] == wanted:
            return made
    return None


def _comparable(one: Draft | Change) -> bytes:
    return canonical_json([one.kind, one.subject, one.before, one.after, one.note.json(), one.undoes, one.schema])


def read(connection: Connection, *conditions: Any) -> Iterator[Change]:
    """Changes that meet ``conditions``, oldest first."""
    query = select(changes).where(*conditions).order_by(changes.c.seq).execution_options(yield_per=_READ_AT_ONCE)
    for row in connection.execute(query):
        yield _change(row)


def behind(connection: Connection, seq: int, most: int) -> tuple[Change, ...]:
    """At most ``most`` changes behind ``seq``, oldest first."""
    query = select(changes).where(changes.c.seq > seq).order_by(changes.c.seq).limit(most)
    return tuple(map(_change, connection.execute(query).all()))


def broken_at(connection: Connection, expected_last: int) -> int | None:
    """``seq`` of the first invalid change, also when the chain is truncated; None when it is valid."""
    seen = 0

    def counted() -> Iterator[Change]:
        nonlocal seen
        for change in read(connection):
            seen = change.seq
            yield change

    try:
        broken = first_broken(counted())
    except ValueError:  # a before or after that is no valid JSON
        return seen + 1
    if broken is None and seen < expected_last:
        return seen + 1
    return broken


def _row(change: Change) -> dict[str, Any]:
    return {
        "seq": change.seq,
        "at_us": micros(change.at),
        "user": change.user,
        "kind": change.kind,
        "subject": change.subject,
        "before": _text(change.before),
        "after": _text(change.after),
        "note": change.note.key or change.note.text,
        "note_params": _text(change.note.json()["params"]) if change.note.key else None,
        "undoes": change.undoes,
        "prev_hash": change.prev_hash,
        "hash": change.hash,
        "actor": None if change.actor is None else _text(actor_json(change.actor)),
        "schema": None if change.schema == 1 else change.schema,
    }


def _text(value: Any) -> str | None:
    return None if value is None else canonical_json(value).decode()


def _change(row: Row[Any]) -> Change:
    try:
        return _read_change(row)
    except (ValueError, TypeError, OverflowError) as fault:
        raise Damaged(f"change {row.seq} cannot be understood ({fault})") from fault


def _read_change(row: Row[Any]) -> Change:
    return Change(
        seq=int(row.seq),
        at=moment(row.at_us),
        user=row.user,
        kind=row.kind,
        subject=row.subject,
        before=None if row.before is None else parsed_json(row.before),
        after=None if row.after is None else parsed_json(row.after),
        note=_note(row),
        undoes=row.undoes,
        prev_hash=row.prev_hash,
        hash=row.hash,
        actor=None if row.actor is None else from_json(parsed_json(row.actor), Actor),
        schema=1 if row.schema is None else int(row.schema),
    )


def _note(row: Row[Any]) -> Note:
    if row.note_params is None:
        return Note.literal(row.note)
    return Note.of_json({"key": row.note, "params": parsed_json(row.note_params)})
