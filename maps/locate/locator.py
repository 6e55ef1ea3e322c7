"""Locates a burst: residuals of the stations against the signatures of all pipes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from maps.columns import Bools, Floats
from maps.locate.result import Candidate, Location
from maps.locate.signatures import Signatures, mean_of_ends
from maps.locate.weights import ErrorModel, free_directions, whitener, with_free_directions
from maps.network import PipeNetwork

_EXACT_LIMIT = 4_000_000
"""Stations × pipes up to which every pipe is scored exactly; beyond, a first sweep picks those worth it."""

_PICKED_NODES = 1500
_MOVED_SIGMAS = 3.0
_LARGEST_BURST_M3H = 3000.0


@dataclass(frozen=True, slots=True)
class LocateOptions:
    """``temperature`` flattens the probabilities until the 90 % set holds the truth nine times in ten (measured on

    L-Town with a mismatched model); ``candidates``: how many are listed at least (the 90 % set always is).
    """

    errors: ErrorModel = field(default_factory=ErrorModel)
    temperature: float = 1.1
    candidates: int = 20


@dataclass(frozen=True, slots=True)
class Scores:
    """Score of pipes: twice the gain in log likelihood of a burst there; ``flow_m3h`` that fits best, never below 0."""

    pipe: NDArray[np.int64]
    score: Floats
    flow_m3h: Floats


def locate(
    network: PipeNetwork,
    signatures: Signatures,
    residual_m: Floats,
    *,
    usable: Bools | None = None,
    noise_covariance: Floats | None = None,
    model: str = "imported",
    options: LocateOptions | None = None,
) -> Location:
    """Where a burst explains ``residual_m`` best: candidates with probabilities.

    ``residual_m``: (stations,) observed minus expected head, m; NaN where unknown. ``usable``: stations that take part.
    ``noise_covariance``: (stations, stations), m², learned from quiet history; without it, reading noise and the
    sensitivity to demand stand in. ``model``: the word for the hydraulics behind the signatures.
    """
    settings = options or LocateOptions()
    known = np.isfinite(residual_m) & (signatures.head_m_per_m3h.any(axis=1))
    rows = np.flatnonzero(known if usable is None else known & usable)
    if not len(rows) or not len(network.pipes):
        return Location((), (), model)
    residual = residual_m[rows]
    noise = _noise(signatures, settings.errors, noise_covariance)
    scores = score_pipes(network, signatures, residual, rows, noise[np.ix_(rows, rows)], settings.errors)
    probability = _probabilities(network, scores, settings.temperature)
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


def score_pipes(
    network: PipeNetwork, signatures: Signatures, residual: Floats, rows: NDArray[np.int64], noise: Floats, errors: ErrorModel
) -> Scores:
    """Generalised likelihood ratio of a burst on each pipe; ``residual``, ``noise`` are on the stations ``rows``."""
    covariance = noise + np.diag(errors.model_variance(residual))
    directions = free_directions(signatures.uniform_demand[rows])
    white = whitener(with_free_directions(covariance, directions, errors.free_m))
    pipes = _worth_scoring(network, signatures, residual, rows, white)
    heads = mean_of_ends(_heads(signatures, rows), network, pipes)
    shape = white.astype(np.float32) @ heads
    along = (white @ residual).astype(np.float32) @ shape
    size = np.einsum("ij,ij->j", shape, shape)
    felt = size > 1e-12
    flow = np.where(felt, np.maximum(along, 0.0) / np.where(felt, size, 1.0), 0.0)
    return Scores(pipes, np.asarray(flow * np.maximum(along, 0.0), dtype=np.float64), np.asarray(flow, dtype=np.float64))


def _worth_scoring(
    network: PipeNetwork, signatures: Signatures, residual: Floats, rows: NDArray[np.int64], white: Floats
) -> NDArray[np.int64]:
    """All pipes of a small network; of a large one those at the nodes that a sweep with plain weights ranks first."""
    everything = np.arange(len(network.pipes), dtype=np.int64)
    if len(network.pipes) * len(rows) <= _EXACT_LIMIT:
        return everything
    # The whitened residual, put back through Wᵀ, leaves one product with the signatures; their size is then taken on
    # the few stations that respond most, which ranks well enough to pick from.
    weighted = (white.T @ (white @ residual)).astype(np.float32)
    along = weighted @ _heads(signatures, rows)
    leading = rows[np.argsort(-np.abs(weighted), kind="stable")[:12]]
    local = white[:, np.searchsorted(rows, leading)].astype(np.float32) @ signatures.head_m_per_m3h[leading]
    size = np.einsum("ij,ij->j", local, local)
    merit = np.where(size > 0, np.maximum(along, 0.0) ** 2 / np.where(size > 0, size, 1.0), 0.0)
    picked = np.zeros(len(network.nodes), dtype=bool)
    picked[np.argpartition(-merit, _PICKED_NODES)[:_PICKED_NODES]] = True
    near = picked[network.pipes.from_node] | picked[network.pipes.to_node]
    return np.flatnonzero(near)


def _heads(signatures: Signatures, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Signatures of ``rows``; not copied when those are all (a hundred megabytes in a large city)."""
    heads = signatures.head_m_per_m3h
    return heads if len(rows) == len(heads) else heads[rows]


def _probabilities(network: PipeNetwork, scores: Scores, temperature: float) -> Floats:
    """Prior ∝ length (a burst is as likely per metre), times the tempered likelihood; sums to 1."""
    length = np.maximum(np.nan_to_num(network.pipes.length_m[scores.pipe]), 1.0)
    logarithm = np.log(length) + scores.score / (2.0 * temperature)
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
