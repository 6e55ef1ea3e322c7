"""Reads .inp files with EPANET itself (owa-epanet) and converts their units. The text is kept unchanged."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from epanet import toolkit as en
from numpy.typing import NDArray

from maps import crs as crs_of
from maps.city import EpanetModel
from maps.columns import texts
from maps.errors import Fault, InputFault, Severity
from maps.hydraulics.inp.ascii_text import EpanetText, epanet_text
from maps.hydraulics.inp.inp_text import IdKind
from maps.importers.epanet.inflows import inflows
from maps.importers.epanet.node_positions import placed
from maps.importers.readers.encoding import decoded
from maps.importers.readers.layer_crs import check_extent
from maps.network import NodeKind, NodeTable, PipeNetwork, PipeStatus, PipeTable, PumpTable, ValveKind, ValveState, ValveTable
from maps.units import FOOT_M, INCH_MM, is_us_flow_unit, m3h_per_flow_unit

_FLOW_UNITS = ("CFS", "GPM", "MGD", "IMGD", "AFD", "LPS", "LPM", "MLD", "CMH", "CMD", "CMS")
_HEADLOSS = ("H-W", "D-W", "C-M")
Rows = NDArray[np.int64]
_ENDLESS = 1e9
"""Limit of lengths and diameters, m or mm: a larger number is a typing error."""
_PSI_M = 0.3048 / 0.4333
"""Metres of water per psi, with EPANET's factor (0.4333 psi per foot)."""
_PRESSURE_M = {en.PSI: _PSI_M, en.KPA: _PSI_M / 6.895, en.BAR: _PSI_M / 0.068948, en.FEET: FOOT_M}
"""Metres of water per unit of pressure, by EPANET's constants (EPANET 2.3, types.h)."""
_TANK_COLUMNS = {
    "tank_level_m": en.TANKLEVEL,
    "tank_min_m": en.MINLEVEL,
    "tank_max_m": en.MAXLEVEL,
    "tank_diameter_m": en.TANKDIAM,
}
_PRESSURE_KINDS = (ValveKind.PRV, ValveKind.PSV, ValveKind.PBV)
_VALVE_KINDS = {
    en.PRV: ValveKind.PRV, en.PSV: ValveKind.PSV, en.PBV: ValveKind.PBV,
    en.FCV: ValveKind.FCV, en.TCV: ValveKind.TCV, en.GPV: ValveKind.GPV,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Units:
    flow_m3h: float
    length_m: float
    diameter_mm: float
    tank_m: float
    pressure_m: float

    @classmethod
    def of(cls, project: Any) -> _Units:
        unit = _FLOW_UNITS[en.getflowunits(project)]
        us = is_us_flow_unit(unit)
        return cls(
            m3h_per_flow_unit(unit),
            FOOT_M if us else 1.0,
            INCH_MM if us else 1.0,
            FOOT_M if us else 1.0,
            _PRESSURE_M.get(int(en.getoption(project, en.PRESS_UNITS)), 1.0),
        )


def read_inp(path: Path, crs: str | None, encoding: str | None = None) -> tuple[PipeNetwork, EpanetModel, tuple[Fault, ...]]:
    """Network, model and faults of an .inp file.

    ``crs``: of its coordinates; degrees and Mercator maps are projected to CGCS2000 / GK 117E; None: not georeferenced.
    ``encoding``: of its text where known, else detected from its bytes. Raises InputFault with EPANET's message when it
    cannot be read.
    """
    try:
        source = decoded(path.read_bytes(), encoding)
    except OSError as fault:
        raise InputFault(f"{path}: {fault.strerror}; check the path") from fault
    names = epanet_text(source.text, source.encoding)
    with _opened(path, names, source.broken_lines) as project:
        if not en.getcount(project, en.LINKCOUNT):
            raise InputFault(f"{path}: EPANET finds no pipes in it; is it an .inp file?")
        units = _Units.of(project)
        nodes, lost = placed(_nodes(project, units, names), _ends(project))
        pipes, links = _links(project, units, nodes, names)
        _refuse_endless(path, pipes)
        headloss = _HEADLOSS[int(en.getoption(project, en.HEADLOSSFORM))]
        network = _georeferenced(PipeNetwork(nodes, pipes, links.pumps, links.valves, crs_of.LOCAL, headloss), crs)
        model = _model(names, network, links)
    return network, model, (*source.faults(path.name), *_faults(network, lost))


def _refuse_endless(path: Path, pipes: PipeTable) -> None:
    """Refuse lengths that EPANET accepts but nothing can compute with (``inf``, 1e300). Raises InputFault."""
    for column in ("length_m", "diameter_mm"):
        values = getattr(pipes, column)
        row = next(iter(np.flatnonzero(~(np.abs(values) < _ENDLESS))), None)
        if row is not None:
            raise InputFault(
                f"{path}: pipe {pipes.asset_id[row]}, {column}: {values[row]:g} is not a possible size of a pipe; correct it"
            )


@contextmanager
def _opened(path: Path, names: EpanetText, broken_lines: Sequence[int]) -> Iterator[Any]:
    with tempfile.TemporaryDirectory(prefix="quanmai-import-") as folder:
        copy, report = Path(folder, "model.inp"), Path(folder, "model.rpt")
        copy.write_bytes(names.text.encode("utf-8"))  # the toolkit does not accept Chinese paths on every system
        project = en.createproject()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                en.open(project, str(copy), str(report), "")
        except Exception as refusal:
            # EPANET writes its report when the project is deleted; the toolkit raises bare Exception only.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                en.close(project)
                en.deleteproject(project)
            told = report.read_text(encoding="utf-8", errors="replace") if report.exists() else ""
            said = names.in_own_words(_first_errors(told) or str(refusal))
            broken = f" (line {broken_lines[0]} holds an invalid byte)" if broken_lines else ""
            raise InputFault(f"{path}: EPANET cannot read it: {said}{broken}") from refusal
        try:
            yield project
        finally:
            en.close(project)
            en.deleteproject(project)


def _first_errors(report: str) -> str:
    lines = [line.strip() for line in report.splitlines()]
    return " ".join(" ".join(lines[i : i + 2]) for i, line in enumerate(lines) if "Error" in line)[:300]


def _nodes(project: Any, units: _Units, names: EpanetText) -> NodeTable:
    count = en.getcount(project, en.NODECOUNT)
    rows = range(1, count + 1)
    kinds = np.array([en.getnodetype(project, i) for i in rows], dtype=np.int64)
    value = {
        code: _node_values(project, code, count) for code in (en.ELEVATION, en.TANKLEVEL, en.MINLEVEL, en.MAXLEVEL, en.TANKDIAM)
    }
    demand = np.array([_demand(project, i) if kinds[i - 1] == en.JUNCTION else 0.0 for i in rows])
    points = np.array([_coordinates(project, i) for i in rows], dtype=np.float64).reshape(-1, 2)
    tank, source = kinds == en.TANK, kinds == en.RESERVOIR
    elevation = value[en.ELEVATION] * units.length_m
    kind = np.where(source, NodeKind.SOURCE, np.where(tank, NodeKind.TANK, NodeKind.JUNCTION)).astype(np.uint8)
    level = {name: np.where(tank, value[code] * units.tank_m, np.nan) for name, code in _TANK_COLUMNS.items()}
    return NodeTable.of(
        [names.name(IdKind.NODE, en.getnodeid(project, i)) for i in rows],
        x=points[:, 0], y=points[:, 1], kind=kind, elevation_m=elevation, demand_m3h=demand * units.flow_m3h,
        head_m=np.where(source, elevation, np.nan), inflow_m3h=inflows(project) * units.flow_m3h, **level,
    )  # fmt: skip


def _node_values(project: Any, code: int, count: int) -> NDArray[np.float64]:
    return np.array([en.getnodevalue(project, i, code) for i in range(1, count + 1)], dtype=np.float64)


def _demand(project: Any, index: int) -> float:
    """Mean demand of the day: base demand of all categories times the mean of their patterns, (nodes,)."""
    default, total = int(en.getoption(project, en.DEMANDPATTERN)), 0.0
    for category in range(1, en.getnumdemands(project, index) + 1):
        pattern = en.getdemandpattern(project, index, category) or default
        factor = en.getaveragepatternvalue(project, pattern) if pattern > 0 else 1.0
        total += en.getbasedemand(project, index, category) * factor
    return total * float(en.getoption(project, en.DEMANDMULT))


def _coordinates(project: Any, index: int) -> tuple[float, float]:
    try:
        x, y = en.getcoord(project, index)
    except Exception:  # noqa: BLE001 — the toolkit's way to say "no coordinates"
        return (np.nan, np.nan)
    return (float(x), float(y))


@dataclass(frozen=True, eq=False)
class _Links:
    pumps: PumpTable
    valves: ValveTable


def _links(project: Any, units: _Units, nodes: NodeTable, names: EpanetText) -> tuple[PipeTable, _Links]:
    count = en.getcount(project, en.LINKCOUNT)
    kinds = np.array([en.getlinktype(project, i) for i in range(1, count + 1)], dtype=np.int64)
    ends = np.array([en.getlinknodes(project, i) for i in range(1, count + 1)], dtype=np.int64).reshape(-1, 2) - 1
    ids = [names.name(IdKind.LINK, en.getlinkid(project, i)) for i in range(1, count + 1)]
    pipe_rows = np.flatnonzero(kinds <= en.PIPE)
    pump_rows, valve_rows = np.flatnonzero(kinds == en.PUMP), np.flatnonzero(kinds > en.PUMP)
    pipes = _pipes(project, units, nodes, ids, ends, pipe_rows)
    off = [int(en.getlinkvalue(project, int(i) + 1, en.INITSTATUS) == 0) for i in pump_rows]
    pumps = PumpTable.of([ids[i] for i in pump_rows], from_node=ends[pump_rows, 0], to_node=ends[pump_rows, 1], status=off)
    check = pipe_rows[kinds[pipe_rows] == en.CVPIPE]
    valves = _valves(project, units, ids, ends, kinds, valve_rows, _check_valves(pipes, pipe_rows, check))
    return pipes, _Links(pumps, valves)


def _pipes(project: Any, units: _Units, nodes: NodeTable, ids: list[str], ends: Rows, rows: Rows) -> PipeTable:
    values = {code: np.array([en.getlinkvalue(project, int(i) + 1, code) for i in rows], dtype=np.float64) for code in (
        en.LENGTH, en.DIAMETER, en.ROUGHNESS, en.MINORLOSS, en.INITSTATUS)}  # fmt: skip
    points, offsets = list[tuple[float, float]](), [0]
    for i in rows:
        a, b = ends[i]
        points.append((float(nodes.x[a]), float(nodes.y[a])))
        points += [en.getvertex(project, int(i) + 1, v) for v in range(1, en.getvertexcount(project, int(i) + 1) + 1)]
        points.append((float(nodes.x[b]), float(nodes.y[b])))
        offsets.append(len(points))
    # Darcy-Weisbach roughness is in millifeet or millimetres in the file; the model keeps its own unit.
    rough = values[en.ROUGHNESS] * (FOOT_M if units.length_m != 1.0 and en.getoption(project, en.HEADLOSSFORM) == 1 else 1.0)
    return PipeTable.of(
        [ids[i] for i in rows],
        from_node=ends[rows, 0], to_node=ends[rows, 1], diameter_mm=values[en.DIAMETER] * units.diameter_mm,
        length_m=values[en.LENGTH] * units.length_m, roughness=rough, minor_loss=values[en.MINORLOSS],
        status=np.where(values[en.INITSTATUS] == 0, PipeStatus.CLOSED, PipeStatus.OPEN).astype(np.uint8),
        vertices=np.array(points, dtype=np.float64).reshape(-1, 2), offsets=np.array(offsets, dtype=np.int64),
    )  # fmt: skip


def _check_valves(pipes: PipeTable, pipe_rows: Rows, check: Rows) -> dict[str, list[Any]]:
    """Check valves of EPANET's CV pipes: at the pipe's start, letting water into the pipe."""
    rows = [int(r) for r in np.flatnonzero(np.isin(pipe_rows, check))]
    return {
        "asset_id": [f"CV-{pipes.asset_id[r]}" for r in rows], "kind": [ValveKind.CHECK] * len(rows), "pipe": rows,
        "node": [int(pipes.from_node[r]) for r in rows], "from_node": [-1] * len(rows), "to_node": [-1] * len(rows),
        "flows_to": rows, "state": [ValveState.OPEN] * len(rows), "setting": [np.nan] * len(rows),
        "diameter_mm": [float(pipes.diameter_mm[r]) for r in rows],
    }  # fmt: skip


def _valves(
    project: Any,
    units: _Units,
    ids: list[str],
    ends: Rows,
    kinds: Rows,
    rows: Rows,
    checks: dict[str, list[Any]],
) -> ValveTable:
    columns = {name: list(values) for name, values in checks.items()}
    for i in rows:
        index, kind = int(i) + 1, _VALVE_KINDS.get(int(kinds[i]), ValveKind.OTHER)
        setting = float(en.getlinkvalue(project, index, en.INITSETTING))
        factor = units.pressure_m if kind in _PRESSURE_KINDS else units.flow_m3h if kind is ValveKind.FCV else 1.0
        shut = en.getlinkvalue(project, index, en.INITSTATUS) == 0
        row = {
            "asset_id": ids[i], "kind": kind, "pipe": -1, "node": -1, "from_node": int(ends[i, 0]), "to_node": int(ends[i, 1]),
            "flows_to": -1, "state": ValveState.CLOSED if shut else ValveState.OPEN, "setting": setting * factor,
            "diameter_mm": float(en.getlinkvalue(project, index, en.DIAMETER)) * units.diameter_mm,
        }  # fmt: skip
        for name, value in row.items():
            columns[name].append(value)
    asset_id = columns.pop("asset_id")
    return ValveTable.of(asset_id, **columns, normal_state=columns["state"])


def _model(names: EpanetText, network: PipeNetwork, links: _Links) -> EpanetModel:
    """The model with the EPANET id of every asset, and of patterns, curves and rules that were renamed."""
    of_link = links.valves.asset_id[links.valves.is_link]
    parts: list[tuple[str, str, str]] = []
    for kind, id_kind, assets in (
        ("node", IdKind.NODE, network.nodes.asset_id),
        ("pipe", IdKind.LINK, network.pipes.asset_id),
        ("pump", IdKind.LINK, links.pumps.asset_id),
        ("valve", IdKind.LINK, of_link),
    ):
        made = {own: new for new, own in names.names.get(id_kind, {}).items()}
        parts += [(str(asset), made.get(str(asset), str(asset)), kind) for asset in assets]
    for id_kind in (IdKind.PATTERN, IdKind.CURVE, IdKind.RULE):
        parts += [(own, new, id_kind.value) for new, own in names.names.get(id_kind, {}).items()]
    asset, epanet, kinds = (texts(part[column] for part in parts) for column in range(3))
    return EpanetModel(names.text, asset, epanet, kinds)


def _ends(project: Any) -> Rows:
    count = en.getcount(project, en.LINKCOUNT)
    return np.array([en.getlinknodes(project, i) for i in range(1, count + 1)], dtype=np.int64).reshape(-1, 2) - 1


def _georeferenced(network: PipeNetwork, crs: str | None) -> PipeNetwork:
    """The network in the given CRS; degrees and Mercator maps are projected. Raises InputFault for an unusable CRS."""
    if not crs:
        return network
    if not crs_of.must_be_projected(crs):
        return replace(network, crs=crs_of.projected_metric(crs))
    x, y = crs_of.transform(network.nodes.x, network.nodes.y, crs, crs_of.DEFAULT_PROJECTED)
    line_x, line_y = network.pipes.vertices.T
    vertices = np.column_stack(crs_of.transform(line_x, line_y, crs, crs_of.DEFAULT_PROJECTED))
    if not (np.isfinite(vertices).all() and np.isfinite(x).all() and np.isfinite(y).all()):
        raise InputFault(f"the coordinates cannot be those of {crs_of.describe(crs)}; give their true CRS with --crs")
    return replace(
        network,
        nodes=network.nodes.replaced(x=x, y=y),
        pipes=network.pipes.replaced(vertices=vertices),
        crs=crs_of.DEFAULT_PROJECTED,
    )


def _faults(network: PipeNetwork, lost: Rows) -> Iterator[Fault]:
    for row in lost:
        said = "has no coordinates; placed between its neighbours"
        yield Fault(Severity.WARNING, "no_coordinate", said, "nodes", str(network.nodes.asset_id[row]))
    if network.georeferenced:
        found = list[Fault]()
        try:
            check_extent(network.crs, network.bounds, found)
        except InputFault as fault:  # lengths are the model's own: only the position on earth is doubtful
            found.append(Fault(Severity.WARNING, "crs_unlikely", str(fault)))
        yield from found
