"""Locates a burst: residuals of the stations against the signatures of all pipes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from maps.columns import Bools, Floats
from maps.locate.refine import Changes, Responses, most_refined, refined_shapes
from maps.locate.result import Candidate, Location
from maps.locate.signatures import Signatures, mean_of_ends
from maps.locate.weights import ErrorModel, free_directions, whitener, with_free_directions, with_known_drift
from maps.network import PipeNetwork

_EXACT_LIMIT = 4_000_000
"""Stations × pipes up to which every pipe is scored exactly; beyond, a first sweep picks those worth it."""

_PICKED_NODES, _LEADING_STATIONS = 1500, 12
_MOVED_SIGMAS = 3.0
_LARGEST_BURST_M3H = 3000.0
_UNUSUAL_DRIFT = 25.0
"""Chi-square by which free drift must do better before what history saw of it no longer counts: a source was raised."""

_MEDIAN_OF_CHI_SQUARE = 0.455
"""Of one degree of freedom."""
_OFF = 2.0

_REFINED_SHARES = (1.0, 0.35)
"""Once all, then the best again: their flow was first fitted with straight lines."""


@dataclass(frozen=True, slots=True)
class LocateOptions:
    """``temperature`` flattens the probabilities until the 90 % set holds the truth nine times in ten (measured on

    L-Town with a mismatched model); ``candidates``: how many are listed at least (the 90 % set always is).
    ``refined_errors``: of full hydraulics. ``length_exponent``: of the prior; bursts are likelier on a long pipe, yet short
    ones are often where others join, bend or were mended.
    """

    errors: ErrorModel = field(default_factory=ErrorModel)
    refined_errors: ErrorModel = field(default_factory=lambda: ErrorModel(residual_share=0.05))
    temperature: float = 0.9
    length_exponent: float = 0.25
    candidates: int = 20


@dataclass(frozen=True, slots=True)
class Scores:
    """Score of pipes: twice the gain in log likelihood of a burst there; ``flow_m3h`` that fits best, never below 0."""

    pipe: NDArray[np.int64]
    score: Floats
    flow_m3h: Floats
    misfit: float = 0.0
    """What the best of them leaves of the residuals, a chi-square."""
    unlike: float = 1.0
    """The same of a usual station, in units of its variance: 1 where the errors are as assumed."""


def locate(
    network: PipeNetwork,
    signatures: Signatures,
    residual_m: Floats,
    *,
    usable: Bools | None = None,
    noise_covariance: Floats | None = None,
    model: str = "imported",
    options: LocateOptions | None = None,
    responses: Responses | None = None,
    station_node: NDArray[np.int64] | None = None,
    drift_known: bool = False,
    at_s: float | None = None,
    within: Bools | None = None,
) -> Location:
    """Where a burst explains ``residual_m`` best: candidates with probabilities.

    ``residual_m``: (stations,) observed minus expected head, m; NaN where unknown. ``usable``: stations that take part.
    ``noise_covariance``: (stations, stations), m², learned from quiet history; without it, reading noise and the
    sensitivity to demand stand in. ``model``: the word for the hydraulics behind the signatures. ``responses``: full
    hydraulics with which the first candidates are judged again; it needs ``station_node`` (stations,), node rows.
    ``drift_known``: the covariance comes from weeks of history, how the city drifts as a whole included. ``at_s``: second
    of the day for ``responses``; default that of the signatures' state. ``within``: (pipes,) those that it can be, as other
    evidence has it; all by default.
    """
    settings = options or LocateOptions()
    known = np.isfinite(residual_m) & signatures.felt
    rows = np.flatnonzero(known if usable is None else known & usable)
    if not len(rows) or not len(network.pipes):
        return Location((), (), model)
    residual = residual_m[rows]
    noise = _noise(signatures, settings.errors, noise_covariance)
    seen = Seen(residual, rows, noise[np.ix_(rows, rows)], drift_known)
    free = replace(seen, drift_known=False)
    scores, *instead = score_pipes(network, signatures, [seen, free] if drift_known else [seen], settings.errors, within)
    if instead and scores.misfit - instead[0].misfit > _UNUSUAL_DRIFT:
        seen, scores = free, instead[0]
    probability = _probabilities(network, scores, settings)
    if responses is not None and station_node is not None:
        judge = _Judge(signatures, seen, settings.refined_errors)
        moment_s = signatures.at_s if at_s is None else at_s
        scores = _refined(network, scores, probability, judge, partial(responses, moment_s, station_node[rows]))
        probability = _probabilities(network, scores, settings)
    sigma = np.sqrt(np.diag(noise)[rows])
    moved = np.flatnonzero(np.abs(residual) > _MOVED_SIGMAS * sigma)
    moved = moved[np.argsort(-np.abs(residual[moved]) / sigma[moved], kind="stable")]
    names = tuple(signatures.station_id[rows[index]] for index in moved)
    return _location(network, scores, probability, model, names, settings.candidates)


def _noise(signatures: Signatures, errors: ErrorModel, learned: Floats | None) -> Floats:
    if learned is not None:
        return learned
    reading = errors.reading_sigma_m**2 * np.eye(len(signatures.station_id))
    return reading + signatures.demand_covariance(errors.demand_sigma)


@dataclass(frozen=True, eq=False)
class Seen:
    """What stations showed: ``residual_m`` (n,) on the stations ``rows`` (n,), ``noise`` (n, n) m².

    ``drift_known``: that noise was learned from weeks of history.
    """

    residual_m: Floats
    rows: NDArray[np.int64]
    noise: Floats
    drift_known: bool = False


def score_pipes(
    network: PipeNetwork, signatures: Signatures, views: Sequence[Seen], errors: ErrorModel, within: Bools | None = None
) -> list[Scores]:
    """Generalised likelihood ratio of a burst on each pipe, for each view of the same residuals on the same stations.

    ``within``: (pipes,) only those, where there are any.
    """
    judges = [_Judge(signatures, seen, errors) for seen in views]
    if within is not None and within.any():
        pipes = np.flatnonzero(within)
    else:
        pipes = _worth_scoring(network, signatures, views[0], [judge.white for judge in judges])
    heads = mean_of_ends(_heads(signatures, views[0].rows), network, pipes)
    found: list[Scores] = []
    for judge in judges:
        score, flow = judge.fit(heads)
        best = int(np.argmax(score)) if len(score) else -1
        unlike = judge.unlike(heads[:, best], float(flow[best])) if best >= 0 else 1.0
        found.append(Scores(pipes, score, flow, judge.total - float(score.max(initial=0.0)), unlike))
    return found


class _Judge:
    """Residuals of stations in units of their noise, model error included."""

    def __init__(self, signatures: Signatures, seen: Seen, errors: ErrorModel) -> None:
        covariance = seen.noise + np.diag(errors.model_variance(seen.residual_m))
        directions = free_directions(signatures.demand_modes[seen.rows])
        if seen.drift_known:
            covariance = with_known_drift(covariance, directions, seen.noise, errors.free_sigmas)
        else:
            covariance = with_free_directions(covariance, directions, errors.free_m)
        self.signatures, self.rows = signatures, seen.rows
        self.white = whitener(covariance)
        self._residual = (self.white @ seen.residual_m).astype(np.float32)
        self.total = float(self._residual @ self._residual)

    def fit(self, heads: NDArray[np.float32]) -> tuple[Floats, Floats]:
        """(score, best flow in m³/h) of each shape (n, k), m per m³/h; the flow never below 0."""
        shape = self.white.astype(np.float32) @ heads
        along = self._residual @ shape
        size = np.square(shape).sum(axis=0)
        felt = size > 1e-12
        flow = np.where(felt, np.maximum(along, 0.0) / np.where(felt, size, 1.0), 0.0)
        return np.asarray(flow * np.maximum(along, 0.0), dtype=np.float64), np.asarray(flow, dtype=np.float64)

    def unlike(self, shape: NDArray[np.float32], flow_m3h: float) -> float:
        """What a burst of this shape (n,), m per m³/h, leaves of a usual station, in units of its variance.

        The median: one station that lies does not make the model wrong.
        """
        left = self._residual - self.white.astype(np.float32) @ shape * np.float32(flow_m3h)
        return float(np.median(np.square(left))) / _MEDIAN_OF_CHI_SQUARE


def _refined(
    network: PipeNetwork,
    scores: Scores,
    probability: Floats,
    judge: _Judge,
    changes: Changes,
) -> Scores:
    """Scores in which the first candidates stand with shapes from full hydraulics, at the flow that fitted them.

    All are judged by the same, stricter errors: what a straight line misses is no longer among them.
    """
    score, flow = judge.fit(mean_of_ends(_heads(judge.signatures, judge.rows), network, scores.pipe))
    order = np.argsort(-probability, kind="stable")[: most_refined(len(network.pipes))]
    for share in _REFINED_SHARES:
        chosen = order[: max(int(len(order) * share), 1)]
        shapes = refined_shapes(network, changes, scores.pipe[chosen], scores.flow_m3h[chosen])
        solved = np.isfinite(shapes).all(axis=0)
        chosen = chosen[solved]
        if not len(chosen):
            break
        exact = shapes[:, solved].astype(np.float32)
        score[chosen], flow[chosen] = judge.fit(exact)
        best = int(np.argmax(score[chosen]))
        scores = Scores(scores.pipe, score.copy(), flow.copy(), unlike=judge.unlike(exact[:, best], float(flow[chosen[best]])))
        order = order[np.argsort(-score[order], kind="stable")]
    return scores


def _worth_scoring(network: PipeNetwork, signatures: Signatures, seen: Seen, whitened: Sequence[Floats]) -> NDArray[np.int64]:
    """All pipes of a small network; of a large one those at the nodes that a sweep with plain weights ranks first.

    ``whitened``: whiteners (n, n); what is worth scoring for one of them is scored for all.
    """
    rows = seen.rows
    if len(network.pipes) * len(rows) <= _EXACT_LIMIT:
        return np.arange(len(network.pipes), dtype=np.int64)
    # The whitened residual, put back through Wᵀ, leaves one product with the signatures; their size is then taken on the few
    # stations that respond most, which ranks well enough to pick from.
    heads = _heads(signatures, rows)
    picked = np.zeros(len(network.nodes), dtype=bool)
    for white in whitened:
        weighted = (white.T @ (white @ seen.residual_m)).astype(np.float32)
        leading = np.argsort(-np.abs(weighted), kind="stable")[:_LEADING_STATIONS]
        # ‖W h‖² of those stations alone: a triangle as small as they are few.
        triangle: Floats = np.asarray(np.linalg.qr(white[:, leading], mode="r"))
        size = np.square(triangle.astype(np.float32) @ heads[leading]).sum(axis=0)
        along = np.maximum(weighted @ heads, 0.0)
        merit = np.where(size > 0, along**2 / np.where(size > 0, size, 1.0), 0.0)
        picked[np.argpartition(-merit, _PICKED_NODES)[:_PICKED_NODES]] = True
    return np.flatnonzero(picked[network.pipes.from_node] | picked[network.pipes.to_node])


def _heads(signatures: Signatures, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Signatures of ``rows``; not copied when those are all (a hundred megabytes in a large city)."""
    heads = signatures.head_m_per_m3h
    return heads if len(rows) == len(heads) else heads[rows]


def _probabilities(network: PipeNetwork, scores: Scores, settings: LocateOptions) -> Floats:
    """Prior by length, times the tempered likelihood; sums to 1."""
    length = np.maximum(np.nan_to_num(network.pipes.length_m[scores.pipe]), 1.0)
    # Where even the best leaves far more than the errors that were assumed, the model is off, and so is its word on the others.
    temperature = settings.temperature * max(scores.unlike / _OFF, 1.0)
    logarithm = settings.length_exponent * np.log(length) + scores.score / (2.0 * temperature)
    logarithm = np.where(scores.flow_m3h > _LARGEST_BURST_M3H, logarithm - 10.0, logarithm)
    weight = np.exp(logarithm - logarithm.max())
    return np.asarray(weight / weight.sum())


def _location(
    network: PipeNetwork, scores: Scores, probability: Floats, model: str, moved: Sequence[str], at_least: int
) -> Location:
    order = np.argsort(-probability, kind="stable")
    summed = np.cumsum(probability[order])
    in_set = int(np.searchsorted(summed, 0.9) + 1)
    listed = order[: max(in_set, at_least)]
    candidates = tuple(Candidate(str(network.pipes.asset_id[scores.pipe[index]]), float(probability[index])) for index in listed)
    names = tuple(candidate.pipe_id for candidate in candidates[:in_set])
    return Location(candidates, names, model, tuple(moved), float(scores.score.max(initial=0.0)))
