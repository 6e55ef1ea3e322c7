"""Segment of each pipe without a plan: parts that closing valves can separate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from maps.columns import Ints
from maps.isolation.graph.edge_rules import GROW, BaseRules
from maps.isolation.graph.segments import SegmentGraph, build_segments
from maps.network import NodeKind, PipeNetwork


def segments_of_pipes(network: PipeNetwork, *, sources_as_junctions: bool = False) -> Ints:
    """Segment of each pipe in the dataset's own state, (pipes,), numbered from 0 in no order.

    A source separates its pipes, since isolation does not spread through it; ``sources_as_junctions``: it joins them, as in
    segment definitions that do not consider supply (Walski, WNTR).
    """
    if sources_as_junctions:
        plain = network.nodes.replaced(kind=np.full(len(network.nodes), NodeKind.JUNCTION, dtype=np.uint8))
        network = replace(network, nodes=plain)
    graph = build_segments(network)
    return joined_segments(graph, BaseRules(network, graph).codes)


def joined_segments(graph: SegmentGraph, codes: NDArray[np.uint8]) -> Ints:
    """Segment of each pipe after joining fine segments through everything that cannot be closed."""
    joined = (codes & GROW) == GROW
    ways = (np.ones(int(joined.sum())), (graph.u[joined], graph.v[joined]))
    table = coo_array(ways, shape=(graph.count, graph.count))
    return np.asarray(connected_components(csr_array(table), directed=False)[1][graph.of_pipe], dtype=np.int32)
