"""States of records over time, rebuilt from the chain of changes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from console.domain.alarms import ALARM, Alarm
from console.domain.changes import GENESIS, Change, change_hash
from console.domain.clock import micros
from console.domain.incidents import INCIDENT, Incident
from console.domain.records import R, RecordKind
from maps.errors import InputFault

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Known(Generic[T]):
    """A value as known from ``at`` on, after change ``seq`` of kind ``kind``."""

    at: datetime
    seq: int
    kind: str
    value: T


def incident_over_time(changes: Iterable[Change], incident_id: str) -> tuple[Known[Incident], ...]:
    """The incident after each of its changes; versions count from 1, as the store counts them."""
    return record_over_time(changes, INCIDENT, incident_id)


def record_over_time(changes: Iterable[Change], kind: RecordKind[R], record_id: str) -> tuple[Known[R], ...]:
    """A record after each of its changes; versions count from 1. Raises InputFault for a change that is damaged."""
    return tuple(_folded(changes, kind, kind.subject(record_id)))


def alarms_over_time(changes: Sequence[Change]) -> dict[str, tuple[Known[Alarm], ...]]:
    """Every alarm after each of its changes, by alarm id."""
    subjects = dict.fromkeys(change.subject for change in changes if change.subject.startswith("alarm/"))
    by_subject: dict[str, list[Change]] = {subject: [] for subject in subjects}
    for change in changes:
        if change.subject in by_subject:
            by_subject[change.subject].append(change)
    return {subject.removeprefix("alarm/"): tuple(_folded(own, ALARM, subject)) for subject, own in by_subject.items()}


def known_at(states: Sequence[Known[T]], at_us: int) -> T | None:
    """The value at a time (µs UTC), None before the first."""
    number = bisect_right(states, at_us, key=lambda known: micros(known.at))
    return states[number - 1].value if number else None


def broken_change(changes: Sequence[Change], links: Iterable[tuple[int, str]]) -> int | None:
    """``seq`` of the first change that does not match its hash, None when all match.

    An excerpt lacks the changes of other cases; ``links`` has their hashes, so that a missing change is detected.
    """
    hashes = dict(links)
    hashes.update((change.seq, change.hash) for change in changes)
    last = 0
    for change in changes:
        before = hashes.get(change.seq - 1, GENESIS if change.seq == 1 else change.prev_hash)
        fits = change.hash == change_hash(change.seq, change.at, change.user, change.draft, change.prev_hash, change.actor)
        if change.seq <= last or not fits or change.prev_hash != before:
            return change.seq
        last = change.seq
    return None


def _folded(changes: Iterable[Change], kind: RecordKind[R], subject: str) -> Iterator[Known[R]]:
    """Changes may be of different schemas: each is upgraded to the present one."""
    document: dict[str, Any] = {}
    version = 0
    for change in changes:
        if change.subject != subject:
            continue
        version += change.after is not None  # a line about the record, such as a call, is no version of it
        try:
            document = {**document, **kind.upgraded(change.after or {}, change.schema)}
            value = kind.read(document, kind.schema, version)
        except (ValueError, TypeError, KeyError, msgspec.ValidationError) as fault:
            raise InputFault(f"change {change.seq} of {subject} cannot be understood ({fault})") from fault
        yield Known(change.at, change.seq, change.kind, value)
