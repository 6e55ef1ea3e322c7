"""Sketch map of an order: pipes around the valves to close, as SVG. Numbers only; ids are escaped by the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
    """``scale_px``/``scale_m``: the bar. North is up."""

    lines: tuple[Line, ...]
    dots: tuple[Dot, ...]
    scale_px: float
    scale_m: int


def sketch(city: City, burst_pipes: Sequence[str], valves: Sequence[tuple[float, float, int, str]]) -> Sketch | None:
    """``valves``: x, y in the network's CRS, number, state. None where nothing has a place."""
    pipes = city.network.pipes
    bursts = [pipes.row(one) for one in burst_pipes]
    places = [pipes.points(row) for row in bursts] + [np.array([[x, y]]) for x, y, *_ in valves]
    points = np.vstack(places) if places else np.empty((0, 2))
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return None
    low, high = points.min(axis=0), points.max(axis=0)
    middle, half = (low + high) / 2, np.maximum((high - low) / 2, _LEAST_M) * 1.15
    per_m = float(min((WIDTH - 2 * _EDGE) / (2 * half[0]), (HEIGHT - 2 * _EDGE) / (2 * half[1])))

    def drawn(at: NDArray[np.float64]) -> NDArray[np.float64]:
        moved: NDArray[np.float64] = (at - middle) * (per_m, -per_m) + (WIDTH / 2, HEIGHT / 2)
        return moved

    reach = np.array([WIDTH, HEIGHT]) / 2 / per_m * 1.2
    near = np.flatnonzero((np.abs(pipes.vertices - middle) < reach).all(axis=1))
    rows = np.unique(np.searchsorted(pipes.offsets, near, side="right") - 1)[:_MOST_PIPES].tolist()
    lines = [
        _line(str(pipes.asset_id[row]), drawn(pipes.points(row)), float(pipes.diameter_mm[row]), row in bursts) for row in rows
    ]
    dots = [
        Dot(round(float(at[0]), 1), round(float(at[1]), 1), order, state)
        for x, y, order, state in valves
        if np.isfinite([x, y]).all()
        for at in (drawn(np.array([x, y])),)
    ]
    bar_m = next((m for m in (1000, 500, 200, 100, 50, 20) if m * per_m <= WIDTH / 3), 10)
    ordered = tuple(sorted(lines, key=lambda line: line.kind == "burst"))
    return Sketch(ordered, tuple(dots), round(bar_m * per_m, 1), bar_m)


def _line(pipe_id: str, points: NDArray[np.float64], diameter_mm: float, is_burst: bool) -> Line:
    text = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    width = (2.5 if is_burst else 1.0) + min(np.nan_to_num(diameter_mm, nan=100.0), 1000.0) / 250.0
    return Line(pipe_id, text, round(float(width), 1), "burst" if is_burst else "plain")
