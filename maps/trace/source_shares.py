"""Source shares: origin of the water at a node by perfect mixing of a solved flow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csc_array, identity
from scipy.sparse.csgraph import breadth_first_order
from scipy.sparse.linalg import splu

from maps.columns import Ints
from maps.network import PipeNetwork
from maps.trace.flows import NO_FLOW_M3H, Flows
from maps.trace.graph import trace_graph


@dataclass(frozen=True, eq=False)
class SourceShares:
    """Sources of one node: node rows and their shares of its water, largest first; ``unknown``: share that was not traced.

    ``unknown`` is 1 for stagnant water, and includes water from nodes without known inflow.
    """

    sources: Ints
    shares: tuple[float, ...]
    unknown: float


def source_shares(network: PipeNetwork, node_row: int, flows: Flows) -> SourceShares:
    """Shares of the sources in the water of a node, with solved ``flows``.

    At each node the inflows mix completely: a share of a node is the flow-weighted mean of those upstream of it. A source
    keeps its own water whatever flows into it. Raises ValueError for assumed flows, which have no magnitude.
    """
    if not flows.solved:
        raise ValueError("shares need a solved flow; assumed directions have no size")
    graph = trace_graph(network)
    flow = np.nan_to_num(flows.of_links(graph))
    moving = np.flatnonzero(np.abs(flow) > NO_FLOW_M3H)
    ahead = flow[moving] > 0
    giver = np.where(ahead, graph.start[moving], graph.end[moving])
    taker = np.where(ahead, graph.end[moving], graph.start[moving])
    mixed = ~graph.is_source[taker]
    giver, taker, size = giver[mixed], taker[mixed], np.abs(flow[moving])[mixed]
    against = coo_array((size, (taker, giver)), shape=(graph.nodes, graph.nodes)).tocsr()
    # Only upstream nodes are included: one row of the inverse mixing matrix, by a transposed solve.
    near = np.sort(breadth_first_order(against, node_row, directed=True, return_predecessors=False))
    part = against[near][:, near]
    inflow = part.sum(axis=1)
    # Slightly less than 1, so that circulating flow does not make the matrix singular.
    mix = csc_array(part.multiply((1.0 - 1e-9) / np.maximum(inflow, NO_FLOW_M3H)[:, None]))
    at = np.zeros(len(near))
    at[int(np.searchsorted(near, node_row))] = 1.0
    # The share of every upstream node in the node's water is the node's row of (I - M)^-1.
    weight = splu(csc_array((identity(len(near), format="csc") - mix).T)).solve(at)
    source = graph.is_source[near]
    found = near[source].astype(np.int32)
    shares = weight[source]
    order = np.argsort(-shares, kind="stable")
    order = order[shares[order] > 1e-9]
    return SourceShares(found[order], tuple(float(share) for share in shares[order]), max(1.0 - float(shares.sum()), 0.0))
