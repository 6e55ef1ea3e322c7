"""Building an EPANET model from the city's tables: metric (CMH), ids mapped, vertices and coordinates kept.

An EPANET id has at most 31 bytes, no blank and no semicolon; other ids get a stand-in (``N17``) in the map.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from maps.city import EpanetModel
from maps.columns import Texts, texts
from maps.network import NodeKind, PipeNetwork, PipeStatus, ValveKind, ValveState

_MAX_ID_BYTES = 31
_FORBIDDEN = frozenset(' ;"\t[')
_DEFAULT_ROUGHNESS = {"H-W": 120.0, "D-W": 0.3, "C-M": 0.012}
_LINK_KIND = {
    ValveKind.PRV: "PRV", ValveKind.PSV: "PSV", ValveKind.PBV: "PBV", ValveKind.FCV: "FCV", ValveKind.GPV: "GPV",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class ModelDetail:
    """What the tables do not hold. Curves: (m³/h, m) points; ``node_pattern``: pattern id of each node or "", (nodes,).

    ``controls``: EPANET [CONTROLS] lines with the model's own ids; pressures of the pressure-driven demand in m.
    """

    patterns: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    node_pattern: Texts | None = None
    curves: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    pump_head_curve: Mapping[str, str] = field(default_factory=dict)
    pump_power_kw: Mapping[str, float] = field(default_factory=dict)
    pump_speed: Mapping[str, float] = field(default_factory=dict)
    source_pattern: Mapping[str, str] = field(default_factory=dict)
    pattern_step_s: int = 3600
    duration_s: int = 86_400
    controls: tuple[str, ...] = ()
    minimum_pressure_m: float = 0.0
    required_pressure_m: float = 14.0


def build_model(network: PipeNetwork, detail: ModelDetail, title: str) -> EpanetModel:
    """The network as an EPANET model. Pipe-end and node valves are no elements: the session closes their links."""
    node_ids = _epanet_ids(network.nodes.asset_id, "N")
    link_valves = np.flatnonzero(network.valves.is_link)
    pipe_ids = _epanet_ids(network.pipes.asset_id, "P")
    taken = set(pipe_ids)
    pump_ids = _epanet_ids(network.pumps.asset_id, "U", taken)
    valve_ids = _epanet_ids(network.valves.asset_id[link_valves], "V", taken | set(pump_ids))
    links = _LinkIds(pipe_ids, pump_ids, valve_ids)
    sections = {
        "TITLE": [title.replace("\n", " ")[:79]],
        **_node_sections(network, detail, node_ids),
        **_link_sections(network, detail, node_ids, links, link_valves),
        **_detail_sections(network, detail),
        **_geometry_sections(network, node_ids, pipe_ids),
    }
    text = "\n".join(f"[{name}]\n" + "\n".join(lines) + "\n" for name, lines in sections.items()) + "[END]\n"
    return EpanetModel(
        text,
        texts([*network.nodes.asset_id, *network.pipes.asset_id, *network.pumps.asset_id, *network.valves.asset_id[link_valves]]),
        texts([*node_ids, *pipe_ids, *pump_ids, *valve_ids]),
        texts(["node"] * len(node_ids) + ["pipe"] * len(pipe_ids) + ["pump"] * len(pump_ids) + ["valve"] * len(valve_ids)),
        built=True,
    )


@dataclass(frozen=True, slots=True)
class _LinkIds:
    pipes: list[str]
    pumps: list[str]
    valves: list[str]


def _epanet_ids(asset_ids: Iterable[str], prefix: str, taken: Iterable[str] = ()) -> list[str]:
    used, out = set(taken), list[str]()
    for row, asset_id in enumerate(asset_ids):
        name = str(asset_id)
        fits = (
            0 < len(name.encode()) <= _MAX_ID_BYTES
            and name.isascii()
            and not any(c in name for c in ' ;"\t[')
            and name not in used
        )
        if not fits:
            name = f"{prefix}{row + 1}"
            while name in used:
                name += "_"
        used.add(name)
        out.append(name)
    return out


def _detail_sections(network: PipeNetwork, detail: ModelDetail) -> dict[str, list[str]]:
    required = max(detail.required_pressure_m, detail.minimum_pressure_m + 0.1)
    return {
        "PATTERNS": [
            f"{name} {' '.join(f'{value:.6g}' for value in part)}"
            for name, values in detail.patterns.items()
            for part in _chunks(values)
        ],
        "CURVES": [f"{name} {x:.6g} {y:.6g}" for name, points in detail.curves.items() for x, y in points],
        "CONTROLS": list(detail.controls),
        "TIMES": [
            f"DURATION {detail.duration_s} SEC",
            "HYDRAULIC TIMESTEP 3600 SEC",
            f"PATTERN TIMESTEP {detail.pattern_step_s} SEC",
        ],
        "REPORT": ["STATUS NO", "SUMMARY NO", "MESSAGES NO"],
        "OPTIONS": [
            "UNITS CMH",
            f"HEADLOSS {network.headloss}",
            "TRIALS 100",
            "ACCURACY 0.0005",
            "UNBALANCED CONTINUE 10",
            f"MINIMUM PRESSURE {detail.minimum_pressure_m}",
            f"REQUIRED PRESSURE {required}",
        ],
    }


def _chunks(values: Sequence[float], size: int = 12) -> list[Sequence[float]]:
    return [values[start : start + size] for start in range(0, len(values), size)]


def _node_sections(network: PipeNetwork, detail: ModelDetail, ids: list[str]) -> dict[str, list[str]]:
    nodes = network.nodes
    junctions, reservoirs, tanks = list[str](), list[str](), list[str]()
    elevation = np.nan_to_num(nodes.elevation_m)
    for row, name in enumerate(ids):
        kind = nodes.kind[row]
        if kind == NodeKind.JUNCTION:
            pattern = detail.node_pattern[row] if detail.node_pattern is not None else ""
            junctions.append(f"{name} {elevation[row]:.3f} {np.nan_to_num(nodes.demand_m3h[row]):.6g} {pattern}")
        elif kind == NodeKind.TANK:
            level = np.nan_to_num(nodes.tank_level_m[row])
            top = max(np.nan_to_num(nodes.tank_max_m[row]), level)
            width = np.nan_to_num(nodes.tank_diameter_m[row], nan=10.0)
            low = np.nan_to_num(nodes.tank_min_m[row])
            tanks.append(f"{name} {elevation[row]:.3f} {level:.3f} {low:.3f} {top:.3f} {width:.3f} 0")
        else:
            head = nodes.head_m[row] if np.isfinite(nodes.head_m[row]) else elevation[row]
            reservoirs.append(f"{name} {head:.3f} {detail.source_pattern.get(str(nodes.asset_id[row]), '')}")
    return {"JUNCTIONS": junctions, "RESERVOIRS": reservoirs, "TANKS": tanks}


def _link_sections(
    network: PipeNetwork, detail: ModelDetail, nodes: list[str], ids: _LinkIds, link_valves: np.ndarray
) -> dict[str, list[str]]:
    pipes = network.pipes
    roughness = np.where(pipes.roughness > 0, pipes.roughness, _DEFAULT_ROUGHNESS[network.headloss])
    diameter = np.where(pipes.diameter_mm > 0, pipes.diameter_mm, 100.0)
    length = np.maximum(np.nan_to_num(pipes.length_m, nan=1.0), 0.1)
    lines = [
        f"{name} {nodes[a]} {nodes[b]} {long:.3f} {wide:.2f} {rough:.5g} {minor:.4g} {'CLOSED' if shut else 'OPEN'}"
        for name, a, b, long, wide, rough, minor, shut in zip(
            ids.pipes, pipes.from_node, pipes.to_node, length, diameter, roughness,
            np.nan_to_num(pipes.minor_loss), pipes.status == PipeStatus.CLOSED, strict=True,
        )
    ]  # fmt: skip
    pumps, status = list[str](), list[str]()
    for row, name in enumerate(ids.pumps):
        asset = str(network.pumps.asset_id[row])
        if network.pumps.from_node[row] < 0:
            continue
        curve = detail.pump_head_curve.get(asset)
        how = f"HEAD {curve}" if curve else f"POWER {detail.pump_power_kw.get(asset, 1.0):.4g}"
        speed = f" SPEED {detail.pump_speed[asset]:.4g}" if asset in detail.pump_speed else ""
        pumps.append(f"{name} {nodes[network.pumps.from_node[row]]} {nodes[network.pumps.to_node[row]]} {how}{speed}")
        if network.pumps.status[row] == PipeStatus.CLOSED:
            status.append(f"{name} CLOSED")
    valves = [_valve_line(network, nodes, name, int(row), status) for name, row in zip(ids.valves, link_valves, strict=True)]
    return {"PIPES": lines, "PUMPS": pumps, "VALVES": valves, "STATUS": status}


def _valve_line(network: PipeNetwork, nodes: list[str], name: str, row: int, status: list[str]) -> str:
    valves = network.valves
    kind = ValveKind(int(valves.kind[row]))
    epanet = _LINK_KIND.get(kind, "TCV")
    setting = float(np.nan_to_num(valves.setting[row]))
    if valves.state[row] == ValveState.CLOSED:
        status.append(f"{name} CLOSED")
    elif epanet == "TCV" and kind is not ValveKind.TCV:
        status.append(f"{name} OPEN")  # an isolation valve drawn as a link: no loss of its own
    wide = valves.diameter_mm[row] if valves.diameter_mm[row] > 0 else 200.0
    ends = f"{nodes[valves.from_node[row]]} {nodes[valves.to_node[row]]}"
    return f"{name} {ends} {wide:.2f} {epanet} {setting:.5g} 0"


def _geometry_sections(network: PipeNetwork, nodes: list[str], pipes: list[str]) -> dict[str, list[str]]:
    table = network.pipes
    coordinates = [f"{name} {x:.3f} {y:.3f}" for name, x, y in zip(nodes, network.nodes.x, network.nodes.y, strict=True)]
    vertices = list[str]()
    inner = table.offsets[1:] - table.offsets[:-1] > 2
    for row in np.flatnonzero(inner):
        vertices += [f"{pipes[row]} {x:.3f} {y:.3f}" for x, y in table.points(int(row))[1:-1]]
    return {"COORDINATES": coordinates, "VERTICES": vertices}
