"""Supply graph of a network, with two spanning trees from its sources that certify supply.

The second tree avoids the segments with the largest subtrees of the first, so that few segments lose both paths.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import breadth_first_order, dijkstra

from maps.isolation.graph.edge_rules import SUPPLY_UV, SUPPLY_VU
from maps.isolation.graph.segments import SegmentGraph, grouped


class Adjacency:
    """Neighbours of each segment as flat arrays: for slot ``k`` in ``start[s]:start[s + 1]`` the neighbour and the edge.

    ``flipped``: the segment is the edge's ``v``. Memory views: reading one number takes half the time of numpy.
    """

    def __init__(self, graph: SegmentGraph) -> None:
        edges = len(graph.u)
        ends = np.concatenate([graph.u, graph.v])
        offsets, slots = grouped(ends, graph.count)
        other = np.concatenate([graph.v, graph.u])[slots]
        self.start = np.ascontiguousarray(offsets, dtype=np.int32).data
        self.neighbour = np.ascontiguousarray(other, dtype=np.int32).data
        self.edge = np.ascontiguousarray(slots % max(edges, 1), dtype=np.int32).data
        self.flipped = np.ascontiguousarray(slots >= edges, dtype=np.uint8).data

    def at(self, segment: int) -> Iterable[tuple[int, int, int]]:
        """(neighbour, edge, flipped) of every edge at a segment."""
        low, high = self.start[segment], self.start[segment + 1]
        return zip(self.neighbour[low:high], self.edge[low:high], self.flipped[low:high], strict=True)


@dataclass(frozen=True, eq=False)
class SupplyTree:
    """A spanning tree of the supplied segments. ``enter``/``leave``: preorder interval of each segment's subtree, -1 outside.

    ``parent`` -1 for segments adjacent to a source; ``root``: the segment at the tree's source.
    """

    enter: NDArray[np.int32]
    leave: NDArray[np.int32]
    parent: NDArray[np.int32]
    root: NDArray[np.int32]

    @cached_property
    def enter_at(self) -> memoryview:
        """``enter`` as a memory view, for scalar reads."""
        return self.enter.data

    def intervals(self, taken: Iterable[int]) -> tuple[list[int], list[int]]:
        """Disjoint sorted preorder intervals of the subtrees below ``taken``."""
        spans = sorted((int(self.enter[s]), int(self.leave[s])) for s in taken if self.enter[s] >= 0)
        starts: list[int] = []
        ends: list[int] = []
        for start, end in spans:
            # Preorder intervals are nested or disjoint: an inner one adds nothing.
            if not ends or start > ends[-1]:
                starts.append(start)
                ends.append(end)
        return starts, ends


class Supply:
    """The supply graph of one set of sources in the dataset's own state. ``sources``: (segments,) adjacent to one."""

    def __init__(self, graph: SegmentGraph, codes: NDArray[np.uint8], sources: NDArray[np.bool_], around: Adjacency) -> None:
        self.graph, self.codes, self.sources, self.around = graph, codes, sources, around
        self.code_at = np.ascontiguousarray(codes).data
        self.source_at = np.ascontiguousarray(sources).data

    @cached_property
    def arcs(self) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
        """(from, to, edge) of every arc on which supply may pass, without the sources."""
        onward, back = (self.codes & SUPPLY_UV) > 0, (self.codes & SUPPLY_VU) > 0
        edges = np.concatenate([np.flatnonzero(onward), np.flatnonzero(back)]).astype(np.int32)
        u, v = self.graph.u, self.graph.v
        return np.concatenate([u[onward], v[back]]), np.concatenate([v[onward], u[back]]), edges

    @cached_property
    def trees(self) -> tuple[SupplyTree, ...]:
        """Two trees: one with fewest valves, one that avoids the segments with the largest subtrees of the first."""
        start, end, _ = self.arcs
        root = self.graph.count
        first = np.flatnonzero(self.sources).astype(np.int32)
        start, end = np.concatenate([start, np.full(len(first), root, dtype=np.int32)]), np.concatenate([end, first])
        _, parent = breadth_first_order(_csr(start, end, np.ones(len(start)), root + 1), root, directed=True)
        tree, size = _intervals(parent, root)
        weight = 1.0 + size[end].astype(np.float64)
        _, far = dijkstra(_csr(start, end, weight, root + 1), directed=True, indices=[root], return_predecessors=True)
        return tree, _intervals(far[0], root)[0]

    @cached_property
    def fed_at(self) -> memoryview:
        """Whether each segment has supply in the dataset's own state."""
        return (self.trees[0].enter >= 0).view(np.uint8).data

    def sweep(self, taken: Collection[int], shut: Mapping[int, int]) -> NDArray[np.bool_]:
        """Supplied segments, (segments,), with ``taken`` removed and edge codes ``shut``: exact, one pass over all segments."""
        codes = self.codes.copy()
        for edge, code in shut.items():
            codes[edge] = code
        start, end, _ = Supply(self.graph, codes, self.sources, self.around).arcs
        out = np.zeros(self.graph.count + 1, dtype=np.bool_)
        out[list(taken)] = True
        keep = ~out[start] & ~out[end]
        root = self.graph.count
        first = np.flatnonzero(self.sources & ~out[:-1]).astype(np.int32)
        start, end = np.concatenate([start[keep], np.full(len(first), root, np.int32)]), np.concatenate([end[keep], first])
        reached = breadth_first_order(
            _csr(start, end, np.ones(len(start)), root + 1), root, directed=True, return_predecessors=False
        )
        supplied = np.zeros(root + 1, dtype=np.bool_)
        supplied[reached] = True
        return supplied[:-1]


def _csr(start: NDArray[np.int32], end: NDArray[np.int32], weight: NDArray[np.float64], count: int) -> csr_array:
    """Sparse graph; any of the weights of parallel arcs may be used, because all have the same ends."""
    return csr_array(coo_array((weight, (start, end)), shape=(count, count)))


def _intervals(parent_of: NDArray[np.int32], root: int) -> tuple[SupplyTree, NDArray[np.int64]]:
    """The tree with preorder intervals, and the size of each subtree, (segments,). ``parent_of`` includes the root itself."""
    parent = np.asarray(parent_of, dtype=np.int64)
    levels = _levels(parent, root)
    size = np.ones(root + 1, dtype=np.int64)
    for level in reversed(levels[1:]):
        np.add.at(size, parent[level], size[level])
    enter = np.full(root + 1, -1, dtype=np.int64)
    top = np.full(root + 1, -1, dtype=np.int64)
    enter[root] = 0
    inside = np.concatenate(levels[1:]) if len(levels) > 1 else np.empty(0, dtype=np.int64)
    by_parent = inside[np.argsort(parent[inside], kind="stable")]
    run = np.cumsum(size[by_parent]) - size[by_parent]
    first = np.ones(len(by_parent), dtype=np.bool_)
    first[1:] = parent[by_parent][1:] != parent[by_parent][:-1]
    shift = np.zeros(root + 1, dtype=np.int64)
    shift[by_parent] = run - np.maximum.accumulate(np.where(first, run, 0)) + 1
    for depth, level in enumerate(levels[1:]):
        enter[level] = enter[parent[level]] + shift[level]
        top[level] = level if depth == 0 else top[parent[level]]
    leave = np.where(enter >= 0, enter + size - 1, -1)
    up = np.where((parent < 0) | (parent == root), -1, parent)
    columns = (column[:root].astype(np.int32) for column in (enter, leave, up, top))
    return SupplyTree(*columns), np.where(enter >= 0, size, 0)


def _levels(parent: NDArray[np.int64], root: int) -> list[NDArray[np.int64]]:
    """Tree vertices by depth, the root first."""
    members = np.flatnonzero(parent >= 0)
    members = members[members != root]
    offsets, order = grouped(parent[members].astype(np.int32), root + 1)
    children = members[order]
    levels = [np.array([root], dtype=np.int64)]
    while len(levels[-1]):
        level = levels[-1]
        counts = offsets[level + 1] - offsets[level]
        within = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
        levels.append(children[np.repeat(offsets[level], counts) + within])
    return levels[:-1]
