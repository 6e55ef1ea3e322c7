"""Ways along streets: against hand-worked cases of a grid town."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from console.services.location.routing import WayFinder
from maps.network import PipeNetwork
from tests.console.services.town import STEP_M, X0, Y0, a_town


@pytest.fixture(scope="module")
def network() -> PipeNetwork:
    return a_town().network


def driven(network: PipeNetwork, x: float, y: float, pipe: str) -> list[tuple[str, float, str]]:
    """The legs in words, with lengths in blocks."""
    route = WayFinder(network).route(X0 + x * STEP_M, Y0 + y * STEP_M, network.pipes.row(pipe))
    assert route is not None
    assert sum(leg.length_m for leg in route.legs) == pytest.approx(route.length_m)
    steps = np.hypot(*np.diff(route.points, axis=0).T).sum() if len(route.points) else 0.0
    assert steps == pytest.approx(route.length_m)
    return [(leg.road, leg.length_m / STEP_M, leg.turn) for leg in route.legs]


def only(network: PipeNetwork, *pipes: str) -> PipeNetwork:
    """The network with no way but along these pipes: the others are very long."""
    is_kept = np.isin(network.pipes.asset_id.astype(str), pipes)
    length = np.where(is_kept, network.pipes.length_m, 1e6)
    return replace(network, pipes=replace(network.pipes, length_m=length))


def test_a_way_names_each_street_its_length_and_the_turn_into_it(network: PipeNetwork) -> None:
    east_then_north = only(network, "H00", "H10", "V20", "V21", "H22")
    # Eastwards along 经十路, then north is to the left, then east again to the right.
    assert driven(east_then_north, 0, 0, "V32") == [("经十路", 2, ""), ("纬三路", 2, "left"), ("经四路", 1, "right")]
    # From the east end back: west, south to the left, west to the right; the nearer end of M1 is J00.
    assert driven(east_then_north, 3, 2, "M1") == [("经四路", 1, ""), ("纬三路", 2, "left"), ("经十路", 2, "right")]


def test_a_street_that_changes_its_name_goes_straight_on_and_the_nearer_end_of_the_pipe_counts(network: PipeNetwork) -> None:
    names = network.pipes.road_name.copy()
    names[network.pipes.row("H10")] = ""
    renamed = replace(network, pipes=replace(network.pipes, road_name=names))
    assert driven(renamed, 0, 0, "H20") == [("经十路", 1, ""), ("", 1, "straight")]
    assert driven(network, 3, 0, "H10") == [("经十路", 1, "")]  # from the east: its eastern end
    assert driven(network, 1, 0, "H10") == []  # there already
    assert WayFinder(renamed).way(X0, Y0, network.pipes.row("H20")).roads == ("经十路",)


def test_without_a_connection_or_a_place_there_is_no_way(network: PipeNetwork) -> None:
    assert WayFinder(network).route(float("nan"), 0.0, 0) is None
