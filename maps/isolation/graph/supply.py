"""Supply query: segments that still have supply after removing some, by spanning-tree certificates and a search.

Two spanning trees from the sources are built over the segments once. A segment whose path to its source along *one* of them
contains no removed segment is supplied, tested with a few intervals. Only the rest is searched, against the flow direction,
until a certified segment is found; so the cost depends on the affected area, not on the size of the city.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from maps.isolation.graph.edge_rules import SUPPLY, SUPPLY_UV, SUPPLY_VU, UNKNOWN, WALL
from maps.isolation.graph.supply_trees import Supply, SupplyTree

_SEARCH_LIMIT = 4000
"""Number of segments searched individually before one sweep over the whole city is cheaper."""


class SupplyQuery:
    """Supply for one plan, with segments ``taken`` removed and edge codes ``shut`` in place of the dataset's."""

    def __init__(self, supply: Supply, taken: Collection[int], shut: Mapping[int, int]) -> None:
        self._supply, self._taken, self._shut = supply, taken, shut
        self._fed: set[int] = set()
        self._dry: set[int] = set()
        self._all: NDArray[np.bool_] | None = None
        self._via: dict[int, int] = {}

    def with_supply(self, supply: Supply) -> SupplyQuery:
        """The same query for another set of sources."""
        return SupplyQuery(supply, self._taken, self._shut)

    @cached_property
    def _cuts(self) -> tuple[tuple[memoryview, list[int], list[int]], ...]:
        """For every tree the intervals that are no longer certified."""
        found = []
        for tree in self._supply.trees:
            cut = list(self._taken)
            for edge, code in self._shut.items():
                cut += self._orphans(tree, edge, code)
            found.append((tree.enter_at, *tree.intervals(cut)))
        return tuple(found)

    def _orphans(self, tree: SupplyTree, edge: int, code: int) -> list[int]:
        """Segments whose tree path may contain an edge that no longer supplies."""
        lost = int(self._supply.codes[edge]) & SUPPLY & ~code
        u, v = int(self._supply.graph.u[edge]), int(self._supply.graph.v[edge])
        down = [v] if lost & SUPPLY_UV and tree.parent[v] == u else []
        return down + ([u] if lost & SUPPLY_VU and tree.parent[u] == v else [])

    def certain(self, segment: int) -> int:
        """Index of a tree that certifies a segment's supply, -1 without one."""
        for number, (enter_at, starts, ends) in enumerate(self._cuts):
            enter = enter_at[segment]
            if enter < 0:
                continue
            place = bisect_right(starts, enter) - 1
            if place < 0 or ends[place] < enter:
                return number
        return -1

    def before(self, segment: int) -> list[int]:
        """Upstream neighbours."""
        code_at, shut, taken = self._supply.code_at, self._shut, self._taken
        found = []
        for near, edge, flipped in self._supply.around.at(segment):
            code = shut.get(edge, code_at[edge])
            # From the neighbour to this segment: against the edge's direction unless flipped.
            if code & (SUPPLY_UV if flipped else SUPPLY_VU) and near not in taken:
                found.append(near)
        return found

    def after(self, segment: int) -> list[int]:
        """Downstream neighbours."""
        code_at, shut, taken = self._supply.code_at, self._shut, self._taken
        found = []
        for near, edge, flipped in self._supply.around.at(segment):
            code = shut.get(edge, code_at[edge])
            if code & (SUPPLY_VU if flipped else SUPPLY_UV) and near not in taken:
                found.append(near)
        return found

    def supplied(self, segment: int) -> bool:
        """Whether a source still reaches a segment."""
        if segment in self._fed:
            return True
        if segment in self._dry:
            return False
        if self._all is not None:
            return bool(self._all[segment])
        if not self._gains and not self._supply.fed_at[segment]:
            return False
        return self._search(segment)

    @cached_property
    def _gains(self) -> bool:
        """Whether some edge supplies that did not before; otherwise segments without supply stay without."""
        codes = self._supply.code_at
        return any(code & SUPPLY & ~codes[edge] for edge, code in self._shut.items())

    def _search(self, segment: int) -> bool:
        seen = {segment: segment}
        queue = deque((segment,))
        while queue:
            here = queue.popleft()
            if here in self._fed or self._supply.source_at[here] or self.certain(here) >= 0:
                self._remember(here, seen)
                return True
            for near in self.before(here):
                if near not in seen and near not in self._dry:
                    seen[near] = here
                    queue.append(near)
            if len(seen) > _SEARCH_LIMIT:
                self._all = self._supply.sweep(self._taken, self._shut)
                return bool(self._all[segment])
        self._dry.update(seen)
        return False

    def _remember(self, met: int, seen: dict[int, int]) -> None:
        """Store the path from the certified segment down to the queried one as supplied."""
        here = met
        self._fed.add(here)
        while seen[here] != here:
            self._via[seen[here]] = here
            here = seen[here]
            self._fed.add(here)

    def source_of(self, segment: int) -> tuple[int, ...]:
        """Source node rows of a supplied segment: the adjacent ones, else the one at the end of its certified path."""
        here = segment
        while True:
            if self._supply.source_at[here]:
                return self._supply.graph.sources_of[here]
            tree = self.certain(here)
            if tree >= 0:
                return self._supply.graph.sources_of[int(self._supply.trees[tree].root[here])]
            if here not in self._via:
                return self._by_search(here)
            here = self._via[here]

    def _by_search(self, segment: int) -> tuple[int, ...]:
        """The nearest source against the flow, when a sweep gave the result without a path."""
        seen, queue = {segment}, deque((segment,))
        while queue:
            here = queue.popleft()
            if self._supply.source_at[here]:
                return self._supply.graph.sources_of[here]
            for near in self.before(here):
                if near not in seen:
                    seen.add(near)
                    queue.append(near)
        return ()

    def dry_from(self, starts: Iterable[int]) -> set[int]:
        """Segments from ``starts`` downstream that no source reaches, and adjacent segments without supply.

        A part with an open connection in either direction and without supply had none before: it is listed as well, because the
        missing supply may be a data fault.
        """
        dry: set[int] = set()
        stack = [start for start in starts if start not in self._taken]
        while stack:
            here = stack.pop()
            if here in dry or self.supplied(here):
                continue
            dry.add(here)
            stack += [near for near in self._touching(here) if near not in dry]
        return dry

    def _touching(self, segment: int) -> list[int]:
        """Neighbours through an open connection in either direction, or through a valve of unknown state."""
        code_at, shut, taken = self._supply.code_at, self._shut, self._taken
        found = []
        for near, edge, _ in self._supply.around.at(segment):
            code = shut.get(edge, code_at[edge])
            if code & (SUPPLY | UNKNOWN) and not code & WALL and near not in taken:
                found.append(near)
        return found
