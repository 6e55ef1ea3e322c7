"""Station placement: distributes pressure stations so that every pipe has one within a small hydraulic distance."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from maps.city import City, StationTable
from maps.columns import Floats, Ints
from maps.network import NodeKind, PipeNetwork, PipeStatus

NODES_PER_STATION = 40
"""Nodes per pressure station by default (L-Town: 33 stations for 782 nodes gave good results)."""

_REFERENCE_DIAMETER_MM = 200.0
_LINK_LENGTH_M = 1.0
_LLOYD_ROUNDS = 2
_SMALLEST_PART = 10


def default_station_count(network: PipeNetwork) -> int:
    """Default number of stations: one per ~40 nodes in a small network, per ~250 in a large one."""
    nodes = int(np.count_nonzero(network.nodes.kind == NodeKind.JUNCTION))
    dense = nodes / NODES_PER_STATION
    return max(1, min(nodes, round(max(min(dense, 40.0), nodes / 250.0, min(4.0, nodes)))))


def place_stations(city: City, count: int) -> StationTable:
    """``count`` pressure stations on junctions, marked assumed; fewer only when there are fewer junctions.

    Farthest-point covering (Gonzalez 1985: within a factor two of the best k-centre) over a distance in which thin
    pipes count more, because a burst changes heads along them more; sources count as covered, since their
    head does not move. Two Lloyd rounds then pull the stations from the tips into the middle of what they cover.
    """
    network = city.network
    graph = resistance_graph(network)
    allowed = _junctions_worth_watching(network, graph)
    if not len(allowed) or count <= 0:
        return StationTable.empty()
    centres = _farthest_points(graph, allowed, _fixed_nodes(network), min(count, len(allowed)))
    for _ in range(_LLOYD_ROUNDS):
        centres = _recentred(graph, centres, allowed, network)
    return _table(network, np.sort(centres))


def _table(network: PipeNetwork, rows: NDArray[np.int64]) -> StationTable:
    width = max(3, len(str(len(rows))))
    ids = [f"S{number:0{width}d}" for number in range(1, len(rows) + 1)]
    return StationTable.of(
        ids,
        name=ids,
        node=rows.astype(np.int32),
        channels=["pressure"] * len(rows),
        x=network.nodes.x[rows],
        y=network.nodes.y[rows],
        assumed=np.ones(len(rows), dtype=bool),
    )


def _fixed_nodes(network: PipeNetwork) -> NDArray[np.int64]:
    return np.flatnonzero(network.nodes.kind != NodeKind.JUNCTION)


def resistance_graph(network: PipeNetwork) -> csr_array[Any]:
    """Undirected graph of nodes; weights in metres of 200 mm pipe, thinner pipes longer. Closed pipes are left out."""
    pipes = network.pipes
    diameter = np.where(np.isfinite(pipes.diameter_mm) & (pipes.diameter_mm > 0), pipes.diameter_mm, _REFERENCE_DIAMETER_MM)
    length = np.where(np.isfinite(pipes.length_m), pipes.length_m, 0.0)
    return _graph_of(network, np.maximum(length, _LINK_LENGTH_M) * np.sqrt(_REFERENCE_DIAMETER_MM / diameter))


def length_graph(network: PipeNetwork) -> csr_array[Any]:
    """Undirected graph of nodes; weights are lengths, m. Closed pipes are left out."""
    return _graph_of(network, np.maximum(np.nan_to_num(network.pipes.length_m), _LINK_LENGTH_M))


def _graph_of(network: PipeNetwork, weight: Floats) -> csr_array[Any]:
    pipes, pumps, valves = network.pipes, network.pumps, network.valves
    open_pipe = pipes.status != PipeStatus.CLOSED
    links = [(pipes.from_node[open_pipe], pipes.to_node[open_pipe], weight[open_pipe])]
    links += [_plain_links(pumps.from_node, pumps.to_node), _plain_links(valves.from_node, valves.to_node)]
    start, end, cost = (np.concatenate(column) for column in zip(*links, strict=True))
    return _shortest_parallel(start, end, cost, len(network.nodes))


def _plain_links(start: Ints, end: Ints) -> tuple[Ints, Ints, Floats]:
    real = (start >= 0) & (end >= 0)
    return start[real], end[real], np.full(int(real.sum()), _LINK_LENGTH_M)


def _shortest_parallel(start: Ints, end: Ints, cost: Floats, nodes: int) -> csr_array[Any]:
    """Of parallel links only the shortest: a sparse matrix would add them up."""
    low, high = np.minimum(start, end).astype(np.int64), np.maximum(start, end).astype(np.int64)
    order = np.lexsort((cost, high, low))
    low, high, cost = low[order], high[order], cost[order]
    first = np.ones(len(low), dtype=bool)
    first[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    first &= low != high
    low, high, cost = low[first], high[first], cost[first]
    rows, columns = np.concatenate([low, high]), np.concatenate([high, low])
    return csr_array(coo_array((np.tile(cost, 2), (rows, columns)), shape=(nodes, nodes)))


def _junctions_worth_watching(network: PipeNetwork, graph: csr_array[Any]) -> NDArray[np.int64]:
    """Junctions of all parts with a source or of sufficient size; small disconnected fragments of an import get no station."""
    parts, label = connected_components(graph, directed=False)
    size = np.bincount(label, minlength=parts)
    fed = np.zeros(parts, dtype=bool)
    fed[label[_fixed_nodes(network)]] = True
    keep = fed if fed.any() else size >= min(_SMALLEST_PART, int(size.max(initial=0)))
    junction = network.nodes.kind == NodeKind.JUNCTION
    connected = np.diff(graph.indptr) > 0
    return np.flatnonzero(junction & keep[label] & (connected | (len(network.nodes) == 1)))


def _farthest_points(
    graph: csr_array[Any], allowed: NDArray[np.int64], fixed: NDArray[np.int64], count: int
) -> NDArray[np.int64]:
    distance = np.full(graph.shape[0], np.inf)
    if len(fixed):
        distance = np.minimum(distance, dijkstra(graph, indices=fixed, min_only=True))
    centres: list[int] = []
    for _ in range(count):
        centre = int(allowed[np.argmax(distance[allowed])])
        centres.append(centre)
        # No distance beyond the farthest uncovered node can decrease: the search may stop there.
        reach = float(distance[allowed].max())
        distance = np.minimum(distance, dijkstra(graph, indices=[centre], limit=reach)[0])
        distance[centre] = -1.0
    return np.array(centres, dtype=np.int64)


def _recentred(
    graph: csr_array[Any], centres: NDArray[np.int64], allowed: NDArray[np.int64], network: PipeNetwork
) -> NDArray[np.int64]:
    """Each centre moved to the node nearest to the centroid of the nodes it covers."""
    _, _, owner = dijkstra(graph, indices=centres, min_only=True, return_predecessors=True)
    owner = owner[allowed]
    x, y = network.nodes.x[allowed], network.nodes.y[allowed]
    cell = np.searchsorted(np.sort(centres), owner)
    cell = np.where(owner >= 0, np.clip(cell, 0, len(centres) - 1), len(centres))
    size = np.maximum(np.bincount(cell, minlength=len(centres) + 1), 1)
    mean_x = np.bincount(cell, weights=x, minlength=len(centres) + 1) / size
    mean_y = np.bincount(cell, weights=y, minlength=len(centres) + 1) / size
    off = np.hypot(x - mean_x[cell], y - mean_y[cell])
    if not np.isfinite(off).all():
        return centres
    order = np.lexsort((off, cell))
    first = np.ones(len(order), dtype=bool)
    first[1:] = cell[order][1:] != cell[order][:-1]
    best = order[first]
    moved = np.sort(centres).copy()
    moved[cell[best][cell[best] < len(centres)]] = allowed[best][cell[best] < len(centres)]
    return moved
