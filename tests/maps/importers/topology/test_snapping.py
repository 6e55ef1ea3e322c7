"""Joining ends and cutting lines: properties that hold for any drawing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from maps.importers.topology.snapping import Snapped, generated_ids, snap
from maps.importers.topology.splitting import Cuts, numbered, split
from maps.network import PipeTable
from tests.builders import a_network

_SPOT = st.tuples(st.integers(0, 12), st.integers(0, 12)).map(lambda at: (at[0] * 0.4, at[1] * 0.4))
_LINES = st.lists(st.tuples(_SPOT, _SPOT), min_size=1, max_size=15)
_TOLERANCE_M = 0.5


def _snapped(lines: list[tuple[tuple[float, float], tuple[float, float]]], fixed: list[tuple[float, float]]) -> Snapped:
    ends = np.array(lines, dtype=np.float64).reshape(-1, 2)
    return snap(ends, np.repeat(np.arange(len(lines)), 2), np.array(fixed, dtype=np.float64).reshape(-1, 2), _TOLERANCE_M)


@settings(deadline=None)
@given(_LINES, st.lists(_SPOT, max_size=4, unique=True))
def test_no_end_moves_further_than_the_tolerance(
    lines: list[tuple[tuple[float, float], tuple[float, float]]], fixed: list[tuple[float, float]]
) -> None:
    found = _snapped(lines, fixed)
    assert (found.moved_m <= _TOLERANCE_M + 2e-3).all()
    assert found.node.max() < len(found.xy)
    np.testing.assert_array_equal(found.xy[: len(fixed)], np.array(fixed, dtype=np.float64).reshape(-1, 2))


@settings(deadline=None)
@given(_LINES)
def test_a_line_never_folds_onto_one_node_unless_drawn_so(lines: list[tuple[tuple[float, float], tuple[float, float]]]) -> None:
    node = _snapped(lines, []).node.reshape(-1, 2)
    for (a, b), (start, end) in zip(node, lines, strict=True):
        assert (a == b) == (start == end)


@settings(deadline=None)
@given(_LINES)
def test_ends_on_one_point_are_one_node(lines: list[tuple[tuple[float, float], tuple[float, float]]]) -> None:
    found = _snapped(lines, [])
    places: dict[tuple[float, float], int] = {}
    for place, node in zip([end for line in lines for end in line], found.node.tolist(), strict=True):
        assert places.setdefault(place, node) == node


def test_ends_of_short_pipes_stay_distinct_and_near_loose_ends_join_them() -> None:
    """Three short links around a tee; each arm begins at its link's far end, one of them a hand's breadth short of it."""
    tee, far = (10.0, 0.0), ((9.8, 0.0), (10.2, 0.0), (10.0, -0.2))
    arms = (((0.0, 0.0), far[0]), (far[1], (20.0, 0.0)), ((10.0, -0.25), (10.0, -20.0)))
    for lines in ([*((tee, end) for end in far), *arms], [*arms[::-1], *((end, tee) for end in far)]):
        node = _snapped(list(lines), []).node.reshape(-1, 2)
        links, pipes = (node[:3], node[3:]) if lines[0][0] == tee else (node[3:, ::-1], node[2::-1])
        assert len(set(links[:, 0])) == 1
        assert len({*links.ravel()}) == 4
        assert [pipes[0, 1], pipes[1, 0], pipes[2, 0]] == links[:, 1].tolist()


def test_two_given_nodes_within_the_tolerance_stay_distinct_and_are_reported() -> None:
    found = _snapped([((0.0, 0.0), (50.0, 0.0))], [(0.0, 0.0), (0.2, 0.0)])
    assert found.crowded == ((0, 1),)


def test_generated_ids_avoid_those_taken() -> None:
    assert generated_ids(3, "N", ["N1", "N3"]) == ["N2", "N4", "N5"]


def _bent(length_m: float) -> tuple[PipeTable, NDArray[np.float64]]:
    town = (
        a_network().node("A", 0, 0).node("B", 100, 100).pipe("P", "A", "B", points=[(100, 0)], length_m=length_m, minor_loss=2.0)
    )
    return town.network().pipes, np.array([[0.0, 0.0], [100.0, 100.0]])


@settings(deadline=None)
@given(st.lists(st.floats(1, 199), min_size=1, max_size=6, unique=True), st.floats(10, 1000))
def test_pieces_make_up_the_pipe_they_were(along: list[float], length_m: float) -> None:
    pipes, xy = _bent(length_m)
    spots = np.array([(at, 0.0) if at <= 100 else (100.0, at - 100) for at in along])
    made = np.arange(2, 2 + len(along), dtype=np.int64)
    pieces, parent = split(pipes, Cuts(np.zeros(len(along), dtype=np.int64), np.array(along), made), np.vstack([xy, spots]))
    assert len(pieces) == len(along) + 1
    assert set(parent.tolist()) == {0}
    assert pieces.length_m.sum() == pytest.approx(length_m)
    assert pieces.minor_loss.sum() == pytest.approx(2.0)
    # One after the other, from the first node to the last.
    assert pieces.from_node[1:].tolist() == pieces.to_node[:-1].tolist()
    drawn = sum(float(np.hypot(*np.diff(pieces.points(row), axis=0).T).sum()) for row in range(len(pieces)))
    assert drawn == pytest.approx(200.0)
    named, shared = numbered(pieces)
    assert list(named.asset_id) == [f"P~{number}" for number in range(1, len(pieces) + 1)]
    assert shared == ("P",)
