"""The last hours of stored readings, tick by tick as detection saw them, for a process that begins or takes over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from console.domain.clock import micros
from console.domain.live import LivePicture
from console.domain.readings import ReadingBatch

_HOURS = 6
"""Longer than the trailing level (two hours) and than a burst is held (one hour)."""
_MOST_TICKS = 720
_MOST_READINGS = 5_000_000
"""Some ten seconds of reading; 10,000 stations at one a second: the last eight minutes."""
_HOUR_US = 3_600_000_000


@dataclass(frozen=True, eq=False)
class RecentTick:
    """The live picture at a tick: arrays (stations, channels), internal units, times in µs UTC."""

    at_us: int
    value: NDArray[np.float64]
    seen_us: NDArray[np.int64]
    quality: NDArray[np.uint8]


class RecentReadings(Protocol):
    """The store's methods for past readings."""

    def count_readings(self, since_us: int, until_us: int) -> int:
        """About how many readings there are in [since, until]."""
        ...

    def reading_parts(self, since_us: int, until_us: int) -> Iterator[ReadingBatch]:
        """Every reading in [since, until], in parts of bounded size and in no order."""
        ...


def recent_since_us(archive: RecentReadings, now: datetime, interval_us: int) -> int:
    """Time from which on readings are processed tick by tick (µs UTC); only what was before is history to learn from.

    A detector that learned a step of the present hours would take it for a usual one, and end its alarm.
    """
    until_us = micros(now) - micros(now) % interval_us
    since_us = until_us - min(_HOURS * _HOUR_US, _MOST_TICKS * interval_us)
    count = archive.count_readings(since_us, until_us)
    return since_us if count <= _MOST_READINGS else until_us - int((until_us - since_us) * _MOST_READINGS / count)


def recent_ticks(archive: RecentReadings, stations: int, since_us: int, now: datetime, interval_us: int) -> Iterator[RecentTick]:
    """The ticks until ``now`` at whole multiples of ``interval_us``, oldest first, from the first one with a reading."""
    until_us = micros(now) - micros(now) % interval_us
    parts = [part for part in archive.reading_parts(since_us, until_us) if len(part)]
    if not parts:
        return
    batch = _by_time(parts)
    live, begin = LivePicture(stations), 0
    first_us = int(batch.at_us[0]) - int(batch.at_us[0]) % interval_us + interval_us
    for tick_us in range(first_us, until_us + 1, interval_us):
        end = int(np.searchsorted(batch.at_us, tick_us, side="right"))
        if end > begin:
            live.apply(_part(batch, begin, end), tick_us)
        begin = end
        yield RecentTick(tick_us, live.value.copy(), live.at_us.copy(), live.quality.copy())


def _by_time(parts: list[ReadingBatch]) -> ReadingBatch:
    columns = [
        np.concatenate([getattr(part, name) for part in parts]) for name in ("station", "channel", "at_us", "value", "quality")
    ]
    order = np.argsort(columns[2], kind="stable")
    return ReadingBatch(*(column[order] for column in columns))


def _part(batch: ReadingBatch, begin: int, end: int) -> ReadingBatch:
    part = slice(begin, end)
    return ReadingBatch(batch.station[part], batch.channel[part], batch.at_us[part], batch.value[part], batch.quality[part])
