"""Strokes: joining and simplifying lose no pipe. Oracle: shapely's lengths and distances."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from console.ui.map.drawing.generalisation import Lines, joined, thinned, without_repeats
from tests.console.ui.test_segments import geometries, some_lines


def a_grid(seed: int, side: int = 9) -> Lines:
    """Streets of a bent grid in pieces from crossing to crossing, in random order and direction, two classes."""
    rng = np.random.default_rng(seed)
    x, y = np.meshgrid(np.arange(side) * 100.0, np.arange(side) * 100.0)
    nodes = np.stack([x, y], axis=2) + rng.normal(0, 6, (side, side, 2))
    pairs = [(nodes[r, c], nodes[r, c + 1]) for r in range(side) for c in range(side - 1)]
    pairs += [(nodes[r, c], nodes[r + 1, c]) for r in range(side - 1) for c in range(side)]
    order = rng.permutation(len(pairs))
    ends = [pairs[i] if rng.random() < 0.5 else pairs[i][::-1] for i in order]
    points = np.concatenate([[a, (a + b) / 2 + rng.normal(0, 3, 2), b] for a, b in ends])
    offsets = np.arange(len(ends) + 1, dtype=np.int64) * 3
    return Lines(points, offsets, rng.integers(0, 2, len(ends)).astype(np.uint8))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_strokes_are_the_same_line_work_with_fewer_ends(seed: int) -> None:
    lines = a_grid(seed)
    strokes = joined(lines)
    for klass in (0, 1):
        before = shapely.union_all(geometries(lines)[lines.klass == klass])
        after = shapely.union_all(geometries(strokes)[strokes.klass == klass])
        assert after.length == pytest.approx(before.length, rel=1e-9)
        assert shapely.hausdorff_distance(before, after) == pytest.approx(0.0, abs=1e-9)
    assert len(strokes.klass) < len(lines.klass)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(1.0, 60.0))
def test_no_point_is_further_from_the_thinned_line_than_the_tolerance(seed: int, tolerance_m: float) -> None:
    strokes = joined(a_grid(seed))
    thin = thinned(strokes, tolerance_m)
    kept = geometries(thin)
    for number, line in enumerate(np.split(strokes.points, strokes.offsets[1:-1])):
        assert shapely.distance(shapely.points(line), kept[number]).max() <= tolerance_m + 1e-6


def test_a_ring_of_pipes_is_opened_once_and_stays_whole() -> None:
    turn = np.linspace(0, 2 * np.pi, 13)
    around = np.column_stack([np.cos(turn), np.sin(turn)]) * 500
    points = np.concatenate([[around[i], around[i + 1]] for i in range(12)])
    strokes = joined(Lines(points, np.arange(13, dtype=np.int64) * 2, np.zeros(12, dtype=np.uint8)))
    assert len(strokes.klass) == 1
    assert geometries(strokes)[0].length == pytest.approx(shapely.LineString(around).length)


def test_every_pipe_is_on_a_city_scale_level_even_the_shortest() -> None:
    lines = some_lines(3, 400, span=40_000.0)
    small = Lines(lines.points * 0.01 + 500_000.0, lines.offsets, lines.klass)
    drawn = without_repeats(thinned(joined(small), 20.0), 20.0)
    for klass in range(3):
        ground = shapely.union_all(geometries(drawn)[drawn.klass == klass])
        of_class = np.repeat(small.klass == klass, np.diff(small.offsets))
        assert shapely.distance(shapely.points(small.points[of_class]), ground).max() <= 20.0 * (1 + 2**0.5)


def test_lines_of_one_point_or_none_are_left_out() -> None:
    lines = Lines(np.zeros((3, 2)), np.array([0, 1, 1, 3]), np.zeros(3, dtype=np.uint8))
    assert len(joined(lines).klass) == 1
    assert len(joined(Lines(np.zeros((1, 2)), np.array([0, 1]), np.zeros(1, dtype=np.uint8))).klass) == 0
