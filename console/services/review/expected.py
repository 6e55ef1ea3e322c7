"""Expected values over time, as computed at that time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from console.domain.expected import ExpectedValues
from console.domain.readings import Channel

_CHANNELS = len(Channel)
_HELD_TICKS = 3
"""An expected value is valid for so many ticks; after a longer gap (a blocked engine) there is none."""


class Expectations:
    """Expected values of a record, searched by channel and time. Times in µs UTC."""

    def __init__(self, values: ExpectedValues, stations: int) -> None:
        self._stations = stations
        cell = values.station.astype(np.int64) * _CHANNELS + values.channel
        order = np.lexsort((values.at_us, cell))
        self._at, self._value = values.at_us[order], values.value[order]
        self._sigma = None if values.sigma is None else values.sigma[order]
        cells = cell[order]
        self._starts = np.searchsorted(cells, np.arange(stations * _CHANNELS + 1))
        self._used = np.flatnonzero(np.diff(self._starts))
        ticks = np.unique(values.at_us)
        self._held_us = _HELD_TICKS * int(np.median(np.diff(ticks))) if len(ticks) > 1 else 0
        # One sorted key over all channels, as for the readings: a picture is one search.
        self._zero = int(self._at.min(initial=0)) if len(self._at) else 0
        self._span = int(self._at.max(initial=self._zero)) - self._zero + 2
        self._key = cells * self._span + (self._at - self._zero)

    def __len__(self) -> int:
        return len(self._at)

    def at(
        self, station_row: int, channel: Channel, at_us: NDArray[np.int64], known_by_us: int | None = None
    ) -> NDArray[np.float64]:
        """Expected at given times (n,): linear between two ticks, the last one held, NaN where none is stored.

        ``known_by_us``: only by ticks until then.
        """
        cell = station_row * _CHANNELS + channel
        start, end = self._starts[cell], self._starts[cell + 1]
        ticks, values = self._at[start:end], self._value[start:end]
        if known_by_us is not None:
            heard = int(np.searchsorted(ticks, known_by_us, side="right"))
            ticks, values = ticks[:heard], values[:heard]
        if not len(ticks):
            return np.full(len(at_us), np.nan)
        before = np.searchsorted(ticks, at_us, side="right") - 1
        last = ticks[np.maximum(before, 0)]
        known = (before >= 0) & (at_us - last <= self._held_us)
        return np.where(known, np.interp(at_us, ticks, values), np.nan)

    def sigma(self, station_row: int, channel: Channel, known_by_us: int | None = None) -> float:
        """The last known scatter of a channel, by ticks until ``known_by_us``; NaN where none is stored."""
        if self._sigma is None:
            return np.nan
        cell = station_row * _CHANNELS + channel
        own = slice(self._starts[cell], self._starts[cell + 1])
        kept = np.isfinite(self._sigma[own]) & (self._at[own] <= (np.inf if known_by_us is None else known_by_us))
        return float(self._sigma[own][kept][-1]) if kept.any() else np.nan

    def all_at(self, at_us: int) -> NDArray[np.float64]:
        """(stations, channels) of the last tick until a time, NaN where none is stored."""
        expected = np.full((self._stations, _CHANNELS), np.nan)
        wanted = self._used * self._span + min(max(at_us - self._zero, -1), self._span - 1)
        last = np.searchsorted(self._key, wanted, side="right") - 1
        seen = last >= self._starts[self._used]
        last = last[seen]
        fresh = at_us - self._at[last] <= self._held_us
        expected.reshape(-1)[self._used[seen][fresh]] = self._value[last[fresh]]
        return expected
