"""HydraulicsWorker: EPANET in a process of its own behind the Hydraulics port.

EPANET holds the interpreter lock while it solves, which would block the feeds in the engine's process.
"""

from __future__ import annotations

import logging
import multiprocessing
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Self, TypeVar
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from console.children import ended, how_ended
from console.domain.clock import Clock, SystemClock
from console.domain.incidents import PressureImpact, ReopenCheck
from console.workers.process import serve
from console.workers.tasks import (
    AskDay,
    AskDriven,
    AskDrivenChanges,
    AskDrivenStates,
    AskImpact,
    AskPumps,
    AskReopening,
    AskResponses,
    AskState,
    Failed,
    HeadChanges,
    Impact,
    Reopening,
    Reply,
    Request,
    Result,
    Task,
)
from maps.city import City
from maps.columns import Bools, Floats
from maps.errors import QuanmaiError
from maps.hydraulics.boundary import BoundaryReadings, DrivenValues, TankModes
from maps.hydraulics.state import HydraulicState
from maps.isolation.plan.result import IsolationPlan
from maps.locate.pumps import PumpCurves
from maps.network import ValveState

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class WorkerFailed(QuanmaiError):
    """The EPANET process died, was closed, or did not answer in time. Asking again starts a new one."""


class _Died(WorkerFailed):
    """The process ended during a request: retried once, unlike a city that it cannot load."""


class HydraulicsWorker:
    """Blocking calls, from any thread, one at a time; implements the Hydraulics port.

    The process starts with the first request (or ``start``) and is started again after it died, which is logged and counted
    in ``restarts``.
    """

    def __init__(
        self, city_path: Path, city: City | None = None, *, clock: Clock | None = None, timeout_s: float = 120.0
    ) -> None:
        """``city``: when already read, it is not read again in this process (the other one reads its own).

        ``clock``: clock for the time of day of the pressures (a drill's own); the system's by default.
        """
        self._path, self._city, self._timeout_s = Path(city_path), city, timeout_s
        self._clock: Clock = clock if clock is not None else SystemClock()
        self._turn = threading.Lock()
        self._generation = 0
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None
        self._closed = self._started_before = False
        self.restarts = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    def start(self) -> None:
        """Load the model now rather than with the first request. Raises WorkerFailed, or InputFault's words in it."""
        with self._turn:
            self._running()

    def impact(self, plan: IsolationPlan, at: datetime | None = None) -> PressureImpact:
        """Customers without water and with low pressure once ``plan`` is carried out; pressures of the time of day ``at``.

        When the process dies it is restarted and the request repeated once; after that, the result is not converged, with a
        message.
        """
        city = self._read()
        task = AskImpact(plan, _seconds_of_day(at if at is not None else self._clock.now(), city.info.time_zone))
        try:
            result = self._asked_twice(task)
        except WorkerFailed as failure:
            return PressureImpact(False, unserved_customers=plan.customers_without_water, message=str(failure))
        found = _expected(result, Impact)
        rows = list(found.low)
        customers = city.customers
        communities = {str(name) for name in customers.community[rows] if name}
        return PressureImpact(
            converged=found.converged,
            unserved_customers=customers.ids(found.unserved),
            low_pressure_customers=customers.ids(found.low),
            low_pressure_households=int(customers.households[rows].sum()),
            low_pressure_communities=tuple(sorted(communities)),
            message=found.message,
        )

    def reopening(self, plan: IsolationPlan, at: datetime | None = None) -> tuple[ReopenCheck, ...]:
        """Supply of the dry pockets after opening each of the plan's candidates, best first; empty when EPANET fails."""
        if not plan.reopen_candidates:
            return ()
        city = self._read()
        at_s = _seconds_of_day(at if at is not None else self._clock.now(), city.info.time_zone)
        try:
            found = _expected(self._asked_twice(AskReopening(plan, at_s)), Reopening)
        except WorkerFailed as failure:
            _log.warning("reopening is not checked: %s", failure)
            return ()
        return tuple(ReopenCheck(*candidate) for candidate in found.candidates)

    def _asked_twice(self, task: Task) -> Result:
        try:
            with self._turn:
                return self._ask(task)
        except _Died:
            if self._closed:
                raise
            with self._turn:
                return self._ask(task)

    def states_of_day(self, step_s: int = 3600) -> tuple[HydraulicState, ...]:
        """The model's day, by time of day (``at_s``), hourly unless told. Raises WorkerFailed."""
        with self._turn:
            result = self._ask(AskDay(step_s))
        return tuple(state for state in _expected(result, tuple) if isinstance(state, HydraulicState))

    def pump_curves(self) -> PumpCurves:
        """Head curves of the model's pumps. Raises WorkerFailed."""
        with self._turn:
            return _expected(self._ask(AskPumps()), PumpCurves)

    def state(
        self,
        at_s: float = 0,
        *,
        leaks: dict[int, float] | None = None,
        valve_states: dict[str, ValveState] | None = None,
        pressure_driven: bool = False,
    ) -> HydraulicState:
        """One snapshot, as EpanetSession.solve. Raises WorkerFailed."""
        with self._turn:
            result = self._ask(AskState(at_s, leaks or {}, valve_states or {}, pressure_driven))
        return _expected(result, HydraulicState)

    def responses(self, at_s: float, nodes: NDArray[np.int64], leaks: Sequence[Mapping[int, float]]) -> Floats:
        """Change of heads, m, (leaks, nodes), as ``burst_responses`` computes it; NaN where EPANET cannot compute it."""
        task = AskResponses(at_s, nodes, tuple(dict(leak) for leak in leaks))
        try:
            with self._turn:
                return _expected(self._ask(task), HeadChanges).change_m
        except WorkerFailed as failure:
            # Without refinement the location of the linearised model stands.
            _log.warning("candidates are not refined: %s", failure)
            return np.full((len(leaks), len(nodes)), np.nan)

    def driven_values(self, readings: BoundaryReadings, modes: TankModes | None) -> DrivenValues:
        """Values of the model driven by measured boundary conditions. Raises WorkerFailed."""
        with self._turn:
            return _expected(self._ask(AskDriven(readings, modes)), DrivenValues)

    def driven_states(self, readings: BoundaryReadings, shut: Bools) -> tuple[HydraulicState, ...]:
        """Whole states of the driven model; ``shut``: (ticks, tanks). Raises WorkerFailed."""
        with self._turn:
            result = self._ask(AskDrivenStates(readings, shut))
        return tuple(state for state in _expected(result, tuple) if isinstance(state, HydraulicState))

    def driven_changes(self, readings: BoundaryReadings, shut: Bools, leaks: Sequence[Mapping[int, float]]) -> Floats:
        """What leaks change at one tick of the driven model, (leaks, channels). Raises WorkerFailed."""
        task = AskDrivenChanges(readings, shut, tuple(dict(leak) for leak in leaks))
        with self._turn:
            return _expected(self._ask(task), HeadChanges).change_m

    def close(self) -> None:
        """End the process and wait for it; later calls raise WorkerFailed."""
        self._closed = True
        connection, process = self._connection, self._process
        # Without the request lock: a hanging request must not prevent the program from ending.
        if connection is not None and process is not None:
            if not self._turn.acquire(timeout=0):
                process.terminate()
                self._turn.acquire()
            try:
                self._end()
            finally:
                self._turn.release()

    def _read(self) -> City:
        if self._city is None:
            from maps.dataset import read_city  # loads pandas, which processes of this package that read no city do without

            self._city = read_city(self._path)
        return self._city

    def _ask(self, task: Task) -> Result:
        """Send one task and wait for its own answer; answers to older requests are dropped."""
        connection = self._running()
        self._generation += 1
        try:
            connection.send(Request(self._generation, task))
            return self._received(connection, self._generation)
        except (EOFError, OSError) as broken:
            code = self._end()
            if not self._closed:
                _log.warning("the EPANET process ended (%s) while it worked on %s", how_ended(code), type(task).__name__)
            raise _Died(
                f"the EPANET process ended unexpectedly ({how_ended(code)}); it starts again when next needed"
            ) from broken

    def _received(self, connection: Connection, generation: int) -> Result:
        while connection.poll(self._timeout_s):
            reply = connection.recv()
            if isinstance(reply, Reply) and reply.generation == generation:
                return reply.result
        self._end()
        raise WorkerFailed(f"the EPANET process gave no answer within {self._timeout_s:g} s and was ended")

    def _running(self) -> Connection:
        if self._closed:
            raise WorkerFailed("the EPANET process was closed with the program")
        if self._connection is not None and self._process is not None and self._process.is_alive():
            return self._connection
        if self._process is not None:
            code = self._end()
            _log.warning("the EPANET process had ended (code %s); starting it again", code)
        return self._started()

    def _started(self) -> Connection:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        # Daemonic: should this process die without closing, the child is ended with it, and EOF ends it anyway.
        process = context.Process(target=serve, args=(str(self._path), theirs), name="quanmai-epanet", daemon=True)
        process.start()
        theirs.close()
        self.restarts += self._started_before
        self._started_before = True
        self._process, self._connection = process, ours
        try:
            loaded = self._received(ours, 0)
        except (EOFError, OSError) as broken:
            code = self._end()
            raise WorkerFailed(f"EPANET crashed while reading {self._path} ({how_ended(code)}); save its model anew") from broken
        if isinstance(loaded, Failed):
            self._end()
            raise WorkerFailed(loaded.message)
        return ours

    def _end(self) -> int | None:
        connection, process = self._connection, self._process
        self._connection = self._process = None
        if connection is not None:
            connection.close()
        return None if process is None else ended(process)


def _seconds_of_day(at: datetime, time_zone: str) -> float:
    local = at.astimezone(ZoneInfo(time_zone))
    return local.hour * 3600.0 + local.minute * 60.0 + local.second


def _expected(result: Result, kind: type[_T]) -> _T:
    if isinstance(result, Failed):
        raise WorkerFailed(result.message)
    if not isinstance(result, kind):
        raise TypeError(f"the EPANET process answered {type(result).__name__} where {kind.__name__} was due")
    return result
