"""Line work as sorted columns: a pyramid of levels of detail, tiles for culling and picking.

Segments are float32 around a local origin (half the memory; 4 mm at 50 km), sorted by width class and by tile row, so
that what a view needs of a class is one run per tile row and nothing is copied twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from console.ui.map.drawing.generalisation import Lines, joined, thinned, without_repeats

Segments = NDArray[np.float32]
"""(n, 4): x0, y0, x1, y1 relative to the origin, m."""

_TILE_PX = 300.0
_TILE_MIN_M = 250.0
_TILES_MOST = 160
_TOLERANCE_PX = 0.5
_STEPS_PER_OCTAVE = 2


@dataclass(frozen=True, eq=False)
class Level:
    """One level of detail. ``line``: which line each segment is of, on the finest level only.

    ``starts`` (classes, tiles + 1): where a tile's run of a class begins in ``segments``.
    """

    tolerance_m: float
    segments: Segments
    line: NDArray[np.int32]
    starts: NDArray[np.int64]
    columns: int
    rows: int
    tile_m: float
    low: tuple[float, float]

    def runs(self, klass: int, view: tuple[float, float, float, float]) -> Iterator[slice]:
        """Slices of ``segments`` of a class that may touch ``view`` (relative to the origin, m)."""
        margin = self.tile_m / 2  # a segment is filed by its middle and is no longer than a tile
        left = max(int((view[0] - margin - self.low[0]) // self.tile_m), 0)
        right = min(int((view[2] + margin - self.low[0]) // self.tile_m), self.columns - 1)
        bottom = max(int((view[1] - margin - self.low[1]) // self.tile_m), 0)
        top = min(int((view[3] + margin - self.low[1]) // self.tile_m), self.rows - 1)
        if left > right or bottom > top:
            return
        starts = self.starts[klass]
        if left == 0 and right == self.columns - 1:
            whole = slice(int(starts[bottom * self.columns]), int(starts[(top + 1) * self.columns]))
            if whole.start < whole.stop:
                yield whole
            return
        for row in range(bottom, top + 1):
            first, last = row * self.columns + left, row * self.columns + right + 1
            if starts[first] < starts[last]:
                yield slice(int(starts[first]), int(starts[last]))


class LineWork:
    """Lines with their levels of detail; a level is built when it is first asked for, from any thread."""

    def __init__(self, lines: Lines, classes: int) -> None:
        self._lines, self.classes = lines, classes
        low_x, low_y, high_x, high_y = lines.bounds
        self.origin = ((low_x + high_x) / 2, (low_y + high_y) / 2)
        self._span = max(high_x - low_x, high_y - low_y, 1.0)
        self._levels: dict[int, Level] = {}
        self._strokes: Lines | None = None
        self._building = Lock()

    def __len__(self) -> int:
        return len(self._lines.klass)

    @property
    def points(self) -> int:
        """Number of vertices of all lines."""
        return len(self._lines.points)

    def level(self, m_per_px: float) -> Level:
        """The level for a scale: no point of any line is further than half a pixel from what is drawn."""
        step = int(np.floor(np.log2(max(m_per_px, 1e-9)) * _STEPS_PER_OCTAVE))
        step = max(step, -1)
        found = self._levels.get(step)
        if found is None:
            with self._building:
                found = self._levels.get(step) or self._build(step)
                self._levels[step] = found
        return found

    def scales(self, m_per_px: float) -> list[float]:
        """A scale (m per pixel) of each level from this one down to the finest."""
        first = int(np.floor(np.log2(max(m_per_px, 1e-9)) * _STEPS_PER_OCTAVE))
        return [2.0 ** ((step + 0.5) / _STEPS_PER_OCTAVE) for step in range(first, -1, -1)] + [0.0]

    def finest(self) -> Level:
        """Every vertex."""
        return self.level(0.0)

    def relative(self, view: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
        """A world rectangle relative to the origin."""
        x, y = self.origin
        return view[0] - x, view[1] - y, view[2] - x, view[3] - y

    def near(self, x: float, y: float, radius_m: float) -> tuple[int, float] | None:
        """(line, distance m) of the line nearest to a world point within a radius, None when there is none."""
        level, px, py = self.finest(), x - self.origin[0], y - self.origin[1]
        view = (px - radius_m, py - radius_m, px + radius_m, py + radius_m)
        rows = [np.arange(run.start, run.stop) for klass in range(self.classes) for run in level.runs(klass, view)]
        if not rows:
            return None
        row = np.concatenate(rows)
        distance = _distances(level.segments[row], px, py)
        best = int(np.argmin(distance))
        return (int(level.line[row[best]]), float(distance[best])) if distance[best] <= radius_m else None

    def within(self, x: float, y: float, radius_m: float) -> list[int]:
        """Lines within a radius of a world point, the nearest first."""
        level, px, py = self.finest(), x - self.origin[0], y - self.origin[1]
        view = (px - radius_m, py - radius_m, px + radius_m, py + radius_m)
        rows = [np.arange(run.start, run.stop) for klass in range(self.classes) for run in level.runs(klass, view)]
        if not rows:
            return []
        row = np.concatenate(rows)
        distance = _distances(level.segments[row], px, py)
        order = np.argsort(distance)
        near = order[distance[order] <= radius_m]
        return list(dict.fromkeys(level.line[row[near]].tolist()))

    def _build(self, step: int) -> Level:
        tile_m = max(_TILE_MIN_M, self._span / _TILES_MOST)
        if step < 0:
            segments, line = segments_of(self._lines, self.origin)
            segments, line = _cut_long(segments, line, tile_m)
            return _filed(segments, self._lines.klass[line], self.classes, tile_m, 0.0, line)
        m_per_px = 2.0 ** (step / _STEPS_PER_OCTAVE)
        if self._strokes is None:
            self._strokes = joined(self._lines)
        strokes = simplified(self._strokes, m_per_px * _TOLERANCE_PX)
        tile_m = max(tile_m, m_per_px * _TILE_PX)
        segments, stroke = _cut_long(*segments_of(strokes, self.origin), tile_m)
        return _filed(segments, strokes.klass[stroke], self.classes, tile_m, m_per_px * _TOLERANCE_PX, None)


def simplified(strokes: Lines, tolerance_m: float) -> Lines:
    """Strokes for one scale: thinned, and of those that lie within one cell of that size one for each class."""
    return without_repeats(thinned(strokes, tolerance_m), tolerance_m)


def segments_of(lines: Lines, origin: tuple[float, float]) -> tuple[Segments, NDArray[np.int32]]:
    """(segments, line of each), every vertex."""
    points = (lines.points - np.asarray(origin)).astype(np.float32)
    line_of = np.repeat(np.arange(len(lines.klass), dtype=np.int32), np.diff(lines.offsets))
    at = np.flatnonzero(line_of[1:] == line_of[:-1])
    return np.hstack([points[at], points[at + 1]]), line_of[at]


def _cut_long(segments: Segments, line: NDArray[np.int32], tile_m: float) -> tuple[Segments, NDArray[np.int32]]:
    """Segments longer than a tile in pieces, so that filing by the middle finds them."""
    length = np.hypot(segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1])
    parts = np.maximum(np.ceil(length / tile_m), 1).astype(np.int64)
    if not len(parts) or parts.max() == 1:
        return segments, line
    row = np.repeat(np.arange(len(parts)), parts)
    index = np.arange(len(row)) - np.repeat(np.cumsum(parts) - parts, parts)
    start, step = segments[row, :2], (segments[row, 2:] - segments[row, :2]) / parts[row, None].astype(np.float32)
    begin = start + step * index[:, None].astype(np.float32)
    return np.hstack([begin, begin + step]).astype(np.float32), line[row]


def _filed(
    segments: Segments,
    klass: NDArray[np.uint8],
    classes: int,
    tile_m: float,
    tolerance_m: float,
    line: NDArray[np.int32] | None,
) -> Level:
    line = np.zeros(0, dtype=np.int32) if line is None else line
    if not len(segments):
        return Level(tolerance_m, segments, line, np.zeros((classes, 2), dtype=np.int64), 1, 1, tile_m, (0.0, 0.0))
    middle = (segments[:, :2] + segments[:, 2:]) / 2
    low = middle.min(axis=0)
    cell = ((middle - low) // tile_m).astype(np.int32)
    columns, rows = (int(n) + 1 for n in cell.max(axis=0))
    key = (klass.astype(np.int64) * rows + cell[:, 1]) * columns + cell[:, 0]
    order = np.argsort(key, kind="stable")
    counts = np.bincount(key, minlength=classes * rows * columns).reshape(classes, rows * columns)
    starts = np.zeros((classes, rows * columns + 1), dtype=np.int64)
    np.cumsum(counts, axis=1, out=starts[:, 1:])
    starts += np.concatenate([[0], np.cumsum(counts.sum(axis=1))[:-1]])[:, None]
    return Level(
        tolerance_m,
        np.ascontiguousarray(segments[order], dtype=np.float32),
        line[order] if len(line) else line,
        starts,
        columns,
        rows,
        float(tile_m),
        (float(low[0]), float(low[1])),
    )


def _distances(segments: Segments, x: float, y: float) -> NDArray[np.float64]:
    """Distance of a point to each segment, m, (n,)."""
    ax, ay, bx, by = (segments[:, i].astype(np.float64) for i in range(4))
    dx, dy = bx - ax, by - ay
    square = np.maximum(dx * dx + dy * dy, 1e-12)
    along = np.clip(((x - ax) * dx + (y - ay) * dy) / square, 0.0, 1.0)
    distance: NDArray[np.float64] = np.hypot(ax + along * dx - x, ay + along * dy - y)
    return distance
