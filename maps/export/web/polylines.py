"""Encodes lines as short text: simplified, rounded to a grid, as differences (the Google polyline encoding)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from maps.crs import to_wgs84
from maps.network import PipeNetwork

_FIRST, _BITS, _CHUNK = 63, 5, 31


@dataclass(frozen=True, slots=True)
class Grid:
    """Grid of a page's coordinates: multiples of ``step`` (degrees, or metres of local coordinates), y before x as in Leaflet.

    ``tolerance_m``: greatest distance between a simplified line and its pipe.
    """

    crs: str
    georeferenced: bool
    step: float
    tolerance_m: float

    @classmethod
    def of(cls, network: PipeNetwork) -> Grid:
        """Grid of a network: steps of about 1 m, or 0.5 m in local coordinates; coarser lines for more pipes."""
        tolerance = 0.5 if len(network.pipes) < 10_000 else 2.0
        return cls(network.crs, network.georeferenced, 1e-5 if network.georeferenced else 0.5, tolerance)

    def steps(self, xy: NDArray[np.float64]) -> NDArray[np.int64]:
        """Convert points (n, 2) of the network's CRS to grid steps (n, 2), y first."""
        x, y = (to_wgs84(xy[:, 0], xy[:, 1], self.crs)) if self.georeferenced else (xy[:, 0], xy[:, 1])
        return np.rint(np.column_stack([y, x]) / self.step).astype(np.int64)

    def place(self, x: float, y: float) -> list[float]:
        """One point for Leaflet: [lat, lon] or [y, x]."""
        step = self.steps(np.array([[x, y]], dtype=np.float64))[0]
        return [round(float(step[0]) * self.step, 6), round(float(step[1]) * self.step, 6)]

    def lines(self, network: PipeNetwork, rows: Iterable[int]) -> list[str]:
        """Each pipe as encoded text, "" for one with fewer than two finite points."""
        wanted = np.fromiter(rows, dtype=np.int64)
        pipes = network.pipes
        counts = np.diff(pipes.offsets)[wanted]
        taken = np.repeat(pipes.offsets[:-1][wanted] - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
        points = pipes.vertices[taken + np.arange(counts.sum())] if len(wanted) else np.empty((0, 2))
        of = np.repeat(np.arange(len(wanted)), counts)
        known = np.isfinite(points).all(axis=1)
        known &= (np.bincount(of[known], minlength=len(wanted)) >= 2)[of]
        texts = [""] * len(wanted)
        if not known.any():
            return texts
        present, index = np.unique(of[known], return_inverse=True)
        simple = shapely.simplify(shapely.linestrings(points[known], indices=index), self.tolerance_m, preserve_topology=False)
        return self._placed(texts, present, np.asarray(simple, dtype=object))

    def _placed(self, texts: list[str], present: NDArray[np.int64], shapes: NDArray[np.object_]) -> list[str]:
        coordinates, of = shapely.get_coordinates(shapes, return_index=True)
        steps = self.steps(coordinates)
        bounds = np.searchsorted(of, np.arange(len(shapes) + 1))
        for number, row in enumerate(present.tolist()):
            texts[row] = encoded(steps[bounds[number] : bounds[number + 1]])
        return texts


def encoded(steps: NDArray[np.int64]) -> str:
    """Encode whole numbers (n, 2) as differences in printable characters."""
    out: list[str] = []
    before = [0, 0]
    for pair in steps.tolist():
        for axis in (0, 1):
            delta = pair[axis] - before[axis]
            before[axis] = pair[axis]
            value = ~(delta << 1) if delta < 0 else delta << 1
            while value > _CHUNK:
                out.append(chr((0x20 | (value & _CHUNK)) + _FIRST))
                value >>= _BITS
            out.append(chr(value + _FIRST))
    return "".join(out)


def decoded(text: str) -> list[tuple[int, int]]:
    """Decode a line to whole numbers (n, 2), as the page's script does."""
    numbers, value, shift = [], 0, 0
    for char in text:
        bits = ord(char) - _FIRST
        value |= (bits & _CHUNK) << shift
        shift += _BITS
        if bits < 0x20:
            numbers.append(~(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    y = np.cumsum(numbers[::2]).tolist()
    x = np.cumsum(numbers[1::2]).tolist()
    return list(zip(y, x, strict=True))
