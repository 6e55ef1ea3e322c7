"""EpanetSession: one loaded model, solved again and again; units change at this door.

A solve is a snapshot: pattern time set, tanks at their initial level. Never ``setflowunits`` (it corrupts
constant-power pumps): the model keeps its units, the numbers are converted.
"""

from __future__ import annotations

import ctypes
import tempfile
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import numpy as np
from epanet import toolkit as en
from numpy.typing import NDArray

from maps.city import City, EpanetModel
from maps.errors import InputFault
from maps.hydraulics.state import HydraulicState, LinkState
from maps.network import PipeNetwork, ValveKind, ValveState
from maps.units import FOOT_M, is_us_flow_unit, m3h_per_flow_unit

_FLOW_UNITS = ("CFS", "GPM", "MGD", "IMGD", "AFD", "LPS", "LPM", "MLD", "CMH", "CMD", "CMS")
_WARNINGS = {
    1: "did not converge within the trials allowed",
    2: "hydraulically unstable: a balance was reached only with link states held",
    3: "part of the network is cut off from every source",
    4: "a pump cannot deliver the head or flow asked of it",
    5: "a valve cannot deliver the flow or pressure set",
    6: "negative pressures where water is demanded",
}
"""EPANET 2.2 warning codes, in our words. Only 1 leaves heads that mean nothing."""


class _Door:
    """Vectors of the toolkit as numpy arrays; the buffer is reused, results are copied."""

    def __init__(self, project: Any) -> None:
        self.project = project
        self.nodes, self.links = en.getcount(project, en.NODECOUNT), en.getcount(project, en.LINKCOUNT)
        size = max(self.nodes, self.links, 1)
        self._raw = en.doubleArray(size)
        self._view = np.frombuffer((ctypes.c_double * size).from_address(int(self._raw.cast())))

    def node(self, code: int) -> NDArray[np.float64]:
        en.getnodevalues(self.project, code, self._raw)
        return self._view[: self.nodes].copy()

    def link(self, code: int) -> NDArray[np.float64]:
        en.getlinkvalues(self.project, code, self._raw)
        return self._view[: self.links].copy()


class EpanetSession:
    """Context manager over a city's model. Raises InputFault when there is none or EPANET refuses its text."""

    def __init__(self, city: City) -> None:
        if city.epanet is None:
            raise InputFault(f"{city.info.name}: no hydraulic model in this dataset; import one or build it from the tables")
        self.city = city
        self._folder = tempfile.TemporaryDirectory(prefix="quanmai-epanet-")
        folder = Path(self._folder.name)
        (folder / "model.inp").write_text(city.epanet.inp, encoding="utf-8")
        self._project = en.createproject()
        try:
            with _quiet():
                en.open(self._project, str(folder / "model.inp"), str(folder / "model.rpt"), "")
        except Exception as refusal:  # the toolkit knows only bare Exception
            report = folder / "model.rpt"
            told = _first_error(report.read_text(errors="replace")) if report.exists() else ""
            self.close()
            raise InputFault(f"{city.info.name}: EPANET refuses the model: {told or refusal}") from refusal
        self._door = _Door(self._project)
        unit = _FLOW_UNITS[en.getflowunits(self._project)]
        self._flow, self._length = m3h_per_flow_unit(unit), FOOT_M if is_us_flow_unit(unit) else 1.0
        self._rows = _Rows(self._project, city.network, city.epanet)
        self._demand_model = en.getdemandmodel(self._project)
        self._statuses = self._door.link(en.INITSTATUS)
        self._settings = self._door.link(en.INITSETTING)
        en.settimeparam(self._project, en.DURATION, 0)
        en.openH(self._project)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the model go; later calls fail."""
        if self._project is not None:
            with _quiet():
                en.close(self._project)
                en.deleteproject(self._project)
            self._project = None
        self._folder.cleanup()

    def solve(
        self,
        at_s: int = 0,
        *,
        demand_factor: float = 1.0,
        leaks: Mapping[int, float] | None = None,
        valve_states: Mapping[str, ValveState] | None = None,
        closed_pipes: Collection[int] = (),
        pressure_driven: bool = False,
        minimum_m: float = 0.0,
        required_m: float = 14.0,
    ) -> HydraulicState:
        """One snapshot ``at_s`` seconds after midnight. ``leaks``: m³/h taken at node rows on top of demand.

        ``valve_states`` shuts pipe ends, node valves and link valves; ``closed_pipes``: rows. All of it is taken
        back afterwards.
        """
        closed = set(self._rows.closed_links(self.city.network, valve_states or {}, closed_pipes))
        opened = self._rows.opened_links(self.city.network, valve_states or {})
        with self._demands(leaks or {}, demand_factor, pressure_driven, minimum_m, required_m), self._shut(closed, opened):
            en.settimeparam(self._project, en.PATTERNSTART, int(at_s))
            message = self._run()
            return self._state(at_s, message)

    def solve_day(self, step_s: int = 3600) -> Sequence[HydraulicState]:
        """Snapshots over 24 h, each with tanks at their initial level."""
        return [self.solve(at_s) for at_s in range(0, 86_400, step_s)]

    def _run(self) -> str:
        code = 0
        with _quiet() as caught:
            try:
                en.initH(self._project, en.NOSAVE)
                en.runH(self._project)
            except Exception as failure:  # the toolkit knows only bare Exception
                return f"failed: {failure}"
            for warning in caught:
                code = max(code, _warning_code(str(warning.message)))
        return _WARNINGS.get(code, "")

    def _state(self, at_s: int, message: str) -> HydraulicState:
        door, rows, network = self._door, self._rows, self.city.network
        head = door.node(en.HEAD)[rows.nodes] * self._length
        flow = door.link(en.FLOW) * self._flow
        open_ = door.link(en.STATUS) > 0
        valve_flow = np.full(len(network.valves), np.nan)
        valve_state = np.full(len(network.valves), LinkState.NONE, dtype=np.uint8)
        if len(rows.valve_rows):
            valve_flow[rows.valve_rows] = flow[rows.valve_links]
            held = self._holding(network, head)
            states = np.where(open_[rows.valve_links], np.where(held, LinkState.ACTIVE, LinkState.OPEN), LinkState.CLOSED)
            valve_state[rows.valve_rows] = states
        converged = not message.startswith("failed") and message != _WARNINGS[1] and bool(np.isfinite(head).all())
        return HydraulicState(
            at_s=at_s,
            converged=converged,
            message=message,
            head_m=head,
            pressure_m=head - np.nan_to_num(network.nodes.elevation_m),
            demand_m3h=door.node(en.DEMAND)[rows.nodes] * self._flow,
            pipe_flow_m3h=flow[rows.pipes],
            pipe_open=open_[rows.pipes],
            pump_flow_m3h=np.where(rows.pumps >= 0, flow[rows.pumps], np.nan) if len(rows.pumps) else np.empty(0),
            valve_flow_m3h=valve_flow,
            valve_state=valve_state,
        )

    def _holding(self, network: PipeNetwork, head: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Control valves that hold their setting: a PRV whose downstream pressure is at its setting."""
        valves, rows = network.valves, self._rows.valve_rows
        kind, setting = valves.kind[rows], np.nan_to_num(valves.setting[rows])
        node = np.where(kind == ValveKind.PSV, valves.from_node[rows], valves.to_node[rows])
        pressure = head[node] - np.nan_to_num(network.nodes.elevation_m[node])
        at_setting = np.abs(pressure - setting) < 0.05
        return (np.isin(kind, (ValveKind.PRV, ValveKind.PSV)) & at_setting) | np.isin(kind, (ValveKind.PBV, ValveKind.FCV))

    @contextmanager
    def _shut(self, closed: set[int], opened: set[int]) -> Iterator[None]:
        touched = {**dict.fromkeys(opened, 1.0), **dict.fromkeys(closed, 0.0)}
        try:
            for link, status in touched.items():
                en.setlinkvalue(self._project, link + 1, en.INITSTATUS, status)
            yield
        finally:
            for link in touched:
                # A control valve is given back its setting: a status alone would hold it fixed open.
                is_control = en.getlinktype(self._project, link + 1) >= en.PRV and self._settings[link] != 0
                code, value = (en.INITSETTING, self._settings[link]) if is_control else (en.INITSTATUS, self._statuses[link])
                en.setlinkvalue(self._project, link + 1, code, float(value))

    @contextmanager
    def _demands(
        self, leaks: Mapping[int, float], factor: float, pressure_driven: bool, minimum_m: float, required_m: float
    ) -> Iterator[None]:
        multiplier = en.getoption(self._project, en.DEMANDMULT)
        added = list[tuple[int, str]]()
        pressure_unit = 1.0 / 0.7032 if self._length != 1.0 else 1.0  # psi a metre: 1 psi holds 0.7032 m of water
        try:
            en.setoption(self._project, en.DEMANDMULT, multiplier * factor)
            if pressure_driven:
                en.setdemandmodel(self._project, en.PDA, minimum_m * pressure_unit, required_m * pressure_unit, 0.5)
            for row, flow_m3h in leaks.items():
                index = int(self._rows.nodes[row]) + 1
                en.adddemand(self._project, index, flow_m3h / self._flow / (multiplier * factor), "", "quanmai-leak")
                added.append((index, "quanmai-leak"))
            yield
        finally:
            for index, name in added:
                en.deletedemand(self._project, index, en.getdemandindex(self._project, index, name))
            if pressure_driven:
                en.setdemandmodel(self._project, *self._demand_model)
            en.setoption(self._project, en.DEMANDMULT, multiplier)


class _Rows:
    """Which EPANET element (0-based) stands for which row; -1 for none."""

    def __init__(self, project: Any, network: PipeNetwork, model: EpanetModel) -> None:
        by_kind: dict[str, dict[str, str]] = {"node": {}, "pipe": {}, "pump": {}, "valve": {}}
        for asset_id, epanet_id, kind in zip(model.asset_id, model.epanet_id, model.kind, strict=True):
            by_kind[str(kind)][str(asset_id)] = str(epanet_id)
        node_index = {en.getnodeid(project, i): i - 1 for i in range(1, en.getcount(project, en.NODECOUNT) + 1)}
        link_index = {en.getlinkid(project, i): i - 1 for i in range(1, en.getcount(project, en.LINKCOUNT) + 1)}

        def rows(assets: NDArray[Any], kind: str, index: dict[str, int]) -> NDArray[np.int64]:
            known = by_kind[kind]
            return np.array([index.get(known.get(str(a), ""), -1) for a in assets], dtype=np.int64)

        self.nodes = rows(network.nodes.asset_id, "node", node_index)
        self.pipes = rows(network.pipes.asset_id, "pipe", link_index)
        self.pumps = rows(network.pumps.asset_id, "pump", link_index)
        valve_links = rows(network.valves.asset_id, "valve", link_index)
        self.valve_rows = np.flatnonzero(valve_links >= 0)
        self.valve_links = valve_links[self.valve_rows]
        self._valve_link = valve_links
        if (self.nodes < 0).any() or (self.pipes < 0).any():
            raise InputFault("the hydraulic model does not hold every node and pipe of the tables; import it anew")
        shut = [str(network.valves.asset_id[row]) for row in np.flatnonzero(network.valves.state == ValveState.CLOSED)]
        self._always = shut

    def closed_links(self, network: PipeNetwork, states: Mapping[str, ValveState], pipes: Collection[int]) -> Iterator[int]:
        """Links that are shut: those given, and what valves shut now or by the table's state."""
        yield from (int(self.pipes[row]) for row in pipes)
        now = {**dict.fromkeys(self._always, ValveState.CLOSED), **states}
        for asset_id, state in now.items():
            if state is ValveState.CLOSED:
                yield from self._links_of(network, asset_id)

    def opened_links(self, network: PipeNetwork, states: Mapping[str, ValveState]) -> set[int]:
        """Link valves that the table has shut and ``states`` opens."""
        opened = (network.valves.row(asset_id) for asset_id, state in states.items() if state is ValveState.OPEN)
        return {int(self._valve_link[row]) for row in opened if self._valve_link[row] >= 0}

    def _links_of(self, network: PipeNetwork, asset_id: str) -> Iterator[int]:
        valves, row = network.valves, network.valves.row(asset_id)
        if self._valve_link[row] >= 0:
            yield int(self._valve_link[row])
        elif valves.pipe[row] >= 0:
            yield int(self.pipes[valves.pipe[row]])
        elif valves.node[row] >= 0:
            yield from (int(self.pipes[pipe]) for pipe in network.pipes_at(int(valves.node[row])))


@contextmanager
def _quiet() -> Iterator[list[warnings.WarningMessage]]:
    """The toolkit raises Python warnings; they are collected, not printed."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught


def _warning_code(text: str) -> int:
    digits = "".join(c for c in text.split(":", maxsplit=1)[0] if c.isdigit())
    return int(digits) if digits else 0


def _first_error(report: str) -> str:
    lines = [line.strip() for line in report.splitlines() if "Error" in line]
    return " ".join(lines[:2])
