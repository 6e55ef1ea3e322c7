"""Links that are no pipes — pumps, and valves between two nodes: without them the network would fall apart on the map."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from console.ui.map.strokes import Lines
from maps.city import City
from maps.network import NodeTable, PipeNetwork


def link_lines(network: PipeNetwork) -> Lines:
    """A straight line for each pump and each link valve that has a length; one class."""
    pumps, valves = network.pumps, network.valves
    start = np.concatenate([pumps.from_node, valves.from_node[valves.is_link]])
    stop = np.concatenate([pumps.to_node, valves.to_node[valves.is_link]])
    linked = (start >= 0) & (stop >= 0)
    ends = np.hstack([_places(network.nodes, start[linked]), _places(network.nodes, stop[linked])])
    ends = ends[np.isfinite(ends).all(axis=1) & (ends[:, :2] != ends[:, 2:]).any(axis=1)]
    return Lines(ends.reshape(-1, 2), np.arange(0, 2 * len(ends) + 1, 2, dtype=np.int64), np.zeros(len(ends), dtype=np.uint8))


def link_valve_angles(network: PipeNetwork) -> NDArray[np.float64]:
    """Screen angle of each link valve, degrees clockwise from east, in the order of ``valves.is_link``."""
    valves = network.valves
    step = _places(network.nodes, valves.to_node[valves.is_link]) - _places(network.nodes, valves.from_node[valves.is_link])
    return np.nan_to_num(-np.degrees(np.arctan2(step[:, 1], step[:, 0])))


def pumps_apart(city: City) -> Iterator[tuple[str, float, float]]:
    """(name, x, y) of pumps that belong to no listed plant, in the middle of their link; pumps side by side count once."""
    pumps, nodes = city.network.pumps, city.network.nodes
    listed, seen = set(city.plants.node.tolist()), set[frozenset[int]]()
    for name, *ends in zip(pumps.name, pumps.from_node.tolist(), pumps.to_node.tolist(), pumps.node.tolist(), strict=True):
        own = frozenset(node for node in ends if node >= 0)
        if own and not own & listed and own not in seen:
            seen.add(own)
            x, y = _places(nodes, np.array(sorted(own))).mean(axis=0).tolist()
            if np.isfinite(x) and np.isfinite(y):
                yield str(name), x, y


def _places(nodes: NodeTable, rows: NDArray[np.integer]) -> NDArray[np.float64]:
    return np.column_stack([nodes.x[rows], nodes.y[rows]])
