"""Interpolated signatures, without a hydraulic model: responses decrease with the distance along the pipes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from maps.city import City, StationTable
from maps.columns import Floats
from maps.locate.signatures import Signatures
from maps.locate.station_placement import resistance_graph

_TYPICAL_RESPONSE_M = 0.05
_UNKNOWN_REACH_M = 1000.0
_SEARCHED_NODES = 200_000
"""Stations × nodes of one call."""


class Interpolation:
    """Responses that decay exponentially with the distance along the network (thin pipes count longer).

    The decay length is the median distance between neighbouring stations. Shapes only: the magnitude of a response is
    unknown, so a fit gives no burst flow.
    """

    def __init__(self, city: City, stations: StationTable | None = None) -> None:
        """``stations``: all stations, for the decay length; default the city's."""
        self._stations = city.stations if stations is None else stations
        self._graph = resistance_graph(city.network)
        self._demand_m3h = np.maximum(np.nan_to_num(city.network.nodes.demand_m3h), 0.0)
        node = self._stations.node
        self.reach_m = _reach_m(self._graph, node[node >= 0].astype(np.int64))

    def signatures(self, rows: NDArray[np.int64] | None = None) -> Signatures:
        """Signatures of the stations ``rows`` (default all), (rows, nodes); zero for stations without a node.

        Each path search holds the interpreter's lock for some milliseconds in a large city, so each call makes only a few.
        """
        rows = np.arange(len(self._stations), dtype=np.int64) if rows is None else rows
        response = np.zeros((len(rows), self._graph.shape[0]), dtype=np.float32)
        node = self._stations.node[rows].astype(np.int64)
        placed = np.flatnonzero(node >= 0)
        together = max(_SEARCHED_NODES // max(self._graph.shape[0], 1), 1)
        for first in range(0, len(placed), together):
            some = placed[first : first + together]
            # The graph holds each link in both directions; treated as directed, it need not be transposed for each search.
            distance = dijkstra(self._graph, directed=True, indices=node[some])
            response[some] = -_TYPICAL_RESPONSE_M * np.exp(-distance / max(self.reach_m, 1.0))
        return Signatures(0.0, tuple(self._stations.asset_id[rows]), response, self._demand_m3h)


def _reach_m(graph: csr_array[Any], nodes: NDArray[np.int64]) -> float:
    """Median distance from a station to its nearest neighbour, m of 200 mm pipe; 1000 where no two are connected.

    One search from all stations at once (Voronoi partition): the path to a station's nearest neighbour crosses exactly one link
    between two cells.
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
