"""Places isolation valves by utility practice: on all but the largest pipe at a junction, along mains, at closed boundaries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from maps.synthetic.streets.graph import Array, Mask, Rows, Streets

_VALVED = 0.55
"""Share of junctions that have valves at all."""
_FULL = 0.08
"""Share of those with a valve on every pipe (n), the others leave out the largest (n - 1)."""
_LARGEST_SEGMENT = 12
"""Pipes in one segment above which a utility adds valves."""
_MENDING = (0.15, 0.2, 0.25, 0.3, 0.5, 0.8, 1.0)
"""Shares of the missing valves added in too large segments, round by round: few at first, for a few split them."""


@dataclass(frozen=True, eq=False)
class Sites:
    """Valves at pipe ends: ``edge``, ``node`` (k,); ``border``: (k,) shut in normal service."""

    edge: Rows
    node: Rows
    border: Mask


def site_valves(streets: Streets, diameter_mm: Array, closed: Mask, rng: np.random.Generator) -> Sites:
    """Places of all isolation valves, in the order of the pipes."""
    ends = _Ends.of(streets)
    valved = rng.random(streets.nodes) < _VALVED
    full = rng.random(streets.nodes) < _FULL
    junction = streets.degree >= 3
    largest = ends.largest(diameter_mm)
    has = (junction & valved)[ends.node] & (full[ends.node] | ~largest)
    # Long runs between junctions: mains get a valve at every third plain node.
    run = (streets.degree == 2)[ends.node] & (rng.random(streets.nodes) < 0.3)[ends.node] & ends.first
    has |= run & (diameter_mm[ends.edge] >= 300)
    # A branch that ends blind always has its own valve.
    far = streets.u[ends.edge] + streets.v[ends.edge] - ends.node
    has |= (streets.degree[far] == 1) & junction[ends.node] & (rng.random(len(far)) < 0.75)
    border = closed[ends.edge] & (ends.node == streets.v[ends.edge])
    has |= border
    for share in _MENDING:
        crowded = _crowded(streets, ends, has)
        if not crowded.any():
            break
        has |= crowded & junction[ends.node] & ~largest & (rng.random(len(has)) < share)
        has |= crowded & (streets.degree == 2)[ends.node] & ends.first & (rng.random(len(has)) < share)
    chosen = np.flatnonzero(has)
    chosen = chosen[np.lexsort((ends.node[chosen], ends.edge[chosen]))]
    return Sites(ends.edge[chosen], ends.node[chosen], border[chosen])


@dataclass(frozen=True, eq=False)
class _Ends:
    """All pipe ends, (2m,), sorted by node; ``first``: the first end at its node."""

    edge: Rows
    node: Rows
    first: Mask

    @classmethod
    def of(cls, streets: Streets) -> _Ends:
        node = np.concatenate([streets.u, streets.v])
        edge = np.tile(np.arange(streets.edges), 2)
        order = np.argsort(node, kind="stable")
        node, edge = node[order], edge[order]
        first = np.ones(len(node), dtype=bool)
        first[1:] = np.diff(node) != 0
        return cls(edge, node, first)

    def largest(self, diameter_mm: Array) -> Mask:
        """The end of the largest pipe at each node (one of them)."""
        order = np.lexsort((-diameter_mm[self.edge], self.node))
        out = np.zeros(len(self.node), dtype=bool)
        lead = np.ones(len(order), dtype=bool)
        lead[1:] = np.diff(self.node[order]) != 0
        out[order[lead]] = True
        return out


def _crowded(streets: Streets, ends: _Ends, has: Mask) -> Mask:
    """Ends of pipes whose segment holds too many pipes."""
    label = segments(streets, ends.edge[has], ends.node[has])
    size = np.bincount(label)
    return np.asarray(size[label[ends.edge]] > _LARGEST_SEGMENT)


def segments(streets: Streets, edge: Rows, node: Rows) -> Rows:
    """Segment of each pipe (m,) with valves at these pipe ends: pipes that hang together without passing a valve."""
    at_u = np.zeros(streets.edges, dtype=bool)
    at_v = np.zeros(streets.edges, dtype=bool)
    at_u[edge[streets.u[edge] == node]] = True
    at_v[edge[streets.v[edge] == node]] = True
    rows = np.concatenate([np.flatnonzero(~at_u), np.flatnonzero(~at_v)])
    nodes = np.concatenate([streets.u[~at_u], streets.v[~at_v]]) + streets.edges
    total = streets.edges + streets.nodes
    graph = coo_matrix((np.ones(len(rows)), (rows, nodes)), shape=(total, total))
    return connected_components(graph, directed=False)[1][: streets.edges].astype(np.int64)
