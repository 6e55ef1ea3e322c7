"""Adaptive threshold: raises a group's thresholds by the ratio of its recent to its usual screening statistic (holidays)."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

_TICKS = 24
_LEAST_TICKS = 6
_UNUSUAL = 3.0
_LEAST_DAYS = 5


class AdaptiveThreshold:
    """Running median of the last ticks' screens over the usual median (constant false alarm rate).

    The present tick is not included, so that a burst does not raise its own threshold.
    """

    def __init__(self, usual: float) -> None:
        self._usual = max(usual, 1e-6)
        self._lately: deque[float] = deque(maxlen=_TICKS)

    def ratio(self) -> float:
        """Factor on the threshold, at least 1."""
        if len(self._lately) < _LEAST_TICKS:
            return 1.0
        return max(1.0, float(np.median(self._lately)) / self._usual)

    def add(self, screen: float) -> None:
        """Add the screen of a tick."""
        self._lately.append(screen)


def ratios(screens: NDArray[np.float32]) -> NDArray[np.float32]:
    """``AdaptiveThreshold.ratio`` at every tick of history, (ticks,)."""
    usual = max(float(np.median(screens)), 1e-6)
    result = np.ones(len(screens), dtype=np.float32)
    if len(screens) > _TICKS:
        before = np.lib.stride_tricks.sliding_window_view(screens, _TICKS)[:-1]
        result[_TICKS:] = np.maximum(np.median(before, axis=1) / usual, 1.0)
    return result


def usual_days(screens: NDArray[np.float32], second_of_day: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Ticks of history on days whose statistic is not far above that of the median day, (ticks,); all when days are few."""
    day = np.concatenate([[0], np.cumsum(np.diff(second_of_day) < 0)])
    days = int(day[-1]) + 1
    if days < _LEAST_DAYS:
        return np.ones(len(screens), dtype=bool)
    high = np.array([np.quantile(screens[day == one], 0.9) if (day == one).any() else 0.0 for one in range(days)])
    # At least half of the days stay, because the limit is relative to the median day.
    return np.asarray((high <= _UNUSUAL * np.median(high))[day])
