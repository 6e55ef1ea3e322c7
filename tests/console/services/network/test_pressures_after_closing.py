"""Pressures after a plan as printed by the command line."""

from __future__ import annotations

import json

import pytest

from console.services.network.isolation_requests import plan_json
from console.services.network.plan_text import plan_text
from console.services.network.pressures_after_closing import pressures_json
from console.services.network.trace_flows import second_of_day, solved_for
from console.services.network.trace_requests import TraceRequest, trace_of
from maps.errors import InputFault
from maps.isolation import Isolator
from maps.network import ValveKind, ValveTable
from tests.maps.hydraulics.build import a_line, with_customers

VALVES = ValveTable.of(
    ["V1", "V2"],
    kind=[ValveKind.GATE] * 2,
    pipe=[1, 2],
    node=[1, 2],
    from_node=[-1, -1],
    to_node=[-1, -1],
    flows_to=[-1, -1],
)
CITY = with_customers(
    a_line(
        demands=dict.fromkeys("ABC", 20.0),
        pipes=(("P1", "S", "A"), ("P2", "A", "B"), ("P3", "B", "C")),
        valves=VALVES,
        source_head_m=60.0,
    ),
    {"on P1": "P1", "on P2": "P2", "on P3": "P3"},
)


def test_customers_without_water_with_low_pressure_and_with_normal_supply_are_distinguished() -> None:
    plan = Isolator(CITY).plan(["P2"])
    answer = {**plan_json(plan), "pressures": pressures_json(CITY, plan, "07:00")}
    found = answer["pressures"]
    assert (found["converged"], found["without_water"], found["unaffected"]) == (True, ["on P2", "on P3"], 1)
    assert "2 without water" in plan_text(answer)
    json.dumps(answer, allow_nan=False)


def test_a_solved_flow_gives_directions_to_a_trace() -> None:
    request = TraceRequest(("P3",), "upstream")
    answer = trace_of(CITY, request, solved_for(CITY, request, "07:00"))
    assert answer.trace.basis == "flow"
    assert answer.shares is not None
    assert answer.shares.shares == pytest.approx((1.0,))
    assert CITY.network.pipes.ids(answer.trace.pipes) == ("P1", "P2", "P3")


def test_a_text_that_is_not_a_time_is_refused() -> None:
    assert second_of_day("06:30") == 6 * 3600 + 1800
    with pytest.raises(InputFault, match="time of day"):
        second_of_day("25:00")
