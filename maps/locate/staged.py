"""Location by full hydraulics in stages: the likeliest pipes are solved, their neighbours corrected by the nearest solved one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from maps.columns import Bools, Floats
from maps.locate.covariance import whitener
from maps.locate.refine import Changes, most_refined, refined_shapes
from maps.locate.station_placement import resistance_graph
from maps.network import PipeNetwork

_ROUNDS = 3
_LEAST_SOLVED = 12
"""Of one round: with fewer, a large city would be corrected from a single neighbourhood."""


@dataclass(frozen=True, slots=True)
class SignatureErrors:
    """Errors of signatures: ``residual_share`` of each channel, ``norm_share`` of the length of all, both in noise units."""

    residual_share: float
    norm_share: float

    def variance(self, value: Floats) -> Floats:
        """(channels,) variance that a burst's signature adds to a difference ``value`` (channels,)."""
        return np.asarray((self.residual_share * value) ** 2 + self.norm_share**2 * float(value @ value))


@dataclass(frozen=True, slots=True)
class StagedOptions:
    """``linear_errors``: while only linear signatures are there; ``errors``: of full hydraulics of a model with wrong demands.

    ``temperature`` flattens the probabilities; ``length_exponent``: of the prior, as in ``LocateOptions``.
    """

    linear_errors: SignatureErrors = SignatureErrors(0.2, 0.1)
    errors: SignatureErrors = SignatureErrors(0.1, 0.02)
    temperature: float = 2.0
    length_exponent: float = 0.25


@dataclass(frozen=True, eq=False)
class Difference:
    """What a burst changed, in units of each channel's scale: ``value`` (channels,), its noise ``covariance`` (both ways).

    ``scale``: (channels,) channel units. ``linear``: (channels, pipes) change per m³/h in scale units, 0 for channels without
    linear signatures, which are False in ``is_linear`` (channels,).
    """

    value: Floats
    covariance: Floats
    scale: Floats
    linear: Floats
    is_linear: Bools

    def of(self, channels: Bools) -> Difference:
        """Some channels only."""
        return Difference(
            self.value[channels],
            self.covariance[np.ix_(channels, channels)],
            self.scale[channels],
            self.linear[channels],
            self.is_linear[channels],
        )


@dataclass(frozen=True, eq=False)
class Posterior:
    """``probability``: (pipes,), sums to 1. ``flow_m3h``: (pipes,) that fits best. ``score``: chi-square of the best."""

    probability: Floats
    flow_m3h: Floats
    score: float

    @property
    def usual_flow_m3h(self) -> float:
        """Mean of the fitted flows by probability."""
        return float(self.probability @ self.flow_m3h)


def located_in_stages(
    network: PipeNetwork, seen: Difference, changes: Changes, options: StagedOptions | None = None
) -> Posterior:
    """Probabilities of all pipes of a network with at least one. ``changes``: of all channels in their units.

    A linear signature of a burst of a fifth of the city's inflow is off by as much as neighbouring pipes differ. The likeliest
    pipes by linear signatures are solved by full hydraulics at the fitted flow; every other pipe's linear signature is corrected
    by what was added at the nearest solved pipe; then the likeliest that are not yet solved follow, in three rounds.
    """
    settings = options or StagedOptions()
    pipes = network.pipes
    prior = settings.length_exponent * np.log(np.maximum(np.nan_to_num(pipes.length_m), 1.0))
    fit = _Fit(prior, _all_demand_m3h(network), settings.temperature)
    found = fit.of(seen.of(seen.is_linear), seen.linear[seen.is_linear], settings.linear_errors)
    shape, nearest = seen.linear.copy(), _NearestSolved(network)
    solved = np.zeros(len(pipes), dtype=bool)
    exact = np.zeros_like(shape)
    for _ in range(_ROUNDS):
        likeliest = np.argsort(np.where(solved, np.inf, -found.probability), kind="stable")
        chosen = likeliest[: min(_in_round(len(pipes)), int((~solved).sum()))]
        flow_m3h = np.full(len(chosen), found.usual_flow_m3h)
        change = refined_shapes(network, changes, chosen, flow_m3h) / seen.scale[:, None]
        usable = np.isfinite(change).all(axis=0)
        solved[chosen[usable]], exact[:, chosen[usable]] = True, change[:, usable]
        if not solved.any():
            return found
        near = nearest.of(solved)
        shape = np.where(near >= 0, seen.linear + (exact - seen.linear)[:, near], seen.linear)
        found = fit.of(seen, shape, settings.errors)
    return found


def _in_round(pipes: int) -> int:
    return max(most_refined(pipes) // _ROUNDS, _LEAST_SOLVED)


def _all_demand_m3h(network: PipeNetwork) -> float:
    drawn = float(np.maximum(np.nan_to_num(network.nodes.demand_m3h), 0.0).sum())
    return drawn or np.inf


@dataclass(frozen=True, eq=False)
class _Fit:
    """``prior``: (pipes,) logarithm. ``most_m3h``: no burst draws more than all demand; a fit beside a source would be larger."""

    prior: Floats
    most_m3h: float
    temperature: float

    def of(self, seen: Difference, shape: Floats, errors: SignatureErrors) -> Posterior:
        """Prior times tempered likelihood of each pipe, with the flow from 0 to the most that fits best."""
        white = whitener(seen.covariance + np.diag(errors.variance(seen.value)))
        value, bent = white @ seen.value, white @ shape
        along, size = value @ bent, np.square(bent).sum(axis=0)
        felt = size > 1e-12
        flow = np.clip(np.where(felt, along / np.where(felt, size, 1.0), 0.0), 0.0, self.most_m3h)
        score = flow * (2.0 * along - flow * size)
        best = float(score.max(initial=0.0))
        # Where even the best pipe leaves more than the assumed errors, those are larger, and the likelihood is flattened.
        misfit = max((float(value @ value) - best) / max(len(value) - 1, 1), 1.0)
        logarithm = self.prior + score / (2.0 * self.temperature * misfit)
        probability = np.exp(logarithm - logarithm.max())
        return Posterior(probability / probability.sum(), flow, best)


class _NearestSolved:
    """The solved pipe nearest to each pipe along the network."""

    def __init__(self, network: PipeNetwork) -> None:
        self._graph = resistance_graph(network)
        self._start, self._end = network.pipes.from_node.astype(np.int64), network.pipes.to_node.astype(np.int64)

    def of(self, solved: Bools) -> NDArray[np.int64]:
        """(pipes,) row of the nearest solved pipe, itself where solved; -1 where none can be reached."""
        rows = np.flatnonzero(solved)
        at_node = np.full(self._graph.shape[0], -1, dtype=np.int64)
        at_node[self._start[rows]], at_node[self._end[rows]] = rows, rows
        distance, _, source = dijkstra(
            self._graph, directed=True, indices=np.flatnonzero(at_node >= 0), min_only=True, return_predecessors=True
        )
        from_start = distance[self._start] <= distance[self._end]
        source = np.where(from_start, source[self._start], source[self._end])
        near = np.where(source >= 0, at_node[np.maximum(source, 0)], -1)
        near[rows] = rows
        return near
