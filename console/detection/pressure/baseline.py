"""Baseline: a cyclic profile (learned by time of day and week, or the model's day) plus a trailing mean of the residuals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from console.detection.medians import known_median
from console.domain.clock import moment

_DAY_US = 86_400_000_000
_WEEK_US = 7 * _DAY_US
_BIN_US, _FINE_BIN_US = 900_000_000, 300_000_000
_MONDAY_US = 4 * _DAY_US
"""1970-01-01 was a Thursday: the first week starts four days later."""

_HOUR_US = 3_600_000_000
_JUDGED_STATIONS, _MOST_OPTIMISM = 40, 0.5
_MIN_WEEKS_FOR_WEEKLY, _MIN_DAYS_FOR_FINE = 4.0, 6.9


class LocalTime:
    """Converts UTC microseconds to local wall-clock microseconds; the zone's offset is looked up once an hour."""

    def __init__(self, time_zone: str) -> None:
        self._zone = ZoneInfo(time_zone)
        self._hour, self._offset_us = -1, 0

    def offset_us(self, at_us: int) -> int:
        """The zone's offset from UTC at a time."""
        hour = at_us // 3_600_000_000
        if hour != self._hour:
            local: datetime = moment(at_us).astimezone(self._zone)
            offset = local.utcoffset()
            self._hour, self._offset_us = hour, int(offset.total_seconds() * 1e6) if offset else 0
        return self._offset_us


class Profile:
    """A cyclic table of expected values with linear interpolation between its bins."""

    def __init__(
        self, table: NDArray[np.float32], cycle_us: int, origin_us: int, centred: bool, besides: Profile | None = None
    ) -> None:
        """``table``: (bins, stations); bin k stands for the middle (``centred``) or the start of its time in the cycle.

        ``besides``: profile of a longer cycle that is added.
        """
        self.table, self.besides = table, besides
        self.optimism = 1.0
        """Ratio of out-of-sample to in-sample standard deviation of the profile's residuals, at least 1."""

        self._cycle_us, self._origin_us = cycle_us, origin_us
        self._bin_us = cycle_us / len(table)
        self._shift = 0.5 if centred else 0.0

    def at(self, local_us: NDArray[np.int64], columns: NDArray[np.int64] | slice = slice(None)) -> NDArray[np.float64]:
        """Expected value of each station at its own wall-clock time (stations,), or of all at one time (1,)."""
        position = ((local_us - self._origin_us) % self._cycle_us) / self._bin_us - self._shift
        low = np.floor(position).astype(np.int64)
        share = position - low
        stations = np.arange(self.table.shape[1])[columns]
        before, after = low % len(self.table), (low + 1) % len(self.table)
        found = np.asarray(self.table[before, stations] * (1.0 - share) + self.table[after, stations] * share)
        return found if self.besides is None else found + self.besides.at(local_us, columns)

    def fill(self, stations: NDArray[np.bool_], other: Profile) -> None:
        """Copy the columns of ``stations`` from another profile (stations without history keep the model's values)."""
        columns = np.flatnonzero(stations)
        if len(columns):
            times = self._origin_us + ((np.arange(len(self.table)) + self._shift) * self._bin_us).astype(np.int64)
            self.table[:, columns] = np.stack([other.at(np.array([at]), columns) for at in times])
            if self.besides is not None:
                self.besides.table[:, columns] = 0.0

    @classmethod
    def of_day(cls, values: NDArray[np.float64]) -> Profile:
        """From the model: (states, stations), evenly over a day from midnight."""
        return cls(values.astype(np.float32), _DAY_US, 0, centred=False)

    @classmethod
    def learned(cls, local_us: NDArray[np.int64], values: NDArray[np.float32]) -> Profile:
        """Median by time of day (5-minute bins from a week on), plus the weekly deviation from it after four weeks.

        ``local_us``: (ticks,) wall clock; ``values``: (ticks, stations).

        Scheduled demand and pumps make steps that the profile must keep: the day is smoothed by medians, which preserve edges.
        Only the weekly part, which has few samples, is averaged over neighbouring 15-minute bins.
        """
        span_us = int(local_us[-1]) - int(local_us[0])
        day = _day(local_us, values, _FINE_BIN_US if span_us >= _MIN_DAYS_FOR_FINE * _DAY_US else _BIN_US)
        weekly = span_us >= _MIN_WEEKS_FOR_WEEKLY * _WEEK_US - _DAY_US / 2
        if weekly:
            day.besides = _week(local_us, values, day)
        day.optimism = _optimism(local_us, values, day)
        return day


def _optimism(local_us: NDArray[np.int64], values: NDArray[np.float32], made: Profile) -> float:
    """``Profile.optimism``, by predicting every other cycle from the cycles between.

    The residual variance of a mean of m samples is 1 - c/m in sample, 1 + c/m out of sample, 1 + 2c/m with half of the samples;
    c is 1 where deviations last longer than a bin, less where the samples within a bin differ.
    """
    cycle_us = _DAY_US if made.besides is None else _WEEK_US
    chosen = np.linspace(0, values.shape[1] - 1, min(values.shape[1], _JUDGED_STATIONS)).astype(np.int64)
    odd = (local_us - _MONDAY_US) // cycle_us % 2 == 1
    if int(local_us[-1] - local_us[0]) < 2 * cycle_us - _HOUR_US or not odd.any():
        return 1.0
    some, columns = values[:, chosen], np.flatnonzero(np.isfinite(values[:, chosen]).any(axis=0))
    half = _day(local_us[~odd], some[~odd], _DAY_US // len(made.table))
    if made.besides is not None:
        half.besides = _week(local_us[~odd], some[~odd], half)
    inside, outside = [], []
    for at, row in zip(local_us[odd], some[odd], strict=True):
        when = np.array([at])
        inside.append(row - made.at(when, chosen))
        outside.append(row - half.at(when))
    wide = 4.0 * 1.4826 * known_median(np.abs(np.stack(outside)[:, columns]))
    # Clipped mean squares, not medians: with few samples the median is itself a sample, which biases a median of deviations.
    inner, outer = (np.nanmean(np.clip(np.stack(left)[:, columns], -wide, wide) ** 2, axis=0) for left in (inside, outside))
    grown = float(np.median(outer / np.maximum(inner, 1e-9))) if len(columns) else 1.0
    share = np.clip((grown - 1.0) / (grown + 2.0), 0.0, _MOST_OPTIMISM)
    return float(np.sqrt((1.0 + share) / (1.0 - share)))


def _day(local_us: NDArray[np.int64], values: NDArray[np.float32], bin_us: int) -> Profile:
    """Profile by time of day, bins centred on multiples of ``bin_us``."""
    bins = _DAY_US // bin_us
    table = np.full((bins, values.shape[1]), np.nan, dtype=np.float32)
    for index, rows in _slots((local_us + bin_us // 2) % _DAY_US // bin_us, bins):
        table[index] = known_median(values[rows])
    table = _filled(table)
    return Profile(_edges_kept(table), _DAY_US, 0, centred=False)


def _week(local_us: NDArray[np.int64], values: NDArray[np.float32], day: Profile) -> Profile:
    """Profile by time of week of the residuals of ``day``."""
    bins = _WEEK_US // _BIN_US
    table = np.full((bins, values.shape[1]), np.nan, dtype=np.float32)
    for index, rows in _slots((local_us - _MONDAY_US) % _WEEK_US // _BIN_US, bins):
        usual = {at: day.at(np.array([at])) for at in np.unique(local_us[rows] % _DAY_US).tolist()}
        table[index] = known_median(values[rows] - np.stack([usual[at] for at in (local_us[rows] % _DAY_US).tolist()]))
    table = _filled(table)
    smooth = (np.roll(table, 1, axis=0) + 2.0 * table + np.roll(table, -1, axis=0)) / 4.0
    return Profile(smooth.astype(np.float32), _WEEK_US, _MONDAY_US, centred=True)


def _slots(slot: NDArray[np.int64], bins: int) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """(bin, rows in it); empty bins are skipped."""
    order = np.argsort(slot, kind="stable")
    bounds = np.searchsorted(slot[order], np.arange(bins + 1))
    for index in range(bins):
        rows = order[bounds[index] : bounds[index + 1]]
        if len(rows):
            yield index, rows


def _edges_kept(table: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cyclic running median of three bins."""
    before, after = np.roll(table, 1, axis=0), np.roll(table, -1, axis=0)
    return np.asarray(np.maximum(np.minimum(before, table), np.minimum(np.maximum(before, table), after)))


def _filled(table: NDArray[np.float32]) -> NDArray[np.float32]:
    """Fill empty bins by cyclic interpolation."""
    bins = len(table)
    for column in np.flatnonzero(~np.isfinite(table).all(axis=0)):
        known = np.flatnonzero(np.isfinite(table[:, column]))
        if len(known):
            table[:, column] = np.interp(np.arange(bins), known, table[known, column], period=bins)
    return table


class TrailingLevel:
    """Exponential mean of recent residuals of the profile, per station: clipped against outliers, frozen while abnormal."""

    def __init__(self, stations: int, ticks: float) -> None:
        self.level = np.zeros(stations)
        self.seen = np.zeros(stations, dtype=np.int64)
        self._ticks = max(ticks, 2.0)

    def update(self, deviation: NDArray[np.float64], limit: NDArray[np.float64], held: NDArray[np.bool_]) -> None:
        """Add deviations from the profile (stations,), NaN where unknown; changes beyond ``limit`` are clipped to ``limit``.

        At first the level is the plain mean; later the weight of a new sample is 1/ticks.
        """
        taken = np.isfinite(deviation) & ~held
        self.seen[taken] += 1
        young = self.seen <= 3
        step = np.where(taken, deviation - self.level, 0.0)
        step = np.where(young, step, np.clip(step, -limit, limit))
        weight = 1.0 / np.minimum(np.maximum(self.seen, 1), self._ticks)
        self.level += np.where(taken, weight * step, 0.0)

    def take_over(self, other: TrailingLevel) -> None:
        """Copy the level of another, which may have had another tick interval."""
        self.level = other.level.copy()
        self.seen = other.seen.copy()

    def shift(self, stations: NDArray[np.int64], by: NDArray[np.float64]) -> None:
        """Add a lasting step to the level at once."""
        self.level[stations] += np.nan_to_num(by)
