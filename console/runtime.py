"""Runtime: one city's engine with its store, link, worker and documents, composed without Qt."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from console.case_file import CaseFiles
from console.detection import Detector, DetectorOptions, History
from console.documents import NoticeDocuments
from console.domain.clock import Clock
from console.domain.grid import TickGrid
from console.domain.readings import ReadingBatch
from console.engine import Engine, Ports
from console.feeds.inbox import Inbox
from console.services.desk import Desk, DeskSettings
from console.services.expected_log import EXPECTED_DAYS
from console.services.learning import quiet_history
from console.services.limits import station_limits
from console.services.outlook import Forecaster
from console.services.ports import Link
from console.store import SqlStore, open_store
from console.workers import HydraulicsWorker, WorkerFailed
from maps.city import City
from maps.hydraulics.state import HydraulicState
from maps.isolation import Isolator

_log = logging.getLogger(__name__)
GRID_S = 60.0
_SETTLE_S = 20.0


@dataclass(frozen=True, slots=True)
class RuntimeOptions:
    """``city_path``: the worker loads the model from it. ``notices``: where files of notices go."""

    city_path: Path
    store: str | Path
    notices: Path
    desk: DeskSettings
    grid_s: float = GRID_S
    settle_s: float = _SETTLE_S
    expected_days: int = EXPECTED_DAYS


class Runtime:
    """Everything that runs for one city; a context manager that ends it in the right order."""

    def __init__(self, city: City, clock: Clock, link: Link, options: RuntimeOptions, *, inbox: Inbox | None = None) -> None:
        self.clock, self.link = clock, link
        self.inbox = Inbox() if inbox is None else inbox  # an empty inbox is false, yet it is the one the link fills
        self.worker: HydraulicsWorker | None = (
            HydraulicsWorker(options.city_path, city, clock=clock) if city.epanet is not None else None
        )
        city, self.states = self._hydraulics_of(city)
        self.city = city
        watched = DetectorOptions(
            time_zone=city.info.time_zone, tick_s=options.grid_s, limits=station_limits(city, options.desk.limits_file)
        )
        responses = self.worker.responses if self.worker is not None else None
        # EPANET does not read the model in this process, not even for its pumps.
        curves = self.worker.pump_curves() if self.worker is not None and self.states else None
        self.detector = Detector(city, self.states or None, watched, responses=responses, pump_curves=curves)
        self.store: SqlStore = open_store(options.store)
        self.case_files = CaseFiles(options.store, options.city_path, options.notices)
        self.documents = NoticeDocuments(options.desk, city.info.site, clock.now)
        desk = Desk(city, Isolator(city), self.documents, options.desk)
        options.notices.mkdir(parents=True, exist_ok=True)
        forecasts = Forecaster(city, self.states) if self.states else None
        ports = Ports(
            clock, self.inbox, self.store, link, self.documents, options.notices, self.worker, forecasts, options.expected_days
        )
        grid = TickGrid(options.grid_s, options.settle_s)
        self.engine = Engine(city, desk, self.detector, ports, grid=grid, is_drill=options.desk.is_drill)

    def learn(self, history: ReadingBatch, step_s: float) -> None:
        """Days of history before the first tick: baselines learn from it, charts show it. Call before starting."""
        self.detector.learn(History.of_batch(history, len(self.city.stations), step_s))
        self.store.append_readings(history)

    def recall(self) -> None:
        """Learn from what the store kept of the last weeks, so that a restart does not begin from nothing."""
        history = quiet_history(self.store, len(self.city.stations), self.clock.now())
        if history is not None:
            self.detector.learn(history)

    def _hydraulics_of(self, city: City) -> tuple[City, Sequence[HydraulicState]]:
        """(the city, its model's day). A day that does not converge is left out: detection learns from the readings alone.

        A model that EPANET refuses, or crashes on, costs the hydraulics, not the console: the city goes on without a model,
        which the window shows as such, and the reason is logged and listed among what was assumed.
        """
        if self.worker is None:
            return city, ()
        try:
            states = self.worker.states_of_day()
        except WorkerFailed as failure:
            _log.warning("%s. The console goes on without hydraulics", failure)
            self.worker.close()
            self.worker = None
            note = f"the hydraulic model is not used: {failure}"
            return replace(city, epanet=None, info=replace(city.info, assumed=(note, *city.info.assumed))), ()
        return city, states if all(state.converged for state in states) else ()

    def __enter__(self) -> Self:
        self.engine.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    def close(self) -> None:
        """End the engine, then what it stands on."""
        self.engine.stop()
        self.inbox.close()
        if self.worker is not None:
            self.worker.close()
        self.store.close()
