"""Threshold from history: declustered peaks of the statistic, extrapolated to the wanted rate, and its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maps.columns import Floats

_MONTH_DAYS = 30.0
_CLUSTER_S = 21_600.0
_PEAKS, _TAIL = 60, 12
_MARGIN = 1.5
"""On the threshold: later weeks differ more from history than history's days from each other."""

_BOUND = 2.303
"""-ln 0.1: with none seen, the rate is below this many in the time watched, in nine of ten cases (Poisson)."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """``expected_a_month``: false events a month by the fitted tail; ``at_most_a_month``: what history can exclude (90 %)."""

    value: float
    expected_a_month: float
    at_most_a_month: float
    history_days: float


def calibrated(statistic: Floats, tick_s: float, wanted_a_month: float) -> Threshold:
    """Threshold of a statistic replayed on burst-free history, (ticks,).

    The largest values in six hours around each other are one event. Their tail is taken as exponential.
    """
    days = len(statistic) * tick_s / 86_400.0
    at_most = _MONTH_DAYS * _BOUND / max(days, 1e-9)
    tail = _tail(statistic, tick_s)
    if tail is None:
        return Threshold(np.inf, 0.0, at_most, days)
    value = tail.exceeded(wanted_a_month * days / _MONTH_DAYS)
    # The margin stands for what history does not show: it is not counted as fewer false events.
    expected = tail.count * np.exp(-max(value - tail.least, 0.0) / tail.scale) * _MONTH_DAYS / days
    return Threshold(_MARGIN * value, float(expected), at_most, days)


def rare(statistic: Floats, tick_s: float, a_month: float) -> float:
    """The value that a statistic of burst-free history, (ticks,), exceeds so often; without margin, 0 where nothing is known."""
    tail = _tail(statistic, tick_s)
    return 0.0 if tail is None else tail.exceeded(a_month * len(statistic) * tick_s / 86_400.0 / _MONTH_DAYS)


@dataclass(frozen=True, slots=True)
class _Tail:
    """``count`` peaks above ``least``, with exceedances of mean ``scale``."""

    count: int
    least: float
    scale: float

    def exceeded(self, times: float) -> float:
        """The value that is exceeded so many times in the same history."""
        return self.least + self.scale * float(np.log(max(self.count / times, 1.0)))


def _tail(statistic: Floats, tick_s: float) -> _Tail | None:
    peaks = _declustered(statistic, int(_CLUSTER_S / tick_s))
    count = min(_TAIL, len(peaks) - 1)
    if count < 1:
        return None
    return _Tail(count, float(peaks[count]), max(_scale(peaks[:count] - peaks[count]), 1e-9))


def _scale(exceedances: Floats) -> float:
    """Mean of an exponential tail from its exceedances, largest first; the largest, an event of its own perhaps, is left out.

    Of n exceedances the largest is expected at (1 + 1/2 + … + 1/n) means (Rényi).
    """
    count = len(exceedances)
    if count < 3:
        return float(exceedances.mean())
    largest = float((1.0 / np.arange(1, count + 1)).sum())
    return float(exceedances[1:].sum()) / (count - largest)


def _declustered(statistic: Floats, reach: int) -> Floats:
    taken, found = np.zeros(len(statistic), dtype=bool), list[float]()
    for place in np.argsort(-statistic, kind="stable"):
        if len(found) >= _PEAKS:
            break
        if not taken[place]:
            found.append(float(statistic[place]))
            taken[max(0, place - reach) : place + reach + 1] = True
    return np.array(found)
