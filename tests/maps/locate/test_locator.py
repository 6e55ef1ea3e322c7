"""The locator against brute force: likelihoods by inverting matrices, sets by adding up probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from maps.city import City
from maps.columns import Floats
from maps.hydraulics.session import EpanetSession
from maps.locate import ErrorModel, LocateOptions, Location, Signatures, build_signatures, locate
from tests.builders import a_network

SIDE = 5


@pytest.fixture(scope="module")
def city() -> City:
    """Five by five streets, fed at a corner; six stations."""
    builder = a_network().source("R", 0, 0, head_m=60.0)
    for column in range(SIDE):
        for row in range(SIDE):
            builder = builder.node(f"N{column}{row}", 100 + 200.0 * column, 200.0 * row, demand_m3h=2.0)
    builder = builder.pipe("P0", "R", "N00", diameter_mm=300)
    for column in range(SIDE):
        for row in range(SIDE):
            if column + 1 < SIDE:
                builder = builder.pipe(f"H{column}{row}", f"N{column}{row}", f"N{column + 1}{row}", diameter_mm=100)
            if row + 1 < SIDE:
                builder = builder.pipe(f"V{column}{row}", f"N{column}{row}", f"N{column}{row + 1}", diameter_mm=100)
    for number, node in enumerate(("N01", "N33", "N40", "N14", "N42", "N22")):
        builder = builder.station(f"S{number}", at=node)
    return builder.build(model=True)


@pytest.fixture(scope="module")
def signatures(city: City) -> Signatures:
    with EpanetSession(city) as session:
        return build_signatures(city, session.solve(0))


def shape(city: City, signatures: Signatures, pipe: str) -> Floats:
    return signatures.of_pipes(city.network, np.array([city.network.pipes.row(pipe)]))[:, 0].astype(np.float64)


def found(city: City, signatures: Signatures, residual: Floats, **changes: object) -> Location:
    return locate(city.network, signatures, residual, **changes)  # type: ignore[arg-type]


def test_a_burst_without_any_noise_is_found_on_its_pipe(city: City, signatures: Signatures) -> None:
    for pipe in ("H33", "V20", "V43", "H02"):
        location = found(city, signatures, 10.0 * shape(city, signatures, pipe))
        assert location.candidates[0].pipe_id == pipe


def test_probabilities_are_sorted_and_sum_to_one_over_all_pipes(city: City, signatures: Signatures) -> None:
    options = LocateOptions(candidates=len(city.network.pipes))
    location = found(city, signatures, 10.0 * shape(city, signatures, "H22"), options=options)
    probability = [candidate.probability for candidate in location.candidates]
    assert len(probability) == len(city.network.pipes)
    assert sum(probability) == pytest.approx(1.0)
    assert probability == sorted(probability, reverse=True)


def test_the_set_is_the_smallest_leading_one_with_nine_tenths(city: City, signatures: Signatures) -> None:
    random = np.random.default_rng(1)
    for _ in range(20):
        residual = 4.0 * shape(city, signatures, "V11") + 0.05 * random.standard_normal(6)
        location = found(city, signatures, residual)
        probability = [candidate.probability for candidate in location.candidates]
        size = len(location.set_90)
        assert location.set_90 == tuple(candidate.pipe_id for candidate in location.candidates[:size])
        assert sum(probability[:size]) >= 0.9 > sum(probability[: size - 1])


def test_an_understated_noise_does_not_make_the_location_more_certain(city: City, signatures: Signatures) -> None:
    options = LocateOptions(errors=ErrorModel(residual_share=0.0, norm_share=0.0, free_m=0.0))
    seen = 4.0 * shape(city, signatures, "V11") + 0.1 * np.random.default_rng(1).standard_normal(6)

    def surest(noise_m: float) -> list[float]:
        location = found(city, signatures, seen, options=options, noise_covariance=noise_m**2 * np.eye(6))
        return [candidate.probability for candidate in location.candidates]

    # With understated noise the likelihood is limited by the residuals; with overstated noise it is uncertain.
    assert surest(0.01) == pytest.approx(surest(0.001), rel=1e-3)
    assert surest(0.001)[0] < 0.9
    assert surest(10.0)[0] < surest(0.01)[0]


def test_at_least_twenty_candidates_are_listed(city: City, signatures: Signatures) -> None:
    assert len(found(city, signatures, 50.0 * shape(city, signatures, "H22")).candidates) >= 20


def test_scores_are_the_likelihood_ratio_by_brute_force(city: City, signatures: Signatures) -> None:
    random = np.random.default_rng(2)
    residual = 6.0 * shape(city, signatures, "H32") + 0.03 * random.standard_normal(6)
    noise = 0.03**2 * np.eye(6) + signatures.demand_covariance(0.1)
    errors = ErrorModel()
    covariance = noise + np.diag((0.1 * residual) ** 2 + (0.03 * np.linalg.norm(residual)) ** 2)
    free = np.column_stack(
        [np.ones(6) / np.sqrt(6), signatures.demand_modes[:, 0] / np.linalg.norm(signatures.demand_modes[:, 0])]
    )
    inverse = np.linalg.inv(covariance + errors.free_m**2 * free @ free.T)
    options = LocateOptions(candidates=len(city.network.pipes), temperature=1.0, length_exponent=0.0)
    location = found(city, signatures, residual, noise_covariance=noise, options=options)
    gain = {}
    for pipe in city.network.pipes.asset_id:
        unit = shape(city, signatures, str(pipe))
        flow = max(float(unit @ inverse @ residual / (unit @ inverse @ unit)), 0.0) if unit.any() else 0.0
        rest = residual - flow * unit
        gain[str(pipe)] = float(residual @ inverse @ residual - rest @ inverse @ rest)
    weight = {pipe: np.exp((value - max(gain.values())) / 2.0) for pipe, value in gain.items()}
    for candidate in location.candidates:
        assert candidate.probability == pytest.approx(weight[candidate.pipe_id] / sum(weight.values()), rel=2e-2, abs=1e-4)


def test_the_part_common_to_all_stations_does_not_change_the_location(city: City, signatures: Signatures) -> None:
    plain = 8.0 * shape(city, signatures, "V31")
    drifting = plain + 1.5 + 0.2 * signatures.demand_modes[:, 0]
    assert found(city, signatures, drifting).candidates[0].pipe_id == found(city, signatures, plain).candidates[0].pipe_id


def test_drift_beyond_the_learned_size_does_not_change_the_location(city: City, signatures: Signatures) -> None:
    noise = 0.03**2 * np.eye(6)
    plain = 8.0 * shape(city, signatures, "V31")
    known = {"noise_covariance": noise, "drift_known": True}
    assert found(city, signatures, plain, **known).candidates[0].pipe_id == "V31"
    assert found(city, signatures, plain + 2.0, **known).candidates[0].pipe_id == "V31"


def test_learned_drift_is_weighted_and_not_projected_out(city: City, signatures: Signatures) -> None:
    noise = 0.03**2 * np.eye(6)
    errors = ErrorModel(residual_share=0.0, norm_share=0.0)
    options = LocateOptions(candidates=len(city.network.pipes), temperature=1.0, length_exponent=0.0, errors=errors)
    residual = 3.0 * shape(city, signatures, "V31") + 0.02 * np.random.default_rng(4).standard_normal(6)
    modes = signatures.demand_modes[:, :1]
    free = np.column_stack([np.ones(6) / np.sqrt(6), modes / np.linalg.norm(modes)])
    # By hand: along each free direction this noise is 3 cm, so drift may be twice that.
    inverse = np.linalg.inv(noise + 0.06**2 * free @ free.T)
    location = found(city, signatures, residual, noise_covariance=noise, drift_known=True, options=options)
    gain = {}
    for pipe in city.network.pipes.asset_id:
        unit = shape(city, signatures, str(pipe))
        along, size = float(unit @ inverse @ residual), float(unit @ inverse @ unit)
        gain[str(pipe)] = max(along, 0.0) ** 2 / size if size > 1e-9 else 0.0
    weight = {pipe: np.exp((value - max(gain.values())) / 2.0) for pipe, value in gain.items()}
    for candidate in location.candidates:
        assert candidate.probability == pytest.approx(weight[candidate.pipe_id] / sum(weight.values()), rel=2e-2, abs=1e-4)


def test_a_pressure_that_rises_is_no_burst(city: City, signatures: Signatures) -> None:
    unit = shape(city, signatures, "H33")
    local = unit - unit.max()
    assert found(city, signatures, -80.0 * local).statistic < 0.5 * found(city, signatures, 80.0 * local).statistic


def test_a_silent_station_is_left_out(city: City, signatures: Signatures) -> None:
    residual = 10.0 * shape(city, signatures, "H33")
    residual[2] = np.nan
    assert found(city, signatures, residual).candidates[0].pipe_id == "H33"


def test_without_any_station_there_are_no_candidates(city: City, signatures: Signatures) -> None:
    assert found(city, signatures, np.full(6, np.nan)).candidates == ()


def test_full_hydraulics_distinguish_candidates_with_equal_linear_signatures(city: City, signatures: Signatures) -> None:
    bent = {"H33": 1.25, "V33": 1.0}
    residual = 10.0 * shape(city, signatures, "H33")
    node = city.stations.node.astype(np.int64)
    residual[int(np.argmin(residual))] *= bent["H33"]

    def responses(at_s: float, nodes: NDArray[np.int64], leaks: Sequence[Mapping[int, float]]) -> Floats:
        """H33 gives exactly the observed change; all others half of the linear response."""
        of_h33 = {int(city.network.pipes.from_node[row]) for row in [city.network.pipes.row("H33")]}
        of_h33 |= {int(city.network.pipes.to_node[city.network.pipes.row("H33")])}
        heads = signatures.head_m_per_m3h.astype(np.float64)
        changes = [
            residual * sum(leak.values()) / 10.0
            if set(leak) == of_h33
            else 0.5 * np.sum([heads[:, place] * flow for place, flow in leak.items()], axis=0)
            for leak in leaks
        ]
        return np.array(changes)

    refined = found(city, signatures, residual, responses=responses, station_node=node)
    plain = found(city, signatures, residual)
    assert refined.candidates[0].pipe_id == "H33"
    assert refined.candidates[0].probability >= plain.candidates[0].probability


def test_unsolved_candidates_keep_their_linear_scores(city: City, signatures: Signatures) -> None:
    def nothing(at_s: float, nodes: NDArray[np.int64], leaks: Sequence[Mapping[int, float]]) -> Floats:
        return np.full((len(leaks), len(nodes)), np.nan)

    residual = 10.0 * shape(city, signatures, "H33")
    node = city.stations.node.astype(np.int64)
    assert found(city, signatures, residual, responses=nothing, station_node=node).candidates[0].pipe_id == "H33"


def test_further_modes_of_demand_drift_are_no_burst(city: City, signatures: Signatures) -> None:
    offices = np.where(np.arange(len(city.network.nodes)) == 13, 20.0, 0.0)
    aware = replace(signatures, other_demand_m3h=offices[:, None])
    drift = signatures.head_m_per_m3h.astype(np.float64) @ offices
    assert found(city, aware, drift).statistic < 0.05 * found(city, signatures, drift).statistic
