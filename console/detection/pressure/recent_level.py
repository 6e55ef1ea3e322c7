"""Recent level: predicts a station's next sample from the median of its last samples, plus their trend if significant."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maps.columns import Floats

REFERENCE_SAMPLES = 6
"""Number of reference samples: robust against one outlier, short enough to adapt after a pump switch."""

LEAST_SAMPLES = 4
_TREND_CAUTION = 4.0
_MEDIAN_OF_THREE = 0.45
"""Variance of the median of three samples, in units of one sample's."""


def predicted(ring: Floats, sigma_m: Floats | float, least: NDArray[np.int64] | int = LEAST_SAMPLES) -> Floats:
    """Next sample of each station, (…,), from ``ring`` (REFERENCE_SAMPLES, …), newest first, m; NaN with too few samples.

    The median, plus a trend (a zone filling, the transient after a pump switch) as far as it exceeds ``sigma_m``, the noise of
    one sample; without it such a transient would look like a growing burst. A trend must run through both halves of the
    ring: a step has no trend, and extrapolating it would look like a burst of the same size.
    """
    count = np.isfinite(ring).sum(axis=0)
    ordered = np.sort(ring, axis=0)
    low = np.take_along_axis(ordered, np.maximum(count - 1, 0)[None] // 2, axis=0)[0]
    high = np.take_along_axis(ordered, np.maximum(count, 1)[None] // 2, axis=0)[0]
    middle = (low + high) / 2.0
    half = REFERENCE_SAMPLES // 2
    new, old = _median_of_three(ring[:half]), _median_of_three(ring[half:])
    slopes = np.stack([(new - old) / half, (ring[0] - ring[half - 1]) / (half - 1), (ring[half] - ring[-1]) / (half - 1)])
    # Slopes are NaN while the ring is not full: no trend then.
    steady = np.abs(np.sign(slopes).sum(axis=0)) == len(slopes)
    trend = np.where(steady, np.sign(slopes[0]) * np.abs(slopes).min(axis=0), 0.0)
    clear = trend**2 / (2.0 * _MEDIAN_OF_THREE * np.square(sigma_m) / half**2)
    onward = clear / (clear + _TREND_CAUTION) * trend * (REFERENCE_SAMPLES + 1) / 2.0
    return np.asarray(np.where(count >= least, middle + onward, np.nan))


def _median_of_three(samples: Floats) -> Floats:
    """Median of three along the first axis; NaN with any of them unknown. Much faster than numpy's median."""
    one, other, third = samples
    return np.asarray(np.maximum(np.minimum(one, other), np.minimum(np.maximum(one, other), third)))


class RecentLevel:
    """The last samples of all stations, m, newest first."""

    def __init__(self, stations: int) -> None:
        self._samples = np.full((REFERENCE_SAMPLES, stations), np.nan)

    def predicted(self, sigma_m: Floats, least: NDArray[np.int64] | int = LEAST_SAMPLES) -> Floats:
        """Predicted next sample of each station, (stations,), m; NaN with fewer than ``least`` samples."""
        return predicted(self._samples, sigma_m, least)

    def follow(self, pressure_m: Floats) -> None:
        """Add samples (stations,), NaN where missing, to the reference."""
        heard = np.isfinite(pressure_m)
        if heard.all():
            self._samples = np.concatenate([pressure_m[None], self._samples[:-1]])
            return
        self._samples[1:, heard] = self._samples[:-1, heard]
        self._samples[0, heard] = pressure_m[heard]

    def forget(self, rows: NDArray[np.int64]) -> None:
        """Drop the reference samples of stations; new samples define their level."""
        self._samples[:, rows] = np.nan

    def shift(self, rows: NDArray[np.int64], step_m: Floats, since: int) -> None:
        """Shift the reference by an operation's step, so that a burst right after it can be detected.

        ``since``: number of newest samples taken after the switch; they already contain the step. Shifting them again would look
        like a reverse step, and then like another, ever larger switch.
        """
        self._samples[since:, rows] += np.nan_to_num(step_m)
