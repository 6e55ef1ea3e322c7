"""Operations that change pressures without a burst: pump starts and stops, and steps seen before in burst-free history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from console.detection.flow.pump_meters import SteadyPumps
from console.detection.pressure.matched_field import MatchedField
from maps.columns import Floats

_NOISE_SIGMAS = 3.0
_UNLIKE = 0.15
_SAME_SIZE = (0.6, 1.6)
_SEEN_RANGE = (0.5, 2.0)
_NOISE_OF_STEPS = 1.0
_CLEAR = 0.85
_MARGIN_LEAST, _MARGIN_SHARE = 12.0, 0.03
_MOST_PATTERNS = 200
_TRUSTED_DAYS = 28.0
_MANY, _UNSTEADY = 20, 0.1
_LEAST_OF_USUAL, _LEAST_OF_SWITCHED, _MOST_OF_USUAL = 0.4, 0.1, 2.0


@dataclass(frozen=True, slots=True)
class OperationFit:
    """Fit of an operation to a step. ``misfit``: chi-square of the rest. ``pump``: row, -1 for a step seen before.

    ``known``: it was observed in history, or its channels show it now; else it is only possible. ``nameless``: a step that
    neither a known operation nor a burst explains.
    """

    misfit: float
    pump: int
    stopped: bool
    known: bool
    nameless: bool = False


NAMELESS = OperationFit(0.0, -1, stopped=False, known=True, nameless=True)
"""A step that neither a burst nor a known operation explains."""


@dataclass(eq=False)
class _Pattern:
    step_m: Floats
    count: int = 1


@dataclass(eq=False)
class KnownOperations:
    """Operations known to one group: steps of burst-free history, (n,) each, and observed pump deliveries.

    ``pumps``: rows of link pumps; ``scheduled``: whether the model switches them through its day.
    """

    pumps: NDArray[np.int64]
    scheduled: NDArray[np.bool_]
    patterns: list[_Pattern] = field(default_factory=list)
    seen: dict[int, tuple[float, float]] = field(default_factory=dict)
    usual: dict[int, tuple[float, float]] = field(default_factory=dict)
    """Column -> (median, variance) of a pump's delivery, m³/h, where history shows it many times."""

    def learn(self, step_m: Floats, pull: MatchedField, modes: NDArray[np.float32]) -> None:
        """Add a complete step of burst-free history (n,), m; ``modes``: (n, pumps) response to the loss of a pump's delivery."""
        total = _product(pull, step_m, step_m)
        self._learn_pump(step_m, pull, modes, total)
        pattern, factor = self._alike(step_m, pull, total)
        if pattern is not None:
            pattern.step_m = (pattern.step_m * pattern.count + step_m * np.sign(factor)) / (pattern.count + 1)
            pattern.count += 1
            return
        if len(self.patterns) < _MOST_PATTERNS:
            self.patterns.append(_Pattern(np.asarray(step_m, dtype=np.float64)))

    def _alike(self, step_m: Floats, pull: MatchedField, total: float) -> tuple[_Pattern | None, float]:
        """(the stored pattern that a step repeats up to scale and noise, its factor)."""
        if not self.patterns:
            return None, 0.0
        count = np.array([pattern.count for pattern in self.patterns], dtype=np.float64)
        along, size = _fits(pull, step_m, np.stack([pattern.step_m for pattern in self.patterns], axis=1).astype(np.float32))
        factor = along / np.maximum(size, 1e-9)
        left = total - factor * along - (1.0 + factor**2 / count) * _noise(len(step_m))
        same_size = (np.abs(factor) >= _SAME_SIZE[0]) & (np.abs(factor) <= _SAME_SIZE[1])
        best = int(np.argmin(np.where(same_size, left, np.inf)))
        if not same_size[best] or left[best] > _MARGIN_SHARE * total:
            return None, 0.0
        return self.patterns[best], float(factor[best])

    def trust_history(self, days: float, deliveries: Sequence[Floats]) -> None:
        """Update the scheduled pumps from ``days`` of history at the live interval: pumps that never switched in it are removed.

        ``deliveries``: by pump (k, 2), flow m³/h of the steps that fit its response, and their variances. A pump needs one switch
        in 14 days to stay scheduled; many give its usual delivery.
        """
        if days < _TRUSTED_DAYS:
            return
        switches = np.array([len(each) for each in deliveries], dtype=np.int64)
        self.scheduled = self.scheduled & (switches * 14.0 >= days)
        self.patterns = [pattern for pattern in self.patterns if pattern.count > 1]
        for column, each in enumerate(deliveries):
            if len(each) >= _MANY:
                usual, noise = np.median(each, axis=0).tolist()
                spread = 1.4826 * float(np.median(np.abs(each[:, 0] - usual)))
                self.usual[column] = usual, max(spread**2 - noise, 0.0) + (_UNSTEADY * usual) ** 2

    def _learn_pump(self, step_m: Floats, pull: MatchedField, modes: NDArray[np.float32], total: float) -> None:
        if not len(self.pumps):
            return
        along, size = _fits(pull, step_m, modes)
        gain = along**2 / np.maximum(size, 1e-9)
        best = int(np.argmax(gain))
        if gain[best] < _CLEAR * total:
            return
        delivery = float(abs(along[best]) / max(size[best], 1e-9))
        low, high = self.seen.get(best, (delivery, delivery))
        self.seen[best] = min(low, delivery), max(high, delivery)

    def explain(
        self,
        step_m: NDArray[np.float32],
        pull: MatchedField,
        modes: NDArray[np.float32],
        running_m3h: Floats,
        switched: frozenset[int],
        steady: frozenset[int],
        root: float = 1.0,
        least_seen: int = 1,
    ) -> OperationFit | None:
        """The operation with the smallest misfit of a step (n,), unknown stations as 0; None without candidates.

        ``running_m3h``: (pumps,) usual delivery. ``switched``, ``steady``: pump rows whose channels show a switch, or none.
        ``root``: factor by which the step was scaled up (mean of several ticks in units of one tick's noise).
        ``least_seen``: how often a pattern must have been observed to be a candidate.
        """
        total, scaled = _product(pull, step_m, step_m), np.asarray(modes * np.float32(root))
        tried = [
            self._usual(step_m, pull, total, root, least_seen),
            self._pump(step_m, pull, scaled, running_m3h, total, switched, steady),
        ]
        found = [one for one in tried if one is not None]
        known = [one for one in found if one.known]
        return min(known or found, key=lambda one: one.misfit, default=None)

    def _usual(
        self, step_m: NDArray[np.float32], pull: MatchedField, total: float, root: float, least_seen: int
    ) -> OperationFit | None:
        patterns = [pattern for pattern in self.patterns if pattern.count >= least_seen]
        if not patterns:
            return None
        shapes = np.stack([pattern.step_m for pattern in patterns], axis=1).astype(np.float32) * np.float32(root)
        count = np.array([pattern.count for pattern in patterns], dtype=np.float64)
        along, size = _fits(pull, step_m, shapes)
        wanted = along / np.maximum(size, 1e-9)
        factor = np.sign(wanted) * np.clip(np.abs(wanted), *_SEEN_RANGE)
        left = total - 2.0 * factor * along + factor**2 * size
        # A pattern has noise of its own: the misfit is normalised by the noise of pattern and step.
        left /= 1.0 + _NOISE_OF_STEPS * factor**2 / count
        best = int(np.argmin(left))
        if left[best] > _noise(len(step_m)) + _UNLIKE * total:
            return None  # too large a misfit for the same step, even where a burst fits worse
        return OperationFit(float(left[best]), -1, stopped=bool(factor[best] > 0), known=True)

    def _pump(
        self,
        step_m: NDArray[np.float32],
        pull: MatchedField,
        modes: NDArray[np.float32],
        running_m3h: Floats,
        total: float,
        switched: frozenset[int],
        steady: frozenset[int],
    ) -> OperationFit | None:
        if not len(self.pumps):
            return None
        along, size = _fits(pull, step_m, modes)
        known = np.array([column in self.seen or int(pump) in switched for column, pump in enumerate(self.pumps)], dtype=bool)
        known |= self.scheduled
        # A step far below a pump's delivery is no switch of it.
        # For a pump that is known to have switched, neighbouring pumps may make up part of the loss.
        told = np.array([int(pump) in switched for pump in self.pumps], dtype=bool)
        least = np.where(told, _LEAST_OF_SWITCHED, _LEAST_OF_USUAL) * running_m3h
        most = np.array([1.6 * self.seen[column][1] if column in self.seen else 0.0 for column in range(len(self.pumps))])
        most = np.maximum(most, _MOST_OF_USUAL * running_m3h)
        wanted = along / np.maximum(size, 1e-9)
        factor = np.sign(wanted) * np.clip(np.abs(wanted), least, np.maximum(most, least))
        left = total - 2.0 * factor * along + factor**2 * size
        for column, (usual, variance) in self.usual.items():
            # A step far from the pump's usual delivery raises the misfit.
            if not told[column]:
                left[column] += (abs(wanted[column]) - usual) ** 2 / (variance + 1.0 / max(size[column], 1e-9))
        silent = np.array([int(pump) in steady for pump in self.pumps], dtype=bool)
        if isinstance(steady, SteadyPumps):
            # At a pumping station whose outflow rose no pump stopped; where it fell, none started.
            silent |= (factor > 0.0) & np.array([int(pump) in steady.rising for pump in self.pumps], dtype=bool)
            silent |= (factor < 0.0) & np.array([int(pump) in steady.falling for pump in self.pumps], dtype=bool)
        left = np.where(silent, np.inf, left)
        chosen = known & ~silent
        best = int(np.argmin(np.where(chosen, left, np.inf) if chosen.any() else left))
        if not np.isfinite(left[best]):
            return None
        return OperationFit(float(left[best]), int(self.pumps[best]), stopped=bool(factor[best] > 0), known=bool(known[best]))


def explains(explanation: OperationFit | None, total: float, burst_misfit: float) -> bool:
    """Whether an operation fits a step about as well as a burst: the operation is then far more likely a priori."""
    margin = _MARGIN_LEAST + _MARGIN_SHARE * total
    return explanation is not None and explanation.misfit <= burst_misfit + margin


def _noise(stations: int) -> float:
    """Upper bound of the chi-square of pure noise."""
    return float(stations + _NOISE_SIGMAS * np.sqrt(2.0 * stations))


def _product(pull: MatchedField, one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    return float(one.astype(np.float64) @ pull.precision.astype(np.float64) @ other.astype(np.float64))


def _fits(pull: MatchedField, step_m: NDArray[np.floating], shapes: NDArray[np.float32]) -> tuple[Floats, Floats]:
    """(along, size) of shapes (n, k) fitted to a step (n,): best factor along / size, gain in chi-square along² / size."""
    weighted = pull.precision @ shapes
    along = np.asarray(weighted.T @ step_m.astype(np.float32), dtype=np.float64)
    size = np.asarray(np.einsum("ij,ij->j", shapes, weighted), dtype=np.float64)
    return along, np.maximum(size, 0.0)
