"""Answers in plain Python for comparison with the vectorised city."""

from __future__ import annotations

from collections import deque

import numpy as np

from maps.city import City
from maps.network import NodeKind, PipeStatus, ValveState


def supplied_nodes(city: City) -> set[int]:
    """Nodes that water reaches from a source: through pipes without a shut valve, pumps and PRVs in their direction."""
    network = city.network
    shut = {
        int(pipe)
        for pipe, state in zip(network.valves.pipe, network.valves.state, strict=True)
        if pipe >= 0 and state == ValveState.CLOSED
    }
    near: dict[int, list[int]] = {}
    for row in range(len(network.pipes)):
        if row not in shut and network.pipes.status[row] == PipeStatus.OPEN:
            a, b = int(network.pipes.from_node[row]), int(network.pipes.to_node[row])
            near.setdefault(a, []).append(b)
            near.setdefault(b, []).append(a)
    for a, b in zip(network.pumps.from_node.tolist(), network.pumps.to_node.tolist(), strict=True):
        near.setdefault(a, []).append(b)
    links = np.flatnonzero(network.valves.is_link)
    for row in links.tolist():
        near.setdefault(int(network.valves.from_node[row]), []).append(int(network.valves.to_node[row]))
    queue = deque(np.flatnonzero(network.nodes.kind >= NodeKind.SOURCE).tolist())
    seen = set(queue)
    while queue:
        for other in near.get(queue.popleft(), []):
            if other not in seen:
                seen.add(other)
                queue.append(other)
    return seen


def segment_sizes(city: City) -> list[int]:
    """Pipes in each part that no isolation valve divides, by union-find over pipes and nodes."""
    network = city.network
    count = len(network.pipes)
    parent = list(range(count + len(network.nodes)))

    def root(item: int) -> int:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    valved = {(int(p), int(n)) for p, n in zip(network.valves.pipe, network.valves.node, strict=True) if p >= 0}
    for row in range(count):
        for node in (int(network.pipes.from_node[row]), int(network.pipes.to_node[row])):
            if (row, node) not in valved:
                parent[root(row)] = root(count + node)
    sizes: dict[int, int] = {}
    for row in range(count):
        sizes[root(row)] = sizes.get(root(row), 0) + 1
    return list(sizes.values())
