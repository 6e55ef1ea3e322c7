"""Joins local streets to arterials: ends from both sides of an arterial become crossings and T-junctions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maps.synthetic.streets.graph import Array, Mask, Rows

_MERGE_M = 42.0
"""Ends nearer than this on one arterial become one crossing: closer junctions would be staggered in reality too."""


@dataclass(frozen=True, eq=False)
class Sides:
    """Ends of local streets on arterial segments. ``segment``: (k,) segment row; ``share``: (k,) position 0…1 on it.

    Segments: first the vertical ones, row ``i * nj + j`` from line (i, j) to (i, j + 1), i in 0…ni; then the horizontal
    ones, row ``(ni + 1) * nj + i * (nj + 1) + j`` from (i, j) to (i + 1, j).
    """

    segment: Rows
    share: Array


@dataclass(frozen=True, eq=False)
class Joined:
    """Arterial nodes and edges. ``of_end``: (k,) node of each end in ``Sides``."""

    x: Array
    y: Array
    u: Rows
    v: Rows
    of_end: Rows


def segment_ends(ni: int, nj: int) -> tuple[Rows, Rows]:
    """Corner rows (``i * (nj + 1) + j``) at both ends of every segment."""
    i, j = (a.ravel() for a in np.meshgrid(np.arange(ni + 1), np.arange(nj), indexing="ij"))
    vertical = i * (nj + 1) + j
    i, j = (a.ravel() for a in np.meshgrid(np.arange(ni), np.arange(nj + 1), indexing="ij"))
    horizontal = i * (nj + 1) + j
    return np.concatenate([vertical, horizontal]), np.concatenate([vertical + 1, horizontal + nj + 1])


def join_sides(corner_x: Array, corner_y: Array, built: Mask, sides: Sides) -> Joined:
    """Arterials along every built superblock, broken at the ends that meet them; corners (ni + 1, nj + 1)."""
    ni, nj = built.shape
    first, last = segment_ends(ni, nj)
    corner_x, corner_y = corner_x.ravel(), corner_y.ravel()
    length = np.hypot(corner_x[last] - corner_x[first], corner_y[last] - corner_y[first])
    order = np.lexsort((sides.share, sides.segment))
    segment, share = sides.segment[order], sides.share[order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(segment) != 0) | (np.diff(share) * length[segment[1:]] > _MERGE_M)
    group = np.cumsum(new) - 1
    count = np.bincount(group)
    at = np.bincount(group, weights=share) / count
    seg = segment[new]
    of_end = np.empty(len(order), dtype=np.int64)
    of_end[order] = group + len(corner_x)
    x = np.concatenate([corner_x, corner_x[first[seg]] + at * (corner_x[last[seg]] - corner_x[first[seg]])])
    y = np.concatenate([corner_y, corner_y[first[seg]] + at * (corner_y[last[seg]] - corner_y[first[seg]])])
    u, v = _chain(seg, len(corner_x), first, last, _used_segments(built))
    return Joined(x, y, u, v, of_end)


def _used_segments(built: Mask) -> Mask:
    """Segments with a built superblock on at least one side."""
    ni, nj = built.shape
    wide = np.zeros((ni + 2, nj + 2), dtype=bool)
    wide[1:-1, 1:-1] = built
    vertical = wide[:-1, 1:-1] | wide[1:, 1:-1]
    horizontal = wide[1:-1, :-1] | wide[1:-1, 1:]
    return np.concatenate([vertical.ravel(), horizontal.ravel()])


def _chain(seg: Rows, corners: int, first: Rows, last: Rows, used: Mask) -> tuple[Rows, Rows]:
    """Edges corner - junction - … - corner along each used segment."""
    node = np.arange(len(seg)) + corners
    rows = np.flatnonzero(used)
    owner = np.concatenate([rows, seg, rows])
    step = np.concatenate([np.zeros(len(rows)), np.ones(len(seg)), np.full(len(rows), 2.0)])
    chain = np.concatenate([first[rows], node, last[rows]])
    order = np.lexsort((chain * (step == 1), step, owner))
    owner, chain = owner[order], chain[order]
    linked = np.diff(owner) == 0
    return chain[:-1][linked], chain[1:][linked]
