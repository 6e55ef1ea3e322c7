"""Runtime: one city's engine with its feeds, channels, store, worker and documents, composed without Qt."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from console.case_file import CaseFiles
from console.channels.mail import Mail
from console.channels.own_thread import OwnThread
from console.channels.port import DeliveryChannel
from console.detection import Detector, DetectorOptions, History, takes_long
from console.detection.signature_making import InterpolatedMaker
from console.documents import NoticeDocuments
from console.domain.clock import Clock
from console.domain.grid import TickGrid
from console.domain.readings import ReadingBatch
from console.engine import Engine, Ports
from console.feeds.inbox import Inbox
from console.feeds.port import Feed
from console.notice_papers import NoticePapers
from console.services.alarms.limits import station_limits
from console.services.analysis.quiet_history import quiet_history
from console.services.analysis.retention import RetentionRules
from console.services.desk import Desk, DeskSettings
from console.services.location.outlook import Forecaster
from console.store import SqlStore, open_store
from console.workers import HydraulicsWorker, WorkerFailed
from console.workers.driven import DrivenWorker
from console.workers.object_process import ObjectProcess
from maps.city import City
from maps.hydraulics.boundary import BoundaryMeters
from maps.hydraulics.state import HydraulicState
from maps.isolation import Isolator

_log = logging.getLogger(__name__)
GRID_S = 60.0
_SETTLE_S = 20.0


@dataclass(frozen=True, slots=True)
class RuntimeOptions:
    """``city_path``: the worker loads the model from it. ``notices``: where files of notices go.

    ``role``: name of this process in messages to others. ``is_shared``: other processes may use the store too; the one that
    leads stores readings, detects, sends and runs jobs. ``may_lead``: else this process never does, not even where no other runs.
    """

    city_path: Path
    store: str | Path
    notices: Path
    desk: DeskSettings
    grid_s: float = GRID_S
    settle_s: float = _SETTLE_S
    retention: RetentionRules = field(default_factory=RetentionRules)
    role: str = "console"
    is_shared: bool = False
    may_lead: bool = True


class Runtime:
    """All parts that run for one city; a context manager that ends them in the right order."""

    def __init__(
        self,
        city: City,
        clock: Clock,
        options: RuntimeOptions,
        *,
        feeds: Sequence[Feed] = (),
        channels: Sequence[DeliveryChannel] = (),
        late_model: bool = False,
    ) -> None:
        """``late_model``: the model's day is solved in the background once the engine runs; see ``when_states``."""
        self._late_model = late_model
        self.clock, self.inbox = clock, Inbox()
        self._feeds, self._channels = tuple(feeds), tuple(channels)
        self.store: SqlStore = open_store(
            options.store, options.role, is_shared=options.is_shared, may_lead=options.may_lead
        )  # first: a store in use is no reason to start a worker
        try:
            self._compose(city, clock, options)
        except BaseException:
            self.store.close()
            raise

    def _compose(self, city: City, clock: Clock, options: RuntimeOptions) -> None:
        self.worker: HydraulicsWorker | None = (
            HydraulicsWorker(options.city_path, city, clock=clock) if city.epanet is not None else None
        )
        self._is_awaited = self._late_model and self.worker is not None
        self.states: Sequence[HydraulicState] = ()
        if not self._is_awaited:
            city, self.states = self._hydraulics_of(city)
        self.city = city
        self._tell_states: Callable[[Sequence[HydraulicState]], None] | None = None
        self._watched = DetectorOptions(
            time_zone=city.info.time_zone,
            tick_s=options.grid_s,
            deferred=takes_long(city),
            limits=station_limits(city, options.desk.limits_file),
        )
        self._maker: ObjectProcess | None = None
        self.detector = self._detector()
        self.case_files = CaseFiles(options.store, options.city_path, options.notices, options.desk.targets)
        self.documents = NoticeDocuments(options.desk, city.info.site, clock.now, city)
        signed_in = replace(options.desk, signs_in=self.store.users.are_needed)
        papers = NoticePapers(self.store.incident, self.documents)
        for channel in self._channels:
            if isinstance(channel, OwnThread) and isinstance(channel.deliverer, Mail):
                channel.deliverer.papers = papers.of
        desk = Desk(city, Isolator(city), self.documents, signed_in)
        options.notices.mkdir(parents=True, exist_ok=True)
        self._forecasts = Forecaster(city, self.states) if self.states or self._is_awaited else None
        ports = Ports(
            clock,
            self.inbox,
            self.store,
            self.documents,
            options.notices,
            self._feeds,
            self._channels,
            self.worker,
            self._forecasts,
            options.retention,
            options.is_shared,
        )
        grid = TickGrid(options.grid_s, options.settle_s)
        self.engine = Engine(city, desk, self.detector, ports, grid=grid, is_drill=options.desk.is_drill)
        if self._is_awaited:
            self.engine.replace_detector(self._modelled)

    def when_states(self, tell: Callable[[Sequence[HydraulicState]], None] | None) -> None:
        """Call ``tell`` with the model's day once it is solved, at once or later on another thread; None: no call any more."""
        self._tell_states = tell
        if self.states and tell is not None:
            tell(self.states)

    def learn(self, history: ReadingBatch, step_s: float) -> None:
        """Learn days of history before the first tick: for baselines and charts. Call before starting."""
        self.detector.learn(History.of_batch(history, len(self.city.stations), step_s))
        self.store.append_readings(history)

    def recall(self) -> Future[None]:
        """Learn from the last weeks in the store and process its last hours, so that detection goes on as before a restart.

        On detection's thread, once the engine runs: only detection waits for it. Call before starting. Where several processes
        use the store, each one does so, to be ready to take over.
        """
        return self.engine.recall(self.store, lambda until: quiet_history(self.store, len(self.city.stations), until))

    def _detector(self) -> Detector:
        responses = self.worker.responses if self.worker is not None else None
        host = self._host if self._watched.deferred else None
        # EPANET does not read the model in this process, not even for its pumps.
        curves = self.worker.pump_curves() if self.worker is not None and self.states else None
        meters = BoundaryMeters.of(self.city)
        is_driven = self.worker is not None and meters.drives and len(meters.pressure_node) > 0
        driven = DrivenWorker(self.worker, meters) if self.worker is not None and is_driven else None
        return Detector(
            self.city, self.states or None, self._watched, responses=responses, host=host, pump_curves=curves, driven=driven
        )

    def _host(self, maker: InterpolatedMaker) -> Callable[..., Any]:
        """Interpolated signatures of large cities are computed in a process: the path search holds the interpreter's lock."""
        self._maker = ObjectProcess(maker, "quanmai-signatures")
        return self._maker.ask

    def _modelled(self) -> Detector | None:
        """The detector with the model's day (minutes of EPANET in a large city); None without a model."""
        try:
            states = self._states()
        except WorkerFailed as fault:
            self.engine.report("hydraulics", str(fault))
            return None
        finally:
            self._is_awaited = False
        if not states:
            return None
        self.states = states
        if self._forecasts is not None:
            self._forecasts.adopt(states)
        if self._tell_states is not None:
            self._tell_states(states)
        self.detector = self._detector()
        return self.detector

    def _hydraulics_of(self, city: City) -> tuple[City, Sequence[HydraulicState]]:
        """(the city, its model's day). A day that does not converge is left out: detection then uses readings only.

        When EPANET refuses the model or crashes, the console goes on without hydraulics: the city then has no model,
        which the window shows, and the reason is logged and listed among the assumptions.
        """
        if self.worker is None:
            return city, ()
        try:
            return city, self._states()
        except WorkerFailed as failure:
            _log.warning("%s. The console goes on without hydraulics", failure)
            self.worker.close()
            self.worker = None
            note = f"the hydraulic model is not used: {failure}"
            return replace(city, epanet=None, info=replace(city.info, assumed=(note, *city.info.assumed))), ()

    def _states(self) -> Sequence[HydraulicState]:
        """The model's day if it converges; without it detection uses readings only, which is shown."""
        if self.worker is None:
            return ()
        states = self.worker.states_of_day()
        return states if all(state.converged for state in states) else ()

    def start(self) -> None:
        """Start the feeds, then the channels, then the engine: to its outbox a channel that is still off would be none."""
        for feed in self._feeds:
            self._attempt("start", feed.name, lambda feed=feed: feed.start(self.inbox))  # type: ignore[misc]
        for channel in self._channels:
            self._attempt("start", channel.name, channel.start)
        self.engine.start()

    def _attempt(self, what: str, name: str, work: Callable[[], None]) -> None:
        """Start or stop a feed or channel; a failure is logged and shown and does not affect the others."""
        try:
            work()
        except Exception as fault:  # noqa: BLE001 - logged and shown
            _log.exception("%s: could not %s", name, what)
            self.engine.report(name, f"could not {what}: {fault}; see the log")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    def close(self) -> None:
        """End the engine, then its dependencies."""
        self.detector.close()
        if self._is_awaited and self.worker is not None:
            self.worker.close()
        if self._maker is not None:
            self._maker.close()
        self.engine.stop()
        if self._maker is not None:
            self._maker.join()
        self.inbox.close()
        # After the engine's end: its last writes are still acknowledged, due messages still sent.
        for channel in self._channels:
            self._attempt("stop", channel.name, channel.stop)
        for feed in self._feeds:
            self._attempt("stop", feed.name, feed.stop)
        if self.worker is not None:
            self.worker.close()
        self.store.close()
