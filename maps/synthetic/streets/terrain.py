"""Terrain: a river plain that rises gently southward to hills, with a basin behind them.

Invented, in the manner of Jinan: the river in the north near 23 m, springs and lake in the middle, hills in the south.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maps.synthetic.streets.graph import Array, Mask

RIVER_LEVEL_M = 23.0
_BASINS = (-0.40, 0.33)
"""Where the hollows lie, from -1 in the west to 1 in the east."""


@dataclass(frozen=True, eq=False)
class Terrain:
    """Land around a city. ``x0``: its middle, ``y0``: the river bank, ``half_width``/``depth``: its extent, m.

    ``hills``: (k, 4) x, y, radius m, height m of the hills that streets go around.
    """

    x0: float
    y0: float
    half_width: float
    depth: float
    phase: Array
    hills: Array

    @classmethod
    def around(cls, x0: float, y0: float, half_width: float, depth: float, rng: np.random.Generator) -> Terrain:
        """A land for a city of this extent."""
        count = int(np.clip(8 * half_width / max(depth, 1.0), 10, 60))
        along = np.linspace(-1.05, 1.05, count) + rng.normal(0, 0.04, count)
        south = rng.uniform(0.62, 1.05, count)
        radius = rng.uniform(0.045, 0.11, count) * depth
        hills = np.column_stack(
            [x0 + along * half_width, y0 - south * depth, radius, rng.uniform(45, 120, count)],
        )
        return cls(x0, y0, half_width, depth, rng.uniform(0, 2 * np.pi, 6), hills)

    def elevation_m(self, x: Array, y: Array) -> Array:
        """Elevation of the built land (without the steep hills themselves), m, same shape."""
        along = (x - self.x0) / self.half_width
        south = np.clip((self.y0 - y) / self.depth, 0.0, 1.4)
        p = self.phase
        plain = 15.0 * south + 1.2 * np.sin(7 * along + p[0]) * np.sin(6 * south + p[1])
        edge = 0.58 + 0.10 * np.sin(5.2 * along + p[2]) + 0.05 * np.sin(13 * along + p[3])
        rise = np.clip(south - edge, 0.0, None)
        lobes = 1.0 + 0.35 * np.sin(8.3 * along + p[4])
        hills = 115.0 * lobes * rise / (1.0 + 1.1 * rise)
        return np.asarray(RIVER_LEVEL_M + 1.5 + plain + np.maximum(hills + self._basins(along, south), 0.0))

    def _basins(self, along: Array, south: Array) -> Array:
        """Two hollows behind a saddle of the hills: the land falls back there, and the pressure must be reduced."""
        total = np.zeros_like(along)
        for across, depth in zip(_BASINS, (44.0, 38.0), strict=True):
            saddle = 13.0 * np.exp(-(((along - across) / 0.27) ** 2) - ((south - 0.72) / 0.07) ** 2)
            hollow = depth * np.exp(-(((along - across) / 0.15) ** 4) - ((south - 0.95) / 0.13) ** 4)
            total += saddle - hollow
        return total

    def unbuilt(self, x: Array, y: Array) -> Mask:
        """Whether a point lies on the steep part of a hill, where no street goes."""
        inside = np.zeros(len(x), dtype=bool)
        for cx, cy, radius, _ in self.hills:
            bearing = np.arctan2(y - cy, x - cx)
            ragged = radius * (1.0 + 0.22 * np.sin(3 * bearing + cx) + 0.12 * np.sin(5 * bearing + cy))
            inside |= np.hypot((x - cx) / 1.35, y - cy) < ragged
        return inside
