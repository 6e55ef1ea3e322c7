"""DrivenWorker: the driven model in the EPANET process, as detection uses it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import numpy as np

from console.workers.hydraulics import HydraulicsWorker, WorkerFailed
from maps.columns import Bools, Floats
from maps.hydraulics.boundary import BoundaryMeters, BoundaryReadings, DrivenValues, OtherModes, TankModes
from maps.hydraulics.state import HydraulicState

_log = logging.getLogger(__name__)
_TICKS = 200
"""Ticks of one request: others of the EPANET process need not wait for weeks of history."""


class DrivenWorker:
    """Implements DrivenSolver. Where the process fails, values are NaN: detection has then no expected values at that tick."""

    def __init__(self, worker: HydraulicsWorker, meters: BoundaryMeters) -> None:
        self._worker, self._meters = worker, meters

    def values(self, readings: BoundaryReadings, modes: TankModes | None = None) -> DrivenValues:
        """Model values of each tick."""
        parts: list[DrivenValues] = []
        for first in range(0, len(readings.at_s), _TICKS):
            part = readings.part(slice(first, first + _TICKS))
            try:
                parts.append(self._worker.driven_values(part, modes))
            except WorkerFailed as failure:
                _log.warning("no expected values of the driven model: %s", failure)
                parts.append(self._unknown(len(part.at_s), modes))
            modes = parts[-1].modes
        return DrivenValues.joined(parts)

    def states(self, readings: BoundaryReadings, shut: Bools) -> Sequence[HydraulicState]:
        """Whole states at some ticks; none when the process fails."""
        try:
            return self._worker.driven_states(readings, shut)
        except WorkerFailed as failure:
            _log.warning("no states of the driven model: %s", failure)
            return ()

    def changes(self, readings: BoundaryReadings, shut: Bools, leaks: Sequence[Mapping[int, float]]) -> Floats:
        """What each of ``leaks`` changes at the one tick of ``readings``; NaN when the process fails."""
        try:
            return self._worker.driven_changes(readings, shut, leaks)
        except WorkerFailed as failure:
            # The location by linear signatures stands.
            _log.warning("candidates are not solved by the driven model: %s", failure)
            meters = self._meters
            channels = len(meters.pressure_node) + len(meters.flow_link) + len(meters.tank_node)
            return np.full((len(leaks), channels), np.nan)

    def _unknown(self, ticks: int, modes: TankModes | None) -> DrivenValues:
        meters = self._meters
        tanks, pressures = len(meters.tank_node), len(meters.pressure_node)
        known = modes or TankModes(np.zeros(tanks, dtype=bool), np.zeros(pressures))
        return DrivenValues(
            pressure_m=np.full((ticks, pressures), np.nan),
            flow_m3h=np.full((ticks, len(meters.flow_link)), np.nan),
            inflow_m3h=np.full((ticks, tanks), np.nan),
            demand_m3h=np.full(ticks, np.nan),
            shut=np.repeat(known.shut[None, :], ticks, axis=0),
            modes=known,
            others=OtherModes.none(pressures, len(meters.flow_link), tanks),
        )
