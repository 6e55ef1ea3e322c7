"""Zone 1: the burst's segment extended through everything that cannot be closed, and its boundary edges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from maps.isolation.graph.edge_rules import CLOSABLE, GROW, GROW_UV, ONE_WAY, SUPPLY, SWAPPED, WALL
from maps.isolation.graph.supply_trees import Adjacency


@dataclass(frozen=True, slots=True)
class Border:
    """One edge on the boundary of a zone; ``far`` is the segment beyond. ``code`` is oriented from the zone."""

    edge: int
    near: int
    far: int
    code: int

    @property
    def is_open(self) -> bool:
        """Whether water could pass: an open valve, including one-way ones."""
        return not self.code & WALL

    @property
    def closable(self) -> bool:
        """Whether it is a valve that can be closed."""
        return self.code & (CLOSABLE | WALL) == CLOSABLE


@dataclass(frozen=True, slots=True)
class Zone:
    """``segments`` -> kind of edge through which each was reached: "" (the burst's own), ``unclosable``, ``one_way``."""

    segments: Mapping[int, str]
    border: tuple[Border, ...]


def grow(around: Adjacency, codes: memoryview, changed: Mapping[int, int], starts: Iterable[int]) -> Zone:
    """The zone from ``starts``: through edges that cannot be closed, either way, and upstream through open one-way valves."""
    through: dict[int, str] = dict.fromkeys(starts, "")
    stack = list(through)
    edges: list[tuple[int, int, int, int]] = []
    while stack:
        here = stack.pop()
        for far, edge, flipped in around.at(here):
            code = changed.get(edge, codes[edge])
            if flipped:
                code = SWAPPED[code]
            if not code & GROW_UV:
                edges.append((edge, here, far, code))
            elif far not in through:
                through[far] = _reason(code, through[here])
                stack.append(far)
    border = tuple(Border(*row) for row in edges if row[2] not in through)
    return Zone(through, border)


def _reason(code: int, so_far: str) -> str:
    """Reason after passing an edge; pumps, control valves and meters leave it unchanged."""
    if code & ONE_WAY:
        return "one_way"
    if code & GROW == GROW and code & SUPPLY == SUPPLY:
        return so_far or "unclosable"
    return so_far
