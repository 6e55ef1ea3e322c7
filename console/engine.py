"""Engine: runtime without a window. Feeds -> picture -> detection -> incidents -> store -> out; one thread owns the state."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from console.detection import Detector
from console.detection.finding import StationFinding
from console.detection.switches import SwitchWatch
from console.domain.changes import Change, ChangeSet
from console.domain.clock import Clock, micros, moment
from console.domain.compose import ExpectedHistory, compose_picture
from console.domain.crews import CrewFix
from console.domain.grid import TickGrid
from console.domain.incidents import Incident, Outlook, Phase, PressureImpact
from console.domain.intents import Intent
from console.domain.live import LivePicture
from console.domain.notices import Notice, NoticeStatus
from console.domain.picture import FeedHealth, Picture
from console.domain.readings import Channel, Quality
from console.feeds.codec import Decoder
from console.feeds.inbox import Inbox
from console.services.desk import Desk, DeskState
from console.services.expected_log import EXPECTED_DAYS, ExpectedLog
from console.services.outlook import Known
from console.services.ports import Documents, Forecasts, Hydraulics, Link, Store
from maps.city import City
from maps.errors import QuanmaiError

log = logging.getLogger(__name__)

SYSTEM_USER = "quanmai"
_PICTURE_EVERY_S = 0.1
_WAIT_S = 0.05


@dataclass(frozen=True, eq=False)
class Ports:
    """What the engine runs on."""

    clock: Clock
    inbox: Inbox
    store: Store
    link: Link
    documents: Documents
    notices_folder: Path
    hydraulics: Hydraulics | None = None
    forecasts: Forecasts | None = None
    expected_days: int = EXPECTED_DAYS


@dataclass(frozen=True, slots=True)
class _Ask:
    intent: Intent
    user: str
    answer: Future[ChangeSet]


class Engine:
    """Start it, offer messages to its inbox, submit intents, subscribe to pictures; ``stop`` flushes and ends it."""

    def __init__(
        self, city: City, desk: Desk, detector: Detector, ports: Ports, *, grid: TickGrid, is_drill: bool = False
    ) -> None:
        self.city, self.limits = city, desk.limits
        self._desk, self._detector, self._ports, self._grid, self._is_drill = desk, detector, ports, grid, is_drill
        self._decoder = Decoder(city)
        self._switches = SwitchWatch(city)
        self._live = LivePicture(len(city.stations))
        self._station_rows = {str(name): row for row, name in enumerate(city.stations.asset_id)}
        self._expected: NDArray[np.float64] = np.full(self._live.value.shape, np.nan)
        self._learning: NDArray[np.bool_] = np.zeros(len(city.stations), dtype=bool)
        self._sigma_kpa: NDArray[np.float64] = np.full(len(city.stations), np.nan)
        self._expected_log = ExpectedLog(ports.store, ports.expected_days)
        self._expected_history = ExpectedHistory()
        self._state = _with_crew_bases(ports.store.load_desk(), city)
        self._asks: queue.SimpleQueue[_Ask | Callable[[], None]] = queue.SimpleQueue()
        self._background = ThreadPoolExecutor(1, thread_name_prefix="impact")
        self._planned: dict[str, int] = {}
        self._foreseen: dict[str, Incident] = {}
        self._written: set[tuple[str, int]] = set()
        self._in_flight: set[int] = set()
        self._subscribers: list[Callable[[Picture], None]] = []
        self._rejected = 0
        self._fault: FeedHealth | None = None
        self._version = 0
        self._published_at = -1.0
        self._picture = self._compose()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    # What others call, from any thread.

    def start(self) -> None:
        """Begin: the thread runs until ``stop``."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what has been submitted, flush to disk, end the thread."""
        self._stopping.set()
        self._ports.inbox.wake()
        if self._thread.is_alive():
            self._thread.join()
        self._background.shutdown(wait=True, cancel_futures=True)

    def submit(self, intent: Intent, user: str) -> Future[ChangeSet]:
        """Ask for an intent; the future holds the committed change set or the QuanmaiError that refused it."""
        answer: Future[ChangeSet] = Future()
        self._asks.put(_Ask(intent, user, answer))
        self._ports.inbox.wake()
        return answer

    def subscribe(self, callback: Callable[[Picture], None]) -> None:
        """Call ``callback`` on the engine's thread with each new picture, at most ten a second."""
        self._subscribers.append(callback)

    def latest(self) -> Picture:
        """The newest picture."""
        return self._picture

    def now(self) -> datetime:
        """The present on the engine's clock."""
        return self._ports.clock.now()

    def history(
        self, station_row: int, channel: Channel, since_us: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """(source times µs, values, expected values) of one channel since a time, oldest first, each (n,)."""
        at_us, value = self._ports.store.readings(station_row, channel, since_us, micros(self.now()))
        return at_us, value, self._expected_history.at(station_row, channel, at_us)

    def scatter(self, station_row: int, channel: Channel) -> float:
        """Sigma of a station's channel around what is expected, inside unit; NaN while unknown."""
        return float(self._sigma_kpa[station_row]) if channel is Channel.PRESSURE else np.nan

    def timeline(self, incident_id: str) -> tuple[Change, ...]:
        """The log of actions of one incident, oldest first."""
        return self._ports.store.changes_of(f"incident/{incident_id}")

    def track(self, crew_id: str, since_us: int) -> tuple[tuple[int, float, float], ...]:
        """(source time µs, x, y) of a crew's fixes since a time, oldest first."""
        return self._ports.store.positions(crew_id, since_us, micros(self.now()))

    # The engine's thread.

    def _run(self) -> None:
        while not (self._stopping.is_set() and self._asks.empty()):
            try:
                self._turn()
            except QuanmaiError as fault:
                # The environment failed (disk, broker): say so on the picture, go on with the rest.
                log.error("%s", fault)
                self._fault = FeedHealth("store", "down", str(fault))
            except Exception as defect:
                # A defect in one part must not silence the others at night: it is told, with its trace in the log.
                log.exception("defect in the engine")
                self._fault = FeedHealth("engine", "down", f"{type(defect).__name__}: {defect}; see the log, report it")
        self._flush()

    def _turn(self) -> None:
        self._receive()
        self._answer_asks()
        self._tick()
        self._send()
        self._publish_picture()

    def _receive(self) -> None:
        messages = self._ports.inbox.drain(_WAIT_S)
        if not messages:
            return
        now = self.now()
        decoded = self._decoder.decode(messages)
        self._rejected += decoded.rejected
        for sample in decoded.samples:
            log.warning("%s: %s: %s", sample.feed, sample.topic, sample.reason)
        applied = self._live.apply(decoded.readings, micros(now))
        self._ports.store.append_readings(decoded.readings.received(micros(now)))
        for row in applied.ahead:
            self._clock_fault(int(row), now)
        self._move_crews(decoded.fixes)
        for reply in decoded.replies:
            self._commit(self._desk.on_order_reply(self._state, reply, now), reply.crew_id)

    def _clock_fault(self, row: int, now: datetime) -> None:
        finding = StationFinding(
            str(self.city.stations.asset_id[row]), "", "future_time", now, active=True, detail="source time ahead of the clock"
        )
        self._commit(self._desk.on_stations(self._state, (finding,), now), SYSTEM_USER)

    def _move_crews(self, fixes: tuple[CrewFix, ...]) -> None:
        known = self._state.crews
        newer = [fix for fix in fixes if fix.crew_id not in known or known[fix.crew_id].at_us < fix.at_us]
        if newer:
            kept = [replace(fix, state=known[fix.crew_id].state) if fix.crew_id in known else fix for fix in newer]
            self._state = self._state.with_crews(kept)
            self._ports.store.append_positions(newer)

    def _answer_asks(self) -> None:
        while not self._asks.empty():
            ask = self._asks.get()
            if not isinstance(ask, _Ask):
                ask()
                continue
            try:
                changes = self._desk.carry_out(self._state, ask.intent, ask.user, self.now())
                self._commit(changes, ask.user)
            except QuanmaiError as refused:
                ask.answer.set_exception(refused)
            except Exception as defect:
                ask.answer.set_exception(defect)
                raise
            else:
                ask.answer.set_result(changes)

    def _tick(self) -> None:
        tick_us = self._grid.due(micros(self.now()), self._live)
        if tick_us is None:
            return
        live, now = self._live, moment(tick_us)
        # Behind its clock, the engine has newer values than the tick's: those are not ahead of time.
        seen_us = max(tick_us, int(live.at_us.max(initial=0)))
        disturbed = any(incident.is_open() for incident in self._state.incidents.values())
        result = self._detector.tick(live.value, live.at_us, live.quality, seen_us, disturbed=disturbed)
        self._expected, self._learning, self._sigma_kpa = result.expected, result.learning, result.sigma_kpa
        self._expected_history.add(tick_us, result.expected)
        good = (live.at_us > tick_us - self._grid.interval_us * 3 // 2) & (live.quality == Quality.GOOD)
        for operation in (*self._switches.tick(live.value, good, tick_us), *result.operations):
            self._commit(self._desk.on_operation(self._state, operation, now), SYSTEM_USER)
        for burst in (*result.bursts, *result.revisions):
            self._commit(self._desk.on_burst(self._state, burst, self.now()), SYSTEM_USER)
        # After the bursts: however many stations fail at once, no burst waits for them.
        told = tuple(map(self._with_elevation, result.stations))
        self._commit(self._desk.on_stations(self._state, told, now), SYSTEM_USER)
        self._commit(self._desk.on_time(self._state, self.now()), SYSTEM_USER)
        # Last: a full disk must not keep a finding from its case.
        self._expected_log.keep(tick_us, result.expected, result.sigma_kpa)

    def _with_elevation(self, finding: StationFinding) -> StationFinding:
        error_m = float(self._detector.elevations.error_m[self._station_rows[finding.station_id]])
        return replace(finding, elevation_error_m=error_m) if np.isfinite(error_m) else finding

    def _commit(self, changes: ChangeSet, user: str) -> None:
        """On disk first, then shown."""
        if not (changes.drafts or changes.incidents or changes.alarms or changes.outgoing):
            return
        committed = self._ports.store.commit(changes, user, self.now())
        self._fault = None
        self._state = self._state.applied(changes, committed)
        self._published_at = -1.0
        for incident in changes.incidents:
            self._ask_outlook(self._state.incidents[incident.incident_id])
            self._ask_impact(incident.incident_id)
            self._write_files(incident)

    def _ask_outlook(self, incident: Incident) -> None:
        """What a suspected case's location predicts, once for each location; the alarm does not wait for it."""
        location, forecasts = incident.location, self._ports.forecasts
        wanted = incident.phase is Phase.SUSPECTED and incident.outlook is None
        before = self._foreseen.get(incident.incident_id)
        if location is None or forecasts is None or not wanted or (before is not None and before.location == location):
            return
        self._foreseen[incident.incident_id] = incident
        read = [reading.place_id for reading in incident.hand_readings]
        heard = (self._live.at_us > 0) & ~self._live.stale(micros(self.now()))
        known = Known.of(self._expected, heard, read)

        def work() -> None:
            outlook = forecasts.outlook(location, incident.evidence, incident.first_abnormal_at, known)
            self._asks.put(lambda: self._take_outlook(incident, outlook))
            self._ports.inbox.wake()

        self._background.submit(work).add_done_callback(_log_failure)

    def _take_outlook(self, incident: Incident, outlook: Outlook) -> None:
        if self._foreseen.get(incident.incident_id) is incident:  # a late answer belongs to an older location
            self._commit(self._desk.on_outlook(self._state, incident.incident_id, outlook, self.now()), SYSTEM_USER)

    def _ask_impact(self, incident_id: str) -> None:
        incident = self._state.incidents[incident_id]
        plan, hydraulics = incident.plan, self._ports.hydraulics
        if plan is None or hydraulics is None or incident.impact is not None or self._planned.get(incident_id) == hash(plan):
            return
        generation = self._planned[incident_id] = hash(plan)

        def work() -> None:
            impact = hydraulics.impact(plan)
            self._asks.put(lambda: self._take_impact(incident_id, generation, impact))
            self._ports.inbox.wake()
            if impact.converged and plan.reopen_candidates:
                checked = replace(impact, reopening=hydraulics.reopening(plan))
                self._asks.put(lambda: self._take_impact(incident_id, generation, checked))
                self._ports.inbox.wake()

        self._background.submit(work).add_done_callback(_log_failure)

    def _take_impact(self, incident_id: str, generation: int, impact: PressureImpact) -> None:
        if self._planned.get(incident_id) == generation:  # a late answer belongs to an older plan
            self._commit(self._desk.on_impact(self._state, incident_id, impact, self.now()), SYSTEM_USER)

    def _write_files(self, incident: Incident) -> None:
        """The files of a notice that has just been issued, written off this thread, then recorded."""
        for notice in incident.notices:
            key = (notice.notice_id, notice.version)
            if notice.status is not NoticeStatus.ISSUED or notice.files or key in self._written:
                continue
            self._written.add(key)
            self._background.submit(self._files_work, incident.incident_id, notice).add_done_callback(_log_failure)

    def _files_work(self, incident_id: str, notice: Notice) -> None:
        paths = self._ports.documents.files(notice, self._ports.notices_folder)
        names = tuple(path.name for path in paths)
        self._asks.put(
            lambda: self._commit(self._desk.on_files(self._state, incident_id, notice.notice_id, names, self.now()), SYSTEM_USER)
        )
        self._ports.inbox.wake()

    def _send(self) -> None:
        taken = self._ports.link.taken()
        if taken:
            self._ports.store.mark_sent(taken)
            self._in_flight.difference_update(taken)
        if self._ports.link.health().state != "up":
            self._in_flight.clear()
            return
        for outgoing_id, outgoing in self._ports.store.pending_outgoing():
            if outgoing_id not in self._in_flight and self._ports.link.publish(outgoing_id, outgoing):
                self._in_flight.add(outgoing_id)

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
        return compose_picture(
            self._live,
            self._station_rows,
            version=self._version,
            now_us=micros(self.now()),
            expected=self._expected,
            crews=self._state.crews.values(),
            alarms=self._state.alarms.values(),
            incidents=self._state.incidents.values(),
            feeds=self._feeds(),
            is_drill=self._is_drill,
            learning=self._learning,
            elevation_error_m=self._detector.elevations.error_m,
        )

    def _feeds(self) -> tuple[FeedHealth, ...]:
        health = replace(self._ports.link.health(), invalid=self._rejected)
        return (health,) if self._fault is None else (health, self._fault)

    def _flush(self) -> None:
        try:
            self._send()
            self._ports.store.flush()
        except QuanmaiError as fault:
            log.error("%s", fault)


def _with_crew_bases(state: DeskState, city: City) -> DeskState:
    """Crews never heard of stand at their base, with no time: shown as missing, not as moving."""
    crews = city.crews
    bases = {
        str(crews.asset_id[row]): CrewFix(
            str(crews.asset_id[row]), str(crews.name[row]), float(crews.base_x[row]), float(crews.base_y[row]), 0
        )
        for row in range(len(crews))
    }
    return replace(state, crews={**bases, **state.crews})


def _log_failure(done: Future[None]) -> None:
    fault = None if done.cancelled() else done.exception()
    if fault is not None:
        log.error("work in the background: %s", fault, exc_info=fault)
