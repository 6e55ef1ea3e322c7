"""Divides pressure zones into DMAs whose boundaries are closed except at the metered streets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from maps.synthetic.network.feeds import Plumbing
from maps.synthetic.streets.clusters import grown
from maps.synthetic.streets.graph import COLLECTOR, LOCAL, Mask, Rows, Streets

NODES_A_DMA = 280


@dataclass(frozen=True, eq=False)
class Metering:
    """``dma``: (n,) DMA of each node; ``closed``: (m,) edges shut at zone or DMA borders; ``metered``: (m,) open border edges."""

    dma: Rows
    closed: Mask
    metered: Mask


def meter(plumbing: Plumbing, rng: np.random.Generator) -> Metering:
    """DMAs inside pressure zones; small streets across a boundary are closed unless nodes would lose supply."""
    streets = plumbing.streets
    dma = grown(streets, ~plumbing.closed, plumbing.zone, NODES_A_DMA, np.array([0.7, 0.9, 1.5]))
    border = (dma[streets.u] != dma[streets.v]) & ~plumbing.closed
    shut = border & (streets.rank == LOCAL) & (rng.random(streets.edges) < 0.92)
    shut |= border & (streets.rank == COLLECTOR) & (rng.random(streets.edges) < 0.65)
    shut &= ~_needed(streets, plumbing.closed, shut)
    return Metering(dma, plumbing.closed | shut, border & ~shut)


def _needed(streets: Streets, closed: Mask, shut: Mask) -> Mask:
    """Edges of ``shut`` that must stay open so that each zone stays connected."""
    rows = np.flatnonzero(~closed)
    part = connected_components(_graph(streets, np.flatnonzero(~closed & ~shut)), directed=False)[1]
    parts = int(part.max()) + 1
    a, b = part[streets.u[rows]], part[streets.v[rows]]
    needed = np.zeros(streets.edges, dtype=bool)
    between = a != b
    low, high = np.minimum(a, b)[between], np.maximum(a, b)[between]
    pair, first = np.unique(low * parts + high, return_index=True)
    tree = minimum_spanning_tree(coo_matrix((np.ones(len(pair)), (pair // parts, pair % parts)), shape=(parts, parts))).tocoo()
    kept = np.isin(pair, tree.row.astype(np.int64) * parts + tree.col)
    needed[rows[between][first[kept]]] = True
    return needed


def _graph(streets: Streets, rows: Rows) -> coo_matrix:
    return coo_matrix((np.ones(len(rows)), (streets.u[rows], streets.v[rows])), shape=(streets.nodes, streets.nodes))
