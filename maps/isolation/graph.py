"""The graph that closing valves cuts: segments joined by valves, pumps and source mouths.

Vertices of the fine graph are nodes and pipes; a pipe meets each of its nodes in one incidence, which may carry valves.
Whatever no valve can part is merged into one segment, except that a source is a segment of its own: nothing floods
across a source. What remains are edges between segments, each with at most one valve.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from maps.network import DIRECTED_VALVES, NodeKind, PipeNetwork, PipeStatus

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SegmentGraph:
    """``segment_of``: segment of every node, then every pipe, (nodes + pipes,).

    Edge arrays, (edges,): ``a``/``b`` segments; ``valve`` row or -1; ``flow``: +1 where the valve's ``flows_to`` means
    a to b, -1 for b to a, 0 when not one-way; ``directed``: supply passes only a to b (pump, PRV); ``shut``: a pump or pipe
    that is off. ``is_source``/``is_tank``: (segments,). CSR ``first``/``edges`` lists the edges at a segment.
    """

    segment_of: Rows
    a: Rows
    b: Rows
    valve: Rows
    pump: Rows
    flow: NDArray[np.int8]
    directed: NDArray[np.bool_]
    shut: NDArray[np.bool_]
    is_source: NDArray[np.bool_]
    is_tank: NDArray[np.bool_]
    first: Rows
    edges: Rows

    @property
    def segments(self) -> int:
        """How many segments there are."""
        return len(self.is_source)

    def at(self, segment: int) -> list[int]:
        """Edges at a segment."""
        listed: list[int] = self.edges[self.first[segment] : self.first[segment + 1]].tolist()
        return listed


@dataclass
class _Edges:
    """Edges of the fine graph while it is built."""

    a: list[Rows]
    b: list[Rows]
    valve: list[Rows]
    pump: list[Rows]
    flow: list[NDArray[np.int8]]
    directed: list[NDArray[np.bool_]]
    shut: list[NDArray[np.bool_]]

    def add(
        self, a: Rows, b: Rows, *, valve: Rows | int = -1, pump: Rows | int = -1,
        flow: NDArray[np.int8] | int = 0, directed: NDArray[np.bool_] | bool = False, shut: NDArray[np.bool_] | bool = False,
    ) -> None:  # fmt: skip
        size = len(a)
        self.a.append(np.asarray(a, dtype=np.int64))
        self.b.append(np.asarray(b, dtype=np.int64))
        self.valve.append(np.broadcast_to(np.asarray(valve, dtype=np.int64), size))
        self.pump.append(np.broadcast_to(np.asarray(pump, dtype=np.int64), size))
        self.flow.append(np.broadcast_to(np.asarray(flow, dtype=np.int8), size))
        self.directed.append(np.broadcast_to(np.asarray(directed, dtype=np.bool_), size))
        self.shut.append(np.broadcast_to(np.asarray(shut, dtype=np.bool_), size))


def build_graph(network: PipeNetwork) -> SegmentGraph:
    """The segment graph of a network; one connected-components pass."""
    nodes, pipes = len(network.nodes), len(network.pipes)
    edges = _Edges([], [], [], [], [], [], [])
    extra = _incidences(network, edges)
    _links(network, edges)
    a, b = np.concatenate(edges.a), np.concatenate(edges.b)
    valve, pump = np.concatenate(edges.valve), np.concatenate(edges.pump)
    flow, directed, shut = np.concatenate(edges.flow), np.concatenate(edges.directed), np.concatenate(edges.shut)
    vertices = nodes + pipes + extra
    source_vertex = np.zeros(vertices, dtype=bool)
    source_vertex[:nodes] = network.nodes.kind >= NodeKind.SOURCE
    merge = (valve < 0) & (pump < 0) & ~shut & ~source_vertex[a] & ~source_vertex[b]
    joined = coo_array((np.ones(int(merge.sum()), dtype=np.int8), (a[merge], b[merge])), shape=(vertices, vertices))
    count, label = connected_components(joined, directed=False)
    keep = ~merge & (label[a] != label[b])
    is_source, is_tank = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    is_source[label[:nodes][source_vertex[:nodes]]] = True
    is_tank[label[:nodes][network.nodes.kind == NodeKind.TANK]] = True
    ea, eb = label[a[keep]].astype(np.int64), label[b[keep]].astype(np.int64)
    ends = np.concatenate([ea, eb])
    order = np.argsort(ends, kind="stable")
    first = np.zeros(count + 1, dtype=np.int64)
    np.cumsum(np.bincount(ends, minlength=count), out=first[1:])
    return SegmentGraph(
        label[: nodes + pipes].astype(np.int64), ea, eb, valve[keep], pump[keep], flow[keep], directed[keep], shut[keep],
        is_source, is_tank, first, order % max(len(ea), 1),
    )  # fmt: skip


def _incidences(network: PipeNetwork, edges: _Edges) -> int:
    """Pipe ends with the valves on them; where several sit on one end, extra vertices lie between. Returns their number."""
    pipes, valves, nodes = network.pipes, network.valves, len(network.nodes)
    count = len(pipes)
    node = np.concatenate([pipes.from_node, pipes.to_node]).astype(np.int64)
    pipe = np.tile(np.arange(count, dtype=np.int64), 2)
    closed = np.tile(pipes.status == PipeStatus.CLOSED, 2)
    on_end: dict[int, list[int]] = {}
    for row in np.flatnonzero((valves.pipe >= 0) & (valves.node >= 0)):
        at_from = pipes.from_node[valves.pipe[row]] == valves.node[row]
        on_end.setdefault(int(valves.pipe[row]) + (0 if at_from else count), []).append(int(row))
    node_valves = np.flatnonzero((valves.node >= 0) & (valves.pipe < 0) & (valves.from_node < 0))
    if len(node_valves):
        by_node: dict[int, list[int]] = {}
        for row in node_valves:
            by_node.setdefault(int(valves.node[row]), []).append(int(row))
        for end in np.flatnonzero(np.isin(node, list(by_node))):
            on_end[int(end)] = by_node[int(node[end])] + on_end.get(int(end), [])
    single = np.array([end for end, rows in on_end.items() if len(rows) == 1], dtype=np.int64)
    bare = np.ones(2 * count, dtype=bool)
    bare[list(on_end)] = False
    edges.add(node[bare], pipe[bare] + nodes, shut=closed[bare])
    if len(single):
        rows = np.array([on_end[int(end)][0] for end in single], dtype=np.int64)
        towards = np.where(valves.flows_to[rows] < 0, 0, np.where(valves.flows_to[rows] == pipe[single], 1, -1)).astype(np.int8)
        edges.add(node[single], pipe[single] + nodes, valve=rows, flow=towards, shut=closed[single])
    return _chains(network, edges, {end: rows for end, rows in on_end.items() if len(rows) > 1}, node, pipe, closed)


def _chains(
    network: PipeNetwork, edges: _Edges, several: dict[int, list[int]], node: Rows, pipe: Rows, closed: NDArray[np.bool_]
) -> int:
    nodes, vertex = len(network.nodes), len(network.nodes) + len(network.pipes)
    start = vertex
    for end, rows in several.items():
        between = list(range(vertex, vertex + len(rows) - 1))
        vertex += len(between)
        chain = [int(node[end]), *between, int(pipe[end]) + nodes]
        for row, a, b in zip(rows, chain[:-1], chain[1:], strict=True):
            to = network.valves.flows_to[row]
            flow = 0 if to < 0 else (1 if to == pipe[end] else -1)
            edges.add(np.array([a]), np.array([b]), valve=row, flow=flow, shut=bool(closed[end]))
    return vertex - start


def _links(network: PipeNetwork, edges: _Edges) -> None:
    valves, pumps, pipes = network.valves, network.pumps, network.pipes
    rows = np.flatnonzero(valves.is_link)
    if len(rows):
        a, b = valves.from_node[rows].astype(np.int64), valves.to_node[rows].astype(np.int64)
        to = valves.flows_to[rows]
        at_a = (to >= 0) & ((pipes.from_node[to] == a) | (pipes.to_node[to] == a))
        flow = np.where(to < 0, 0, np.where(at_a, -1, 1)).astype(np.int8)
        edges.add(a, b, valve=rows, flow=flow, directed=np.isin(valves.kind[rows], DIRECTED_VALVES))
    rows = np.flatnonzero(pumps.from_node >= 0)
    if len(rows):
        off = pumps.status[rows] == PipeStatus.CLOSED
        edges.add(
            pumps.from_node[rows].astype(np.int64), pumps.to_node[rows].astype(np.int64), pump=rows, directed=True, shut=off
        )
