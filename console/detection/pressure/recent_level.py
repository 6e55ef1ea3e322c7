"""What a station should show next, from its own last samples: their median, and their trend where it is clear."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maps.columns import Floats

REFERENCE_SAMPLES = 6
"""So many samples make the reference: deaf to a glitch, quick to forget a pump."""

LEAST_SAMPLES = 4
_TREND_CAUTION = 4.0
_MEDIAN_OF_THREE = 0.45
"""Variance of the median of three samples, in units of one sample's."""


def predicted(ring: Floats, sigma_m: Floats | float, least: NDArray[np.int64] | int = LEAST_SAMPLES) -> Floats:
    """Next sample of each station, (…,), from ``ring`` (REFERENCE_SAMPLES, …), newest first, m; NaN with too few samples.

    The median while no trend is clear; a trend (a zone filling, a pump's aftermath) is taken on as far as it stands out of
    ``sigma_m``, the noise of one sample. A pump's aftermath would else look like a burst that grows by the minute. A trend
    runs through both halves of the ring: a step is none, and carried on would look like a burst of its own size.
    """
    count = np.isfinite(ring).sum(axis=0)
    ordered = np.sort(ring, axis=0)
    low = np.take_along_axis(ordered, np.maximum(count - 1, 0)[None] // 2, axis=0)[0]
    high = np.take_along_axis(ordered, np.maximum(count, 1)[None] // 2, axis=0)[0]
    middle = (low + high) / 2.0
    half = REFERENCE_SAMPLES // 2
    new, old = _median_of_three(ring[:half]), _median_of_three(ring[half:])
    slopes = np.stack([(new - old) / half, (ring[0] - ring[half - 1]) / (half - 1), (ring[half] - ring[-1]) / (half - 1)])
    # Where the ring is not full the slopes are no numbers, and there is no trend.
    steady = np.abs(np.sign(slopes).sum(axis=0)) == len(slopes)
    trend = np.where(steady, np.sign(slopes[0]) * np.abs(slopes).min(axis=0), 0.0)
    clear = trend**2 / (2.0 * _MEDIAN_OF_THREE * np.square(sigma_m) / half**2)
    onward = clear / (clear + _TREND_CAUTION) * trend * (REFERENCE_SAMPLES + 1) / 2.0
    return np.asarray(np.where(count >= least, middle + onward, np.nan))


def _median_of_three(samples: Floats) -> Floats:
    """Down the first axis of three; NaN with any of them unknown. A fraction of numpy's time, each tick, for all stations."""
    one, other, third = samples
    return np.asarray(np.maximum(np.minimum(one, other), np.minimum(np.maximum(one, other), third)))


class Ring:
    """The last samples of all stations, m, newest first."""

    def __init__(self, stations: int) -> None:
        self._samples = np.full((REFERENCE_SAMPLES, stations), np.nan)

    def predicted(self, sigma_m: Floats, least: NDArray[np.int64] | int = LEAST_SAMPLES) -> Floats:
        """What each station should show next, (stations,), m; NaN while fewer than ``least`` samples were heard."""
        return predicted(self._samples, sigma_m, least)

    def follow(self, pressure_m: Floats) -> None:
        """Samples (stations,) become part of the reference; NaN where there is none."""
        heard = np.isfinite(pressure_m)
        if heard.all():
            self._samples = np.concatenate([pressure_m[None], self._samples[:-1]])
            return
        self._samples[1:, heard] = self._samples[:-1, heard]
        self._samples[0, heard] = pressure_m[heard]

    def forget(self, rows: NDArray[np.int64]) -> None:
        """What stations show from now on is their normal."""
        self._samples[:, rows] = np.nan

    def shift(self, rows: NDArray[np.int64], step_m: Floats, since: int) -> None:
        """What was switched moved the normal: the memory of it moves along, so that a burst may follow at once.

        ``since``: so many of the newest samples were taken after the switch and show it already; moved once more, they would
        look like the way back, and that like another switch, larger each time.
        """
        self._samples[since:, rows] += np.nan_to_num(step_m)
