"""Matched field: generalised likelihood ratio of a burst at any candidate node against none (path A's statistic)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maps.columns import Floats
from maps.locate.covariance import free_directions, with_free_directions

_SUSPECTS = 3
_FELT, _KNOWN = 1e-6, 1e-3
_ALLOWED_SIGMAS = 3.0
_OUTLIER_SHARE, _OUTLIER_LEAST = 0.6, 25.0


def summed(ticks: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sum over ticks (window, n) in units of one tick's noise, (n,)."""
    return np.asarray(ticks.sum(axis=0) / np.sqrt(np.float32(len(ticks))))


def common_change(ticks: NDArray[np.float32]) -> NDArray[np.float32]:
    """Smallest common change of the ticks (window, n), in the scale of ``summed``, (n,): 0 where signs differ."""
    least = np.abs(ticks).min(axis=0) * np.sqrt(np.float32(len(ticks)))
    alike = np.abs(np.sign(ticks).sum(axis=0)) == len(ticks)
    return np.asarray(np.where(alike, np.sign(ticks[0]) * least, np.float32(0.0)))


@dataclass(frozen=True, eq=False)
class MatchedField:
    """Generalised likelihood ratio of one group in one hydraulic state with its noise covariance C.

    With P = C⁻¹: ``precision`` P (n, n), ``weighted`` P A (n, shapes), ``size`` diag(Aᵀ P A) (shapes,). Leaving stations out
    is exact without a new inverse: marginal precision by the Schur complement.
    """

    precision: NDArray[np.float32]
    weighted: NDArray[np.float32]
    size: NDArray[np.float32]

    @classmethod
    def of(cls, shapes: NDArray[np.float32], demand_modes: Floats, covariance: Floats, free_m: float = 30.0) -> MatchedField:
        """``shapes``: (n, shapes) signatures; ``covariance``: (n, n), m²; demand drift and offset are projected out.

        Needs more stations than projected directions: with fewer the statistic is near zero.
        """
        full = with_free_directions(covariance, free_directions(demand_modes), free_m)
        precision: Floats = np.asarray(np.linalg.inv(full))
        precision = (precision + precision.T) / 2.0
        weighted: Floats = np.asarray(precision @ shapes)
        size = np.maximum(np.einsum("ij,ij->j", shapes, weighted), 0.0)
        single = np.float32
        return cls(precision.astype(single), weighted.astype(single), size.astype(single))

    def without(self, out: NDArray[np.int64]) -> MatchedField:
        """The field with stations ``out`` (positions) unknown; their rows become zero."""
        if not len(out):
            return self
        inner = _single(np.linalg.inv(self.precision[np.ix_(out, out)]))
        across = self.precision[:, out] @ inner
        precision = _single(self.precision - across @ self.precision[out])
        weighted = _single(self.weighted - across @ self.weighted[out])
        size = self.size - np.einsum("ij,ij->j", self.weighted[out], inner @ self.weighted[out])
        precision[out] = 0.0
        precision[:, out] = 0.0
        weighted[out] = 0.0
        return MatchedField(precision, weighted, _single(np.maximum(size, 0.0)))

    def statistics(self, residual: NDArray[np.float32]) -> NDArray[np.float32]:
        """GLR of every shape for residuals (n,) or (n, ticks): (shapes,) or (shapes, ticks). Unknown stations as 0."""
        along = np.maximum(self._along @ residual, 0.0)
        inverse = self.inverse_size
        return np.asarray(along * along * (inverse if residual.ndim == 1 else inverse[:, None]))

    @cached_property
    def _along(self) -> NDArray[np.float32]:
        """Aᵀ P, (shapes, n), laid out for the product that every tick needs."""
        return np.ascontiguousarray(self.weighted.T)

    @cached_property
    def inverse_size(self) -> NDArray[np.float32]:
        """1 / size of every shape, (shapes,); 0 where no station feels it."""
        felt = self.size > _FELT
        return np.where(felt, 1.0 / np.where(felt, self.size, 1.0), 0.0).astype(np.float32)

    def screen(self, residual: NDArray[np.float32]) -> float:
        """Largest statistic with all stations: an upper bound of the deciding statistic."""
        return float(self.statistics(residual).max(initial=0.0))

    def suspects(self, residual: NDArray[np.float32]) -> NDArray[np.int64]:
        """Stations with the largest deviation from their prediction by all others."""
        return _odd_ones(self.precision @ residual, np.diag(self.precision))

    def decisive(self, ticks: NDArray[np.float32]) -> float:
        """Deciding statistic of ticks (window, n), unknown stations as 0.

        One station is left out of a single tick, two of several ticks (outliers of different ticks add up).
        """
        return self.without_one(ticks[0]) if len(ticks) == 1 else self.without_two(summed(ticks))

    def without_one(self, residual: NDArray[np.float32]) -> float:
        """Largest statistic with one station left out: the minimum over the most suspicious ones."""
        whole = self._whole(residual)
        return min((self._left(whole, int(one)).best() for one in whole.odd_ones()), default=0.0)

    def without_two(self, residual: NDArray[np.float32]) -> float:
        """Largest statistic with the two most suspicious stations left out in turn, robust against two outliers."""
        whole = self._whole(residual)
        least = np.inf
        for one in whole.odd_ones():
            rest = self._left(whole, int(one))
            least = min(least, *(self._left(rest, int(two)).best() for two in rest.odd_ones()), np.inf)
        return float(least) if np.isfinite(least) else 0.0

    def is_flow_end(self, residual: NDArray[np.float32]) -> bool:
        """Whether the end of a flow explains residuals (n,) better than a new flow: a repair, not a burst.

        Without the part common to all stations the two can look alike, so the mean pressure must also have risen.
        """
        heard = np.diag(self.precision) > 0
        risen = bool(heard.any()) and float(np.median(residual[heard])) > 0.0
        return risen and self.screen(-residual) > self.screen(residual)

    def misfit(self, residual: NDArray[np.float32]) -> float:
        """Chi-square of residuals (n,) after the best burst fit."""
        return float(residual @ (self.precision @ residual)) - self.screen(residual)

    def outlier(self, residual: NDArray[np.float32]) -> NDArray[np.int64]:
        """Position of an outlier: a station that no burst explains and without which the rest fits well. At most one."""
        misfit = self.misfit(residual)
        best, least = -1, misfit
        for one in self.suspects(residual):
            rest = residual.copy()
            rest[one] = 0.0
            left = self.without(np.array([one])).misfit(rest)
            if left < least:
                best, least = int(one), left
        clear = misfit - least > max(_OUTLIER_LEAST, _OUTLIER_SHARE * misfit)
        return np.array([best] if clear and best >= 0 else [], dtype=np.int64)

    def _whole(self, residual: NDArray[np.float32]) -> _Reduced:
        pull = self.precision @ residual
        return _Reduced(self.weighted.T @ residual, self.size, pull, np.diag(self.precision), float(residual @ pull))

    def _left(self, before: _Reduced, station: int) -> _Reduced:
        """Update the products with the residuals when one more station is left out: vector operations only."""
        row, shapes = self.precision[station], self.weighted[station]
        for gone, own, row_gone, shapes_gone in before.gone:
            share = row_gone[station] / own
            if gone != station:
                row, shapes = row - share * row_gone, shapes - share * shapes_gone
        own = before.variance[station]
        pull = before.pull[station] / own
        return _Reduced(
            before.along - shapes * pull,
            before.size - shapes**2 / own,
            before.pull - row * pull,
            before.variance - row**2 / own,
            before.total - float(pull * before.pull[station]),
            (*before.gone, (station, float(own), row, shapes)),
        )


@dataclass(frozen=True, eq=False)
class _Reduced:
    """Products of a field with residuals: ``along`` Aᵀ P r and ``size`` (shapes,), ``pull`` P r and ``variance`` (n,).

    ``total``: rᵀ P r. ``gone``: stations left out so far, with their precision, row of P and row of P A at that moment.
    """

    along: NDArray[np.float32]
    size: NDArray[np.float32]
    pull: NDArray[np.float32]
    variance: NDArray[np.float32]
    total: float
    gone: tuple[tuple[int, float, NDArray[np.float32], NDArray[np.float32]], ...] = ()

    def best(self) -> float:
        """The best signature's statistic, divided by the observed noise level.

        Where the chi-square after the burst fit is far above its expectation (pumps, valves, the morning rise of demand), the
        noise is larger than assumed and the statistic is divided by the ratio (one-sided F statistic).
        """
        felt = self.size > _FELT
        along = np.maximum(self.along[felt], 0.0)
        best = float((along**2 / self.size[felt]).max(initial=0.0))
        free = max(float(np.count_nonzero(self.variance > _KNOWN)), 1.0)
        return float(best / max(1.0, (self.total - best) / (free + _ALLOWED_SIGMAS * np.sqrt(2.0 * free))))

    def odd_ones(self) -> NDArray[np.int64]:
        return _odd_ones(self.pull, self.variance)


def _odd_ones(pull: NDArray[np.float32], variance: NDArray[np.float32]) -> NDArray[np.int64]:
    known = variance > _KNOWN
    odd = np.where(known, pull**2 / np.where(known, variance, 1.0), -1.0)
    order = np.argsort(-odd, kind="stable")[:_SUSPECTS]
    return order[odd[order] > 0.0]


def _single(values: NDArray[Any]) -> NDArray[np.float32]:
    return np.asarray(values, dtype=np.float32)
