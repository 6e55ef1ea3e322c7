"""Impact of a closing on small networks worked by hand."""

from __future__ import annotations

import numpy as np

from maps.city import City
from maps.hydraulics.analysis.closing_impact import Service, impact_of_closing
from maps.hydraulics.session import EpanetSession
from maps.isolation.plan.result import IsolationPlan, ValveStep
from maps.network import ValveKind, ValveTable
from tests.maps.hydraulics.build import a_line, with_customers

RING = (("P1", "S", "A"), ("P2", "A", "B"), ("P3", "S", "B"), ("P4", "B", "C"))


def a_city(valves: ValveTable, demand_m3h: float = 20.0, source_head_m: float = 30.0) -> City:
    city = a_line(demands=dict.fromkeys("ABC", demand_m3h), pipes=RING, valves=valves, source_head_m=source_head_m)
    return with_customers(city, {f"on {pipe}": pipe for pipe in ("P1", "P2", "P3", "P4")})


def gate(*ends: tuple[str, int, int]) -> ValveTable:
    """Gates (id, pipe row, node row)."""
    return ValveTable.of(
        [end[0] for end in ends], kind=[ValveKind.GATE] * len(ends), pipe=[end[1] for end in ends], node=[end[2] for end in ends]
    )


def closing(*valves: str, without_water: tuple[str, ...] = ()) -> IsolationPlan:
    steps = tuple(ValveStep(valve, order, "border") for order, valve in enumerate(valves, start=1))
    return IsolationPlan(("P4",), True, ("P4",), (), steps, customers_without_water=without_water)


def test_a_dead_end_that_is_shut_off_is_unserved_and_the_rest_is_not() -> None:
    city = a_city(gate(("V", 3, 2)))
    with EpanetSession(city) as session:
        impact = impact_of_closing(session, city, closing("V"))
    assert impact.converged
    assert list(impact.service) == [Service.OK, Service.OK, Service.OK, Service.UNSERVED]
    # P4's other end still has water: only the plan knows on which side of the valve its customers are.
    assert list(impact.unserved_customers) == []


def test_customers_of_the_plan_are_unserved_whatever_the_pressures_say() -> None:
    city = a_city(gate(("V", 3, 2)))
    with EpanetSession(city) as session:
        impact = impact_of_closing(session, city, closing("V", without_water=("on P4",)))
    assert city.customers.ids(impact.unserved_customers) == ("on P4",)


def test_a_zone_without_demand_is_unserved_too() -> None:
    city = a_city(gate(("V", 3, 2)), demand_m3h=0.0)
    with EpanetSession(city) as session:
        impact = impact_of_closing(session, city, closing("V"))
    assert impact.service[3] == Service.UNSERVED


def test_a_detour_that_costs_pressure_makes_it_low() -> None:
    city = a_city(gate(("V", 2, 2)), demand_m3h=60.0, source_head_m=16.0)
    with EpanetSession(city) as session:
        before = session.solve(pressure_driven=True, minimum_m=2.0, required_m=14.0)
        impact = impact_of_closing(session, city, closing("V"))
    assert before.pressure_m[1:].min() > 14.0
    assert impact.service[3] == Service.LOW
    assert "on P4" in city.customers.ids(impact.low_customers)
    assert len(impact.unserved_customers) == 0


def test_what_was_low_before_is_not_counted() -> None:
    city = a_city(gate(("V", 2, 2)), demand_m3h=20.0, source_head_m=10.0)
    with EpanetSession(city) as session:
        impact = impact_of_closing(session, city, closing("V"))
    assert not impact.service.any()
    assert len(impact.low_customers) == 0


def test_the_impact_computed_twice_is_equal() -> None:
    city = a_city(gate(("V", 3, 2)))
    plan = closing("V")
    with EpanetSession(city) as session:
        first, second = (impact_of_closing(session, city, plan) for _ in range(2))
    np.testing.assert_array_equal(first.pressure_m, second.pressure_m)
