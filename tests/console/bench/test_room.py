"""The benchmark of a control room runs small and reports every figure."""

from __future__ import annotations

import math

import pytest

from console.bench.room import run

pytestmark = pytest.mark.slow


def test_a_small_room_reports_delays_costs_and_the_take_over() -> None:
    found = run(stations=100, consoles=1, engines=1, seconds=3)
    assert found["decisions"] > 0
    assert 0 <= found["change_to_other_p50_s"] <= found["change_to_other_p99_s"] < math.inf
    assert set(found["core_share"]) == set(found["memory_mb"]) == {"engine0", "desk0"}
    assert (found["asked_for"], found["started"], found["faults"]) == (2, 2, [])
    assert (found["take_overs"], found["decisions_not_shown_elsewhere"]) == (1, 0)
    assert 0 < found["take_over_p50_s"] <= found["take_over_longest_s"]
    assert found["picture_value_age_p50_s"] > 0
