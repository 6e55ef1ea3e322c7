"""Score of a drill: rank of the true pipe, distance along the network."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from maps.locate.result import Location
from maps.network import PipeNetwork


def rank_of(location: Location, pipe_id: str) -> int | None:
    """1-based rank of a pipe among the candidates, None when it is not among them."""
    ids = [candidate.pipe_id for candidate in location.candidates]
    return ids.index(pipe_id) + 1 if pipe_id in ids else None


def distance_along_m(network: PipeNetwork, first: str, second: str) -> float | None:
    """Distance along the pipes from the middle of one pipe to the middle of another, m; None when not joined."""
    if first == second:
        return 0.0
    pipes = network.pipes
    a, b = pipes.row(first), pipes.row(second)
    length = np.maximum(np.nan_to_num(pipes.length_m), 1e-3)
    links = network.valves.is_link
    pumped = network.pumps.from_node >= 0
    tails = np.concatenate([pipes.from_node, network.valves.from_node[links], network.pumps.from_node[pumped]])
    heads = np.concatenate([pipes.to_node, network.valves.to_node[links], network.pumps.to_node[pumped]])
    weights = np.concatenate([length, np.full(int(links.sum() + pumped.sum()), 1e-3)])
    order = np.lexsort((weights, heads, tails))
    keep = np.ones(len(order), dtype=bool)
    keep[1:] = (tails[order][1:] != tails[order][:-1]) | (heads[order][1:] != heads[order][:-1])
    chosen = order[keep]
    size = len(network.nodes)
    matrix = coo_array((weights[chosen], (tails[chosen], heads[chosen])), shape=(size, size)).tocsr()
    starts, ends = (pipes.from_node[a], pipes.to_node[a]), [pipes.from_node[b], pipes.to_node[b]]
    between = dijkstra(matrix, directed=False, indices=list(starts))[:, ends].min()
    return None if not np.isfinite(between) else round(float(between + (length[a] + length[b]) / 2), 1)
