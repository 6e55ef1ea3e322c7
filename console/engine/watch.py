"""Watch: ticks of the live picture to detection, and its findings to the desk."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from console.detection import TickResult
from console.detection.finding import StationFinding
from console.detection.switches import SwitchWatch
from console.domain.clock import Clock, micros, moment
from console.domain.compose import ExpectedHistory
from console.domain.grid import TickGrid
from console.domain.live import LivePicture
from console.domain.picture import FeedHealth
from console.domain.readings import Quality
from console.engine.decisions import SYSTEM_USER, Decisions
from console.engine.detection import Detection, Seen
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
        detection: Detection,
        grid: TickGrid,
        expected_log: ExpectedLog,
        desk: Desk,
        decisions: Decisions,
    ) -> None:
        self._clock, self._live, self._detection, self._grid = clock, live, detection, grid
        self._expected_log, self._desk, self._decisions = expected_log, desk, decisions
        self._switches = SwitchWatch(city)
        self._station_rows = {str(name): row for row, name in enumerate(city.stations.asset_id)}
        self.expected: NDArray[np.float64] = np.full(live.value.shape, np.nan)
        self.learning: NDArray[np.bool_] = np.zeros(len(city.stations), dtype=bool)
        self.sigma_kpa: NDArray[np.float64] = np.full(len(city.stations), np.nan)
        self.history = ExpectedHistory()

    @property
    def elevation_error_m(self) -> NDArray[np.float64]:
        """(stations,) by how much elevations on record are off, NaN where unknown."""
        return self._detection.detector.elevations.error_m

    @property
    def preparing(self) -> tuple[int, int] | None:
        """(groups of stations that detection can look at, groups that report) while the first are fewer."""
        detector = self._detection.detector
        usable, all_ = (0, detector.groups) if self._detection.awaits_another else detector.preparing
        return (usable, all_) if usable < all_ else None

    def turn(self) -> None:
        """Ask for the tick that is due, if any."""
        tick_us = self._grid.due(micros(self._clock.now()), self._live)
        if tick_us is None:
            return
        disturbed = any(incident.is_open() for incident in self._decisions.state.incidents.values())
        seen = Seen.of(self._live, tick_us, disturbed)
        if not self._detection.tick(seen, lambda result: self._take(seen, result)):
            told = f"{self._detection.waiting_ticks} ticks behind: a tick is left out"
            self._decisions.fault = FeedHealth("detection", "down", told)

    def _take(self, seen: Seen, result: TickResult) -> None:
        """What a tick has shown, to the desk."""
        now, desk, decisions = moment(seen.tick_us), self._desk, self._decisions
        self.expected, self.learning, self.sigma_kpa = result.expected, result.learning, result.sigma_kpa
        self.history.add(seen.tick_us, result.expected)
        good = (seen.at_us > seen.tick_us - self._grid.interval_us * 3 // 2) & (seen.quality == Quality.GOOD)
        for operation in (*self._switches.tick(seen.value, good, seen.tick_us), *result.operations):
            decisions.commit(desk.on_operation(decisions.state, operation, now), SYSTEM_USER)
        for burst in (*result.bursts, *result.revisions):
            decisions.commit(desk.on_burst(decisions.state, burst, self._clock.now()), SYSTEM_USER)
        # After the bursts: however many stations fail at once, no burst waits for them.
        told = tuple(map(self._with_elevation, result.stations))
        decisions.commit(desk.on_stations(decisions.state, told, now), SYSTEM_USER)
        decisions.commit(desk.on_time(decisions.state, self._clock.now()), SYSTEM_USER)
        # Last: a full disk must not keep a finding from its case.
        self._expected_log.keep(seen.tick_us, result.expected, result.sigma_kpa)

    def _with_elevation(self, finding: StationFinding) -> StationFinding:
        error_m = float(self.elevation_error_m[self._station_rows[finding.station_id]])
        return replace(finding, elevation_error_m=error_m) if np.isfinite(error_m) else finding
