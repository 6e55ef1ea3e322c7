"""Shortest-path trees from the sources, and sums along them, without a Python loop over nodes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse.csgraph import dijkstra

from maps.synthetic.streets.graph import Array, Mask, Rows, smallest


@dataclass(frozen=True, eq=False)
class Links:
    """Directed or two-way links for the trees. ``both``: (m,) passable both ways, else from ``u`` to ``v`` only."""

    u: Rows
    v: Rows
    weight: Array
    both: Mask


@dataclass(frozen=True, eq=False)
class Forest:
    """Trees that reach every node from its nearest source by weight.

    ``parent``: (n,) node towards the source, -1 at sources and unreached nodes; ``link``: (n,) row of the link to the
    parent, -1 likewise; ``source``: (n,) row of the source node, -1 when unreached.
    """

    parent: Rows
    link: Rows
    source: Rows

    @classmethod
    def grow(cls, nodes: int, links: Links, sources: Rows) -> Forest:
        """The shortest-path forest from ``sources`` over ``links``."""
        back = links.both
        rows = np.concatenate([links.u, links.v[back]])
        cols = np.concatenate([links.v, links.u[back]])
        weight = np.concatenate([links.weight, links.weight[back]])
        row = np.concatenate([np.arange(len(links.u)), np.flatnonzero(back)])
        graph = smallest(nodes, rows, cols, weight)
        _, before, origin = dijkstra(graph, indices=sources, min_only=True, return_predecessors=True)
        parent: Rows = np.where(before < 0, -1, before).astype(np.int64)
        source: Rows = np.where(origin < 0, -1, origin).astype(np.int64)
        source[sources] = sources
        return cls(parent, _link_rows(nodes, parent, rows, cols, weight, row), source)

    @cached_property
    def _levels(self) -> list[Rows]:
        """Nodes by depth below their source; the sources themselves are left out."""
        children = np.flatnonzero(self.parent >= 0)
        order = children[np.argsort(self.parent[children], kind="stable")]
        count = np.bincount(self.parent[children], minlength=len(self.parent))
        start = np.concatenate([[0], np.cumsum(count)])
        level = np.flatnonzero((self.parent < 0) & (self.source >= 0))
        levels = []
        while len(level):
            size = count[level]
            offset = np.repeat(start[level], size)
            within = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
            level = order[offset + within]
            if len(level):
                levels.append(level)
        return levels

    def below(self, load: Array) -> Array:
        """Load into each node: its own ``load`` and that of all nodes downstream, (n,)."""
        total = load.astype(np.float64).copy()
        for level in reversed(self._levels):
            np.add.at(total, self.parent[level], total[level])
        return total

    def beyond(self, value: Array) -> Array:
        """The largest ``value`` at each node or downstream, (n,)."""
        largest = value.astype(np.float64).copy()
        for level in reversed(self._levels):
            np.maximum.at(largest, self.parent[level], largest[level])
        return largest

    def along(self, step: Array) -> Array:
        """Cumulative sum of ``step`` (n,; of the link into each node) from the source to each node, (n,)."""
        total = np.zeros(len(self.parent))
        for level in self._levels:
            total[level] = total[self.parent[level]] + step[level]
        return total


def _link_rows(nodes: int, parent: Rows, rows: Rows, cols: Rows, weight: Array, row: Rows) -> Rows:
    """Link row behind each (parent, node) step: the lightest of parallel ones."""
    out = np.full(nodes, -1, dtype=np.int64)
    used = parent[cols] == rows
    order = np.argsort(weight[used], kind="stable")[::-1]
    out[cols[used][order]] = row[used][order]
    return out
