"""Centre of a location: the pipe with most probability around it, where a crew looks first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from maps.columns import Floats
from maps.locate.station_placement import length_graph
from maps.network import PipeNetwork

REACH_M = 250.0
_FARTHEST = 6.0
"""Reaches beyond which a pipe adds nothing."""
_MOST = 400
"""Likeliest pipes that are compared: their distances are one path search each."""


def centre_of(network: PipeNetwork, probability: Floats, rows: NDArray[np.int64], reach_m: float = REACH_M) -> int:
    """Of the pipes ``rows``, in order of falling ``probability`` (pipes,): the one with the most probability around it.

    Around it: weighted by exp(-distance / ``reach_m``), the distance along open pipes from middle to middle. Pipes of one street
    share what their neighbourhood has, so that the single likeliest pipe is often a stray one.
    """
    rows = rows[:_MOST]
    near = np.exp(-distances_m(network, rows, _FARTHEST * reach_m) / reach_m)
    return int(rows[int(np.argmax(near @ probability[rows]))])


def distances_m(network: PipeNetwork, rows: NDArray[np.int64], farthest_m: float = np.inf) -> Floats:
    """(k, k) metres along open pipes between the middles of ``rows`` (k,); inf where not joined or beyond ``farthest_m``."""
    pipes = network.pipes
    start, end = pipes.from_node[rows].astype(np.int64), pipes.to_node[rows].astype(np.int64)
    half = np.maximum(np.nan_to_num(pipes.length_m[rows]), 0.0) / 2.0
    nodes, place = np.unique(np.concatenate([start, end]), return_inverse=True)
    ways = dijkstra(length_graph(network), directed=True, indices=nodes, limit=farthest_m)
    from_ends = np.minimum(ways[place[: len(rows)]], ways[place[len(rows) :]])
    found = np.minimum(from_ends[:, start], from_ends[:, end]) + half[:, None] + half[None, :]
    np.fill_diagonal(found, 0.0)
    return np.asarray(found)
