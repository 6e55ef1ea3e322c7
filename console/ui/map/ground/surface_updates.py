"""PressureSurface: when the interpolated pressure is due again, and what to work out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from console.domain.picture import Picture, StationState
from console.domain.readings import Channel
from console.ui.map.ground.pressure_surface import PressureField, pressure_field
from console.ui.map.live.stations import Gauges
from console.ui.map.scene import Scene
from console.ui.theme import Theme

_EVERY_US = 5_000_000
_EDGE = 0.12


class PressureSurface:
    """The surface follows the live pressures every five seconds; stale, missing and faulty stations do not count."""

    def __init__(self, scene: Scene, gauges: Gauges) -> None:
        self._scene, self._gauges = scene, gauges
        self._last_us: int | None = None

    def forget(self) -> None:
        """Due at once (another theme)."""
        self._last_us = None

    def due(self, picture: Picture, theme: Theme) -> Callable[[], PressureField | None] | None:
        """The work to do aside, None while the last surface is fresh."""
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
