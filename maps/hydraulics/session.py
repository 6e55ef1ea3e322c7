"""EpanetSession: one loaded model for repeated solves; converts between model and internal units.

Never ``setflowunits``: it corrupts constant-power pumps (heads moved 14 m on ky10).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Self

import numpy as np
from epanet import toolkit as en
from numpy.typing import NDArray

from maps.city import City
from maps.columns import Codes, Floats
from maps.errors import InputFault
from maps.hydraulics.elements import Elements, by_row
from maps.hydraulics.link_states import LinkSwitch
from maps.hydraulics.model_day import DAY_S, Operation, stepped
from maps.hydraulics.project import Project
from maps.hydraulics.state import HydraulicState, LinkStatus
from maps.network import ValveKind, ValveState
from maps.units import FOOT_M, is_us_flow_unit, m3h_per_flow_unit

_LEAK_PATTERN = "QM-LEAK"
_PSI_PER_M = 1.0 / (FOOT_M / 0.4333)
"""EPANET's own factor: 0.4333 psi a foot of water."""
_HOLDS_WITHIN = 0.05
"""Tolerance around a valve's setting within which it counts as active: metres, or a 20th of the flow."""


class EpanetSession:
    """Context manager over a city's model. Raises InputFault when it has none or EPANET refuses it.

    ``at_s`` is seconds after midnight of the city's day. A snapshot starts from the tank levels and link states that the
    model's own day (its controls and rules obeyed, from its initial levels) has at the hour before ``at_s``; the day is
    run once, when first asked for a later moment than its start, and only for models with tanks or controls. A model made
    for one moment (duration 0, as ky10) has no day of its own: only its patterns move.
    """

    def __init__(self, city: City) -> None:
        if city.epanet is None:
            raise InputFault(f"{city.info.name}: no hydraulic model in this city; import an .inp or build one from the tables")
        self.city = city
        self.project = Project(city.epanet.inp, city.info.name)
        try:
            self.elements = Elements(self.project, city.network, city.epanet)
            self._prepare()
        except BaseException:
            self.project.close()
            raise

    def _prepare(self) -> None:
        handle, unit = self.project.handle, self.project.flow_unit
        self.flow_m3h = m3h_per_flow_unit(unit)
        self.length_m = FOOT_M if is_us_flow_unit(unit) else 1.0
        self._elevation_m = self.project.node_values(en.ELEVATION) * self.length_m
        self.demand_multiplier = float(en.getoption(handle, en.DEMANDMULT))
        self._demand_model = en.getdemandmodel(handle)
        self.pattern_start_s = int(en.gettimeparam(handle, en.PATTERNSTART))
        self.clock_s = int(en.gettimeparam(handle, en.STARTTIME)) % DAY_S
        en.addpattern(handle, _LEAK_PATTERN)  # one multiplier of 1: the default pattern must not move leaks
        self.has_day = int(en.gettimeparam(handle, en.DURATION)) >= 3600
        self.links = LinkSwitch(self.project)
        self._shut = self.elements.shut_links({})
        for link in self._shut:
            self.links.shut(link)
        self._find_regulating_valves()
        self._operation: Operation | None = None
        self.project.open_hydraulics()

    def _find_regulating_valves(self) -> None:
        """Rows of regulating valves by kind, and the elevation of the node whose pressure a PRV or PSV holds."""
        valves, nodes = self.city.network.valves, self.city.network.nodes
        kinds = (ValveKind.PRV, ValveKind.PSV, ValveKind.PBV, ValveKind.FCV)
        rows = [(kind, np.flatnonzero(valves.kind == kind)) for kind in kinds]
        self._regulating = [(kind, at) for kind, at in rows if len(at)]
        node = np.maximum(np.where(valves.kind == ValveKind.PRV, valves.to_node, valves.from_node), 0)
        self._held_elevation_m = np.nan_to_num(nodes.elevation_m[node]) if len(valves) else np.zeros(0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the model; later calls fail."""
        self.project.close()

    def solve(
        self,
        at_s: float = 0,
        *,
        demand_factor: float = 1.0,
        leaks: Mapping[int, float] | None = None,
        valve_states: Mapping[str, ValveState] | None = None,
        closed_pipes: Collection[int] = (),
        stopped_pumps: Collection[int] = (),
        pressure_driven: bool = False,
        minimum_m: float = 0.0,
        required_m: float = 14.0,
    ) -> HydraulicState:
        """One snapshot. ``leaks``: m³/h drawn at node rows on top of demand, whatever ``demand_factor`` (> 0).

        ``valve_states`` (asset id) overrides the tables' states; ``closed_pipes``, ``stopped_pumps``: rows. Pressure-driven:
        nothing is delivered at ``minimum_m``, all of the demand from ``required_m`` (Wagner's curve, exponent 0.5).
        All changes are undone before it returns.
        """
        if demand_factor <= 0:
            raise ValueError("demand_factor must be above zero")
        shut = self.elements.shut_links(valve_states or {}, closed_pipes)
        shut |= {int(self.elements.pump[row]) for row in stopped_pumps} - {-1}
        with (
            self._at(at_s),
            self._switched(shut, self.elements.opened_links(valve_states or {})),
            self.drawing(demand_factor, leaks or {}),
            self._driven(pressure_driven, minimum_m, required_m),
        ):
            _, usable, message = self.project.guarded(lambda: en.initH(self.project.handle, en.INITFLOW))
            if usable:
                usable, message = self.project.run()
            return self.read(at_s, usable, message)

    def solve_day(self, step_s: int = 3600, *, progress: Callable[[float], None] | None = None) -> Sequence[HydraulicState]:
        """The model's day as EPANET steps it: tanks fill and empty, controls and rules act. States in order of ``at_s``.

        A day that EPANET cannot finish in a reasonable number of steps ends with states that are not converged, with a message.
        Raises ValueError for a step that does not divide a day.
        """
        if step_s <= 0 or DAY_S % step_s:
            raise ValueError("step_s must divide a day")
        if not self.has_day:
            return [self.solve(at_s) for at_s in range(0, DAY_S, step_s)]
        found: dict[int, HydraulicState] = {}
        failure: HydraulicState | None = None
        for after_start, converged, message in stepped(self.project, step_s):
            state = self.read((after_start + self.clock_s) % DAY_S, converged, message)
            if converged:
                found[after_start] = state
            else:
                failure = state
            if progress is not None:
                progress(after_start / DAY_S)
        if failure is not None:
            for after_start in set(range(0, DAY_S, step_s)) - found.keys():
                found[after_start] = replace(failure, at_s=(after_start + self.clock_s) % DAY_S)
        return sorted(found.values(), key=lambda state: state.at_s)

    def operation(self) -> Operation:
        """Tank levels and link states over the model's day, run once."""
        if self._operation is None:
            self._operation = Operation.of(self.project, self.links)
        return self._operation

    def diagnose(self) -> tuple[bool, str]:
        """(whether EPANET converges at the start and over the day, its message or "")."""
        first = self.solve(self.clock_s)
        if not first.converged:
            return False, first.message
        day = self.solve_day()
        failed = next((state for state in day if not state.converged), None)
        if failed is not None:
            return False, failed.message
        return True, "; ".join(dict.fromkeys(state.message for state in (first, *day) if state.message))

    def forget_day(self) -> None:
        """Discard the stored day after a change of the model; it is run again when next needed."""
        self._operation = None

    def read(self, at_s: float, converged: bool, message: str) -> HydraulicState:
        """EPANET's present solution, in table rows and internal units."""
        project, rows, network = self.project, self.elements, self.city.network
        heads = project.node_values(en.HEAD) * self.length_m
        flows = project.link_values(en.FLOW) * self.flow_m3h
        is_open = project.link_values(en.STATUS) > 0
        head = by_row(heads, rows.node)
        valve_flow = by_row(flows, rows.valve)
        if converged and not np.isfinite(heads).all():
            converged, message = False, "EPANET gave heads that are not numbers"
        return HydraulicState(
            at_s=at_s,
            converged=converged,
            message=message,
            head_m=head,
            pressure_m=head - by_row(self._elevation_m, rows.node),
            demand_m3h=by_row(project.node_values(en.DEMAND), rows.node) * self.flow_m3h,
            pipe_flow_m3h=by_row(flows, rows.pipe) * rows.pipe_sign,
            pump_flow_m3h=by_row(flows, rows.pump),
            valve_flow_m3h=valve_flow,
            valve_status=self._valve_status(head, valve_flow, np.append(is_open, False)[rows.valve]),
            pipe_open=np.append(is_open, False)[rows.pipe] if len(network.pipes) else np.zeros(0, dtype=bool),
        )

    def _valve_status(self, head: Floats, flow: Floats, is_open: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Codes:
        """Status of control valves: EPANET reports only open or closed; a valve counts as active while it holds its setting."""
        valves = self.city.network.valves
        start, end = np.maximum(valves.from_node, 0), np.maximum(valves.to_node, 0)
        if not len(valves):
            return np.zeros(0, dtype=np.uint8)
        off = np.full(len(valves), np.nan)
        for kind, at in self._regulating:
            off[at] = self._off_setting(kind, at, head[start[at]], head[end[at]], flow[at])
        holds = (np.abs(off) < _HOLDS_WITHIN) & (np.abs(head[start] - head[end]) > 1e-4)
        status = np.where(is_open, np.where(holds, LinkStatus.ACTIVE, LinkStatus.OPEN), LinkStatus.CLOSED)
        return np.where(self.elements.valve >= 0, status, LinkStatus.NA).astype(np.uint8)

    def _off_setting(self, kind: ValveKind, at: NDArray[np.int64], start_m: Floats, end_m: Floats, flow_m3h: Floats) -> Floats:
        """Distance from the setting of regulating valves of one kind: metres of water, of an FCV a share of its setting.

        ``at``: valve rows; the heads at their ends and their flows.
        """
        setting = self.city.network.valves.setting[at]
        if kind == ValveKind.FCV:
            return (flow_m3h - setting) / np.maximum(np.abs(setting), 1e-6)
        if kind == ValveKind.PBV:
            return start_m - end_m - setting
        return (end_m if kind == ValveKind.PRV else start_m) - self._held_elevation_m[at] - setting

    @contextmanager
    def _at(self, at_s: float) -> Iterator[None]:
        """Context with patterns at a time of day, and tank levels and link states of the model's day at that time."""
        handle, links = self.project.handle, self.links
        after_start = (at_s - self.clock_s) % DAY_S if at_s < DAY_S else at_s - self.clock_s
        en.settimeparam(handle, en.PATTERNSTART, round(self.pattern_start_s + after_start))
        before = links.point()
        remembers = after_start >= 3600 and links.has_memory and self.has_day
        try:
            if remembers:
                links.set_point(self.operation().before(after_start % DAY_S), timed_controls=False)
            yield
        finally:
            if remembers:
                links.set_point(before, timed_controls=True)
            en.settimeparam(handle, en.PATTERNSTART, self.pattern_start_s)

    @contextmanager
    def _switched(self, shut: set[int], opened: set[int]) -> Iterator[None]:
        extra, freed = shut - self._shut, self._shut - shut
        try:
            for link in freed | opened:
                self.links.release(link)
            for link in extra:
                self.links.shut(link)
            yield
        finally:
            for link in extra:
                self.links.restore(link)
            for link in opened:
                self.links.restore(link)
            for link in freed:
                self.links.shut(link)

    @contextmanager
    def drawing(self, factor: float, leaks: Mapping[int, float]) -> Iterator[None]:
        """Context with all demands times ``factor`` (> 0) and ``leaks``, m³/h at node rows, on top of them."""
        handle = self.project.handle
        scale = self.demand_multiplier * factor
        added: list[int] = []
        try:
            en.setoption(handle, en.DEMANDMULT, scale)
            for row, leak_m3h in leaks.items():
                index = int(self.elements.node[row]) + 1
                if index > 0 and en.getnodetype(handle, index) == en.JUNCTION:
                    en.adddemand(handle, index, float(leak_m3h) / self.flow_m3h / scale, _LEAK_PATTERN, "leak")
                    added.append(index)
            yield
        finally:
            for index in added:
                en.deletedemand(handle, index, en.getnumdemands(handle, index))
            en.setoption(handle, en.DEMANDMULT, self.demand_multiplier)

    @contextmanager
    def _driven(self, pressure_driven: bool, minimum_m: float, required_m: float) -> Iterator[None]:
        if not pressure_driven:
            yield
            return
        handle, unit = self.project.handle, self.pressure_per_m
        en.setdemandmodel(handle, en.PDA, minimum_m * unit, max(required_m, minimum_m + 0.1) * unit, 0.5)
        try:
            yield
        finally:
            en.setdemandmodel(handle, *self._demand_model)

    @property
    def pressure_per_m(self) -> float:
        """The model's pressure units per metre of water."""
        unit = int(en.getoption(self.project.handle, en.PRESS_UNITS))
        per_m = {en.PSI: _PSI_PER_M, en.KPA: 6.894757 * _PSI_PER_M, en.BAR: 0.06894757 * _PSI_PER_M, en.FEET: 1.0 / FOOT_M}
        return per_m.get(unit, 1.0)
