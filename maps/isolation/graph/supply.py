"""Supply query: segments that still have supply after removing some, by spanning-tree certificates and a search.

Two spanning trees from the sources are built over the segments once. A segment whose path to its source along *one* of them
contains no removed segment is supplied, tested with a few intervals. Only the rest is searched, against the flow direction,
until a certified segment is found; so the cost depends on the affected area, not on the size of the city.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import breadth_first_order, dijkstra

from maps.isolation.graph.edge_rules import SUPPLY, SUPPLY_UV, SUPPLY_VU, UNKNOWN, WALL
from maps.isolation.graph.segments import SegmentGraph, grouped

_SEARCH_LIMIT = 4000
"""Number of segments searched individually before one sweep over the whole city is cheaper."""


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


class SupplyQuery:
    """Supply for one plan, with segments ``taken`` removed and edge codes ``shut`` in place of the dataset's."""

    def __init__(self, supply: Supply, taken: Collection[int], shut: Mapping[int, int]) -> None:
        self._supply, self._taken, self._shut = supply, taken, shut
        self._fed: set[int] = set()
        self._dry: set[int] = set()
        self._all: NDArray[np.bool_] | None = None
        self._via: dict[int, int] = {}

    def with_supply(self, supply: Supply) -> SupplyQuery:
        """The same query for another set of sources."""
        return SupplyQuery(supply, self._taken, self._shut)

    @cached_property
    def _cuts(self) -> tuple[tuple[memoryview, list[int], list[int]], ...]:
        """For every tree the intervals that are no longer certified."""
        found = []
        for tree in self._supply.trees:
            cut = list(self._taken)
            for edge, code in self._shut.items():
                cut += self._orphans(tree, edge, code)
            found.append((tree.enter_at, *tree.intervals(cut)))
        return tuple(found)

    def _orphans(self, tree: SupplyTree, edge: int, code: int) -> list[int]:
        """Segments whose tree path may contain an edge that no longer supplies."""
        lost = int(self._supply.codes[edge]) & SUPPLY & ~code
        u, v = int(self._supply.graph.u[edge]), int(self._supply.graph.v[edge])
        down = [v] if lost & SUPPLY_UV and tree.parent[v] == u else []
        return down + ([u] if lost & SUPPLY_VU and tree.parent[u] == v else [])

    def certain(self, segment: int) -> int:
        """Index of a tree that certifies a segment's supply, -1 without one."""
        for number, (enter_at, starts, ends) in enumerate(self._cuts):
            enter = enter_at[segment]
            if enter < 0:
                continue
            place = bisect_right(starts, enter) - 1
            if place < 0 or ends[place] < enter:
                return number
        return -1

    def before(self, segment: int) -> list[int]:
        """Upstream neighbours."""
        code_at, shut, taken = self._supply.code_at, self._shut, self._taken
        found = []
        for near, edge, flipped in self._supply.around.at(segment):
            code = shut.get(edge, code_at[edge])
            # From the neighbour to this segment: against the edge's direction unless flipped.
            if code & (SUPPLY_UV if flipped else SUPPLY_VU) and near not in taken:
                found.append(near)
        return found

    def after(self, segment: int) -> list[int]:
        """Downstream neighbours."""
        code_at, shut, taken = self._supply.code_at, self._shut, self._taken
        found = []
        for near, edge, flipped in self._supply.around.at(segment):
            code = shut.get(edge, code_at[edge])
            if code & (SUPPLY_VU if flipped else SUPPLY_UV) and near not in taken:
                found.append(near)
        return found

    def supplied(self, segment: int) -> bool:
        """Whether a source still reaches a segment."""
        if segment in self._fed:
            return True
        if segment in self._dry:
            return False
        if self._all is not None:
            return bool(self._all[segment])
        if not self._gains and not self._supply.fed_at[segment]:
            return False
        return self._search(segment)

    @cached_property
    def _gains(self) -> bool:
        """Whether some edge supplies that did not before; otherwise segments without supply stay without."""
        codes = self._supply.code_at
        return any(code & SUPPLY & ~codes[edge] for edge, code in self._shut.items())

    def _search(self, segment: int) -> bool:
        seen = {segment: segment}
        queue = deque((segment,))
        while queue:
            here = queue.popleft()
            if here in self._fed or self._supply.source_at[here] or self.certain(here) >= 0:
                self._remember(here, seen)
                return True
            for near in self.before(here):
                if near not in seen and near not in self._dry:
                    seen[near] = here
                    queue.append(near)
            if len(seen) > _SEARCH_LIMIT:
                self._all = self._supply.sweep(self._taken, self._shut)
                return bool(self._all[segment])
        self._dry.update(seen)
        return False

    def _remember(self, met: int, seen: dict[int, int]) -> None:
        """Store the path from the certified segment down to the queried one as supplied."""
        here = met
        self._fed.add(here)
        while seen[here] != here:
            self._via[seen[here]] = here
            here = seen[here]
            self._fed.add(here)

    def source_of(self, segment: int) -> tuple[int, ...]:
        """Source node rows of a supplied segment: the adjacent ones, else the one at the end of its certified path."""
        here = segment
        while True:
            if self._supply.source_at[here]:
                return self._supply.graph.sources_of[here]
            tree = self.certain(here)
            if tree >= 0:
                return self._supply.graph.sources_of[int(self._supply.trees[tree].root[here])]
            if here not in self._via:
                return self._by_search(here)
            here = self._via[here]

    def _by_search(self, segment: int) -> tuple[int, ...]:
        """The nearest source against the flow, when a sweep gave the result without a path."""
        seen, queue = {segment}, deque((segment,))
        while queue:
            here = queue.popleft()
            if self._supply.source_at[here]:
                return self._supply.graph.sources_of[here]
            for near in self.before(here):
                if near not in seen:
                    seen.add(near)
                    queue.append(near)
        return ()

    def dry_from(self, starts: Iterable[int]) -> set[int]:
        """Segments from ``starts`` downstream that no source reaches, and adjacent segments without supply.

        A part with an open connection in either direction and without supply had none before: it is listed as well, because the
        missing supply may be a data fault.
        """
        dry: set[int] = set()
        stack = [start for start in starts if start not in self._taken]
        while stack:
            here = stack.pop()
            if here in dry or self.supplied(here):
                continue
            dry.add(here)
            stack += [near for near in self._touching(here) if near not in dry]
        return dry

    def _touching(self, segment: int) -> list[int]:
        """Neighbours through an open connection in either direction, or through a valve of unknown state."""
        code_at, shut, taken = self._supply.code_at, self._shut, self._taken
        found = []
        for near, edge, _ in self._supply.around.at(segment):
            code = shut.get(edge, code_at[edge])
            if code & (SUPPLY | UNKNOWN) and not code & WALL and near not in taken:
                found.append(near)
        return found


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
