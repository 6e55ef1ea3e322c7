"""Joins line ends that lie within a tolerance into nodes. Pure; the result depends on the order of the input only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

_SAME_M = 1e-3
"""Points closer than a millimetre are one point, whatever the tolerance."""


@dataclass(frozen=True, eq=False)
class Snapped:
    """Result of ``snap``.

    ``node``: node number of each end, (k,); the first numbers are the fixed nodes. ``xy``: (nodes, 2), metres. ``moved_m``:
    distance from each end to its node, (k,). ``crowded``: pairs of fixed nodes within the tolerance, kept apart.
    """

    node: NDArray[np.int64]
    xy: NDArray[np.float64]
    moved_m: NDArray[np.float64]
    crowded: tuple[tuple[int, int], ...]


def snap(ends: NDArray[np.float64], line: NDArray[np.int64], fixed: NDArray[np.float64], tolerance_m: float) -> Snapped:
    """Join line ``ends`` (k, 2) into nodes. ``line``: (k,) the line of each end; ``fixed``: (m, 2) given nodes.

    Pairs are joined in order of distance, and no end moves further than the tolerance. Two ends of one line never join, unless
    drawn on one point, nor do two fixed nodes: a short valve or pipe within the tolerance stays a link. Nor do places that
    such short lines connect with one another: three valves drawn as links around a tee would be bypassed.
    """
    count = len(fixed)
    points = np.concatenate([fixed, ends])
    place, first, owner = _distinct(points)
    lines = _lines_of(owner[count:], line, len(place))
    _mark_short_lines(lines, owner[count:], line, place, tolerance_m)
    fixed_of = np.full(len(place), -1, dtype=np.int64)
    fixed_of[owner[:count][::-1]] = np.arange(count)[::-1]
    groups = _Groups(place, lines, fixed_of, tolerance_m)
    for a, b in _near_pairs(place, tolerance_m):
        groups.join(int(a), int(b))
    root = groups.roots()
    node, xy = _numbered(root[owner[count:]], groups.fixed, fixed, place, first)
    moved = np.hypot(*(xy[node] - ends).T) if len(ends) else np.empty(0)
    return Snapped(node, xy, moved, tuple(sorted(groups.crowded)))


def _distinct(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Distinct places, (places, 2), the first point at each, and the place of each point, (k,)."""
    grid = np.round(points / _SAME_M).astype(np.int64)
    _, first, inverse = np.unique(grid, axis=0, return_index=True, return_inverse=True)
    return points[first], first, np.asarray(inverse).reshape(-1)


def _near_pairs(place: NDArray[np.float64], tolerance_m: float) -> NDArray[np.int64]:
    if len(place) < 2 or tolerance_m <= 0:
        return np.empty((0, 2), dtype=np.int64)
    pairs = cKDTree(place).query_pairs(tolerance_m, output_type="ndarray").astype(np.int64)
    away = np.hypot(*(place[pairs[:, 0]] - place[pairs[:, 1]]).T)
    return np.asarray(pairs[np.lexsort((pairs[:, 1], pairs[:, 0], away))])


def _lines_of(owner: NDArray[np.int64], line: NDArray[np.int64], places: int) -> list[set[int]]:
    lines: list[set[int]] = [set() for _ in range(places)]
    for at, name in zip(owner.tolist(), line.tolist(), strict=True):
        lines[at].add(name)
    return lines


def _mark_short_lines(
    lines: list[set[int]], owner: NDArray[np.int64], line: NDArray[np.int64], place: NDArray[np.float64], tolerance_m: float
) -> None:
    """Give places that short lines connect a common mark, which keeps them apart; marks are below 0, lines are not."""
    order = np.argsort(line, kind="stable")
    a, b = order[:-1], order[1:]
    pair = np.flatnonzero(line[a] == line[b])
    ends = np.column_stack([owner[a[pair]], owner[b[pair]]])
    short = ends[np.hypot(*(place[ends[:, 0]] - place[ends[:, 1]]).T) <= tolerance_m]
    ways = coo_array((np.ones(len(short)), (short[:, 0], short[:, 1])), shape=(len(place), len(place)))
    part = connected_components(csr_array(ways), directed=False)[1] if len(short) else np.empty(0, dtype=np.int64)
    for at in np.unique(short).tolist():
        lines[at].add(-1 - int(part[at]))


class _Groups:
    """Union of places; refuses joins that would fold a line, merge fixed nodes or move a place too far."""

    def __init__(
        self, place: NDArray[np.float64], lines: list[set[int]], fixed_of: NDArray[np.int64], tolerance_m: float
    ) -> None:
        self._place, self._reach = place, tolerance_m
        self._root = list(range(len(lines)))
        self._members = [[at] for at in range(len(lines))]
        self._lines, self.fixed = lines, fixed_of
        self.crowded: set[tuple[int, int]] = set()

    def join(self, a: int, b: int) -> None:
        """Join the groups of two places where that is allowed."""
        a, b = self._root[a], self._root[b]
        if a == b or not self._lines[a].isdisjoint(self._lines[b]):
            return
        fixed = (int(self.fixed[a]), int(self.fixed[b]))
        if min(fixed) >= 0:
            self.crowded.add((min(fixed), max(fixed)))
            return
        heads = ((b, a),) if fixed[1] >= 0 else ((a, b),) if fixed[0] >= 0 else ((a, b), (b, a))
        for head, tail in heads:
            if self._reaches(head, tail):
                self._take(head, tail)
                return

    def _reaches(self, head: int, tail: int) -> bool:
        # Otherwise a chain of near ends would move the last one far from where it was drawn.
        away = self._place[self._members[tail]] - self._place[head]
        return bool((np.hypot(away[:, 0], away[:, 1]) <= self._reach).all())

    def _take(self, head: int, tail: int) -> None:
        for member in self._members[tail]:
            self._root[member] = head
        self._members[head] += self._members[tail]
        self._lines[head] |= self._lines[tail]

    def roots(self) -> NDArray[np.int64]:
        """The place that each place was joined to, (places,)."""
        return np.array(self._root, dtype=np.int64)


def _numbered(
    root: NDArray[np.int64],
    fixed_of: NDArray[np.int64],
    fixed: NDArray[np.float64],
    place: NDArray[np.float64],
    first: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Node number of each end, and coordinates of all nodes: the fixed node of its group, else new ones in order of the ends."""
    node = fixed_of[root].copy() if len(root) else np.empty(0, dtype=np.int64)
    new = np.flatnonzero(node < 0)
    groups, first_end, inverse = np.unique(root[new], return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(first_end, kind="stable"), kind="stable")
    node[new] = len(fixed) + order[np.asarray(inverse).reshape(-1)]
    at = np.empty((len(groups), 2))
    at[order] = place[groups]
    return node, np.concatenate([fixed.reshape(-1, 2), at])


def generated_ids(count: int, prefix: str, taken: Iterable[str]) -> list[str]:
    """The first ``count`` ids ``<prefix><number>`` that are not in ``taken``."""
    used, made, number = set(taken), list[str](), 0
    while len(made) < count:
        number += 1
        name = f"{prefix}{number}"
        if name not in used:
            made.append(name)
    return made
