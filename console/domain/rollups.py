"""Readings rolled up: least, mean, most and count of one channel in buckets of a minute or a quarter of an hour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MINUTE_S, QUARTER_S = 60, 900
WIDTHS_S = (MINUTE_S, QUARTER_S)


@dataclass(frozen=True, eq=False)
class Buckets:
    """Buckets with at least one good reading, oldest first; each array (n,), values in the channel's inside unit.

    ``start_us``: begin of each, µs UTC, a multiple of the width. ``count``: good readings in it, each source time once.
    """

    start_us: NDArray[np.int64]
    least: NDArray[np.float64]
    mean: NDArray[np.float64]
    most: NDArray[np.float64]
    count: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.start_us)

    def where(self, chosen: NDArray[np.bool_]) -> Buckets:
        """The chosen ones."""
        least, mean, most = self.least[chosen], self.mean[chosen], self.most[chosen]
        return Buckets(self.start_us[chosen], least, mean, most, self.count[chosen])


@dataclass(frozen=True, slots=True)
class DueDay:
    """A UTC day (since 1970) with readings that are not rolled up. ``block_no``: of the last move of readings into it."""

    day: int
    block_no: int


def rolled(at_us: NDArray[np.int64], value: NDArray[np.float64], width_s: int) -> Buckets:
    """Buckets of readings. ``at_us``: (n,) source times, oldest first, each once; ``value``: (n,), bad ones NaN."""
    good = np.isfinite(value)
    at_us, value = at_us[good], value[good]
    start_us = at_us - at_us % (width_s * 1_000_000)
    first = np.flatnonzero(np.diff(start_us, prepend=-1))
    if not len(first):
        return empty()
    count = np.diff(first, append=len(at_us))
    return Buckets(
        start_us[first],
        np.minimum.reduceat(value, first),
        np.add.reduceat(value, first) / count,
        np.maximum.reduceat(value, first),
        count,
    )


def joined(parts: tuple[Buckets, ...]) -> Buckets:
    """Buckets of several sets of different readings as one."""
    start_us = np.concatenate([part.start_us for part in parts])
    if not len(start_us):
        return empty()
    order = np.argsort(start_us, kind="stable")
    least, most = (np.concatenate([getattr(part, name) for part in parts])[order] for name in ("least", "most"))
    count = np.concatenate([part.count for part in parts])[order]
    total = np.concatenate([part.mean * part.count for part in parts])[order]
    first = np.flatnonzero(np.diff(start_us[order], prepend=-1))
    counts = np.add.reduceat(count, first)
    return Buckets(
        start_us[order][first],
        np.minimum.reduceat(least, first),
        np.add.reduceat(total, first) / counts,
        np.maximum.reduceat(most, first),
        counts,
    )


def empty() -> Buckets:
    """No buckets."""
    none = np.empty(0)
    return Buckets(np.empty(0, np.int64), none, none, none, np.empty(0, np.int64))
