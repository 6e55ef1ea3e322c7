"""Who still has water: a spanning forest from the sources answers most of it without a flood.

Taking segments out of the network can only dry what hangs below them in the forest; that part alone is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order

from maps.isolation.graph import SegmentGraph
from maps.isolation.valves import Behaviour

Rows = NDArray[np.int64]


class Supply:
    """Segments that water reaches from ``roots`` (a mask of segments), against no one-way valve, pump or PRV."""

    def __init__(self, graph: SegmentGraph, rules: Behaviour, roots: NDArray[np.bool_]) -> None:
        self._graph, self._rules, self._roots = graph, rules, roots
        count = graph.segments
        tails = np.concatenate([graph.a[rules.forward], graph.b[rules.backward], np.full(int(roots.sum()), count)])
        heads = np.concatenate([graph.b[rules.forward], graph.a[rules.backward], np.flatnonzero(roots)])
        matrix = csr_array((np.ones(len(tails), dtype=np.int8), (tails, heads)), shape=(count + 1, count + 1))
        order, parent = breadth_first_order(matrix, count, directed=True, return_predecessors=True)
        self.supplied = np.zeros(count + 1, dtype=bool)
        self.supplied[order] = True
        self._parent = parent
        self._children(order, parent)

    def root_of(self, segment: int) -> int:
        """The root a supplied segment hangs on; the segment itself when it has no water."""
        top = self._graph.segments
        while self.supplied[segment] and int(self._parent[segment]) != top:
            segment = int(self._parent[segment])
        return segment

    def _children(self, order: NDArray[np.int32], parent: NDArray[np.int32]) -> None:
        below = order[1:].astype(np.int64)
        above = parent[below].astype(np.int64)
        by = np.argsort(above, kind="stable")
        self._child = below[by]
        self._first = np.zeros(len(parent) + 1, dtype=np.int64)
        np.cumsum(np.bincount(above, minlength=len(parent)), out=self._first[1:])

    def lost(self, removed: set[int]) -> set[int]:
        """Segments that had water and lose it when ``removed`` are taken out (they themselves left out)."""
        hanging = self._below(removed)
        saved = [segment for segment in hanging if self._fed_from_outside(segment, hanging, removed)]
        while saved:
            segment = saved.pop()
            if segment in hanging:
                hanging.discard(segment)
                saved += [after for after in self._downstream(segment) if after in hanging]
        return hanging

    def _below(self, removed: Iterable[int]) -> set[int]:
        taken = set(removed)
        found, todo = set[int](), list(taken)
        while todo:
            segment = todo.pop()
            for child in self._child[self._first[segment] : self._first[segment + 1]].tolist():
                if child not in taken and child not in found:
                    found.add(child)
                    todo.append(child)
        return found

    def _fed_from_outside(self, segment: int, hanging: set[int], removed: set[int]) -> bool:
        if self._roots[segment]:
            return True
        graph, rules = self._graph, self._rules
        for edge in graph.at(segment):
            a, b = int(graph.a[edge]), int(graph.b[edge])
            other, flows_in = (a, rules.forward[edge]) if b == segment else (b, rules.backward[edge])
            if flows_in and other not in hanging and other not in removed and self.supplied[other]:
                return True
        return False

    def _downstream(self, segment: int) -> Iterable[int]:
        graph, rules = self._graph, self._rules
        for edge in graph.at(segment):
            a, b = int(graph.a[edge]), int(graph.b[edge])
            if a == segment and rules.forward[edge]:
                yield b
            if b == segment and rules.backward[edge]:
                yield a
