"""Daily pattern: steps, and increased noise, that recur at the same time every day (scheduled demand and pumps), from history."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from console.detection.medians import known_median
from maps.columns import Floats

_DAY_S = 86_400.0
_LEAST_DAYS = 5
_CLEAR = 4.0
_RESTLESS, _BY_CHANCE = 1.5, 6.0
_MEDIAN_LOSS = 1.25
"""Standard error of a median, in units of that of a mean."""


class DailySteps:
    """Usual step of each station by time of day, (slots, n), m; zero where no step recurs significantly."""

    def __init__(self, stations: int) -> None:
        self._table = np.zeros((1, stations), dtype=np.float32)

    @classmethod
    def learned(cls, steps: NDArray[np.float32], second_of_day: Floats, step_s: float) -> DailySteps:
        """From steps (ticks, n), m, NaN where unknown, ``step_s`` apart: medians over days, where significant.

        Zero with fewer than five days.
        """
        found = cls(steps.shape[1])
        slots = max(round(_DAY_S / step_s), 1)
        slot = _slot(second_of_day, slots)
        table = np.zeros((slots, steps.shape[1]), dtype=np.float32)
        # A few days can agree by chance: the scatter is at least the station's scatter over all times.
        usual = 1.4826 * known_median(np.abs(steps))
        for one in np.unique(slot):
            days = steps[slot == one]
            heard = np.isfinite(days).sum(axis=0)
            enough = np.flatnonzero(heard >= _LEAST_DAYS)
            if not len(enough):
                continue
            middle = known_median(days[:, enough])
            scatter = 1.4826 * known_median(np.abs(days[:, enough] - middle))
            error = _MEDIAN_LOSS * np.maximum(scatter, usual[enough]) / np.sqrt(heard[enough])
            table[one, enough] = np.where(np.abs(middle) > _CLEAR * error, middle, 0.0)
        found._table = table
        return found

    def at(self, second_of_day: float) -> NDArray[np.float32]:
        """Usual steps (n,) at a time of day."""
        return np.asarray(self._table[round(second_of_day / _DAY_S * len(self._table)) % len(self._table)])

    def at_all(self, second_of_day: Floats) -> NDArray[np.float32]:
        """The same (ticks, n) at many times."""
        return np.asarray(self._table[_slot(second_of_day, len(self._table))])


class DailyFactors:
    """Factor on thresholds by time of day: scheduled steps differ in size from day to day and raise the noise at their time."""

    def __init__(self) -> None:
        self._factor: Floats = np.ones(1)

    @classmethod
    def learned(cls, screens: NDArray[np.float32], second_of_day: Floats, step_s: float, ticks: int) -> DailyFactors:
        """From a group's screens (ticks,), ``step_s`` apart: the median at each time of day over the overall median.

        A factor also applies to the following ``ticks`` - 1 ticks, whose windows include its tick.
        """
        found = cls()
        slots = max(round(_DAY_S / step_s), 1)
        slot, usual = _slot(second_of_day, slots), max(float(np.median(screens)), 1e-6)
        factor = np.ones(slots)
        for one in np.unique(slot):
            days = screens[slot == one]
            if len(days) >= _LEAST_DAYS:
                # A few days can be large by chance.
                louder = float(np.median(days)) / usual
                factor[one] = louder if louder > max(_RESTLESS, 1.0 + _BY_CHANCE / np.sqrt(len(days))) else 1.0
        found._factor = np.max([np.roll(factor, back) for back in range(ticks)], axis=0)
        return found

    def at(self, second_of_day: float) -> float:
        """Factor on thresholds at a time of day, at least 1."""
        return float(self._factor[round(second_of_day / _DAY_S * len(self._factor)) % len(self._factor)])

    def at_all(self, second_of_day: Floats) -> Floats:
        """The same (times,) at many times."""
        return np.asarray(self._factor[_slot(second_of_day, len(self._factor))])


def _slot(second_of_day: Floats, slots: int) -> NDArray[np.int64]:
    return np.rint(second_of_day / _DAY_S * slots).astype(np.int64) % slots
