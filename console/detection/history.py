"""Quiet history of a network's readings, on the tick grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.domain.readings import Quality, ReadingBatch


@dataclass(frozen=True, eq=False)
class History:
    """``at_us``: (ticks,) µs UTC, ascending; ``value``: channel -> (ticks, stations), inside units, NaN where missing."""

    at_us: NDArray[np.int64]
    value: dict[int, NDArray[np.float32]]

    @classmethod
    def of_batch(cls, batch: ReadingBatch, stations: int, tick_s: float) -> History:
        """Good readings put on the grid of ``tick_s``; the last of several in one interval counts."""
        good = (batch.quality != Quality.BAD) & np.isfinite(batch.value)
        tick_us = int(tick_s * 1e6)
        slot = (batch.at_us + tick_us // 2) // tick_us
        if not good.any():
            return cls(np.empty(0, dtype=np.int64), {})
        first, last = int(slot[good].min()), int(slot[good].max())
        grid = (np.arange(first, last + 1, dtype=np.int64)) * tick_us
        order = np.argsort(batch.at_us, kind="stable")
        order = order[good[order]]
        columns: dict[int, NDArray[np.float32]] = {}
        for channel in np.unique(batch.channel[order]):
            rows = order[batch.channel[order] == channel]
            values = np.full((len(grid), stations), np.nan, dtype=np.float32)
            values[slot[rows] - first, batch.station[rows]] = batch.value[rows]
            columns[int(channel)] = values
        return cls(grid, columns)
