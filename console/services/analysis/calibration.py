"""Calibration from a recording: quiet hours of the readings, the fit, and a city with the fitted model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from console.detection import History
from console.detection.pressure.baseline import LocalTime
from console.domain.clock import moment
from console.domain.readings import Channel
from console.services.analysis.readings_file import read_recording
from maps.city import City
from maps.columns import Floats
from maps.errors import InputFault
from maps.hydraulics.analysis.calibration import Calibration, QuietDay, calibrate, with_factors
from maps.hydraulics.session import EpanetSession
from maps.units import KPA_PER_METRE

_GRID_S = 300.0
_DAYS = 7
_EVERY_H = 2
_HALF_HOUR_US = 1_800_000_000
_DAY_US = 86_400_000_000
_LEAST_SAMPLES = 3


@dataclass(frozen=True, eq=False)
class Fitted:
    """``city``: with the fitted model. ``stations``, ``days``: number of each used for the fit."""

    city: City
    calibration: Calibration
    stations: int
    days: float

    def report(self) -> dict[str, Any]:
        """Figures before and after, as JSON: metres of water for residuals and offsets."""
        found, ids = self.calibration, self.city.stations.asset_id
        known = np.flatnonzero(np.isfinite(found.after_m))
        rows = [
            {
                "station": str(ids[row]),
                "before_m": round(float(found.before_m[row]), 3),
                "after_m": round(float(found.after_m[row]), 3),
                "offset_m": round(float(found.offset_m[row]), 3),
            }
            for row in known
        ]
        return {
            "stations": self.stations,
            "days": round(self.days, 2),
            "demand_factor": round(found.demand_factor, 4),
            "roughness_factors": {
                name: round(float(factor), 4) for name, factor in zip(found.groups, found.roughness_factor, strict=True)
            },
            "before_m": _overall(found.before_m),
            "after_m": _overall(found.after_m),
            "after_without_offsets_m": _overall(np.sqrt(np.maximum(found.after_m**2 - found.offset_m**2, 0.0))),
            "per_station": rows,
        }


def fitted(city: City, readings: Path, *, progress: Callable[[float], None] | None = None) -> Fitted:
    """The city's model fitted to the last quiet week of a recording.

    Medians by time of day: a burst of some hours in the week does not change them. Raises InputFault without a model, for a
    recording with too few readings, or when EPANET does not converge.
    """
    if city.epanet is None:
        raise InputFault(f"{city.info.name}: no hydraulic model to calibrate; import an .inp or customers to build one from")
    history = History.of_batch(read_recording(readings, city), len(city.stations), _GRID_S)
    if not history.value:
        raise InputFault(f"{readings}: no good reading in it; a calibration needs some days of pressures")
    day, days = quiet_day(history, city.info.time_zone)
    measured = np.isfinite(day.pressure_m).any(axis=0) & (city.stations.node >= 0)
    if not measured.any():
        raise InputFault(f"{readings}: no station shows pressures over a day; a calibration needs some days of them")
    with EpanetSession(city) as session:
        found = calibrate(session, day, progress=progress)
    if not found.converged:
        raise InputFault(f"{city.info.name}: EPANET does not converge on this model; run 'quanmai check' for the reason")
    last = moment(int(history.at_us[-1])).astimezone(ZoneInfo(city.info.time_zone))
    told = f"{last:%Y-%m-%d}, {int(measured.sum())} stations, {_overall(found.before_m)} m -> {_overall(found.after_m)} m"
    return Fitted(_with_model(city, found, told), found, int(measured.sum()), days)


def quiet_day(history: History, time_zone: str) -> tuple[QuietDay, float]:
    """(medians of the last week by time of day, number of days); hours without readings are left out."""
    at_us = history.at_us
    recent = at_us >= (int(at_us[-1]) if len(at_us) else 0) - _DAYS * _DAY_US
    clock = LocalTime(time_zone)
    local = np.array([(at + clock.offset_us(at)) % _DAY_US for at in at_us[recent].tolist()], dtype=np.int64)
    hours = np.arange(0, 24, _EVERY_H, dtype=np.float64) * 3600.0
    stations = next(iter(history.value.values())).shape[1] if history.value else 0
    missing = np.full((len(at_us), stations), np.nan, dtype=np.float32)
    columns = {channel: history.value.get(int(channel), missing)[recent] for channel in (Channel.PRESSURE, Channel.FLOW)}
    near = [np.abs((local - int(hour * 1e6) + _DAY_US // 2) % _DAY_US - _DAY_US // 2) <= _HALF_HOUR_US for hour in hours]
    pressure, flow = (np.array([_median(columns[c][rows]) for rows in near]) for c in (Channel.PRESSURE, Channel.FLOW))
    heard = np.isfinite(pressure).any(axis=1)
    days = float(at_us[recent][-1] - at_us[recent][0]) / _DAY_US if recent.any() else 0.0
    return QuietDay(hours[heard], pressure[heard] / KPA_PER_METRE, flow[heard]), days


def _median(values: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> Floats:
    """Per station (n, stations) -> (stations,), NaN where there are too few readings."""
    enough = np.isfinite(values).sum(axis=0) >= _LEAST_SAMPLES
    found = np.full(values.shape[1], np.nan)
    if enough.any():
        found[enough] = np.nanmedian(values[:, enough], axis=0)
    return found


def _with_model(city: City, found: Calibration, told: str) -> City:
    """The city with the fitted factors in its model and its tables."""
    model, network = city.epanet, city.network
    if model is None:
        return city
    factor = found.of_pipes()
    names = {str(a): str(e) for a, e, kind in zip(model.asset_id, model.epanet_id, model.kind, strict=True) if kind == "pipe"}
    rough = {names[str(pipe)]: float(f) for pipe, f in zip(network.pipes.asset_id, factor, strict=True) if str(pipe) in names}
    fitted_model = replace(model, inp=with_factors(model.inp, rough, found.demand_factor), calibrated=told)
    pipes = network.pipes.replaced(roughness=network.pipes.roughness * factor)
    nodes = network.nodes.replaced(demand_m3h=network.nodes.demand_m3h * found.demand_factor)
    return replace(city, network=replace(network, pipes=pipes, nodes=nodes), epanet=fitted_model)


def _overall(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return round(float(np.sqrt(np.mean(known**2))), 3) if len(known) else float("nan")
