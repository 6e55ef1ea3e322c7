"""Barriers that a plan relies on without closing them, and devices whose opening would supply its dry pockets.

A *barrier* is one device that keeps water out of the affected area: a closed valve, a valve of unknown state, a one-way
valve, or a closed pipe. It is tested as one device with all its edges, so the result is the same whether the valve is at
a node, at a pipe's end or a link of its own. The closed pieces of a pipe that was cut are one device too: the utility closed
one pipe.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from maps.isolation.graph.boundary_valves import Outcome
from maps.isolation.graph.edge_rules import CLOSABLE, GROW, ONE_WAY, SUPPLY, SUPPLY_UV, SWAPPED, UNKNOWN, WALL
from maps.isolation.graph.isolation_zone import grow
from maps.isolation.graph.segments import ClosedPipes, SegmentGraph
from maps.isolation.graph.supply_trees import Supply
from maps.isolation.plan.result import Reliance
from maps.network import PipeNetwork

_BEYOND_VALVES = 8
_ORDER = ("closed", "closed_pipe", "one_way", "unknown_state", "assumed")
_MOST_BEHIND = 1000
"""Limit on segments without supply searched for the next barrier; bounds the time of a plan next to a large dry part."""

Device = tuple[bool, int]
"""(is a pipe, row): a valve, or a closed pipe by the first of its closed pieces."""
Opened = Callable[[int], Mapping[int, int]]
"""Codes of a valve row's edges once it is open."""


@dataclass(frozen=True, slots=True)
class _Barrier:
    """``edges``: the device's edges with their codes; ``alone``: no further barrier is in series with it."""

    device: Device
    why: str
    edges: tuple[int, ...]
    alone: bool


@dataclass(frozen=True, slots=True)
class Feeding:
    """Devices that would supply a dry pocket once open: ids of valves, of pipes; ``into_zone``: those that supply zone 1 too."""

    valves: tuple[str, ...]
    pipes: tuple[str, ...]
    into_zone: tuple[str, ...]


class Barriers:
    """The barriers around one plan's affected area."""

    def __init__(self, network: PipeNetwork, supply: Supply, closed: ClosedPipes, outcome: Outcome) -> None:
        self._network, self._supply, self._closed, self._outcome = network, supply, closed, outcome
        self._out = outcome.zone.segments.keys() | outcome.dry
        self._rim: set[int] = set()
        self._behind: set[int] = set()
        self._barriers = self._found()

    def relied(self) -> tuple[Reliance, ...]:
        """Barriers by kind, those without another in series first; then the valves to close that are only assumed to exist."""
        found = [(_ORDER.index(one.why), not one.alone, one.device, one) for one in self._barriers]
        ordered = [one for *_, one in sorted(found, key=lambda f: f[:3])]
        listed = [said for one in ordered for said in self._reliances(one.device, one.why, one.edges, one.alone)]
        for valve in sorted(self._outcome.held):
            if self._network.valves.assumed[valve]:
                edges = tuple(self._supply.graph.valve_edges(valve).tolist())
                listed += self._reliances((False, valve), "assumed", edges, True)
        return tuple(listed)

    def feeding(self, opened: Opened) -> Feeding:
        """Closed valves and pipes each of which, opened alone, would supply a pipe of a dry pocket."""
        found: list[tuple[Device, bool]] = []
        for one in self._barriers:
            is_pipe, row = one.device
            if is_pipe:
                ways = dict.fromkeys(one.edges, SUPPLY)
            elif one.why == "closed" and all(self._code(edge) & CLOSABLE for edge in one.edges):
                ways = dict(opened(row))
            else:
                continue
            wet = self._wetted(ways)
            if any(self._supply.graph.has_pipes[segment] for segment in wet & self._outcome.dry):
                found.append((one.device, self._runs_into_zone(wet)))
        found.sort()
        return Feeding(
            self._network.valves.ids([row for (is_pipe, row), _ in found if not is_pipe]),
            tuple(name for device, _ in found if device[0] for name in self._names(device)),
            tuple(name for device, into_zone in found if into_zone for name in self._names(device)),
        )

    def _names(self, device: Device) -> tuple[str, ...]:
        is_pipe, row = device
        return self._network.pipes.ids(self._closed.pieces(row)) if is_pipe else self._network.valves.ids([row])

    def _code(self, edge: int) -> int:
        return self._outcome.changed.get(edge, self._supply.code_at[edge])

    def _found(self) -> list[_Barrier]:
        """Barriers on the paths from the affected area, through segments without supply, to segments with supply."""
        devices = self._explored()
        graph = self._supply.graph
        edges = {device: tuple(self._edges_of(graph, device)) for device in devices}
        alone = {device for device in devices if self._reaches_out(edges[device])}
        chained = self._in_chains(edges) if len(alone) < len(devices) else frozenset()
        return [_Barrier(one, why, edges[one], one in alone) for one, why in devices.items() if one in alone or one in chained]

    def _explored(self) -> dict[Device, str]:
        devices: dict[Device, str] = {}
        graph, held = self._supply.graph, self._outcome.held
        stack = list(self._out)
        while stack:
            near = stack.pop()
            for far, edge, _ in self._supply.around.at(near):
                if far in self._out:
                    continue
                code = self._code(edge)
                valve = int(graph.valve[edge])
                why = _why(code, valve >= 0 or int(graph.pump[edge]) >= 0)
                if why and valve not in held:
                    pipe = int(graph.pipe[edge])
                    devices.setdefault((False, valve) if valve >= 0 else (True, self._closed.first(pipe)), why)
                    self._rim.add(edge)
                if valve not in held and self._is_behind(far):
                    self._behind.add(far)
                    stack.append(far)
        return devices

    def _is_behind(self, segment: int) -> bool:
        """Not visited yet, and without supply."""
        seen = segment in self._behind or len(self._behind) >= _MOST_BEHIND
        return not seen and not self._outcome.query.supplied(segment)

    def _reaches_out(self, edges: tuple[int, ...]) -> bool:
        """Whether water reaches the affected area when all ``edges`` are open."""
        return not self._out.isdisjoint(self._wetted(dict.fromkeys(edges, SUPPLY), stop=self._out))

    def _runs_into_zone(self, wet: set[int]) -> bool:
        """Whether wet segments are in zone 1 or openly connected to it: opening the device would then supply the burst too."""
        zone, held, graph = self._outcome.zone.segments, self._outcome.held, self._supply.graph
        for segment in wet:
            if segment in zone:
                return True
            for near, edge, flipped in self._supply.around.at(segment):
                code = self._code(edge)
                passes = (SWAPPED[code] if flipped else code) & SUPPLY_UV
                if near in zone and passes and int(graph.valve[edge]) not in held:
                    return True
        return False

    def _wetted(self, ways: Mapping[int, int], *, stop: AbstractSet[int] = frozenset()) -> set[int]:
        """Segments without supply that water reaches with the edge codes ``ways``; the search does not continue from ``stop``.

        The search does not continue from zone 1 either: only the edges themselves lead into it.
        """
        graph, query, zone = self._supply.graph, self._outcome.query, self._outcome.zone.segments
        own: dict[int, list[int]] = {}
        for edge, code in ways.items():
            u, v = int(graph.u[edge]), int(graph.v[edge])
            for start, end, passes in ((u, v, code & SUPPLY_UV), (v, u, SWAPPED[code] & SUPPLY_UV)):
                if passes:
                    own.setdefault(start, []).append(end)
        stack = [end for start, ends in own.items() if start not in self._out and query.supplied(start) for end in ends]
        wet: set[int] = set()
        while stack:
            here = stack.pop()
            # Zone 1 is removed in the query, which has no answer for it.
            if here in wet or (here not in zone and query.supplied(here)):
                continue
            wet.add(here)
            if here not in zone and here not in stop:
                stack += [*query.after(here), *own.get(here, ())]
        return wet

    def _in_chains(self, edges: Mapping[Device, tuple[int, ...]]) -> frozenset[Device]:
        """Devices in series between the affected area and segments with supply.

        Parts connected by open links are merged; devices that lead to a dead end are removed repeatedly, until each remaining one
        is on a path from the affected area to supply.
        """
        part = self._parts()
        meets = {
            device: {self._part_of(part, end) for edge in listed for end in self._ends(edge)} for device, listed in edges.items()
        }
        while True:
            count: dict[int, int] = {}
            for parts in meets.values():
                for one in parts:
                    count[one] = count.get(one, 0) + 1
            kept = {}
            for device, parts in meets.items():
                left = {one for one in parts if one in (_OUT, _FED) or count[one] > 1}
                if len(left) > 1:
                    kept[device] = left
            if kept == meets:
                return frozenset(kept)
            meets = kept

    def _ends(self, edge: int) -> tuple[int, int]:
        return int(self._supply.graph.u[edge]), int(self._supply.graph.v[edge])

    def _part_of(self, part: Mapping[int, int], segment: int) -> int:
        if segment in self._out:
            return _OUT
        return part.get(segment, _FED)

    def _parts(self) -> dict[int, int]:
        """Segment beyond the barriers -> its part; segments connected without a barrier are one part."""
        part: dict[int, int] = {}
        for start in sorted(self._behind):
            stack = [start] if start not in part else []
            while stack:
                here = stack.pop()
                if here in part:
                    continue
                part[here] = start
                stack += [
                    near for near, edge, _ in self._supply.around.at(here) if edge not in self._rim and near in self._behind
                ]
        return part

    def _edges_of(self, graph: SegmentGraph, device: Device) -> list[int]:
        is_pipe, row = device
        return self._closed.edges(row) if is_pipe else graph.valve_edges(row).tolist()

    def _reliances(self, device: Device, why: str, edges: tuple[int, ...], alone: bool) -> list[Reliance]:
        """One entry a device; of a closed pipe that was cut one for each closed piece."""
        is_pipe, row = device
        beyond = self._beyond(device, edges)
        if is_pipe:
            return [Reliance(name, why, "", beyond, not alone) for name in self._names(device)]
        valves = self._network.valves
        facts = (str(valves.last_checked[row]), beyond, not alone, bool(valves.assumed[row]), str(valves.placing[row]))
        return [Reliance(str(valves.asset_id[row]), why, *facts)]

    def _beyond(self, device: Device, edges: tuple[int, ...]) -> tuple[str, ...]:
        """The next closable valves beyond a barrier that may leak: the boundary of the part beyond it."""
        ends = {end for edge in edges for end in self._ends(edge)} - self._out
        walls = dict.fromkeys((*self._rim, *edges), WALL)
        zone = grow(self._supply.around, self._supply.code_at, {**self._outcome.changed, **walls}, ends)
        graph = self._supply.graph
        rows = {int(graph.valve[border.edge]) for border in zone.border if border.closable and border.far not in self._out}
        own = device[1] if not device[0] else -1
        return self._network.valves.ids(sorted(rows - {own})[:_BEYOND_VALVES])


_OUT, _FED = -2, -1


def _why(code: int, is_device: bool) -> str:
    """Reason code of a barrier edge, "" for other edges. ``is_device``: a valve or a pump, not the end of a closed pipe."""
    if code & WALL:
        return "closed"
    if code & UNKNOWN:
        return "unknown_state"
    if code & ONE_WAY:
        return "one_way"
    return "closed_pipe" if not is_device and code == GROW else ""
