"""The centre of a location, against distances and sums by hand."""

from __future__ import annotations

import heapq

import numpy as np
import pytest

from maps.locate.centre import REACH_M, centre_of, distances_m
from maps.network import PipeNetwork
from tests.builders import a_network

COLUMNS, ROWS = 9, 6


@pytest.fixture(scope="module")
def streets() -> PipeNetwork:
    """Nine by six crossings, pipes of unequal lengths."""
    random = np.random.default_rng(4)
    builder = a_network().source("R", 0, 0, head_m=60.0)
    for column in range(COLUMNS):
        for row in range(ROWS):
            builder = builder.node(f"N{column}-{row}", 100 + 100.0 * column, 100.0 * row, demand_m3h=1.0)
    builder = builder.pipe("P0", "R", "N0-0")
    for column in range(COLUMNS):
        for row in range(ROWS):
            if column + 1 < COLUMNS:
                builder = builder.pipe(f"H{column}-{row}", f"N{column}-{row}", f"N{column + 1}-{row}", length_m=_some(random))
            if row + 1 < ROWS:
                builder = builder.pipe(f"V{column}-{row}", f"N{column}-{row}", f"N{column}-{row + 1}", length_m=_some(random))
    return builder.build().network


def _some(random: np.random.Generator) -> float:
    return float(random.uniform(60.0, 180.0))


def test_distances_are_the_shortest_ways_between_the_middles(streets: PipeNetwork) -> None:
    rows = np.array([0, 5, 17, 40, 80])
    found = distances_m(streets, rows)
    for place, row in enumerate(rows):
        by_hand = _from_middle(streets, int(row))
        assert found[place] == pytest.approx([by_hand[int(other)] for other in rows])
    near = distances_m(streets, rows, farthest_m=200.0)
    assert (near[near < 200.0] == found[near < 200.0]).all()
    assert np.isinf(near[0, -1])


def _from_middle(network: PipeNetwork, row: int) -> dict[int, float]:
    """Metres from a pipe's middle to that of every other: Dijkstra by hand."""
    pipes = network.pipes
    length = pipes.length_m
    best = {int(pipes.from_node[row]): length[row] / 2.0, int(pipes.to_node[row]): length[row] / 2.0}
    queue = [(metres, node) for node, metres in best.items()]
    while queue:
        metres, node = heapq.heappop(queue)
        for other in np.flatnonzero((pipes.from_node == node) | (pipes.to_node == node)):
            far = int(pipes.to_node[other]) if int(pipes.from_node[other]) == node else int(pipes.from_node[other])
            if metres + length[other] < best.get(far, np.inf):
                best[far] = metres + float(length[other])
                heapq.heappush(queue, (best[far], far))
    found = {
        one: min(best[int(pipes.from_node[one])], best[int(pipes.to_node[one])]) + float(length[one]) / 2.0
        for one in range(len(pipes))
    }
    return {**found, row: 0.0}


def test_a_stray_likeliest_pipe_gives_way_to_a_street_that_holds_more(streets: PipeNetwork) -> None:
    row = streets.pipes.row
    probability = np.zeros(len(streets.pipes))
    stray, street = row("H7-5"), [row("H0-1"), row("H1-1"), row("H2-1")]
    probability[stray], probability[street] = 0.3, [0.24, 0.22, 0.24]
    order = np.argsort(-probability, kind="stable")[:4]
    assert centre_of(streets, probability, order) == street[1]  # in the middle of them, though not the likeliest of them
    probability[stray] = 0.9
    assert centre_of(streets, probability / probability.sum(), np.argsort(-probability, kind="stable")[:4]) == stray


def test_the_centre_has_the_largest_sum_of_all_pipes_in_the_set(streets: PipeNetwork) -> None:
    random = np.random.default_rng(1)
    by_hand = [_from_middle(streets, row) for row in range(len(streets.pipes))]
    moved = 0
    for _ in range(15):
        probability = random.dirichlet(np.full(len(streets.pipes), 0.2))
        order = np.argsort(-probability, kind="stable")
        inside = order[: int(np.searchsorted(np.cumsum(probability[order]), 0.9) + 1)]
        sums = [sum(probability[other] * np.exp(-by_hand[one][int(other)] / REACH_M) for other in inside) for one in inside]
        assert centre_of(streets, probability, inside) == inside[int(np.argmax(sums))]
        moved += int(np.argmax(sums) != 0)
    assert moved > 5
