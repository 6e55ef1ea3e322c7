"""The true city of a recording: demands, roughness and bursts that no detector sees, stepped through weeks by EPANET."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2

from console.bench.pumped.recording import DAY_STEPS, STEP_S, WINDOW_TICKS, Burst, Recording, RecordingOptions
from console.bench.pumped.sensors import Sensors
from maps.city import City
from maps.columns import Floats
from maps.errors import InputFault
from maps.hydraulics.running_model import RunningModel
from maps.hydraulics.session import EpanetSession
from maps.hydraulics.state import HydraulicState
from maps.network import NodeKind, PipeStatus

_SETTLING_STEPS = 2 * DAY_STEPS
"""The perturbed city starts from the unperturbed tank levels."""
_ZONES = 6
_NODE_MEMORY_S, _ZONE_MEMORY_S, _CITY_MEMORY_S, _DAY_MEMORY_S = 1800.0, 7200.0, 7200.0, 172_800.0
_WINDOWS = 96
_LEAST_PRESSURE_M = 10.0
_PRESSURE_LEFT = 0.3
"""Of the pressure at a broken pipe: below it the pipe cannot pass a leak of that size."""
_MOST_TRIES = 400
_MOST_UNSOLVED = 0.1


def record(city: City, options: RecordingOptions, progress: Callable[[float], None] | None = None) -> Recording:
    """A recording of ``city`` (all stations).

    Raises InputFault where no pipe can pass the bursts asked for, or EPANET cannot solve a tenth of the ticks.
    """
    junction = city.network.nodes.kind == NodeKind.JUNCTION
    with EpanetSession(city) as session:
        day = session.solve_day(3600)
    # Mean consumption equals the mean inflow from sources over a cycle of the tanks.
    inflow = float(np.mean([np.nansum(state.demand_m3h[junction]) for state in day]))
    usual_m = np.asarray(np.mean([state.pressure_m for state in day], axis=0))
    planned = _planned(city, options, inflow)
    with EpanetSession(city) as session:
        made = _World(session, options).run(planned, inflow, usual_m, progress)
    if made.unsolved_ticks > _MOST_UNSOLVED * made.ticks:
        raise InputFault(f"{city.info.name}: EPANET solves only {made.ticks - made.unsolved_ticks} of {made.ticks} ticks")
    return made


def _planned(city: City, options: RecordingOptions, inflow: float) -> list[Burst]:
    """Bursts in their order, on pipes that can pass them in the nominal model at noon."""
    random = np.random.default_rng((options.seed, 3))
    sizes = random.permutation(np.repeat(options.sizes, options.bursts))
    slot, lasts = round(options.slot_h * 3600 / STEP_S), round(options.burst_h * 3600 / STEP_S)
    quiet = options.quiet_days * DAY_STEPS // 2
    found = []
    with EpanetSession(city) as session:
        calm = session.solve(43_200)
        for place, size in enumerate(sizes.tolist()):
            begin = options.history_days * DAY_STEPS + quiet * (1 if place < len(sizes) // 2 else 2) + place * slot
            start = begin + int(random.integers(0, slot // 2))
            pipe, share = _breakable(city, session, calm, size * inflow, random)
            found.append(Burst(str(city.network.pipes.asset_id[pipe]), start, start + lasts, size, share, size * inflow))
    return found


def _breakable(
    city: City, session: EpanetSession, calm: HydraulicState, flow_m3h: float, random: np.random.Generator
) -> tuple[int, float]:
    pipes, kind = city.network.pipes, city.network.nodes.kind
    for _ in range(_MOST_TRIES):
        pipe, share = int(random.integers(0, len(pipes))), float(random.random())
        ends = np.array([pipes.from_node[pipe], pipes.to_node[pipe]])
        able = (kind[ends] == NodeKind.JUNCTION).all() and pipes.status[pipe] == PipeStatus.OPEN and calm.pipe_open[pipe]
        if not able or not (calm.pressure_m[ends] > _LEAST_PRESSURE_M).all():
            continue
        hurt = session.solve(43_200, leaks=leaks_of(city, pipe, share, flow_m3h))
        if hurt.converged and (hurt.pressure_m[ends] > _PRESSURE_LEFT * calm.pressure_m[ends]).all():
            return pipe, share
    raise InputFault(f"{city.info.name}: of {_MOST_TRIES} random pipes none can pass a burst of {flow_m3h:.0f} m³/h")


def leaks_of(city: City, pipe: int, share: float, flow_m3h: float) -> dict[int, float]:
    """Outflow at node rows of a burst at ``share`` of a pipe's length, m³/h."""
    start, end = int(city.network.pipes.from_node[pipe]), int(city.network.pipes.to_node[pipe])
    leaks = {start: flow_m3h * (1.0 - share)}
    leaks[end] = leaks.get(end, 0.0) + flow_m3h * share
    return leaks


def hidden_city(city: City, options: RecordingOptions) -> tuple[Floats, Floats]:
    """What the true city has other than the nominal one: factors on demand (nodes,) and on roughness (pipes,)."""
    hidden = np.random.default_rng((options.seed, 1))
    nodes, pipes = len(city.network.nodes), len(city.network.pipes)
    demand = np.exp(hidden.normal(0.0, options.demand_sigma, nodes) - options.demand_sigma**2 / 2)
    return np.asarray(demand), np.clip(1.0 + hidden.normal(0.0, options.roughness_sigma, pipes), 0.5, 1.5)


class _World:
    """One run of the true city."""

    def __init__(self, session: EpanetSession, options: RecordingOptions) -> None:
        self._session, self._city, self._options = session, session.city, options
        self._model = RunningModel(session, 0.0, STEP_S)
        self._model.perturb(*hidden_city(self._city, options))
        self._demand = _DemandInTime(self._city, options)
        self._sensors = Sensors(self._city, options)

    def run(self, planned: list[Burst], inflow: float, usual_m: Floats, progress: Callable[[float], None] | None) -> Recording:
        """``usual_m``: (nodes,) mean pressure of the nominal day."""
        history = self._options.history_days * DAY_STEPS
        slots = round(len(planned) * self._options.slot_h * 3600 / STEP_S)
        ticks = history + self._options.quiet_days * DAY_STEPS + slots
        windows = np.linspace(0, history - WINDOW_TICKS, min(_WINDOWS, history // WINDOW_TICKS)).astype(int)
        sampled = {int(first) + k: (window, k) for window, first in enumerate(windows) for k in range(WINDOW_TICKS)}
        unknown = np.full((len(windows), WINDOW_TICKS, len(self._city.stations)), np.nan)
        leaks = _Leaks(self._city, planned, usual_m)
        signal = np.full((len(planned), len(self._city.stations)), np.nan)
        for tick in range(-_SETTLING_STEPS, ticks):
            factors = self._demand.step(tick)
            self._model.vary(factors.true)
            state = self._model.advance((tick + _SETTLING_STEPS) * STEP_S)
            if tick in sampled:
                unknown[sampled[tick]] = self._unknown(factors, state)
            if leaks.stop(tick, self._model):
                state = self._again()
            started = leaks.start(tick, self._model, state)
            if started is not None:
                before, state = state, self._again()
                signal[started] = self._sensors.heads(state) - self._sensors.heads(before)
            if tick >= 0:
                leaks.measure(state)
                self._sensors.take(state)
            if progress is not None and tick % DAY_STEPS == 0:
                progress(max(tick, 0) / ticks)
        return Recording(leaks.measured(), history, self._sensors.readings(), signal, unknown, inflow, self._sensors.unsolved)

    def _unknown(self, factors: _Factors, state: HydraulicState) -> Floats:
        """(stations,) m: the present head less that of the same total demand without the chance of nodes and zones."""
        junction = self._city.network.nodes.kind == NodeKind.JUNCTION
        drawn = np.where(junction, np.nan_to_num(state.demand_m3h), 0.0)
        self._model.vary(factors.known(drawn))
        known = self._again()
        self._model.vary(factors.true)
        self._again()  # tanks go on with the flows of the last solution
        return self._sensors.heads(state) - self._sensors.heads(known)

    def _again(self) -> HydraulicState:
        """The same moment solved once more, with changed demands or leaks; tanks do not move."""
        usable, message = self._session.project.run()
        return self._session.read(0.0, usable, message)


class _Leaks:
    """The bursts of a recording as leaks that vary with the square root of pressure.

    The outflow asked for is that at the first moment's pressure, or at half the usual one where a pump's stop leaves less: the
    hole would else be many times too large.
    """

    def __init__(self, city: City, planned: list[Burst], usual_m: Floats) -> None:
        self._planned, self._least_m = planned, usual_m / 2.0
        pipes = city.network.pipes
        self._flows = [leaks_of(city, pipes.row(one.pipe), one.share, one.flow_m3h) for one in planned]
        self._before: dict[int, HydraulicState] = {}
        self._measured: list[list[float]] = [[] for _ in planned]

    def start(self, tick: int, model: RunningModel, state: HydraulicState) -> int | None:
        """Begin the burst of this tick; its number."""
        number = next((k for k, one in enumerate(self._planned) if one.start == tick), None)
        if number is not None:
            self._before[number] = replace(state, pressure_m=np.fmax(state.pressure_m, self._least_m))
            model.add_leak(number, self._flows[number], self._before[number])
        return number

    def stop(self, tick: int, model: RunningModel) -> bool:
        """Repair the burst that ends at this tick."""
        number = next((k for k in self._before if self._planned[k].end == tick), None)
        if number is not None:
            model.stop_leak(number)
            del self._before[number]
        return number is not None

    def measure(self, state: HydraulicState) -> None:
        """Note the outflow of those that run."""
        for number, before in self._before.items():
            rows, flows = list(self._flows[number]), np.array(list(self._flows[number].values()))
            share = np.maximum(state.pressure_m[rows], 0.0) / np.maximum(before.pressure_m[rows], 1.0)
            self._measured[number].append(float((flows * np.sqrt(share)).sum()))

    def measured(self) -> tuple[Burst, ...]:
        """The bursts with their mean outflow."""
        flows = zip(self._planned, self._measured, strict=True)
        return tuple(replace(one, flow_m3h=float(np.mean(flow))) for one, flow in flows)


@dataclass(frozen=True, eq=False)
class _Factors:
    """Multiples of nodes' mean demands: ``common`` to all by time and city, and each node's ``own`` by chance, (nodes,)."""

    common: float
    own: Floats

    @property
    def true(self) -> Floats:
        """Both, (nodes,)."""
        return self.own * self.common

    def known(self, demand_m3h: Floats) -> Floats:
        """The same for every node, (nodes,), with the city's total unchanged: what a perfect model with all meters has.

        ``demand_m3h``: (nodes,) at present, 0 where none.
        """
        usual = float((demand_m3h / np.maximum(self.own, 1e-3)).sum())
        return np.full(len(self.own), self.common * (float(demand_m3h.sum()) / usual if usual else 1.0))


class _DemandInTime:
    """Weekends, day-to-day drift and AR(1) noise of city, zones and nodes."""

    def __init__(self, city: City, options: RecordingOptions) -> None:
        self._random, self._options = np.random.default_rng((options.seed, 2)), options
        nodes = city.network.nodes
        place = np.column_stack([np.nan_to_num(nodes.x), np.nan_to_num(nodes.y)])
        zones = min(_ZONES, len(nodes))
        _, self._zone = kmeans2(place, zones, seed=np.random.default_rng((options.seed, 5)), minit="++")
        self._noise = [
            _Ar1(self._random, size, sigma, memory)
            for size, sigma, memory in (
                (len(nodes), options.node_sigma, _NODE_MEMORY_S),
                (zones, options.zone_sigma, _ZONE_MEMORY_S),
                (1, options.city_sigma, _CITY_MEMORY_S),
                (1, options.day_sigma, _DAY_MEMORY_S),
            )
        ]
        self._weekend = self._random.uniform(0.9, 1.0), self._random.uniform(0.03, 0.1)

    def step(self, tick: int) -> _Factors:
        node, zone, city, day = (noise.step() for noise in self._noise)
        common = (1.0 + city[0]) * (1.0 + day[0]) * self._of_week(tick)
        own = np.maximum(1.0 + node, 0.0) * (1.0 + zone[self._zone])
        return _Factors(float(common), own)

    def _of_week(self, tick: int) -> float:
        """Saturdays and Sundays use somewhat less, and later in the morning."""
        day, hour = tick // DAY_STEPS % 7, tick % DAY_STEPS / 12.0
        if day < 5:
            return 1.0
        level, late = self._weekend
        return float(level + late * np.sin(2.0 * np.pi * (hour - 7.0) / 12.0) * np.exp(-(((hour - 9.0) / 4.0) ** 2)))


class _Ar1:
    """An AR(1) process at ticks, with a variance independent of the tick."""

    def __init__(self, random: np.random.Generator, size: int, sigma: float, memory_s: float) -> None:
        self._random, self._sigma = random, sigma
        self._kept = float(np.exp(-STEP_S / memory_s))
        self._value: NDArray[np.float64] = random.normal(0.0, sigma, size)

    def step(self) -> Floats:
        fresh = np.sqrt(1.0 - self._kept**2) * self._random.normal(0.0, self._sigma, len(self._value))
        self._value = self._kept * self._value + fresh
        return self._value
