"""Noise of one window's differences: covariances by operating mode, by hour, and where the expectation extrapolates."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from maps.columns import Bools, Floats

OWN_TICKS = 50
_CLIP = 4.0
_HALF_HOURS = 48
_USUAL = 0.9
"""Quantile of history's leverage up to which its noise, whose covariance is clipped too, shows it."""
_COUNTS = 0.1
"""Share of a difference's variance."""
_STEPS = 20


@dataclass(eq=False)
class WindowNoise:
    """Of one window: covariances by (regime, mixed), ``by_hour`` (48, channels) factors on them."""

    pooled: Floats
    by_hour: Floats
    own: dict[tuple[int, bool], Floats] = field(default_factory=dict)

    def of(self, regime: int, mixed: bool) -> Floats:
        """Covariance in an operating mode; ``mixed``: a state changed within the window or its reference."""
        return self.own.get((regime, mixed), self.pooled)


@dataclass(frozen=True, eq=False)
class Extrapolation:
    """What the expectation's own error adds to the noise of one window, where it goes beyond what is usual in history.

    Of levels and states that history has not seen the fit knows little: the test then becomes less sensitive, and learns again
    as history grows. ``usual``: leverage that the noise learned from history already holds. ``least``: the smallest further one
    that counts; more is rounded up to the next power of two of it, so that ticks share their covariances. ``single``:
    covariance of the values of one tick.
    """

    usual: float
    least: float
    single: Floats

    @classmethod
    def of(cls, leverage: Floats, values: Floats, difference: Floats) -> Extrapolation:
        """Of history: (ticks,) leverage of its differences, NaN where unknown; ``values``, ``difference``: (ticks, channels)."""
        known = leverage[np.isfinite(leverage)]
        single = covariance(values)
        usual = float(np.minimum(known, np.quantile(known, _USUAL)).mean())
        ratio = np.diag(covariance(difference)) / np.maximum(np.diag(single), 1e-12)
        return cls(usual, _COUNTS * float(np.median(ratio)), single)

    def steps(self, leverage: Floats) -> NDArray[np.int64]:
        """(ticks,) powers of two, 0 where nothing is added."""
        beyond = (leverage - self.usual) / self.least
        step = np.ceil(np.log2(np.maximum(np.nan_to_num(beyond), 0.5))) + 1
        return np.asarray(np.clip(step, 0, _STEPS), dtype=np.int64)

    def added(self, step: int) -> Floats:
        """Covariance that is added at a step."""
        return self.single * (self.least * 2.0 ** (step - 1) if step else 0.0)


def half_hour(second_of_day: Floats) -> NDArray[np.int64]:
    """Half hour of the day."""
    return np.asarray(second_of_day // 1800.0, dtype=np.int64) % _HALF_HOURS


def by_hour(difference: Floats, second_of_day: Floats, known: Bools) -> Floats:
    """(48, channels) by how much a channel is more restless in a half hour of the day than usual, at least 1."""
    usual = np.maximum(np.quantile(np.abs(difference[known]), 0.9, axis=0), 1e-9) / 1.645
    found = np.ones((_HALF_HOURS, difference.shape[1]))
    half = half_hour(second_of_day)
    for number in range(_HALF_HOURS):
        size = np.abs(difference[known & (half == number)])
        if len(size) >= OWN_TICKS:
            ninth, last = np.quantile(size, (0.9, 0.97), axis=0)
            restless = np.maximum(ninth / 1.645, last / 2.17)
            found[number] = np.maximum(0.95 * restless / usual, 1.0)
    return found


def covariance(values: Floats) -> Floats:
    """Second moments of clipped values, (channels, channels)."""
    limit = _CLIP * np.maximum(1.4826 * np.median(np.abs(values), axis=0), 0.02)
    clipped = np.clip(values, -limit, limit)
    return np.asarray(clipped.T @ clipped / len(clipped))
