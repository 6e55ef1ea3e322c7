"""Thresholds for a set false alarm rate, from simulated noise or from burst-free history."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from console.detection.pressure.adaptive_threshold import ratios
from console.detection.pressure.matched_field import MatchedField
from console.detection.pressure.recent_level import REFERENCE_SAMPLES

LEAST_HISTORY = 200
"""Ticks of history needed for a threshold."""

FULL_HISTORY_DAYS = 27.0
"""Days of history after which most recurring patterns are covered."""

_DRAWS = 3000
_TAIL = 0.03
_SWITCHING_TAILS = (_TAIL, 0.01, 0.004)
_MOST = 600
GAUSSIAN_TAIL = 2.0
"""Mean excess in the far tail of a chi-square statistic: log-likelihood ratios decay as exp(-T/2)."""


def simulated(field: MatchedField, covariance: NDArray[np.float64], probability: float, seed: int = 0) -> tuple[float, float]:
    """(threshold that the leave-one-out statistic of pure noise exceeds with ``probability`` per tick, median screen).

    ``covariance`` of the group's residuals. A few thousand draws give the start of the tail, extrapolated with exp(-T/2).
    """
    random = np.random.default_rng(seed)
    lower = np.linalg.cholesky(covariance + 1e-9 * np.trace(covariance) / len(covariance) * np.eye(len(covariance)))
    noise = (lower @ random.standard_normal((len(covariance), _DRAWS))).astype(np.float32)
    screens = screens_of(field, noise)
    order, kept = largest_screens(screens)
    tail = np.sort(np.array([field.without_one(noise[:, index]) for index in order]))[::-1]
    return fitted(tail, kept, probability, GAUSSIAN_TAIL), float(np.median(screens))


def screens_of(field: MatchedField, residuals: NDArray[np.float32]) -> NDArray[np.float32]:
    """Screen of every tick of residuals (n, ticks), in blocks that fit the processor cache; 0 without signatures."""
    blocks = [residuals[:, first : first + 2000] for first in range(0, residuals.shape[1], 2000)]
    return np.concatenate([field.statistics(block).max(axis=0, initial=0.0) for block in blocks])


def screens_by_state(
    rows: NDArray[np.float32], state: NDArray[np.int64], field_of: Callable[[int], MatchedField]
) -> NDArray[np.float32]:
    """Screen of every tick of history: (ticks, n), complete, each with its hydraulic state (ticks,)."""
    screens = np.zeros(len(rows), dtype=np.float32)
    for one in np.unique(state):
        here = np.flatnonzero(state == one)
        screens[here] = screens_of(field_of(int(one)), np.ascontiguousarray(rows[here].T))
    return screens


def quiet_level(
    rows: NDArray[np.float32],
    state: NDArray[np.int64],
    window: int,
    hour_factor: NDArray[np.float64],
    field_of: Callable[[int], MatchedField],
    decide: Callable[[NDArray[np.float32], int], float],
    probability: float,
    *,
    switching: bool,
    event: float = math.inf,
) -> tuple[float, float] | None:
    """(threshold that ``decide`` of history exceeds with ``probability`` per tick, median screen); None with too few ticks.

    ``rows``: (ticks, n), NaN where unknown. Per window, (ticks - window + 1,): ``state`` and ``hour_factor``, the threshold
    factor at its time of day. ``decide``: statistic of ticks (window, n) in a state. ``switching``: frequent operations belong to
    normal operation. ``event``: values above it count as one event with the ticks around them.
    """
    count = len(rows) - window + 1
    sums = sum(rows[offset : offset + count] for offset in range(window)) / np.sqrt(np.float32(window))
    together = np.asarray(sums, dtype=np.float32)
    whole = np.flatnonzero(np.isfinite(together).all(axis=1))
    if len(whole) < LEAST_HISTORY:
        return None
    state = state[whole]
    screens = screens_by_state(together[whole], state, field_of)
    calm = np.maximum(ratios(screens), hour_factor[whole]).astype(np.float32)
    order, total = largest_screens(screens / calm)
    passing = np.array([decide(rows[whole[k] : whole[k] + window], int(state[k])) for k in order])
    fit = fitted_with_operations if switching else fitted
    peaks = _one_each(passing / calm[order], whole[order], event)
    return fit(np.sort(peaks)[::-1], total, probability, GAUSSIAN_TAIL), float(np.median(screens))


def _one_each(values: NDArray[np.float64], tick: NDArray[np.int64], event: float) -> NDArray[np.float64]:
    """Values with 0 for those near a larger one above ``event``, so that one event counts once.

    A step affects the statistic as long as the reference holds samples from before it.
    """
    kept, held = values.copy(), np.zeros(int(tick.max(initial=0)) + 2 * REFERENCE_SAMPLES + 1, dtype=bool)
    for one in np.argsort(-values):
        if held[tick[one] + REFERENCE_SAMPLES]:
            kept[one] = 0.0
        elif values[one] > event:
            held[tick[one] : tick[one] + 2 * REFERENCE_SAMPLES + 1] = True
    return kept


def largest_screens(screens: NDArray[np.float32]) -> tuple[NDArray[np.int64], int]:
    """(ticks whose screen is in the top few per cent, number of all): only those can be in the deciding statistic's tail."""
    count = min(max(int(len(screens) * 2 * _TAIL), 20), len(screens), _MOST)
    return np.argsort(-screens)[:count], len(screens)


def fitted_with_operations(tail: NDArray[np.float64], total: int, probability: float, least_excess: float) -> float:
    """As ``fitted``, for history with frequent operations: they form a far tail that is rare and of larger scale than noise.

    The maximum of fits to smaller and smaller tails, because a few operations hardly change the mean excess of many ticks.
    """
    return max(fitted(tail, total, probability, least_excess, share) for share in _SWITCHING_TAILS)


def fitted(tail: NDArray[np.float64], total: int, probability: float, least_excess: float, share: float = _TAIL) -> float:
    """Threshold at ``probability`` from an exponential tail fitted to the largest values of ``total`` samples.

    Peaks over threshold with the mean excess as scale; the largest few are left out of the fit (in history they may be
    unknown events), ``least_excess`` bounds the scale from below.
    """
    keep = max(min(int(total * share), len(tail) // 2), 2)
    if len(tail) <= keep:
        return math.inf
    foot = float(tail[keep])
    trimmed = max(1, keep // 50)
    # Trimming the top of an exponential sample lowers its mean excess: corrected by the expected ratio.
    excess = float(np.mean(tail[trimmed:keep] - foot))
    cut = trimmed / keep
    corrected = excess / max(1.0 + cut * math.log(cut) / (1.0 - cut), 0.5)
    scale = max(corrected, least_excess)
    return foot + scale * math.log(max(keep / total / probability, 1.0))
