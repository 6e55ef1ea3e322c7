"""Night trend: detects leaks that grow over days by comparing a group's night pressures with earlier nights."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from console.detection.crossing import Crossing
from console.detection.medians import known_median
from console.detection.options import DetectorOptions
from console.detection.pressure.matched_field import MatchedField
from console.detection.pressure.thresholds import simulated
from console.detection.signature_cache import SignatureCache
from maps.columns import Floats

FROM_S, UNTIL_S = 2 * 3600.0, 4 * 3600.0
"""Night hours: demand is lowest and leakage highest."""

REFERENCE_NIGHTS, GAP_NIGHTS, RECENT_NIGHTS = 14, 7, 3
"""The last nights are compared with those before a gap in which a leak may already have grown."""

_NIGHTS = REFERENCE_NIGHTS + GAP_NIGHTS + RECENT_NIGHTS
_LEAST_SAMPLES, _LEAST_STATIONS = 3, 4
_DAY_US = 86_400_000_000
_CLIP_SIGMAS = 4.0
_FLOOR_M = 0.02
_ALIKE = 2.0
"""Variance factor for the autocorrelation of successive nights."""

_CAUTION = 1.2
_FALSE_A_YEAR = 1.0 / 365.0


class NightTrend:
    """Nightly pressures of one group; ``rows``: its station rows (n ≤ 100)."""

    def __init__(self, rows: NDArray[np.int64], cache: SignatureCache, options: DetectorOptions, groups: int) -> None:
        self.rows = rows
        self._cache, self._has_model, self._options = cache.group(rows), bool(cache.states), options
        self._probability = _FALSE_A_YEAR / groups
        self._nights: deque[Floats] = deque(maxlen=_NIGHTS)
        self._tonight: list[Floats] = []
        self._known_from_us = 0
        self._suspicious = False

    def take(self, pressure_m: Floats, second_of_day: float, now_us: int) -> Crossing | None:
        """Add a tick's pressures (n,), m, NaN where unknown. Tests when a night has ended; two nights in a row must cross."""
        if FROM_S <= second_of_day < UNTIL_S:
            self._tonight.append(pressure_m)
            return None
        if not self._tonight:
            return None
        enough = len(self._tonight) >= _LEAST_SAMPLES
        night = _median(np.stack(self._tonight))
        self._tonight = []
        if not enough or now_us - self._known_from_us < _DAY_US // 2:
            return None
        self._nights.append(night)
        crossing = self._judged(second_of_day)
        before, self._suspicious = self._suspicious, crossing is not None
        return crossing if before else None

    def learn(self, at_us: NDArray[np.int64], second_of_day: Floats, pressure_m: NDArray[np.float32]) -> None:
        """Add nights of history: (ticks,), (ticks,), (ticks, n); nights before the last burst or its repair stay excluded."""
        quiet = (second_of_day >= FROM_S) & (second_of_day < UNTIL_S) & (at_us > self._known_from_us)
        if not quiet.any():
            return
        day = (at_us - (second_of_day * 1e6).astype(np.int64)) // _DAY_US
        self._nights.clear()
        for one in np.unique(day[quiet])[-_NIGHTS:]:
            chosen = quiet & (day == one)
            if np.count_nonzero(chosen) >= _LEAST_SAMPLES:
                self._nights.append(_median(pressure_m[chosen].astype(np.float64)))

    def forget(self, now_us: int) -> None:
        """Drop stored nights after a burst or its repair, because the night level changes."""
        self._nights.clear()
        self._tonight, self._known_from_us, self._suspicious = [], now_us, False

    def _judged(self, second_of_day: float) -> Crossing | None:
        if len(self._nights) < _NIGHTS:
            return None
        nights = np.stack(list(self._nights))
        reference, recent = nights[:REFERENCE_NIGHTS], nights[-RECENT_NIGHTS:]
        known = np.isfinite(reference).all(axis=0) & np.isfinite(recent).all(axis=0)
        if np.count_nonzero(known) < _LEAST_STATIONS:
            return None
        usual = np.median(reference, axis=0)
        shift = np.where(known, np.median(recent, axis=0) - usual, 0.0)
        digest = self._cache.digest(self._cache.page(second_of_day))
        # Scatter from differences of successive nights, so that a slowly growing leak does not count as noise.
        scatter = np.where(known, np.diff(nights, axis=0), 0.0) / np.sqrt(2.0)
        covariance = self._covariance(np.nan_to_num(scatter), digest.demand_gram)
        field = MatchedField.of(digest.heads, digest.demand_modes, covariance)
        unknown = np.flatnonzero(~known)
        threshold, _ = simulated(field, covariance, self._probability, seed=int(self.rows[0]))
        field, residual = field.without(unknown), shift.astype(np.float32)
        statistic, threshold = field.without_two(residual), _CAUTION * threshold
        if statistic <= threshold or field.is_flow_end(residual):
            return None
        shift[unknown] = np.nan
        return Crossing("N", 1, statistic, threshold, shift, covariance, lane="slow", drift_known=False, against="slow")

    def _covariance(self, deviation_m: Floats, demand_gram: Floats) -> Floats:
        """Covariance of the shift (n, n), m²: clipped scatter of nights, shrunk to the model's demand noise for few nights."""
        scale = 1.4826 * np.median(np.abs(deviation_m), axis=0)
        limit = _CLIP_SIGMAS * np.maximum(scale, 0.01)
        clipped = np.clip(deviation_m, -limit, limit)
        seen = clipped.T @ clipped / len(clipped)
        stations = len(self.rows)
        by_demand = self._options.demand_sigma**2 * demand_gram if self._has_model else 0.0
        assumed = by_demand + _FLOOR_M**2 * np.eye(stations)
        assumed *= max(float(np.trace(seen)), 1e-9) / float(np.trace(assumed))
        own = float(stations)
        one_night = (seen * len(clipped) + assumed * own) / (len(clipped) + own) + _FLOOR_M**2 * np.eye(stations)
        return np.asarray(one_night * (_ALIKE / RECENT_NIGHTS + 1.0 / REFERENCE_NIGHTS))


def _median(values: Floats) -> Floats:
    """Median along the first axis; NaN where fewer than half of the values are known."""
    result = np.full(values.shape[1], np.nan)
    heard = np.isfinite(values).sum(axis=0) * 2 >= len(values)
    result[heard] = known_median(values[:, heard])
    return result
