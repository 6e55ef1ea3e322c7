"""Window statistics: the mean of the last ticks against as many before, at least an hour, matched against all pipes.

A difference accumulates evidence over hours without accumulating what the model does wrong for days.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from console.detection.driven.matched_windows import in_doubt, matched, mode_means, unit
from console.detection.driven.threshold_calibration import rare
from console.detection.driven.window_noise import OWN_TICKS, Extrapolation, WindowNoise, by_hour, covariance, half_hour
from maps.columns import Bools, Floats

WINDOWS_MIN = (10, 15, 30, 60, 120, 180, 360)
_LEAST_REFERENCE_MIN = 60
"""Each window is compared with as much time before it: the mean of an hour would scatter more than that of six hours."""
_SHAPES = 300
"""Signatures that stand for those of all pipes in the test of a tick."""
_MEDIAN = 3
_FOLDS = 4
_FOLD_S = 172_800.0
_DIAGONAL_TICKS, _POOLED_TICKS = 20.0, 10.0
_WINDOW_RATE = 0.25
"""Exceedances a month that set the scale of each window."""
_LEAST_USUAL = 20.0
"""Least scale of a window: what chance alone exceeds so seldom, matched over tens of distinct places (normal distribution).

Of a kind that is rare in history, such as six hours without any switch, too few ticks are known to read a smaller one.
"""


@dataclass(frozen=True, eq=False)
class SignatureBank:
    """Signatures of all pipes in some driven states, (states, channels, pipes) float32, channel units per m³/h.

    ``regime``: (states,) row of the combination of link states; ``demand_m3h``: (states,) total.
    """

    regime: NDArray[np.int64]
    demand_m3h: Floats
    of_pipe: NDArray[np.float32]

    def digest(self, scale: Floats) -> SignatureBank:
        """At most 300 pipes that stand for all: each other one looks like one of them. ``scale``: (channels,) of a reading."""
        states, channels, pipes = self.of_pipe.shape
        if pipes <= _SHAPES:
            return self
        middle = np.unique(np.linspace(0, states - 1, 3).astype(np.int64))
        shape = (self.of_pipe[middle] / scale[None, :, None].astype(np.float32)).reshape(len(middle) * channels, pipes)
        size = np.linalg.norm(shape, axis=0)
        shape = shape / np.maximum(size, 1e-9)
        chosen = [int(size.argmax())]
        likeness = shape[:, chosen[0]] @ shape
        while len(chosen) < _SHAPES:
            chosen.append(int(np.where(size > 1e-9, likeness, 1.0).argmin()))
            likeness = np.maximum(likeness, shape[:, chosen[-1]] @ shape)
        return replace(self, of_pipe=self.of_pipe[:, :, np.array(chosen)])

    def nearest(self, regime: NDArray[np.int64], demand_m3h: Floats) -> NDArray[np.int64]:
        """Row of the state for each tick: of the same combination if there is one, nearest in demand."""
        found = np.zeros(len(regime), dtype=np.int64)
        for one in np.unique(regime):
            ticks = np.flatnonzero(regime == one)
            rows = np.flatnonzero(self.regime == one)
            rows = rows if len(rows) else np.arange(len(self.regime))
            off = np.abs(np.nan_to_num(demand_m3h[ticks])[:, None] - self.demand_m3h[rows])
            found[ticks] = rows[off.argmin(axis=1)]
        return found


@dataclass(frozen=True, eq=False)
class Stretch:
    """Consecutive ticks: ``values`` (ticks, channels) residuals in units of their scale; the rest (ticks,) each.

    ``changed``: a link or tank changed its state since the tick before; ``row``: of the signature bank; ``scale``: (ticks,
    channels) channel units. ``leverage_rows``: (ticks, n): the squared length of a difference of their means is the variance
    that the expectation's own error adds to that difference, in units of the variance of ``values``. ``other_modes``: (ticks,
    tanks, channels) what a tank in its other mode would change of ``values``; 0 where it can be in one only.
    """

    values: Floats
    scale: Floats
    regime: NDArray[np.int64]
    changed: Bools
    second_of_day: Floats
    row: NDArray[np.int64]
    leverage_rows: NDArray[np.float32]
    other_modes: NDArray[np.float32]

    def of(self, channels: NDArray[np.int64]) -> Stretch:
        """Some channels only."""
        modes = self.other_modes[:, :, channels]
        return replace(self, values=self.values[:, channels], scale=self.scale[:, channels], other_modes=modes)

    def last(self, ticks: int) -> Stretch:
        """The last ticks only."""
        part = slice(-ticks, None)
        return Stretch(
            self.values[part],
            self.scale[part],
            self.regime[part],
            self.changed[part],
            self.second_of_day[part],
            self.row[part],
            self.leverage_rows[part],
            self.other_modes[part],
        )


@dataclass(frozen=True, eq=False)
class Match:
    """The best window of one tick. ``statistic``: in units of what history shows rarely.

    ``relieved``: a flow that ends fits better than one that begins.
    """

    window: int
    statistic: float
    difference: Floats
    covariance: Floats
    relieved: bool


def cleaned(values: Floats, changed: Bools, stored: Bools | None = None) -> Floats:
    """Residuals without glitches, (ticks, channels): the median of the last three ticks.

    The tick in which a pump or valve switched keeps the values before: its readings were not taken at one moment. ``stored``:
    (channels,) those of tanks and the balance, which are kept as they are: their noise is that of levels, and cancels in sums.
    """
    found = values.copy()
    for tick in np.flatnonzero(~np.isfinite(found).all(axis=1) | changed):
        # The median again: a glitch just before a switch must not be held.
        before = np.median(found[max(tick - _MEDIAN, 0) : tick], axis=0) if tick else np.zeros(found.shape[1])
        found[tick] = np.where(np.isfinite(found[tick]) & ~changed[tick], found[tick], before)
    padded = np.vstack([np.repeat(found[:1], _MEDIAN - 1, axis=0), found])
    median = np.median(np.lib.stride_tricks.sliding_window_view(padded, _MEDIAN, axis=0), axis=-1)
    return np.asarray(median if stored is None else np.where(stored, np.nan_to_num(values), median))


def differences(values: Floats | NDArray[np.float32], window: int, reference: int) -> Floats:
    """Mean of the last ``window`` ticks less the mean of ``reference`` ticks before, (ticks, channels); NaN at the start."""
    summed = np.vstack([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0, dtype=np.float64)])
    found = np.full(values.shape, np.nan, dtype=np.float64)
    end = np.arange(window + reference, len(values) + 1)
    recent = (summed[end] - summed[end - window]) / window
    found[end - 1] = recent - (summed[end - window] - summed[end - window - reference]) / reference
    return found


class WindowStatistics:
    """Matched field of all windows; learned from burst-free ticks."""

    def __init__(self, learned: Stretch, bank: SignatureBank, tick_s: float) -> None:
        """Raises ValueError for fewer ticks than the longest window with its reference."""
        self._bank = bank.digest(np.median(learned.scale, axis=0))
        self.windows = tuple(sorted({max(2, round(minutes * 60.0 / tick_s)) for minutes in WINDOWS_MIN}))
        self._least_reference = max(3, round(_LEAST_REFERENCE_MIN * 60.0 / tick_s))
        if len(learned.values) <= self.longest * 2:
            raise ValueError("too few ticks to learn from")
        fold = (np.arange(len(learned.values)) * tick_s // _FOLD_S).astype(np.int64) % _FOLDS
        noises, statistic = [], np.zeros((len(self.windows), len(learned.values)))
        self._extrapolation: list[Extrapolation] = []
        for number, window in enumerate(self.windows):
            difference = differences(learned.values, window, self.reference(window))
            known = np.isfinite(difference[:, 0])
            self._extrapolation.append(Extrapolation.of(self._leverage(learned, window), learned.values, difference[known]))
            for part in range(_FOLDS):
                noise = self._noise(learned, difference, window, fold != part)
                here = fold == part
                found, _ = self._statistics(learned, difference, window, noise, here)
                statistic[number, here] = found[here]
            noises.append(self._noise(learned, difference, window, np.ones(len(fold), dtype=bool)))
        self._noises = noises
        # Short windows, and those in which a pump or tank changed its state, have the heavier tail: each has its own scale, or
        # they would set the threshold of all.
        self._usual = np.ones((len(self.windows), 2))
        for number, window in enumerate(self.windows):
            mixed = self._mixed(learned.changed, window)
            for kind in (0, 1):
                own = np.where(mixed == kind, statistic[number], 0.0)[self.longest :]
                self._usual[number, kind] = max(rare(own, tick_s, _WINDOW_RATE), _LEAST_USUAL)
            statistic[number] /= self._usual[number, mixed.astype(np.int64)]
        self.replayed = statistic.max(axis=0)
        """(ticks,) the statistic on history, each part by what was learned from the others."""

    def reference(self, window: int) -> int:
        """Ticks before a window with which it is compared."""
        return max(window, self._least_reference)

    @property
    def longest(self) -> int:
        """Ticks of the longest window with its reference."""
        return self.windows[-1] + self.reference(self.windows[-1])

    @property
    def shortest(self) -> int:
        """Ticks of the shortest window with its reference: with fewer, nothing is tested."""
        return self.windows[0] + self.reference(self.windows[0])

    def match(self, stretch: Stretch) -> Match | None:
        """The best window at the last tick; None while there are too few ticks."""
        best: Match | None = None
        for number, window in enumerate(self.windows):
            reference = self.reference(window)
            need = window + reference
            if len(stretch.values) < need:
                break
            part = stretch.last(need)
            difference = differences(part.values, window, reference)
            only = np.zeros(need, dtype=bool)
            only[-1] = True
            noise = self._noises[number]
            statistic, relieved = self._statistics(part, difference, window, noise, only)
            mixed = bool(part.changed[1:].any())
            size = float(statistic[-1] / self._usual[number, int(mixed)])
            if best is None or size > best.statistic or (bool(relieved[-1]) and best.statistic < 1.0):
                best = Match(window, size, difference[-1], self._covariance(part, number, mixed), bool(relieved[-1]))
        return best

    def _covariance(self, stretch: Stretch, number: int, mixed: bool) -> Floats:
        """Covariance of a window's difference in units of the scale at the last tick."""
        window, noise, extrapolation = self.windows[number], self._noises[number], self._extrapolation[number]
        hour = noise.by_hour[half_hour(stretch.second_of_day[-1])]
        step = int(extrapolation.steps(self._leverage(stretch, window))[-1])
        return np.asarray(noise.of(int(stretch.regime[-1]), mixed) * np.outer(hour, hour) + extrapolation.added(step))

    def _leverage(self, stretch: Stretch, window: int) -> Floats:
        """(ticks,) variance of the expectation's error in a difference, in units of that of a tick's values; NaN at the start."""
        return np.asarray(np.square(differences(stretch.leverage_rows, window, self.reference(window))).sum(axis=1))

    def _noise(self, stretch: Stretch, difference: Floats, window: int, chosen: Bools) -> WindowNoise:
        known = chosen & np.isfinite(difference[:, 0])
        restless = by_hour(difference, stretch.second_of_day, known)
        scaled = difference / restless[half_hour(stretch.second_of_day)]
        mixed = self._mixed(stretch.changed, window)
        independent = 1.0 / (1.0 + window / 3.0)
        pooled = covariance(scaled[known])
        ticks = known.sum() * independent
        pooled = (ticks * pooled + _DIAGONAL_TICKS * np.diag(np.diag(pooled))) / (ticks + _DIAGONAL_TICKS)
        pooled += 1e-4 * np.eye(len(pooled))
        noise = WindowNoise(pooled, restless)
        for regime in np.unique(stretch.regime):
            for is_mixed in (False, True):
                own = known & (stretch.regime == regime) & (mixed == is_mixed)
                if own.sum() >= OWN_TICKS:
                    ticks, prior = own.sum() * independent, _POOLED_TICKS * len(pooled)
                    noise.own[int(regime), is_mixed] = (ticks * covariance(scaled[own]) + prior * pooled) / (ticks + prior)
        return noise

    def _mixed(self, changed: Bools, window: int) -> Bools:
        """Whether a state changed within the window or its reference, (ticks,)."""
        count = np.concatenate([[0], np.cumsum(changed)])
        tick = np.arange(len(changed))
        first = np.maximum(tick - window - self.reference(window) + 2, 0)
        return np.asarray(count[tick + 1] > count[first])

    def _statistics(
        self, stretch: Stretch, difference: Floats, window: int, noise: WindowNoise, chosen: Bools
    ) -> tuple[Floats, Bools]:
        """(statistic, whether a flow's end fits better) of the chosen ticks, (ticks,) each."""
        statistic, relieved = np.zeros(len(difference)), np.zeros(len(difference), dtype=bool)
        mixed = self._mixed(stretch.changed, window)
        known = chosen & np.isfinite(difference[:, 0])
        hour = half_hour(stretch.second_of_day)
        extrapolation = self._extrapolation[self.windows.index(window)]
        step = extrapolation.steps(self._leverage(stretch, window))
        modes = mode_means(in_doubt(stretch.other_modes), window, self.reference(window))
        doubtful = np.square(modes).sum(axis=(1, 2)) > 0.0
        whitenings: dict[tuple[int, int, int], Floats] = {}
        kinds = np.column_stack([stretch.regime, mixed, step, stretch.row, hour, doubtful])
        for kind, ticks in _alike(kinds, np.flatnonzero(known)):
            regime, is_mixed, added, row, half, is_doubtful = kind
            white = whitenings.get((regime, is_mixed, added))
            if white is None:
                total = noise.of(regime, bool(is_mixed)) + extrapolation.added(added)
                white = whitenings[regime, is_mixed, added] = np.linalg.inv(np.linalg.cholesky(total))
            restless = noise.by_hour[half]
            scale = stretch.scale[ticks[0]] * restless
            shapes = unit(white, self._bank.of_pipe[row] / scale[:, None].astype(np.float32))
            nuisance = (modes[ticks] / restless) @ white.T if is_doubtful else None
            statistic[ticks], relieved[ticks] = matched((difference[ticks] / restless) @ white.T, shapes, nuisance)
        return statistic, relieved


def _alike(kinds: NDArray[np.int64], ticks: NDArray[np.int64]) -> Iterator[tuple[list[int], NDArray[np.int64]]]:
    """Ticks of each combination of ``kinds``, (all ticks, n)."""
    if not len(ticks):
        return
    order = np.lexsort(kinds[ticks].T)
    ordered = kinds[ticks[order]]
    first = np.flatnonzero(np.append(True, (np.diff(ordered, axis=0) != 0).any(axis=1)))
    yield from zip(ordered[first].tolist(), np.split(ticks[order], first[1:]), strict=True)
