"""Location in stages against brute force: likelihoods by normal densities, signatures by one EPANET solution for each pipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import multivariate_normal

from maps.city import City
from maps.columns import Floats
from maps.hydraulics.analysis.burst_responses import burst_responses
from maps.hydraulics.session import EpanetSession
from maps.locate.refine import Changes
from maps.locate.signatures import build_signatures
from maps.locate.staged import Difference, SignatureErrors, StagedOptions, located_in_stages
from tests.builders import a_network

COLUMNS, ROWS = 12, 8
SIGMA_M = 0.05


@pytest.fixture(scope="module")
def city() -> City:
    """Twelve by eight streets, fed at a corner; six stations. More pipes than are solved."""
    builder = a_network().source("R", 0, 0, head_m=60.0)
    for column in range(COLUMNS):
        for row in range(ROWS):
            builder = builder.node(f"N{column}-{row}", 100 + 100.0 * column, 100.0 * row, demand_m3h=1.0)
    builder = builder.pipe("P0", "R", "N0-0", diameter_mm=300)
    for column in range(COLUMNS):
        for row in range(ROWS):
            if column + 1 < COLUMNS:
                builder = builder.pipe(f"H{column}-{row}", f"N{column}-{row}", f"N{column + 1}-{row}", diameter_mm=100)
            if row + 1 < ROWS:
                builder = builder.pipe(f"V{column}-{row}", f"N{column}-{row}", f"N{column}-{row + 1}", diameter_mm=100)
    for number, node in enumerate(("N1-6", "N4-2", "N6-6", "N8-1", "N10-5", "N11-7")):
        builder = builder.station(f"S{number}", at=node)
    return builder.build(model=True)


@pytest.fixture(scope="module")
def linear(city: City) -> Floats:
    with EpanetSession(city) as session:
        signatures = build_signatures(city, session.solve(0))
    return signatures.of_pipes(city.network).astype(np.float64) / SIGMA_M


@pytest.fixture(scope="module")
def exact(city: City) -> Floats:
    """(pipes, stations) change of heads by a burst of 40 m³/h, half at each end."""
    pipes = city.network.pipes
    leaks = [{int(a): 20.0, int(b): 20.0} for a, b in zip(pipes.from_node, pipes.to_node, strict=True)]
    with EpanetSession(city) as session:
        return burst_responses(session, 0.0, city.stations.node.astype(np.int64), leaks)


def _seen(value_m: Floats, linear: Floats) -> Difference:
    stations = len(value_m)
    return Difference(value_m / SIGMA_M, np.eye(stations), np.full(stations, SIGMA_M), linear, np.ones(stations, dtype=bool))


def _none(leaks: Sequence[Mapping[int, float]]) -> Floats:
    return np.full((len(leaks), 6), np.nan)


def _rank(probability: Floats, pipe: int) -> int:
    return int((probability > probability[pipe]).sum())


def test_full_hydraulics_bring_a_large_burst_to_the_front(city: City, linear: Floats, exact: Floats) -> None:
    asked = 0
    with EpanetSession(city) as session:
        solve: Changes = partial(burst_responses, session, 0.0, city.stations.node.astype(np.int64))

        def changes(leaks: Sequence[Mapping[int, float]]) -> Floats:
            nonlocal asked
            asked += len(leaks)
            return solve(leaks)

        ranks = []
        for name in ("H7-5", "V2-4", "H9-2", "V5-1", "H3-6"):
            pipe, before = city.network.pipes.row(name), asked
            seen = _seen(exact[pipe], linear)
            staged = located_in_stages(city.network, seen, changes).probability
            alone = located_in_stages(city.network, seen, _none).probability
            assert staged.sum() == pytest.approx(1.0)
            assert asked - before <= 120 < len(city.network.pipes)
            ranks.append((_rank(staged, pipe), _rank(alone, pipe)))
    assert max(staged for staged, _ in ranks) < 5
    assert sum(staged for staged, _ in ranks) < sum(alone for _, alone in ranks)


def test_probabilities_are_those_of_normal_densities_when_signatures_are_linear(city: City, linear: Floats) -> None:
    random = np.random.default_rng(4)
    pipes = city.network.pipes
    covariance = np.eye(6) + 0.5
    value = 12.0 * linear[:, pipes.row("V4-3")] + random.normal(size=6)
    seen = Difference(value, covariance, np.full(6, SIGMA_M), linear, np.ones(6, dtype=bool))
    options = StagedOptions(errors=SignatureErrors(0.1, 0.02), temperature=1.5)

    def straight(leaks: Sequence[Mapping[int, float]]) -> Floats:
        """As the linear signatures have it."""
        rows = [_pipe_of(city, leak) for leak in leaks]
        return np.array([linear[:, row] * sum(leak.values()) * SIGMA_M for row, leak in zip(rows, leaks, strict=True)])

    found = located_in_stages(city.network, seen, straight, options).probability
    error = np.diag((0.1 * value) ** 2 + 0.02**2 * (value @ value))

    def least(pipe: int) -> float:
        density = multivariate_normal(np.zeros(6), covariance + error)
        most = float(COLUMNS * ROWS)  # all demand
        fit = minimize_scalar(lambda flow: -density.logpdf(value - flow * linear[:, pipe]), bounds=(0.0, most), method="bounded")
        return float(-fit.fun)

    logarithm = np.array([least(pipe) for pipe in range(len(pipes))]) / 1.5 + 0.25 * np.log(pipes.length_m)
    expected = np.exp(logarithm - logarithm.max())
    assert found == pytest.approx(expected / expected.sum(), rel=0.01, abs=1e-6)


def test_without_a_solution_the_linear_signatures_stand(city: City, linear: Floats) -> None:
    pipe = city.network.pipes.row("H7-5")
    found = located_in_stages(city.network, _seen(10.0 * linear[:, pipe] * SIGMA_M, linear), _none)
    assert _rank(found.probability, pipe) <= 2
    assert found.flow_m3h[pipe] == pytest.approx(10.0, rel=1e-3)


def test_a_channel_without_linear_signatures_counts_once_it_is_solved(city: City, linear: Floats) -> None:
    """Two pipes alike to the pressures are told apart by a flow that only one of them draws."""
    twins = linear.copy()
    one, other = city.network.pipes.row("H7-5"), city.network.pipes.row("H2-1")
    twins[:, other] = twins[:, one]
    shapes = np.vstack([twins, np.zeros(twins.shape[1])])
    share = np.zeros(twins.shape[1])
    share[one] = 0.8

    def changes(leaks: Sequence[Mapping[int, float]]) -> Floats:
        rows = [_pipe_of(city, leak) for leak in leaks]
        flow = np.array([sum(leak.values()) for leak in leaks])[:, None]
        return np.asarray(np.hstack([(twins[:, rows] * SIGMA_M).T, share[rows, None]]) * flow)

    scale = np.append(np.full(6, SIGMA_M), 1.0)
    value = np.append(15.0 * twins[:, one], 0.8 * 15.0)
    seen = Difference(value, np.eye(7), scale, shapes, np.append(np.ones(6, dtype=bool), False))
    found = located_in_stages(city.network, seen, changes).probability
    assert _rank(found, one) == 0
    assert found[other] < 0.1 * found[one]


def _pipe_of(city: City, leak: Mapping[int, float]) -> int:
    pipes, ends = city.network.pipes, set(leak)
    return next(row for row in range(len(pipes)) if {int(pipes.from_node[row]), int(pipes.to_node[row])} == ends)
