"""Trace graph: nodes, and links (pipes, pumps, link valves) with the directions in which water may pass."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra

from maps.columns import Bools, Floats, Ints
from maps.isolation.graph.edge_rules import SUPPLY_UV, SUPPLY_VU, BaseRules
from maps.isolation.graph.segments import SegmentGraph, build_segments, grouped
from maps.network import NodeKind, PipeNetwork, PipeStatus

PIPE, PUMP, VALVE = 0, 1, 2
_WAYS = ("onward", "back", "into_start", "into_end", "from_start", "from_end")


@dataclass(frozen=True, eq=False)
class TraceGraph:
    """Links as columns, (links,): pipes first (row = link), then pumps, then link valves.

    ``onward``: passes from ``start`` to ``end``; ``back``: the other way; closed and unknown valves do not pass.
    ``into_start``, ``into_end``: water at that end may enter the link, even when it cannot leave at the other;
    ``from_start``, ``from_end``: water in the link may leave it there.
    """

    network: PipeNetwork
    start: Ints
    end: Ints
    kind: NDArray[np.uint8]
    row: Ints
    onward: Bools
    back: Bools
    into_start: Bools
    into_end: Bools
    from_start: Bools
    from_end: Bools
    length_m: Floats
    is_source: Bools
    barred: Bools | None = None
    barred_valves: Bools | None = None

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return len(self.is_source)

    @cached_property
    def degree(self) -> NDArray[np.int64]:
        """Links that end at each node, whatever their state, (nodes,)."""
        return np.bincount(np.concatenate([self.start, self.end]), minlength=self.nodes)

    @property
    def feeds(self) -> Bools:
        """Nodes with inflow: the sources, and junctions with an inflow, through which traces continue."""
        return self.network.nodes.feeds

    def with_ways(self, onward: Bools, back: Bools) -> TraceGraph:
        """A copy with other passable directions."""
        return replace(self, onward=onward, back=back)

    def without(self, pipes: Bools | None, nodes: Bools | None, valves: Bools | None = None) -> TraceGraph:
        """A copy where marked pipes and nodes are impassable and marked valves closed."""
        barred = np.zeros(len(self.start), dtype=np.bool_)
        if pipes is not None:
            barred[: len(pipes)] = pipes
        if nodes is not None:
            barred |= nodes[self.start] | nodes[self.end]
        free = ~barred
        ways = {name: getattr(self, name) & free for name in _WAYS}
        if valves is not None and valves.any():
            self._shut(ways, valves)
        return replace(self, **ways, barred=barred, barred_valves=valves)

    def _shut(self, ways: dict[str, Bools], valves: Bools) -> None:
        """Remove from ``ways`` the directions through marked valves; a pipe closed at one end can be entered at the other."""
        link = np.flatnonzero(self.kind == VALVE)
        of_link = link[valves[self.row[link]]]
        for name in _WAYS:
            ways[name][of_link] = False
        segments = _segments(self.network)[0]
        edge = np.flatnonzero((segments.valve >= 0) & (segments.pipe >= 0))
        edge = edge[valves[segments.valve[edge]]]
        for node, names in ((self.start, ("into_start", "from_start")), (self.end, ("into_end", "from_end"))):
            pipe = segments.pipe[edge[node[segments.pipe[edge]] == segments.node[edge]]]
            for name in ("onward", "back", *names):
                ways[name][pipe] = False

    @cached_property
    def both_ways(self) -> TraceGraph:
        """A copy where every link that passes at all passes both ways."""
        either = self.onward | self.back
        return self.with_ways(either, either)

    @cached_property
    def _arcs(self) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
        """(from, to, link) of every passable direction."""
        onward, back = np.flatnonzero(self.onward), np.flatnonzero(self.back)
        begin = np.concatenate([self.start[onward], self.end[back]])
        finish = np.concatenate([self.end[onward], self.start[back]])
        return begin, finish, np.concatenate([onward, back])

    @cached_property
    def downstream_ways(self) -> csr_array:
        """Downstream adjacency; nothing continues from a source."""
        begin, finish, _ = self._arcs
        keep = ~self.is_source[begin]
        return _plain(begin[keep], finish[keep], self.nodes)

    @cached_property
    def upstream_ways(self) -> csr_array:
        """Upstream adjacency; nothing continues from a source."""
        begin, finish, _ = self._arcs
        keep = ~self.is_source[finish]
        return _plain(finish[keep], begin[keep], self.nodes)

    @property
    def every_way(self) -> csr_array:
        """All passable directions, through sources as through any node."""
        begin, finish, _ = self._arcs
        return _plain(begin, finish, self.nodes)

    @cached_property
    def lengths(self) -> csr_array:
        """Passable directions with lengths in m."""
        return self.matrix(self.length_m)

    def matrix(self, cost: Floats) -> csr_array:
        """Passable directions with the cheapest of parallel links; zero costs become tiny (a zero would mean no link)."""
        begin, finish, link = self._arcs
        weight = np.maximum(np.nan_to_num(cost[link], nan=1.0), 1e-6)
        order = np.lexsort((weight, finish, begin))
        begin, finish, weight = begin[order], finish[order], weight[order]
        first = np.ones(len(begin), dtype=np.bool_)
        first[1:] = (begin[1:] != begin[:-1]) | (finish[1:] != finish[:-1])
        return csr_array(coo_array((weight[first], (begin[first], finish[first])), shape=(self.nodes, self.nodes)))

    @cached_property
    def from_sources(self) -> tuple[Floats, NDArray[np.int32]]:
        """(length in m from the nearest source, node before it), (nodes,)."""
        return self.fed(self.lengths)

    def fed(self, table: csr_array) -> tuple[Floats, NDArray[np.int32]]:
        """(cost from the nearest source, node before it), (nodes,). A tank counts only where nothing else is a source."""
        kind = self.network.nodes.kind
        lasting = np.flatnonzero(self.feeds & (kind != NodeKind.TANK))
        sources = lasting if len(lasting) else np.flatnonzero(self.feeds)
        reach, before, _ = dijkstra(table, directed=True, indices=sources, return_predecessors=True, min_only=True)
        return reach, before

    def link_between(self, one: int, other: int, cost: Floats) -> int:
        """The cheapest link that leads from one node to another, -1 when none does."""
        fits = [
            int(link)
            for link in self.links_at(one)
            if (self.start[link] == one and self.end[link] == other and self.onward[link])
            or (self.end[link] == one and self.start[link] == other and self.back[link])
        ]
        return min(fits, key=lambda link: (float(np.nan_to_num(cost[link], nan=1.0)), link), default=-1)

    @cached_property
    def _at(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        offsets, order = grouped(np.concatenate([self.start, self.end]), self.nodes)
        return offsets, order % max(len(self.start), 1)

    def links_at(self, node: int) -> Ints:
        """Links that end at a node."""
        offsets, links = self._at
        return links[offsets[node] : offsets[node + 1]]

    def asset_id(self, link: int) -> str:
        """Id of the asset that is the link."""
        network = self.network
        table = (network.pipes, network.pumps, network.valves)[int(self.kind[link])]
        return str(table.asset_id[self.row[link]])

    def valves_on_pipe(self, pipe: int) -> Ints:
        """Valve rows on a pipe's ends, node valves included."""
        segments = _segments(self.network)[0]
        return np.unique(segments.valve[(segments.pipe == pipe) & (segments.valve >= 0)])


@lru_cache(maxsize=2)
def _segments(network: PipeNetwork) -> tuple[SegmentGraph, NDArray[np.uint8]]:
    segments = build_segments(network)
    return segments, BaseRules(network, segments).codes


@lru_cache(maxsize=2)
def trace_graph(network: PipeNetwork) -> TraceGraph:
    """The graph of a network in its dataset's state; kept for the last two networks asked (they are never mutated)."""
    segments, codes = _segments(network)
    pipes, pumps, valves = network.pipes, network.pumps, network.valves
    count = len(pipes)
    leave, enter = _ends(network, segments, codes)
    shut = np.asarray(pipes.status == PipeStatus.CLOSED)
    links = np.flatnonzero((segments.pipe < 0) & ((segments.valve >= 0) | (segments.pump >= 0)))
    of_pump, of_valve = links[segments.pump[links] >= 0], links[segments.valve[links] >= 0]
    pump, valve, link_codes = segments.pump[of_pump], segments.valve[of_valve], codes[np.concatenate([of_pump, of_valve])]
    link_onward, link_back = (link_codes & SUPPLY_UV) > 0, (link_codes & SUPPLY_VU) > 0
    return TraceGraph(
        network,
        _ints(pipes.from_node, pumps.from_node[pump], valves.from_node[valve]),
        _ints(pipes.to_node, pumps.to_node[pump], valves.to_node[valve]),
        np.repeat(np.array([PIPE, PUMP, VALVE], dtype=np.uint8), [count, len(pump), len(valve)]),
        _ints(np.arange(count), pump, valve),
        np.concatenate([enter[:count] & leave[count:] & ~shut, link_onward]),
        np.concatenate([enter[count:] & leave[:count] & ~shut, link_back]),
        np.concatenate([enter[:count] & ~shut, link_onward]),
        np.concatenate([enter[count:] & ~shut, link_back]),
        np.concatenate([leave[:count] & ~shut, link_back]),
        np.concatenate([leave[count:] & ~shut, link_onward]),
        np.concatenate([np.nan_to_num(pipes.length_m), np.zeros(len(link_codes))]),
        np.asarray(network.nodes.kind >= NodeKind.SOURCE),
    )


def _ends(network: PipeNetwork, segments: SegmentGraph, codes: NDArray[np.uint8]) -> tuple[Bools, Bools]:
    """Whether water may leave and enter each pipe end, (2 * pipes,): from-ends, then to-ends."""
    pipes, count = network.pipes, len(network.pipes)
    leave, enter = np.ones(2 * count, dtype=np.bool_), np.ones(2 * count, dtype=np.bool_)
    on_pipe = np.flatnonzero((segments.pipe >= 0) & (segments.valve >= 0))
    for side, ends in enumerate((pipes.from_node, pipes.to_node)):
        here = on_pipe[ends[segments.pipe[on_pipe]] == segments.node[on_pipe]]
        place = segments.pipe[here] + side * count
        leave[place[(codes[here] & SUPPLY_UV) == 0]] = False
        enter[place[(codes[here] & SUPPLY_VU) == 0]] = False
    return leave, enter


def _plain(begin: NDArray[np.int32], finish: NDArray[np.int32], count: int) -> csr_array:
    return csr_array(coo_array((np.ones(len(begin)), (begin, finish)), shape=(count, count)))


def _ints(*parts: NDArray[np.integer]) -> Ints:
    return np.concatenate(parts).astype(np.int32)
