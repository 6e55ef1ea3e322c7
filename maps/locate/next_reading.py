"""Next reading: ranks places by how much one more pressure reading there is expected to narrow the candidates.

Candidates predict different pressure drops at a place. The expected information of a reading is the mutual information
between candidate pipe and reading (Lindley 1956), integrated on a grid.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from maps.columns import Floats, Texts
from maps.locate.linear import LinearNetwork
from maps.locate.result import Candidate, Location
from maps.units import KPA_PER_METRE

MOST_CANDIDATES = 80
"""Number of candidates used: the rest have little probability, and each needs a solve."""

_MODEL_SHARE = 0.10
"""Relative error of a predicted drop (model error, 10 %, as in the locator)."""
_MOST_TRIED = 60
_GRID = 401
_QUANTILES = np.array([-1.5, -0.7, 0.0, 0.7, 1.5])
"""Standard normal quantiles, of equal weight, that represent the distribution of a candidate's reading."""
_LEAST_GAIN_BITS = 0.02
WORTH_GOING_BITS = 0.1
"""Least expected information for which a reading is proposed."""
_LARGEST_M3H = 3000.0


@dataclass(frozen=True, slots=True)
class ReadingPlace:
    """A hydrant, station or node worth a reading. ``x``, ``y``: the network's CRS.

    ``expected_kpa``: pressure there without a burst, good to ``sigma_kpa`` (gauge included); ``falls_kpa``: (pipe, fall of
    pressure there with its burst); ``gain_bits``: expected information of the reading; ``set_before``,
    ``set_after``: pipes in the 90 % set, now and on average after the reading.
    """

    asset_id: str
    kind: str
    x: float
    y: float
    expected_kpa: float
    sigma_kpa: float
    falls_kpa: tuple[tuple[str, float], ...]
    gain_bits: float
    set_before: int
    set_after: float


@dataclass(frozen=True, eq=False)
class Places:
    """Possible places of a reading: ids, kinds, the nodes (n, 2) on either side (twice the same at a node), x, y (n,)."""

    asset_id: Texts
    kind: Texts
    node: NDArray[np.int64]
    x: Floats
    y: Floats
    expected_kpa: Floats
    sigma_kpa: Floats


def predicted_falls_m(
    linear: LinearNetwork, pipes: NDArray[np.int64], seen_node: NDArray[np.int64], seen_fall_m: Floats
) -> NDArray[np.float32]:
    """Drop of every head (k, nodes), m, for a burst on each of ``pipes`` (k,), at the flow that best fits the observed drops.

    ``seen_fall_m``: (n,) at ``seen_node`` (n,), m, positive where the head fell. A burst is split equally between its pipe's
    ends.
    """
    table = linear.network.pipes
    falls = np.zeros((len(pipes), len(linear.network.nodes)), dtype=np.float32)
    for index, pipe in enumerate(pipes):
        taken = np.zeros(len(linear.network.nodes))
        np.add.at(taken, [table.from_node[pipe], table.to_node[pipe]], 0.5)
        unit = -linear.heads_for(taken)
        seen = unit[seen_node]
        size = float(seen @ seen)
        flow = float(np.clip(seen @ seen_fall_m / size, 0.0, _LARGEST_M3H)) if size > 0.0 else 0.0
        falls[index] = flow * unit
    return falls


def next_readings(location: Location, falls_m: NDArray[np.float32], places: Places, most: int = 3) -> tuple[ReadingPlace, ...]:
    """The ``most`` places with the largest expected information, largest first; none where it is too small everywhere.

    ``falls_m``: (k, nodes), of the location's first k candidates.
    """
    count = len(falls_m)
    share = _normal(np.array([candidate.probability for candidate in location.candidates[:count]]))
    if count < 2 or not len(places.asset_id):
        return ()
    falls_kpa = KPA_PER_METRE * falls_m[:, places.node].mean(axis=2).astype(np.float64)
    mean = share @ falls_kpa
    spread = share @ (falls_kpa - mean) ** 2 / places.sigma_kpa**2
    tried = np.argsort(-spread, kind="stable")[:_MOST_TRIED]
    gains = [information_bits(falls_kpa[:, place], share, float(places.sigma_kpa[place])) for place in tried]
    order = [index for index in np.argsort(-np.array(gains), kind="stable") if gains[index] >= _LEAST_GAIN_BITS]
    names = [candidate.pipe_id for candidate in location.candidates[:count]]
    found = []
    for index in order[:most]:
        place, column = int(tried[index]), falls_kpa[:, tried[index]]
        sigma = float(places.sigma_kpa[place])
        found.append(
            ReadingPlace(
                str(places.asset_id[place]),
                str(places.kind[place]),
                float(places.x[place]),
                float(places.y[place]),
                float(places.expected_kpa[place]),
                sigma,
                tuple((name, round(float(fall), 3)) for name, fall in zip(names, column, strict=True)),
                gains[index],
                set_size(share),
                expected_set_size(column, share, sigma),
            )
        )
    return tuple(found)


def information_bits(falls: Floats, share: Floats, sigma: float) -> float:
    """Expected information of a reading about the candidate, bits. ``falls``, ``share``: (k,); ``sigma``: in ``falls``' unit."""
    widths = _widths(falls, sigma)
    low, high = float((falls - 6.0 * widths).min()), float((falls + 6.0 * widths).max())
    grid = np.linspace(low, high, max(_GRID, int((high - low) / (0.25 * sigma)) + 1))
    density = _density(grid[:, None], falls, widths)
    mixed = density @ share
    entropy = -float(np.trapezoid(np.where(mixed > 0.0, mixed * np.log(np.maximum(mixed, 1e-300)), 0.0), grid))
    noise = float(share @ (0.5 * np.log(2.0 * np.pi * np.e * widths**2)))
    return max((entropy - noise) / float(np.log(2.0)), 0.0)


def expected_set_size(falls: Floats, share: Floats, sigma: float) -> float:
    """Expected number of pipes in the 90 % set after a reading."""
    widths = _widths(falls, sigma)
    readings = falls[:, None] + widths[:, None] * _QUANTILES
    sizes = np.array([[set_size(_posterior(share, falls, widths, value)) for value in row] for row in readings])
    return float(share @ sizes.mean(axis=1))


def set_size(share: Floats) -> int:
    """Number of leading candidates with 90 % of the probability."""
    return int(np.searchsorted(np.cumsum(np.sort(share)[::-1]), 0.9 * float(share.sum()) - 1e-12) + 1)


def reweighed(location: Location, place: ReadingPlace, pressure_kpa: float) -> Location:
    """The location updated with a reading of ``pressure_kpa`` at ``place``.

    Candidates without a prediction there get the average weight of the others.
    """
    known = dict(place.falls_kpa)
    share = np.array([candidate.probability for candidate in location.candidates])
    told = np.array([candidate.pipe_id in known for candidate in location.candidates])
    falls = np.array([known.get(candidate.pipe_id, 0.0) for candidate in location.candidates])
    widths = _widths(falls, place.sigma_kpa)
    likelihood = np.exp(_log_density(place.expected_kpa - pressure_kpa, falls, widths, told))
    usual = float(share[told] @ likelihood[told]) / max(float(share[told].sum()), 1e-12)
    return with_weights(location, share * np.where(told, likelihood, usual))


def with_weights(location: Location, weight: Floats) -> Location:
    """The location with candidates re-ranked by ``weight`` (candidates,); their total probability is unchanged."""
    weight = weight * sum(candidate.probability for candidate in location.candidates) / weight.sum()
    order = np.argsort(-weight, kind="stable")
    candidates = tuple(Candidate(location.candidates[index].pipe_id, float(weight[index])) for index in order)
    return replace(location, candidates=candidates, set_90=tuple(c.pipe_id for c in candidates[: set_size(weight)]))


def _widths(falls: Floats, sigma: float) -> Floats:
    return np.asarray(np.hypot(sigma, _MODEL_SHARE * falls))


def _density(value: Floats, falls: Floats, widths: Floats) -> Floats:
    return np.asarray(np.exp(-0.5 * ((value - falls) / widths) ** 2) / (np.sqrt(2.0 * np.pi) * widths))


def _log_density(value: float, falls: Floats, widths: Floats, told: NDArray[np.bool_]) -> Floats:
    """Log density up to a constant that makes the maximum zero, so that a reading far from all predictions still ranks them."""
    logarithm = -0.5 * ((value - falls) / widths) ** 2 - np.log(widths)
    return np.asarray(logarithm - (logarithm[told].max() if told.any() else 0.0))


def _posterior(share: Floats, falls: Floats, widths: Floats, value: float) -> Floats:
    everyone = np.ones(len(share), dtype=bool)
    return _normal(share * np.exp(_log_density(value, falls, widths, everyone)))


def _normal(share: Floats) -> Floats:
    return np.asarray(share / max(float(share.sum()), 1e-300))
