"""Ways of water between nodes: open pipes, pumps and link valves as directed edges with a length."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from maps.network import DIRECTED_VALVES, PipeNetwork, PipeStatus, ValveState

_SHUT = (ValveState.CLOSED, ValveState.UNKNOWN)


@dataclass(frozen=True, eq=False)
class WaterGraph:
    """Directed edges (n,): tail and head node rows, pipe row (-1 for a pump or link valve), length in m."""

    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    pipe: NDArray[np.int64]
    length_m: NDArray[np.float64]
    nodes: int

    def matrix(self) -> csr_array:
        """Lengths as a sparse matrix (nodes, nodes); the shortest of parallel edges counts."""
        order = np.lexsort((self.length_m, self.head, self.tail))
        tail, head = self.tail[order], self.head[order]
        first = np.ones(len(order), dtype=bool)
        first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
        keep = order[first]
        shape = (self.nodes, self.nodes)
        return coo_array((np.maximum(self.length_m[keep], 1e-3), (self.tail[keep], self.head[keep])), shape=shape).tocsr()


@lru_cache(maxsize=4)
def water_graph(network: PipeNetwork) -> WaterGraph:
    """Where water may go by the network's own state: closed and unknown valves shut, one-way ones one way."""
    pipes, valves, pumps = network.pipes, network.valves, network.pumps
    forward = pipes.status == PipeStatus.OPEN
    backward = forward.copy()
    for row in np.flatnonzero((valves.pipe >= 0) | ((valves.node >= 0) & ~valves.is_link)):
        _apply(network, int(row), forward, backward)
    a, b = pipes.from_node.astype(np.int64), pipes.to_node.astype(np.int64)
    rows, length = np.arange(len(pipes), dtype=np.int64), np.nan_to_num(pipes.length_m)
    tails, heads = [a[forward], b[backward]], [b[forward], a[backward]]
    ids, lengths = [rows[forward], rows[backward]], [length[forward], length[backward]]
    linked = np.flatnonzero(valves.is_link & ~np.isin(valves.state, _SHUT))
    both = linked[~np.isin(valves.kind[linked], DIRECTED_VALVES)]
    running = np.flatnonzero((pumps.from_node >= 0) & (pumps.status == PipeStatus.OPEN))
    for tail, head in (
        (valves.from_node[linked], valves.to_node[linked]),
        (valves.to_node[both], valves.from_node[both]),
        (pumps.from_node[running], pumps.to_node[running]),
    ):
        tails.append(tail.astype(np.int64))
        heads.append(head.astype(np.int64))
        ids.append(np.full(len(tail), -1))
        lengths.append(np.ones(len(tail)))
    return WaterGraph(
        np.concatenate(tails), np.concatenate(heads), np.concatenate(ids), np.concatenate(lengths), len(network.nodes)
    )


def _apply(network: PipeNetwork, row: int, forward: NDArray[np.bool_], backward: NDArray[np.bool_]) -> None:
    valves, pipes = network.valves, network.pipes
    on = [int(valves.pipe[row])] if valves.pipe[row] >= 0 else network.pipes_at(int(valves.node[row])).tolist()
    for pipe in on:
        if valves.state[row] in _SHUT:
            forward[pipe] = backward[pipe] = False
        elif valves.flows_to[row] >= 0 and valves.operable[row]:
            into_pipe = valves.flows_to[row] == pipe
            at_from = pipes.from_node[pipe] == valves.node[row]
            (backward if into_pipe == at_from else forward)[pipe] = False
