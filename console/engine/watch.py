"""Watch: runs detection on its own thread: ticks of the live picture in, findings to the desk out."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import numpy as np
from numpy.typing import NDArray

from console.detection import Detector, TickResult
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
from console.engine.watchdog import SILENT_AFTER_S
from console.services.analysis.expected_log import ExpectedLog
from console.services.desk import Desk
from maps.city import City

FAULT = "engine/detection"


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
    missing signatures of a large city, one group at a time. ``leads``: else another process detects, nothing ticks here.
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
    ) -> None:
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

    def start(self) -> None:
        """Begin to work."""
        self._background.start()

    def first(self, work: Callable[[], None]) -> Future[None]:
        """Do this in the background before later ticks. From any thread."""
        done: Future[None] = Future()

        def carried_out() -> None:
            try:
                work()
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
        if not self._leads():
            return None
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
        """This process detects from now on; ``alarms``: what the process before has found."""
        self._switches = SwitchWatch(self._city)
        self.detector.resume_alarms(alarms)

    def follow(self, tick_us: int, expected: NDArray[np.float64]) -> None:
        """Show the expected values (stations, channels) of the leader's tick."""
        self.expected = expected
        self.history.add(tick_us, expected)

    def cease(self) -> None:
        """Stop making signatures; the running one ends soon."""
        self.detector.close()

    def close(self, patience_s: float) -> None:
        """Finish the running tick; the next start will detect its findings again."""
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
        if not self._leads():
            return
        tick_us = self._grid.due(micros(self._clock.now()), self._live)
        if tick_us is None:
            if self._lacks:
                self._lacks = False  # where it fails, until the next tick
                self._begin(self._prepared)
            return
        live = self._live
        value, at_us, quality = live.value.copy(), live.at_us.copy(), live.quality.copy()
        # An engine that is behind has newer values than the tick's: they are not ahead of time.
        seen_us = max(tick_us, min(int(at_us.max(initial=0)), micros(self._clock.now())))
        disturbed = any(incident.is_open() for incident in self._decisions.state.incidents.values())

        def evaluate() -> Callable[[], None]:
            result = self.detector.tick(value, at_us, quality, seen_us, disturbed=disturbed)
            good = (at_us > tick_us - self._grid.interval_us * 3 // 2) & (quality == Quality.GOOD)
            operations = (*self._switches.tick(value, good, tick_us), *result.operations)
            return partial(self._took, _Tick(tick_us, result, operations, self.detector.elevations.error_m))

        self._tick_us, self._lacks = tick_us, self.detector.options.deferred
        self._begin(evaluate)

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

    def _did_first(self) -> Callable[[], None]:
        self._first.get()()
        return _nothing

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
        self.expected, self.learning, self.sigma_kpa = result.expected, result.learning, result.sigma_kpa
        self.elevation_error_m = tick.elevation_error_m
        self.history.add(tick.at_us, result.expected)
        self._tell(result, tick.operations, moment(tick.at_us))
        self._expected_log.keep(tick.at_us, result.expected, result.sigma_kpa)

    def _say_when_late(self) -> None:
        busy_s = self._background.busy_s
        if busy_s > SILENT_AFTER_S and not self._is_at_first:  # shown as ``preparing``
            at = moment(self._tick_us).isoformat(timespec="seconds")
            self._faults.begin(FAULT, f"detection is still at its tick of {at}, for {busy_s:.0f} s; no burst is found meanwhile")

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


def _nothing() -> None:
    """Nothing is left to do here."""
