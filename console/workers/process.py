"""Main loop of the EPANET process: loads one city, keeps its model open and serves requests until the pipe closes."""

from __future__ import annotations

import logging
import signal
import traceback
from multiprocessing.connection import Connection
from pathlib import Path

from console.children import end_with_parent
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
from maps.errors import QuanmaiError
from maps.hydraulics.analysis.burst_responses import burst_responses
from maps.hydraulics.analysis.closing_impact import impact_of_closing
from maps.hydraulics.analysis.reopening import reopening
from maps.hydraulics.boundary import BoundaryMeters
from maps.hydraulics.driven import DrivenModel
from maps.hydraulics.session import EpanetSession
from maps.locate.pumps import PumpCurves

_log = logging.getLogger(__name__)


def serve(city_path: str, connection: Connection) -> None:
    """Entry point of the process. Says Failed or an empty tuple once the city is loaded, then answers requests in order."""
    end_with_parent()
    # Ctrl+C reaches the whole group; the parent decides when this process ends, by closing the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from maps.dataset import read_city  # as in ``HydraulicsWorker``

    try:
        city = read_city(Path(city_path))
        session = EpanetSession(city)
    except QuanmaiError as fault:
        connection.send(Reply(0, Failed(str(fault), is_input=True)))
        return
    with session:
        connection.send(Reply(0, ()))
        _answer(city, session, connection)


def _answer(city: City, session: EpanetSession, connection: Connection) -> None:
    while True:
        try:
            request = connection.recv()
        except (EOFError, OSError):
            return  # the parent has ended or closed its end, which is the signal to stop
        if not isinstance(request, Request):
            return
        try:
            connection.send(Reply(request.generation, _carried_out(city, session, request.task)))
        except BrokenPipeError:
            return


def _carried_out(city: City, session: EpanetSession, task: Task) -> Result:
    try:
        match task:
            case AskImpact(plan=plan, at_s=at_s):
                found = impact_of_closing(session, city, plan, at_s)
                unserved, low = found.unserved_customers, found.low_customers
                return Impact(found.converged, found.message, tuple(map(int, unserved)), tuple(map(int, low)))
            case AskReopening(plan=plan, at_s=at_s):
                return Reopening(
                    tuple(
                        (one.valve_id, len(one.served), len(one.low), len(one.dry), one.suffices)
                        for one in reopening(session, city, plan, at_s)
                    )
                )
            case AskDay(step_s=step_s):
                return tuple(session.solve_day(step_s))
            case AskState(at_s=at_s, leaks=leaks, valve_states=states, pressure_driven=driven):
                return session.solve(at_s, leaks=leaks, valve_states=states, pressure_driven=driven)
            case AskResponses(at_s=at_s, nodes=nodes, leaks=leaks):
                return HeadChanges(burst_responses(session, at_s, nodes, leaks))
            case AskPumps():
                return PumpCurves.of(city)
            case AskDriven() | AskDrivenStates() | AskDrivenChanges():
                return _driven(city, session, task)
    except QuanmaiError as fault:
        return Failed(str(fault), is_input=True)
    except Exception:  # noqa: BLE001
        # A defect in one task must not take the loaded model away from the next; the parent raises it with this trace.
        _log.exception("EPANET worker")
        return Failed(traceback.format_exc(limit=5), is_input=False)


def _driven(city: City, session: EpanetSession, task: AskDriven | AskDrivenStates | AskDrivenChanges) -> Result:
    model = DrivenModel(session, BoundaryMeters.of(city))
    if isinstance(task, AskDriven):
        return model.values(task.readings, task.modes)
    if isinstance(task, AskDrivenChanges):
        return HeadChanges(model.changes(task.readings, task.shut, task.leaks))
    return tuple(model.states(task.readings, task.shut))
