"""Expected values: a profile over the week (learned) or the model's day, plus a trailing level of what is left."""

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
"""1970-01-01 was a Thursday: four days later begins a week."""

_HOUR_US = 3_600_000_000
_JUDGED_STATIONS, _MOST_OPTIMISM = 40, 0.5
_MIN_WEEKS_FOR_WEEKLY, _MIN_DAYS_FOR_FINE = 4.0, 6.9


class LocalTime:
    """Microseconds UTC to microseconds on the city's wall clock, with the zone's offset looked up once an hour."""

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
    """A cyclic table of expected values, linear between its bins."""

    def __init__(
        self, table: NDArray[np.float32], cycle_us: int, origin_us: int, centred: bool, besides: Profile | None = None
    ) -> None:
        """``table``: (bins, stations); bin k stands for the middle (``centred``) or the start of its time in the cycle.

        ``besides``: what a longer cycle adds to it.
        """
        self.table, self.besides = table, besides
        self.optimism = 1.0
        """Factor by which days that made the profile deviate less from it than days to come will, at least 1."""

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
        """Take ``stations``' columns from another profile (one without history keeps what the model expects)."""
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
        """Median by time of day, in steps of minutes once a week of days is known, and what the time of week adds to it

        after four weeks. ``local_us``: (ticks,) wall clock; ``values``: (ticks, stations).

        Demand and pumps that go by the clock jump, and a profile must jump with them: the day is smoothed by medians, which
        keep edges; only what the week adds, of which there are few samples, is smoothed over neighbouring quarters.
        """
        span_us = int(local_us[-1]) - int(local_us[0])
        day = _day(local_us, values, _FINE_BIN_US if span_us >= _MIN_DAYS_FOR_FINE * _DAY_US else _BIN_US)
        weekly = span_us >= _MIN_WEEKS_FOR_WEEKLY * _WEEK_US - _DAY_US / 2
        if weekly:
            day.besides = _week(local_us, values, day)
        day.optimism = _optimism(local_us, values, day)
        return day


def _optimism(local_us: NDArray[np.int64], values: NDArray[np.float32], made: Profile) -> float:
    """``Profile.optimism``, from how well every other cycle is foretold by those between.

    A mean of m samples leaves 1 - c/m of the variance to those in it, 1 + c/m to the next, 1 + 2c/m when half of them made it;
    c is 1 where deviations last longer than a bin, and less where its samples differ.
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
    # Mean squares, outliers cut: of few samples one is the median itself, and a median of deviations would count it as noise.
    inner, outer = (np.nanmean(np.clip(np.stack(left)[:, columns], -wide, wide) ** 2, axis=0) for left in (inside, outside))
    grown = float(np.median(outer / np.maximum(inner, 1e-9))) if len(columns) else 1.0
    share = np.clip((grown - 1.0) / (grown + 2.0), 0.0, _MOST_OPTIMISM)
    return float(np.sqrt((1.0 + share) / (1.0 - share)))


def _day(local_us: NDArray[np.int64], values: NDArray[np.float32], bin_us: int) -> Profile:
    """By time of day, bins around multiples of ``bin_us``."""
    bins = _DAY_US // bin_us
    table = np.full((bins, values.shape[1]), np.nan, dtype=np.float32)
    for index, rows in _slots((local_us + bin_us // 2) % _DAY_US // bin_us, bins):
        table[index] = known_median(values[rows])
    table = _filled(table)
    return Profile(_edges_kept(table), _DAY_US, 0, centred=False)


def _week(local_us: NDArray[np.int64], values: NDArray[np.float32], day: Profile) -> Profile:
    """By time of week, what ``day`` leaves."""
    bins = _WEEK_US // _BIN_US
    table = np.full((bins, values.shape[1]), np.nan, dtype=np.float32)
    for index, rows in _slots((local_us - _MONDAY_US) % _WEEK_US // _BIN_US, bins):
        usual = {at: day.at(np.array([at])) for at in np.unique(local_us[rows] % _DAY_US).tolist()}
        table[index] = known_median(values[rows] - np.stack([usual[at] for at in (local_us[rows] % _DAY_US).tolist()]))
    table = _filled(table)
    smooth = (np.roll(table, 1, axis=0) + 2.0 * table + np.roll(table, -1, axis=0)) / 4.0
    return Profile(smooth.astype(np.float32), _WEEK_US, _MONDAY_US, centred=True)


def _slots(slot: NDArray[np.int64], bins: int) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """(bin, rows in it), bins without rows left out."""
    order = np.argsort(slot, kind="stable")
    bounds = np.searchsorted(slot[order], np.arange(bins + 1))
    for index in range(bins):
        rows = order[bounds[index] : bounds[index + 1]]
        if len(rows):
            yield index, rows


def _edges_kept(table: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each bin the median of itself and its neighbours round the cycle."""
    before, after = np.roll(table, 1, axis=0), np.roll(table, -1, axis=0)
    return np.asarray(np.maximum(np.minimum(before, table), np.minimum(np.maximum(before, table), after)))


def _filled(table: NDArray[np.float32]) -> NDArray[np.float32]:
    """Empty bins take what is interpolated between their neighbours round the cycle."""
    bins = len(table)
    for column in np.flatnonzero(~np.isfinite(table).all(axis=0)):
        known = np.flatnonzero(np.isfinite(table[:, column]))
        if len(known):
            table[:, column] = np.interp(np.arange(bins), known, table[known, column], period=bins)
    return table


class TrailingLevel:
    """What the profile misses lately, per station: a mean that forgets, deaf to outliers, and held while abnormal."""

    def __init__(self, stations: int, ticks: float) -> None:
        self.level = np.zeros(stations)
        self.seen = np.zeros(stations, dtype=np.int64)
        self._ticks = max(ticks, 2.0)

    def update(self, deviation: NDArray[np.float64], limit: NDArray[np.float64], held: NDArray[np.bool_]) -> None:
        """Take in deviations from the profile (stations,), NaN where unknown; steps beyond ``limit`` count as ``limit``.

        While a station is young its level is the plain mean; later the weight of a new sample is 1/ticks.
        """
        taken = np.isfinite(deviation) & ~held
        self.seen[taken] += 1
        young = self.seen <= 3
        step = np.where(taken, deviation - self.level, 0.0)
        step = np.where(young, step, np.clip(step, -limit, limit))
        weight = 1.0 / np.minimum(np.maximum(self.seen, 1), self._ticks)
        self.level += np.where(taken, weight * step, 0.0)

    def take_over(self, other: TrailingLevel) -> None:
        """Go on from the level of another, which may have had another step."""
        self.level = other.level.copy()
        self.seen = other.seen.copy()

    def shift(self, stations: NDArray[np.int64], by: NDArray[np.float64]) -> None:
        """Accept a lasting step: the level moves by it at once."""
        self.level[stations] += np.nan_to_num(by)
