"""Records of any kind on disk: a JSON document each, with the columns that queries need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from console.domain.changes import canonical_json
from console.domain.clock import micros
from console.domain.records import R, Record, RecordKind, key_of
from console.domain.values import parsed_json, to_json
from console.services.ports import StaleState
from console.store.faults import Damaged
from console.store.tables import records

_AT_ONCE = 500
_NAMED = 3


def write(connection: Connection, values: Iterable[Record], opened_as: Mapping[tuple[str, str], str]) -> None:
    """Write new values. Raises StaleState when one does not follow the version that is stored.

    ``opened_as``: provisional ids of new records, by kind and id.
    """
    new = []
    for value in values:
        row = _row(value)
        if value.version == 1:
            new.append({**row, "opened_as": opened_as.get(key_of(value))})
        else:
            _update(connection, row)
    if new:
        _insert(connection, new)


def since(connection: Connection, kind: RecordKind[R], closed_after_us: int) -> dict[str, R]:
    """Open records, and those closed after a time, by id."""
    of = records.c
    query = _of(kind).where(or_(of.closed_us.is_(None), of.closed_us > closed_after_us)).order_by(of.id)
    return {str(row.id): _value(kind, row) for row in connection.execute(query)}


def one(connection: Connection, kind: RecordKind[R], record_id: str) -> R | None:
    """One record, open or closed."""
    row = connection.execute(_of(kind).where(records.c.id == record_id)).one_or_none()
    return None if row is None else _value(kind, row)


def opened_between(connection: Connection, kind: RecordKind[R], since_us: int, until_us: int) -> tuple[R, ...]:
    """Records opened in [since, until), oldest first."""
    of = records.c
    query = _of(kind).where(of.opened_us >= since_us, of.opened_us < until_us).order_by(of.opened_us, of.id)
    return tuple(_value(kind, row) for row in connection.execute(query))


def open_between(connection: Connection, kind: RecordKind[R], since_us: int, until_us: int) -> tuple[R, ...]:
    """Records that were open at some time in [since, until], or opened in it, by id."""
    of = records.c
    lasting = or_(of.closed_us.is_(None), of.closed_us >= since_us, of.opened_us >= since_us)
    query = _of(kind).where(of.opened_us <= until_us, lasting).order_by(of.id)
    return tuple(_value(kind, row) for row in connection.execute(query))


def given_ids(connection: Connection, provisional: Iterable[str]) -> dict[str, str]:
    """Final ids of records by the provisional ones they were opened with; unknown ones are left out."""
    of, tokens, found = records.c, sorted(provisional), dict[str, str]()
    for start in range(0, len(tokens), _AT_ONCE):
        query = select(of.opened_as, of.id).where(of.opened_as.in_(tokens[start : start + _AT_ONCE]))
        found |= {str(token): str(final) for token, final in connection.execute(query)}
    return found


def _of(kind: RecordKind[Any]) -> Any:
    of = records.c
    return select(of.id, of.version, of.schema, of.document).where(of.kind == kind.name)


def _insert(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """All at once: when a broker dies thousands of stations raise an alarm in one change set."""
    try:
        connection.execute(insert(records), rows)
    except IntegrityError as fault:
        names = ", ".join(map(_name, rows[:_NAMED])) + (" …" if len(rows) > _NAMED else "")
        raise StaleState(f"opened elsewhere meanwhile: one of {names}; look again, nothing was written") from fault


def _update(connection: Connection, row: dict[str, Any]) -> None:
    of = records.c
    follows = (of.kind == row["kind"], of.id == row["id"], of.version == row["version"] - 1)
    if connection.execute(update(records).where(*follows).values(**row)).rowcount != 1:
        raise StaleState(f"{_name(row)} was changed elsewhere meanwhile; look at it again, nothing was written")


def _name(row: dict[str, Any]) -> str:
    return f"{row['kind']} {row['id']}"


def _row(value: Record) -> dict[str, Any]:
    kind = value.record_kind
    closed_at = kind.closed_at(value)
    return {
        "kind": kind.name,
        "id": kind.id_of(value),
        "version": value.version,
        "state": kind.state(value),
        "opened_us": micros(kind.opened_at(value)),
        "closed_us": None if closed_at is None else micros(closed_at),
        "area": kind.area(value),
        "schema": kind.schema,
        "document": canonical_json(to_json(value)).decode(),
    }


def _value(kind: RecordKind[R], row: Row[Any]) -> R:
    try:
        return kind.read(parsed_json(row.document), int(row.schema), int(row.version))
    except (ValueError, TypeError, KeyError, msgspec.ValidationError) as fault:
        raise Damaged(f"{kind.name} {row.id} cannot be understood ({fault})") from fault
