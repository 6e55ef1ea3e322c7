"""Loops and bridges: pipes with and without an alternative path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import rustworkx
from scipy.sparse.csgraph import connected_components

from maps.columns import Bools, Ints
from maps.network import PipeNetwork
from maps.trace.graph import PIPE, TraceGraph, trace_graph


@dataclass(frozen=True, eq=False)
class Loops:
    """``loop``: (pipes,) bridge-free part that a pipe is in, -1 for bridges and closed pipes.

    ``count``: number of these parts; ``independent``: number of independent loops (links - nodes + parts).
    """

    loop: Ints
    count: int
    independent: int

    def of_pipe(self, pipe_row: int) -> Ints:
        """Pipes of the looped part that a pipe is in; none for a bridge."""
        label = int(self.loop[pipe_row])
        return np.flatnonzero(self.loop == label).astype(np.int32) if label >= 0 else np.empty(0, dtype=np.int32)


def loops(network: PipeNetwork) -> Loops:
    """Loops of the network in its present state: closed and unknown valves are impassable, directions are ignored."""
    graph = trace_graph(network)
    open_ = graph.onward | graph.back
    bridge = _bridges(graph, open_)
    rest = open_ & ~bridge
    _, label = connected_components(graph.with_ways(rest, rest).every_way, directed=False)
    is_pipe = graph.kind == PIPE
    loop = np.full(len(network.pipes), -1, dtype=np.int32)
    ringed = np.flatnonzero(rest & is_pipe)
    names, number = np.unique(label[graph.start[ringed]], return_inverse=True)
    loop[graph.row[ringed]] = number
    whole, _ = connected_components(graph.with_ways(open_, open_).every_way, directed=False)
    return Loops(loop, len(names), int(np.count_nonzero(open_)) - graph.nodes + int(whole))


def _bridges(graph: TraceGraph, open_: Bools) -> Bools:
    """Open links without an alternative path between their ends; parallel links and self-loops are no bridges."""
    found = np.zeros(len(graph.start), dtype=np.bool_)
    links = np.flatnonzero(open_ & (graph.start != graph.end))
    low, high = np.minimum(graph.start[links], graph.end[links]), np.maximum(graph.start[links], graph.end[links])
    pairs, first, times = np.unique(np.column_stack([low, high]), axis=0, return_index=True, return_counts=True)
    table = rustworkx.PyGraph(multigraph=False)
    table.add_nodes_from(range(graph.nodes))
    table.extend_from_edge_list([(int(a), int(b)) for a, b in pairs.tolist()])
    single = {(int(a), int(b)): int(links[at]) for (a, b), at, n in zip(pairs.tolist(), first, times, strict=True) if n == 1}
    for ends in rustworkx.bridges(table):
        link = single.get((min(ends), max(ends)))
        if link is not None:
            found[link] = True
    return found
