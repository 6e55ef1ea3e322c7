"""Engine: composition of the rooms, one thread that turns them, and what other threads may call."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from console.detection import Detector, History
from console.domain.changes import Change, ChangeSet
from console.domain.clock import micros
from console.domain.compose import compose_picture
from console.domain.crews import CrewFix
from console.domain.grid import TickGrid
from console.domain.intents import Intent
from console.domain.live import LivePicture
from console.domain.picture import FeedHealth, Picture
from console.domain.readings import Channel
from console.engine.commands import Commands
from console.engine.decisions import Decisions
from console.engine.detection import Detection
from console.engine.ingest import Ingest
from console.engine.jobs import Jobs
from console.engine.outbox import Outbox
from console.engine.ports import Ports
from console.engine.watch import Watch
from console.services.desk import Desk, DeskState
from console.services.expected_log import ExpectedLog
from maps.city import City
from maps.errors import QuanmaiError

log = logging.getLogger(__name__)

_PICTURE_EVERY_S = 0.1


class Engine:
    """Start it, offer messages to its inbox, submit intents, subscribe to pictures; ``stop`` flushes and ends it."""

    def __init__(
        self, city: City, desk: Desk, detector: Detector, ports: Ports, *, grid: TickGrid, is_drill: bool = False
    ) -> None:
        self.city, self.limits = city, desk.limits
        self._ports, self._is_drill = ports, is_drill
        self._station_rows = {str(name): row for row, name in enumerate(city.stations.asset_id)}
        clock, inbox, store = ports.clock, ports.inbox, ports.store
        self._live = LivePicture(len(city.stations))
        self._decisions = Decisions(store, clock, _with_crew_bases(store.load_desk(), city))
        expected_log = ExpectedLog(store, ports.expected_days)
        self._ingest = Ingest(city, inbox, clock, self._live, store, desk, self._decisions)
        self._commands = Commands(inbox, clock, desk, self._decisions)
        self._detection = Detection(detector, self._commands.call)
        self._watch = Watch(city, clock, self._live, self._detection, grid, expected_log, desk, self._decisions)
        self._outbox = Outbox(store, ports.link)
        self._jobs = Jobs(ports, self._live, lambda: self._watch.expected, desk, self._decisions, self._commands)
        self._decisions.observe(self._show_at_once)
        self._decisions.observe(self._jobs.after)
        self._subscribers: list[Callable[[Picture], None]] = []
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
        """Finish what has been submitted, flush to disk, end the threads."""
        self._stopping.set()
        self._detection.cease()
        self._ports.inbox.wake()
        if self._thread.is_alive():
            self._thread.join()
        self._detection.close()
        self._jobs.close()

    def submit(self, intent: Intent, user: str) -> Future[ChangeSet]:
        """Ask for an intent; the future holds the committed change set or the QuanmaiError that refused it."""
        return self._commands.submit(intent, user)

    def learn(self, history: Callable[[], History | None]) -> Future[None]:
        """Let detection learn from the quiet history that ``history`` reads, on its own thread, before later ticks."""
        return self._detection.learn(history)

    def replace_detector(self, make: Callable[[], Detector | None]) -> None:
        """Let ``make`` bring another detector, on detection's own thread, before later ticks and learning."""
        self._detection.replace(make)

    def report(self, fault: FeedHealth) -> None:
        """Show a fault of something that the engine stands on, from any thread, until something is committed."""
        self._commands.call(lambda: self._decisions.report(fault))

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
        return at_us, value, self._watch.history.at(station_row, channel, at_us)

    def scatter(self, station_row: int, channel: Channel) -> float:
        """Sigma of a station's channel around what is expected, inside unit; NaN while unknown."""
        return float(self._watch.sigma_kpa[station_row]) if channel is Channel.PRESSURE else np.nan

    def timeline(self, incident_id: str) -> tuple[Change, ...]:
        """The log of actions of one incident, oldest first."""
        return self._ports.store.changes_of(f"incident/{incident_id}")

    def track(self, crew_id: str, since_us: int) -> tuple[tuple[int, float, float], ...]:
        """(source time µs, x, y) of a crew's fixes since a time, oldest first."""
        return self._ports.store.positions(crew_id, since_us, micros(self.now()))

    # The engine's thread.

    def _run(self) -> None:
        while not (self._stopping.is_set() and not self._commands.waiting and not self._detection.busy):
            try:
                self._turn()
            except QuanmaiError as fault:
                # The environment failed (disk, broker): say so on the picture, go on with the rest.
                log.error("%s", fault)
                self._decisions.fault = FeedHealth("store", "down", str(fault))
            except Exception as defect:
                # A defect in one part must not silence the others at night: it is told, with its trace in the log.
                log.exception("defect in the engine")
                told = f"{type(defect).__name__}: {defect}; see the log, report it"
                self._decisions.fault = FeedHealth("engine", "down", told)
        self._flush()

    def _turn(self) -> None:
        self._ingest.turn()
        self._commands.turn()
        self._watch.turn()
        self._outbox.turn()
        self._publish_picture()

    def _show_at_once(self, _: ChangeSet) -> None:
        self._published_at = -1.0

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
            crews=state.crews.values(),
            alarms=state.alarms.values(),
            incidents=state.incidents.values(),
            feeds=self._feeds(),
            is_drill=self._is_drill,
            learning=watch.learning,
            elevation_error_m=watch.elevation_error_m,
            preparing=watch.preparing,
        )

    def _feeds(self) -> tuple[FeedHealth, ...]:
        health = replace(self._ports.link.health(), invalid=self._ingest.rejected)
        fault = self._decisions.fault
        return (health,) if fault is None else (health, fault)

    def _flush(self) -> None:
        try:
            self._outbox.turn()
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
