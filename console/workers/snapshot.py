"""One hydraulic snapshot in a process of its own: EPANET holds the interpreter lock, and may be ended at any time."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from console.children import end_with_parent, how_ended
from maps.city import City
from maps.errors import QuanmaiError
from maps.hydraulics.state import HydraulicState


class SnapshotFailed(QuanmaiError):
    """The model could not be solved; says why."""


class Snapshot:
    """``solve`` blocks (any thread); ``stop`` ends it at once, from another thread."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._process: BaseProcess | None = None
        self._stopped = False

    def solve(self, at_s: float) -> HydraulicState:
        """The model at ``at_s`` seconds after midnight. Raises SnapshotFailed."""
        if self._city.epanet is None:
            raise SnapshotFailed(f"{self._city.info.name}: no hydraulic model in this city")
        context = multiprocessing.get_context("spawn")
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=_solve, args=(self._city, at_s, sender), daemon=True)
        self._process = process
        process.start()
        sender.close()
        try:
            answer = receiver.recv()
        except (EOFError, OSError) as fault:
            process.join(5.0)
            how = "stopped" if self._stopped else f"the process that solves the model ended ({how_ended(process.exitcode)})"
            raise SnapshotFailed(how) from fault
        finally:
            receiver.close()
            process.join(5.0)
        if self._stopped:
            raise SnapshotFailed("stopped")
        if isinstance(answer, str):
            raise SnapshotFailed(answer)
        state: HydraulicState = answer
        return state

    def stop(self) -> None:
        """End the process; ``solve`` raises."""
        self._stopped = True
        process = self._process
        if process is not None and process.is_alive():
            process.terminate()


def _solve(city: City, at_s: float, connection: Connection) -> None:
    from maps.hydraulics.session import EpanetSession

    end_with_parent()
    try:
        with EpanetSession(city) as session:
            state = session.solve(at_s)
        connection.send(state if state.converged else f"the model was not solved: {state.message}")
    except QuanmaiError as fault:
        connection.send(str(fault))
    finally:
        connection.close()
