"""Burst candidates by segment: summed probabilities, and the valves common to all plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from maps.isolation.graph.edge_rules import ValveOverride
from maps.isolation.plan.isolator import NO_OVERRIDES
from maps.isolation.plan.result import IsolationPlan


@dataclass(frozen=True, slots=True)
class CandidateSegment:
    """Candidates with the same isolation plan. ``probability``: their sum."""

    pipes: tuple[str, ...]
    probability: float
    plan: IsolationPlan


@dataclass(frozen=True, slots=True)
class Candidates:
    """Segments, most probable first. ``common_valves``: in every plan that has valves, to close first; ``pipes``: number."""

    segments: tuple[CandidateSegment, ...]
    common_valves: tuple[str, ...]
    pipes: int

    def covered(self, plan: IsolationPlan) -> float:
        """Probability that the burst lies in the area isolated by ``plan``."""
        shut = set(plan.zone_pipes)
        return sum(segment.probability for segment in self.segments if shut.issuperset(segment.pipes))


class Plans(Protocol):
    """Interface of an Isolator."""

    def plan(
        self, burst_pipes: Sequence[str], *, valves: Mapping[str, ValveOverride] = ..., alternatives: bool = True
    ) -> IsolationPlan:
        """Plan for the given burst pipes, as ``Isolator.plan``."""
        ...


def by_segment(
    isolator: Plans, probability: Mapping[str, float], valves: Mapping[str, ValveOverride] = NO_OVERRIDES
) -> Candidates:
    """Sum ``probability`` (pipe id -> probability) by zone. Raises UnknownAsset."""
    groups: dict[tuple[str, ...], list[str]] = {}
    plans: dict[tuple[str, ...], IsolationPlan] = {}
    for pipe in sorted(probability, key=lambda name: -probability[name]):
        plan = isolator.plan([pipe], valves=valves, alternatives=False)
        groups.setdefault(plan.zone_pipes, []).append(pipe)
        plans.setdefault(plan.zone_pipes, plan)
    segments = [
        CandidateSegment(tuple(pipes), sum(probability[pipe] for pipe in pipes), plans[zone]) for zone, pipes in groups.items()
    ]
    segments.sort(key=lambda segment: -segment.probability)
    closing = [[step.asset_id for step in segment.plan.valves_to_close] for segment in segments if segment.plan.valves_to_close]
    common = tuple(valve for valve in closing[0] if all(valve in other for other in closing)) if closing else ()
    return Candidates(tuple(segments), common, len(probability))
