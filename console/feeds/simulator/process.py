"""SimulatorProcess: the parent's handle on the simulated city; passes its payloads to a sink."""

from __future__ import annotations

import logging
import multiprocessing
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Self

from console.children import how_ended
from console.domain.readings import ReadingBatch
from console.feeds.simulator.options import (
    AskHistory,
    Burst,
    Command,
    Drive,
    History,
    Payloads,
    Ready,
    Repair,
    SimulatorOptions,
    Stop,
    Told,
    Valves,
)
from console.feeds.simulator.serve import aware, serve
from maps.errors import QuanmaiError

_log = logging.getLogger(__name__)
_END_S = 3.0
Sink = Callable[[str, bytes], object]


class SimulatorFailed(QuanmaiError):
    """The simulator could not load the city, or its process died; the message says why."""


class SimulatorProcess:
    """Context manager. ``sink`` is called with (topic, payload) on a reader thread of this process.

    ``start``: simulated time (aware) at which the clock stands when ``start()`` is called; ``speed``: simulated seconds a real
    second; ``bursts``: (simulated seconds after the start, pipe id, m³/h). Readings come every ``step_s`` of simulated time.
    """

    def __init__(
        self,
        city_path: Path,
        *,
        sink: Sink,
        start: datetime,
        seed: int = 1,
        speed: float = 1.0,
        bursts: Sequence[tuple[float, str, float]] = (),
        step_s: int = 60,
        glitches_a_day: float = 0.1,
        origin: Callable[[], float] = time.monotonic,
        real_stamps: bool = False,
    ) -> None:
        """Prepare the process; ``start`` begins it.

        ``origin``: gives, when the process starts, the ``time.monotonic()`` that corresponds to ``start``; by default the moment
        of starting.
        """
        if speed <= 0 or step_s <= 0:
            raise ValueError("speed and step_s must be above zero")
        self._options = SimulatorOptions(
            city_path=str(city_path), seed=seed, speed=speed, start=aware(start), origin=0.0,
            bursts=tuple(bursts), step_s=step_s, glitches_a_day=glitches_a_day, real_stamps=real_stamps,
        )  # fmt: skip
        self._origin = origin
        self._sink = sink
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None
        self._reader: threading.Thread | None = None
        self._ready = threading.Event()
        self._histories: queue.Queue[ReadingBatch] = queue.Queue()
        self._stopping = False
        self.failure = ""
        """Why the process ended by itself, "" while it has not."""
        self.told: list[str] = []
        """Commands that could not be carried out, one sentence each."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the process; the simulated clock runs from here on, also while the city loads."""
        if self._process is not None:
            raise ValueError("this simulator runs already")
        options = replace(self._options, origin=self._origin())
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(options, theirs), name="quanmai-simulator", daemon=True)
        self._process.start()
        theirs.close()
        self._reader = threading.Thread(target=self._read, args=(self._connection,), name="simulator-reader", daemon=True)
        self._reader.start()

    @property
    def is_ready(self) -> bool:
        """Whether the city is loaded and the process runs."""
        return self._ready.is_set() and not self.failure

    def wait_ready(self, timeout_s: float = 60.0) -> None:
        """Block until the city is loaded. Raises SimulatorFailed."""
        if not self._ready.wait(timeout_s):
            raise SimulatorFailed(f"the simulator was not ready within {timeout_s:g} s")
        if self.failure:
            raise SimulatorFailed(self.failure)

    def command_burst(self, pipe_id: str, flow_m3h: float, position: float = 0.5) -> None:
        """Break a pipe at the next step; ``position`` along it, 0 to 1. An unknown pipe is reported in ``told``."""
        self._send(Burst(pipe_id, flow_m3h, position))

    def command_repair(self, pipe_id: str) -> None:
        """Repair a broken pipe at the next step."""
        self._send(Repair(pipe_id))

    def command_valves(self, closed: Sequence[str], opened: Sequence[str] = ()) -> None:
        """Valves that are now closed in the field; replaces earlier commands."""
        self._send(Valves(tuple(closed), tuple(opened)))

    def command_crew(self, crew_id: str, to: tuple[float, float] | None, speed_kmh: float = 25.0) -> None:
        """Send a crew to a point (network's CRS), in a straight line; None: back to its rounds."""
        self._send(Drive(crew_id, to, speed_kmh))

    def history(self, days: int, step_s: int = 300, timeout_s: float = 120.0) -> ReadingBatch:
        """Readings of the ``days`` before the start, every ``step_s``. Blocks. Raises SimulatorFailed."""
        self._send(AskHistory(days, step_s))
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            try:
                return self._histories.get(timeout=0.2)
            except queue.Empty:
                if self.failure:
                    raise SimulatorFailed(self.failure) from None
        raise SimulatorFailed(f"no history within {timeout_s:g} s")

    def stop(self) -> None:
        """End the process and the reader thread; safe to call twice."""
        self._stopping = True
        process, connection, reader = self._process, self._connection, self._reader
        if process is None or connection is None:
            return
        try:
            connection.send(Stop())
        except OSError as gone:
            _log.debug("the simulator had ended: %s", gone)
        process.join(_END_S)
        if process.is_alive():
            process.terminate()
            process.join(_END_S)
        if reader is not None and reader is not threading.current_thread():
            reader.join(_END_S)
        connection.close()
        process.close()
        self._process = self._connection = self._reader = None

    def _send(self, command: Command) -> None:
        if self._connection is None:
            raise SimulatorFailed("the simulator is not running")
        try:
            self._connection.send(command)
        except OSError as gone:
            raise SimulatorFailed(self.failure or "the simulator has ended") from gone

    def _read(self, connection: Connection) -> None:
        try:
            while True:
                self._take(connection.recv())
        except (EOFError, OSError):
            if not self._stopping and not self.failure:
                self.failure = f"{self._options.city_path}: the simulator's process ended unexpectedly ({self._how_ended()})"
                _log.error(self.failure)
        finally:
            self._ready.set()

    def _how_ended(self) -> str:
        process = self._process
        if process is None:
            return "stopped"
        process.join(_END_S)
        return how_ended(process.exitcode)

    def _take(self, report: object) -> None:
        match report:
            case Payloads(messages=messages):
                for topic, payload in messages:
                    if not self._stopping:
                        self._sink(topic, payload)
            case Ready():
                self._ready.set()
            case History(batch=batch):
                self._histories.put(batch)
            case Told(message=message, fatal=fatal):
                _log.warning("simulator: %s", message)
                self.told.append(message)
                if fatal:
                    self.failure = message
