"""Measuring on the ground: length of a line, area of a polygon; and what lies in a polygon. World coordinates, metres."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from console.ui.map.scene import Scene

Point = tuple[float, float]


def length_m(points: Sequence[Point]) -> float:
    """Length of a line through points."""
    return sum(math.dist(a, b) for a, b in pairwise(points))


def area_m2(points: Sequence[Point]) -> float:
    """Area within a ring of points (closed by itself); what crosses itself counts by Gauss's formula."""
    if len(points) < 3:
        return 0.0
    ring = np.asarray([*points, points[0]]) - np.asarray(points[0])
    return float(abs(np.sum(ring[:-1, 0] * ring[1:, 1] - ring[1:, 0] * ring[:-1, 1])) / 2.0)


def pipes_in(scene: Scene, ring: Sequence[Point]) -> NDArray[np.int64]:
    """Rows of the pipes that touch the polygon through points; they are found by the map's own tiles."""
    shape = shapely.make_valid(shapely.Polygon(ring))
    low_x, low_y, high_x, high_y = shapely.bounds(shape).tolist()
    work = scene.pipes
    level = work.finest()
    view = work.relative((low_x, low_y, high_x, high_y))
    rows = [np.arange(run.start, run.stop) for klass in range(work.classes) for run in level.runs(klass, view)]
    if not rows:
        return np.empty(0, dtype=np.int64)
    at = np.concatenate(rows)
    points = level.segments[at].astype(np.float64).reshape(-1, 2) + np.asarray(work.origin)
    lines = shapely.linestrings(points.reshape(-1, 2, 2))
    shapely.prepare(shape)
    return np.unique(level.line[at[shapely.intersects(shape, lines)]]).astype(np.int64)


def points_in(x: NDArray[np.float64], y: NDArray[np.float64], ring: Sequence[Point]) -> NDArray[np.int64]:
    """Rows of the points within the polygon."""
    shape = shapely.make_valid(shapely.Polygon(ring))
    low_x, low_y, high_x, high_y = shapely.bounds(shape).tolist()
    near = np.flatnonzero((x >= low_x) & (x <= high_x) & (y >= low_y) & (y <= high_y))
    shapely.prepare(shape)
    return near[shapely.intersects_xy(shape, x[near], y[near])]
