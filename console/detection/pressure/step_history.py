"""Step history: extracts operations, noise correlations and thresholds from the burst-free step history of one group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from console.detection.pressure.daily_pattern import DailyFactors
from console.detection.pressure.matched_field import MatchedField, common_change
from console.detection.pressure.recent_level import REFERENCE_SAMPLES, predicted
from console.detection.pressure.thresholds import quiet_level, screens_by_state
from maps.columns import Floats

_LIVELY = 2.5
_CLIP_SIGMAS = 4.0
_MOST_TIMES_GAUSSIAN = 12.0

_SWITCH, _MOSTLY = 30.0, 0.6
"""Least chi-square of a step along a pump's response, above noise, and its least share of the step's chi-square."""

Decide = Callable[[MatchedField, NDArray[np.float32]], float]
"""The statistic of ticks (window, n) in a field."""


@dataclass(frozen=True, eq=False)
class Tail:
    """How thresholds are derived from history: exceeded with ``probability`` per tick, at least ``gaussian``.

    ``hour_factor``: (ticks,) threshold factor by time of day. ``switching``: frequent operations belong to normal operation.
    ``is_operation``: whether an operation explains ticks (window, n) in a state.
    """

    probability: float
    gaussian: float
    hour_factor: Floats
    switching: bool
    is_operation: Callable[[NDArray[np.float32], int], bool]


@dataclass(frozen=True, eq=False)
class StepHistory:
    """``steps``: (ticks, n), m, NaN where unknown; ``number``: (ticks,) hydraulic state; ``field_of``: the field of a state."""

    steps: NDArray[np.float32]
    number: NDArray[np.int64]
    field_of: Callable[[int], MatchedField]

    def calm_and_switching(self, jumps: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(calm ticks, ticks on which something switched); ``jumps``: (ticks, n), m, from one tick to the next."""
        liveliness, odd = np.full(len(self.steps), np.nan), np.full(len(self.steps), np.nan)
        for one in np.unique(self.number):
            precision = self.field_of(int(one)).precision
            for source, target in ((self.steps, liveliness), (jumps, odd)):
                chosen = np.flatnonzero((self.number == one) & np.isfinite(source).all(axis=1))
                target[chosen] = _trimmed_chi_square(source[chosen], precision)
        limit = _LIVELY * max(float(self.steps.shape[1]), float(np.nanmedian(liveliness))) + 20.0
        calm = np.flatnonzero(liveliness <= limit)
        events = np.flatnonzero(odd > limit)
        # The return of an outlier, or of a switch within one interval, is no separate operation.
        before = np.nan_to_num(odd[np.maximum(events - 1, 0)])
        return calm, events[odd[events] > 2.0 * np.where(before > limit, before, 0.0)]

    def pump_deliveries(self, modes_of: Callable[[int], NDArray[np.float32]]) -> list[Floats]:
        """Per pump (k, 2): flow, m³/h, of the steps that fit a switch of it, and the variance of that flow.

        ``modes_of``: (n, pumps) responses in a state. A pump's step may be too small for a single event and still recur
        many times.
        """
        found: list[list[Floats]] = []
        for one in np.unique(self.number):
            modes, precision = modes_of(int(one)), self.field_of(int(one)).precision
            here = self.steps[(self.number == one) & np.isfinite(self.steps).all(axis=1)]
            size = np.maximum(np.einsum("ij,ij->j", modes, precision @ modes), 1e-9)
            along = here @ (precision @ modes)
            gain, excess = along**2 / size, np.einsum("ij,ij->i", here @ precision, here) - here.shape[1]
            like = (gain > _SWITCH) & (gain > _MOSTLY * excess[:, None])
            delivery = [np.abs(along[like[:, pump], pump]) / size[pump] for pump in range(modes.shape[1])]
            found.append([np.stack([each, np.full(len(each), 1.0 / size[pump])], axis=1) for pump, each in enumerate(delivery)])
        return [np.concatenate(each) for each in zip(*found, strict=True)]

    def shape(self, calm: NDArray[np.int64], covariance_of: Callable[[int], Floats]) -> Floats:
        """Correlations (n, n) of ``calm`` ticks beyond those of ``covariance_of`` each state; the unit matrix where none."""
        stations = self.steps.shape[1]
        seen = np.zeros((stations, stations))
        for one in np.unique(self.number[calm]):
            lower = np.linalg.cholesky(covariance_of(int(one)))
            here = self.steps[calm[self.number[calm] == one]]
            white = np.clip(np.linalg.solve(lower, here.T.astype(np.float64)), -_CLIP_SIGMAS, _CLIP_SIGMAS)
            seen += white @ white.T
        own = 2.0 * stations
        return np.asarray((seen + own * np.eye(stations)) / (len(calm) + own))

    def replayed(self, pressure_m: NDArray[np.float32], usual_m: NDArray[np.float32], sigma_m: float, tail: Tail) -> StepHistory:
        """Causal replay: steps as computed live. The tick of an operation is NaN; later references include its step.

        ``pressure_m``: (ticks, n); ``usual_m``: (ticks, n) steps that recur at the same time every day; ``sigma_m``: noise of one
        sample.
        """
        steps, pressure = self.steps.copy(), pressure_m.astype(np.float64)
        whole = np.flatnonzero(np.isfinite(steps).all(axis=1))
        screens = screens_by_state(steps[whole], self.number[whole], self.field_of)
        for tick in whole[screens > tail.gaussian].tolist():
            step, number = steps[tick], int(self.number[tick])
            crosses = self.field_of(number).decisive(step[None]) > tail.gaussian
            if not crosses or not tail.is_operation(step[None], number):
                continue
            begin, after = tick - REFERENCE_SAMPLES, slice(tick + 1, tick + 1 + REFERENCE_SAMPLES)
            pressure[begin:tick] += step
            steps[after] = steps_of(pressure[begin + 1 : after.stop], sigma_m)[REFERENCE_SAMPLES:] - usual_m[after]
            steps[tick] = np.nan
        return replace(self, steps=steps)

    def hours(self, second_of_day: Floats, tick_s: float, ticks: int) -> DailyFactors:
        """Threshold factors by time of day; each applies to ``ticks`` ticks."""
        whole = np.flatnonzero(np.isfinite(self.steps).all(axis=1))
        screens = screens_by_state(self.steps[whole], self.number[whole], self.field_of)
        return DailyFactors.learned(screens, second_of_day[whole], tick_s, ticks)

    def threshold(self, window: int, tail: Tail, decide: Decide) -> tuple[float, float]:
        """(threshold of ``decide`` for the set false alarm rate without operations; median screen, 0 if unknown)."""
        found = quiet_level(
            self.steps,
            self.number,
            window,
            tail.hour_factor[window - 1 :],
            self.field_of,
            lambda ticks, number: self._surviving(ticks, number, tail, decide),
            tail.probability,
            switching=tail.switching,
            event=tail.gaussian,
        )
        if found is None:
            return tail.gaussian, 0.0
        return float(np.clip(found[0], tail.gaussian, _MOST_TIMES_GAUSSIAN * tail.gaussian)), found[1]

    def _surviving(self, ticks: NDArray[np.float32], number: int, tail: Tail, decide: Decide) -> float:
        statistic = decide(self.field_of(number), ticks)
        return 0.0 if statistic > tail.gaussian / 2.0 and tail.is_operation(ticks, number) else statistic


def steps_of(pressure_m: NDArray[np.floating], sigma_m: float) -> NDArray[np.float32]:
    """(ticks, n): each tick minus its prediction from the ticks before; NaN at the start. ``sigma_m``: noise of one sample."""
    steps = np.full(pressure_m.shape, np.nan, dtype=np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(pressure_m, REFERENCE_SAMPLES, axis=0)[:-1]
    newest_first = np.moveaxis(windows, -1, 0)[::-1].astype(np.float64)
    steps[REFERENCE_SAMPLES:] = pressure_m[REFERENCE_SAMPLES:] - predicted(newest_first, sigma_m)
    return steps


def common_statistic(field: MatchedField, ticks: NDArray[np.float32]) -> float:
    """Statistic of the change common to all ticks (window, n), one station left out."""
    return field.without_one(common_change(ticks))


def _trimmed_chi_square(steps: NDArray[np.float32], precision: NDArray[np.float32]) -> NDArray[np.float32]:
    """Chi-square of each step (ticks, n) without its two largest stations, robust against outliers."""
    pull = steps @ precision
    alone = np.sort(pull**2 / np.maximum(np.diag(precision), 1e-9), axis=1)
    return np.asarray(np.einsum("ij,ij->i", pull, steps) - alone[:, -2:].sum(axis=1))
