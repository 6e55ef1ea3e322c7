"""Converts older packages to the present schema: one step per schema version, on the files as bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from console.domain.changes import canonical_json
from console.domain.values import parsed_json
from console.package.faults import PackageFault
from console.package.manifest import SCHEMA
from console.package.tables import no_expected, with_unknown_arrivals

Files = Mapping[str, bytes]


def up_to_date(files: Files, schema: int) -> dict[str, bytes]:
    """The files of a package of an older ``schema``, converted to the present one. Raises PackageFault."""
    now = dict(files)
    for step in range(schema, SCHEMA):
        now = STEPS[step](now)
    return now


def _from_1(files: Files) -> dict[str, bytes]:
    """Schema 1 had the audit chain as one JSON array without links over other cases' changes, and no reviewer's notes."""
    changes = _parsed(files, "audit.json")
    if not isinstance(changes, list):
        raise PackageFault("audit.json contains no list of changes")
    lines = b"".join(canonical_json(change) + b"\n" for change in changes)
    kept = {name: content for name, content in files.items() if name != "audit.json"}
    return {"links.json": b"[]\n", "sent.jsonl": b"", "notes.json": b"{}\n", **kept, "audit.jsonl": lines}


def _from_2(files: Files) -> dict[str, bytes]:
    """Schema 2 had no arrival times; they become unknown."""
    name = "readings.parquet"
    if name not in files:
        raise PackageFault(f"{name} is missing")
    return {**files, name: with_unknown_arrivals(files[name], name)}


def _from_3(files: Files) -> dict[str, bytes]:
    """Schema 3 had neither expected values nor earlier cases; both become empty."""
    return {**files, "expected.parquet": no_expected(), "past.json": b"[]\n"}


def _from_4(files: Files) -> dict[str, bytes]:
    """Schema 4 had only the name of a change's actor; the rest stays unknown, as in its hash."""
    return dict(files)


def _from_5(files: Files) -> dict[str, bytes]:
    """5 kept notes and alarm texts as texts: they stay literal."""
    return dict(files)


def _from_6(files: Files) -> dict[str, bytes]:
    """6 kept the incident and the alarms in a file each, without kind and schema; those of other kinds it did not have."""
    incident, alarms = _parsed(files, "incident.json"), _parsed(files, "alarms.json")
    if not isinstance(incident, dict) or not isinstance(alarms, list):
        raise PackageFault("incident.json or alarms.json is damaged")
    every = [("incident", incident), *(("alarm", alarm) for alarm in alarms)]
    lines = [canonical_json({"kind": kind, "schema": 1, "document": document}) + b"\n" for kind, document in every]
    kept = {name: content for name, content in files.items() if name not in ("incident.json", "alarms.json")}
    return {"records.jsonl": b"".join(lines), **kept}


def _from_7(files: Files) -> dict[str, bytes]:
    """7 had no evidence of a change's actor; it stays unknown, as in its hash."""
    return dict(files)


def _from_8(files: Files) -> dict[str, bytes]:
    """8 had neither the utility's targets nor pictures of entries: the targets are unknown, pictures are not there."""
    return {**files, "targets.json": b"null\n"}


def _parsed(files: Files, name: str) -> Any:
    try:
        return parsed_json(files[name])
    except (KeyError, ValueError) as fault:
        raise PackageFault(f"{name} is missing or damaged") from fault


Step = Callable[[Files], dict[str, bytes]]
STEPS: Mapping[int, Step] = {1: _from_1, 2: _from_2, 3: _from_3, 4: _from_4, 5: _from_5, 6: _from_6, 7: _from_7, 8: _from_8}
