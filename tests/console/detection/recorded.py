"""Recordings simulated by EPANET with a truth that differs from the model, and a detector with the desk's services on them.

The truth's demands and roughness differ by seed; valves, pumps and leaks are simulated by EPANET itself, so that the tested
code gets only the readings.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import count
from types import TracebackType
from typing import Any, Self

import numpy as np
from epanet import toolkit as en
from numpy.typing import NDArray

from console.detection import Detector, DetectorOptions, History
from console.detection.finding import BurstFinding, OperationFinding, StationFinding
from console.detection.state_channels import SwitchWatch
from console.documents import NoticeDocuments
from console.domain.actors import Actor
from console.domain.alarms import Alarm, AlarmKind
from console.domain.changes import ChangeSet
from console.domain.clock import moment
from console.domain.readings import CHANNEL_BY_NAME, Channel, Quality
from console.services.alarms.operations import EnterOperation
from console.services.desk import Desk, DeskSettings, DeskState
from maps.city import City
from maps.hydraulics.analysis.burst_responses import burst_responses
from maps.hydraulics.running_model import RunningModel
from maps.hydraulics.session import EpanetSession
from maps.hydraulics.state import HydraulicState
from maps.isolation import Isolator
from maps.network import ValveState
from maps.units import KPA_PER_METRE

START_US = 1_704_067_200_000_000
READING_SIGMA_M, FLOW_SIGMA, OPENING_SIGMA = 0.03, 0.01, 0.3
HISTORY_S, DAY_US, QUIET_TICKS = 300, 86_400_000_000, 14
_MEMORY_S = 900.0
_USUAL_OPENING, _REQUIRED_M = 40.0, 14.0


class Truth:
    """A city followed through time by EPANET; ``readings`` moves on by a step and measures every station."""

    def __init__(self, city: City, step_s: int, seed: int = 1, *, node_sigma: float = 0.1, city_sigma: float = 0.01) -> None:
        self.city, self.step_s = city, step_s
        self._random = np.random.default_rng(seed)
        self._session = EpanetSession(city)
        self._handle = self._session.project.handle
        # Demand falls with pressure: a zone that is cut off has none.
        unit = self._session.pressure_per_m
        en.setdemandmodel(self._handle, en.PDA, 0.0, _REQUIRED_M * unit, 0.5)
        self._model = RunningModel(self._session, 0, step_s)
        nodes, pipes = len(city.network.nodes), len(city.network.pipes)
        demand = np.exp(self._random.normal(0.0, 0.3, nodes) - 0.045)
        self._model.perturb(demand, np.clip(1.0 + self._random.normal(0.0, 0.1, pipes), 0.5, 1.5))
        self._node_noise, self._city_noise = np.zeros(nodes), 0.0
        self._sigmas = node_sigma, city_sigma
        self._elapsed_s = 0
        self._holes = count(1)
        self._largest: dict[int, float] = {}
        self._setting_m: dict[str, float] = {}
        self.state: HydraulicState = self._model.advance(0)
        self._sensors = [
            (row, CHANNEL_BY_NAME[name])
            for row, names in enumerate(city.stations.channels)
            for name in str(names).split(",")
        ]  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._session.close()

    def readings(self) -> NDArray[np.float32]:
        """(stations, channels) of the next step, inside units, with noise; NaN where a station does not measure."""
        self._elapsed_s += self.step_s
        kept = float(np.exp(-self.step_s / _MEMORY_S))
        fresh, (node_sigma, city_sigma) = np.sqrt(1.0 - kept**2), self._sigmas
        self._node_noise = kept * self._node_noise + fresh * self._random.normal(0.0, node_sigma, len(self._node_noise))
        self._city_noise = kept * self._city_noise + fresh * self._random.normal(0.0, city_sigma)
        self._model.vary(np.maximum(1.0 + self._node_noise, 0.0) * (1.0 + self._city_noise))
        self.state = self._model.advance(self._elapsed_s)
        assert self.state.converged, self.state.message
        value = np.full((len(self.city.stations), len(Channel)), np.nan, dtype=np.float32)
        for row, channel in self._sensors:
            value[row, channel] = self._measured(row, channel)
        return value

    def burst(self, pipe: str, flow_m3h: float) -> None:
        """A hole in the middle of a pipe."""
        pipes = self.city.network.pipes
        row = pipes.row(pipe)
        ends = {int(pipes.from_node[row]), int(pipes.to_node[row])}
        self.draw({end: flow_m3h / len(ends) for end in ends})

    def draw(self, flows_m3h: dict[int, float]) -> None:
        """Water taken at node rows (a hydrant, a hole), by the square root of pressure."""
        self._model.add_leak(next(self._holes), flows_m3h, self.state)

    def set_reducing(self, valve: str, setting_m: float) -> None:
        """Another outlet pressure of a reducing valve, m."""
        self._setting_m[valve] = setting_m
        en.setlinkvalue(self._handle, self._link(valve), en.SETTING, setting_m * self._session.pressure_per_m)

    def setting_m(self, valve: str) -> float:
        """The setpoint of a PRV's outlet pressure, m, whether the valve holds it or not."""
        if valve not in self._setting_m:
            raw = float(en.getlinkvalue(self._handle, self._link(valve), en.SETTING))
            self._setting_m[valve] = raw / self._session.pressure_per_m
        return self._setting_m[valve]

    def switch(self, link: str, *, on: bool) -> None:
        """Open or shut a valve link, run or stop a pump, whatever it was set to."""
        en.setlinkvalue(self._handle, self._link(link), en.STATUS, 1.0 if on else 0.0)

    def open_valve(self, valve: str) -> None:
        """A valve of the streets that was shut."""
        self._model.set_valves({valve: ValveState.OPEN})

    def _link(self, asset: str) -> int:
        network, elements = self.city.network, self._session.elements
        for table, places in (
            (network.valves, elements.valve),
            (network.pumps, elements.pump),
            (network.pipes, elements.pipe),
        ):
            if table.has(asset):
                return int(places[table.row(asset)]) + 1
        raise KeyError(asset)

    def _measured(self, row: int, channel: Channel) -> float:
        stations, state = self.city.stations, self.state
        node, link = int(stations.node[row]), str(stations.link[row])
        match channel:
            case Channel.PRESSURE:
                return (float(state.pressure_m[node]) + READING_SIGMA_M * self._random.standard_normal()) * KPA_PER_METRE
            case Channel.LEVEL:
                return float(state.pressure_m[node]) + 0.005 * self._random.standard_normal()
            case Channel.FLOW:
                return self._flow(link) * (1.0 + FLOW_SIGMA * self._random.standard_normal())
            case Channel.PUMP_ON:
                return float(abs(self._flow(link)) > 0.01)
            case Channel.SETPOINT:
                return self.setting_m(link)
            case Channel.VALVE_POSITION:
                return self._opening(link) + OPENING_SIGMA * self._random.standard_normal()
            case _:
                return float("nan")  # EPANET's hydraulics give no water quality

    def _flow(self, link: str) -> float:
        network, state = self.city.network, self.state
        for table, flows in (
            (network.valves, state.valve_flow_m3h),
            (network.pumps, state.pump_flow_m3h),
            (network.pipes, state.pipe_flow_m3h),
        ):
            if table.has(link):
                return float(flows[table.row(link)])
        raise KeyError(link)

    def _opening(self, valve: str) -> float:
        """Per cent, of a valve whose flow goes with opening and the root of its head loss; usually 40 %."""
        valves, state = self.city.network.valves, self.state
        row = valves.row(valve)
        drop = max(float(state.head_m[valves.from_node[row]] - state.head_m[valves.to_node[row]]), 0.05)
        passed = abs(float(state.valve_flow_m3h[row])) / np.sqrt(drop)
        whole = self._largest.setdefault(row, max(passed, 1e-3) * 100.0 / _USUAL_OPENING)
        return float(min(100.0 * passed / whole, 100.0))


@dataclass(frozen=True, eq=False)
class Scene:
    """A city whose quiet days a detector has learned; every ``room`` begins the morning after, with a detector of its own."""

    city: City
    detector: Detector
    shared: dict[int, Any]
    days: int
    seed: int

    @contextmanager
    def room(self, step_s: int = 300) -> Iterator[Room]:
        """The detector after an hour without events."""
        with Truth(self.city, step_s, self.seed) as truth:
            room = Room(truth, copy.deepcopy(self.detector, dict(self.shared)), START_US + self.days * DAY_US)
            room.ticks(QUIET_TICKS)
            assert not room.bursts
            room.operations.clear()
            room.stations.clear()
            yield room


@contextmanager
def learned(city: City, days: int, seed: int, tick_s: int = 300) -> Iterator[Scene]:
    """A scene of ``days`` quiet days, a reading every five minutes; ``tick_s``: of the detector afterwards."""
    with EpanetSession(city) as session:
        states = session.solve_day(3600)
        options = DetectorOptions(tick_s=float(tick_s), time_zone="UTC")
        detector = Detector(city, states, options, responses=partial(burst_responses, session))
        with Truth(city, HISTORY_S, seed) as truth:
            table = np.stack([truth.readings() for _ in range(days * 86_400 // HISTORY_S)])
        at_us = START_US + np.arange(1, len(table) + 1) * HISTORY_S * 1_000_000
        kept = (Channel.PRESSURE, Channel.FLOW)
        detector.learn(History(at_us, {int(one): np.ascontiguousarray(table[:, :, one]) for one in kept}))
        # Copies share immutable objects; EPANET's session cannot be copied.
        shared: dict[int, Any] = {id(one): one for one in (city, detector.responses, *states)}
        yield Scene(city, detector, shared, days, seed)


@dataclass(eq=False)
class Room:
    """The detector with the desk's services, called in the engine's order."""

    truth: Truth
    detector: Detector
    now_us: int
    bursts: list[BurstFinding] = field(default_factory=list)
    operations: list[OperationFinding] = field(default_factory=list)
    stations: list[StationFinding] = field(default_factory=list)

    def __post_init__(self) -> None:
        city, settings = self.truth.city, DeskSettings(site="test")
        self._switches = SwitchWatch(city)
        self._desk = Desk(city, Isolator(city), NoticeDocuments(settings, "test", lambda: moment(self.now_us)), settings)
        self._state = DeskState()

    def ticks(self, count: int) -> None:
        """Steps of the truth, each through detector and desk."""
        for _ in range(count):
            self._tick()

    def enter(self, code: str, asset_id: str, minutes: int) -> None:
        """Enter an operation at the desk, from now on."""
        now = moment(self.now_us)
        self._take(
            self._desk.carry_out(
                self._state, EnterOperation(code, asset_id, now, now + timedelta(minutes=minutes)), Actor.named("li"), now
            )
        )

    def _tick(self) -> None:
        value = self.truth.readings().astype(np.float64)
        self.now_us += self.truth.step_s * 1_000_000
        at_us = np.where(np.isfinite(value), self.now_us, 0).astype(np.int64)
        quality = np.full(value.shape, Quality.GOOD, dtype=np.uint8)
        now = moment(self.now_us)
        disturbed = any(incident.is_open() for incident in self._state.incidents.values())
        result = self.detector.tick(value, at_us, quality, self.now_us, disturbed=disturbed)
        operations = (*self._switches.tick(value, np.isfinite(value), self.now_us), *result.operations)
        for operation in operations:
            self._take(self._desk.on_operation(self._state, operation, now))
        for burst in (*result.bursts, *result.revisions):
            self._take(self._desk.on_burst(self._state, burst, now))
        self._take(self._desk.on_stations(self._state, result.stations, now))
        self._take(self._desk.on_time(self._state, now))
        self.bursts += result.bursts
        self.operations += operations
        self.stations += result.stations

    def _take(self, changes: ChangeSet) -> None:
        self._state = self._state.applied(changes, ())

    def alarms(self, kind: AlarmKind = AlarmKind.BURST) -> list[Alarm]:
        """Alarms at the desk, oldest first."""
        return [alarm for alarm in self._state.alarms.values() if alarm.kind is kind]

    def named(self) -> set[tuple[str, str]]:
        """(kind, asset) of the reported operations."""
        return {(one.kind, one.pump_id) for one in self.operations}

    def faults(self) -> list[str]:
        """Codes of station findings that began."""
        return [one.code for one in self.stations if one.active]
