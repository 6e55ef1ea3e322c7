"""Builds the tables of hydrants, stations, plants and crews."""

from __future__ import annotations

import json

import numpy as np

from maps.city import CrewTable, HydrantTable, PlantTable, StationTable
from maps.columns import Texts
from maps.network import PumpTable, ValveTable
from maps.synthetic import names
from maps.synthetic.network.feeds import BOOSTER, PLANT, REDUCER, Feed, Plumbing
from maps.synthetic.streets.graph import Array, Mask, Rows, along_a_curve

_HYDRANT_EVERY_M = 120.0
_NODES_A_STATION = 60
_CREW_EVERY = 900
"""Pipes one crew looks after."""

_SERVICE_LIMITS = json.dumps({"pressure": [0.14, None]})
"""Least and most service pressure, MPa as in files."""


def hydrant_table(plumbing: Plumbing, diameter_mm: Array) -> HydrantTable:
    """Hydrants every 120 m along the pipes up to DN600, counted on from pipe to pipe."""
    streets = plumbing.streets
    usable = np.where((diameter_mm <= 600) & (streets.length_m > 15), streets.length_m, 0.0)
    reach = np.cumsum(usable)
    passed = np.floor(reach / _HYDRANT_EVERY_M).astype(np.int64)
    before = np.concatenate([[0], passed[:-1]])
    edge = np.repeat(np.arange(streets.edges), passed - before)
    mark = (np.arange(len(edge)) + 1) * _HYDRANT_EVERY_M
    distance = np.clip(mark - (reach - usable)[edge], 6.0, np.maximum(streets.length_m[edge] - 6.0, 6.0))
    x, y = streets.at(edge, distance)
    return HydrantTable.of(names.numbered("H", len(edge)), pipe=edge, x=np.round(x, 2), y=np.round(y, 2))


def plant_table(plumbing: Plumbing) -> PlantTable:
    """Plants and pumping stations; stations that are only planned in reality are marked planned."""
    feeds = [*plumbing.of_kind(PLANT), *plumbing.of_kind(BOOSTER)]
    boosters = plumbing.of_kind(BOOSTER)
    planned = {feed.name for feed in boosters[: names.PLANNED_STATIONS]}
    return PlantTable.of(
        names.numbered("W", len(feeds)),
        node=[feed.inlet if feed.kind == PLANT else feed.outlet for feed in feeds],
        kind=["plant" if feed.kind == PLANT else "pumping_station" for feed in feeds],
        name=[feed.name for feed in feeds],
        planned=[feed.name in planned for feed in feeds],
    )


def station_table(
    plumbing: Plumbing, metered: Mask, pipe_ids: Texts, valves: ValveTable, pumps: PumpTable, road_name: Texts
) -> StationTable:
    """Pressure stations over the city and at every feed; flow stations at feeds and on the open borders of the DMAs."""
    pressure = _pressure_nodes(plumbing)
    feeds = plumbing.feeds
    outlets = np.array([feed.outlet for feed in feeds], dtype=np.int64)
    nodes = np.concatenate([pressure, outlets])
    at_node = [*_node_names(plumbing, pressure, road_name), *(f"{feed.name}出口" for feed in feeds)]
    channels = ["pressure"] * len(pressure) + [_feed_channels(feed) for feed in feeds]
    flow_edges, flow_names = _flow_edges(plumbing, metered, road_name)
    prv = np.flatnonzero(valves.is_link)
    middle_x, middle_y = plumbing.streets.middle()
    links = [*pipe_ids[flow_edges], *valves.asset_id[prv]]
    count = len(nodes) + len(links)
    return StationTable.of(
        names.numbered("S", count),
        name=[*at_node, *flow_names, *(f"{feed.name}流量" for feed in plumbing.of_kind(REDUCER))],
        node=np.concatenate([nodes, np.full(len(links), -1)]),
        link=[""] * len(nodes) + links,
        channels=[*channels, *["flow"] * len(links)],
        limits=[_SERVICE_LIMITS] * len(nodes) + [""] * len(links),
        x=np.concatenate([plumbing.streets.x[nodes], middle_x[flow_edges], valves.x[prv]]),
        y=np.concatenate([plumbing.streets.y[nodes], middle_y[flow_edges], valves.y[prv]]),
    )


def _feed_channels(feed: Feed) -> str:
    return "pressure,turbidity,chlorine" if feed.kind == PLANT else "pressure"


def _pressure_nodes(plumbing: Plumbing) -> Rows:
    """One junction in about 90 nodes, spread over each pressure zone."""
    streets = plumbing.streets
    order = along_a_curve(streets.x, streets.y)
    order = order[np.argsort(plumbing.zone[order], kind="stable")]
    own = np.zeros(streets.nodes, dtype=bool)
    for feed in plumbing.feeds:
        own[[feed.inlet, feed.outlet]] = True
    order = order[(streets.degree[order] >= 3) & ~own[order]]
    every = max(1, round(len(order) / max(1.0, streets.nodes / _NODES_A_STATION)))
    return order[every // 2 :: every]


def _node_names(plumbing: Plumbing, nodes: Rows, road_name: Texts) -> list[str]:
    """Names of nodes by the two roads of their crossing."""
    streets = plumbing.streets
    wanted = set(nodes.tolist())
    roads: dict[int, list[str]] = {node: [] for node in wanted}
    near = np.flatnonzero(np.isin(streets.u, nodes) | np.isin(streets.v, nodes))
    for edge in near[np.argsort(streets.rank[near], kind="stable")].tolist():
        for node in (int(streets.u[edge]), int(streets.v[edge])):
            if node in wanted and road_name[edge] not in roads[node]:
                roads[node].append(str(road_name[edge]))
    return ["与".join(roads[node][:2]) + "测点" for node in nodes.tolist()]


def _flow_edges(plumbing: Plumbing, metered: Mask, road_name: Texts) -> tuple[Rows, list[str]]:
    """Pipes with flow meters and the meters' names: mains out of plants and pumping stations, open DMA borders."""
    streets = plumbing.streets
    edges: list[int] = []
    labels: list[str] = []
    for feed in plumbing.feeds:
        if feed.kind == REDUCER:
            continue
        out = np.flatnonzero((streets.u == feed.outlet) | (streets.v == feed.outlet)).tolist()
        edges += out
        labels += [f"{feed.name}出水{k + 1}号流量" for k in range(len(out))]
    taken = set(edges)
    inlets = [edge for edge in np.flatnonzero(metered).tolist() if edge not in taken]
    labels += [f"{road_name[edge]}分区流量" for edge in inlets]
    return np.array(edges + inlets, dtype=np.int64), labels


def crew_table(plumbing: Plumbing, rng: np.random.Generator) -> CrewTable:
    """Repair crews with their bases at street corners over the city."""
    streets = plumbing.streets
    count = int(np.clip(round(streets.edges / _CREW_EVERY), 3, 60))
    order = along_a_curve(streets.x, streets.y)
    base = order[(np.arange(count) * 2 + 1) * len(order) // (2 * count)]
    skills = ("阀门,开挖,焊接", "阀门,开挖", "阀门,抽排,照明", "阀门,开挖,PE热熔")
    return CrewTable.of(
        [f"C{k + 1:02d}" for k in range(count)],
        name=[f"抢修{k + 1}队" for k in range(count)],
        base_x=streets.x[base] + rng.uniform(-20, 20, count),
        base_y=streets.y[base] + rng.uniform(-20, 20, count),
        skills=[skills[k % len(skills)] for k in range(count)],
        # 0531 is Jinan's area code; 5550 numbers are not assigned to subscribers, so that the demo calls nobody.
        phone=[f"0531-5550{100 + k:04d}" for k in range(count)],
    )
