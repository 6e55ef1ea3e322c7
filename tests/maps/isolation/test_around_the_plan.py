"""Schedules, conflicts, candidates by segment, restoration and city-wide plans."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maps.isolation import (
    CrewPlace,
    Isolator,
    ValveOverride,
    Window,
    by_segment,
    city_plans,
    overlapping,
    restoring,
    schedule,
)
from maps.isolation.plan.result import IsolationPlan, ValveStep
from maps.isolation.schedule import DESK
from maps.network import PipeNetwork, ValveState
from tests.builders import NetworkBuilder, a_network
from tests.maps.isolation.networks import city_of, networks


def _ring() -> NetworkBuilder:
    """S feeds a ring A-B-C-D-A, a valve at both ends of each side."""
    town = a_network().source("S").pipe("P0", "S", "A").valve("V0", on="P0", at="A")
    for pipe, start, end in (("P1", "A", "B"), ("P2", "B", "C"), ("P3", "C", "D"), ("P4", "D", "A")):
        town.pipe(pipe, start, end).valve(f"{pipe}a", on=pipe, at=start).valve(f"{pipe}b", on=pipe, at=end)
        town.customer(f"C{pipe[1:]}", on=pipe, households=10)
    return town


def _steps(*minutes: float, size: float = 200.0) -> IsolationPlan:
    steps = [
        ValveStep(f"V{n}", n, "border", minutes=took, diameter_mm=size, x=1000.0 * n) for n, took in enumerate(minutes, start=1)
    ]
    return IsolationPlan(("P1",), True, ("P1",), (), tuple(steps))


def test_two_crews_share_the_valves_and_the_plans_last_one_closes_last() -> None:
    plan = _steps(10.0, 10.0, 5.0)
    alone = schedule(plan, [CrewPlace("C1", 0.0, 0.0)])
    both = schedule(plan, [CrewPlace("C1", 0.0, 0.0), CrewPlace("C2", 3000.0, 0.0)])
    assert alone.minutes is not None
    assert both.minutes is not None
    assert both.minutes < alone.minutes
    assert max(both.steps, key=lambda step: step.ends).valve_id == "V3"
    assert {step.valve_id for step in both.steps} == {"V1", "V2", "V3"}


def test_two_valves_of_large_mains_are_never_closed_at_one_time() -> None:
    crews = [CrewPlace("C1", 1000.0, 0.0), CrewPlace("C2", 2000.0, 0.0), CrewPlace("C3", 3000.0, 0.0)]
    times = sorted((step.begins, step.ends) for step in schedule(_steps(20.0, 20.0, 20.0, size=600.0), crews).steps)
    assert all(after[0] >= before[1] for before, after in pairwise(times))


def test_remote_valves_are_turned_from_the_desk_even_without_crews() -> None:
    step = ValveStep("R1", 1, "border", minutes=0.6, control="remote")
    plan = IsolationPlan(("P1",), True, ("P1",), (), (step, ValveStep("V2", 2, "border", minutes=7.0)))
    found = schedule(plan, [])
    assert [(done.crew_id, done.valve_id) for done in found.steps] == [(DESK, "R1")]
    assert found.minutes is None


def test_a_crew_that_is_busy_comes_later() -> None:
    late = schedule(_steps(5.0), [CrewPlace("C1", 1000.0, 0.0, free_in_minutes=30.0)])
    assert late.minutes == pytest.approx(35.0)


def test_a_conflict_is_the_area_dry_only_with_both_plans_with_its_own_customers() -> None:
    isolator = Isolator(_ring().build())
    east, west = isolator.plan(["P1"]), isolator.plan(["P3"])
    conflict = isolator.conflict([east, west])
    assert east.dry_pocket_pipes == west.dry_pocket_pipes == ()
    assert conflict.pipes == ("P2",)
    assert (conflict.customers, conflict.households) == (("C2",), 10)
    assert not isolator.conflict([east]).any


@given(network=networks(), one=st.integers(0, 20), other=st.integers(0, 20))
@settings(max_examples=60, deadline=None)
def test_a_conflict_equals_closing_all_valves_minus_each_plan_alone(network: PipeNetwork, one: int, other: int) -> None:
    bursts = [str(network.pipes.asset_id[number % len(network.pipes)]) for number in (one, other)]
    isolator = Isolator(city_of(network))
    plans = [isolator.plan([burst], alternatives=False) for burst in bursts]
    dry_alone = {pipe for plan in plans for pipe in (*plan.zone_pipes, *plan.dry_pocket_pipes)}
    shut = {step.asset_id for plan in plans for step in plan.valves_to_close}
    together = isolator.plan(bursts, valves={valve: ValveOverride(ValveState.CLOSED) for valve in shut}, alternatives=False)
    conflict = isolator.conflict(plans)
    assert not set(conflict.pipes) & dry_alone
    assert set(together.dry_pocket_pipes) - dry_alone <= set(conflict.pipes)


def test_windows_that_overlap_at_one_time_form_maximal_groups() -> None:
    start = datetime(2024, 1, 3, tzinfo=UTC)

    def window(name: str, begins: int, ends: int) -> Window:
        return Window(name, start + timedelta(hours=begins), start + timedelta(hours=ends))

    windows = [window("A", 0, 4), window("B", 2, 6), window("C", 3, 8), window("D", 6, 9), window("E", 20, 21)]
    assert overlapping(windows) == (("A", "B", "C"), ("C", "D"))


def test_candidates_are_summed_by_segment_and_common_valves_named() -> None:
    isolator = Isolator(_ring().pipe("P5", "B", "X").build())
    found = by_segment(isolator, {"P1": 0.5, "P2": 0.3, "P5": 0.1})
    assert [(segment.pipes, segment.probability) for segment in found.segments] == [
        (("P1",), 0.5),
        (("P2",), 0.3),
        (("P5",), 0.1),
    ]
    assert found.pipes == 3
    assert found.covered(isolator.plan(["P1", "P2"])) == pytest.approx(0.8)
    assert by_segment(isolator, {"P1": 0.6, "P4": 0.4}).common_valves == ()


def test_restoring_fills_through_the_smallest_valve_then_samples_before_the_rest_reopens() -> None:
    town = a_network().source("S").source("T").pipe("P1", "S", "A").pipe("P2", "A", "T").hydrant("H1", at="A")
    town.valve("V1", on="P1", at="S", diameter_mm=600.0).valve("V2", on="P2", at="T", diameter_mm=200.0)
    city = town.customer("C1", on="P1", pump_house="PH1", supply="boosted").build()
    steps = restoring(city, Isolator(city).plan(["P1"]))
    assert [(step.action, step.asset_id) for step in steps] == [
        ("shut_tank_inlet", "PH1"),
        ("fill", "V2"),
        ("vent", "H1"),
        ("flush", "H1"),
        ("sample", ""),
        ("reopen", "V1"),
    ]
    assert steps[1].slowly


@given(network=networks())
@settings(max_examples=40, deadline=None)
def test_city_plans_equal_the_single_plans(network: PipeNetwork) -> None:
    isolator = Isolator(city_of(network))
    plans = city_plans(isolator)
    assert int(plans.pipes.sum()) >= 1
    for row in range(len(plans.pipe)):
        plan = isolator.plan([str(network.pipes.asset_id[plans.pipe[row]])], alternatives=False)
        numbers = (len(plan.zone_pipes), len(plan.valves_to_close), len(plan.dry_pocket_pipes), plan.households_without_water)
        assert numbers == (plans.pipes[row], plans.valves[row], plans.dry_pipes[row], plans.households[row])
        assert plan.isolatable == plans.isolatable[row]


def test_computing_city_plans_can_be_cancelled() -> None:
    isolator = Isolator(_ring().build())
    assert len(city_plans(isolator, progress=lambda share: share < 0.4).pipe) < len(city_plans(isolator).pipe)
