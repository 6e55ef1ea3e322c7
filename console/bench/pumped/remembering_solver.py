"""Remembering solver: what the driven model gave before for the same readings; for comparisons on one recording."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np

from maps.columns import Bools, Floats
from maps.hydraulics.boundary import BoundaryReadings, DrivenSolver, DrivenValues, TankModes
from maps.hydraulics.state import HydraulicState


class RememberingSolver:
    """Implements DrivenSolver over another one."""

    def __init__(self, solver: DrivenSolver, solved: dict[bytes, DrivenValues]) -> None:
        self._solver, self._solved = solver, solved

    def values(self, readings: BoundaryReadings, modes: TankModes | None = None) -> DrivenValues:
        """Model values of each tick: the same readings and modes give the same values."""
        parts = [readings.at_s, readings.level_m, readings.is_open, readings.demand_factor, readings.pressure_m]
        carried = [] if modes is None else [modes.shut, modes.usual_m, np.array([modes.typical_m, modes.started])]
        key = hashlib.sha256(b"|".join(np.ascontiguousarray(one).tobytes() for one in (*parts, *carried))).digest()
        if key not in self._solved:
            self._solved[key] = self._solver.values(readings, modes)
        return self._solved[key]

    def states(self, readings: BoundaryReadings, shut: Bools) -> Sequence[HydraulicState]:
        """Whole states at some ticks."""
        return self._solver.states(readings, shut)

    def changes(self, readings: BoundaryReadings, shut: Bools, leaks: Sequence[Mapping[int, float]]) -> Floats:
        """What each of ``leaks`` changes at the one tick of ``readings``."""
        return self._solver.changes(readings, shut, leaks)
