"""Signatures of tanks: which share of a flow taken out anywhere each tank supplies, by the linearised network."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from maps.columns import Floats
from maps.hydraulics.state import HydraulicState
from maps.locate.linear import LinearNetwork
from maps.network import PipeNetwork


def tank_inflow_signatures(
    network: PipeNetwork, state: HydraulicState, tank: NDArray[np.int64], pump_slope_m_per_m3h: Floats | None = None
) -> NDArray[np.float32]:
    """(tanks, nodes) change of each tank's inflow per flow taken out at a node; 0 to -1. ``tank``: node rows."""
    linear = LinearNetwork(network, state, pump_slope_m_per_m3h)
    links, nodes = linear.links, len(network.nodes)
    rows, columns, values = [], [], []
    for row, node in enumerate(tank):
        # Inflow through a link: gradient times (head at its other end less the tank's, which is fixed).
        for own, other in ((links.end, links.start), (links.start, links.end)):
            edge = np.flatnonzero(own == node)
            rows += [np.full(2 * len(edge), row)]
            columns += [other[edge], own[edge]]
            values += [links.gradient[edge], -links.gradient[edge]]
    if not rows:
        return np.zeros((0, nodes), dtype=np.float32)
    entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    return linear.adjoint(csr_array(coo_array(entries, shape=(len(tank), nodes))))
