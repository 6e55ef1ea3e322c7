"""Watch: runs detection on its own thread: ticks of the live picture in, findings to the desk out.

Where several processes use the store, each of them detects, so that the one that takes over continues with the same levels and
baselines; only the leader's findings are decided (``standby.py``).
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import numpy as np
from numpy.typing import NDArray

from console.detection import BurstFinding, Detector, TickResult
from console.detection.driven.driven_learning import Quiet
from console.detection.finding import OperationFinding, StationFinding
from console.detection.state_channels import SwitchWatch
from console.domain.alarms import Alarm
from console.domain.clock import Clock, micros, moment
from console.domain.compose import ExpectedHistory
from console.domain.grid import TickGrid
from console.domain.health import FalseBursts
from console.domain.live import LivePicture
from console.domain.readings import Quality
from console.engine.background import BackgroundCall
from console.engine.decisions import Decisions
from console.engine.faults import Faults
from console.engine.learning_again import LearningAgain
from console.engine.standby import Standby
from console.engine.watchdog import SILENT_AFTER_S
from console.services.analysis.expected_log import ExpectedLog
from console.services.analysis.recent_ticks import RecentTick
from console.services.desk import Desk
from console.services.ports import StoreUnavailable
from maps.city import City

FAULT = "engine/detection"
HISTORY_FAULT = "store/history"
_STORE_AGAIN_S = 1.0
_MARGIN_TICKS = 3
"""Of the leader's last ticks the findings are compared again: they may not have been written any more."""


@dataclass(frozen=True, eq=False)
class _Tick:
    """Result of a tick. ``elevation_error_m``: (stations,) estimated errors of recorded elevations, NaN where unknown."""

    at_us: int
    result: TickResult
    operations: tuple[OperationFinding, ...]
    elevation_error_m: NDArray[np.float64]


class Watch:
    """Waits for the grid's next tick, which is evaluated in the background: it may run EPANET, and no reading waits for it.

    Work given by ``first`` (learning, another detector) is done there too, and between two ticks the
    missing signatures of a large city, one group at a time. ``leads``: else another process decides what is found.
    ``expected``: (stations, channels); ``learning``, ``sigma_kpa``, ``elevation_error_m``: (stations,).
    """

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
        faults: Faults,
        wake: Callable[[], None],
        leads: Callable[[], bool] = lambda: True,
        quiet: Quiet = lambda at_us: np.ones(len(at_us), dtype=bool),
    ) -> None:
        """``quiet``: which of some times (µs UTC) are no part of a case; called on another thread."""
        self._leads, self._city = leads, city
        self._clock, self._live, self.detector, self._grid = clock, live, detector, grid
        self._expected_log, self._desk, self._decisions = expected_log, desk, decisions
        self._switches = SwitchWatch(city)
        self._station_rows = {str(name): row for row, name in enumerate(city.stations.asset_id)}
        self.expected: NDArray[np.float64] = np.full(live.value.shape, np.nan)
        self.learning: NDArray[np.bool_] = np.zeros(len(city.stations), dtype=bool)
        self.sigma_kpa: NDArray[np.float64] = np.full(len(city.stations), np.nan)
        self.elevation_error_m: NDArray[np.float64] = detector.elevations.error_m
        self.history = ExpectedHistory()
        self._faults, self._wake = faults, wake
        self._background: BackgroundCall[Callable[[], None]] = BackgroundCall("detection", wake)
        self._tick_us = 0
        self._first: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._is_at_first = self._lacks = False
        self.again = LearningAgain(wake, quiet)
        self._standby = Standby()
        self._resumed: tuple[Alarm, ...] = ()
        self._led_us = 0
        """The last tick that a leader has stored."""
        self._replayed: queue.SimpleQueue[tuple[int, list[_Tick]]] = queue.SimpleQueue()

    def start(self) -> None:
        """Begin to work."""
        self._background.start()
        self.again.start()

    def first(self, work: Callable[[], None]) -> Future[None]:
        """Do this in the background before later ticks. From any thread."""
        done: Future[None] = Future()

        def carried_out() -> None:
            try:
                self._with_store(work)
            except BaseException as fault:
                done.set_exception(fault)
                raise
            done.set_result(None)

        self._first.put(carried_out)
        self._wake()
        return done

    @property
    def preparing(self) -> tuple[int, int] | None:
        """(groups of stations ready for detection, groups that report) while the first number is smaller."""
        usable, all_ = self.detector.preparing
        if self._is_at_first or not self._first.empty():
            usable, all_ = 0, self.detector.groups
        return (usable, all_) if usable < all_ else None

    @property
    def false_bursts(self) -> FalseBursts | None:
        """How many false bursts to expect, where this process detects with a threshold read from history."""
        read = self.detector.threshold if self._leads() else None
        return None if read is None else FalseBursts(read.expected_a_month, read.at_most_a_month, read.history_days)

    def lead(self, alarms: Iterable[Alarm]) -> None:
        """What this process finds is decided from now on; ``alarms``: what was found before.

        Decides what was found here and is not among them: the process before ended before it had written it.
        """
        now_us = micros(self._clock.now())
        reached_us = self._led_us if 0 < self._led_us <= now_us else now_us
        owed = self._standby.owed(alarms, reached_us - _MARGIN_TICKS * self._grid.interval_us)
        self._resumed = owed.resumed
        self._decide(owed.operations, owed.bursts, owed.stations, self._clock.now())

    def replay(self, read: Callable[[], tuple[int, Iterable[RecentTick]]]) -> Future[None]:
        """Process past ticks in the background before later ones: levels, counters and open bursts are then as without a restart.

        ``read``: (time of the last tick that was detected in, the ticks). From any thread.
        """

        def work() -> None:
            led_us, ticks = read()
            self._replayed.put((led_us, [self._evaluated(one, one.at_us, disturbed=False) for one in ticks]))

        return self.first(work)

    def follow(self, tick_us: int, expected: NDArray[np.float64]) -> None:
        """Show the expected values (stations, channels) of the leader's tick."""
        self.expected, self._led_us = expected, tick_us
        self.history.add(tick_us, expected)

    def cease(self) -> None:
        """Stop making signatures; the running one ends soon."""
        self.detector.close()

    def close(self, patience_s: float) -> None:
        """Finish the running tick; the next start will detect its findings again."""
        self.again.close(patience_s)
        self._background.close(patience_s)

    def turn(self) -> None:
        """Take the findings of the last tick and begin the one that is due, if any; never blocks."""
        self._take()
        if self._background.is_busy:
            self._say_when_late()
            return
        if not self._first.empty():
            self._is_at_first = True
            self._begin(self._did_first)
            return
        tick_us = self._grid.due(micros(self._clock.now()), self._live)
        if tick_us is None:
            learned = self.again.turn(self.detector, micros(self._clock.now()))
            if learned is not None:
                self._begin(learned)
            elif self._lacks:
                self._lacks = False  # where it fails, until the next tick
                self._begin(self._prepared)
            return
        live = self._live
        value, at_us, quality = live.value.copy(), live.at_us.copy(), live.quality.copy()
        # An engine that is behind has newer values than the tick's: they are not ahead of time.
        seen_us = max(tick_us, min(int(at_us.max(initial=0)), micros(self._clock.now())))
        disturbed = any(incident.is_open() for incident in self._decisions.state.incidents.values())

        seen = RecentTick(tick_us, value, at_us, quality)
        resumed, self._resumed = self._resumed, ()

        def evaluate() -> Callable[[], None]:
            if resumed:
                self.detector.resume_alarms(resumed)
            return partial(self._took, self._evaluated(seen, seen_us, disturbed=disturbed))

        self._tick_us, self._lacks = tick_us, self.detector.options.deferred
        self._begin(evaluate)

    def _evaluated(self, seen: RecentTick, now_us: int, *, disturbed: bool) -> _Tick:
        """In the background. ``now_us``: the tick's time, or the newest sample's where the engine is behind."""
        result = self.detector.tick(seen.value, seen.seen_us, seen.quality, now_us, disturbed=disturbed)
        good = (seen.seen_us > seen.at_us - self._grid.interval_us * 3 // 2) & (seen.quality == Quality.GOOD)
        operations = (*self._switches.tick(seen.value, good, seen.at_us), *result.operations)
        return _Tick(seen.at_us, result, operations, self.detector.elevations.error_m)

    def _begin(self, work: Callable[[], Callable[[], None]]) -> None:
        """Do ``work`` in the background; the function it returns is called here, once the result is taken."""

        def unless_closed() -> Callable[[], None]:
            try:
                return work()
            except Exception:
                if self.detector.closed:
                    return _nothing  # dropped at the end of the program
                raise

        self._background.begin(unless_closed)

    def _with_store(self, work: Callable[[], None]) -> None:
        """Try again while the store is away: a process that skipped what it learns from history would be a blind standby."""
        while True:
            try:
                work()
            except StoreUnavailable as fault:
                if self.detector.closed:
                    raise
                self._faults.begin(HISTORY_FAULT, str(fault), "detection waits for the history of its stations")
                time.sleep(_STORE_AGAIN_S)
            else:
                self._faults.end(HISTORY_FAULT)
                return

    def _did_first(self) -> Callable[[], None]:
        self._first.get()()
        return self._take_replayed

    def _take_replayed(self) -> None:
        while not self._replayed.empty():
            self._led_us, ticks = self._replayed.get()
            for tick in ticks:
                self._note(tick)
            if ticks and self._leads():
                self.lead(self._decisions.state.alarms.values())

    def _prepared(self) -> Callable[[], None]:
        lacks = self.detector.prepare()

        def told() -> None:
            self._lacks = lacks

        return told

    def _take(self) -> None:
        try:
            done = self._background.taken()
        finally:
            self._is_at_first = self._is_at_first and self._background.is_busy
        if done is not None:
            self._faults.end(FAULT)
            done()

    def _took(self, tick: _Tick) -> None:
        result = tick.result
        if self._leads() or tick.at_us > self._led_us + _MARGIN_TICKS * self._grid.interval_us:
            self.expected = result.expected
            self.history.add(tick.at_us, result.expected)
        self.learning, self.sigma_kpa = result.learning, result.sigma_kpa
        self.elevation_error_m = tick.elevation_error_m
        stations = self._note(tick)
        self._decide(tick.operations, (*result.bursts, *result.revisions), stations, moment(tick.at_us))
        self._expected_log.keep(tick.at_us, result.expected, result.sigma_kpa)

    def _note(self, tick: _Tick) -> tuple[StationFinding, ...]:
        """The tick's findings of stations, with their estimated errors of elevation."""
        result = tick.result
        stations = tuple(map(self._with_elevation, result.stations))
        self._standby.note(tick.operations, (*result.bursts, *result.revisions), stations)
        return stations

    def _say_when_late(self) -> None:
        busy_s = self._background.busy_s
        if busy_s > SILENT_AFTER_S and not self._is_at_first:  # shown as ``preparing``
            at = moment(self._tick_us).isoformat(timespec="seconds")
            self._faults.begin(FAULT, f"detection is still at its tick of {at}, for {busy_s:.0f} s; no burst is found meanwhile")

    def _decide(
        self,
        operations: Iterable[OperationFinding],
        bursts: Iterable[BurstFinding],
        stations: tuple[StationFinding, ...],
        now: datetime,
    ) -> None:
        desk, decide, clock = self._desk, self._decisions.decide, self._clock
        for operation in operations:
            decide(lambda state, one=operation: desk.on_operation(state, one, now))  # type: ignore[misc]
        for burst in bursts:
            decide(lambda state, one=burst: desk.on_burst(state, one, clock.now()))  # type: ignore[misc]
        # After the bursts: however many stations fail at once, no burst waits for them.
        decide(lambda state: desk.on_stations(state, stations, now))
        decide(lambda state: desk.on_time(state, clock.now()))
        decide(lambda state: desk.on_report_clocks(state, clock.now()))

    def _with_elevation(self, finding: StationFinding) -> StationFinding:
        row = self._station_rows.get(finding.station_id)
        error_m = np.nan if row is None else float(self.elevation_error_m[row])
        return replace(finding, elevation_error_m=error_m) if np.isfinite(error_m) else finding


def _nothing() -> None:
    """Nothing is left to do here."""
