"""Window statistics: the mean of the last ticks against as many before, at least an hour, matched against all pipes.

A difference accumulates evidence over hours without accumulating what the model does wrong for days.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from console.detection.driven.matched_windows import in_doubt, matched, mode_means, unit
from console.detection.driven.threshold_calibration import rare
from console.detection.driven.window_differences import Seen, Stretch, Totals, differences
from console.detection.driven.window_noise import OWN_TICKS, Extrapolation, WindowNoise, by_hour, covariance, half_hour
from maps.columns import Bools, Floats

WINDOWS_MIN = (10, 15, 30, 60, 120, 180, 360)
_LEAST_REFERENCE_MIN = 60
"""Each window is compared with as much time before it: the mean of an hour would scatter more than that of six hours."""
_SHAPES = 300
"""Signatures that stand for those of all pipes in the test of a tick."""
_FOLDS = 4
_FOLD_S = 172_800.0
_DIAGONAL_TICKS, _POOLED_TICKS = 20.0, 10.0
_WINDOW_RATE = 0.25
"""Exceedances a month that set the scale of each window."""
_LEAST_USUAL = 20.0
"""Least scale of a window: what chance alone exceeds so seldom, matched over tens of distinct places (normal distribution).

Of a kind that is rare in history, such as six hours without any switch, too few ticks are known to read a smaller one.
"""


class TooFewTicks(ValueError):
    """History is too short, or has too many gaps."""


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
class Match:
    """The best window of one tick. ``statistic``: in units of what history shows rarely.

    ``relieved``: a flow that ends fits better than one that begins.
    """

    window: int
    statistic: float
    difference: Floats
    covariance: Floats
    relieved: bool


class WindowStatistics:
    """Matched field of all windows; learned from burst-free ticks."""

    def __init__(
        self,
        learned: Stretch,
        bank: SignatureBank,
        tick_s: float,
        usable: Bools | None = None,
        without: frozenset[str] = frozenset(),
    ) -> None:
        """``usable``: (ticks,) False where nothing was read, or during cases; windows over those teach nothing.

        ``without``: lanes that are switched off. Raises TooFewTicks for fewer ticks than the longest window with its
        reference.
        """
        usable = np.ones(len(learned.values), dtype=bool) if usable is None else usable
        self._without = without
        self._bank = bank.digest(np.median(learned.scale, axis=0))
        self.windows = tuple(sorted({max(2, round(minutes * 60.0 / tick_s)) for minutes in WINDOWS_MIN}))
        self._least_reference = max(3, round(_LEAST_REFERENCE_MIN * 60.0 / tick_s))
        if len(learned.values) <= self.longest * 2:
            raise TooFewTicks("too few ticks to learn from")
        fold = (np.arange(len(learned.values)) * tick_s // _FOLD_S).astype(np.int64) % _FOLDS
        noises, statistic = [], np.zeros((len(self.windows), len(learned.values)))
        self._extrapolation: list[Extrapolation] = []
        for number, window in enumerate(self.windows):
            difference = differences(learned.values, window, self.reference(window), usable)
            known = np.isfinite(difference[:, 0])
            if known.sum() <= self.longest:
                raise TooFewTicks("too few ticks without gaps to learn from")
            rows = differences(learned.leverage_rows, window, self.reference(window))
            leverage = np.where(known, np.square(rows).sum(axis=1), np.nan)
            self._extrapolation.append(Extrapolation.of(leverage, learned.values[usable], difference[known]))
            modes = mode_means(in_doubt(learned.other_modes), window, self.reference(window))
            for part in range(_FOLDS):
                noise = self._noise(learned, difference, window, fold != part)
                here = np.flatnonzero((fold == part) & known)
                mixed = self._mixed(learned.changed, window)[here]
                seen = Seen.of(learned, here, difference[here], mixed, self._extrapolation[-1].steps(leverage[here]), modes[here])
                statistic[number, here], _ = self._statistics(seen, noise, self._extrapolation[-1])
            noises.append(self._noise(learned, difference, window, np.ones(len(fold), dtype=bool)))
        self._noises = noises
        # Short windows, and those in which a pump or tank changed its state, have the heavier tail: each has its own scale, or
        # they would set the threshold of all.
        self._usual = np.ones((len(self.windows), 2))
        for number, window in enumerate(self.windows):
            mixed = self._mixed(learned.changed, window)
            for kind in (0, 1):
                own = np.where(mixed == kind, statistic[number], 0.0)[self.longest :][usable[self.longest :]]
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

    def over(self, stretch: Stretch) -> Floats:
        """(windows, ticks) the statistic of each window at each tick, as ``match`` gives it; 0 where there are too few ticks."""
        found = np.zeros((len(self.windows), len(stretch.values)))
        for number, window in enumerate(self.windows):
            reference, noise, extrapolation = self.reference(window), self._noises[number], self._extrapolation[number]
            difference = differences(stretch.values, window, reference)
            ticks = np.flatnonzero(np.isfinite(difference[:, 0]))
            leverage = np.square(differences(stretch.leverage_rows, window, reference)).sum(axis=1)[ticks]
            mixed = self._mixed(stretch.changed, window)[ticks]
            modes = mode_means(in_doubt(stretch.other_modes), window, reference)[ticks]
            seen = Seen.of(stretch, ticks, difference[ticks], mixed, extrapolation.steps(leverage), modes)
            statistic, _ = self._statistics(seen, noise, extrapolation)
            found[number, ticks] = statistic / self._usual[number, mixed.astype(np.int64)]
        return found

    def match(self, stretch: Stretch) -> Match | None:
        """The best window at the last tick; None while there are too few ticks."""
        best: Match | None = None
        values, rows = Totals(stretch.values), Totals(stretch.leverage_rows)
        is_doubtful = bool(stretch.other_modes.any())
        last = np.array([len(stretch.values) - 1])
        for number, window in enumerate(self.windows):
            reference = self.reference(window)
            need = window + reference
            if len(stretch.values) < need:
                break
            extrapolation, noise = self._extrapolation[number], self._noises[number]
            difference = values.difference(window, reference)
            step = extrapolation.steps(np.square(rows.difference(window, reference)).sum()[None])
            mixed = bool(stretch.changed[1 - need :].any()) and "driven_mixed" not in self._without
            felt = self._felt(stretch, window) if is_doubtful else np.zeros((1, 0, stretch.values.shape[1]))
            seen = Seen.of(stretch, last, difference[None], np.array([mixed]), step, felt)
            statistic, relieved = self._statistics(seen, noise, extrapolation)
            size = float(statistic[0] / self._usual[number, int(mixed)])
            if best is None or size > best.statistic or (bool(relieved[0]) and best.statistic < 1.0):
                covariance_ = self._covariance(seen, noise, extrapolation)
                best = Match(window, size, difference, covariance_, bool(relieved[0]))
        return best

    def _felt(self, stretch: Stretch, window: int) -> Floats:
        """(1, tanks, channels) as ``mode_means``, at the last tick."""
        reference = self.reference(window)
        some = in_doubt(stretch.other_modes[-window - reference :])
        return mode_means(some, window, reference)[-1:]

    def _covariance(self, seen: Seen, noise: WindowNoise, extrapolation: Extrapolation) -> Floats:
        """Covariance of a window's difference in units of the scale at a single tick."""
        hour = noise.by_hour[seen.half[0]]
        own = noise.of(int(seen.regime[0]), bool(seen.mixed[0]))
        return np.asarray(own * np.outer(hour, hour) + extrapolation.added(int(seen.step[0])))

    def _noise(self, stretch: Stretch, difference: Floats, window: int, chosen: Bools) -> WindowNoise:
        known = chosen & np.isfinite(difference[:, 0])
        restless = by_hour(difference, stretch.second_of_day, known)
        if "driven_hours" in self._without:
            restless = np.ones_like(restless)
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
        if "driven_mixed" in self._without:
            return np.zeros(len(changed), dtype=bool)
        count = np.concatenate([[0], np.cumsum(changed)])
        tick = np.arange(len(changed))
        first = np.maximum(tick - window - self.reference(window) + 2, 0)
        return np.asarray(count[tick + 1] > count[first])

    def _statistics(self, seen: Seen, noise: WindowNoise, extrapolation: Extrapolation) -> tuple[Floats, Bools]:
        """(statistic, whether a flow's end fits better), (ticks,) each."""
        statistic, relieved = np.zeros(len(seen.value)), np.zeros(len(seen.value), dtype=bool)
        whitenings: dict[tuple[int, int, int], Floats] = {}
        for kind, ticks in seen.alike():
            regime, is_mixed, added, row, half, is_doubtful = kind
            white = whitenings.get((regime, is_mixed, added))
            if white is None:
                total = noise.of(regime, bool(is_mixed)) + extrapolation.added(added)
                white = whitenings[regime, is_mixed, added] = np.linalg.inv(np.linalg.cholesky(total))
            restless = noise.by_hour[half]
            scale = seen.scale[ticks[0]] * restless
            shapes = unit(white, self._bank.of_pipe[row] / scale[:, None].astype(np.float32))
            nuisance = (seen.modes[ticks] / restless) @ white.T if is_doubtful else None
            statistic[ticks], relieved[ticks] = matched((seen.value[ticks] / restless) @ white.T, shapes, nuisance)
        return statistic, relieved
