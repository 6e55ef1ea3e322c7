"""Who closes which valve when: the plan's steps dealt out to crews so that the water stops soonest.

Assumptions, stated with the answer: travel in a straight line lengthened by 1.3 at a city speed of 20 km/h; one valve
takes a crew the minutes of its step (finding and opening the chamber included); remote valves are turned from the desk
at once. Rules kept: the plan's last valve is closed last, and never two valves of a main from DN600 on at one time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

from maps.isolation.result import IsolationPlan, ValveStep

DETOUR = 1.3
SPEED_KMH = 20.0
MAIN_MM = 600.0
DESK = ""
"""Crew id of what is done from the desk."""


@dataclass(frozen=True, slots=True)
class CrewPlace:
    """Where a crew is now, network CRS in metres, and the minutes until it is free."""

    crew_id: str
    x: float
    y: float
    free_in_minutes: float = 0.0


@dataclass(frozen=True, slots=True)
class CrewStep:
    """One valve of one crew (``DESK`` for remote ones). Minutes count from now; ``order`` within the crew, from 1."""

    crew_id: str
    order: int
    valve_id: str
    travel_minutes: float
    begins: float
    ends: float


@dataclass(frozen=True, slots=True)
class Schedule:
    """Steps by the time they end; ``minutes`` until the water is stopped, None when nobody can go."""

    steps: tuple[CrewStep, ...]
    minutes: float | None
    speed_kmh: float = SPEED_KMH


@dataclass
class _Hand:
    crew: CrewPlace
    x: float
    y: float
    free: float
    done: int = 0

    def arrival(self, step: ValveStep, speed_kmh: float) -> float:
        return self.free + self.travel(step, speed_kmh)

    def travel(self, step: ValveStep, speed_kmh: float) -> float:
        return DETOUR * hypot(step.x - self.x, step.y - self.y) / (speed_kmh * 1000.0 / 60.0)


def schedule(plan: IsolationPlan, crews: Sequence[CrewPlace], *, speed_kmh: float = SPEED_KMH) -> Schedule:
    """Deal out ``plan.valves_to_close``: always the valve that can be done soonest, the plan's last one at the end.

    A greedy rule: for a handful of valves and crews it is within a few minutes of the best, and a dispatcher can follow
    it. Raises nothing; without crews only the remote valves are scheduled and ``minutes`` is None if others remain.
    """
    remote = [step for step in plan.valves_to_close if step.control == "remote"]
    manual = [step for step in plan.valves_to_close if step.control != "remote"]
    found = [CrewStep(DESK, n, step.asset_id, 0.0, 0.0, step.minutes or 0.0) for n, step in enumerate(remote, start=1)]
    hands = [_Hand(crew, crew.x, crew.y, crew.free_in_minutes) for crew in crews]
    if manual and not hands:
        return Schedule(tuple(found), None, speed_kmh)
    mains: list[tuple[float, float]] = []
    last = manual[-1] if manual else None
    todo = [step for step in manual if step is not last]
    while todo:
        hand, step = min(
            ((hand, step) for hand in hands for step in todo),
            key=lambda pair: (
                pair[0].arrival(pair[1], speed_kmh) + (pair[1].minutes or 0.0),
                pair[1].order,
                pair[0].crew.crew_id,
            ),
        )
        found.append(_take(hand, step, speed_kmh, mains, 0.0))
        todo.remove(step)
    if last is not None:
        hand = min(hands, key=lambda one: (one.arrival(last, speed_kmh), one.crew.crew_id))
        # The last valve is worked on at once but may only hold once the others do.
        others = max((step.ends for step in found), default=0.0)
        found.append(_take(hand, last, speed_kmh, mains, others - (last.minutes or 0.0)))
    found.sort(key=lambda step: (step.ends, step.crew_id, step.order))
    return Schedule(tuple(found), round(max((step.ends for step in found), default=0.0), 1), speed_kmh)


def _take(hand: _Hand, step: ValveStep, speed_kmh: float, mains: list[tuple[float, float]], not_before: float) -> CrewStep:
    travel = hand.travel(step, speed_kmh)
    begins = max(hand.free + travel, not_before)
    minutes = step.minutes or 0.0
    if (step.diameter_mm or 0.0) >= MAIN_MM:
        begins = _after_other_mains(begins, minutes, mains)
        mains.append((begins, begins + minutes))
    hand.x, hand.y, hand.free, hand.done = step.x, step.y, begins + minutes, hand.done + 1
    return CrewStep(hand.crew.crew_id, hand.done, step.asset_id, round(travel, 1), round(begins, 1), round(hand.free, 1))


def _after_other_mains(begins: float, minutes: float, mains: Sequence[tuple[float, float]]) -> float:
    """The first time from ``begins`` on at which no other main is being closed."""
    for start, end in sorted(mains):
        if begins < end and start < begins + minutes:
            begins = end
    return begins
