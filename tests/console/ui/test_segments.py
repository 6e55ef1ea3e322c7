"""Line work: culling, picking and levels of detail lose no line. Oracle: a loop over every vertex."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from console.ui.map.drawing.generalisation import Lines, joined
from console.ui.map.drawing.line_levels import LineWork, segments_of, simplified


def some_lines(seed: int, count: int, span: float = 4000.0) -> Lines:
    """Random lines of two to nine points."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(2, 10, count)
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    steps = rng.normal(0, 60, (offsets[-1], 2))
    for first in offsets[:-1]:
        steps[first] = rng.uniform(0, span, 2)
    points = np.vstack([np.cumsum(part, axis=0) for part in np.split(steps, offsets[1:-1])])
    return Lines(points + 500_000.0, offsets, rng.integers(0, 3, count).astype(np.uint8))


def geometries(lines: Lines) -> NDArray[np.object_]:
    """The same lines for shapely."""
    return np.array([shapely.LineString(part) for part in np.split(lines.points, lines.offsets[1:-1])], dtype=object)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60), st.floats(0, 4000), st.floats(0, 4000))
def test_the_picked_line_is_the_nearest_one(seed: int, count: int, x: float, y: float) -> None:
    lines = some_lines(seed, count)
    distances = shapely.distance(geometries(lines), shapely.Point(500_000 + x, 500_000 + y))
    hit = LineWork(lines, 3).near(500_000 + x, 500_000 + y, 150.0)
    if distances.min() > 150.1:
        assert hit is None
    elif distances.min() < 149.9:
        assert hit is not None
        assert hit[1] == pytest.approx(distances.min(), abs=0.05)
        assert distances[hit[0]] == pytest.approx(distances.min(), abs=0.05)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 3000), st.floats(0, 3000), st.floats(50, 2000))
def test_a_view_gets_every_line_that_touches_it(seed: int, x: float, y: float, size: float) -> None:
    lines = some_lines(seed, 80)
    work = LineWork(lines, 3)
    view = (500_000 + x, 500_000 + y, 500_000 + x + size, 500_000 + y + size)
    level = work.finest()
    given_lines = {
        int(line) for klass in range(3) for run in level.runs(klass, work.relative(view)) for line in np.unique(level.line[run])
    }
    touching = np.flatnonzero(shapely.intersects(geometries(lines), shapely.box(*view)))
    assert set(touching.tolist()) <= given_lines


@pytest.mark.parametrize("tolerance_m", [1.0, 4.0, 16.0])
def test_a_coarser_level_strays_less_than_its_tolerance(tolerance_m: float) -> None:
    lines = some_lines(5, 300)
    segments, _ = segments_of(simplified(joined(lines), tolerance_m), (500_000.0, 500_000.0))
    drawn = shapely.union_all([shapely.LineString([s[:2], s[2:]]) for s in segments.astype(np.float64)])
    vertices = shapely.points(lines.points - 500_000.0)
    assert shapely.distance(vertices, drawn).max() <= tolerance_m * 2**0.5 + 0.01


def test_straight_lines_are_one_segment() -> None:
    x = np.linspace(0, 1000, 50)
    lines = Lines(np.column_stack([x, 0.3 * np.sin(x)]), np.array([0, 50]), np.zeros(1, dtype=np.uint8))
    segments, _ = segments_of(simplified(joined(lines), 2.0), (0.0, 0.0))
    assert segments.tolist() == [pytest.approx([0.0, 0.0, 1000.0, 0.3 * np.sin(1000.0)], abs=1e-3)]


def test_each_segment_is_indexed_once_under_its_class() -> None:
    lines = some_lines(9, 200)
    level = LineWork(lines, 3).finest()
    everything = (-1e6, -1e6, 1e6, 1e6)
    rows = np.concatenate([np.arange(run.start, run.stop) for klass in range(3) for run in level.runs(klass, everything)])
    assert np.array_equal(np.sort(rows), np.arange(len(level.segments)))
    for klass in range(3):
        for run in level.runs(klass, everything):
            assert (lines.klass[level.line[run]] == klass).all()


def test_a_line_work_without_lines_is_valid() -> None:
    none = Lines(np.empty((0, 2)), np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.uint8))
    work = LineWork(none, 2)
    assert work.near(0.0, 0.0, 10.0) is None
    assert len(work.level(4.0).segments) == 0


def test_the_scales_made_ahead_give_every_level_that_a_zoom_from_there_asks_for() -> None:
    work = LineWork(some_lines(3, 200), 3)
    ahead = {id(work.level(scale)) for scale in work.scales(30.0)}
    zoomed = {id(work.level(float(m_per_px))) for m_per_px in np.geomspace(30.0, 0.05, 400)}
    assert zoomed | {id(work.finest())} == ahead
