"""Converts values to the files of a package and back.

Derived files (timeline, plans, texts) are written for readers without this program and are never read back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from console.domain.alarms import Alarm
from console.domain.attachments import Attachment
from console.domain.changes import Change, canonical_json
from console.domain.incidents import Incident
from console.domain.kinds import KINDS
from console.domain.records import Record, RecordKind, by_name
from console.domain.targets import Targets
from console.domain.values import from_json, to_json
from console.package.faults import PackageFault
from console.package.network import network_gpkg, network_of
from console.package.tables import (
    expected_of,
    expected_parquet,
    positions_of,
    positions_parquet,
    readings_of,
    readings_parquet,
)
from console.services.note_texts import in_each_language
from console.services.review.notes import ReviewNotes
from console.services.review.past_case import PastCase
from console.services.review.record import CaseRecord, Sent

REPORT, NOTES, AUDIT, PAST, EXPECTED = "report.html", "notes.json", "audit.jsonl", "past.json", "expected.parquet"
RECORDS, TARGETS, PICTURES = "records.jsonl", "targets.json", "pictures/"
_ENDINGS = {"image/png": "png", "image/jpeg": "jpg"}
T = TypeVar("T")


def files_of(record: CaseRecord, report: bytes | None = None) -> dict[str, bytes]:
    """Every file of a record except the manifest, in the order of writing. The record is already redacted."""
    records: tuple[Record, ...] = (record.incident, *record.alarms, *record.others)
    files = {
        RECORDS: _lines(map(_record, records)),
        AUDIT: _lines(to_json(change) for change in record.changes),
        "links.json": _json([[seq, digest] for seq, digest in record.links]),
        "sent.jsonl": _lines(_sent(sent) for sent in record.sent),
        NOTES: notes_bytes(record.notes),
        PAST: _json(_typed(record.past, tuple[PastCase, ...])),
        TARGETS: _json(_typed(record.targets, Targets | None)),
        "readings.parquet": readings_parquet(record.readings, record.city),
        EXPECTED: expected_parquet(record.expected, record.city),
        "positions.parquet": positions_parquet(record.tracks),
        "network.gpkg": network_gpkg(record.city),
        **_derived(record),
        **{f"{PICTURES}{one.sha256}.{_ENDINGS[one.media_type]}": one.content for _, one in sorted(record.pictures.items())},
        **{f"notices/{plain_name(name)}": content for name, content in sorted(record.files.items())},
    }
    return files if report is None else {**files, REPORT: report}


def about(record: CaseRecord) -> dict[str, Any]:
    """Properties of the record for the manifest."""
    info, zone = record.city.info, ZoneInfo(record.city.info.time_zone)
    return {
        "incident_id": record.incident.incident_id,
        "title": record.incident.title,
        "site": info.site,
        "since": record.since.astimezone(zone).isoformat(),
        "until": record.until.astimezone(zone).isoformat(),
        "time_zone": info.time_zone,
        "is_drill": record.incident.is_drill,
        "synthetic": info.synthetic,
        "clipped": record.clipped,
        "redacted": record.redacted,
        "program": record.program,
    }


def record_from(files: Mapping[str, bytes], manifest: Any, kinds: tuple[RecordKind[Any], ...] = KINDS) -> CaseRecord:
    """Read the record from verified files of the present schema. ``kinds``: of the records in it. Raises PackageFault."""
    city = network_of(_file(files, "network.gpkg"), "network.gpkg")
    records = _records(files, kinds)
    cases = [one for one in records if isinstance(one, Incident)]
    if [one.incident_id for one in cases] != [manifest.incident_id]:
        raise PackageFault(f"{RECORDS} holds another incident than the manifest says")
    notices = "notices/"
    return CaseRecord(
        incident=cases[0],
        city=city,
        changes=tuple(_many(files, AUDIT, Change)),
        links=_value(files, "links.json", tuple[tuple[int, str], ...]),
        alarms=tuple(one for one in records if isinstance(one, Alarm)),
        others=tuple(one for one in records if not isinstance(one, Alarm | Incident)),
        readings=readings_of(_file(files, "readings.parquet"), city, "readings.parquet"),
        expected=expected_of(_file(files, EXPECTED), city, EXPECTED),
        past=_value(files, PAST, tuple[PastCase, ...]),
        targets=_value(files, TARGETS, Targets | None),
        pictures=_pictures(files),
        tracks=positions_of(_file(files, "positions.parquet"), "positions.parquet"),
        since=_moment(manifest.since),
        until=_moment(manifest.until),
        sent=tuple(line.sent() for line in _many(files, "sent.jsonl", _SentLine)),
        files={
            name.removeprefix(notices): content
            for name, content in files.items()
            if name.startswith(notices) and not name.startswith("notices/versions/")
        },
        notes=_value(files, NOTES, ReviewNotes),
        program=manifest.program,
        clipped=manifest.clipped,
        redacted=manifest.redacted,
    )


def _pictures(files: Mapping[str, bytes]) -> dict[str, Attachment]:
    """Pictures by the hash of their bytes, as entries name them. Raises PackageFault for what is none, or under another name."""
    found = dict[str, Attachment]()
    for name, content in files.items():
        if not name.startswith(PICTURES):
            continue
        try:
            one = Attachment.of(content)
        except ValueError as fault:
            raise PackageFault(f"{name} is no picture: {fault}") from fault
        if name != f"{PICTURES}{one.sha256}.{_ENDINGS[one.media_type]}":
            raise PackageFault(f"{name} holds another picture than its name says")
        found[one.sha256] = one
    return found


def notes_bytes(notes: ReviewNotes) -> bytes:
    """The reviewer's notes as a file."""
    return _json(to_json(notes))


def plain_name(name: str) -> str:
    """A file name in characters that are equal on all systems."""
    return re.sub(r"[^A-Za-z0-9_.\-]+", "-", name).lstrip("-.") or "file"


def _derived(record: CaseRecord) -> dict[str, bytes]:
    plans, orders, versions = list[tuple[datetime, Any]](), dict[str, list[Any]](), dict[str, bytes]()
    last_plan: Any = None
    seen: set[Any] = set()
    for known in record.incident_states:
        incident = known.value
        plan = None if incident.plan is None else replace(incident.plan, compute_ms=0.0)
        if plan is not None and plan != last_plan:
            plans.append((known.at, incident.plan))
        last_plan = plan
        for order in incident.orders:
            if (order.order_id, order) not in seen:
                seen.add((order.order_id, order))
                orders.setdefault(order.order_id, []).append({"known_at": to_json(known.at), **to_json(order)})
        for notice in incident.notices:
            key = (notice.notice_id, notice.version, notice.status, notice.text_zh, notice.text_en)
            if key in seen:
                continue
            seen.add(key)
            stem = plain_name(f"{notice.notice_id}-v{notice.version}-{known.seq}-{notice.status.value}")
            versions[f"notices/versions/{stem}.zh_CN.txt"] = notice.text_zh.encode()
            versions[f"notices/versions/{stem}.en.txt"] = notice.text_en.encode()
            versions[f"notices/versions/{stem}.json"] = _json({"known_at": to_json(known.at), **to_json(notice)})
    timeline = [
        {
            "at": to_json(change.at),
            "seq": change.seq,
            "user": change.user,
            "kind": change.kind,
            "note": in_each_language(change.note, record.city.info.time_zone),
        }
        for change in record.changes
    ]
    planned = {
        f"plans/{number:03d}.json": _json({"known_at": to_json(at), **to_json(plan)})
        for number, (at, plan) in enumerate(plans, start=1)
    }
    return {"timeline.json": _json(timeline), "orders.json": _json(orders), **planned, **dict(sorted(versions.items()))}


@dataclass(frozen=True, slots=True)
class _RecordLine:
    """A record of any kind; its document is of the kind's ``schema``."""

    kind: str
    schema: int
    document: dict[str, Any]


def _record(one: Record) -> dict[str, Any]:
    kind = one.record_kind
    return {"kind": kind.name, "schema": kind.schema, "document": _typed(one, kind.type)}


def _records(files: Mapping[str, bytes], kinds: tuple[RecordKind[Any], ...]) -> list[Any]:
    known, found = by_name(kinds), list[Any]()
    for line in _many(files, RECORDS, _RecordLine):
        if line.kind not in known:
            raise PackageFault(f"{RECORDS} holds a record of unknown kind {line.kind[:40]!r}; update this program")
        try:
            found.append(known[line.kind].read(line.document, line.schema))
        except (ValueError, TypeError, KeyError, RecursionError, msgspec.ValidationError) as fault:
            raise PackageFault(f"{RECORDS} cannot be understood: {fault}") from fault
    return found


@dataclass(frozen=True, slots=True)
class _SentLine:
    """A message that was sent, with its payload as text."""

    change_seq: int
    topic: str
    content_type: str
    payload: str

    def sent(self) -> Sent:
        return Sent(self.change_seq, self.topic, self.content_type, self.payload.encode())


def _sent(sent: Sent) -> dict[str, Any]:
    return {
        "change_seq": sent.change_seq,
        "topic": sent.topic,
        "content_type": sent.content_type,
        "payload": sent.payload.decode("utf-8", errors="replace"),
    }


def _typed(value: Any, kind: Any) -> Any:
    """A value as JSON, numbers in their field's type: a whole number in a decimal field would be read back as another text."""
    return to_json(from_json(to_json(value), kind))


def _json(value: Any) -> bytes:
    return canonical_json(value) + b"\n"


def _lines(values: Iterable[Any]) -> bytes:
    return b"".join(_json(value) for value in values)


def _file(files: Mapping[str, bytes], name: str) -> bytes:
    if name not in files:
        raise PackageFault(f"{name} is missing")
    return files[name]


def _value(files: Mapping[str, bytes], name: str, kind: type[T] | Any) -> Any:
    try:
        return from_json(json.loads(_file(files, name)), kind)
    except (ValueError, RecursionError, msgspec.ValidationError) as fault:
        raise PackageFault(f"{name} cannot be interpreted: {fault}") from fault


def _many(files: Mapping[str, bytes], name: str, kind: type[T]) -> list[T]:
    try:
        return [from_json(json.loads(line), kind) for line in _file(files, name).splitlines()]
    except (ValueError, RecursionError, msgspec.ValidationError) as fault:
        raise PackageFault(f"{name} cannot be interpreted: {fault}") from fault


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as fault:
        raise PackageFault(f"manifest.json: {text!r} is not a time") from fault
    if at.tzinfo is None:
        raise PackageFault(f"manifest.json: {text!r} has no offset")
    return at
