"""Finding pipes by place, against a search through all of them."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point

from maps.index import PipeIndex
from maps.network import PipeTable
from tests.builders import a_network

_PLACE = st.tuples(st.floats(-500, 500), st.floats(-500, 500))


def _pipes(lines: list[tuple[tuple[float, float], tuple[float, float]]]) -> PipeTable:
    town = a_network()
    for number, (a, b) in enumerate(lines):
        town.node(f"A{number}", *a).node(f"B{number}", *b).pipe(f"P{number}", f"A{number}", f"B{number}")
    return town.network().pipes


@settings(deadline=None)
@given(st.lists(st.tuples(_PLACE, _PLACE), min_size=1, max_size=12), _PLACE, st.floats(1, 400))
def test_the_nearest_pipe_is_the_nearest_of_all(
    lines: list[tuple[tuple[float, float], tuple[float, float]]], place: tuple[float, float], within_m: float
) -> None:
    found = int(PipeIndex(_pipes(lines)).nearest(np.array([place]), within_m)[0])
    away = [LineString(line).distance(Point(place)) for line in lines]
    if found < 0:
        assert min(away) >= within_m * (1 - 1e-9)
    else:
        assert away[found] <= min(away) + 1e-9
        assert away[found] <= within_m * (1 + 1e-9)


def test_of_equally_near_pipes_the_first_is_taken() -> None:
    index = PipeIndex(_pipes([((0, 10), (100, 10)), ((0, -10), (100, -10))]))
    assert index.nearest(np.array([[50.0, 0.0]]), 20).tolist() == [0]


def test_a_place_that_is_no_number_has_no_pipe() -> None:
    index = PipeIndex(_pipes([((0, 0), (100, 0))]))
    assert index.nearest(np.array([[np.nan, 0.0], [50.0, 1.0]]), 5).tolist() == [-1, 0]


def test_pipes_in_a_rectangle_are_those_that_touch_it() -> None:
    index = PipeIndex(_pipes([((0, 0), (100, 0)), ((0, 50), (100, 50)), ((-10, -10), (-10, 90))]))
    assert index.in_rectangle(-20, 40, 10, 60).tolist() == [1, 2]
