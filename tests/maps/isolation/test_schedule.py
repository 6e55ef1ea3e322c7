"""Schedules against all assignments by brute force, with an independent computation of times."""

from __future__ import annotations

from itertools import pairwise, permutations, product
from math import hypot

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maps.isolation import CrewPlace, IsolationPlan, schedule
from maps.isolation.plan.result import ValveStep

_PLACE = st.tuples(st.integers(0, 4000), st.integers(0, 4000))


def _plan(places: list[tuple[int, int]], minutes: list[int], sizes: list[float]) -> IsolationPlan:
    steps = [
        ValveStep(f"V{n}", n, "border", minutes=float(took), diameter_mm=size, x=float(x), y=float(y))
        for n, ((x, y), took, size) in enumerate(zip(places, minutes, sizes, strict=True), start=1)
    ]
    return IsolationPlan(("P1",), True, ("P1",), (), tuple(steps))


def _best_by_brute_force(plan: IsolationPlan, crews: list[CrewPlace]) -> float:
    """The least minutes over all ways to share the valves but the last, in any order, when no main needs to wait."""
    *others, last = plan.valves_to_close
    best = float("inf")
    for owners in product(range(len(crews)), repeat=len(others)):
        per_crew = [[step for step, owner in zip(others, owners, strict=True) if owner == n] for n in range(len(crews))]
        ends = [[_run(crew, list(order)) for order in permutations(mine)] for crew, mine in zip(crews, per_crew, strict=True)]
        for chosen in product(*ends):
            done = max((end for (end, *_), mine in zip(chosen, per_crew, strict=True) if mine), default=0.0)
            for end, x, y in chosen:
                arrives = end + 1.3 * hypot(last.x - x, last.y - y) / (20_000.0 / 60.0)
                best = min(best, max(arrives + (last.minutes or 0.0), done))
    return best


def _run(crew: CrewPlace, steps: list[ValveStep]) -> tuple[float, float, float]:
    x, y, time = crew.x, crew.y, crew.free_in_minutes
    for step in steps:
        time += 1.3 * hypot(step.x - x, step.y - y) / (20_000.0 / 60.0) + (step.minutes or 0.0)
        x, y = step.x, step.y
    return time, x, y


@given(
    places=st.lists(_PLACE, min_size=1, max_size=4),
    minutes=st.lists(st.integers(5, 30), min_size=5, max_size=5),
    crews=st.lists(st.tuples(_PLACE, st.integers(0, 20)), min_size=1, max_size=3),
)
@settings(max_examples=40, deadline=None)
def test_few_valves_are_assigned_optimally(
    places: list[tuple[int, int]], minutes: list[int], crews: list[tuple[tuple[int, int], int]]
) -> None:
    plan = _plan(places, minutes[: len(places)], [200.0] * len(places))
    hands = [CrewPlace(f"C{n}", float(x), float(y), float(free)) for n, ((x, y), free) in enumerate(crews)]
    found = schedule(plan, hands)
    best = _best_by_brute_force(plan, hands)
    assert found.minutes is not None
    assert best - 0.1 <= found.minutes <= best + 0.1
    assert sorted(step.valve_id for step in found.steps) == sorted(step.asset_id for step in plan.valves_to_close)


def test_many_valves_take_no_longer_than_the_greedy_assignment() -> None:
    places = [(600 * (n % 4), 500 * (n // 4)) for n in range(12)]
    plan = _plan(places, [7 + n % 5 for n in range(12)], [200.0] * 12)
    crews = [CrewPlace("C1", 0.0, 0.0), CrewPlace("C2", 1800.0, 1000.0), CrewPlace("C3", 900.0, 500.0)]
    found = schedule(plan, crews)
    work = sum(step.minutes or 0.0 for step in plan.valves_to_close)
    assert found.minutes is not None
    assert work / 3 <= found.minutes <= work / 3 * 1.35


@given(
    places=st.lists(_PLACE, min_size=2, max_size=8),
    sizes=st.lists(st.sampled_from([200.0, 600.0, 800.0]), min_size=8, max_size=8),
    crews=st.lists(_PLACE, min_size=1, max_size=4),
)
@settings(max_examples=40, deadline=None)
def test_constraints_hold_in_every_schedule(
    places: list[tuple[int, int]], sizes: list[float], crews: list[tuple[int, int]]
) -> None:
    plan = _plan(places, [10] * len(places), sizes[: len(places)])
    found = schedule(plan, [CrewPlace(f"C{n}", float(x), float(y)) for n, (x, y) in enumerate(crews)])
    size = {step.asset_id: step.diameter_mm or 0.0 for step in plan.valves_to_close}
    mains = sorted((step.begins, step.ends) for step in found.steps if size[step.valve_id] >= 600.0)
    assert all(after[0] >= before[1] - 0.11 for before, after in pairwise(mains))
    assert max(found.steps, key=lambda step: step.ends).ends == found.minutes
    last = next(step for step in found.steps if step.valve_id == plan.valves_to_close[-1].asset_id)
    assert last.ends >= max(step.ends for step in found.steps) - 0.11
    for crew in {step.crew_id for step in found.steps}:
        mine = sorted((step for step in found.steps if step.crew_id == crew), key=lambda step: step.order)
        assert [step.order for step in mine] == list(range(1, len(mine) + 1))
        assert all(b.begins >= a.ends + b.travel_minutes - 0.2 for a, b in pairwise(mine))


def test_frozen_chambers_take_longer() -> None:
    plan = _plan([(0, 0)], [10], [200.0])
    crew = [CrewPlace("C1", 0.0, 0.0)]
    assert schedule(plan, crew, frost_minutes=6.0).minutes == pytest.approx(16.0)
    assert schedule(plan, crew).travel == "straight line × 1.3"
