"""Boundary conditions that a control room measures, and the values of a model driven by them: plain arrays, no EPANET."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from maps.city import City
from maps.columns import Bools, Floats
from maps.hydraulics.state import HydraulicState
from maps.network import NodeKind, ValveKind

Rows = NDArray[np.int64]
_REGULATING = (ValveKind.PRV, ValveKind.PSV, ValveKind.PBV, ValveKind.FCV)


@dataclass(frozen=True, eq=False)
class BoundaryMeters:
    """What is measured: rows of stations with the node rows or asset ids of links that they measure.

    ``flow_link``: flow positive from the link's ``from_node``; ``supply_sign``: (flows,) 1 where that flow leaves a source, -1
    where it enters one, 0 elsewhere. ``state_link``: pumps, pipes and valves known open or shut. ``tank_area_m2``: (tanks,).
    ``balanced``: whether the flows of all sources and the levels of all tanks are measured. ``is_regulated``: whether regulating
    valves are metered.
    """

    pressure_station: Rows
    pressure_node: Rows
    tank_station: Rows
    tank_node: Rows
    tank_area_m2: Floats
    flow_station: Rows
    flow_link: tuple[str, ...]
    supply_sign: Floats
    state_station: Rows
    state_link: tuple[str, ...]
    balanced: bool
    is_regulated: bool = False

    @property
    def drives(self) -> bool:
        """Whether states of pumps or valves are measured: then the model is driven by them, and by tank levels and inflow.

        Not where regulating valves are metered: the driven model does not follow a change of their setpoint, which would look
        like a burst, and the balance of the zones behind them shows what their pressures hide.
        """
        return len(self.state_link) > 0 and not self.is_regulated

    @classmethod
    def of(cls, city: City) -> BoundaryMeters:
        """What a city's stations measure."""
        stations, nodes = city.stations, city.network.nodes
        channels = [frozenset(part.strip() for part in str(text).split(",")) for text in stations.channels]
        at_node, linked = stations.node >= 0, np.array([bool(str(link)) for link in stations.link], dtype=bool)

        def rows(names: frozenset[str], where: Bools) -> Rows:
            return np.flatnonzero(np.array([bool(names & own) for own in channels], dtype=bool) & where)

        pressure = rows(frozenset({"pressure"}), at_node)
        level = rows(frozenset({"level"}), at_node)
        level = level[nodes.kind[stations.node[level]] == NodeKind.TANK]
        flow = rows(frozenset({"flow"}), linked)
        state = rows(frozenset({"pump_on", "valve_position"}), linked)
        state = state[[_is_switched(city, str(link)) for link in stations.link[state]]] if len(state) else state
        links = tuple(str(link) for link in stations.link[flow])
        tank = stations.node[level].astype(np.int64)
        sign, metered = _supply(city, links)
        fixed = np.flatnonzero(nodes.kind == NodeKind.SOURCE)
        tanks = np.flatnonzero(nodes.kind == NodeKind.TANK)
        return cls(
            pressure,
            stations.node[pressure].astype(np.int64),
            level,
            tank,
            np.asarray(np.pi / 4.0 * np.nan_to_num(nodes.tank_diameter_m[tank]) ** 2),
            flow,
            links,
            sign,
            state,
            tuple(str(link) for link in stations.link[state]),
            balanced=len(fixed) > 0 and metered and bool(np.isin(tanks, tank).all()),
            is_regulated=any(_is_regulating(city, link) for link in links),
        )


@dataclass(frozen=True, eq=False)
class BoundaryReadings:
    """Measured boundary conditions of some ticks, in order of time.

    ``at_s``: (ticks,) second of the day; ``level_m``: (ticks, tanks); ``is_open``: (ticks, states) 1 or 0; NaN: as in the model's
    own day. ``demand_factor``: (ticks,) factor on all demands. ``pressure_m``: (ticks, pressures), to decide whether a tank at
    its limit is shut off; NaN where unknown. ``is_smooth``: demand patterns are interpolated between their periods.
    """

    at_s: Floats
    level_m: Floats
    is_open: Floats
    demand_factor: Floats
    pressure_m: Floats
    is_smooth: bool = False

    def part(self, ticks: slice | Rows) -> BoundaryReadings:
        """Some of the ticks."""
        return BoundaryReadings(
            self.at_s[ticks],
            self.level_m[ticks],
            self.is_open[ticks],
            self.demand_factor[ticks],
            self.pressure_m[ticks],
            self.is_smooth,
        )


@dataclass(frozen=True, eq=False)
class TankModes:
    """Carried from tick to tick.

    ``shut``: (tanks,) shut off at a limit; ``usual_m``: (pressures,) slow mean of the residuals, ``typical_m`` of their mean
    absolute change.
    """

    shut: Bools
    usual_m: Floats
    typical_m: float = 0.0
    started: bool = False


@dataclass(frozen=True, eq=False)
class OtherModes:
    """Model values with one tank in the other mode, of ticks at which its level is so near a limit that it may be in either.

    ``tick``, ``tank``: (n,) rows of the ticks' arrays; ``pressure_m`` (n, pressures), ``flow_m3h`` (n, flows), ``inflow_m3h`` (n,
    tanks).
    """

    tick: Rows
    tank: Rows
    pressure_m: Floats
    flow_m3h: Floats
    inflow_m3h: Floats

    def plus(self, change: OtherModes) -> OtherModes:
        """The same ticks and tanks with other values."""
        return replace(
            self,
            pressure_m=self.pressure_m + change.pressure_m,
            flow_m3h=self.flow_m3h + change.flow_m3h,
            inflow_m3h=self.inflow_m3h + change.inflow_m3h,
        )

    def less(self, main: OtherModes) -> OtherModes:
        """By how much the values differ from those of ``main``."""
        return replace(
            self,
            pressure_m=self.pressure_m - main.pressure_m,
            flow_m3h=self.flow_m3h - main.flow_m3h,
            inflow_m3h=self.inflow_m3h - main.inflow_m3h,
        )

    def of_ticks(self, rows: Rows) -> OtherModes:
        """Those of some ticks, ``rows`` ascending, numbered anew."""
        kept = np.flatnonzero(np.isin(self.tick, rows))
        place = np.searchsorted(rows, self.tick[kept])
        return OtherModes(place, self.tank[kept], self.pressure_m[kept], self.flow_m3h[kept], self.inflow_m3h[kept])

    @classmethod
    def joined(cls, parts: Sequence[tuple[int, OtherModes]]) -> OtherModes:
        """Parts one after the other, each with the number of ticks before it."""
        return cls(
            np.concatenate([first + part.tick for first, part in parts]),
            np.concatenate([part.tank for _, part in parts]),
            np.concatenate([part.pressure_m for _, part in parts]),
            np.concatenate([part.flow_m3h for _, part in parts]),
            np.concatenate([part.inflow_m3h for _, part in parts]),
        )

    @classmethod
    def none(cls, pressures: int, flows: int, tanks: int) -> OtherModes:
        """No tank is near a limit."""
        rows = np.zeros(0, dtype=np.int64)
        return cls(rows, rows, np.zeros((0, pressures)), np.zeros((0, flows)), np.zeros((0, tanks)))


@dataclass(frozen=True, eq=False)
class DrivenValues:
    """Model values of some ticks: ``pressure_m`` (ticks, pressures), ``flow_m3h`` (ticks, flows), ``inflow_m3h`` (ticks, tanks).

    ``demand_m3h``: (ticks,) total; ``shut``: (ticks, tanks); NaN where EPANET did not converge. ``modes``: to carry on from.
    """

    pressure_m: Floats
    flow_m3h: Floats
    inflow_m3h: Floats
    demand_m3h: Floats
    shut: Bools
    modes: TankModes
    others: OtherModes

    def part(self, rows: Rows) -> DrivenValues:
        """Some of the ticks, ``rows`` ascending; ``modes`` stay those of the last tick of all."""
        names = ("pressure_m", "flow_m3h", "inflow_m3h", "demand_m3h", "shut")
        return replace(self, **{name: getattr(self, name)[rows] for name in names}, others=self.others.of_ticks(rows))

    @classmethod
    def joined(cls, parts: Sequence[DrivenValues]) -> DrivenValues:
        """Parts one after the other."""
        first = np.cumsum([0, *(len(part.demand_m3h) for part in parts)])
        return cls(
            np.concatenate([part.pressure_m for part in parts]),
            np.concatenate([part.flow_m3h for part in parts]),
            np.concatenate([part.inflow_m3h for part in parts]),
            np.concatenate([part.demand_m3h for part in parts]),
            np.concatenate([part.shut for part in parts]),
            parts[-1].modes,
            OtherModes.joined([(int(begin), part.others) for begin, part in zip(first[:-1], parts, strict=True)]),
        )


class DrivenSolver(Protocol):
    """Solves the model of one city under its measured boundary conditions: in this process, or in the EPANET process."""

    def values(self, readings: BoundaryReadings, modes: TankModes | None = None) -> DrivenValues:
        """Model values of each tick."""
        ...

    def states(self, readings: BoundaryReadings, shut: Bools) -> Sequence[HydraulicState]:
        """Whole states at some ticks; ``shut``: (ticks, tanks) as found before."""
        ...

    def changes(self, readings: BoundaryReadings, shut: Bools, leaks: Sequence[Mapping[int, float]]) -> Floats:
        """What each of ``leaks`` (m³/h at node rows) changes at the one tick of ``readings``: (leaks, channels).

        NaN where unsolved. ``shut``: (tanks,). Channels: pressures (m), metered flows, then tanks' inflows (m³/h).
        """
        ...


def _is_switched(city: City, link: str) -> bool:
    """Whether a link is open or shut by command: pumps, pipes, valves that do not regulate (a PRV finds its opening itself)."""
    network = city.network
    if network.valves.has(link):
        return not _is_regulating(city, link)
    return bool(network.pumps.has(link) or network.pipes.has(link))


def _is_regulating(city: City, link: str) -> bool:
    valves = city.network.valves
    return bool(valves.has(link)) and valves.kind[valves.row(link)] in _REGULATING


def _supply(city: City, links: Sequence[str]) -> tuple[Floats, bool]:
    """(sign of each metered link as supply, whether all links at sources are metered)."""
    network = city.network
    source = network.nodes.kind == NodeKind.SOURCE
    sign, unmetered = np.zeros(len(links)), False
    place = {name: number for number, name in enumerate(links)}
    for table in (network.pipes, network.pumps, network.valves):
        start, end = table.from_node, table.to_node
        joined = (start >= 0) & (end >= 0)
        leaves = joined & source[np.maximum(start, 0)]
        enters = joined & source[np.maximum(end, 0)]
        for row in np.flatnonzero(leaves != enters):
            number = place.get(str(table.asset_id[row]))
            if number is None:
                unmetered = True
            else:
                sign[number] = 1.0 if leaves[row] else -1.0
    return sign, not unmetered
