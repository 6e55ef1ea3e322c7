"""Ids of records: provisional ones until the store has numbered a new record, and how they are replaced."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import Any, TypeVar

from console.domain.notes import Note
from console.domain.records import Record, RecordKind
from console.domain.values import json_bytes

T = TypeVar("T")

_MARK = "new-"
_TOKEN = re.compile(r"new-[a-z][a-z_]*(?:-[0-9A-Za-z_]+)?-[0-9a-f]{32}")
_TOKEN_BYTES = re.compile(_TOKEN.pattern.encode())
_SHOWN = 4


def provisional_id(kind: RecordKind[Any], series: str = "") -> str:
    """A unique id for a new record until the store numbers it: ``new-incident-2026-<32 hex digits>``.

    ASCII letters, digits, ``-`` and ``_`` only: in JSON, XML and file names it stays as it is.
    """
    return "-".join(part for part in ("new", kind.name, series, uuid.uuid4().hex) if part)


def is_provisional(record_id: str) -> bool:
    """Whether an id is only provisional."""
    return _TOKEN.fullmatch(record_id) is not None


def shown_id(record_id: str) -> str:
    """An id as people read it: a provisional one is cut to ``new-3f2a``; ids that begin with one keep what follows."""
    return _TOKEN.sub(lambda found: f"{_MARK}{found[0][-_SHOWN:]}", record_id) if _MARK in record_id else record_id


def provisional_ids(values: object, texts: Iterable[bytes] = ()) -> set[str]:
    """Every provisional id in domain values and in texts."""
    every = (json_bytes(values), *texts)
    return {found.decode() for one in every if _MARK.encode() in one for found in _TOKEN_BYTES.findall(one)}


@dataclass(frozen=True, slots=True)
class Numbers:
    """``ids``: final ids of new records by their provisional ones. ``last``: last number by series (``incident/2026``)."""

    ids: Mapping[str, str]
    last: Mapping[str, int]


def numbers_for(records: Iterable[Record], last: Mapping[str, int]) -> Numbers:
    """The ids of new records with provisional ids, in their order, behind the last numbers given."""
    ids, after = dict[str, str](), dict(last)
    for record in records:
        kind = record.record_kind
        token = kind.id_of(record)
        if record.version == 1 and is_provisional(token):
            _, _, *series, _ = token.split("-")
            key = "/".join((kind.name, *series))
            after[key] = after.get(key, 0) + 1
            ids[token] = kind.number("".join(series), after[key])
    return Numbers(ids, after)


def renamed(value: T, ids: Mapping[str, str]) -> T:
    """``value`` with provisional ids replaced by ``ids`` in every text in it; itself where it holds none.

    Dataclasses, notes, tuples, lists, sets, mappings, texts and bytes are looked into.
    """
    changed: Any = _renamed(value, ids) if ids else value
    return changed  # type: ignore[no-any-return]


def _renamed(value: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _TOKEN.sub(lambda found: ids.get(found[0], found[0]), value) if _MARK in value else value
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, Note):
        new = value.with_texts(lambda text: str(_renamed(text, ids)))
        return value if new == value else new
    if isinstance(value, bytes):
        return _renamed_bytes(value, ids)
    if isinstance(value, tuple | list | set | frozenset):
        items = [(item, _renamed(item, ids)) for item in value]
        return value if all(old is new for old, new in items) else type(value)(new for _, new in items)
    if isinstance(value, dict | MappingProxyType):
        pairs = tuple(value.items())
        new = _renamed(pairs, ids)
        return value if new is pairs else dict(new)
    names = _field_names(type(value))  # type: ignore[arg-type]  # mypy takes a type for not hashable
    return _with_fields(value, names, ids) if names else value


def _renamed_bytes(value: bytes, ids: Mapping[str, str]) -> bytes:
    if _MARK.encode() not in value:
        return value
    return _TOKEN_BYTES.sub(lambda found: ids.get(found[0].decode(), found[0].decode()).encode(), value)


def _with_fields(value: Any, names: tuple[str, ...], ids: Mapping[str, str]) -> Any:
    pairs = [(name, getattr(value, name)) for name in names]
    new = {name: after for name, before in pairs if (after := _renamed(before, ids)) is not before}
    return replace(value, **new) if new else value


@cache
def _field_names(of: type[Any]) -> tuple[str, ...]:
    """Names of a dataclass's fields; none of another type."""
    return tuple(one.name for one in fields(of)) if is_dataclass(of) else ()
