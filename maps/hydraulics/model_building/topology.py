"""Topology that EPANET rejects, for replacement in a model built from the tables.

A link from a node to itself is error 222, a part without any fixed head error 110: either would prevent hydraulics for
the whole city.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from maps.network import NodeKind, PipeNetwork

Rows = NDArray[np.int64]


def rings(network: PipeNetwork) -> Rows:
    """Pipes that start and end at the same node; each is replaced by two halves."""
    return np.flatnonzero(network.pipes.from_node == network.pipes.to_node)


def pump_links(network: PipeNetwork) -> Rows:
    """Pumps that are links between two nodes."""
    pumps = network.pumps
    return np.flatnonzero((pumps.from_node >= 0) & (pumps.from_node != pumps.to_node))


def valve_links(network: PipeNetwork) -> Rows:
    """Valves that are links between two nodes."""
    valves = network.valves
    return np.flatnonzero(valves.is_link & (valves.from_node != valves.to_node))


def without_head(network: PipeNetwork) -> Rows:
    """One node of each part without a connection to a fixed head; none where the city has no fixed head at all.

    Such a part is connected to a reservoir of its own by a closed pipe; EPANET then reports it as disconnected, as it is.
    """
    fixed = network.nodes.kind != NodeKind.JUNCTION
    if not fixed.any():
        return np.empty(0, dtype=np.int64)
    pumps, valves = pump_links(network), valve_links(network)
    start = np.concatenate([network.pipes.from_node, network.pumps.from_node[pumps], network.valves.from_node[valves]])
    end = np.concatenate([network.pipes.to_node, network.pumps.to_node[pumps], network.valves.to_node[valves]])
    size = len(network.nodes)
    graph = coo_array((np.ones(len(start), dtype=np.int8), (start, end)), shape=(size, size))
    count, label = connected_components(graph, directed=False)
    fed = np.zeros(count, dtype=np.bool_)
    fed[label[fixed]] = True
    _, first = np.unique(label, return_index=True)
    return np.asarray(first[~fed], dtype=np.int64)
