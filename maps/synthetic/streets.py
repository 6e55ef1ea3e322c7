"""Streets: the plane graph that pipes are laid along."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

ARTERIAL, COLLECTOR, LOCAL = 0, 1, 2
"""Classes of streets; arterials carry the mains."""


@dataclass(frozen=True, eq=False)
class Streets:
    """An undirected street graph. ``x``, ``y``: (n,) projected metres; ``u``, ``v``, ``rank``: (m,) node rows and class.

    Edge ``i`` has the points ``vertices[offsets[i]:offsets[i + 1]]`` from ``u`` to ``v``, both ends included.
    ``street``: (m,) which street an edge belongs to where the source names it, else "".
    """

    x: Array
    y: Array
    u: Rows
    v: Rows
    rank: NDArray[np.int8]
    vertices: Array
    offsets: Rows
    street: NDArray[np.object_]

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return len(self.x)

    @property
    def edges(self) -> int:
        """Number of edges."""
        return len(self.u)

    @cached_property
    def length_m(self) -> Array:
        """Length of each edge along its points, m, (m,); at least 1 m."""
        step = np.hypot(*np.diff(self.vertices, axis=0).T) if len(self.vertices) else np.zeros(0)
        total = np.concatenate([[0.0], np.cumsum(step)])
        return np.maximum(total[self.offsets[1:] - 1] - total[self.offsets[:-1]], 1.0)

    @cached_property
    def degree(self) -> Rows:
        """Edges at each node, (n,)."""
        return np.bincount(np.concatenate([self.u, self.v]), minlength=self.nodes)

    def middle(self) -> tuple[Array, Array]:
        """Point half-way between the middle vertices of each edge: x, y, (m,)."""
        low = (self.offsets[:-1] + self.offsets[1:] - 1) // 2
        high = (self.offsets[:-1] + self.offsets[1:]) // 2
        mid = (self.vertices[low] + self.vertices[high]) / 2
        return mid[:, 0], mid[:, 1]

    def kept(self, edge: Mask) -> Streets:
        """Only these edges, and only the nodes they use; order is kept."""
        used = np.zeros(self.nodes, dtype=bool)
        used[self.u[edge]] = True
        used[self.v[edge]] = True
        renumber = np.cumsum(used) - 1
        count = np.diff(self.offsets)
        offsets = np.concatenate([[0], np.cumsum(count[edge])])
        return Streets(
            self.x[used],
            self.y[used],
            renumber[self.u[edge]],
            renumber[self.v[edge]],
            self.rank[edge],
            self.vertices[np.repeat(edge, count)],
            offsets,
            self.street[edge],
        )

    def largest_component(self) -> Streets:
        """The largest connected part."""
        count, label = connected_components(adjacency(self.nodes, self.u, self.v), directed=False)
        if count == 1:
            return self
        best = int(np.bincount(label).argmax())
        return self.kept(label[self.u] == best)

    def without_doubles(self) -> Streets:
        """No loops and one edge between two nodes: the highest class, then the shortest."""
        low, high = np.minimum(self.u, self.v), np.maximum(self.u, self.v)
        order = np.lexsort((self.length_m, self.rank, high, low))
        first = np.ones(self.edges, dtype=bool)
        first[1:] = (np.diff(low[order]) != 0) | (np.diff(high[order]) != 0)
        keep = np.zeros(self.edges, dtype=bool)
        keep[order[first]] = True
        return self.kept(keep & (low != high))


def adjacency(nodes: int, u: Rows, v: Rows, weight: Array | None = None) -> csr_matrix:
    """Symmetric sparse adjacency of ``nodes`` nodes; parallel edges keep the smallest weight."""
    value = np.ones(len(u)) if weight is None else weight
    rows, cols = np.concatenate([u, v]), np.concatenate([v, u])
    return smallest(nodes, rows, cols, np.concatenate([value, value]))


def smallest(nodes: int, rows: Rows, cols: Rows, value: Array) -> csr_matrix:
    """Directed sparse matrix where doubles keep the smallest value (scipy would add them)."""
    order = np.lexsort((value, cols, rows))
    rows, cols, value = rows[order], cols[order], value[order]
    first = np.ones(len(rows), dtype=bool)
    first[1:] = (np.diff(rows) != 0) | (np.diff(cols) != 0)
    return coo_matrix((value[first], (rows[first], cols[first])), shape=(nodes, nodes)).tocsr()
