"""Paths: the cheapest path between nodes, and the supply path from a source to a pipe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from maps.columns import Bools, Floats
from maps.network import PipeNetwork
from maps.trace.graph import PIPE, PUMP, VALVE, TraceGraph, trace_graph
from maps.trace.result import Trace

SHORTEST, FLOW = "shortest path", "flow"


def resistance(network: PipeNetwork) -> Floats:
    """Hydraulic resistance per pipe, (pipes,), relative: Hazen-Williams L / (C^1.852 D^4.871); unknown C 100, D 100 mm."""
    pipes = network.pipes
    c = np.where(np.isfinite(pipes.roughness) & (pipes.roughness > 10.0), pipes.roughness, 100.0)
    diameter_m = np.where(np.isfinite(pipes.diameter_mm) & (pipes.diameter_mm > 0), pipes.diameter_mm, 100.0) / 1000.0
    return np.asarray(np.nan_to_num(pipes.length_m, nan=1.0) / (c**1.852 * diameter_m**4.871))


def head_loss(network: PipeNetwork, head_m: Floats) -> Floats:
    """Head loss along each pipe in m, (pipes,), from solved heads (nodes,); NaN where a head is NaN."""
    pipes = network.pipes
    return np.asarray(np.abs(head_m[pipes.from_node] - head_m[pipes.to_node]))


def shortest_path(
    network: PipeNetwork,
    stops: Sequence[int],
    *,
    cost: Floats | None = None,
    avoid_pipes: Bools | None = None,
    avoid_nodes: Bools | None = None,
    avoid_valves: Bools | None = None,
    directed: bool = False,
) -> Trace:
    """The cheapest path through node rows ``stops`` in their order (the middle ones are via points).

    ``cost``: (pipes,), not negative, default the length in m. Closed valves and avoided assets are not passed; one-way
    valves and pumps apply only when ``directed``. Without a path: an empty trace.
    """
    graph = trace_graph(network)
    if avoid_pipes is not None or avoid_nodes is not None or avoid_valves is not None:
        graph = graph.without(avoid_pipes, avoid_nodes, avoid_valves)
    if not directed:
        graph = graph.both_ways
    weight = _weight(graph, cost)
    table = graph.lengths if cost is None else graph.matrix(weight)
    nodes: list[int] = [int(stops[0])]
    for goal in stops[1:]:
        reach, before = dijkstra(table, directed=True, indices=[nodes[-1]], return_predecessors=True)
        if not np.isfinite(reach[0, goal]):
            return Trace(basis=SHORTEST)
        nodes += _way(before[0], nodes[-1], int(goal))[1:]
    return _along(graph, nodes, weight)


def supply_path(network: PipeNetwork, pipe_row: int, flows: Floats | None = None, *, cost: Floats | None = None) -> Trace:
    """Supply path of a pipe: nodes from the source on, pipes with the given one last.

    With solved ``flows`` ((pipes,) m³/h, positive from ``from_node``) it walks against the flow, by the largest inflow
    at each node (``basis`` flow); without, it is the cheapest open path from the nearest source (``basis`` shortest
    path, default cost the length). Empty when no source reaches the pipe.
    """
    graph = trace_graph(network)
    if flows is not None:
        found = _against_flow(graph, pipe_row, flows)
        if found is not None:
            return found
    ends = ((int(graph.start[pipe_row]), graph.into_start[pipe_row]), (int(graph.end[pipe_row]), graph.into_end[pipe_row]))
    enters = [node for node, may in ends if may]
    if not graph.feeds.any() or not enters:
        return Trace(basis=SHORTEST)
    reach, before = graph.from_sources if cost is None else graph.fed(graph.matrix(_weight(graph, cost)))
    goal = min(enters, key=lambda node: float(reach[node]))
    if not np.isfinite(reach[goal]):
        return Trace(basis=SHORTEST)
    return _along(graph, _way(before, -1, goal), _weight(graph, cost), last=pipe_row)


def _against_flow(graph: TraceGraph, pipe_row: int, flows: Floats) -> Trace | None:
    """Upstream along the largest inflow; None when the flow gives no path (stagnant water, a cycle)."""
    if not np.isfinite(flows[pipe_row]) or flows[pipe_row] == 0.0:
        return None
    here = int(graph.start[pipe_row] if flows[pipe_row] > 0 else graph.end[pipe_row])
    nodes, links, seen = [here], [pipe_row], {here}
    while not graph.is_source[here]:
        best = _largest_inflow(graph, here, flows)
        if best is None and graph.feeds[here]:
            break
        if best is None or best[1] in seen:
            return None
        link, here = best
        seen.add(here)
        nodes.append(here)
        links.append(link)
    return replace(_of_links(graph, nodes[::-1], links[::-1], 0.0), basis=FLOW)


def _largest_inflow(graph: TraceGraph, node: int, flows: Floats) -> tuple[int, int] | None:
    """(link, upstream node). Pumps and link valves count only where no pipe has inflow, because their flow is not given."""
    best: tuple[float, int, int] | None = None
    for link in graph.links_at(node).tolist():
        start, end = int(graph.start[link]), int(graph.end[link])
        ahead = end == node
        if graph.kind[link] == PIPE:
            into = float(flows[link]) if ahead else -float(flows[link])
        else:
            into = 1e-9 if (graph.onward[link] if ahead else graph.back[link]) else 0.0
        if into > 0 and (best is None or into > best[0]):
            best = (into, link, start if ahead else end)
    return None if best is None else best[1:]


def _weight(graph: TraceGraph, cost: Floats | None) -> Floats:
    if cost is None:
        return graph.length_m
    return np.concatenate([cost, graph.length_m[len(cost) :]])


def _way(before: NDArray[np.int32], start: int, goal: int) -> list[int]:
    nodes = [goal]
    while nodes[-1] != start and before[nodes[-1]] >= 0:
        nodes.append(int(before[nodes[-1]]))
    return nodes[::-1]


def _along(graph: TraceGraph, nodes: list[int], weight: Floats, *, last: int | None = None) -> Trace:
    links = [graph.link_between(one, other, weight) for one, other in pairwise(nodes)]
    if last is not None and last not in links:
        links.append(last)
    return _of_links(graph, nodes, links, float(weight[links].sum()))


def _of_links(graph: TraceGraph, nodes: list[int], links: list[int], cost: float) -> Trace:
    link, node = np.array(links, dtype=np.int64), np.array(nodes, dtype=np.int32)
    kinds, rows = graph.kind[link], graph.row[link]
    return Trace(
        nodes=node,
        pipes=rows[kinds == PIPE],
        length_m=float(graph.length_m[link].sum()),
        basis=SHORTEST,
        pumps=rows[kinds == PUMP],
        valves=rows[kinds == VALVE],
        sources=node[graph.feeds[node]],
        cost=cost,
    )
