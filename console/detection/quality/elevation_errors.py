"""Estimates station elevation errors from night pressures: the difference to the model at low flow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from console.detection.history import History
from console.detection.medians import known_median
from console.detection.pressure.baseline import LocalTime, Profile
from console.domain.readings import Channel
from maps.columns import Floats
from maps.units import KPA_PER_METRE

_DAY_US = 86_400_000_000
_NIGHT_US = (2 * 3_600_000_000, 4 * 3_600_000_000)
_LEAST_NIGHTS = 2
_LEAST_STATIONS = 5
"""With fewer stations, the common part and a station's own error cannot be separated."""


def elevation_errors(local_us: NDArray[np.int64], pressure_kpa: NDArray[np.floating], model_kpa: NDArray[np.floating]) -> Floats:
    """(stations,) m, NaN where unknown: recorded elevation minus the gauge's elevation.

    ``local_us``: (ticks,) wall clock; ``pressure_kpa``, ``model_kpa``: (ticks, stations), NaN where missing.
    The median of each night from 02:00 to 04:00, then of the nights: one night with a burst or a filling tank does not count.
    The median of all stations is subtracted: a source head above the model's, or demand drift, is no station's error.
    A zone whose PRV setpoint differs from the model shifts all its stations alike; that cannot be distinguished.
    """
    quiet = _at_night(local_us)
    above_m = (pressure_kpa[quiet] - model_kpa[quiet]) / KPA_PER_METRE
    night = local_us[quiet] // _DAY_US
    nights = np.array([known_median(above_m[night == one]) for one in np.unique(night)]).reshape(-1, pressure_kpa.shape[1])
    level = np.where(np.isfinite(nights).sum(axis=0) >= _LEAST_NIGHTS, known_median(nights), np.nan)
    known = np.isfinite(level)
    if np.count_nonzero(known) < _LEAST_STATIONS:
        return np.full(len(level), np.nan)
    return np.asarray(level - np.median(level[known]))


def _at_night(local_us: NDArray[np.int64]) -> NDArray[np.bool_]:
    time_of_day = local_us % _DAY_US
    return (time_of_day >= _NIGHT_US[0]) & (time_of_day < _NIGHT_US[1])


class ElevationErrors:
    """Elevation errors as last estimated; ``error_m``: (stations,) m, NaN where unknown."""

    def __init__(self, stations: int, time_zone: str, model_day_kpa: NDArray[np.float64] | None) -> None:
        """``model_day_kpa``: (hours, stations) pressures of the model's day, None without a model."""
        self._clock = LocalTime(time_zone)
        self._model = None if model_day_kpa is None else Profile.of_day(model_day_kpa)
        self.error_m: Floats = np.full(stations, np.nan)

    def learn(self, history: History) -> None:
        """Estimate from burst-free history; stations without a new estimate keep the last one."""
        pressure = history.value.get(int(Channel.PRESSURE))
        if self._model is None or pressure is None or not pressure.shape[1]:
            return
        local_us = history.at_us + self._clock.offset_us(int(history.at_us[-1]))
        night = _at_night(local_us)
        if not night.any():
            return
        model = np.stack([self._model.at(np.array([at])) for at in local_us[night]])
        found = elevation_errors(local_us[night], pressure[night], model)
        self.error_m = np.where(np.isfinite(found), found, self.error_m)
