"""Driven model: snapshots of the nominal model with measured tank levels, link states and total demand as boundary conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from epanet import toolkit as en

from maps.city import City
from maps.columns import Bools, Floats
from maps.hydraulics.boundary import BoundaryMeters, BoundaryReadings, DrivenValues, OtherModes, Rows, TankModes
from maps.hydraulics.model_day import DAY_S
from maps.hydraulics.session import EpanetSession
from maps.hydraulics.smooth_patterns import SmoothPatterns
from maps.hydraulics.state import HydraulicState

_NEAR_LIMIT_M = 0.05
"""A tank this near its lowest or highest level may be shut off by its float valve; readings of centimetres cannot show which."""
_INSIDE_M = 0.002
_UNEXPLAINED_M = 0.15
_UNUSUAL = 1.3
_BETTER = 0.8
_LARGEST_M = 10.0
_ROUNDS = 3
_OTHER_TICKS = 6
_FOLLOW, _FOLLOW_AT_MOST_M = 0.02, 0.01


class DrivenModel:
    """Solves snapshots of a city's model under measured boundary conditions; about one EPANET solution a tick.

    The session is used by nothing else meanwhile. Controls and rules of the model do not act: the measured states replace them.
    """

    def __init__(self, session: EpanetSession, meters: BoundaryMeters) -> None:
        self._session, self._meters = session, meters
        project, rows = session.project, session.elements
        handle = project.handle
        self._pressure = rows.node[meters.pressure_node]
        self._tank = rows.node[meters.tank_node]
        elevation = project.node_values(en.ELEVATION) * session.length_m
        self._elevation_m = elevation[self._pressure]
        ends = np.array([en.getlinknodes(handle, link + 1) for link in range(project.links)], dtype=np.int64).reshape(-1, 2) - 1
        self._into = [(np.flatnonzero(ends[:, 1] == tank), np.flatnonzero(ends[:, 0] == tank)) for tank in self._tank]
        self._flow, self._sign = _links(session.city, session, meters.flow_link)
        self._state, _ = _links(session.city, session, meters.state_link)
        self._kind = [en.getlinktype(handle, int(link) + 1) for link in self._state]
        speeds = [en.getlinkvalue(handle, int(link) + 1, en.INITSETTING) for link in self._state]
        self._speed = [speed if kind == en.PUMP and speed > 0 else 1.0 for speed, kind in zip(speeds, self._kind, strict=True)]
        self._low, self._high = (self._limit(code) for code in (en.MINLEVEL, en.MAXLEVEL))
        self._junction = np.array([en.getnodetype(handle, node + 1) == en.JUNCTION for node in range(project.nodes)], dtype=bool)
        self._hour = -1
        self._open: tuple[float, ...] = ()
        self._patterns = SmoothPatterns(session)

    def start(self) -> TankModes:
        """Modes before the first tick."""
        return TankModes(np.zeros(len(self._tank), dtype=bool), np.zeros(len(self._pressure)))

    def values(self, readings: BoundaryReadings, modes: TankModes | None = None) -> DrivenValues:
        """Model values of each tick; a session's own settings are restored at the end."""
        ticks, now = len(readings.at_s), modes or self.start()
        pressure, flow = np.full((ticks, len(self._pressure)), np.nan), np.full((ticks, len(self._flow)), np.nan)
        inflow, demand = np.full((ticks, len(self._tank)), np.nan), np.full(ticks, np.nan)
        shut = np.zeros((ticks, len(self._tank)), dtype=bool)
        near, others = self._near(readings.level_m), _Others()
        with _Driving(self._session), self._patterns:
            self._hour, self._open = -1, ()
            for tick in range(ticks):
                solved, now = self._tick(readings, tick, now)
                shut[tick] = now.shut
                if solved:
                    pressure[tick] = self._pressures()
                    flow[tick], inflow[tick] = self._flows()
                    drawn = self._session.project.node_values(en.DEMAND)[self._junction]
                    demand[tick] = drawn.sum() * self._session.flow_m3h
                    for tank in np.flatnonzero(near[tick]):
                        main = OtherModes(np.array([tick]), np.array([tank]), *(one[[tick]] for one in (pressure, flow, inflow)))
                        key = readings.is_open[tick].tobytes() + now.shut.tobytes()
                        if not others.follows(main, key):
                            others.add(main, self._other(readings, tick, now.shut, int(tank)), key)
        none = OtherModes.none(len(self._pressure), len(self._flow), len(self._tank))
        return DrivenValues(pressure, flow, inflow, demand, shut, now, OtherModes.joined([(0, none), *others.found]))

    def states(self, readings: BoundaryReadings, shut: Bools) -> list[HydraulicState]:
        """Whole states at some ticks, with the modes (ticks, tanks) found before."""
        found = []
        with _Driving(self._session), self._patterns:
            self._hour, self._open = -1, ()
            for tick, at_s in enumerate(readings.at_s):
                self._set(readings, tick, shut[tick])
                found.append(self._session.read(float(at_s % DAY_S), self._solved(), ""))
        return found

    def changes(self, readings: BoundaryReadings, shut: Bools, leaks: Sequence[Mapping[int, float]]) -> Floats:
        """What each of ``leaks`` (m³/h at node rows) changes at the one tick of ``readings``: (leaks, channels).

        NaN where unsolved. Channels: pressures (m), metered flows, then tanks' inflows (m³/h). Levels, states and demand stay.
        """
        size = len(self._pressure) + len(self._flow) + len(self._tank)
        found = np.full((len(leaks), size), np.nan)
        factor = float(readings.demand_factor[0])
        with _Driving(self._session), self._patterns:
            self._hour, self._open = -1, ()
            self._set(readings, 0, shut)
            if not self._solved():
                return found
            quiet = self._all_values()
            for row, leak in enumerate(leaks):
                with self._session.drawing(factor, leak):
                    if self._solved():
                        found[row] = self._all_values() - quiet
        return found

    def _all_values(self) -> Floats:
        return np.concatenate([self._pressures(), *self._flows()])

    def _flows(self) -> tuple[Floats, Floats]:
        """(metered flows, tanks' inflows), m³/h."""
        flows = self._session.project.link_values(en.FLOW) * self._session.flow_m3h
        inflow = [flows[into].sum() - flows[out].sum() for into, out in self._into]
        return np.asarray(flows[self._flow] * self._sign), np.array(inflow, dtype=np.float64)

    def _near(self, level_m: Floats) -> Bools:
        """Whether a tank may be shut off or not: its level is near a limit, and not beyond it."""
        return np.asarray((np.abs(level_m - self._high) <= _NEAR_LIMIT_M) | (np.abs(level_m - self._low) <= _NEAR_LIMIT_M))

    def _other(self, readings: BoundaryReadings, tick: int, shut: Bools, tank: int) -> OtherModes | None:
        """A tick with one tank in its other mode; None where EPANET does not converge."""
        other = shut.copy()
        other[tank] ^= True
        self._set(readings, tick, other)
        if not self._solved():
            return None
        return OtherModes(
            np.array([tick]), np.array([tank]), self._pressures()[None, :], *(one[None, :] for one in self._flows())
        )

    def _limit(self, code: int) -> Floats:
        handle, unit = self._session.project.handle, self._session.length_m
        return np.array([en.getnodevalue(handle, int(tank) + 1, code) * unit for tank in self._tank], dtype=np.float64)

    def _tick(self, readings: BoundaryReadings, tick: int, before: TankModes) -> tuple[bool, TankModes]:
        level, pressure = readings.level_m[tick], readings.pressure_m[tick]
        beyond = (level > self._high + _NEAR_LIMIT_M) | (level < self._low - _NEAR_LIMIT_M)
        near = self._near(level) & ~beyond
        shut = np.where(near, before.shut, beyond)
        solved, cost = self._cost(readings, tick, shut, before.usual_m)
        if near.any() and (cost > max(_UNEXPLAINED_M, _UNUSUAL * before.typical_m) or not before.started):
            shut = self._best(readings, tick, shut, cost, np.flatnonzero(near), before.usual_m)
            solved, cost = self._cost(readings, tick, shut, before.usual_m)
        usual = before.usual_m
        if solved:
            off = np.nan_to_num(pressure - self._pressures() - usual)
            usual = usual + np.clip(_FOLLOW * off, -_FOLLOW_AT_MOST_M, _FOLLOW_AT_MOST_M)
        typical = before.typical_m + _FOLLOW * (min(cost, 2.0 * before.typical_m + _UNEXPLAINED_M) - before.typical_m)
        return solved, TankModes(shut, usual, typical, started=True)

    def _best(self, readings: BoundaryReadings, tick: int, shut: Bools, cost: float, near: Rows, usual_m: Floats) -> Bools:
        """Modes that fit the pressures best: one tank changed at a time, or all of them together."""
        for _ in range(_ROUNDS):
            others = np.repeat(shut[None, :], len(near) + 2, axis=0)
            others[np.arange(len(near)), near] ^= True
            others[-2][near], others[-1][near] = True, False
            costs = [self._cost(readings, tick, other, usual_m)[1] for other in others]
            best = int(np.argmin(costs))
            if not costs[best] < _BETTER * cost:
                break
            shut, cost = others[best], costs[best]
        return shut

    def _cost(self, readings: BoundaryReadings, tick: int, shut: Bools, usual_m: Floats) -> tuple[bool, float]:
        """(whether EPANET converged, mean absolute change of the residuals, each at most 10 m)."""
        self._set(readings, tick, shut)
        solved = self._solved()
        off = np.abs(readings.pressure_m[tick] - self._pressures() - usual_m)
        known = off[np.isfinite(off)]
        return solved, float(np.minimum(known, _LARGEST_M).mean()) if solved and len(known) else _LARGEST_M

    def _pressures(self) -> Floats:
        heads = self._session.project.node_values(en.HEAD) * self._session.length_m
        return np.asarray(heads[self._pressure] - self._elevation_m)

    def _solved(self) -> bool:
        project = self._session.project
        _, usable, _ = project.guarded(lambda: en.initH(project.handle, en.NOSAVE))
        return usable and project.run()[0]

    def _set(self, readings: BoundaryReadings, tick: int, shut: Bools) -> None:
        session, at_s = self._session, float(readings.at_s[tick])
        handle = session.project.handle
        after_start = (at_s - session.clock_s) % DAY_S
        pattern_s = round(session.pattern_start_s + after_start)
        en.settimeparam(handle, en.PATTERNSTART, pattern_s)
        if readings.is_smooth:
            self._patterns.set(pattern_s)
        self._take_day(after_start)
        level, unit = readings.level_m[tick], session.length_m
        inside = np.clip(level, self._low + _INSIDE_M, np.maximum(self._high - _INSIDE_M, self._low + _INSIDE_M))
        limit = np.where(np.abs(level - self._high) < np.abs(level - self._low), self._high, self._low)
        for tank, known, metres in zip(self._tank, np.isfinite(level), np.where(shut, limit, inside), strict=True):
            if known:
                en.setnodevalue(handle, int(tank) + 1, en.TANKLEVEL, float(metres / unit))
        self._open_links(readings.is_open[tick])
        en.setoption(handle, en.DEMANDMULT, session.demand_multiplier * float(readings.demand_factor[tick]))

    def _take_day(self, after_start_s: float) -> None:
        """Levels and states that nobody measures, as the model's own day has them at this hour."""
        session, hour = self._session, int(after_start_s // 3600)
        if hour == self._hour:
            return
        self._hour, self._open = hour, ()
        if session.links.has_memory and session.has_day:
            session.links.set_point(session.operation().before(after_start_s % DAY_S), timed_controls=False)

    def _open_links(self, is_open: Floats) -> None:
        if tuple(is_open) == self._open:
            return
        self._open = tuple(is_open)
        handle = self._session.project.handle
        for link, kind, speed, opened in zip(self._state, self._kind, self._speed, is_open, strict=True):
            if link < 0 or not np.isfinite(opened) or kind == en.CVPIPE:
                continue
            en.setlinkvalue(handle, int(link) + 1, en.INITSTATUS, float(opened > 0))
            if opened > 0 and kind == en.PUMP:
                en.setlinkvalue(handle, int(link) + 1, en.INITSETTING, float(speed))


def driven_model(session: EpanetSession) -> DrivenModel | None:
    """The model of a session driven by what the city's stations measure; None where no state of a pump or valve is measured."""
    meters = BoundaryMeters.of(session.city)
    return DrivenModel(session, meters) if meters.drives and len(meters.pressure_node) else None


class _Others:
    """Collects ticks in other modes. What a mode changes moves slowly: it is solved again every half hour or with a new state."""

    def __init__(self) -> None:
        self.found: list[tuple[int, OtherModes]] = []
        self._last: dict[int, tuple[int, bytes, OtherModes]] = {}

    def add(self, main: OtherModes, other: OtherModes | None, key: bytes) -> None:
        """One tick and tank; ``main``: in the mode taken, ``key``: of all states."""
        if other is not None:
            self.found.append((0, other))
            self._last[int(main.tank[0])] = int(main.tick[0]), key, other.less(main)

    def follows(self, main: OtherModes, key: bytes) -> bool:
        """Add a tick by what was solved shortly before, where nothing switched since; whether that was possible."""
        tick, before, change = self._last.get(int(main.tank[0]), (0, b"", main))
        if before != key or int(main.tick[0]) - tick >= _OTHER_TICKS:
            return False
        self.found.append((0, main.plus(change)))
        return True


class _Driving:
    """Context without controls and rules; restores what a session expects."""

    def __init__(self, session: EpanetSession) -> None:
        self._session = session
        handle = session.project.handle
        numbers = range(1, en.getcount(handle, en.CONTROLCOUNT) + 1)
        self._controls = [n for n in numbers if int(en.getcontrol(handle, n)[1]) - 1 not in session.links.held]
        self._rules = range(1, en.getcount(handle, en.RULECOUNT) + 1)
        self._duration = int(en.gettimeparam(handle, en.DURATION))

    def __enter__(self) -> None:
        session = self._session
        if session.links.has_memory and session.has_day:
            session.operation()  # the model's own day is run with its controls
        self._before = session.links.point()
        self._enable(0)
        en.settimeparam(session.project.handle, en.DURATION, 0)

    def __exit__(self, *reason: object) -> None:
        session, handle = self._session, self._session.project.handle
        session.links.set_point(self._before, timed_controls=False)
        self._enable(1)
        en.settimeparam(handle, en.DURATION, self._duration)
        en.settimeparam(handle, en.PATTERNSTART, session.pattern_start_s)
        en.setoption(handle, en.DEMANDMULT, session.demand_multiplier)

    def _enable(self, enabled: int) -> None:
        handle = self._session.project.handle
        for number in self._controls:
            en.setcontrolenabled(handle, number, enabled)
        for number in self._rules:
            en.setruleenabled(handle, number, enabled)


def _links(city: City, session: EpanetSession, names: Sequence[str]) -> tuple[Rows, Floats]:
    """(EPANET link index from 0, sign of the table's direction) of each asset id; -1 where the model has none."""
    network, rows = city.network, session.elements
    index, sign = np.full(len(names), -1, dtype=np.int64), np.ones(len(names))
    for place, name in enumerate(names):
        if network.pumps.has(name):
            index[place] = rows.pump[network.pumps.row(name)]
        elif network.valves.has(name):
            index[place] = rows.valve[network.valves.row(name)]
        elif network.pipes.has(name):
            row = network.pipes.row(name)
            index[place], sign[place] = rows.pipe[row], rows.pipe_sign[row]
    return index, sign
