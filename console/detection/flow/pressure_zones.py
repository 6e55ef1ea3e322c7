"""Pressure zones: partitions the network at PRVs and pumps, with the links between the parts and their flow meters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from maps.city import City
from maps.network import PipeNetwork, PipeStatus, ValveKind, ValveState


@dataclass(frozen=True, slots=True)
class ZoneLink:
    """A PRV, pump or metered pipe between two parts, from ``start`` to ``end`` (labels of parts).

    ``meters``: rows of stations that measure its flow, with +1 where their sign follows the link, -1 against it.
    ``outlet``: node row of its downstream end, -1 where unused.
    """

    asset_id: str
    is_valve: bool
    start: int
    end: int
    meters: tuple[tuple[int, float], ...]
    outlet: int = -1


@dataclass(frozen=True, eq=False)
class Partition:
    """``label``: (nodes,) part of each node after cutting all PRVs and pumps; ``behind``: parts fed only through PRVs."""

    label: NDArray[np.int64]
    behind: frozenset[int]
    ways: tuple[ZoneLink, ...]

    def inward(self, part: int) -> tuple[ZoneLink, ...]:
        """Links into a part."""
        return tuple(way for way in self._at.get(part, ()) if way.end == part)

    def feeding(self, part: int) -> tuple[ZoneLink, ...]:
        """PRVs into a part."""
        return tuple(way for way in self.inward(part) if way.is_valve)

    def touching(self, part: int) -> tuple[tuple[ZoneLink, float], ...]:
        """Links across a part's boundary, with +1 for inlets, -1 for outlets."""
        return tuple((way, 1.0 if way.end == part else -1.0) for way in self._at.get(part, ()))

    @cached_property
    def _at(self) -> dict[int, list[ZoneLink]]:
        """Links by the parts that they connect."""
        found: dict[int, list[ZoneLink]] = {}
        for way in self.ways:
            for part in {way.start, way.end} if way.start != way.end else ():
                found.setdefault(part, []).append(way)
        return found


def partition_of(city: City) -> Partition:
    """Partition into the parts downstream of PRVs. A part with its own source, or with a pumped inflow, is not one of them.

    Pumps are cut too: flow through them has one direction, so a tank above a pump does not supply the part below.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    network = city.network
    valves, pipes, pumps = network.valves, network.pipes, network.pumps
    reducing = (valves.kind == ValveKind.PRV) & (valves.is_link | (valves.pipe >= 0))
    passing = valves.is_link & ~reducing & (valves.state != ValveState.CLOSED)
    shut = np.isin(np.arange(len(pipes)), valves.pipe[reducing | (valves.state == ValveState.CLOSED)])
    way = (pipes.status == PipeStatus.OPEN) & ~shut
    start = np.concatenate([pipes.from_node[way], valves.from_node[passing]])
    end = np.concatenate([pipes.to_node[way], valves.to_node[passing]])
    nodes = len(network.nodes)
    label = connected_components(coo_array((np.ones(len(start)), (start, end)), shape=(nodes, nodes)), directed=False)[1]
    working = np.flatnonzero(reducing & (valves.state != ValveState.CLOSED)).tolist()
    lifting = np.flatnonzero((pumps.from_node >= 0) & (pumps.to_node >= 0)).tolist()
    links = [(str(valves.asset_id[row]), True, *_ends(network, row), _links_at(network, row)) for row in working]
    links += [
        (str(pumps.asset_id[row]), False, int(pumps.from_node[row]), int(pumps.to_node[row]), {str(pumps.asset_id[row]): 1.0})
        for row in lifting
    ]
    ways = tuple(
        ZoneLink(name, is_valve, int(label[before]), int(label[behind]), _meters(city, signs), behind)
        for name, is_valve, before, behind, signs in links
        if label[before] != label[behind]
    )
    own = set(label[network.nodes.feeds].tolist()) | {one.end for one in ways if not one.is_valve}
    return Partition(label.astype(np.int64), frozenset({one.end for one in ways if one.is_valve} - own), ways)


def _ends(network: PipeNetwork, valve: int) -> tuple[int, int]:
    """Upstream and downstream node of a PRV. One on a pipe is at an end of it and lets water in, or out, at that end."""
    valves, pipes = network.valves, network.pipes
    pipe = int(valves.pipe[valve])
    if pipe < 0:
        return int(valves.from_node[valve]), int(valves.to_node[valve])
    start, end, own = int(pipes.from_node[pipe]), int(pipes.to_node[pipe]), int(valves.node[valve])
    far = start + end - own
    return (own, far) if int(valves.flows_to[valve]) in (-1, pipe) else (far, own)


def _meters(city: City, signs: dict[str, float]) -> tuple[tuple[int, float], ...]:
    links = enumerate(city.stations.link)
    return tuple((row, signs[str(link)]) for row, link in links if str(link) in signs)


def _links_at(network: PipeNetwork, valve: int) -> dict[str, float]:
    """Links that carry a valve's flow -> +1 if drawn along it, -1 against it: its own, or the only pipe before or after it."""
    links, (before, behind), own = (
        {str(network.valves.asset_id[valve]): 1.0},
        _ends(network, valve),
        int(network.valves.pipe[valve]),
    )
    if own >= 0:
        links[str(network.pipes.asset_id[own])] = 1.0 if int(network.pipes.to_node[own]) == behind else -1.0
        return links
    for node, is_before in ((before, True), (behind, False)):
        pipes = network.pipes_at(node)
        if len(pipes) == 1:
            ends_here = int(network.pipes.to_node[pipes[0]]) == node
            links[str(network.pipes.asset_id[pipes[0]])] = 1.0 if ends_here == is_before else -1.0
    return links
