"""Nodes grouped into compact, connected pieces: DMAs and communities."""

from __future__ import annotations

import numpy as np

from maps.synthetic.streets.graph import Array, Mask, Rows, Streets, along_a_curve
from maps.synthetic.streets.shortest_path_trees import Forest, Links


def grown(streets: Streets, open_edge: Mask, within: Rows, nodes_each: int, barrier: Array) -> Rows:
    """Cluster of each node, (n,), from 0: about ``nodes_each`` nodes, connected over ``open_edge``, never across ``within``.

    ``barrier``: factor on the length of a street by class; heavy streets become borders.
    """
    order = along_a_curve(streets.x, streets.y)
    order = order[np.argsort(within[order], kind="stable")]
    size = np.bincount(within)
    start = np.cumsum(size) - size
    place = np.arange(len(order)) - start[within[order]]
    seeds = order[place % nodes_each == np.minimum(nodes_each // 2, size[within[order]] // 2)]
    rows = np.flatnonzero(open_edge & (within[streets.u] == within[streets.v]))
    weight = streets.length_m[rows] * barrier[streets.rank[rows].astype(np.int64)]
    links = Links(streets.u[rows], streets.v[rows], weight, np.ones(len(rows), dtype=bool))
    source = Forest.grow(streets.nodes, links, seeds).source
    # Nodes that no seed reaches (a loose end behind a shut boundary) stay with the first cluster of their group.
    lost = source < 0
    if lost.any():
        first = np.full(len(size), -1, dtype=np.int64)
        first[within[seeds][::-1]] = seeds[::-1]
        source[lost] = first[within[lost]]
    return np.unique(source, return_inverse=True)[1].astype(np.int64)


def centres(cluster: Rows, x: Array, y: Array) -> Array:
    """Mean place of each cluster, (k, 2)."""
    size = np.bincount(cluster)
    return np.column_stack([np.bincount(cluster, weights=x) / size, np.bincount(cluster, weights=y) / size])
