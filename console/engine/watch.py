"""Watch: detection ticks on the live picture -> findings to the desk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from console.detection import Detector, TickResult
from console.detection.finding import OperationFinding, StationFinding
from console.detection.switches import SwitchWatch
from console.domain.clock import Clock, micros, moment
from console.domain.compose import ExpectedHistory
from console.domain.grid import TickGrid
from console.domain.live import LivePicture
from console.domain.readings import Quality
from console.engine.decisions import Decisions
from console.services.desk import Desk
from console.services.expected_log import ExpectedLog
from maps.city import City


class Watch:
    """Waits for the grid's next tick. ``expected``: (stations, channels); ``learning``, ``sigma_kpa``: (stations,)."""

    def __init__(
        self,
        city: City,
        clock: Clock,
        live: LivePicture,
        detector: Detector,
        grid: TickGrid,
        expected_log: ExpectedLog,
        desk: Desk,
        decisions: Decisions,
    ) -> None:
        self._clock, self._live, self._detector, self._grid = clock, live, detector, grid
        self._expected_log, self._desk, self._decisions = expected_log, desk, decisions
        self._switches = SwitchWatch(city)
        self._station_rows = {str(name): row for row, name in enumerate(city.stations.asset_id)}
        self.expected: NDArray[np.float64] = np.full(live.value.shape, np.nan)
        self.learning: NDArray[np.bool_] = np.zeros(len(city.stations), dtype=bool)
        self.sigma_kpa: NDArray[np.float64] = np.full(len(city.stations), np.nan)
        self.history = ExpectedHistory()
        self.has_ticked = False

    @property
    def elevation_error_m(self) -> NDArray[np.float64]:
        """(stations,) by how much elevations on record are off, NaN where unknown."""
        return self._detector.elevations.error_m

    def turn(self) -> None:
        """Evaluate the tick that is due, if any."""
        tick_us = self._grid.due(micros(self._clock.now()), self._live)
        if tick_us is None:
            return
        live, now = self._live, moment(tick_us)
        # Behind its clock, the engine has newer values than the tick's: those are not ahead of time.
        seen_us = max(tick_us, min(int(live.at_us.max(initial=0)), micros(self._clock.now())))
        disturbed = any(incident.is_open() for incident in self._decisions.state.incidents.values())
        result = self._detector.tick(live.value, live.at_us, live.quality, seen_us, disturbed=disturbed)
        self.expected, self.learning, self.sigma_kpa = result.expected, result.learning, result.sigma_kpa
        self.history.add(tick_us, result.expected)
        self.has_ticked = True
        good = (live.at_us > tick_us - self._grid.interval_us * 3 // 2) & (live.quality == Quality.GOOD)
        self._tell(result, (*self._switches.tick(live.value, good, tick_us), *result.operations), now)
        self._expected_log.keep(tick_us, result.expected, result.sigma_kpa)

    def _tell(self, result: TickResult, operations: Iterable[OperationFinding], now: datetime) -> None:
        desk, decide, clock = self._desk, self._decisions.decide, self._clock
        for operation in operations:
            decide(lambda state, one=operation: desk.on_operation(state, one, now))  # type: ignore[misc]
        for burst in (*result.bursts, *result.revisions):
            decide(lambda state, one=burst: desk.on_burst(state, one, clock.now()))  # type: ignore[misc]
        # After the bursts: however many stations fail at once, no burst waits for them.
        told = tuple(map(self._with_elevation, result.stations))
        decide(lambda state: desk.on_stations(state, told, now))
        decide(lambda state: desk.on_time(state, clock.now()))

    def _with_elevation(self, finding: StationFinding) -> StationFinding:
        row = self._station_rows.get(finding.station_id)
        error_m = np.nan if row is None else float(self.elevation_error_m[row])
        return replace(finding, elevation_error_m=error_m) if np.isfinite(error_m) else finding
