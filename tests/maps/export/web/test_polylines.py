"""Encoded lines: what is decoded again lies within the grid and the tolerance of the pipe."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from maps.crs import transform
from maps.export.web.polylines import Grid, decoded, encoded
from tests.builders import a_network

STEPS = st.lists(st.tuples(st.integers(-(2**30), 2**30), st.integers(-(2**30), 2**30)), min_size=1, max_size=30)


@given(steps=STEPS)
def test_encoding_loses_nothing_and_uses_printable_signs_only(steps: list[tuple[int, int]]) -> None:
    text = encoded(np.array(steps, dtype=np.int64))
    assert decoded(text) == steps
    assert all(63 <= ord(char) <= 126 for char in text)


def test_a_line_stays_within_two_metres_of_its_pipe() -> None:
    rng = np.random.default_rng(1)
    points = [(500_010.0 + 10 * n, 4_058_000.0 + float(rng.normal(0, 3))) for n in range(40)]
    city = a_network().node("A", 500_000, 4_058_000).node("B", 500_410, 4_058_000).pipe("P", "A", "B", points=points).build()
    grid = Grid.of(city.network)
    back = np.array(decoded(grid.lines(city.network, [0])[0]), dtype=np.float64) * grid.step
    x, y = transform(back[:, 1], back[:, 0], "EPSG:4326", "EPSG:4548")
    pipe, drawn = shapely.LineString(city.network.pipes.points(0)), shapely.LineString(np.column_stack([x, y]))
    assert shapely.hausdorff_distance(pipe, drawn) < 2.0


def test_a_pipe_without_place_is_left_out() -> None:
    city = a_network().node("A", 500_000, 4_058_000).node("B", float("nan"), float("nan")).pipe("P", "A", "B").build()
    assert Grid.of(city.network).lines(city.network, [0]) == [""]
    assert Grid.of(city.network).lines(city.network, []) == []
