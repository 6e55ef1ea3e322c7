"""Warps the street plan to the terrain: along the river, in long waves, around the lake."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maps.synthetic.streets.graph import Array, Mask

_WAVES = 5


@dataclass(frozen=True, eq=False)
class Warp:
    """A smooth, invertible displacement of the plane.

    ``kx``, ``ky``, ``phase``, ``ax``, ``ay``: (w,) waves (1/m, rad, m). The sum of slopes stays below 0.6, so streets never fold.
    ``lake``: x, y, half axes a, b, m (after warping).
    """

    kx: Array
    ky: Array
    phase: Array
    ax: Array
    ay: Array
    y_river: float
    reach_m: float
    swing: tuple[float, float, float]
    lake: tuple[float, float, float, float]

    @classmethod
    def around(cls, xs: Array, ys: Array, rng: np.random.Generator) -> Warp:
        """The warp of a plan with these lines."""
        wave_m = rng.uniform(3200, 9000, _WAVES)
        bearing = rng.uniform(0, 2 * np.pi, _WAVES)
        size = 0.017 * wave_m * rng.uniform(0.6, 1.1, _WAVES)
        turn = rng.uniform(0, 2 * np.pi, _WAVES)
        width, depth = float(xs[-1] - xs[0]), float(ys[0] - ys[-1])
        a = float(np.clip(0.055 * depth, 90.0, 700.0))
        lake = (float(xs.mean()) + 0.03 * width, float(ys[0]) - 0.36 * depth, 1.7 * a, 0.85 * a)
        return cls(
            2 * np.pi * np.cos(bearing) / wave_m,
            2 * np.pi * np.sin(bearing) / wave_m,
            rng.uniform(0, 2 * np.pi, _WAVES),
            size * np.cos(turn),
            size * np.sin(turn),
            float(ys[0]),
            0.3 * depth,
            (0.055 * depth, 2 * np.pi / max(0.75 * width, 1.0), float(rng.uniform(0, 2 * np.pi))),
            lake,
        )

    def apply(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Displaced coordinates, same shapes."""
        out_x, out_y = x.copy(), y.copy()
        for kx, ky, phase, ax, ay in zip(self.kx, self.ky, self.phase, self.ax, self.ay, strict=True):
            wave = np.sin(kx * x + ky * y + phase)
            out_x += ax * wave
            out_y += ay * wave
        near = np.exp(-np.maximum(self.y_river - y, 0.0) / self.reach_m)
        out_y += near * self.bank_swing(x)
        return out_x, out_y

    def bank_swing(self, x: Array) -> Array:
        """North-south swing of the river's bank, m."""
        size, k, phase = self.swing
        return np.asarray(size * (np.sin(k * x + phase) + 0.4 * np.sin(2.3 * k * x + 2 * phase)))

    def bank(self, x: Array) -> Array:
        """Points of the dike (the plan's northern edge) over plan positions ``x``, (k, 2)."""
        return np.column_stack(self.apply(x, np.full(len(x), self.y_river)))

    def in_lake(self, x: Array, y: Array) -> Mask:
        """Whether points lie in the lake."""
        cx, cy, a, b = self.lake
        bearing = np.arctan2(y - cy, x - cx)
        edge = 1.0 + 0.10 * np.sin(3 * bearing + 1.0) + 0.06 * np.sin(5 * bearing)
        return np.asarray(np.hypot((x - cx) / a, (y - cy) / b) < edge)

    def lake_ring(self) -> Array:
        """Outline of the lake, a little inside the streets, (k, 2)."""
        cx, cy, a, b = self.lake
        bearing = np.linspace(0, 2 * np.pi, 90, endpoint=False)
        edge = 0.93 * (1.0 + 0.10 * np.sin(3 * bearing + 1.0) + 0.06 * np.sin(5 * bearing))
        # the edge is written over true bearings, the ellipse over its own: both near enough for a lake
        return np.column_stack([cx + a * edge * np.cos(bearing), cy + b * edge * np.sin(bearing)])
