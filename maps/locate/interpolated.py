"""Signatures without a hydraulic model: the nearer a station along the pipes, the more it should move."""

from __future__ import annotations

import numpy as np
from scipy.sparse.csgraph import dijkstra

from maps.city import City, StationTable
from maps.locate.placement import resistance_graph
from maps.locate.signatures import Signatures

_TYPICAL_RESPONSE_M = 0.05


def interpolated_signatures(city: City, stations: StationTable | None = None) -> Signatures:
    """Responses falling off exponentially with the distance along the network (thin pipes count longer).

    The reach is the median distance between neighbouring stations. Shapes only: the size of a burst's response is not
    known, so no flow must be read from a fit with these. (stations, nodes) as in ``Signatures``.
    """
    table = city.stations if stations is None else stations
    graph = resistance_graph(city.network)
    placed = np.flatnonzero(table.node >= 0)
    response = np.zeros((len(table), len(city.network.nodes)), dtype=np.float32)
    if len(placed):
        nodes = table.node[placed].astype(np.int64)
        distance = dijkstra(graph, directed=False, indices=nodes)
        between = distance[:, nodes] + np.where(np.eye(len(nodes)) > 0, np.inf, 0.0)
        nearest = between.min(axis=1, initial=np.inf)
        reach = float(np.median(nearest[np.isfinite(nearest)])) if np.isfinite(nearest).any() else 1000.0
        response[placed] = -_TYPICAL_RESPONSE_M * np.exp(-distance / max(reach, 1.0))
    demand = np.maximum(np.nan_to_num(city.network.nodes.demand_m3h), 0.0)
    return Signatures(0.0, tuple(table.asset_id), response, demand)
