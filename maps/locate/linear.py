"""Linearised network around one hydraulic state: A = B diag(g) Bᵀ, factorised once, one adjoint solve per station."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csc_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu

from maps.columns import Bools, Floats
from maps.hydraulics.state import HydraulicState
from maps.locate.gradients import SMALLEST_FLOW_M3H, Pins, links_of, pins
from maps.network import NodeKind, PipeNetwork

_BLOCK = 32
"""Right-hand sides per solve: enough for the processor cache, few enough for memory at a million nodes."""


class LinearNetwork:
    """Response of heads to flows taken out, near one state.

    Fixed heads are removed. A node held by an active PRV keeps its head, and its row of the flow balance is added to that
    of the valve's other end, which supplies the held side. In parts without any fixed head the response is undetermined;
    it is zero here (``fed`` False).
    """

    def __init__(
        self,
        network: PipeNetwork,
        state: HydraulicState,
        slope_m_per_m3h: Floats | None = None,
        smallest_flow_m3h: float = SMALLEST_FLOW_M3H,
    ) -> None:
        self.network = network
        self.links = links_of(network, state, slope_m_per_m3h, smallest_flow_m3h)
        self._nodes = len(network.nodes)
        fixed = fixed_heads(network)
        held = pins(network, state)
        keep = ~fixed[held.held]
        held = Pins(held.held[keep], held.passes_to[keep])
        pinned = np.zeros(self._nodes, dtype=bool)
        pinned[held.held] = True
        self._balance = _balance_node(self._nodes, held)
        self.fed: Bools = self._fed(fixed | pinned)
        self.free: Bools = ~fixed & ~pinned & self.fed
        self._column = np.where(self.free, np.cumsum(self.free) - 1, -1)

    def _fed(self, anchored: Bools) -> Bools:
        """Nodes connected to a fixed or held head."""
        ones = np.ones(len(self.links.start), dtype=np.int8)
        graph = coo_array((ones, (self.links.start, self.links.end)), shape=(self._nodes, self._nodes))
        parts, label = connected_components(graph, directed=False)
        tied = np.zeros(parts, dtype=bool)
        tied[label[anchored]] = True
        return np.asarray(tied[label])

    # Any: the stubs of SuperLU.solve lack its second argument, ``trans``.
    @cached_property
    def _factor(self) -> Any:
        size = int(self.free.sum())
        if size == 0:
            return None
        links = self.links
        rows = self._column[self._balance]
        start, end, g = links.start, links.end, links.gradient
        entries = [
            (rows[start], self._column[start], g),
            (rows[end], self._column[end], g),
            (rows[start], self._column[end], -g),
            (rows[end], self._column[start], -g),
        ]
        row, column, value = (np.concatenate(part) for part in zip(*entries, strict=True))
        inside = (row >= 0) & (column >= 0)
        matrix = csc_array(coo_array((value[inside], (row[inside], column[inside])), shape=(size, size)))
        # Nearly symmetric and diagonally dominant: the minimum-degree order of A + Aᵀ gives the least fill-in and needs no
        # pivoting.
        return splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})

    def adjoint(self, weights: Any) -> NDArray[np.float32]:
        """Adjoint solve: response of measured quantities to a unit flow taken out at every node.

        ``weights``: sparse (k, nodes), each row a linear form of the heads. Returns (k, nodes) in the form's unit per
        m³/h, float32; zero for fixed nodes and parts that are not fed.
        """
        factor = self._factor
        count = weights.shape[0]
        response = np.zeros((count, self._nodes), dtype=np.float32)
        if factor is None:
            return response
        rows = self._column[self._balance]
        column = np.maximum(rows, 0)
        dense_rows = csc_array(weights)[:, np.flatnonzero(self.free)].tocsr()
        for first in range(0, count, _BLOCK):
            block = dense_rows[first : first + _BLOCK].toarray()
            # Column-major in and out, as SuperLU stores it, so that each station's row is contiguous in memory.
            solved = factor.solve(block.T, "T").T
            np.negative(np.take(solved, column, axis=1), out=response[first : first + _BLOCK], casting="same_kind")
        response[:, ~self.fed | (rows < 0)] = 0.0
        return response

    def heads_for(self, taken_m3h: Floats) -> Floats:
        """Change of every head (m) when ``taken_m3h`` (nodes,) is taken out: one forward solve."""
        change = np.zeros(self._nodes)
        if self._factor is None:
            return change
        rows = self._column[self._balance]
        into = self.fed & (rows >= 0)
        load = np.bincount(rows[into], weights=-taken_m3h[into], minlength=int(self.free.sum()))
        change[self.free] = self._factor.solve(load)
        return change


def fixed_heads(network: PipeNetwork) -> Bools:
    """Nodes with a fixed head at one time: tanks and all other supply sources (reservoirs of the model)."""
    return np.asarray(network.nodes.kind != NodeKind.JUNCTION)


def _balance_node(nodes: int, held: Pins) -> NDArray[np.int64]:
    """Node to which each node's flow balance is added: itself, or the last one along the chain of valves that hold it."""
    target = np.arange(nodes, dtype=np.int64)
    target[held.held] = held.passes_to
    for _ in range(len(held.held)):
        further = target[target]
        if np.array_equal(further, target):
            break
        target = further
    return target
