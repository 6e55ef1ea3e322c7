"""LivePicture: the columns behind the picture, updated by whole batches; the latest value per channel wins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.domain.picture import StationState
from console.domain.readings import Channel, Quality, ReadingBatch

FUTURE_TOLERANCE_US = 5_000_000
"""A source time further ahead than this is a station fault, not a reading (design: 5 s)."""

_STALE_INTERVALS = 3.0
_STALE_MIN_S, _STALE_DEFAULT_S, _STALE_MAX_S = 15.0, 180.0, 3600.0


@dataclass(frozen=True, eq=False)
class Applied:
    """Result of applying a batch.

    ``taken``: number of values applied. ``late``: number of values older than the latest ones, for history only. ``ahead``:
    station rows whose clock is ahead.
    """

    taken: int
    late: int
    ahead: NDArray[np.int32]


class LivePicture:
    """Latest value, time and quality of every channel of every station; arrays (stations, channels)."""

    def __init__(self, stations: int) -> None:
        shape = (stations, len(Channel))
        self.value = np.full(shape, np.nan)
        self.at_us = np.zeros(shape, dtype=np.int64)
        self.quality = np.full(shape, Quality.GOOD, dtype=np.uint8)
        self.interval_s = np.full(shape, np.nan)
        """Smoothed time between samples as seen, NaN before two."""

    def apply(self, batch: ReadingBatch, now_us: int) -> Applied:
        """Take in a batch; readings out of order or from the future do not reach the picture."""
        ahead = batch.at_us > now_us + FUTURE_TOLERANCE_US
        cell = batch.station.astype(np.int64) * len(Channel) + batch.channel
        usable = np.flatnonzero(~ahead)
        order = usable[np.lexsort((batch.at_us[usable], cell[usable]))]
        last = np.ones(len(order), dtype=bool)
        last[:-1] = cell[order][1:] != cell[order][:-1]
        newest = order[last]
        known = self.at_us.reshape(-1)
        # A value that is ahead of our clock, since that was set back, does not outlast true ones.
        from_ahead = known[cell[newest]] > now_us + FUTURE_TOLERANCE_US
        fresh = newest[(batch.at_us[newest] > known[cell[newest]]) | from_ahead]
        cells = cell[fresh]
        self._learn_interval(cells, batch.at_us[fresh])
        known[cells] = batch.at_us[fresh]
        self.value.reshape(-1)[cells] = batch.value[fresh]
        self.quality.reshape(-1)[cells] = batch.quality[fresh]
        return Applied(len(fresh), len(usable) - len(fresh), np.unique(batch.station[ahead]))

    def _learn_interval(self, cells: NDArray[np.int64], at_us: NDArray[np.int64]) -> None:
        before = self.at_us.reshape(-1)[cells]
        interval = self.interval_s.reshape(-1)
        step = np.where((before > 0) & (at_us > before), (at_us - before) / 1e6, np.nan)
        held = interval[cells]
        # A gap must not make a channel look slow: growth is slow, shrinking quick.
        blended = np.where(step > held, held + 0.05 * (step - held), held + 0.3 * (step - held))
        interval[cells] = np.where(np.isnan(held), step, np.where(np.isnan(step), held, blended))

    def stale(self, now_us: int) -> NDArray[np.bool_]:
        """Channels once seen whose last value is too old, or dated ahead of our clock, (stations, channels).

        Too old: older than three of the channel's own intervals, within limits.
        """
        found = np.zeros(self.value.shape, dtype=bool)
        cells = np.flatnonzero(self.at_us > 0)  # most stations have one or two of the channels: pictures come ten times a second
        interval_s = self.interval_s.reshape(-1)[cells]
        limit_s = np.where(np.isnan(interval_s), _STALE_DEFAULT_S, interval_s * _STALE_INTERVALS)
        age_s = (now_us - self.at_us.reshape(-1)[cells]) / 1e6
        is_old = age_s > np.clip(limit_s, _STALE_MIN_S, _STALE_MAX_S)
        found.reshape(-1)[cells] = is_old | (age_s < -FUTURE_TOLERANCE_US / 1e6)
        return found

    def station_state(
        self,
        now_us: int,
        faulty: NDArray[np.bool_],
        warned: NDArray[np.bool_],
        abnormal: NDArray[np.bool_],
        learning: NDArray[np.bool_] | None = None,
        in_case: NDArray[np.bool_] | None = None,
        stale: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.uint8]:
        """StationState of every station; the flags are (stations,) and come from detection and its open findings.

        ``stale``: as ``stale(now_us)`` gives it, where it is known.
        """
        none = np.zeros(len(self.value), dtype=bool)
        seen = self.at_us > 0
        state = np.full(len(self.value), StationState.NORMAL, dtype=np.uint8)
        for flag, value in (
            (learning if learning is not None else none, StationState.LEARNING),
            (~_any_channel(seen), StationState.MISSING),
            (_any_channel(self.stale(now_us) if stale is None else stale), StationState.STALE),
            (faulty | _any_channel((self.quality == Quality.BAD) & seen), StationState.FAULT),
            (in_case if in_case is not None else none, StationState.IN_CASE),
            (warned, StationState.WARNING),
            (abnormal, StationState.ABNORMAL),
        ):
            state[flag] = value
        return state


def _any_channel(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(stations,) where any channel of (stations, channels) holds; ``any(axis=1)`` takes ten times as long over so short rows."""
    found = np.zeros(len(cells), dtype=bool)
    found[np.flatnonzero(cells) // cells.shape[1]] = True
    return found
