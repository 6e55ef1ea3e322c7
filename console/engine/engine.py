"""Engine: composition of its parts, the thread that runs them, and the methods for other threads."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from console.detection import Detector, History
from console.domain.attachments import Attachment
from console.domain.changes import Change, ChangeSet
from console.domain.clock import Clock, SystemClock, micros, moment
from console.domain.compose import compose_picture
from console.domain.crews import CrewFix, crew_kind
from console.domain.delivery import SentMessage
from console.domain.grid import TickGrid
from console.domain.health import FeedHealth
from console.domain.incidents import INCIDENT
from console.domain.live import LivePicture
from console.domain.picture import Picture
from console.domain.readings import Channel
from console.domain.records import Record, RecordKind
from console.engine.archive import STUCK_S, Archive
from console.engine.area_watch import AreaWatch
from console.engine.commands import Commands
from console.engine.decisions import Decisions
from console.engine.deliveries import Deliveries
from console.engine.faults import Faults
from console.engine.follow import Follow
from console.engine.ingest import Ingest
from console.engine.jobs import Jobs
from console.engine.journal import Journal
from console.engine.lease import Leadership
from console.engine.order_watch import OrderWatch
from console.engine.outbox import Outbox
from console.engine.ports import Ports
from console.engine.retention import Retention
from console.engine.watch import Watch
from console.engine.watchdog import Watchdog
from console.services.analysis.expected_log import ExpectedLog
from console.services.analysis.quiet_history import quiet_times
from console.services.analysis.recent_ticks import RecentReadings, RecentTick, recent_since_us, recent_ticks
from console.services.desk import Desk, DeskState
from console.services.overview.explained_stations import explained_stations
from console.services.ports import StoreUnavailable
from console.services.state import crews_by_orders
from maps.city import City

log = logging.getLogger(__name__)

_PICTURE_EVERY_S = 0.1
_LOOK_S = 0.5
_NO_ANSWER = "store/answer"
_PATIENCE_S = 10.0
"""Real seconds that each part gets to finish when the engine ends."""


class Engine:
    """Start it, offer messages to its inbox, submit intents, subscribe to pictures; ``stop`` flushes and ends it."""

    def __init__(
        self, city: City, desk: Desk, detector: Detector, ports: Ports, *, grid: TickGrid, is_drill: bool = False
    ) -> None:
        self.city, self.limits, self.targets = city, desk.limits, desk.targets
        self.crew_speed_kmh, self.site = desk.crew_speed_kmh, desk.site
        self._ports, self._is_drill, self._grid = ports, is_drill, grid
        self._station_rows = {str(name): row for row, name in enumerate(city.stations.asset_id)}
        clock, inbox, store = ports.clock, ports.inbox, ports.store
        store.use_stations(map(str, city.stations.asset_id))
        self._faults = Faults()
        self._live = LivePicture(len(city.stations))
        self._leadership = Leadership(
            store, self._faults, inbox.wake, is_shared=ports.is_shared, off_s=lambda: _ahead_of_machine_s(clock)
        )
        leads = self._leadership.is_leading
        self._follow: Follow | None = None
        if ports.is_shared:
            self._follow = Follow(store, self._faults, inbox.wake, len(city.stations), lambda: not leads())
        self._archive = Archive(store, self._faults, self._leadership)
        self._journal = Journal(store, self._faults, inbox.wake)
        state = _with_crew_bases(store.load_desk(), city, micros(clock.now()))
        self._decisions = Decisions(self._journal, self._faults, clock, state, self._leadership, self._follow)
        expected_log = ExpectedLog(self._archive)
        self._ingest = Ingest(ports, city, self._live, self._archive, desk, self._decisions, self._faults, leads)
        self._watch = Watch(
            city,
            clock,
            self._live,
            detector,
            grid,
            expected_log,
            desk,
            self._decisions,
            self._faults,
            inbox.wake,
            leads,
            partial(quiet_times, store),
        )
        self._commands = Commands(inbox, clock, desk, self._decisions)
        self.submit = self._commands.submit
        self._outbox = Outbox(store, ports.channels, self._faults, clock, self._leadership)
        self._deliveries = Deliveries(self._outbox, self._decisions)
        self._jobs = Jobs(
            ports, self._live, lambda: self._watch.expected, desk, self._decisions, self._commands, self._faults, self._leadership
        )
        self._retention = Retention(
            ports.retention, store, clock, self._live, desk, self._decisions, self._commands, self._faults, leads
        )
        self._areas = AreaWatch(desk, self._decisions, clock, leads)
        self._orders = OrderWatch(desk, self._decisions, self._outbox, clock, leads)
        self._decisions.observe(self._after)
        self._desk = desk
        self._leadership.listen(self._begin_to_lead, self._jobs.drop)
        detector.resume_alarms(self._decisions.state.alarms.values())
        if self._leadership.leads:
            self._decisions.decide(lambda state: desk.on_start(state, clock.now()))
        self._subscribers: list[Callable[[Picture], None]] = []
        self._version = 0
        self._published_at = -1.0
        self._is_resumed = False
        self._picture = self._compose()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self.watchdog = Watchdog(self._thread)
        self._leadership.is_stuck = self.watchdog.is_silent.is_set
        self.has_lost = False
        """After ``stop``: whether something could not be written."""

    # Methods for other threads.

    def start(self) -> None:
        """Begin: the thread runs until ``stop``."""
        for part in (self._archive, self._journal, self._outbox, self._jobs, self._watch, self._retention):
            part.start()
        if self._follow is not None:
            self._follow.start(self._decisions.state.seq)
        self._leadership.start()
        self._thread.start()
        self.watchdog.start()

    def stop(self) -> None:
        """Finish what was submitted, flush to disk, end the threads; logs what could not be written."""
        self._stopping.set()
        self._watch.cease()
        self._retention.cease()
        self._ports.inbox.wake()
        while self._thread.is_alive() and not self.watchdog.is_silent.is_set():
            self._thread.join(_LOOK_S)
        self.watchdog.close()
        if self._thread.ident is None:
            return  # it never began
        self._watch.close(_PATIENCE_S)
        self._jobs.close(_PATIENCE_S)
        self._retention.close(_PATIENCE_S)
        unwritten, rows = self._journal.close(_PATIENCE_S), self._archive.close(_PATIENCE_S)
        self._outbox.close(_PATIENCE_S)
        if self._follow is not None:
            self._follow.close(_PATIENCE_S)
        led = self._leadership.leads
        self._leadership.close(_PATIENCE_S)
        if unwritten or rows:
            log.critical("the store could not be written: %d change sets and %d readings are lost", unwritten, rows)
            self.has_lost = True
            return
        try:
            if led:
                self._ports.store.flush()
        except StoreUnavailable as fault:
            log.error("%s", fault)

    def learn(self, history: Callable[[], History | None]) -> Future[None]:
        """Let detection learn in the background from the quiet history that ``history`` reads, before later ticks."""

        def work() -> None:
            quiet = history()
            if quiet is not None:
                self._watch.detector.learn(quiet)

        return self._watch.first(work)

    def recall(self, readings: RecentReadings, history: Callable[[datetime], History | None]) -> Future[None]:
        """Let detection learn, then process the readings of the last hours, in the background, before later ticks.

        ``history``: reads the quiet history until a time; again each day while it is too short for the driven model.
        """
        since_us = 0

        def quiet() -> History | None:
            nonlocal since_us
            since_us = recent_since_us(readings, self.now(), self._grid.interval_us)
            return history(moment(since_us))

        def recent() -> tuple[int, Iterator[RecentTick]]:
            ticks = recent_ticks(readings, len(self.city.stations), since_us, self.now(), self._grid.interval_us)
            return self._ports.store.last_expected_us(), ticks

        self._watch.again.history = history
        self.learn(quiet)
        return self._watch.replay(recent)

    def replace_detector(self, make: Callable[[], Detector | None]) -> Future[None]:
        """Replace the detector by the result of ``make``, in the background, before later ticks; None keeps the present one."""

        def work() -> None:
            made = make()
            if made is not None:
                made.resume_alarms(self._decisions.state.alarms.values())
                self._watch.detector = made

        return self._watch.first(work)

    def report(self, name: str, message: str) -> None:
        """Show a fault of a part below the engine, in one line with advice. From any thread."""
        self._faults.begin(name, message)

    def subscribe(self, callback: Callable[[Picture], None]) -> None:
        """Call ``callback`` on the engine's thread with each new picture, at most ten a second."""
        self._subscribers.append(callback)

    def latest(self) -> Picture:
        """The newest picture."""
        return self._picture

    def now(self) -> datetime:
        """The time on the engine's clock."""
        return self._ports.clock.now()

    def history(
        self, station_row: int, channel: Channel, since_us: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """(source times µs, values, expected values) of one channel since a time, oldest first, each (n,)."""
        at_us, value = self._ports.store.readings(station_row, channel, since_us, micros(self.now()))
        return at_us, value, self._watch.history.at(station_row, channel, at_us)

    def scatter(self, station_row: int, channel: Channel) -> float:
        """Standard deviation of a station's channel around its expected value, inside unit; NaN while unknown."""
        return float(self._watch.sigma_kpa[station_row]) if channel is Channel.PRESSURE else np.nan

    def timeline(self, incident_id: str) -> tuple[Change, ...]:
        """The log of actions of one incident, oldest first."""
        given = self._decisions.state.given
        return self._ports.store.changes_of(INCIDENT.subject(given.get(incident_id, incident_id)))

    def messages_of(self, incident_id: str) -> tuple[SentMessage, ...]:
        """Every message of one incident with its deliveries, the newest first."""
        given = self._decisions.state.given
        return self._ports.store.messages_of(INCIDENT.subject(given.get(incident_id, incident_id)))

    def changes_of(self, subject: str) -> tuple[Change, ...]:
        """The changes of one record, oldest first."""
        return self._ports.store.changes_of(subject)

    def records_of(self, kinds: Sequence[RecordKind[Any]], since_us: int, until_us: int) -> tuple[Record, ...]:
        """Records of these kinds that were open at some time in [since, until], or opened in it."""
        return self._ports.store.records_of(kinds, since_us, until_us)

    def changes_between(self, kinds: Sequence[str], since_us: int, until_us: int) -> tuple[Change, ...]:
        """Changes of these kinds made in [since, until], oldest first."""
        return self._ports.store.changes_between(kinds, since_us, until_us)

    def attachment(self, sha256: str) -> Attachment | None:
        """A picture of the shift log by its hash."""
        return self._ports.store.attachment(sha256)

    def track(self, crew_id: str, since_us: int) -> tuple[tuple[int, float, float], ...]:
        """(source time µs, x, y) of a crew's fixes since a time, oldest first."""
        return self._ports.store.positions(crew_id, since_us, micros(self.now()))

    # The engine's thread.

    def _run(self) -> None:
        while not (self._stopping.is_set() and not self._commands.waiting and not self._decisions.is_busy):
            self._turn()
            self.watchdog.turned()

    def _turn(self) -> None:
        self._say_when_stuck()
        parts = (self._ingest, self._commands, self._watch, self._areas, self._orders, self._deliveries, self._decisions)
        for part in (self._turn_leadership, *(room.turn for room in parts), self._publish_picture):
            try:
                part()
            except Exception as defect:  # noqa: BLE001 - shown and logged: one part must not silence the others at night
                self._faults.defect(part.__qualname__, defect)
        if self._watch.history.last_us and not self._is_resumed:
            self._is_resumed = True
            self._jobs.resume_outlooks()

    def _turn_leadership(self) -> None:
        """Lead or follow from here on, and show the leader's expected values."""
        if self._follow is None:
            return
        self._leadership.turn(self._follow.ask, self._decisions.followed)
        tick = self._follow.tick()
        if tick is not None and not self._leadership.leads:
            self._watch.follow(tick.at_us, tick.expected)

    def _begin_to_lead(self) -> None:
        """Take over what the leader before has left undone; the state holds all that was committed."""
        desk, clock = self._desk, self._ports.clock
        self._watch.lead(self._decisions.state.alarms.values())
        self._ingest.lead()
        self._archive.lead()
        self._decisions.decide(lambda state: desk.on_start(state, clock.now()))
        self._jobs.resume()
        self._is_resumed = False
        self._outbox.wake()

    def _say_when_stuck(self) -> None:
        """Show a store that does not respond: it raises no error."""
        busy_s = max(self._journal.busy_s, self._archive.busy_s)
        if busy_s > STUCK_S:
            self._faults.begin(_NO_ANSWER, f"store: it has not answered for {busy_s:.0f} s; check the disk or the server")
        else:
            self._faults.end(_NO_ANSWER)

    def _after(self, changes: ChangeSet) -> None:
        self._published_at = -1.0
        self._jobs.after(changes)
        if changes.outgoing or self._follow is not None:  # of others only the records are known, not what is to be sent
            self._outbox.wake()

    def _publish_picture(self) -> None:
        real = self._ports.clock.monotonic()
        if 0 <= real - self._published_at < _PICTURE_EVERY_S * getattr(self._ports.clock, "speed", 1.0):
            return
        self._published_at = real
        self._picture = self._compose()
        for subscriber in self._subscribers:
            subscriber(self._picture)

    def _compose(self) -> Picture:
        self._version += 1
        state, watch = self._decisions.state, self._watch
        return compose_picture(
            self._live,
            self._station_rows,
            version=self._version,
            now_us=micros(self.now()),
            expected=watch.expected,
            crews=self._desk.crews(state, self.now()),
            alarms=state.alarms.values(),
            incidents=state.incidents.values(),
            records=state.records,
            given=state.given,
            feeds=self._feeds(),
            undelivered=self._outbox.waiting,
            channels=self._outbox.health(),
            is_drill=self._is_drill,
            learning=watch.learning,
            elevation_error_m=watch.elevation_error_m,
            preparing=watch.preparing,
            lease=self._leadership.lease,
            seq=state.seq,
            false_bursts=watch.false_bursts,
            explained=explained_stations(
                state.incidents.values(), self._station_rows, self._live.value, watch.expected, self.limits
            ),
        )

    def _feeds(self) -> tuple[FeedHealth, ...]:
        return (*self._ingest.health(), *self._faults.feeds())


def _ahead_of_machine_s(clock: Clock) -> float:
    """Seconds; a drill's clock is none of the machine's and counts as right."""
    return (clock.now() - datetime.now(UTC)).total_seconds() if isinstance(clock, SystemClock) else 0.0


def _with_crew_bases(state: DeskState, city: City, now_us: int) -> DeskState:
    """Crews without any position are at their base, without a time: shown as missing, not as moving.

    Silence counts from the start: what was heard before is not known.
    """
    crews = city.crews
    bases = {
        str(crews.asset_id[row]): CrewFix(
            str(crews.asset_id[row]),
            str(crews.name[row]),
            float(crews.base_x[row]),
            float(crews.base_y[row]),
            0,
            heard_us=now_us,
            kind=crew_kind(str(crews.kind[row])),
        )
        for row in range(len(crews))
    }
    known = {**bases, **state.crews}
    return replace(state, crews=crews_by_orders(known, state.incidents.values(), state.duties()))
