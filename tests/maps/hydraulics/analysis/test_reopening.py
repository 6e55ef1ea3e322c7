"""Opening a closed valve: sufficient for a dry pocket, or not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from maps.city import City
from maps.hydraulics.analysis.reopening import reopening
from maps.hydraulics.session import EpanetSession
from maps.isolation import Isolator
from maps.network import ValveKind, ValveState, ValveTable
from tests.maps.hydraulics.build import a_line, with_customers

RING = (("P1", "S", "A"), ("P2", "A", "B"), ("P3", "S", "B"), ("P4", "B", "C"))


def _city(source_head_m: float, demand_m3h: float = 20.0) -> City:
    """S feeds A and, behind a closed valve on P2, B by P3; C hangs on B."""
    gates = [("V1", 0, 1), ("V2", 1, 1), ("V3s", 2, 0), ("V3b", 2, 2)]
    valves = ValveTable.of(
        [name for name, _, _ in gates],
        kind=[ValveKind.GATE] * 4,
        pipe=[pipe for _, pipe, _ in gates],
        node=[node for _, _, node in gates],
        from_node=[-1] * 4,
        to_node=[-1] * 4,
        flows_to=[-1] * 4,
        state=[ValveState.CLOSED if name == "V2" else ValveState.OPEN for name, _, _ in gates],
    )
    city = a_line(demands=dict.fromkeys("ABC", demand_m3h), pipes=RING, valves=valves, source_head_m=source_head_m)
    return with_customers(city, {f"on {pipe}": pipe for pipe in ("P1", "P2", "P3", "P4")})


def test_a_way_round_with_enough_head_suffices_and_serves_the_pocket() -> None:
    city = _city(60.0)
    plan = Isolator(city).plan(["P3"])
    assert plan.reopen_candidates == ("V2",)
    with EpanetSession(city) as session:
        (found,) = reopening(session, city, plan)
        again = reopening(session, city, plan)[0]
    assert found.suffices is True
    assert set(city.customers.ids(found.served)) >= {"on P4"}
    assert len(found.dry) == 0
    assert again.suffices is True


def test_a_way_round_with_too_little_head_is_reported_as_insufficient() -> None:
    city = _city(9.0)
    plan = Isolator(city).plan(["P3"])
    with EpanetSession(city) as session:
        (found,) = reopening(session, city, plan)
    assert found.suffices is False
    assert "on P4" in city.customers.ids(np.concatenate([found.low, found.dry]))


def test_without_candidates_nothing_is_solved() -> None:
    city = _city(60.0)
    with EpanetSession(city) as session:
        assert reopening(session, city, Isolator(city).plan(["P4"])) == ()


def test_a_closed_pipe_among_the_candidates_is_not_tried() -> None:
    city = _city(60.0)
    plan = Isolator(city).plan(["P3"])
    with_pipe = replace(plan, reopen_candidates=(*plan.reopen_candidates, "P4"), reopen_pipes=("P4",))
    with EpanetSession(city) as session:
        assert [found.valve_id for found in reopening(session, city, with_pipe)] == ["V2"]
