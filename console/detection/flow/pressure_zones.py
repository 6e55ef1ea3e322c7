"""Which parts of the network lie behind reducing valves, which ways water takes in and out of them, and what measures it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from maps.city import City
from maps.network import PipeNetwork, PipeStatus, ValveKind, ValveState


@dataclass(frozen=True, slots=True)
class Way:
    """A reducing valve or a pump between two parts: from ``start`` to ``end`` (labels of parts).

    ``meters``: station rows that its water passes, with +1 where their flow counts along the way, -1 against it.
    ``outlet``: node row where it lets water in, -1 where that does not matter.
    """

    asset_id: str
    is_valve: bool
    start: int
    end: int
    meters: tuple[tuple[int, float], ...]
    outlet: int = -1


@dataclass(frozen=True, eq=False)
class Parts:
    """``label``: (nodes,) part of each node once every reducing valve and pump is cut; ``behind``: parts fed by valves alone."""

    label: NDArray[np.int64]
    behind: frozenset[int]
    ways: tuple[Way, ...]

    def inward(self, part: int) -> tuple[Way, ...]:
        """Ways into a part."""
        return tuple(way for way in self._at.get(part, ()) if way.end == part)

    def feeding(self, part: int) -> tuple[Way, ...]:
        """Reducing valves into a part."""
        return tuple(way for way in self.inward(part) if way.is_valve)

    def touching(self, part: int) -> tuple[tuple[Way, float], ...]:
        """Ways over a part's border, with +1 for those in, -1 for those out."""
        return tuple((way, 1.0 if way.end == part else -1.0) for way in self._at.get(part, ()))

    @cached_property
    def _at(self) -> dict[int, list[Way]]:
        """Ways by the parts that they touch."""
        found: dict[int, list[Way]] = {}
        for way in self.ways:
            for part in {way.start, way.end} if way.start != way.end else ():
                found.setdefault(part, []).append(way)
        return found


def parts_of(city: City) -> Parts:
    """The parts behind reducing valves. A part with a source of its own, or one that pumps lift into, is behind none.

    Pumps are cut too: water goes through them one way, so that a tank above a pump feeds nothing below it.
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
        Way(name, is_valve, int(label[before]), int(label[behind]), _meters(city, signs), behind)
        for name, is_valve, before, behind, signs in links
        if label[before] != label[behind]
    )
    own = set(label[network.nodes.feeds].tolist()) | {one.end for one in ways if not one.is_valve}
    return Parts(label.astype(np.int64), frozenset({one.end for one in ways if one.is_valve} - own), ways)


def _ends(network: PipeNetwork, valve: int) -> tuple[int, int]:
    """Nodes before and behind a reducing valve. On a pipe it lets water into that pipe, or out of it at the valve's own end."""
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
    """Links that carry a valve's flow -> +1 drawn along it, -1 against it: its own, the only pipe that leads to or from it."""
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
