"""Burst-free history of readings on the tick grid."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.domain.readings import Quality, ReadingBatch


@dataclass(frozen=True, eq=False)
class History:
    """``at_us``: (ticks,) µs UTC, ascending; ``value``: channel -> (ticks, stations), internal units, NaN where missing."""

    at_us: NDArray[np.int64]
    value: dict[int, NDArray[np.float32]]

    @classmethod
    def of_batch(cls, batch: ReadingBatch, stations: int, tick_s: float) -> History:
        """Good readings resampled to the grid of ``tick_s``; the last reading of each interval is taken."""
        return cls.of_parts((batch,), stations, tick_s)

    @classmethod
    def of_parts(cls, parts: Iterable[ReadingBatch], stations: int, tick_s: float) -> History:
        """As ``of_batch`` for many batches in any order, one in memory at a time. Of equal times the later batch is taken."""
        tick_us = int(tick_s * 1e6)
        columns: dict[int, _Column] = {}
        for batch in parts:
            good = (batch.quality != Quality.BAD) & np.isfinite(batch.value) & (batch.station < stations)
            for channel in np.unique(batch.channel[good]).tolist():
                rows = np.flatnonzero(good & (batch.channel == channel))
                columns.setdefault(channel, _Column(stations, tick_us)).add(batch, rows)
        if not columns:
            return cls(np.empty(0, dtype=np.int64), {})
        first = min(column.first for column in columns.values())
        last = max(column.first + len(column.value) for column in columns.values())
        for column in columns.values():
            column.cover(first, last)
        grid = np.arange(first, last, dtype=np.int64) * tick_us
        return cls(grid, {channel: columns[channel].value for channel in sorted(columns)})


class _Column:
    """One channel on the grid, grown as needed. ``value``: (slots, stations); ``first``: number of the first slot."""

    def __init__(self, stations: int, tick_us: int) -> None:
        self._tick_us = tick_us
        self.first = 0
        self.value = np.empty((0, stations), dtype=np.float32)
        self._into_us = np.empty((0, stations), dtype=np.int32)
        """Offset of each value's time within its slot, µs."""

    def add(self, batch: ReadingBatch, rows: NDArray[np.intp]) -> None:
        at_us, station = batch.at_us[rows], batch.station[rows]
        slot, into_us = np.divmod(at_us + self._tick_us // 2, self._tick_us)
        self.cover(int(slot.min()), int(slot.max()) + 1)
        cell = (slot - self.first) * self.value.shape[1] + station
        order = np.lexsort((into_us, cell))
        last = np.ones(len(order), dtype=bool)
        last[:-1] = cell[order][1:] != cell[order][:-1]
        newest = order[last]
        known, value = self._into_us.reshape(-1), self.value.reshape(-1)
        newest = newest[into_us[newest] >= known[cell[newest]]]
        known[cell[newest]], value[cell[newest]] = into_us[newest], batch.value[rows[newest]]

    def cover(self, first: int, last: int) -> None:
        """Extend the table to include the slots [first, last)."""
        if not len(self.value):
            self.first = first
        before, after = max(self.first - first, 0), max(last - self.first - len(self.value), 0)
        if before or after:
            size, width = len(self.value) + before + after, self.value.shape[1]
            value, into_us = np.full((size, width), np.nan, dtype=np.float32), np.full((size, width), -1, dtype=np.int32)
            value[before : size - after], into_us[before : size - after] = self.value, self._into_us
            self.value, self._into_us, self.first = value, into_us, self.first - before
