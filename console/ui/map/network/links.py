"""Links that are not pipes: pumps, and valves between two nodes. Without them the network has gaps on the map."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from console.ui.map.drawing.generalisation import Lines
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


def _places(nodes: NodeTable, rows: NDArray[np.integer]) -> NDArray[np.float64]:
    return np.column_stack([nodes.x[rows], nodes.y[rows]])
