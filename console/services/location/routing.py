"""Route to a place: roads follow pipes, so the route uses the pipes' courses and street names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import KDTree

from maps.network import PipeNetwork

_SIGHT_M = 15.0
"""Directions before and behind a corner are taken over this length."""
_STRAIGHT_DEG, _BACK_DEG = 35.0, 150.0


@dataclass(frozen=True, slots=True)
class Way:
    """Road names in order and the length in m; None when the pipes do not connect."""

    roads: tuple[str, ...]
    length_m: float | None


@dataclass(frozen=True, slots=True)
class Leg:
    """One street of a route. ``turn``: into it, from the one before: "" at the start, else straight, left, right or back."""

    road: str
    length_m: float
    turn: str


@dataclass(frozen=True, eq=False)
class Route:
    """A way with its turns. ``points``: (n, 2) network's CRS, from the street nearest to the start to the pipe's nearer end."""

    legs: tuple[Leg, ...]
    length_m: float
    points: NDArray[np.float64]


class WayFinder:
    """Shortest route along the pipes' streets, regardless of valves and flow."""

    def __init__(self, network: PipeNetwork) -> None:
        self._network = network

    def way(self, x: float, y: float, pipe: int) -> Way:
        """From a point (network's CRS) to a pipe row."""
        return self._way(self._path(x, y, self._ends(pipe)))

    def way_to(self, x: float, y: float, to: tuple[float, float]) -> Way:
        """From a point to the street nearest to another one."""
        end = self._node_near(*to)
        return self._way(None if end is None else self._path(x, y, [end]))

    def _way(self, found: tuple[list[tuple[int, int]], float] | None) -> Way:
        if found is None:
            return Way((), None)
        roads = (str(self._network.pipes.road_name[row]) for row, _ in found[0])
        return Way(tuple(road for road, _ in groupby(road for road in roads if road)), found[1])

    def route(self, x: float, y: float, pipe: int) -> Route | None:
        """The same way with its turns and its course; None when the pipes do not connect or the point is no place."""
        return self._route(self._path(x, y, self._ends(pipe)))

    def route_to(self, x: float, y: float, to: tuple[float, float]) -> Route | None:
        """The same to the street nearest to another point."""
        end = self._node_near(*to)
        return None if end is None else self._route(self._path(x, y, [end]))

    def _route(self, found: tuple[list[tuple[int, int]], float] | None) -> Route | None:
        if found is None:
            return None
        legs: list[Leg] = []
        courses: list[NDArray[np.float64]] = []
        for road, steps in groupby(found[0], key=lambda step: str(self._network.pipes.road_name[step[0]])):
            parts = list(steps)
            course = np.vstack([self._course(row, start) for row, start in parts])
            length = sum(float(np.nan_to_num(self._network.pipes.length_m[row])) for row, _ in parts)
            legs.append(Leg(road, length, _turn(courses[-1], course) if courses else ""))
            courses.append(course)
        return Route(tuple(legs), found[1], np.vstack(courses) if courses else np.empty((0, 2)))

    def _ends(self, pipe: int) -> list[int]:
        pipes = self._network.pipes
        return sorted({int(pipes.from_node[pipe]), int(pipes.to_node[pipe])})

    def _path(self, x: float, y: float, ends: list[int]) -> tuple[list[tuple[int, int]], float] | None:
        """((pipe row, node where it is entered) …, length in m) to the nearest of these nodes."""
        start = self._node_near(x, y)
        if start is None:
            return None
        distance, before, _ = dijkstra(self._graph, directed=False, indices=ends, return_predecessors=True, min_only=True)
        if not np.isfinite(distance[start]):
            return None
        steps, at = [], start
        while before[at] >= 0:
            onward = int(before[at])
            steps.append((self._between(at, onward), at))
            at = onward
        return steps, float(distance[start])

    def _between(self, one: int, other: int) -> int:
        """The row of the shortest pipe that joins two nodes."""
        pipes = self._network.pipes
        joining = [int(row) for row in self._network.pipes_at(one) if other in (pipes.from_node[row], pipes.to_node[row])]
        return min(joining, key=lambda row: float(np.nan_to_num(pipes.length_m[row], nan=1.0)))

    def _course(self, pipe: int, start: int) -> NDArray[np.float64]:
        """The points of a pipe row from one of its nodes on."""
        points = np.asarray(self._network.pipes.points(pipe), dtype=np.float64)
        return points if int(self._network.pipes.from_node[pipe]) == start else points[::-1]

    def _node_near(self, x: float, y: float) -> int | None:
        if not (np.isfinite(x) and np.isfinite(y)) or not len(self._piped):
            return None
        return int(self._piped[self._tree.query((x, y))[1]])

    @cached_property
    def _piped(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        nodes, pipes = self._network.nodes, self._network.pipes
        piped = np.unique(np.concatenate([pipes.from_node, pipes.to_node])).astype(np.int64)
        return piped[np.isfinite(nodes.x[piped]) & np.isfinite(nodes.y[piped])]

    @cached_property
    def _tree(self) -> KDTree:
        nodes = self._network.nodes
        return KDTree(np.column_stack([nodes.x[self._piped], nodes.y[self._piped]]))

    @cached_property
    def _graph(self) -> csr_array:
        """Shortest length between neighbours, symmetric by use (directed=False)."""
        pipes, count = self._network.pipes, len(self._network.nodes)
        low, high = np.minimum(pipes.from_node, pipes.to_node), np.maximum(pipes.from_node, pipes.to_node)
        # Only the shortest of parallel pipes: a sparse matrix would sum them. Zero would mean "no edge".
        length = np.maximum(np.nan_to_num(pipes.length_m, nan=1.0), 0.01)
        order = np.lexsort((length, high, low))
        first = np.ones(len(order), dtype=bool)
        first[1:] = (low[order][1:] != low[order][:-1]) | (high[order][1:] != high[order][:-1])
        kept = order[first]
        return coo_array((length[kept], (low[kept], high[kept])), shape=(count, count)).tocsr()


def _turn(before: NDArray[np.float64], after: NDArray[np.float64]) -> str:
    """How the course turns from one street into the next."""
    into, away = _heading(before[::-1]), _heading(after)
    if into is None or away is None:
        return "straight"
    # The first one is measured backwards, from the corner.
    angle = float((np.degrees(away - into - np.pi) + 180.0) % 360.0 - 180.0)
    if abs(angle) <= _STRAIGHT_DEG:
        return "straight"
    if abs(angle) >= _BACK_DEG:
        return "back"
    return "left" if angle > 0 else "right"


def _heading(points: NDArray[np.float64]) -> float | None:
    """Direction (radians, counter-clockwise from east) from the first point to the course some metres on; None without places."""
    known = points[np.isfinite(points).all(axis=1)]
    if len(known) < 2:
        return None
    away = np.hypot(*(known - known[0]).T)
    far = np.flatnonzero(away >= _SIGHT_M)
    dx, dy = known[far[0] if len(far) else int(np.argmax(away))] - known[0]
    return float(np.arctan2(dy, dx)) if dx or dy else None
