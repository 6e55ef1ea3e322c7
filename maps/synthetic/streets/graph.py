"""Street graph along which pipes are laid."""

from __future__ import annotations

from collections.abc import Sequence
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
class Added:
    """One edge to add: node rows, class, points (k, 2) from ``u`` to ``v``."""

    u: int
    v: int
    rank: int
    points: Array
    street: str = ""


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
        return np.asarray(np.maximum(total[self.offsets[1:] - 1] - total[self.offsets[:-1]], 1.0))

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

    def at(self, edge: Rows, distance_m: Array) -> tuple[Array, Array]:
        """Points at a distance along edges from their ``u``: x, y, same shape as ``edge``."""
        step = np.hypot(*np.diff(self.vertices, axis=0).T)
        total = np.concatenate([[0.0], np.cumsum(step)])
        target = total[self.offsets[edge]] + distance_m
        after = np.clip(np.searchsorted(total, target), self.offsets[edge] + 1, self.offsets[edge + 1] - 1)
        share = np.clip((target - total[after - 1]) / np.maximum(total[after] - total[after - 1], 1e-9), 0.0, 1.0)
        point = self.vertices[after - 1] + share[:, None] * (self.vertices[after] - self.vertices[after - 1])
        return point[:, 0], point[:, 1]

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

    def in_place_order(self) -> Streets:
        """The same streets with nodes and edges numbered along a curve through the plane.

        Neighbours get close numbers, as in utilities' data, which improves memory locality (EPANET solves in two thirds of the
        time).
        """
        order = along_a_curve(self.x, self.y)
        new = np.empty(self.nodes, dtype=np.int64)
        new[order] = np.arange(self.nodes)
        edges = along_a_curve(*self.middle())
        count = np.diff(self.offsets)[edges]
        offsets = np.concatenate([[0], np.cumsum(count)])
        point = np.arange(offsets[-1]) + np.repeat(self.offsets[edges] - offsets[:-1], count)
        u, v = new[self.u[edges]], new[self.v[edges]]
        vertices = self.vertices[point]
        return Streets(self.x[order], self.y[order], u, v, self.rank[edges], vertices, offsets, self.street[edges])

    def rebuilt(self, drop: Mask, x: Array, y: Array, added: Sequence[Added]) -> Streets:
        """Without the edges in ``drop``, with new nodes (rows after the present ones) and ``added`` edges at the end."""
        count = np.diff(self.offsets)
        points = [self.vertices[np.repeat(~drop, count)], *(edge.points for edge in added)]
        sizes = np.concatenate([count[~drop], np.array([len(edge.points) for edge in added], dtype=np.int64)])
        return Streets(
            np.concatenate([self.x, x]),
            np.concatenate([self.y, y]),
            np.concatenate([self.u[~drop], np.array([edge.u for edge in added], dtype=np.int64)]),
            np.concatenate([self.v[~drop], np.array([edge.v for edge in added], dtype=np.int64)]),
            np.concatenate([self.rank[~drop], np.array([edge.rank for edge in added], dtype=np.int8)]),
            np.concatenate(points),
            np.concatenate([[0], np.cumsum(sizes)]),
            np.concatenate([self.street[~drop], np.array([edge.street for edge in added], dtype=object)]),
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


def along_a_curve(x: Array, y: Array) -> Rows:
    """Order of points along a Z-order (Morton) curve: neighbours in the order are near each other, (n,)."""
    size = max(float(np.ptp(x)), float(np.ptp(y)), 1.0)
    cell_x = ((x - x.min()) / size * 65535).astype(np.uint64)
    cell_y = ((y - y.min()) / size * 65535).astype(np.uint64)
    return np.argsort(_spread_bits(cell_x) | (_spread_bits(cell_y) << np.uint64(1)), kind="stable")


def _spread_bits(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        value = (value | (value << np.uint64(shift))) & np.uint64(mask)
    return value
