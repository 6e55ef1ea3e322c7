"""Generalisation: lines are joined end to end into strokes and thinned to a tolerance.

A street of a hundred pipes is a hundred lines in the network but one visible line: at city scale a stroke needs a few points
where its pipes need a segment each. Everything works on columns; no Python loop runs over lines.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Points = NDArray[np.float64]
Offsets = NDArray[np.int64]

_SAME_PLACE_M = 0.01
_RUNS_ON = -0.7
"""Cosine between two directions out of a joint below which one line runs on into the other (a turn of 45°)."""
_SEARCH = 6
"""Ends at one joint that are compared with each other; beyond that a joint is a hub and lines end there."""
_SPAN_MOST = 48
"""Points of a span before thinning begins: bounds its rounds."""
_ROUNDS = 24


@dataclass(frozen=True, eq=False)
class Lines:
    """Ragged lines: line ``i`` has ``points[offsets[i]:offsets[i + 1]]``; ``klass`` (lines,) its class, 0 first drawn."""

    points: Points
    offsets: Offsets
    klass: NDArray[np.uint8]

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(min x, min y, max x, max y); zeros when empty."""
        if not len(self.points):
            return 0.0, 0.0, 0.0, 0.0
        low, high = self.points.min(axis=0), self.points.max(axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def joined(lines: Lines) -> Lines:
    """The same line work as strokes: lines of one class are joined where one runs on into the other within 45°.

    Every point of every line stays; joints are not repeated. Lines of fewer than two points are left out.
    """
    long_enough = np.diff(lines.offsets) > 1
    if not long_enough.any():
        return Lines(np.empty((0, 2)), np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.uint8))
    first, stop = lines.offsets[:-1][long_enough], lines.offsets[1:][long_enough]
    klass = lines.klass[long_enough]
    mate = _without_rings(_mates(lines.points, first, stop, klass))
    state, begins = _in_order(mate)
    row, backwards = state >> 1, (state & 1).astype(np.bool_)
    count = stop[row] - first[row] - ~begins  # a joint belongs to the line before it
    offset = np.concatenate([[0], np.cumsum(count)])
    step = np.arange(offset[-1]) - np.repeat(offset[:-1], count) + np.repeat(~begins, count)
    at = np.where(np.repeat(backwards, count), np.repeat(stop[row] - 1, count) - step, np.repeat(first[row], count) + step)
    heads = np.flatnonzero(begins)
    return Lines(lines.points[at], np.append(offset[:-1][heads], offset[-1]), klass[row[heads]])


def thinned(lines: Lines, tolerance_m: float) -> Lines:
    """Douglas–Peucker on all lines at once: no point that leaves was further than ``tolerance_m`` from what stays."""
    keep = _ends(lines)
    last = np.repeat(lines.offsets[1:] - 1, np.diff(lines.offsets))
    index = np.arange(len(lines.points))
    keep |= ((index - np.repeat(lines.offsets[:-1], np.diff(lines.offsets))) % _SPAN_MOST == 0) & (last - index > 1)
    kept = np.flatnonzero(keep)
    begin, end = kept[:-1], kept[1:]
    open_ = (end - begin > 1) & (last[begin] >= end)
    begin, end = begin[open_], end[open_]
    for _ in range(_ROUNDS):
        if not len(begin):
            break
        far, worst = _farthest(lines.points, begin, end)
        split = far > tolerance_m
        begin, end, worst = begin[split], end[split], worst[split]
        keep[worst] = True
        begin, end = np.concatenate([begin, worst]), np.concatenate([worst, end])
        inner = end - begin > 1
        begin, end = begin[inner], end[inner]
    for a, b in zip(begin, end, strict=True):  # a spiral that would not settle stays as it is
        keep[a:b] = True
    counts = np.add.reduceat(keep, lines.offsets[:-1], dtype=np.int64) if len(lines.klass) else np.zeros(0, dtype=np.int64)
    return Lines(lines.points[keep], np.concatenate([[0], np.cumsum(counts)]), lines.klass)


def without_repeats(lines: Lines, cell_m: float) -> Lines:
    """Of the lines that lie wholly within one cell of ``cell_m``, one for each class and cell: the others are under it."""
    if not len(lines.klass):
        return lines
    cell = np.floor(lines.points / cell_m).astype(np.int64)
    starts = lines.offsets[:-1]
    low, high = np.minimum.reduceat(cell, starts), np.maximum.reduceat(cell, starts)
    small = (low == high).all(axis=1)
    name = (low[:, 0] << 32) ^ (low[:, 1] & 0xFFFFFFFF) ^ (lines.klass.astype(np.int64) << 24)
    keep = ~small
    rows = np.flatnonzero(small)
    keep[rows[np.unique(name[rows], return_index=True)[1]]] = True
    counts = np.diff(lines.offsets)
    return Lines(lines.points[np.repeat(keep, counts)], np.concatenate([[0], np.cumsum(counts[keep])]), lines.klass[keep])


def _ends(lines: Lines) -> NDArray[np.bool_]:
    keep = np.zeros(len(lines.points), dtype=np.bool_)
    full = np.diff(lines.offsets) > 0
    keep[lines.offsets[:-1][full]] = True
    keep[lines.offsets[1:][full] - 1] = True
    return keep


def _farthest(points: Points, begin: Offsets, end: Offsets) -> tuple[NDArray[np.float64], Offsets]:
    """(distance, point) of each span's inner point that is farthest from the chord of its ends."""
    inner = end - begin - 1
    start = np.cumsum(inner) - inner
    span = np.repeat(np.arange(len(begin)), inner)
    at = np.arange(len(span)) - start[span] + begin[span] + 1
    origin, chord = points[begin], points[end] - points[begin]
    away = points[at] - origin[span]
    along = chord[span]
    square = np.maximum((chord * chord).sum(axis=1), 1e-12)[span]
    share = np.clip((away * along).sum(axis=1) / square, 0.0, 1.0)
    rest = away - along * share[:, None]
    distance = np.hypot(rest[:, 0], rest[:, 1])
    far = np.maximum.reduceat(distance, start)
    hit = np.flatnonzero(distance == far[span])
    worst = np.empty(len(begin), dtype=np.int64)
    worst[span[hit[::-1]]] = at[hit[::-1]]
    return far, worst


def _mates(points: Points, first: Offsets, stop: Offsets, klass: NDArray[np.uint8]) -> Offsets:
    """For each end (2 × line: its start, 2 × line + 1: its stop) the end it runs on into, -1 for none; symmetric."""
    place = np.empty((2 * len(first), 2))
    place[0::2], place[1::2] = points[first], points[stop - 1]
    out = np.empty_like(place)
    out[0::2], out[1::2] = place[1::2] - place[0::2], place[0::2] - place[1::2]
    out /= np.maximum(np.hypot(out[:, 0], out[:, 1]), 1e-9)[:, None]
    cell = np.round((place - place.min(axis=0)) / _SAME_PLACE_M).astype(np.int64)
    key = ((cell[:, 0] << 31) ^ cell[:, 1]) * 64 + np.minimum(np.repeat(klass, 2), 63)
    order = np.argsort(key, kind="stable")
    sorted_key = key[order]
    one, other = [], []
    for step in range(1, _SEARCH):
        same = np.flatnonzero(sorted_key[step:] == sorted_key[:-step])
        one.append(order[same])
        other.append(order[same + step])
    a, b = np.concatenate(one), np.concatenate(other)
    cosine = (out[a] * out[b]).sum(axis=1)
    fits = (cosine < _RUNS_ON) & (a >> 1 != b >> 1)
    best_first = np.argsort(cosine[fits], kind="stable")
    return _paired(a[fits][best_first], b[fits][best_first], len(place))


def _paired(a: Offsets, b: Offsets, ends: int) -> Offsets:
    """Pairs in order of merit to mates: a pair holds where it is the best that either end still has."""
    mate = np.full(ends, -1, dtype=np.int64)
    while len(a):
        number = np.arange(len(a))
        by_a, by_b = np.full(ends, len(a), dtype=np.int64), np.full(ends, len(a), dtype=np.int64)
        by_a[a[::-1]], by_b[b[::-1]] = number[::-1], number[::-1]
        least = np.minimum(by_a, by_b)
        holds = (least[a] == number) & (least[b] == number)
        mate[a[holds]], mate[b[holds]] = b[holds], a[holds]
        rest = (mate[a] < 0) & (mate[b] < 0)
        a, b = a[rest], b[rest]
    return mate


def _without_rings(mate: Offsets) -> Offsets:
    """The same mates, each ring of lines opened at one joint."""
    count = len(mate) // 2
    ends = np.flatnonzero(mate >= 0)
    links = coo_array((np.ones(len(ends), dtype=np.int8), (ends >> 1, mate[ends] >> 1)), shape=(count, count))
    number, part = connected_components(links, directed=False)
    loose = np.bincount(part, weights=(mate < 0).reshape(-1, 2).sum(axis=1), minlength=number)
    ring = np.flatnonzero(loose[part] == 0)
    opened = mate.copy()
    if len(ring):
        end = 2 * ring[np.unique(part[ring], return_index=True)[1]]
        opened[mate[end]] = -1
        opened[end] = -1
    return opened


def _in_order(mate: Offsets) -> tuple[Offsets, NDArray[np.bool_]]:
    """Strokes one after another: (end by which each line is entered, whether a stroke begins there), (lines,).

    A line entered by its end ``s`` is left by ``s ^ 1``; pointers are doubled until every line has the last one of its stroke.
    """
    here = np.arange(len(mate))
    follows = mate[here ^ 1]
    last = np.where(follows < 0, here, follows)
    rank = (follows >= 0).astype(np.int64)
    while True:
        further = last[last]
        if np.array_equal(further, last):
            break
        rank += rank[last]
        last = further
    kept = np.flatnonzero(last < last[here ^ 1])
    order = kept[np.lexsort((-rank[kept], last[kept]))]
    begins = np.ones(len(order), dtype=np.bool_)
    begins[1:] = last[order[1:]] != last[order[:-1]]
    return order, begins
