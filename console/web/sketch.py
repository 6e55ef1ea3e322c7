"""Sketch map of an order: pipes around the valves to close, as SVG. Numbers only; ids are escaped by the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from maps.city import City

WIDTH, HEIGHT = 340.0, 240.0
_EDGE = 24.0
_LEAST_M = 60.0
_MOST_PIPES = 3_000


@dataclass(frozen=True, slots=True)
class Line:
    """A pipe: ``points`` as SVG wants them; ``width`` in px; ``kind``: burst or plain."""

    pipe_id: str
    points: str
    width: float
    kind: str


@dataclass(frozen=True, slots=True)
class Dot:
    """A valve with its number in the closing order."""

    x: float
    y: float
    order: int
    state: str


@dataclass(frozen=True, slots=True)
class Sketch:
    """``scale_px``/``scale_m``: the bar; ``way``: points of the way there, "" where none is known. North is up."""

    lines: tuple[Line, ...]
    dots: tuple[Dot, ...]
    scale_px: float
    scale_m: int
    way: str = ""


@dataclass(frozen=True, eq=False)
class Frame:
    """Part of the map in the drawing. ``middle``, ``low``, ``high``: network's CRS, m; ``per_m``: px per m."""

    middle: NDArray[np.float64]
    per_m: float

    @classmethod
    def around(cls, points: NDArray[np.float64]) -> Self | None:
        """A frame with all of these points (n, 2), at least 120 m across; None without a point."""
        known = points[np.isfinite(points).all(axis=1)]
        if not len(known):
            return None
        low, high = known.min(axis=0), known.max(axis=0)
        half = np.maximum((high - low) / 2, _LEAST_M) * 1.15
        return cls((low + high) / 2, float(min((WIDTH - 2 * _EDGE) / (2 * half[0]), (HEIGHT - 2 * _EDGE) / (2 * half[1]))))

    @property
    def reach(self) -> NDArray[np.float64]:
        """Half of what is drawn, in m."""
        reach: NDArray[np.float64] = np.array([WIDTH, HEIGHT]) / 2 / self.per_m
        return reach

    @property
    def low(self) -> NDArray[np.float64]:
        """The south-west corner."""
        return self.middle - self.reach

    @property
    def high(self) -> NDArray[np.float64]:
        """The north-east corner."""
        return self.middle + self.reach

    @property
    def bar(self) -> tuple[float, int]:
        """The scale bar: px and m."""
        bar_m = next((m for m in (20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 20) if m * self.per_m <= WIDTH / 3), 10)
        return round(bar_m * self.per_m, 1), bar_m

    def px(self, at: NDArray[np.float64]) -> NDArray[np.float64]:
        """Places in px."""
        moved: NDArray[np.float64] = (at - self.middle) * (self.per_m, -self.per_m) + (WIDTH / 2, HEIGHT / 2)
        return moved

    def svg(self, points: NDArray[np.float64]) -> str:
        """A line as SVG wants it, without points that have no place."""
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in self.px(points[np.isfinite(points).all(axis=1)]))


def sketch(
    city: City,
    burst_pipes: Sequence[str],
    valves: Sequence[tuple[float, float, int, str]],
    way: NDArray[np.float64] | None = None,
) -> Sketch | None:
    """``valves``: x, y in the network's CRS, number, state; ``way``: (n, 2) the way there. None where nothing has a place."""
    pipes = city.network.pipes
    bursts = [pipes.row(one) for one in burst_pipes]
    places = [pipes.points(row) for row in bursts] + [np.array([[x, y]]) for x, y, *_ in valves]
    frame = Frame.around(np.vstack(places) if places else np.empty((0, 2)))
    if frame is None:
        return None
    near = np.flatnonzero((np.abs(pipes.vertices - frame.middle) < frame.reach * 1.2).all(axis=1))
    rows = np.unique(np.searchsorted(pipes.offsets, near, side="right") - 1)[:_MOST_PIPES].tolist()
    lines = [
        _line(frame, str(pipes.asset_id[row]), pipes.points(row), float(pipes.diameter_mm[row]), row in bursts) for row in rows
    ]
    dots = [
        Dot(round(float(at[0]), 1), round(float(at[1]), 1), order, state)
        for x, y, order, state in valves
        if np.isfinite([x, y]).all()
        for at in (frame.px(np.array([x, y])),)
    ]
    ordered = tuple(sorted(lines, key=lambda line: line.kind == "burst"))
    return Sketch(ordered, tuple(dots), *frame.bar, way="" if way is None else frame.svg(way))


def _line(frame: Frame, pipe_id: str, points: NDArray[np.float64], diameter_mm: float, is_burst: bool) -> Line:
    width = (2.5 if is_burst else 1.0) + min(np.nan_to_num(diameter_mm, nan=100.0), 1000.0) / 250.0
    return Line(pipe_id, frame.svg(points), round(float(width), 1), "burst" if is_burst else "plain")
