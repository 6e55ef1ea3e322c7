"""Spatial search of pipes: nearest to points, within a distance, in a rectangle. Built once per table and shared."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from maps.network import PipeTable

Rows = NDArray[np.int64]
_LEAST_M = 1e-6


class PipeIndex:
    """Spatial index over the drawn pipes; all coordinates in the network's CRS, metres."""

    def __init__(self, pipes: PipeTable) -> None:
        self._pipes = pipes

    @cached_property
    def lines(self) -> NDArray[np.object_]:
        """Each pipe as a shapely line, (pipes,)."""
        counts = np.diff(self._pipes.offsets)
        if not len(counts):
            return np.empty(0, dtype=object)
        points = np.nan_to_num(self._pipes.vertices)
        return np.asarray(shapely.linestrings(points, indices=np.repeat(np.arange(len(counts)), counts)), dtype=object)

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self.lines)

    def nearest(self, points: NDArray[np.float64], within_m: float) -> Rows:
        """Row of the pipe nearest to each point, (n,); -1 for none within the distance, of equally near ones the first."""
        found = np.full(len(points), -1, dtype=np.int64)
        known = np.flatnonzero(np.isfinite(points).all(axis=1))
        if not len(known) or not len(self._pipes):
            return found
        at, pipe = self._tree.query_nearest(_points(points[known]), max_distance=max(within_m, _LEAST_M), all_matches=True)
        order = np.lexsort((pipe, at))
        at, pipe = at[order], pipe[order]
        first = np.ones(len(at), dtype=np.bool_)
        first[1:] = at[1:] != at[:-1]
        found[known[at[first]]] = pipe[first]
        return found

    def within(self, points: NDArray[np.float64], distance_m: float) -> tuple[Rows, Rows]:
        """Pairs (point row, pipe row) within ``distance_m`` of each other, sorted."""
        if not len(self._pipes) or not len(points):
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        at, pipe = self._tree.query(_points(points), predicate="dwithin", distance=max(distance_m, _LEAST_M))
        order = np.lexsort((pipe, at))
        return at[order].astype(np.int64), pipe[order].astype(np.int64)

    def in_rectangle(self, low_x: float, low_y: float, high_x: float, high_y: float) -> Rows:
        """Rows of the pipes that touch a rectangle, sorted."""
        return np.sort(self._tree.query(shapely.box(low_x, low_y, high_x, high_y), predicate="intersects")).astype(np.int64)

    def along(self, pipes: Rows, points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Metres along each drawn pipe to the place nearest to its point, and the drawn length; NaN for pipe row -1."""
        along, length = np.full(len(pipes), np.nan), np.full(len(pipes), np.nan)
        known = np.flatnonzero((pipes >= 0) & np.isfinite(points).all(axis=1))
        lines = self.lines[pipes[known]]
        along[known] = shapely.line_locate_point(lines, _points(points[known]))
        length[known] = shapely.length(lines)
        return along, length

    def away(self, pipes: Rows, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Metres from each point to its pipe as drawn, (n,); NaN for pipe row -1 or a point that is not finite."""
        found = np.full(len(pipes), np.nan)
        known = np.flatnonzero((pipes >= 0) & np.isfinite(points).all(axis=1))
        found[known] = shapely.distance(self.lines[pipes[known]], _points(points[known]))
        return found

    def at(self, pipes: Rows, along_m: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Points at the given metres along drawn pipes, (n, 2), and the pipes' drawn lengths, (n,)."""
        lines = self.lines[pipes]
        places = np.asarray(shapely.line_interpolate_point(lines, along_m), dtype=object).reshape(-1)
        return np.column_stack([shapely.get_x(places), shapely.get_y(places)]), np.asarray(shapely.length(lines))


def _points(points: NDArray[np.float64]) -> NDArray[np.object_]:
    return np.asarray(shapely.points(points), dtype=object).reshape(-1)
