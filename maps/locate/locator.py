"""Burst location: scores the residuals of the stations against the signatures of all pipes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from maps.columns import Bools, Floats
from maps.locate.covariance import ErrorModel, free_directions, whitener, with_free_directions, with_known_drift
from maps.locate.refine import Changes, Responses, most_refined, refined_shapes
from maps.locate.result import Candidate, Location
from maps.locate.signatures import Signatures, mean_of_ends
from maps.network import PipeNetwork

_EXACT_LIMIT = 4_000_000
"""Stations × pipes up to which every pipe is scored exactly; above, a coarse ranking selects the pipes."""

_PICKED_NODES, _LEADING_STATIONS = 1500, 12
_MOVED_SIGMAS = 3.0
_LARGEST_BURST_M3H = 3000.0
_UNUSUAL_DRIFT = 25.0
"""Chi-square gain of unbounded drift from which the learned size of drift is no longer used, e.g. after a source was raised."""

_MEDIAN_OF_CHI_SQUARE = 0.455
"""Median of a chi-square of one degree of freedom."""
_OFF = 2.0

_REFINED_SHARES = (1.0, 0.35)
"""Rounds of refinement: all candidates, then the best again, because the first flow came from linear signatures."""


@dataclass(frozen=True, slots=True)
class LocateOptions:
    """Settings of ``locate``.

    ``temperature`` flattens the probabilities so that the 90 % set contains the burst in 90 % of cases (measured on L-Town with a
    mismatched model); ``candidates``: least number listed (the 90 % set always is). ``refined_errors``: errors of full
    hydraulics. ``length_exponent``: of the prior; bursts are likelier on long pipes, but short ones are often at joints, bends or
    repairs.
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
    """Chi-square of the residuals after the best fit."""
    misfit_ratio: float = 1.0
    """Median of the stations' squared residuals after the best fit, in units of their variance: 1 where the errors are as
    assumed."""


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
    """Burst candidates with probabilities for ``residual_m``.

    ``residual_m``: (stations,) observed minus expected head, m; NaN where unknown. ``usable``: stations to use.
    ``noise_covariance``: (stations, stations), m², learned from burst-free history; without it, reading noise and demand
    sensitivity are assumed. ``model``: kind of hydraulics behind the signatures. ``responses``: full hydraulic solutions with
    which the first candidates are re-scored; needs ``station_node`` (stations,), node rows. ``drift_known``: the covariance
    comes from weeks of history and includes demand drift. ``at_s``: second of the day for ``responses``; default that of the
    signatures' state. ``within``: (pipes,) pipes allowed by other evidence; all by default.
    """
    settings = options or LocateOptions()
    known = np.isfinite(residual_m) & signatures.felt
    rows = np.flatnonzero(known if usable is None else known & usable)
    if not len(rows) or not len(network.pipes):
        return Location((), (), model)
    residual = residual_m[rows]
    noise = _noise(signatures, settings.errors, noise_covariance)
    seen = Observed(residual, rows, noise[np.ix_(rows, rows)], drift_known)
    free = replace(seen, drift_known=False)
    scores, *instead = score_pipes(network, signatures, [seen, free] if drift_known else [seen], settings.errors, within)
    if instead and scores.misfit - instead[0].misfit > _UNUSUAL_DRIFT:
        seen, scores = free, instead[0]
    probability = _probabilities(network, scores, settings)
    if responses is not None and station_node is not None:
        judge = _WhitenedResiduals(signatures, seen, settings.refined_errors)
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
class Observed:
    """Observed residuals ``residual_m`` (n,) of the stations ``rows`` (n,), with noise covariance ``noise`` (n, n) m².

    ``drift_known``: the covariance was learned from weeks of history.
    """

    residual_m: Floats
    rows: NDArray[np.int64]
    noise: Floats
    drift_known: bool = False


def score_pipes(
    network: PipeNetwork, signatures: Signatures, views: Sequence[Observed], errors: ErrorModel, within: Bools | None = None
) -> list[Scores]:
    """Generalised likelihood ratio of a burst on each pipe, for several noise models of the same residuals and stations.

    ``within``: (pipes,) score only these, if there are any.
    """
    judges = [_WhitenedResiduals(signatures, seen, errors) for seen in views]
    if within is not None and within.any():
        pipes = np.flatnonzero(within)
    else:
        pipes = _worth_scoring(network, signatures, views[0], [judge.white for judge in judges])
    heads = mean_of_ends(_heads(signatures, views[0].rows), network, pipes)
    found: list[Scores] = []
    for judge in judges:
        score, flow = judge.fit(heads)
        best = int(np.argmax(score)) if len(score) else -1
        misfit_ratio = judge.misfit_ratio(heads[:, best], float(flow[best])) if best >= 0 else 1.0
        found.append(Scores(pipes, score, flow, judge.total - float(score.max(initial=0.0)), misfit_ratio))
    return found


class _WhitenedResiduals:
    """Whitened residuals of stations, with model error in the covariance."""

    def __init__(self, signatures: Signatures, seen: Observed, errors: ErrorModel) -> None:
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

    def misfit_ratio(self, shape: NDArray[np.float32], flow_m3h: float) -> float:
        """Median over stations of the squared residual after a burst of this shape (n,), m per m³/h, in units of variance.

        The median is robust against one faulty station.
        """
        left = self._residual - self.white.astype(np.float32) @ shape * np.float32(flow_m3h)
        return float(np.median(np.square(left))) / _MEDIAN_OF_CHI_SQUARE


def _refined(
    network: PipeNetwork,
    scores: Scores,
    probability: Floats,
    judge: _WhitenedResiduals,
    changes: Changes,
) -> Scores:
    """Scores with the first candidates' signatures replaced by full hydraulic solutions at their fitted flow.

    All are scored with the same smaller model error, which no longer includes the error of linearisation.
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
        scores = Scores(
            scores.pipe, score.copy(), flow.copy(), misfit_ratio=judge.misfit_ratio(exact[:, best], float(flow[chosen[best]]))
        )
        order = order[np.argsort(-score[order], kind="stable")]
    return scores


def _worth_scoring(network: PipeNetwork, signatures: Signatures, seen: Observed, whitened: Sequence[Floats]) -> NDArray[np.int64]:
    """Pipe rows to score: all of a small network; of a large one those at the nodes ranked first by a coarse score.

    ``whitened``: whitening matrices (n, n); pipes selected for one of them are scored for all.
    """
    rows = seen.rows
    if len(network.pipes) * len(rows) <= _EXACT_LIMIT:
        return np.arange(len(network.pipes), dtype=np.int64)
    # Wᵀ W r gives the scores' numerators in one product with the signatures; the norms are approximated on the few stations
    # with the largest responses, which is accurate enough for the selection.
    heads = _heads(signatures, rows)
    picked = np.zeros(len(network.nodes), dtype=bool)
    for white in whitened:
        weighted = (white.T @ (white @ seen.residual_m)).astype(np.float32)
        leading = np.argsort(-np.abs(weighted), kind="stable")[:_LEADING_STATIONS]
        # ‖W h‖² of those stations alone, with a small triangular matrix.
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
    """Length prior times the tempered likelihood; sums to 1."""
    length = np.maximum(np.nan_to_num(network.pipes.length_m[scores.pipe]), 1.0)
    # Where even the best fit exceeds the assumed errors by far, the model is wrong, and the likelihood is flattened further.
    temperature = settings.temperature * max(scores.misfit_ratio / _OFF, 1.0)
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
