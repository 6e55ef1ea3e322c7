"""Pressure between stations: a surface interpolated from the measured pressures (not heads), always labelled as interpolated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage
from scipy.spatial import KDTree

from console.domain.picture import Picture, StationState
from console.domain.readings import Channel
from console.ui.map.network.themes import ramp
from console.ui.theme import Theme

if TYPE_CHECKING:
    from console.ui.map.live.stations import Gauges
    from console.ui.map.scene import Scene

_CELLS = 120
_NEIGHBOURS = 6
_STATIONS_LEAST = 3
_MARGIN = 0.06
"""Share of the longer side along which the surface fades at the edge of its bounds."""
_STRONGEST = 0.6
_RAMP_STEPS = 64
_EVERY_US = 5_000_000
_EDGE = 0.12
"""Room beyond the city for the fading, as a share of its longer side."""


@dataclass(frozen=True, eq=False)
class PressureField:
    """``image``: transparent where no station is near; ``bounds``: min x, min y, max x, max y, m; limits of the ramp, kPa."""

    image: QImage
    bounds: tuple[float, float, float, float]
    low_kpa: float
    high_kpa: float
    stations: int


def pressure_field(
    points: NDArray[np.float64], pressure_kpa: NDArray[np.float64], bounds: tuple[float, float, float, float], theme: Theme
) -> PressureField | None:
    """The surface over ``bounds`` from stations at ``points`` (n, 2); None with fewer than three values.

    Inverse squares of the distances to the six nearest stations. It fades away from the stations, from twice
    to four times their usual distance from one another.
    """
    known = np.isfinite(pressure_kpa) & np.isfinite(points).all(axis=1)
    points, pressure_kpa = points[known], pressure_kpa[known]
    if len(points) < _STATIONS_LEAST:
        return None
    values, fade, shape = _interpolated(points, pressure_kpa, bounds)
    low, high = (float(v) for v in np.percentile(pressure_kpa, [5, 95]))
    share = np.clip((values - low) / max(high - low, 1.0), 0.0, 1.0)
    ramp_rgb = np.array(
        [[c.red(), c.green(), c.blue()] for c in (ramp(theme, i / (_RAMP_STEPS - 1)) for i in range(_RAMP_STEPS))]
    )
    alpha = fade * _STRONGEST
    rgba = np.empty((*shape, 4), dtype=np.uint8)
    colour = ramp_rgb[np.round(share * (_RAMP_STEPS - 1)).astype(np.int64)]
    rgba[..., :3] = (colour * alpha[:, None]).reshape(*shape, 3)
    rgba[..., 3] = (alpha * 255).reshape(shape)
    image = QImage(rgba.tobytes(), shape[1], shape[0], shape[1] * 4, QImage.Format.Format_RGBA8888_Premultiplied).copy()
    return PressureField(image, bounds, low, high, len(points))


def _interpolated(
    points: NDArray[np.float64], values: NDArray[np.float64], bounds: tuple[float, float, float, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64], tuple[int, int]]:
    """(values, fading 0–1) of the cells from the top row on, each (rows × columns,), and (rows, columns)."""
    cell = max(bounds[2] - bounds[0], bounds[3] - bounds[1], 1.0) / _CELLS
    columns, rows = (max(int((bounds[i + 2] - bounds[i]) / cell), 2) for i in (0, 1))
    x = bounds[0] + (np.arange(columns) + 0.5) * (bounds[2] - bounds[0]) / columns
    y = bounds[3] - (np.arange(rows) + 0.5) * (bounds[3] - bounds[1]) / rows
    centres = np.column_stack([np.tile(x, rows), np.repeat(y, columns)])
    tree = KDTree(points)
    found = tree.query(centres, k=min(_NEIGHBOURS, len(points)))
    distance, at = np.asarray(found[0]), np.asarray(found[1])
    weight = 1.0 / np.maximum(distance, cell) ** 2
    field = (weight * values[at]).sum(axis=1) / weight.sum(axis=1)
    usual = float(np.percentile(np.asarray(tree.query(points, k=2)[0])[:, 1], 75))
    fade = np.clip(2.0 - distance[:, 0] / max(2.0 * usual, 3 * cell), 0.0, 1.0)
    return field, fade * _edge(x, y, bounds), (rows, columns)


def _edge(x: NDArray[np.float64], y: NDArray[np.float64], bounds: tuple[float, float, float, float]) -> NDArray[np.float64]:
    """0 at the edge of ``bounds`` to 1 inside, by cells: stations near it or beyond must not end in a straight cut."""
    margin = _MARGIN * max(bounds[2] - bounds[0], bounds[3] - bounds[1])
    across = np.clip(np.minimum(x - bounds[0], bounds[2] - x) / margin, 0.0, 1.0)
    upward = np.clip(np.minimum(y - bounds[1], bounds[3] - y) / margin, 0.0, 1.0)
    return np.outer(upward, across).ravel()


class PressureSurface:
    """When the surface is due again: every five seconds. Stale, missing and faulty stations are left out."""

    def __init__(self, scene: Scene, gauges: Gauges) -> None:
        self._scene, self._gauges = scene, gauges
        self._last_us: int | None = None

    def forget(self) -> None:
        """Due at once (another theme)."""
        self._last_us = None

    def due(self, picture: Picture, theme: Theme) -> Callable[[], PressureField | None] | None:
        """The calculation for a worker thread, None while the last surface is fresh."""
        if self._last_us is not None and 0 <= picture.now_us - self._last_us < _EVERY_US:
            return None
        self._last_us = picture.now_us
        state = picture.station_state
        pressure = picture.value[:, Channel.PRESSURE].copy()
        bad = (state == StationState.STALE) | (state == StationState.MISSING) | (state == StationState.FAULT)
        pressure[bad] = np.nan
        points = np.column_stack([self._gauges.x, self._gauges.y])
        return partial(pressure_field, points, pressure, _wider(self._scene.home), theme)


def _wider(bounds: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """Room for the fading at the town's edge."""
    more = _EDGE * max(bounds[2] - bounds[0], bounds[3] - bounds[1])
    return bounds[0] - more, bounds[1] - more, bounds[2] + more, bounds[3] + more
