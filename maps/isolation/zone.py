"""Zone 1: the burst's segment grown through what cannot be shut; and what lies on its border."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from maps.isolation.rules import CLOSABLE, GROW, GROW_UV, ONE_WAY, SUPPLY, SWAPPED, WALL
from maps.isolation.supply import Adjacency


@dataclass(frozen=True, slots=True)
class Border:
    """One edge on the border of a zone; ``far`` is the segment beyond. ``code`` as seen from the zone."""

    edge: int
    near: int
    far: int
    code: int

    @property
    def is_open(self) -> bool:
        """Water could pass: an open valve, one-way ones included."""
        return not self.code & WALL

    @property
    def closable(self) -> bool:
        """A valve that closing makes a boundary."""
        return self.code & (CLOSABLE | WALL) == CLOSABLE


@dataclass(frozen=True, slots=True)
class Zone:
    """``segments`` -> through what each was reached: "" (the burst's own), ``unclosable``, ``one_way``."""

    segments: Mapping[int, str]
    border: tuple[Border, ...]


def grow(around: Adjacency, codes: memoryview, changed: Mapping[int, int], starts: Iterable[int]) -> Zone:
    """The zone that spreads from ``starts``: through what cannot be closed both ways, up an open one-way valve."""
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
    """Pumps, control valves and meters pass silently; what a crew may wonder about is named."""
    if code & ONE_WAY:
        return "one_way"
    if code & GROW == GROW and code & SUPPLY == SUPPLY:
        return so_far or "unclosable"
    return so_far
