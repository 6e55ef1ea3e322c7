"""Generates the local streets inside superblocks: lines, collectors, gaps, twists and diagonals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maps.synthetic.streets.arterials import Sides
from maps.synthetic.streets.graph import ARTERIAL, COLLECTOR, LOCAL, Array, Mask, Rows

_FEWEST, _MOST = 2, 7
"""Local lines across a superblock."""

_CORNER = -(1 << 40)
"""Corner ``c`` of the arterials is written ``_CORNER - c``."""


@dataclass(frozen=True, eq=False)
class Interior:
    """Nodes and edges inside superblocks.

    An end ≥ 0 is an interior node; an end -1 - k is end ``k`` on a side; from ``_CORNER`` down it is a corner of arterials.
    """

    x: Array
    y: Array
    u: Rows
    v: Rows
    rank: NDArray[np.int8]

    @staticmethod
    def end(ends: Rows, of_end: Rows, shift: int) -> Rows:
        """Final node rows: interior nodes come ``shift`` after the arterial ones, side ends by ``of_end``."""
        out = ends + shift
        side = (ends < 0) & (ends > _CORNER)
        out[side] = of_end[-1 - ends[side]]
        corner = ends <= _CORNER
        out[corner] = _CORNER - ends[corner]
        return out


@dataclass
class _Parts:
    """Pieces collected over the kinds of superblocks."""

    x: list[Array]
    y: list[Array]
    u: list[Rows]
    v: list[Rows]
    rank: list[NDArray[np.int8]]
    segment: list[Rows]
    share: list[Array]
    nodes: int = 0
    ends: int = 0


@dataclass(frozen=True, eq=False)
class _Blocks:
    """Superblocks of one kind: ``i``, ``j`` (b,), line positions ``tx`` (b, nx), ``ty`` (b, ny) as shares."""

    i: Rows
    j: Rows
    tx: Array
    ty: Array
    diagonal: Mask


def fill_blocks(x: Array, y: Array, built: Mask, rng: np.random.Generator) -> tuple[Sides, Interior]:
    """Local streets of all built superblocks; ``x``, ``y``: corners, (ni + 1, nj + 1)."""
    ni, nj = built.shape
    i, j = np.nonzero(built)
    centre = np.hypot((i + 0.5) / ni - 0.5, 0.6 * ((j + 0.5) / nj - 0.38))
    spacing = rng.uniform(125, 190, len(i)) + 150 * np.clip(centre - 0.12, 0.0, 0.5)
    nx = np.clip(np.round((x[i + 1, j] - x[i, j]) / spacing) - 1, _FEWEST, _MOST).astype(np.int64)
    ny = np.clip(np.round((y[i, j] - y[i, j + 1]) / (spacing * rng.uniform(0.7, 1.1, len(i)))) - 1, _FEWEST, _MOST).astype(
        np.int64
    )
    diagonal = _diagonals(ni, nj, i, j, rng)
    ny[diagonal] = nx[diagonal]
    parts = _Parts([], [], [], [], [], [], [])
    for kind in np.unique(nx * 32 + ny * 2 + diagonal):
        of_kind = np.flatnonzero(nx * 32 + ny * 2 + diagonal == kind)
        blocks = _lines(i[of_kind], j[of_kind], int(nx[of_kind[0]]), int(ny[of_kind[0]]), diagonal[of_kind], rng)
        _fill(parts, blocks, x, y, rng)
    sides = Sides(np.concatenate(parts.segment), np.concatenate(parts.share))
    u, v = np.concatenate(parts.u), np.concatenate(parts.v)
    return sides, Interior(np.concatenate(parts.x), np.concatenate(parts.y), u, v, np.concatenate(parts.rank))


def _diagonals(ni: int, nj: int, i: Rows, j: Rows, rng: np.random.Generator) -> Mask:
    """Superblocks that a diagonal avenue crosses from their north-west to their south-east corner."""
    chosen = np.zeros((ni, nj), dtype=bool)
    for _ in range(max(1, ni * nj // 60)):
        length = int(rng.integers(2, max(3, min(nj, 6) + 1)))
        a, b = int(rng.integers(0, ni)), int(rng.integers(0, max(1, nj - 1)))
        for k in range(length):
            if a + k < ni and b + k < nj:
                chosen[a + k, b + k] = True
    return chosen[i, j]


def _lines(i: Rows, j: Rows, nx: int, ny: int, diagonal: Mask, rng: np.random.Generator) -> _Blocks:
    """Positions of the local lines, uneven but in order; equal both ways where a diagonal crosses."""

    def positions(count: int) -> Array:
        gaps = rng.uniform(0.55, 1.45, (len(i), count + 1))
        return np.cumsum(gaps / gaps.sum(axis=1, keepdims=True), axis=1)[:, :-1]

    tx, ty = positions(nx), positions(ny)
    if nx == ny:
        ty = np.where(diagonal[:, None], tx, ty)
    return _Blocks(i, j, tx, ty, diagonal)


def _fill(parts: _Parts, blocks: _Blocks, corner_x: Array, corner_y: Array, rng: np.random.Generator) -> None:
    """Nodes, ends and edges of superblocks of one kind, appended to ``parts``."""
    count, nx, ny = len(blocks.i), blocks.tx.shape[1], blocks.ty.shape[1]
    ni, nj = corner_x.shape[0] - 1, corner_x.shape[1] - 1
    tx, ty = _node_shares(blocks, rng)
    x, y = _between(blocks, corner_x, tx, ty), _between(blocks, corner_y, tx, ty)
    node = np.arange(count * nx * ny).reshape(count, nx, ny) + parts.nodes
    segments, shares = _side_ends(blocks, ni, nj)
    end = [-1 - (np.arange(s.size).reshape(s.shape) + o) for s, o in zip(segments, _starts(segments, parts.ends), strict=True)]
    west, east, north, south = end
    # Rows of one line: an end on the side, its nodes, the other end.
    across = np.concatenate([west[:, None, :], node, east[:, None, :]], axis=1)
    along = np.concatenate([north[:, :, None], node, south[:, :, None]], axis=2)
    kept_across, kept_along = _gaps(count, nx, ny, rng)
    middle_y, middle_x = _middle(blocks.ty, rng), _middle(blocks.tx, rng)
    rank_across = np.where(middle_y[:, None, :], COLLECTOR, LOCAL) + np.zeros((count, nx + 1, ny), dtype=np.int64)
    rank_along = np.where(middle_x[:, :, None], COLLECTOR, LOCAL) + np.zeros((count, nx, ny + 1), dtype=np.int64)
    kept_across |= rank_across == COLLECTOR
    kept_along |= rank_along == COLLECTOR
    parts.u += [across[:, :-1, :][kept_across], along[:, :, :-1][kept_along]]
    parts.v += [across[:, 1:, :][kept_across], along[:, :, 1:][kept_along]]
    parts.rank += [rank_across[kept_across].astype(np.int8), rank_along[kept_along].astype(np.int8)]
    if nx == ny and blocks.diagonal.any():
        _avenue(parts, node[blocks.diagonal], (blocks.i * (nj + 1) + blocks.j)[blocks.diagonal], nj)
    parts.x.append(x.ravel())
    parts.y.append(y.ravel())
    parts.segment += [s.ravel() for s in segments]
    parts.share += [s.ravel() for s in shares]
    parts.nodes += x.size
    parts.ends += sum(s.size for s in segments)


def _avenue(parts: _Parts, node: Rows, corner: Rows, nj: int) -> None:
    """The diagonal from a superblock's north-west corner through its nodes to the south-east one, an arterial."""
    steps = np.arange(node.shape[1])
    ends = (_CORNER - corner)[:, None], (_CORNER - corner - nj - 2)[:, None]
    path = np.concatenate([ends[0], node[:, steps, steps], ends[1]], axis=1)
    parts.u.append(path[:, :-1].ravel())
    parts.v.append(path[:, 1:].ravel())
    parts.rank.append(np.full(path[:, 1:].size, ARTERIAL, dtype=np.int8))


def _starts(segments: tuple[Rows, ...], start: int) -> list[int]:
    starts = [start]
    for part in segments[:-1]:
        starts.append(starts[-1] + part.size)
    return starts


def _node_shares(blocks: _Blocks, rng: np.random.Generator) -> tuple[Array, Array]:
    """Interior nodes as shares of their superblock, (b, nx, ny): the lines, randomly displaced and twisted around its middle."""
    nx, ny = blocks.tx.shape[1], blocks.ty.shape[1]
    shape = (len(blocks.i), nx, ny)
    tx = blocks.tx[:, :, None] + rng.normal(0, 0.10, shape) / (nx + 1)
    ty = blocks.ty[:, None, :] + rng.normal(0, 0.10, shape) / (ny + 1)
    twist = (rng.normal(0, 0.20, len(blocks.i)) * ~blocks.diagonal)[:, None, None] * 16 * tx * (1 - tx) * ty * (1 - ty)
    return tx - twist * (ty - 0.5), ty + twist * (tx - 0.5)


def _between(blocks: _Blocks, corner: Array, tx: Array, ty: Array) -> Array:
    """Bilinear place between the four corners of each superblock."""
    i, j = blocks.i, blocks.j
    west = corner[i, j][:, None, None] * (1 - ty) + corner[i, j + 1][:, None, None] * ty
    east = corner[i + 1, j][:, None, None] * (1 - ty) + corner[i + 1, j + 1][:, None, None] * ty
    return west * (1 - tx) + east * tx


def _side_ends(blocks: _Blocks, ni: int, nj: int) -> tuple[tuple[Rows, ...], tuple[Array, ...]]:
    """Segment and share of the ends on the west, east, north and south side."""
    i, j = blocks.i[:, None], blocks.j[:, None]
    flat = (ni + 1) * nj
    zero_y, zero_x = np.zeros_like(blocks.ty, dtype=np.int64), np.zeros_like(blocks.tx, dtype=np.int64)
    segments = (
        i * nj + j + zero_y,
        (i + 1) * nj + j + zero_y,
        flat + i * (nj + 1) + j + zero_x,
        flat + i * (nj + 1) + j + 1 + zero_x,
    )
    return segments, (blocks.ty, blocks.ty, blocks.tx, blocks.tx)


def _middle(t: Array, rng: np.random.Generator) -> Mask:
    """The line nearest the middle, the superblock's collector; one superblock in six has none."""
    chosen = np.zeros(t.shape, dtype=bool)
    chosen[np.arange(len(t)), np.abs(t - 0.5).argmin(axis=1)] = True
    return chosen & (rng.random(len(t)) > 0.16)[:, None]


def _gaps(count: int, nx: int, ny: int, rng: np.random.Generator) -> tuple[Mask, Mask]:
    """Existing pieces of the lines: campuses remove some, some lines end half-way, some do not reach the arterial."""
    across = rng.random((count, nx + 1, ny)) > 0.07
    along = rng.random((count, nx, ny + 1)) > 0.07
    across[:, [0, -1], :] &= rng.random((count, 2, ny)) > 0.16
    along[:, :, [0, -1]] &= rng.random((count, nx, 2)) > 0.16
    _cut_lines(across, rng, axis=1)
    _cut_lines(along, rng, axis=2)
    _campus(across, along, nx, ny, rng)
    return across, along


def _cut_lines(kept: Mask, rng: np.random.Generator, axis: int) -> None:
    """One local line in four stops half-way."""
    pieces = kept.shape[axis]
    lines = (kept.shape[0], kept.shape[3 - axis])
    cut = np.where(rng.random(lines) < 0.25, rng.integers(1, max(2, pieces), lines), pieces)
    flip = rng.random(lines) < 0.5
    place = np.arange(pieces)
    alive = np.where(flip[..., None], place[::-1] < cut[..., None], place < cut[..., None])
    kept &= alive.transpose(0, 2, 1) if axis == 1 else alive


def _campus(across: Mask, along: Mask, nx: int, ny: int, rng: np.random.Generator) -> None:
    """A campus, park or factory in every third superblock: no local street crosses it."""
    count = len(across)
    has = rng.random(count) < 0.36
    x0, y0 = rng.integers(0, nx, count), rng.integers(0, ny, count)
    x1, y1 = x0 + rng.integers(1, 3, count), y0 + rng.integers(1, 3, count)
    px, py = np.arange(nx + 1), np.arange(ny)
    inside = ((px >= x0[:, None]) & (px <= x1[:, None]))[:, :, None] & ((py >= y0[:, None]) & (py < y1[:, None]))[:, None, :]
    across &= ~(inside & has[:, None, None])
    px, py = np.arange(nx), np.arange(ny + 1)
    inside = ((px >= x0[:, None]) & (px < x1[:, None]))[:, :, None] & ((py >= y0[:, None]) & (py <= y1[:, None]))[:, None, :]
    along &= ~(inside & has[:, None, None])
