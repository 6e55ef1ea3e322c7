"""Builds the network's tables of nodes, pipes, pumps and valves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maps.columns import Texts
from maps.hydraulics.model_building.roughness import estimated_roughness
from maps.network import NodeKind, NodeTable, PipeStatus, PipeTable, PumpTable, ValveKind, ValveState, ValveTable
from maps.synthetic import names
from maps.synthetic.network.feeds import PLANT, REDUCER, Plumbing
from maps.synthetic.network.isolation_valves import Sites
from maps.synthetic.network.pressure_zones import BAND_M, LOWEST_M
from maps.synthetic.streets.graph import Array, Rows, Streets

INLET_HEAD_M = BAND_M + 30.0
"""Head at the inlet of a zone above the foot of its band: 30 m over its highest node, 52 m over its lowest."""

PUMPS = {PLANT: 3, 1: 2}
"""Pumps of a plant and of a pumping station; the last one stands by, shut."""


def inlet_head_m(plumbing: Plumbing) -> Array:
    """Head wanted at the inlets of each zone, (z,)."""
    return np.asarray(LOWEST_M + BAND_M * plumbing.band + INLET_HEAD_M)


@dataclass(frozen=True, eq=False)
class Laid:
    """Material and year of each pipe, (m,)."""

    material: Texts
    year: Rows


def lay(streets: Streets, diameter_mm: Array, rng: np.random.Generator) -> Laid:
    """Material by size and year: grey cast iron when old, then ductile iron, PE for small new pipes, steel for the largest."""
    mx, my = streets.middle()
    away = np.hypot((mx - np.median(mx)) / (np.ptp(mx) + 1.0), (my - np.median(my)) / (np.ptp(my) + 1.0))
    # The city grew outward: the middle was laid (and partly renewed) long ago.
    patch = np.sin(mx / 900.0 + 1.3) * np.sin(my / 700.0 + 0.4)
    year = np.clip(1972 + 62 * np.clip(away * 1.5, 0, 0.75) + 5 * patch + rng.normal(0, 4.5, streets.edges), 1955, 2022)
    renewed = rng.random(streets.edges) < 0.16
    year = np.where(renewed, rng.uniform(2008, 2024, streets.edges), year).astype(np.int64)
    code = np.full(streets.edges, 1)
    code[year < 1990] = 0
    code[(year >= 1998) & (diameter_mm <= 200) & (rng.random(streets.edges) < 0.6)] = 2
    code[(diameter_mm >= 800) & (rng.random(streets.edges) < 0.6)] = 3
    code[(diameter_mm >= 1000) & (code == 0)] = 3
    table = np.array(["灰口铸铁", "球墨铸铁", "PE", "钢"], dtype=object)
    return Laid(table[code], year)


def node_table(plumbing: Plumbing, demand_m3h: Array) -> NodeTable:
    """All nodes; a plant's clear well is a source two metres over its ground."""
    streets = plumbing.streets
    kind = np.full(streets.nodes, int(NodeKind.JUNCTION), dtype=np.uint8)
    head = np.full(streets.nodes, np.nan)
    name = np.full(streets.nodes, "", dtype=object)
    elevation = np.round(plumbing.elevation_m, 2)
    for feed in plumbing.feeds:
        name[feed.outlet] = feed.name
        if feed.kind == PLANT:
            kind[feed.inlet] = int(NodeKind.PLANT)
            head[feed.inlet] = elevation[feed.inlet] + 2.0
            name[feed.inlet] = feed.name
    return NodeTable.of(
        names.numbered("J", streets.nodes),
        x=np.round(streets.x, 3),
        y=np.round(streets.y, 3),
        kind=kind,
        elevation_m=elevation,
        demand_m3h=demand_m3h,
        head_m=head,
        name=name,
    )


def pipe_table(
    streets: Streets, diameter_mm: Array, street: Rows, road_name: Texts, laid: Laid, rng: np.random.Generator
) -> PipeTable:
    """All pipes along the streets; ``street``: (m,) which street an edge belongs to."""
    first, last = streets.vertices[streets.offsets[:-1]], streets.vertices[streets.offsets[1:] - 1]
    run = np.abs(last - first)
    east_west = run[:, 0] >= run[:, 1]
    # One side of a street for its whole length: customary, and what the utility's drawings say.
    side = (street * 7919 // 13) % 2
    sides = np.array(["north", "south", "east", "west"], dtype=object)
    depth = 1.05 + diameter_mm / 1600.0 + rng.uniform(-0.15, 0.4, streets.edges)
    return PipeTable.of(
        names.numbered("P", streets.edges),
        from_node=streets.u,
        to_node=streets.v,
        diameter_mm=diameter_mm,
        length_m=np.round(streets.length_m, 2),
        material=laid.material,
        year_laid=laid.year,
        roughness=_roughness(laid),
        status=np.full(streets.edges, int(PipeStatus.OPEN), dtype=np.uint8),
        road_name=road_name,
        ownership=np.full(streets.edges, "供水集团", dtype=object),
        depth_m=np.round(depth, 2),
        road_side=sides[np.where(east_west, side, side + 2)],
        vertices=np.round(streets.vertices, 3),
        offsets=streets.offsets,
    )


def _roughness(laid: Laid) -> Array:
    """Hazen-Williams C of each pipe; worked out once for every material and year that occurs."""
    materials, code = np.unique(laid.material.astype(str), return_inverse=True)
    kind, which = np.unique(code * 10_000 + laid.year, return_inverse=True)
    of_kind = estimated_roughness(materials.astype(object)[kind // 10_000], (kind % 10_000).astype(np.int32), "H-W")
    return np.asarray(np.round(of_kind, 1)[which])


def pump_table(plumbing: Plumbing) -> PumpTable:
    """Pumps of plants and pumping stations, the stand-by ones shut."""
    rows = [(feed, k) for feed in plumbing.feeds if feed.kind != REDUCER for k in range(PUMPS[feed.kind])]
    standby = [k == PUMPS[feed.kind] - 1 for feed, k in rows]
    return PumpTable.of(
        names.numbered("PU", len(rows)),
        from_node=[feed.inlet for feed, _ in rows],
        to_node=[feed.outlet for feed, _ in rows],
        status=np.where(standby, int(PipeStatus.CLOSED), int(PipeStatus.OPEN)),
        name=[f"{feed.name}{k + 1}号泵" for feed, k in rows],
    )


def valve_table(plumbing: Plumbing, sites: Sites, diameter_mm: Array, rng: np.random.Generator) -> ValveTable:
    """Isolation valves at pipe ends, then the PRVs as links."""
    streets, count = plumbing.streets, len(sites.edge)
    size = diameter_mm[sites.edge]
    large = size >= 300
    state = np.where(sites.border, int(ValveState.CLOSED), int(ValveState.OPEN))
    # Valves on mains have a known state: with an unknown state at a zone's only inlet, no plan could rely on its supply.
    state = np.where(~sites.border & ~large & (rng.random(count) < 0.006), int(ValveState.UNKNOWN), state)
    x, y = _beside(streets, sites)
    isolating = {
        "kind": np.where(large, int(ValveKind.BUTTERFLY), int(ValveKind.GATE)),
        "pipe": sites.edge,
        "node": sites.node,
        "state": state,
        "normal_state": np.where(sites.border, int(ValveState.CLOSED), int(ValveState.OPEN)),
        "operable": (rng.random(count) > 0.03) | sites.border,
        "control": _picked(rng.random(count) < np.where(size >= 500, 0.10, 0.0), "remote", "manual"),
        "turns_to_close": np.round(np.where(large, 28 + size / 12.0, 3 + size / 10.0)),
        "closes": _picked(rng.random(count) < 0.05, "ccw", "cw"),
        "depth_m": np.round(0.9 + size / 1600.0 + rng.uniform(-0.2, 0.4, count), 2),
        "diameter_mm": size,
        "last_checked": _checked(count, rng),
        "x": x,
        "y": y,
    }
    whole = _with_reducers(isolating, plumbing)
    return ValveTable.of(names.numbered("V", len(whole["pipe"])), **whole)


def _with_reducers(isolating: dict[str, NDArray[np.generic]], plumbing: Plumbing) -> dict[str, NDArray[np.generic]]:
    reducers = plumbing.of_kind(REDUCER)
    more = len(reducers)
    inlet = np.array([feed.inlet for feed in reducers], dtype=np.int64)
    outlet = np.array([feed.outlet for feed in reducers], dtype=np.int64)
    none = np.full(len(isolating["pipe"]), -1)
    fill: dict[str, object] = {
        "kind": int(ValveKind.PRV),
        "pipe": -1,
        "node": -1,
        "state": int(ValveState.OPEN),
        "normal_state": int(ValveState.OPEN),
        "operable": True,
        "control": "remote",
        "closes": "cw",
        "turns_to_close": np.nan,
        "depth_m": 1.8,
        "diameter_mm": 300.0,
        "last_checked": "2025-03-18",
        "x": (plumbing.streets.x[inlet] + plumbing.streets.x[outlet]) / 2,
        "y": (plumbing.streets.y[inlet] + plumbing.streets.y[outlet]) / 2,
    }
    out = {key: np.concatenate([column, np.full(more, fill[key], dtype=column.dtype)]) for key, column in isolating.items()}
    out["from_node"] = np.concatenate([none, inlet])
    out["to_node"] = np.concatenate([none, outlet])
    setting = inlet_head_m(plumbing)[plumbing.zone[outlet]] - plumbing.elevation_m[outlet]
    out["setting"] = np.concatenate([np.full(len(none), np.nan), np.round(setting, 1)])
    return out


def _picked(chosen: NDArray[np.bool_], yes: str, no: str) -> Texts:
    return np.array([no, yes], dtype=object)[chosen.astype(np.int64)]


def _checked(count: int, rng: np.random.Generator) -> Texts:
    """Dates of the last check over eight years; one in nine never."""
    start = np.datetime64("2018-01-08")
    days = (start + (rng.beta(2.2, 1.2, count) * 2870).astype(np.int64)).astype(str).astype(object)
    days[rng.random(count) < 0.11] = ""
    return np.asarray(days)


def _beside(streets: Streets, sites: Sites) -> tuple[Array, Array]:
    """Valve places: 7 m along the pipe from its node (a quarter of a short pipe)."""
    from_u = streets.u[sites.edge] == sites.node
    length = streets.length_m[sites.edge]
    reach = np.minimum(7.0, length / 4)
    return streets.at(sites.edge, np.where(from_u, reach, length - reach))
