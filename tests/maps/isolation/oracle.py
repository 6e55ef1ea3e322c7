"""Isolation by brute force from the written rules alone: small networks only.

Places: every node, every pipe. Joints between places: each pipe's end at its node, each link. Water meets the valves
of a joint one after another; a source is where water comes from, never a way between its pipes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from maps.network import CONTROL_VALVES, DIRECTED_VALVES, NodeKind, PipeNetwork, PipeStatus, ValveState

Place = tuple[str, int, int]
"""("node", row, 0), ("pipe", row, 0), ("gap", joint, k) between two valves of a joint, ("source", node row, joint)."""


@dataclass
class Joint:
    """A way between two places through at most one valve. ``sense``: +1 one-way a to b, -1 back, 0 both.

    ``valve``: row, -1 none, -2 a pump; ``closed_pipe``: row of the pipe closed by itself whose end it is, -1 none.
    ``leaks``: taken as not holding.
    """

    a: Place
    b: Place
    valve: int = -1
    sense: int = 0
    only_a_to_b: bool = False
    closed_pipe: int = -1
    leaks: bool = False


class Oracle:
    """Holds the joints; ``state``, ``operable`` and ``flows_to`` may be changed before asking."""

    def __init__(self, network: PipeNetwork, *, ignore_one_way: bool = False) -> None:
        self.network = network
        self.state = network.valves.state.tolist()
        self.operable = network.valves.operable.tolist()
        self.flows_to = network.valves.flows_to.tolist()
        self.ignore_one_way = ignore_one_way
        self.status = network.pipes.status.tolist()
        self.joints = list(self._joints())

    def _joints(self) -> Iterator[Joint]:
        pipes, valves = self.network.pipes, self.network.valves
        number = 0
        for pipe in range(len(pipes)):
            for node in (int(pipes.from_node[pipe]), int(pipes.to_node[pipe])):
                number += 1
                on_end = [v for v in range(len(valves)) if valves.pipe[v] == pipe and valves.node[v] == node]
                on_node = [v for v in range(len(valves)) if valves.pipe[v] < 0 and valves.node[v] == node]
                # A closed pipe is shut at both ends, nearer to its middle than any valve there.
                shut = [-1] if self.status[pipe] == PipeStatus.CLOSED else []
                chain = [*shut, *on_end, *on_node]
                gaps: list[Place] = [("gap", number, k) for k in range(1, len(chain))]
                stops = [("pipe", pipe, 0), *gaps, self._place(node, number)]
                for place, (a, b, valve) in enumerate(zip(stops[:-1], stops[1:], chain or [-1], strict=True)):
                    closed = pipe if shut and place == 0 else -1
                    yield Joint(a, b, valve, self._sense_on_pipe(valve, pipe, node), closed_pipe=closed)
        for valve in range(len(valves)):
            if valves.from_node[valve] >= 0:
                start, end = int(valves.from_node[valve]), int(valves.to_node[valve])
                number += 2
                directed = int(valves.kind[valve]) in DIRECTED_VALVES
                sense = self._sense_of_link(valve, start, end)
                yield Joint(self._place(start, number), self._place(end, number + 1), valve, sense, directed)
        pumps = self.network.pumps
        for pump in range(len(pumps)):
            number += 2
            start, end = int(pumps.from_node[pump]), int(pumps.to_node[pump])
            yield Joint(self._place(start, number), self._place(end, number + 1), -2, 0, True)

    def _place(self, node: int, joint: int) -> Place:
        is_source = self.network.nodes.kind[node] >= NodeKind.SOURCE
        return ("source", node, joint) if is_source else ("node", node, 0)

    def _ends(self, pipe: int) -> set[int]:
        return {int(self.network.pipes.from_node[pipe]), int(self.network.pipes.to_node[pipe])}

    def _sense_on_pipe(self, valve: int, pipe: int, node: int) -> int:
        into = self.flows_to[valve] if valve >= 0 else -1
        if into < 0 or node not in self._ends(into):
            return 0
        return -1 if into == pipe else 1

    def _sense_of_link(self, valve: int, a: int, b: int) -> int:
        into = self.flows_to[valve]
        if into < 0 or not self._ends(into) & {a, b}:
            return 0
        return 1 if b in self._ends(into) else -1

    # What a joint does.

    def _is_wall(self, joint: Joint) -> bool:
        return joint.valve >= 0 and self.state[joint.valve] == ValveState.CLOSED

    def _cannot_hold(self, joint: Joint) -> bool:
        """No valve, a pump, a control valve, one that cannot be closed, or of unknown state."""
        if joint.valve < 0:
            return True
        control = int(self.network.valves.kind[joint.valve]) in CONTROL_VALVES
        return control or not self.operable[joint.valve] or self.state[joint.valve] == ValveState.UNKNOWN

    def _one_way(self, joint: Joint) -> int:
        return joint.sense if joint.valve >= 0 and self.operable[joint.valve] else 0

    def grows(self, joint: Joint, from_a: bool) -> bool:
        """Whether zone 1 spreads over the joint."""
        if self._is_wall(joint):
            return False
        sense = self._one_way(joint)
        if self._cannot_hold(joint) or (sense and self.ignore_one_way):
            return True
        # Upstream through a one-way valve whose flow leads into the zone.
        return sense != 0 and (sense < 0) == from_a

    def supplies(self, joint: Joint, from_a: bool) -> bool:
        """Whether water of a source passes; through one that ``leaks`` both ways, whatever its state."""
        if joint.leaks:
            return True
        if self._is_wall(joint) or (joint.valve >= 0 and self.state[joint.valve] == ValveState.UNKNOWN):
            return False
        if joint.closed_pipe >= 0 and self.status[joint.closed_pipe] == PipeStatus.CLOSED:
            return False
        sense = self._one_way(joint)
        if sense:
            return (sense > 0) == from_a
        return from_a or not joint.only_a_to_b

    # The answer.

    def zone(self, bursts: list[int]) -> set[Place]:
        """Zone 1."""
        zone: set[Place] = {("pipe", pipe, 0) for pipe in bursts}
        size = 0
        while len(zone) > size:
            size = len(zone)
            for joint in self.joints:
                if joint.a in zone and self.grows(joint, True):
                    zone.add(joint.b)
                if joint.b in zone and self.grows(joint, False):
                    zone.add(joint.a)
        return zone

    def fed(self, taken: set[Place], closed: set[int]) -> set[Place]:
        """Places a source reaches when ``taken`` are out and ``closed`` valves shut."""
        fed = {place for joint in self.joints for place in (joint.a, joint.b) if place[0] == "source"} - taken
        size = -1
        while len(fed) > size:
            size = len(fed)
            for joint in self.joints:
                if joint.valve in closed:
                    continue
                if joint.a in fed and joint.b not in taken and self.supplies(joint, True):
                    fed.add(joint.b)
                if joint.b in fed and joint.a not in taken and self.supplies(joint, False):
                    fed.add(joint.a)
        return fed

    def below(self, starts: set[Place], taken: set[Place]) -> set[Place]:
        """Places downstream of ``starts``."""
        found = set(starts)
        size = 0
        while len(found) > size:
            size = len(found)
            for joint in self.joints:
                if joint.a in found and joint.b not in taken and self.supplies(joint, True):
                    found.add(joint.b)
                if joint.b in found and joint.a not in taken and self.supplies(joint, False):
                    found.add(joint.a)
        return found

    def border(self, zone: set[Place]) -> list[tuple[Joint, Place]]:
        """Joints on the border of a zone with the place beyond."""
        over = [(joint, joint.b) for joint in self.joints if joint.a in zone and joint.b not in zone]
        return over + [(joint, joint.a) for joint in self.joints if joint.b in zone and joint.a not in zone]

    def to_close(self, zone: set[Place]) -> set[int]:
        """Closable border valves behind which a source is reached without crossing the zone."""
        fed = self.fed(zone, set())
        closable = [(joint, far) for joint, far in self.border(zone) if not self._is_wall(joint) and not self._one_way(joint)]
        return {joint.valve for joint, far in closable if far in fed}

    def dry(self, zone: set[Place], closed: set[int]) -> set[Place]:
        """What no source reaches, from the open border and a closed valve's other joints on, through open and unknown ways.

        Downstream that is what loses its water; whatever else joins it had none before.
        """
        far = {place for joint, place in self.border(zone) if not self._is_wall(joint)}
        far |= {place for joint in self.joints if joint.valve in closed for place in (joint.a, joint.b) if place not in zone}
        return self.joined(far, self.fed(zone, closed) | zone, closed)

    def joined(self, starts: set[Place], gone: set[Place], closed: set[int]) -> set[Place]:
        """``starts`` and what joins them through open and unknown ways, without ``gone`` and never over ``closed`` valves."""
        found, size = starts - gone, -1
        while len(found) > size:
            size = len(found)
            for joint in self.joints:
                if joint.valve not in closed and self.joins(joint) and {joint.a, joint.b} & found:
                    found |= {joint.a, joint.b} - gone
        return found

    def joins(self, joint: Joint) -> bool:
        """Whether water may pass in some direction, for all that is known."""
        unknown = joint.valve >= 0 and self.state[joint.valve] == ValveState.UNKNOWN
        return unknown or self.supplies(joint, True) or self.supplies(joint, False)

    def sources_in(self, zone: set[Place]) -> set[int]:
        """Source nodes inside a zone."""
        return {row for kind, row, _ in zone if kind == "source"}


def pipes_of(places: set[Place]) -> set[int]:
    """Pipe rows among places."""
    return {row for kind, row, _ in places if kind == "pipe"}
