"""Records: what is kept and versioned. A kind of record is a type with its codec, its index columns and the form of its ids."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any, Generic, Protocol, TypeVar, get_type_hints

from console.domain.values import from_json, to_json

AT_HAND = timedelta(days=30)
"""For so long what was done for a case stays at hand: its list must be whole while the case is open."""

Upgrade = Callable[[dict[str, Any]], dict[str, Any]]
"""A document of one schema as one of the next: plain JSON, and a part of a document (the fields of one change) too.

It imports no current code: what it does must not change when the types do.
"""


class Record(Protocol):
    """A frozen dataclass with an id. ``version`` rises by one with each commit, from 1."""

    @property
    def version(self) -> int:
        """Number of commits of this record."""

    @property
    def record_kind(self) -> RecordKind[Any]:
        """Kind of the record."""


R = TypeVar("R", bound=Record)


def _no_case(_record: Any, _incident_id: str) -> bool:
    return False


@dataclass(frozen=True, eq=False)
class RecordKind(Generic[R]):
    """A kind of record. ``name`` also begins the subject of its changes (``incident/2026-0001``); ASCII letters and ``_``.

    ``number``: the id of (series, serial); series are counted apart, such as years, "" where there is one only.
    ``state``, ``opened_at``, ``closed_at`` (None while open), ``area``: columns that queries use; what was closed hours ago
    leaves the desk's state. A ``closed_at`` ahead keeps a finished record at hand until then.
    ``schema`` of its documents, with ``upgrades`` from each earlier one to the next.
    ``keeps_history``: its changes stay at hand, for undo. ``in_package``: (record, incident id) whether it goes with the
    package of a case whose window it falls into.
    """

    name: str
    type: type[R]
    id_field: str
    number: Callable[[str, int], str]
    state: Callable[[R], str]
    opened_at: Callable[[R], datetime]
    closed_at: Callable[[R], datetime | None]
    area: Callable[[R], str] = field(default=lambda _: "")
    schema: int = 1
    upgrades: Mapping[int, Upgrade] = field(default_factory=lambda: MappingProxyType({}))
    keeps_history: bool = False
    in_package: Callable[[R, str], bool] = _no_case

    def __post_init__(self) -> None:
        if re.fullmatch("[a-z][a-z_]*", self.name) is None:
            raise ValueError(f"kind of record {self.name!r}: expected lower-case ASCII letters and _")
        if set(self.upgrades) != set(range(1, self.schema)):
            raise ValueError(f"kind of record {self.name}: schema {self.schema} needs one upgrade from each earlier one")

    def id_of(self, record: R) -> str:
        """A record's id."""
        return str(getattr(record, self.id_field))

    def subject(self, record_id: str) -> str:
        """What changes of a record name: ``incident/2026-0001``."""
        return f"{self.name}/{record_id}"

    def upgraded(self, document: Mapping[str, Any], schema: int) -> dict[str, Any]:
        """A document of ``schema``, or a part of one, in today's. Raises ValueError for a newer one."""
        if schema > self.schema:
            raise ValueError(f"{self.name}: schema {schema} was written by a newer version, this one knows {self.schema}")
        now = dict(document)
        for step in range(schema, self.schema):
            now = self.upgrades[step](now)
        return now

    def read(self, document: Any, schema: int = 1, version: int | None = None) -> R:
        """The record in a document (JSON value). Raises ValueError, TypeError, msgspec.ValidationError."""
        if not isinstance(document, Mapping):
            raise ValueError(f"{self.name}: expected a JSON object")
        record: R = from_json(self.upgraded(document, schema), self.type)
        return record if version is None else at_version(record, version)


def at_version(record: R, version: int) -> R:
    """The record as that version of it."""
    changed: Any = record
    return record if record.version == version else replace(changed, version=version)


def key_of(record: Record) -> tuple[str, str]:
    """(kind, id): what names a record among all."""
    return record.record_kind.name, record.record_kind.id_of(record)


def subject_of(record: Record) -> str:
    """What changes of a record name: ``incident/2026-0001``."""
    return record.record_kind.subject(record.record_kind.id_of(record))


def last_values(steps: tuple[Record, ...]) -> tuple[Record, ...]:
    """Each record once, as its last step left it, one version on for all of its steps."""
    last: dict[tuple[str, str], Record] = {}
    for record in steps:
        key = key_of(record)
        first = last.get(key, record)
        last[key] = at_version(record, first.version)
    return tuple(last.values())


def difference(before: R | None, after: R) -> tuple[Any, Any]:
    """(before, after) as JSON objects of the fields that differ; before is None, after whole, for a new record."""
    if before is None:
        return None, to_json(after)
    value: Any = after
    changed = [
        one.name for one in fields(value) if one.name != "version" and getattr(before, one.name) != getattr(after, one.name)
    ]
    return _picked(before, changed), _picked(after, changed)


def with_fields(record: R, document: Mapping[str, Any], schema: int = 1) -> R:
    """The record with the fields of a part of a document, as a change holds it before or after."""
    types, value = _types(type(record)), record.record_kind.upgraded(document, schema)
    changed: Any = record
    new: R = replace(changed, **{name: from_json(one, types[name]) for name, one in value.items() if name in types})
    return new


def by_name(kinds: tuple[RecordKind[Any], ...]) -> dict[str, RecordKind[Any]]:
    """Kinds by name. Raises ValueError when two bear one name."""
    found = {kind.name: kind for kind in kinds}
    if len(found) != len(kinds):
        raise ValueError("two kinds of records bear one name")
    return found


@cache
def _types(of: type[Any]) -> dict[str, Any]:
    return get_type_hints(of)


def _picked(value: object, names: list[str]) -> dict[str, Any]:
    return {name: to_json(getattr(value, name)) for name in names}
