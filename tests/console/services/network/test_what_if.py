"""A what-if computes a plan without a case; valve cards give a crew what it needs."""

from __future__ import annotations

import json

import pytest

from console.domain.incidents import Incident, Unable
from console.services.crews.valve_cards import card_json, valve_cards
from console.services.network.what_if import WhatIf, what_if_incident
from maps.isolation import CrewPlace, Isolator, schedule
from tests.console.services.town import NOW, a_town

TOWN = a_town()
PLANNER = Isolator(TOWN)


def _case(what_if: WhatIf) -> Incident:
    case = what_if_incident(PLANNER, what_if, NOW)
    assert case is not None
    assert case.plan is not None
    return case


def _closing(what_if: WhatIf) -> set[str]:
    plan = _case(what_if).plan
    assert plan is not None
    return {step.asset_id for step in plan.valves_to_close}


def test_a_trial_plans_as_a_case_would_and_without_a_burst_there_is_none() -> None:
    assert what_if_incident(PLANNER, WhatIf(), NOW) is None
    what_if = WhatIf().with_pipe("H10")
    assert _closing(what_if) == {"H10a", "H10b"}
    stuck = what_if.with_unable("H10a", Unable.SEIZED)
    assert _closing(stuck) == {"H00b", "V10a", "H10b"}
    assert stuck.unable_of("H10a") is Unable.SEIZED
    assert stuck.with_unable("H10a", None) == what_if


def test_bursts_are_added_and_taken_away_and_another_one_starts_anew() -> None:
    what_if = WhatIf().with_pipe("H10").with_unable("H10a", Unable.NOT_FOUND)
    both = what_if.with_pipe("V01", add=True)
    assert both.pipes == ("H10", "V01")
    assert both.with_pipe("V01", add=True) == what_if
    assert both.with_pipe("H20") == WhatIf(("H20",))


def test_a_what_if_keeps_a_valve_supposed_closed_in_the_list_and_counts_customers_behind_one_outside() -> None:
    shut = WhatIf().with_pipe("H10").with_shut("H10a")
    assert _closing(shut) == {"H10a", "H10b"}
    assert _case(shut).closed_valves() == ("H10a",)
    wrong = _case(shut.with_shut("M1b")).plan
    assert wrong is not None
    assert len(wrong.customers_without_water) == len(TOWN.customers) - 1
    assert shut.with_shut("H10a", closed=False) == WhatIf(("H10",))


def test_a_card_holds_place_sketch_turns_direction_depth_and_who_goes() -> None:
    plan = _case(WhatIf().with_pipe("H10")).plan
    assert plan is not None
    crew = CrewPlace("C1", float(TOWN.network.nodes.x[0]), float(TOWN.network.nodes.y[0]))
    first, _ = valve_cards(TOWN, plan, schedule(plan, [crew]).steps)
    assert (first.valve_id, first.closes, first.depth_m, first.road) == ("H10a", "cw", 1.2, "经十路")
    assert (first.crew, first.crew_order) == ("C1", 1)
    assert first.turns == 37
    assert first.lonlat is not None
    assert first.lonlat[0] == pytest.approx(117.0, abs=0.1)
    at_valve = [line for line in first.lines.tolist() if (line[0], line[1]) == (0.0, 0.0) or (line[2], line[3]) == (0.0, 0.0)]
    assert len(at_valve) == 3
    assert len(first.road_lines) == 1
    assert json.loads(json.dumps(card_json(first), allow_nan=False))["asset_id"] == "H10a"
