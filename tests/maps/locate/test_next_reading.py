"""Next reading: information against Monte Carlo, choice against brute force, weights against Bayes' rule by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maps.hydraulics.session import EpanetSession
from maps.locate.linear import LinearNetwork
from maps.locate.next_reading import (
    Places,
    ReadingPlace,
    expected_set_size,
    information_bits,
    next_readings,
    predicted_falls_m,
    reweighed,
    set_size,
)
from maps.locate.result import Candidate, Location
from tests.builders import a_network


def sampled_bits(falls: np.ndarray, share: np.ndarray, sigma: float) -> float:
    """Mutual information by drawing readings: mean of log(likelihood / evidence)."""
    random = np.random.default_rng(3)
    width = np.hypot(sigma, 0.1 * falls)
    which = random.choice(len(falls), 40_000, p=share)
    value = falls[which] + width[which] * random.standard_normal(len(which))
    density = np.exp(-0.5 * ((value[:, None] - falls) / width) ** 2) / width
    return float(np.mean(np.log2(density[np.arange(len(which)), which] / (density @ share))))


@settings(max_examples=15, deadline=None)
@given(falls=st.lists(st.floats(0.0, 60.0), min_size=2, max_size=12), sigma=st.floats(1.0, 20.0))
def test_information_equals_a_monte_carlo_estimate(falls: list[float], sigma: float) -> None:
    share = np.arange(1.0, len(falls) + 1.0)
    share /= share.sum()
    column = np.array(falls)
    assert information_bits(column, share, sigma) == pytest.approx(sampled_bits(column, share, sigma), abs=0.04)


def test_equal_predictions_give_no_information_and_distant_ones_all() -> None:
    four = np.full(4, 0.25)
    assert information_bits(np.full(4, 7.0), four, 5.0) == pytest.approx(0.0, abs=1e-4)
    assert information_bits(np.array([0.0, 100.0, 200.0, 400.0]), four, 0.5) == pytest.approx(2.0, abs=0.01)
    assert expected_set_size(np.full(4, 7.0), four, 5.0) == 4.0
    assert expected_set_size(np.array([0.0, 100.0, 200.0, 400.0]), four, 0.5) == 1.0


def test_the_set_is_the_fewest_that_hold_nine_tenths() -> None:
    assert set_size(np.array([0.5, 0.4, 0.1])) == 2
    assert set_size(np.array([0.1, 0.5, 0.4])) == 2
    assert set_size(np.array([0.25, 0.25, 0.25, 0.25])) == 4


def location(*share: float) -> Location:
    """Candidates P0, P1 and so on."""
    return Location(tuple(Candidate(f"P{n}", p) for n, p in enumerate(share)), (), "built")


def places_of(sigma: np.ndarray) -> Places:
    """Hydrants ``H0``, ``H1`` and so on at nodes 0, 1 and so on."""
    count, nowhere = len(sigma), np.zeros(len(sigma))
    ids, kinds = np.array([f"H{n}" for n in range(count)], dtype=object), np.full(count, "hydrant", dtype=object)
    return Places(ids, kinds, np.tile(np.arange(count)[:, None], 2), nowhere, nowhere, np.full(count, 300.0), sigma)


def test_the_place_chosen_is_the_best_of_all_places() -> None:
    random = np.random.default_rng(5)
    falls_m = random.uniform(0.0, 5.0, (6, 300)).astype(np.float32)
    sigma = random.uniform(4.0, 9.0, 300)
    share = np.array([0.3, 0.25, 0.2, 0.15, 0.06, 0.04])
    bits = [information_bits(9.80665 * falls_m[:, n].astype(float), share, float(sigma[n])) for n in range(300)]
    found = next_readings(location(*share), falls_m, places_of(sigma))
    assert [one.asset_id for one in found] == [f"H{n}" for n in np.argsort(-np.array(bits))[:3]]
    assert found[0].set_before == 4
    assert found[0].set_after < 4


def test_no_place_is_proposed_without_expected_information() -> None:
    alike = np.full((2, 1), 3.0, dtype=np.float32)
    assert next_readings(location(0.5, 0.5), alike, places_of(np.array([5.0]))) == ()


def test_a_reading_updates_the_candidates_by_bayes_rule() -> None:
    place = ReadingPlace("H", "hydrant", 0, 0, 300.0, 5.0, (("P0", 2.0), ("P1", 30.0), ("P2", 12.0)), 1.0, 3, 1.5)
    after = reweighed(location(0.6, 0.3, 0.1), place, 272.0)
    # By hand: a fall of 28 kPa; widths √(25 + 0.01 fall²).
    weight = {}
    for name, prior, fall in (("P0", 0.6, 2.0), ("P1", 0.3, 30.0), ("P2", 0.1, 12.0)):
        width = (25.0 + 0.01 * fall**2) ** 0.5
        weight[name] = prior * np.exp(-0.5 * ((28.0 - fall) / width) ** 2) / width
    total = sum(weight.values())
    assert {c.pipe_id: pytest.approx(c.probability) for c in after.candidates} == {n: w / total for n, w in weight.items()}
    assert after.candidates[0].pipe_id == "P1"
    assert after.set_90 == ("P1",)


@given(share=st.lists(st.floats(0.01, 1.0), min_size=3, max_size=8), pressure=st.floats(0.0, 600.0))
def test_weighing_keeps_the_sum_and_the_order_best_first(share: list[float], pressure: float) -> None:
    total = sum(share) / 0.95
    before = location(*(one / total for one in share))
    place = ReadingPlace("H", "hydrant", 0, 0, 300.0, 5.0, (("P0", 2.0), ("P1", 30.0)), 1.0, 3, 1.5)
    after = reweighed(before, place, pressure)
    assert sum(c.probability for c in after.candidates) == pytest.approx(0.95)
    assert all(one.probability >= other.probability for one, other in pairwise(after.candidates))
    assert {c.pipe_id for c in after.candidates} == {c.pipe_id for c in before.candidates}


def test_predicted_falls_are_those_of_full_hydraulics_at_the_flow_that_was_seen() -> None:
    builder = a_network().source("R", 0, 0, head_m=60.0).pipe("M", "R", "A", diameter_mm=300, length_m=500)
    for pipe, a, b in (("P1", "A", "B"), ("P2", "B", "C"), ("P3", "C", "D"), ("P4", "D", "A")):
        builder = builder.pipe(pipe, a, b, diameter_mm=150, length_m=400)
    for name in "ABCD":
        builder = builder.node(name, demand_m3h=20.0)
    city = builder.build(model=True)
    pipes, nodes = city.network.pipes, city.network.nodes
    with EpanetSession(city) as session:
        quiet = session.solve(0.0)
        leak = {nodes.row("C"): 3.0, nodes.row("D"): 3.0}
        fall = quiet.head_m - session.solve(0.0, leaks=leak).head_m
    linear = LinearNetwork(city.network, quiet)
    seen = np.array([nodes.row("B"), nodes.row("D")])
    predicted = predicted_falls_m(linear, np.array([pipes.row("P3")]), seen, fall[seen])[0]
    assert predicted[nodes.row("C")] == pytest.approx(fall[nodes.row("C")], rel=0.1)
    assert predicted[nodes.row("R")] == 0.0
