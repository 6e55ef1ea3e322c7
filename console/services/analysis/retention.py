"""Retention of history: what may be deleted at a time, what is kept for cases, and how a deletion is recorded.

Times are µs since 1970 UTC, stretches are half open: [since, until).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from console.domain.changes import ChangeSet, Draft
from console.domain.clock import micros, moment
from console.domain.incidents import Incident
from console.domain.notes import Code, Note

READINGS_DAYS, POSITIONS_DAYS, EXPECTED_DAYS = 730, 90, 35
MINUTES_DAYS, QUARTERS_DAYS, JOBS_DAYS = 1826, 3652, 35
LEAST_READINGS_DAYS = 35
"""Detection learns from the last 28 days, a case is reviewed within the month after it."""
CASE_DAYS = 35
"""What belongs to a case is kept for as long after its end: its package is written meanwhile, and keeps its own for good."""

_DAY_US = 86_400_000_000
_BEFORE, _AFTER = timedelta(hours=3), timedelta(hours=1)
_OLDER, _AHEAD = timedelta(days=7), timedelta(days=1)
FIRST_US = -(2**62)
LAST_US = 2**62
Stretch = tuple[int, int]


class HistoryKind(StrEnum):
    """What a store keeps for a time."""

    READINGS = "readings"
    POSITIONS = "positions"
    EXPECTED = "expected"
    MINUTES = "minutes"
    """Readings rolled up to minutes."""
    QUARTERS = "quarters"
    """Readings rolled up to quarters of an hour."""
    JOBS = "jobs"
    """Jobs that are done or were superseded."""


@dataclass(frozen=True, slots=True)
class RetentionRules:
    """Days for which history is kept, 0 for good. ``pause_s``: real seconds between two looks at what is due."""

    readings_days: int = READINGS_DAYS
    positions_days: int = POSITIONS_DAYS
    expected_days: int = EXPECTED_DAYS
    minutes_days: int = MINUTES_DAYS
    quarters_days: int = QUARTERS_DAYS
    jobs_days: int = JOBS_DAYS
    pause_s: float = 3600.0

    def days(self, kind: HistoryKind) -> int:
        """Days for which this kind is kept, 0 for good."""
        return {
            HistoryKind.READINGS: self.readings_days,
            HistoryKind.POSITIONS: self.positions_days,
            HistoryKind.EXPECTED: self.expected_days,
            HistoryKind.MINUTES: self.minutes_days,
            HistoryKind.QUARTERS: self.quarters_days,
            HistoryKind.JOBS: self.jobs_days,
        }[kind]


@dataclass(frozen=True, slots=True)
class Deletion:
    """What one run deleted of a kind: ``rows`` from ``from_us`` to ``until_us``, both the times of values that went.

    ``at_us``: when; ``days``: as the setting was; ``deletion_id``: its number in the store.
    """

    kind: HistoryKind
    at_us: int
    days: int
    from_us: int
    until_us: int
    rows: int
    deletion_id: int = 0


def clock_fault(now_us: int, newest_us: NDArray[np.int64]) -> str | None:
    """Why nothing may be deleted: the clock disagrees with the readings. "" where it does not; None without any reading.

    ``newest_us``: (n,) source time of the newest reading of each channel that was heard. The middle one counts, so that some
    stations with wrong clocks neither allow nor prevent anything.
    """
    if not len(newest_us):
        return None
    middle = moment(int(np.median(newest_us)))
    now = moment(now_us)
    if now - middle > _OLDER:
        return f"the clock says {now:%Y-%m-%d %H:%M} UTC, yet the newest readings are of {middle:%Y-%m-%d %H:%M}"
    if middle - now > _AHEAD:
        return f"the newest readings are of {middle:%Y-%m-%d %H:%M} UTC, ahead of the clock ({now:%Y-%m-%d %H:%M})"
    return ""


def kept_for_cases(incidents: Iterable[Incident], now_us: int) -> tuple[Stretch, ...]:
    """Stretches that open cases and cases closed less than ``CASE_DAYS`` ago need."""
    found = []
    for incident in incidents:
        until_us = LAST_US
        if incident.closed_at is not None:
            if now_us - micros(incident.closed_at) > CASE_DAYS * _DAY_US:
                continue
            until_us = micros(incident.closed_at + _AFTER)
        found.append((micros(min(incident.first_abnormal_at, incident.opened_at) - _BEFORE), until_us))
    return tuple(sorted(found))


def deletable(before_us: int, kept: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """What lies before a time and in no stretch that is kept, oldest first."""
    found, since_us = [], FIRST_US
    for first_us, end_us in sorted(kept):
        if first_us >= before_us:
            break
        if first_us > since_us:
            found.append((since_us, first_us))
        since_us = max(since_us, end_us)
    if since_us < before_us:
        found.append((since_us, before_us))
    return tuple(found)


def recorded_deletion(deletion: Deletion) -> ChangeSet:
    """The entry of the log of actions for what was deleted."""
    first, last = moment(deletion.from_us), moment(deletion.until_us)
    after = {
        "kind": deletion.kind.value,
        "from": first.isoformat(),
        "until": last.isoformat(),
        "rows": deletion.rows,
        "days": deletion.days,
    }
    note = Note(
        "history.deleted",
        kind=Code("history_kind", deletion.kind),
        days=deletion.days,
        since=first,
        until=last,
        rows=deletion.rows,
    )
    return ChangeSet((Draft("history_deleted", f"retention/{deletion.kind.value}", None, after, note),))
