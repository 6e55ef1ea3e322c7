"""Main loop of the simulator process: steps the hidden city along its clock and sends its payloads."""

from __future__ import annotations

import math
import signal
import time
from collections import deque
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from zoneinfo import ZoneInfo

from console.children import end_with_parent
from console.domain.clock import micros
from console.feeds.simulator import encode
from console.feeds.simulator.crews import Rounds
from console.feeds.simulator.history import history, seconds_of_day
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
from console.feeds.simulator.sensors import Sensors
from console.feeds.simulator.world import World
from maps.city import City
from maps.dataset import read_city
from maps.errors import QuanmaiError


def serve(options: SimulatorOptions, connection: Connection) -> None:
    """Entry point of the process; ends on Stop or when the parent closes its end."""
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides: Ctrl+C reaches the whole group
    try:
        city = read_city(Path(options.city_path))
        simulation = Simulation(city, options)
    except QuanmaiError as fault:
        connection.send(Told(str(fault), fatal=True))
        return
    try:
        connection.send(Ready())
        _follow(simulation, options, connection)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # the parent is gone
    finally:
        simulation.close()


def _follow(simulation: Simulation, options: SimulatorOptions, connection: Connection) -> None:
    while True:
        wait_s = options.origin + simulation.due_s / options.speed - time.monotonic()
        # Commands are looked at between any two steps, also when the computing lags behind the clock.
        while connection.poll(max(wait_s, 0.0)):
            command = connection.recv()
            if isinstance(command, Stop):
                return
            for told in simulation.obey(command):
                connection.send(told)
            wait_s = options.origin + simulation.due_s / options.speed - time.monotonic()
        behind_s = (time.monotonic() - options.origin) * options.speed - simulation.due_s
        connection.send(Payloads(tuple(simulation.step(behind_s))))


class Simulation:
    """The hidden city and its sensors, in simulated time only."""

    def __init__(self, city: City, options: SimulatorOptions) -> None:
        self._city, self._options = city, options
        self._zone = ZoneInfo(city.info.time_zone)
        self._world = World(city, options, seconds_of_day(options.start, city.info.time_zone))
        self._sensors = Sensors(city, options)
        self._rounds = Rounds(city, options.seed)
        self._stations, self._crews = tuple(city.stations.asset_id), tuple(city.crews.asset_id)
        self._numbers: dict[int, int] = {}
        self._bursts = deque(sorted(options.bursts))
        start_us, step_us = micros(options.start), options.step_s * 1_000_000
        self.due_s = (math.ceil(start_us / step_us) * step_us - start_us) / 1e6
        """Simulated seconds after the start at which the next readings are taken."""
        self._last_s = 0.0
        self._world.advance(0)

    def close(self) -> None:
        """Close the model."""
        self._world.close()

    def step(self, behind_s: float = 0.0) -> encode.Messages:
        """Readings and crews of the next round. A simulation far behind its clock leaves rounds out to catch up."""
        if behind_s > 10 * self._options.step_s:
            self.due_s += behind_s // self._options.step_s * self._options.step_s
        now_s = self.due_s
        while self._bursts and self._bursts[0][0] <= now_s:
            _, pipe, flow_m3h = self._bursts.popleft()
            self._world.burst(pipe, flow_m3h, 0.5)
        state = self._world.advance(round(now_s))
        stamp_s = now_s / self._options.speed if self._options.real_stamps else now_s
        at = (self._options.start + timedelta(seconds=stamp_s)).astimezone(self._zone)
        messages: encode.Messages = []
        if state.converged:
            sample = self._sensors.measure(state, now_s)
            messages += encode.readings(self._city.info.site, self._stations, sample, at, self._numbers)
        if self._options.crews and self._crews:
            messages += encode.tracks(self._crews, self._rounds.advance(now_s - self._last_s), at)
        self._last_s = now_s
        self.due_s = now_s + self._options.step_s
        return messages

    def obey(self, command: Command) -> list[Told | History]:
        """Carry out a command; one that cannot be done is reported and changes nothing."""
        try:
            match command:
                case Burst(pipe_id=pipe, flow_m3h=flow_m3h, position=position):
                    self._world.burst(pipe, flow_m3h, position)
                case Repair(pipe_id=pipe):
                    self._world.repair(pipe)
                case Valves(closed=closed, opened=opened):
                    self._world.set_valves(closed, opened)
                case Drive(crew_id=crew, to=to, speed_kmh=speed_kmh):
                    self._rounds.send(self._city.crews.row(crew), to, speed_kmh)
                case AskHistory(days=days, step_s=step_s):
                    return [History(history(self._city, self._options, days, step_s))]
                case Stop():
                    pass
        except QuanmaiError as fault:
            return [Told(str(fault))]
        return []


def aware(start: datetime) -> datetime:
    """``start`` in UTC. Raises ValueError for a naive time."""
    if start.tzinfo is None:
        raise ValueError("the start of a simulation needs its zone")
    return start.astimezone(UTC)
