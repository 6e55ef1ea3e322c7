"""Signatures without a hydraulic model: the nearer a station along the pipes, the more it should move."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from maps.city import City, StationTable
from maps.columns import Floats
from maps.locate.placement import resistance_graph
from maps.locate.signatures import Signatures

_TYPICAL_RESPONSE_M = 0.05
_UNKNOWN_REACH_M = 1000.0
_SEARCHED_NODES = 200_000
"""Stations × nodes of one call."""


class Interpolation:
    """Responses falling off exponentially with the distance along the network (thin pipes count longer).

    The reach is the median distance between neighbouring stations. Shapes only: the size of a burst's response is not
    known, so no flow must be read from a fit with these.
    """

    def __init__(self, city: City, stations: StationTable | None = None) -> None:
        """``stations``: all that there are, for the reach; default the city's."""
        self._stations = city.stations if stations is None else stations
        self._graph = resistance_graph(city.network)
        self._demand_m3h = np.maximum(np.nan_to_num(city.network.nodes.demand_m3h), 0.0)
        node = self._stations.node
        self.reach_m = _reach_m(self._graph, node[node >= 0].astype(np.int64))

    def signatures(self, rows: NDArray[np.int64] | None = None) -> Signatures:
        """Of the stations ``rows`` (default all), (rows, nodes); those without a node respond to nothing.

        Searches hold the interpreter's lock, some milliseconds each in a large city: few are made in one call there.
        """
        rows = np.arange(len(self._stations), dtype=np.int64) if rows is None else rows
        response = np.zeros((len(rows), self._graph.shape[0]), dtype=np.float32)
        node = self._stations.node[rows].astype(np.int64)
        placed = np.flatnonzero(node >= 0)
        together = max(_SEARCHED_NODES // max(self._graph.shape[0], 1), 1)
        for first in range(0, len(placed), together):
            some = placed[first : first + together]
            # The graph has each link both ways; read as directed, it is not transposed anew for each search.
            distance = dijkstra(self._graph, directed=True, indices=node[some])
            response[some] = -_TYPICAL_RESPONSE_M * np.exp(-distance / max(self.reach_m, 1.0))
        return Signatures(0.0, tuple(self._stations.asset_id[rows]), response, self._demand_m3h)


def _reach_m(graph: csr_array[Any], nodes: NDArray[np.int64]) -> float:
    """Median distance from a station to the one nearest to it, m of 200 mm pipe; 1000 where no two are connected.

    One search from all stations together: each node belongs to the station nearest to it, and the way to a station's nearest
    neighbour leaves its part over one link.
    """
    if len(nodes) < 2:
        return _UNKNOWN_REACH_M
    places, place, count = np.unique(nodes, return_inverse=True, return_counts=True)
    distance, _, source = dijkstra(graph, directed=True, indices=places, min_only=True, return_predecessors=True)
    links = graph.tocoo()
    start, end = links.row, links.col
    across: Floats = np.asarray(distance[start] + links.data + distance[end])
    leaves = (source[start] != source[end]) & np.isfinite(across)
    nearest = np.full(graph.shape[0], np.inf)
    np.minimum.at(nearest, source[start[leaves]], across[leaves])
    to_neighbour = np.where(count > 1, 0.0, nearest[places])[place]
    known = to_neighbour[np.isfinite(to_neighbour)]
    return float(np.median(known)) if len(known) else _UNKNOWN_REACH_M
