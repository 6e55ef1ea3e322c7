"""Builds the .inp text of a network, in CMH and metres, with ids valid in EPANET."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from maps.city import EpanetModel
from maps.columns import Columns, Floats, Texts
from maps.hydraulics.inp.epanet_ids import epanet_ids
from maps.hydraulics.model_building.model_detail import ModelDetail
from maps.hydraulics.model_building.roughness import estimated_roughness
from maps.hydraulics.model_building.topology import Rows, pump_links, rings, valve_links, without_head
from maps.network import NodeKind, PipeNetwork, PipeStatus, ValveKind, ValveState

__all__ = ["ModelDetail", "build_model"]

_SHORT_M = 0.1
_DEFAULT_DIAMETER_MM = 100.0
_LINK_WORDS = {"LINK", "PIPE", "PUMP", "VALVE"}
_NODE_WORDS = {"NODE", "JUNCTION", "JUNC", "RESERVOIR", "RESERV", "TANK"}
_SET_VALVES = (ValveKind.PRV, ValveKind.PSV, ValveKind.PBV, ValveKind.FCV, ValveKind.TCV)


class _Ids:
    """EPANET ids of every node and link of a network, by row."""

    def __init__(self, network: PipeNetwork) -> None:
        nodes: set[str] = set()
        links: set[str] = set()
        self.node = epanet_ids(network.nodes.asset_id, "N", nodes)
        self.pipe = epanet_ids(network.pipes.asset_id, "P", links)
        self.pump_rows, self.valve_rows = pump_links(network), valve_links(network)
        self.pump = epanet_ids(network.pumps.asset_id[self.pump_rows], "U", links)
        self.valve = epanet_ids(network.valves.asset_id[self.valve_rows], "V", links)
        self.ring = _made(network.pipes.asset_id, rings(network), "~ring", nodes, links)
        """By pipe row, the middle node and the second half of a pipe that starts and ends at the same node."""
        self.anchor = _made(network.nodes.asset_id, without_head(network), "~cut-off", nodes, links)
        """By node row, the reservoir of a part without fixed head, and the closed pipe to it."""
        self.of_node = _by_asset(network.nodes, self.node)
        # Pieces of a split pipe share a source_id; controls on it act on the first piece, which is enough.
        self.of_link = dict(zip(map(str, network.pipes.source_id[::-1]), self.pipe[::-1], strict=True))
        self.of_link.update(_by_asset(network.pipes, self.pipe))
        self.of_link.update(zip(map(str, network.pumps.asset_id[self.pump_rows]), self.pump, strict=True))
        self.of_link.update(zip(map(str, network.valves.asset_id[self.valve_rows]), self.valve, strict=True))


def _made(asset_ids: Texts, rows: Rows, word: str, nodes: set[str], links: set[str]) -> dict[int, tuple[str, str]]:
    """Ids of a node and a link that are not in the tables, by the row they belong to."""
    names = [f"{asset_ids[row]}{word}" for row in rows]
    pairs = zip(epanet_ids(names, "N", nodes), epanet_ids(names, "P", links), strict=True)
    return dict(zip(map(int, rows), pairs, strict=True))


def _by_asset(table: Columns, ids: Sequence[str]) -> dict[str, str]:
    return dict(zip(map(str, table.asset_id), ids, strict=True))


def build_model(network: PipeNetwork, detail: ModelDetail, title: str) -> EpanetModel:
    """The network as an EPANET model (.inp, flow unit CMH, head loss as ``network.headloss``).

    Sources without ``head_m`` get their elevation as head; tanks without levels or diameter are fixed heads; a pipe without
    diameter gets 100 mm, one without roughness an estimate from material and year. A link valve that is no control valve
    becomes an open or closed TCV without loss, a check valve a pipe of 0.1 m with one flow direction; a pipe with a one-way
    valve at its end becomes a check-valve pipe, with its ends exchanged where needed. A pipe that starts and ends at the same
    node is modelled as two halves with a node between them, because EPANET rejects such a link; such pumps and link valves are
    left out. A part without fixed head is connected to a reservoir of its own by a closed pipe, because EPANET solves no
    model with such a part. Valves on pipes and nodes are left out: the session sets their states. Asset ids in ``detail`` that
    are not in the network are dropped.
    """
    ids = _Ids(network)
    text = "\n".join(_sections(network, detail, ids, title)) + "\n"
    parts = (
        (network.nodes.asset_id, ids.node, "node"),
        (network.pipes.asset_id, ids.pipe, "pipe"),
        (network.pumps.asset_id[ids.pump_rows], ids.pump, "pump"),
        (network.valves.asset_id[ids.valve_rows], ids.valve, "valve"),
    )
    return EpanetModel(
        inp=text,
        asset_id=np.concatenate([part[0] for part in parts]),
        epanet_id=_texts(name for part in parts for name in part[1]),
        kind=_texts(kind for _, names, kind in parts for _ in names),
        built=True,
    )


def _texts(values: Iterable[str]) -> Texts:
    return np.array(list(values), dtype=object)


def _sections(network: PipeNetwork, detail: ModelDetail, ids: _Ids, title: str) -> Iterator[str]:
    yield "[TITLE]"
    yield " ".join(title.split())[:79].replace("[", "(")
    yield from _node_sections(network, detail, ids)
    yield from _pipes(network, detail, ids)
    yield from _pumps(network, detail, ids)
    yield from _valves(network, ids)
    yield from _status(network, ids)
    yield from _tables(detail)
    yield "[CONTROLS]"
    yield from (line for line in (_mapped(control, ids) for control in detail.controls) if line)
    yield from _settings(network, detail)
    yield from _drawing(network, ids)
    yield "[END]"


def _node_sections(network: PipeNetwork, detail: ModelDetail, ids: _Ids) -> Iterator[str]:
    nodes = network.nodes
    demand = nodes.demand_m3h if detail.node_demand_m3h is None else detail.node_demand_m3h
    elevation = np.nan_to_num(nodes.elevation_m)
    tank = _tanks(network)
    reservoir = (nodes.kind != NodeKind.JUNCTION) & ~tank
    junctions = np.flatnonzero(nodes.kind == NodeKind.JUNCTION)
    yield "[JUNCTIONS]"
    yield from (
        f"{ids.node[row]} {elevation[row]:.4f} {np.nan_to_num(demand[row]):.6g} {_pattern(detail, row)}" for row in junctions
    )
    yield from (f"{middle} {elevation[network.pipes.from_node[row]]:.4f} 0" for row, (middle, _) in ids.ring.items())
    yield "[RESERVOIRS]"
    level = np.nan_to_num(nodes.tank_level_m)
    head = np.where(np.isfinite(nodes.head_m), nodes.head_m, elevation + level)
    for row in np.flatnonzero(reservoir):
        yield f"{ids.node[row]} {head[row]:.4f}"
    yield from (f"{reservoir_id} {elevation[row]:.4f}" for row, (reservoir_id, _) in ids.anchor.items())
    yield from _tank_section(network, ids, tank)


def _tanks(network: PipeNetwork) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    nodes = network.nodes
    known = np.isfinite(nodes.tank_max_m) & (nodes.tank_diameter_m > 0) & (nodes.tank_max_m > np.nan_to_num(nodes.tank_min_m))
    return np.asarray((nodes.kind == NodeKind.TANK) & known)


def _tank_section(network: PipeNetwork, ids: _Ids, tank: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Iterator[str]:
    nodes = network.nodes
    yield "[TANKS]"
    for row in np.flatnonzero(tank):
        low, high = float(np.nan_to_num(nodes.tank_min_m[row])), float(nodes.tank_max_m[row])
        level = float(nodes.tank_level_m[row]) if np.isfinite(nodes.tank_level_m[row]) else (low + high) / 2
        yield (
            f"{ids.node[row]} {float(np.nan_to_num(nodes.elevation_m[row])):.4f} {min(max(level, low), high):.4f} {low:.4f} "
            f"{high:.4f} {nodes.tank_diameter_m[row]:.4f} 0"
        )


def _pattern(detail: ModelDetail, row: np.intp) -> str:
    return "" if detail.node_pattern is None else str(detail.node_pattern[row])


def _one_way(network: PipeNetwork) -> dict[int, bool]:
    """Pipe rows with a one-way valve at an end; True where water may only run from ``to_node`` to ``from_node``."""
    valves, pipes = network.valves, network.pipes
    found: dict[int, bool] = {}
    for row in np.flatnonzero((valves.flows_to >= 0) & (valves.pipe >= 0) & valves.operable & (valves.node >= 0)):
        pipe, node = int(valves.pipe[row]), int(valves.node[row])
        leaves_node = int(valves.flows_to[row]) == pipe
        at_start = int(pipes.from_node[pipe]) == node
        found[pipe] = leaves_node != at_start
    return found


def _pipes(network: PipeNetwork, detail: ModelDetail, ids: _Ids) -> Iterator[str]:
    pipes = network.pipes
    rough = _roughness(network, detail)
    diameter = np.where(pipes.diameter_mm > 0, pipes.diameter_mm, _DEFAULT_DIAMETER_MM)
    length = np.maximum(np.nan_to_num(pipes.length_m, nan=_SHORT_M), 0.01)
    minor = np.maximum(np.nan_to_num(pipes.minor_loss), 0.0)
    one_way = _one_way(network)
    yield "[PIPES]"
    for row in map(int, range(len(pipes))):
        start, end = int(pipes.from_node[row]), int(pipes.to_node[row])
        if one_way.get(row, False):
            start, end = end, start
        status = "Closed" if pipes.status[row] == PipeStatus.CLOSED else "Open"
        status = "CV" if row in one_way else status
        size = f"{diameter[row]:.4f} {rough[row]:.6g}"
        if row in ids.ring:
            middle, half = ids.ring[row]
            yield f"{ids.pipe[row]} {ids.node[start]} {middle} {length[row] / 2:.4f} {size} {minor[row] / 2:.6g} {status}"
            yield f"{half} {middle} {ids.node[end]} {length[row] / 2:.4f} {size} {minor[row] / 2:.6g} Open"
            continue
        yield f"{ids.pipe[row]} {ids.node[start]} {ids.node[end]} {length[row]:.4f} {size} {minor[row]:.6g} {status}"
    smooth = _smooth(network.headloss)
    yield from (f"{link} {ids.node[row]} {node} {_SHORT_M} 100 {smooth} 0 Closed" for row, (node, link) in ids.anchor.items())
    valves = network.valves
    for name, row in zip(ids.valve, map(int, ids.valve_rows), strict=True):
        if valves.kind[row] == ValveKind.CHECK:
            wide = valves.diameter_mm[row] if valves.diameter_mm[row] > 0 else _DEFAULT_DIAMETER_MM
            yield (
                f"{name} {ids.node[valves.from_node[row]]} {ids.node[valves.to_node[row]]} {_SHORT_M} {wide:.4f} {smooth} 0 CV"
            )


def _smooth(headloss: str) -> float:
    return {"D-W": 0.01, "C-M": 0.01}.get(headloss, 140.0)


def _roughness(network: PipeNetwork, detail: ModelDetail) -> Floats:
    pipes = network.pipes
    given = pipes.roughness if detail.roughness is None else detail.roughness
    if np.all(given > 0):
        return given
    return np.asarray(np.where(given > 0, given, estimated_roughness(pipes.material, pipes.year_laid, network.headloss)))


def _pumps(network: PipeNetwork, detail: ModelDetail, ids: _Ids) -> Iterator[str]:
    yield "[PUMPS]"
    for name, row in zip(ids.pump, map(int, ids.pump_rows), strict=True):
        asset_id = str(network.pumps.asset_id[row])
        curve = detail.pump_head_curve.get(asset_id)
        drive = f"HEAD {curve}" if curve else f"POWER {detail.pump_power_kw.get(asset_id, 10.0):.6g}"
        ends = f"{ids.node[network.pumps.from_node[row]]} {ids.node[network.pumps.to_node[row]]}"
        yield f"{name} {ends} {drive}"


def _status(network: PipeNetwork, ids: _Ids) -> Iterator[str]:
    """Written after the valves: EPANET needs a link defined before its status."""
    yield "[STATUS]"
    for name, row in zip(ids.pump, map(int, ids.pump_rows), strict=True):
        if network.pumps.status[row] == PipeStatus.CLOSED:
            yield f"{name} Closed"
    valves = network.valves
    for name, row in zip(ids.valve, map(int, ids.valve_rows), strict=True):
        if valves.kind[row] == ValveKind.CHECK:
            continue
        if valves.state[row] == ValveState.CLOSED:
            yield f"{name} Closed"


def _valves(network: PipeNetwork, ids: _Ids) -> Iterator[str]:
    valves = network.valves
    yield "[VALVES]"
    for name, row in zip(ids.valve, map(int, ids.valve_rows), strict=True):
        kind = ValveKind(int(valves.kind[row]))
        if kind is ValveKind.CHECK:
            continue
        setting = "0"
        if kind in _SET_VALVES and np.isfinite(valves.setting[row]):
            setting = f"{valves.setting[row]:.6g}"
        else:
            kind = ValveKind.TCV
        wide = valves.diameter_mm[row] if valves.diameter_mm[row] > 0 else _DEFAULT_DIAMETER_MM
        ends = f"{ids.node[valves.from_node[row]]} {ids.node[valves.to_node[row]]}"
        yield f"{name} {ends} {wide:.4f} {kind.name} {setting} 0"


def _tables(detail: ModelDetail) -> Iterator[str]:
    yield "[PATTERNS]"
    for name, values in detail.patterns.items():
        for start in range(0, len(values), 12):
            yield f"{name} " + " ".join(f"{value:.6g}" for value in values[start : start + 12])
    yield "[CURVES]"
    for name, points in detail.curves.items():
        yield from (f"{name} {x:.6g} {y:.6g}" for x, y in points)


def _mapped(line: str, ids: _Ids) -> str:
    """A control line with asset ids replaced by EPANET ids; "" when an element no longer exists."""
    words = line.split()
    for place, word in enumerate(words[:-1]):
        known: Mapping[str, str] | None = None
        if word.upper() in _LINK_WORDS:
            known = ids.of_link
        elif word.upper() in _NODE_WORDS:
            known = ids.of_node
        if known is None or (place and words[place - 1].upper() in _LINK_WORDS | _NODE_WORDS):
            continue
        if words[place + 1] not in known:
            return ""
        words[place + 1] = known[words[place + 1]]
    return " ".join(words)


def _settings(network: PipeNetwork, detail: ModelDetail) -> Iterator[str]:
    options = {
        "UNITS": "CMH",
        "HEADLOSS": network.headloss,
        "PRESSURE": "METERS",
        "TRIALS": "200",
        "ACCURACY": "0.001",
        "UNBALANCED": "CONTINUE 10",
        "MINIMUM PRESSURE": f"{detail.minimum_pressure_m:g}",
        "REQUIRED PRESSURE": f"{max(detail.required_pressure_m, detail.minimum_pressure_m + 0.1):g}",
        "PRESSURE EXPONENT": "0.5",
    }
    if "PATTERN" not in detail.options:
        # EPANET uses pattern 1 for junctions without a pattern; this name is unused.
        options["PATTERN"] = "NO-PATTERN"
    options.update(detail.options)
    yield "[OPTIONS]"
    yield from (f"{name} {value}" for name, value in options.items())
    yield "[TIMES]"
    step = _clock(detail.pattern_step_s)
    yield f"DURATION {_clock(detail.duration_s)}"
    yield f"HYDRAULIC TIMESTEP {_clock(min(detail.pattern_step_s, 3600))}"
    yield f"PATTERN TIMESTEP {step}"
    yield f"PATTERN START {_clock(detail.pattern_start_s)}"
    yield f"REPORT TIMESTEP {_clock(3600)}"
    yield f"START CLOCKTIME {_clock(detail.start_clock_s % 86400)}"
    yield from ("[REPORT]", "STATUS NO", "SUMMARY NO")


def _clock(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _drawing(network: PipeNetwork, ids: _Ids) -> Iterator[str]:
    nodes, pipes = network.nodes, network.pipes
    yield "[COORDINATES]"
    yield from (f"{name} {x:.3f} {y:.3f}" for name, x, y in zip(ids.node, nodes.x, nodes.y, strict=True) if np.isfinite(x + y))
    yield "[VERTICES]"
    one_way = _one_way(network)
    for pipe in map(int, np.flatnonzero((np.diff(pipes.offsets) > 2) & (pipes.from_node != pipes.to_node))):
        inner = pipes.points(pipe)[1:-1]
        for x, y in inner[::-1] if one_way.get(pipe, False) else inner:
            yield f"{ids.pipe[pipe]} {x:.3f} {y:.3f}"
