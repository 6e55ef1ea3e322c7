"""Recurring: steps that come at the same time every day (demand patterns by the hour, pumps on a clock), from quiet history."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from console.detection.medians import known_median
from maps.columns import Floats

_DAY_S = 86_400.0
_LEAST_DAYS = 5
_CLEAR = 4.0
_MEDIAN_LOSS = 1.25
"""Standard error of a median, in units of that of a mean."""


class RecurringSteps:
    """What each station's step usually is by time of day, (slots, n), m; zero where nothing recurs clearly."""

    def __init__(self, stations: int) -> None:
        self._table = np.zeros((1, stations), dtype=np.float32)

    @classmethod
    def learned(cls, steps: NDArray[np.float32], second_of_day: Floats, step_s: float) -> RecurringSteps:
        """From steps (ticks, n), m, NaN where unknown, ``step_s`` apart: medians over days that stand out of their scatter.

        With fewer than five days nothing recurs yet.
        """
        found = cls(steps.shape[1])
        slots = max(round(_DAY_S / step_s), 1)
        slot = _slot(second_of_day, slots)
        table = np.zeros((slots, steps.shape[1]), dtype=np.float32)
        # A few days can agree by chance: scatter is at least what the station shows at any time.
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

    def at(self, second_of_day: Floats | float) -> NDArray[np.float32]:
        """Usual steps (n,) at a time of day, or (ticks, n) at several."""
        return np.asarray(self._table[_slot(np.asarray(second_of_day, dtype=np.float64), len(self._table))])


def _slot(second_of_day: Floats, slots: int) -> NDArray[np.int64]:
    return np.rint(second_of_day / _DAY_S * slots).astype(np.int64) % slots
