"""Traces from nodes: connected, upstream and downstream rows, and the reasons where they stop."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import breadth_first_order, connected_components

from maps.columns import Bools, Floats, Ints
from maps.network import PipeNetwork, PipeStatus, ValveState
from maps.trace.flows import NO_FLOW_M3H, Flows
from maps.trace.graph import PIPE, PUMP, VALVE, TraceGraph, trace_graph
from maps.trace.result import Stop, Trace

ONE_WAY_DEVICES, CONNECTIVITY = "one-way devices", "connectivity"


def connected(
    network: PipeNetwork,
    start_nodes: int | Sequence[int],
    *,
    barrier_pipes: Bools | None = None,
    barrier_nodes: Bools | None = None,
    barrier_valves: Bools | None = None,
) -> Trace:
    """Everything connected to node rows through open valves, in either direction, up to sources but not across them."""
    graph = _barred(trace_graph(network), barrier_pipes, barrier_nodes, barrier_valves).both_ways
    return _reached(graph, _listed(start_nodes), CONNECTIVITY, upstream=False)


def upstream(
    network: PipeNetwork,
    start_nodes: int | Sequence[int],
    *,
    flows: Floats | Flows | None = None,
    barrier_pipes: Bools | None = None,
    barrier_nodes: Bools | None = None,
    barrier_valves: Bools | None = None,
) -> Trace:
    """Rows that can supply node rows.

    With ``flows`` (solved or assumed; a plain array is (pipes,) m³/h, positive from ``from_node``) links are passed against
    the flow, and open pipes of unknown direction (stagnant water) are in ``unknown_direction``, not passed.
    Without, only one-way devices, pumps and PRVs give a direction: every pipe passed both ways is in ``unknown_direction``.
    """
    graph = _barred(trace_graph(network), barrier_pipes, barrier_nodes, barrier_valves)
    return _directed(graph, _listed(start_nodes), flows, upstream=True)


def downstream(
    network: PipeNetwork,
    start_nodes: int | Sequence[int],
    *,
    flows: Floats | Flows | None = None,
    barrier_pipes: Bools | None = None,
    barrier_nodes: Bools | None = None,
    barrier_valves: Bools | None = None,
) -> Trace:
    """Rows that node rows can supply; directions as in ``upstream``."""
    graph = _barred(trace_graph(network), barrier_pipes, barrier_nodes, barrier_valves)
    return _directed(graph, _listed(start_nodes), flows, upstream=False)


def ends_of_pipe(network: PipeNetwork, pipe_row: int, *, upstream: bool | None = None, flows: Flows | None = None) -> list[int]:
    """Start nodes of a trace from a pipe: those downstream, or ``upstream`` of it, or both (None).

    With ``flows`` only the end that it flows from, or to. Empty when both ends are closed: the trace is then the pipe alone.
    """
    graph = trace_graph(network)
    if flows is not None and upstream is not None and abs(flows.pipe_m3h[pipe_row]) > NO_FLOW_M3H:
        onward = flows.pipe_m3h[pipe_row] > 0
        return [int((graph.start if onward == upstream else graph.end)[pipe_row])]
    ends: list[int] = []
    for node, into, out in ((graph.start, graph.into_start, graph.from_start), (graph.end, graph.into_end, graph.from_end)):
        may = {True: into[pipe_row], False: out[pipe_row], None: into[pipe_row] or out[pipe_row]}[upstream]
        if may:
            ends.append(int(node[pipe_row]))
    return ends


def islands(network: PipeNetwork) -> tuple[int, NDArray[np.int32], Bools]:
    """(count, island of every node, whether each island has a source): parts connected by pipes, with valves taken as open."""
    graph = trace_graph(network)
    every = np.ones(len(graph.start), dtype=np.bool_)
    count, label = connected_components(graph.with_ways(every, every).lengths, directed=False)
    fed = np.zeros(count, dtype=np.bool_)
    fed[label[graph.feeds]] = True
    return int(count), label, fed


def _listed(nodes: int | Sequence[int]) -> list[int]:
    return [nodes] if isinstance(nodes, int | np.integer) else [int(node) for node in nodes]


def _barred(graph: TraceGraph, pipes: Bools | None, nodes: Bools | None, valves: Bools | None) -> TraceGraph:
    return graph if pipes is None and nodes is None and valves is None else graph.without(pipes, nodes, valves)


def _directed(graph: TraceGraph, starts: list[int], flows: Floats | Flows | None, *, upstream: bool) -> Trace:
    if flows is None:
        return _reached(graph, starts, ONE_WAY_DEVICES, upstream=upstream)
    if not isinstance(flows, Flows):
        # Flows of pipes alone: pumps and link valves keep their design direction.
        unknown = np.full(max(len(graph.network.pumps), len(graph.network.valves)), np.nan)
        flows = Flows(flows, unknown[: len(graph.network.pumps)], unknown[: len(graph.network.valves)])
    flow = flows.of_links(graph)
    standing = np.nan_to_num(np.abs(flow)) <= NO_FLOW_M3H
    built = np.isnan(flow) & (graph.kind != PIPE)
    onward = graph.onward & (built | (~standing & (flow > 0)))
    back = graph.back & (built | (~standing & (flow < 0)))
    either = standing & (graph.onward | graph.back) & (graph.kind == PIPE)
    return _reached(graph.with_ways(onward, back), starts, flows.basis, upstream=upstream, open_ways=graph, standing=either)


def _reached(
    graph: TraceGraph,
    starts: list[int],
    basis: str,
    *,
    upstream: bool,
    open_ways: TraceGraph | None = None,
    standing: Bools | None = None,
) -> Trace:
    """``open_ways``: directions passable regardless of flow; ``standing``: links without flow, when ``graph`` follows a flow."""
    table = graph.upstream_ways if upstream else graph.downstream_ways
    inside = np.zeros(graph.nodes, dtype=np.bool_)
    for start in _first_nodes(graph, starts, upstream):
        if not inside[start]:
            inside[breadth_first_order(table, start, directed=True, return_predecessors=False)] = True
    inside[starts] = True
    ahead, behind = (graph.back, graph.onward) if upstream else (graph.onward, graph.back)
    may_start, may_end = inside[graph.start], inside[graph.end]
    open_start = ~graph.is_source[graph.start] | np.isin(graph.start, starts)
    open_end = ~graph.is_source[graph.end] | np.isin(graph.end, starts)
    passed = (may_start & open_start & ahead) | (may_end & open_end & behind)
    # A pipe closed at its far end is entered: its water is connected.
    entered = (may_start & open_start & graph.into_start) | (may_end & open_end & graph.into_end)
    touched = (passed | entered) if basis == CONNECTIVITY else passed
    pipes = graph.row[touched & (graph.kind == PIPE)]
    both = passed & graph.onward & graph.back & (graph.kind == PIPE)
    nodes = np.flatnonzero(inside).astype(np.int32)
    unknown = graph.row[both] if basis == ONE_WAY_DEVICES else nodes[:0]
    if standing is not None:
        unknown = graph.row[standing & (may_start | may_end) & ~passed]
    shut = graph if open_ways is None else open_ways
    open_ahead, open_behind = (shut.back, shut.onward) if upstream else (shut.onward, shut.back)
    return Trace(
        nodes=nodes,
        pipes=pipes,
        length_m=float(graph.length_m[: len(graph.network.pipes)][pipes].sum()),
        basis=basis,
        stops=_stops(graph, inside, open_ahead, open_behind),
        unknown_direction=unknown,
        pumps=graph.row[touched & (graph.kind == PUMP)],
        valves=graph.row[touched & (graph.kind == VALVE)],
        sources=nodes[graph.feeds[nodes]],
        ends=nodes[graph.degree[nodes] <= 1],
    )


def _first_nodes(graph: TraceGraph, starts: list[int], upstream: bool) -> list[int]:
    """Start nodes; for a source also its neighbours, since traces do not continue from a source."""
    first = list(starts)
    for start in starts:
        for link in graph.links_at(start).tolist() if graph.is_source[start] else ():
            ahead = graph.start[link] == start
            open_ = graph.onward[link] if ahead != upstream else graph.back[link]
            if open_:
                first.append(int(graph.end[link] if ahead else graph.start[link]))
    return first


def _stops(graph: TraceGraph, inside: Bools, ahead: Bools, behind: Bools) -> tuple[Stop, ...]:
    """Impassable links with one end inside, each with its reason; then sources reached.

    A link left out only because of its flow direction is no stop.
    """
    from_start = np.flatnonzero(inside[graph.start] & ~inside[graph.end] & ~ahead)
    from_end = np.flatnonzero(inside[graph.end] & ~inside[graph.start] & ~behind)
    found = [Stop(int(graph.start[link]), *_why(graph, int(link))) for link in from_start]
    found += [Stop(int(graph.end[link]), *_why(graph, int(link))) for link in from_end]
    met = np.flatnonzero(inside & graph.feeds)
    found += [Stop(int(node), "source", str(graph.network.nodes.asset_id[node])) for node in met]
    return tuple(found)


def _why(graph: TraceGraph, link: int) -> tuple[str, str]:
    network, row = graph.network, int(graph.row[link])
    valves = network.valves
    for valve in _valves_on(graph, link):
        for state, reason in ((ValveState.CLOSED, "closed_valve"), (ValveState.UNKNOWN, "unknown_valve")):
            if valves.state[valve] == state:
                return reason, str(valves.asset_id[valve])
    barred = graph.barred_valves
    for valve in _valves_on(graph, link) if barred is not None else ():
        if barred is not None and barred[valve]:
            return "barrier", str(valves.asset_id[valve])
    if graph.kind[link] == PIPE and network.pipes.status[row] == PipeStatus.CLOSED:
        return "closed_pipe", str(network.pipes.asset_id[row])
    if graph.barred is not None and graph.barred[link]:
        return "barrier", graph.asset_id(link)
    return "one_way", next((str(valves.asset_id[valve]) for valve in _valves_on(graph, link)), graph.asset_id(link))


def _valves_on(graph: TraceGraph, link: int) -> Ints:
    """Valves of a link valve, or on a pipe's ends and at its nodes."""
    row = int(graph.row[link])
    if graph.kind[link] == VALVE:
        return np.array([row], dtype=np.int32)
    return graph.valves_on_pipe(row) if graph.kind[link] == PIPE else np.empty(0, dtype=np.int32)
