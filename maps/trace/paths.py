"""Traces: connected, islands, the supply path of a pipe from its source."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, dijkstra

from maps.network import NodeKind, PipeNetwork
from maps.trace.result import Trace
from maps.trace.water_graph import water_graph


def supply_path(network: PipeNetwork, pipe_row: int) -> Trace:
    """The way of water from the nearest source to a pipe, source first, the pipe last.

    Without solved flows it is the shortest path by length through open valves, one-way devices and pumps in their
    direction; ``basis`` says so. Empty when no source reaches the pipe.
    """
    distance, before = _from_sources(network)
    ends = [int(network.pipes.from_node[pipe_row]), int(network.pipes.to_node[pipe_row])]
    node = min(ends, key=lambda end: float(distance[end]))
    if not np.isfinite(distance[node]):
        return Trace(basis="shortest path")
    nodes = [node]
    while before[nodes[-1]] >= 0:
        nodes.append(int(before[nodes[-1]]))
    nodes.reverse()
    pipes = [*_pipes_along(network, nodes), pipe_row]
    rows = np.array(list(dict.fromkeys(pipes)), dtype=np.int32)
    length = float(np.nansum(network.pipes.length_m[rows]))
    return Trace(np.array(nodes, dtype=np.int32), rows, length, "shortest path")


@lru_cache(maxsize=4)
def _from_sources(network: PipeNetwork) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    lasting = (network.nodes.kind >= NodeKind.SOURCE) & (network.nodes.kind != NodeKind.TANK)
    sources = np.flatnonzero(lasting if lasting.any() else network.nodes.kind >= NodeKind.SOURCE)
    if not len(sources):
        return np.full(len(network.nodes), np.inf), np.full(len(network.nodes), -1, dtype=np.int32)
    distance, before, _ = dijkstra(water_graph(network).matrix(), indices=sources, min_only=True, return_predecessors=True)
    return distance, before


def _pipes_along(network: PipeNetwork, nodes: list[int]) -> list[int]:
    """The shortest pipe between each two nodes of a path; pumps and link valves have none."""
    pipes, found = network.pipes, list[int]()
    for a, b in zip(nodes[:-1], nodes[1:], strict=True):
        between = [int(row) for row in network.pipes_at(a) if b in (pipes.from_node[row], pipes.to_node[row])]
        if between:
            found.append(min(between, key=lambda row: float(pipes.length_m[row])))
    return found


def islands(network: PipeNetwork) -> tuple[int, NDArray[np.int32], NDArray[np.bool_]]:
    """(count, island of every node, whether each island holds a source), valves taken as open."""
    pipes, valves, pumps = network.pipes, network.valves, network.pumps
    linked, pumped = valves.is_link, pumps.from_node >= 0
    a = np.concatenate([pipes.from_node, valves.from_node[linked], pumps.from_node[pumped]])
    b = np.concatenate([pipes.to_node, valves.to_node[linked], pumps.to_node[pumped]])
    size = len(network.nodes)
    joined = coo_array((np.ones(len(a), dtype=np.int8), (a, b)), shape=(size, size))
    count, label = connected_components(joined, directed=False)
    fed = np.zeros(count, dtype=bool)
    fed[label[network.nodes.kind >= NodeKind.SOURCE]] = True
    return int(count), label, fed


def connected(network: PipeNetwork, start_node: int) -> Trace:
    """Everything joined to a node through open valves, either way."""
    graph = water_graph(network)
    count, label = connected_components(graph.matrix(), directed=False)
    inside = label == label[start_node]
    nodes = np.flatnonzero(inside).astype(np.int32)
    touching = inside[network.pipes.from_node] & inside[network.pipes.to_node]
    pipes = np.flatnonzero(touching & np.isin(np.arange(len(network.pipes)), graph.pipe)).astype(np.int32)
    return Trace(nodes, pipes, float(np.nansum(network.pipes.length_m[pipes])))


def reached(network: PipeNetwork, start_node: int, *, upstream: bool) -> Trace:
    """What can feed a node (upstream) or be fed by it, by one-way devices, pumps and PRVs alone.

    Pipes without such a device have no known direction without solved flows: they are passed and reported in
    ``unknown_direction``.
    """
    graph = water_graph(network)
    matrix = graph.matrix().T.tocsr() if upstream else graph.matrix()
    distance = dijkstra(matrix, indices=start_node, unweighted=True)
    inside = np.isfinite(distance)
    nodes = np.flatnonzero(inside).astype(np.int32)
    pipes = np.unique(graph.pipe[inside[graph.tail] & inside[graph.head] & (graph.pipe >= 0)]).astype(np.int32)
    both_ways = np.bincount(graph.pipe[graph.pipe >= 0], minlength=len(network.pipes)) > 1
    length = float(np.nansum(network.pipes.length_m[pipes]))
    return Trace(nodes, pipes, length, "one-way devices", {}, pipes[both_ways[pipes]])
