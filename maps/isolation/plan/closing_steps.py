"""Steps of a plan: its valves in closing order, why each is in it and what lies beyond."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from maps.isolation.graph.boundary_valves import Outcome
from maps.isolation.graph.isolation_zone import Border
from maps.isolation.graph.segments import SegmentGraph
from maps.isolation.plan.closing_work import ValveWork, in_order, work_of
from maps.isolation.plan.result import ValveStep
from maps.network import PipeNetwork

_REASONS = {"": "border", "unclosable": "beyond_unclosable", "one_way": "beyond_one_way"}
_BEYOND_PIPES = 3


class ClosingSteps:
    """Steps of plans on one network."""

    def __init__(self, network: PipeNetwork, graph: SegmentGraph) -> None:
        self._network, self._graph = network, graph
        self._works: dict[int, ValveWork] = {}

    def of(self, outcome: Outcome) -> tuple[ValveStep, ...]:
        """Valves to close in closing order."""
        steps = [self._step(outcome, valve) for valve in outcome.close]
        order = in_order(steps)
        return tuple(replace(steps[place], order=number) for number, place in enumerate(order, start=1))

    def _step(self, outcome: Outcome, row: int) -> ValveStep:
        borders, work = outcome.held[row], self.work(row)
        far = self._beyond(outcome, row, borders)
        behind = sorted({node for segment in far for node in outcome.query.source_of(segment)})
        return ValveStep(
            asset_id=work.asset_id,
            order=0,
            reason=_REASONS[outcome.zone.segments[borders[0].near]],
            holds_back=self._network.nodes.ids(behind),
            turns=work.turns,
            minutes=work.minutes,
            diameter_mm=work.diameter_mm,
            last_checked=work.last_checked,
            control=work.control,
            assumed=work.assumed,
            x=work.x,
            y=work.y,
            beyond=self._network.pipes.ids(self._graph.pipes_in(as_array(far))[:_BEYOND_PIPES]),
            placing=str(self._network.valves.placing[row]),
        )

    def _beyond(self, outcome: Outcome, row: int, borders: Sequence[Border]) -> frozenset[int]:
        """Segments beyond a valve to close that keep their supply; for a valve at a node those at its other pipe ends."""
        ends = {border.far for border in borders}
        edges = self._graph.valve_edges(row)
        if len(edges) > len(borders):
            ends |= {*self._graph.u[edges].tolist(), *self._graph.v[edges].tolist()}
        out = without_supply(outcome)
        return frozenset(end for end in ends if end not in out and outcome.query.supplied(end))

    def work(self, row: int) -> ValveWork:
        """Work at a valve (row); cached, because alternative plans use the same valves many times."""
        found = self._works.get(row)
        if found is None:
            found = self._works[row] = work_of(self._network, row)
        return found


def without_supply(outcome: Outcome) -> set[int]:
    """Segments without supply: zone 1 and its dry pockets."""
    return outcome.zone.segments.keys() | outcome.dry


def as_array(segments: Mapping[int, str] | frozenset[int]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """Numbers of segments as an array."""
    return np.fromiter(segments, dtype=np.int32, count=len(segments))
