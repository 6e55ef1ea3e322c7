"""Route to a place: roads follow pipes, so the route uses the pipes' street names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import KDTree

from maps.network import PipeNetwork


@dataclass(frozen=True, slots=True)
class Way:
    """Road names in order and the length in m; None when the pipes do not connect."""

    roads: tuple[str, ...]
    length_m: float | None


class WayFinder:
    """Shortest route along the pipes' streets, regardless of valves and flow."""

    def __init__(self, network: PipeNetwork) -> None:
        self._network = network

    def way(self, x: float, y: float, pipe: int) -> Way:
        """From a point (network's CRS) to a pipe row."""
        start = self._node_near(x, y)
        end = int(self._network.pipes.from_node[pipe])
        if start is None:
            return Way((), None)
        distance, before = dijkstra(self._graph, directed=False, indices=[end], return_predecessors=True)
        if not np.isfinite(distance[0, start]):
            return Way((), None)
        return Way(self._names(start, before[0]), float(distance[0, start]))

    def _names(self, start: int, towards: Any) -> tuple[str, ...]:
        names: list[str] = []
        at = start
        while towards[at] >= 0:
            onward = int(towards[at])
            name = self._street(at, onward)
            if name and (not names or names[-1] != name):
                names.append(name)
            at = onward
        return tuple(names)

    def _street(self, one: int, other: int) -> str:
        pipes = self._network.pipes
        for row in self._network.pipes_at(one):
            if other in (int(pipes.from_node[row]), int(pipes.to_node[row])):
                return str(pipes.road_name[row])
        return ""

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
