"""Parts that a plan leaves with supply from tanks only, and the hours that the tanks last."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from maps.isolation.graph.boundary_valves import Outcome
from maps.isolation.graph.supply import SupplyQuery
from maps.isolation.graph.supply_trees import Supply
from maps.isolation.plan.effects import Effects, tank_volume_m3
from maps.isolation.plan.result import TankLimit
from maps.network import NodeKind, PipeNetwork


class Tanks:
    """Finds segments supplied only by tanks once a plan is carried out."""

    def __init__(self, network: PipeNetwork, supply: Supply) -> None:
        self._network, self._supply = network, supply
        graph = supply.graph
        lasting = network.nodes.kind[graph.source_node] != NodeKind.TANK
        touches = np.zeros(graph.count, dtype=np.bool_)
        touches[graph.source_segment[lasting]] = True
        self._any = bool((~lasting).any() and lasting.any())
        self._lasting = Supply(graph, supply.codes, touches, supply.around)

    def limits(self, outcome: Outcome, far: Iterable[int], effects: Effects) -> tuple[TankLimit, ...]:
        """Tanks that are the only supply of a part that had another source before, with the hours they last."""
        if not self._any:
            return ()
        after = outcome.query.with_supply(self._lasting)
        before = SupplyQuery(self._lasting, frozenset(), outcome.changed)
        todo = [segment for segment in far if self._left_alone(segment, outcome, before, after)]
        found: list[TankLimit] = []
        seen: set[int] = set()
        for start in todo:
            if start not in seen:
                part, tanks = self._part(start, outcome, before, after)
                seen |= part
                found += self._limit(part, tanks, effects)
        return tuple(found)

    def _left_alone(self, segment: int, outcome: Outcome, before: SupplyQuery, after: SupplyQuery) -> bool:
        out = segment in outcome.dry or segment in outcome.zone.segments
        return not out and not after.supplied(segment) and before.supplied(segment)

    def _part(self, start: int, outcome: Outcome, before: SupplyQuery, after: SupplyQuery) -> tuple[set[int], set[int]]:
        """(segments connected to ``start``, in either direction, without another source; tanks adjacent to them)."""
        part: set[int] = set()
        tanks: set[int] = set()
        stack = [start]
        seen = {start}
        while stack:
            here = stack.pop()
            if after.supplied(here):
                continue
            if self._left_alone(here, outcome, before, after):
                part.add(here)
            tanks |= set(self._supply.graph.sources_of.get(here, ()))
            for near in (*after.before(here), *after.after(here)):
                if near not in seen:
                    seen.add(near)
                    stack.append(near)
        return part, tanks

    def _limit(self, part: set[int], tanks: set[int], effects: Effects) -> list[TankLimit]:
        network = self._network
        pipes = self._supply.graph.pipes_in(np.fromiter(part, dtype=np.int32, count=len(part)))
        demand = effects.demand_m3h(pipes)
        volumes = [tank_volume_m3(network.nodes, tank) for tank in sorted(tanks)]
        known = [volume for volume in volumes if volume is not None]
        # Several tanks supply the part together; with one volume missing the hours are unknown.
        hours = sum(known) / demand if demand > 0 and len(known) == len(volumes) else None
        names = network.pipes.ids(pipes)
        return [TankLimit(str(network.nodes.asset_id[tank]), hours, names) for tank in sorted(tanks)]
