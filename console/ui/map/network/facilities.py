"""Facilities: plants, pumping stations, wells, tanks and sources.

They come from the utility's list and from the network: an EPANET model lists no plants, but has reservoirs, tanks and pumps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maps.city import City
from maps.network import NodeKind

_KINDS = {
    NodeKind.TANK: "tank",
    NodeKind.WELL: "well",
    NodeKind.SOURCE: "source",
    NodeKind.PLANT: "plant",
    NodeKind.OUTSIDE_PUMP: "pumping_station",
}


@dataclass(frozen=True, slots=True)
class Facility:
    """A facility at its place (world, m). ``nodes``: rows it stands at; ``pumps``: rows of the pumps there."""

    kind: str
    asset_id: str
    name: str
    planned: bool
    x: float
    y: float
    nodes: tuple[int, ...]
    pumps: tuple[int, ...] = ()


def facilities(city: City) -> tuple[Facility, ...]:
    """Plants and stations as listed, then the tanks, wells and sources among the nodes, then pumps that stand alone."""
    pumps = _pumps(city)
    listed = list(_listed(city, pumps))
    taken = {facility.nodes[0] for facility in listed}
    apart = list(_nodes_apart(city, pumps, taken))
    found = [*listed, *apart, *_pumps_apart(city, pumps, taken, {facility.nodes[0] for facility in apart})]
    return tuple(one for one in found if np.isfinite((one.x, one.y)).all())


def stations_at(city: City, facility: Facility) -> NDArray[np.int64]:
    """Rows of the stations on a facility's nodes, its pumps or their ends (what a plant gives is measured behind them)."""
    stations, pumps, rows = city.stations, city.network.pumps, list(facility.pumps)
    pump_ids = pumps.asset_id[rows]
    nodes = {*facility.nodes, *pumps.from_node[rows].tolist(), *pumps.to_node[rows].tolist()} - {-1}
    return np.flatnonzero(np.isin(stations.node, list(nodes)) | np.isin(stations.link.astype(str), pump_ids.astype(str)))


def _pumps(city: City) -> dict[frozenset[int], tuple[int, ...]]:
    """Rows of pumps by the nodes they stand at; pumps side by side go together."""
    pumps, found = city.network.pumps, dict[frozenset[int], tuple[int, ...]]()
    for row, ends in enumerate(zip(pumps.from_node.tolist(), pumps.to_node.tolist(), pumps.node.tolist(), strict=True)):
        nodes = frozenset(node for node in ends if node >= 0)
        found[nodes] = (*found.get(nodes, ()), row)
    return found


def _listed(city: City, pumps: dict[frozenset[int], tuple[int, ...]]) -> Iterator[Facility]:
    plants, nodes = city.plants, city.network.nodes
    for i, n in enumerate(plants.node.tolist()):
        if n >= 0:
            own = tuple(row for ends, rows in pumps.items() if n in ends for row in rows)
            names = str(plants.kind[i]), str(plants.asset_id[i]), str(plants.name[i])
            yield Facility(*names, bool(plants.planned[i]), float(nodes.x[n]), float(nodes.y[n]), (n,), own)


def _nodes_apart(city: City, pumps: dict[frozenset[int], tuple[int, ...]], taken: set[int]) -> Iterator[Facility]:
    """Nodes of no listed plant; only the pumps that sit on the node itself are theirs."""
    nodes = city.network.nodes
    for kind, name in _KINDS.items():
        for n in np.flatnonzero(nodes.kind == kind).tolist():
            if n not in taken:
                names, own = (name, str(nodes.asset_id[n]), str(nodes.name[n])), pumps.get(frozenset((n,)), ())
                yield Facility(*names, False, float(nodes.x[n]), float(nodes.y[n]), (n,), own)


def _pumps_apart(
    city: City, pumps: dict[frozenset[int], tuple[int, ...]], listed: set[int], apart: set[int]
) -> Iterator[Facility]:
    """Pumps that belong to no facility yet, in the middle of their link."""
    table, nodes = city.network.pumps, city.network.nodes
    for ends, rows in pumps.items():
        if ends and not ends & listed and not (len(ends) == 1 and ends <= apart):
            at = sorted(ends)
            names = "pumping_station", str(table.asset_id[rows[0]]), str(table.name[rows[0]])
            yield Facility(*names, False, float(nodes.x[at].mean()), float(nodes.y[at].mean()), tuple(at), rows)
