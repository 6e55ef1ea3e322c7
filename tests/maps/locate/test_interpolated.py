"""Interpolated signatures against distances worked out densely, all pairs at once."""

from __future__ import annotations

import numpy as np
import pytest

from maps.city import City
from maps.columns import Floats
from maps.locate import Interpolation
from maps.network import PipeStatus
from tests.builders import a_network

TYPICAL_M = 0.05


def a_city(seed: int, stations: int) -> City:
    """Thirty nodes joined at random, some pipes closed or side by side, a part of its own; stations at random nodes."""
    random = np.random.default_rng(seed)
    builder = a_network()
    for number in range(30):
        builder = builder.node(f"N{number:02d}")
    for number in range(45):
        start, end = random.choice(30, 2, replace=False)
        status = PipeStatus.CLOSED if random.random() < 0.15 else PipeStatus.OPEN
        length, diameter = float(random.uniform(5, 800)), float(random.choice([80, 200, 600]))
        builder = builder.pipe(f"P{number}", f"N{start:02d}", f"N{end:02d}", length_m=length, diameter_mm=diameter, status=status)
    builder = builder.pipe("Q", "N90", "N91", length_m=100.0)
    for number, node in enumerate(random.choice([*range(30), 90], stations)):
        builder = builder.station(f"S{number}", at=f"N{node:02d}")
    return builder.station("F", on="P1", channels="flow").build()


def dense(city: City) -> Floats:
    """(stations, nodes) by Floyd and Warshall over a full matrix."""
    pipes, nodes = city.network.pipes, len(city.network.nodes)
    distance = np.full((nodes, nodes), np.inf)
    np.fill_diagonal(distance, 0.0)
    for row in range(len(pipes)):
        if pipes.status[row] != PipeStatus.CLOSED:
            start, end = pipes.from_node[row], pipes.to_node[row]
            weight = max(float(pipes.length_m[row]), 1.0) * np.sqrt(200.0 / pipes.diameter_mm[row])
            distance[start, end] = distance[end, start] = min(distance[start, end], weight)
    for middle in range(nodes):
        distance = np.minimum(distance, distance[:, middle, None] + distance[None, middle])
    node = city.stations.node
    placed = np.flatnonzero(node >= 0)
    between = distance[np.ix_(node[placed], node[placed])] + np.where(np.eye(len(placed)) > 0, np.inf, 0.0)
    nearest = between.min(axis=1, initial=np.inf)
    known = nearest[np.isfinite(nearest)]
    reach = float(np.median(known)) if len(known) else 1000.0
    response = np.zeros((len(node), nodes))
    response[placed] = -TYPICAL_M * np.exp(-distance[node[placed]] / max(reach, 1.0))
    return response


@pytest.mark.parametrize(("seed", "stations"), [(1, 1), (2, 2), (3, 6), (4, 12), (5, 25)])
def test_responses_made_for_some_stations_are_those_of_all_distances_worked_out_at_once(seed: int, stations: int) -> None:
    city = a_city(seed, stations)
    expected, interpolation = dense(city), Interpolation(city)
    for rows in (np.arange(len(city.stations)), np.array([len(city.stations) - 1, 0])):
        found = interpolation.signatures(rows)
        assert found.station_id == city.stations.ids(rows)
        np.testing.assert_allclose(found.head_m_per_m3h, expected[rows], rtol=1e-5, atol=1e-12)


def test_a_city_without_stations_has_no_responses() -> None:
    city = a_network().pipe("P", "A", "B").build()
    assert Interpolation(city).signatures().head_m_per_m3h.shape == (0, 2)
