"""Plans follow what is closed: by mistake, by other cases; plans in force at one time are judged together."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from console.domain.incidents import Incident, PressureImpact, ReopenCheck, Unable
from console.services.changesets import Refused
from console.services.crews.valve_assignment import FROST_MINUTES, SendValveCards, dealt
from console.services.crews.valve_reports import MarkValveClosed, MarkValveRestored, MarkValveUnable
from console.services.incidents.judging import JudgeBurst
from console.services.incidents.opening import OpenIncident
from console.services.incidents.undo import UndoLast
from maps.isolation import Isolator
from maps.isolation.plan.result import IsolationPlan
from tests.console.notes import chinese
from tests.console.services.conftest import CASE
from tests.console.services.town import Chair, a_finding, a_town

OTHER = "2024-0002"


def the_case(chair: Chair, case: str = CASE) -> Incident:
    """The case as it stands."""
    return chair.state.incidents[case]


def the_plan(chair: Chair, case: str = CASE) -> IsolationPlan:
    """Its plan."""
    plan = the_case(chair, case).plan
    assert plan is not None
    return plan


@pytest.fixture
def two_cases(chair: Chair) -> Chair:
    """Bursts on the only two ways out of the source's corner, both judged."""
    for case, pipe in ((CASE, "H00"), (OTHER, "V00")):
        chair.does(OpenIncident(pipe))
        chair.does(JudgeBurst(case, (pipe,)))
    return chair


def test_customers_behind_a_valve_closed_by_mistake_stay_in_the_plan(judged: Chair) -> None:
    judged.does(MarkValveClosed(CASE, "M1b"))
    everybody = set(judged.city.customers.asset_id.tolist())
    assert set(the_plan(judged).customers_without_water) == everybody - {"C-M1"}
    judged.does(MarkValveRestored(CASE, "M1b"))
    assert the_plan(judged).customers_without_water == ("C-H10",)


def test_closing_what_the_plan_lists_changes_neither_the_plan_nor_its_impact(judged: Chair) -> None:
    before = the_plan(judged)
    judged.does(MarkValveClosed(CASE, before.valves_to_close[0].asset_id))
    assert the_plan(judged) is before


def test_a_valve_that_is_not_tight_is_no_boundary_though_it_was_closed(judged: Chair) -> None:
    valve = the_plan(judged).valves_to_close[0].asset_id
    judged.does(MarkValveClosed(CASE, valve))
    judged.does(MarkValveUnable(CASE, valve, Unable.NOT_TIGHT))
    assert valve not in {step.asset_id for step in the_plan(judged).valves_to_close}
    assert {step.asset_id for step in the_plan(judged).valves_to_close} == {"H00b", "V10a", "H10b"}


def test_undo_goes_back_over_any_number_of_reports_to_the_first_plan(judged: Chair) -> None:
    first = the_plan(judged)
    for step in first.valves_to_close:
        judged.does(MarkValveUnable(CASE, step.asset_id, Unable.SEIZED))
    judged.does(MarkValveClosed(CASE, "M1b"))
    for _ in range(len(first.valves_to_close) + 1):
        judged.does(UndoLast(CASE))
    assert replace(the_plan(judged), compute_ms=0.0) == replace(first, compute_ms=0.0)
    assert the_case(judged).valve_marks == ()


def test_a_plan_follows_what_another_case_closes(two_cases: Chair) -> None:
    assert "V00a" in [step.asset_id for step in the_plan(two_cases, OTHER).valves_to_close]
    two_cases.does(MarkValveClosed(CASE, "V00a"))
    assert "V00a" not in [step.asset_id for step in the_plan(two_cases, OTHER).valves_to_close]
    assert ("V00a", "closed") in [(r.asset_id, r.why) for r in the_plan(two_cases, OTHER).relies_on]
    assert two_cases.log[-1].subject == f"incident/{OTHER}"
    assert "已重新计算" in chinese(two_cases.log[-1].note)
    two_cases.does(MarkValveRestored(CASE, "V00a"))
    assert "V00a" in [step.asset_id for step in the_plan(two_cases, OTHER).valves_to_close]


def test_two_plans_that_together_cut_off_an_area_have_a_conflict_with_its_own_customers(two_cases: Chair) -> None:
    everybody = set(two_cases.city.customers.asset_id.tolist())
    own = {"C-H00", "C-V00", "C-M1"}
    for case, other in ((CASE, OTHER), (OTHER, CASE)):
        (conflict,) = the_case(two_cases, case).conflicts
        assert conflict.with_incidents == (other,)
        assert set(conflict.customers) == everybody - own
        assert conflict.critical == ("C-H20",)


def test_a_conflict_is_gone_when_the_other_judgement_is_undone(two_cases: Chair) -> None:
    two_cases.does(UndoLast(OTHER))
    assert the_case(two_cases).conflicts == ()


def test_a_plan_older_than_the_network_is_made_anew_and_says_so(judged: Chair) -> None:
    valves = judged.city.network.valves
    state = valves.state.copy()
    state[valves.row("H10a")] = 2
    network = replace(judged.city.network, valves=replace(valves, state=state))
    later = Chair(replace(judged.city, network=network))
    later.state, later.log = judged.state, judged.log
    later.take(later.desk.on_time(later.state, later.now))
    assert [step.asset_id for step in the_plan(later).valves_to_close] == ["H10b"]
    assert "方案早于" in chinese(later.log[-1].note)
    assert not later.desk.on_time(later.state, later.now).drafts


def test_the_fingerprint_is_the_same_for_the_same_network_only(chair: Chair) -> None:
    valves = chair.city.network.valves
    other = replace(chair.city.network, valves=replace(valves, operable=~valves.operable))
    assert Isolator(chair.city).fingerprint == Isolator(replace(chair.city)).fingerprint
    assert Isolator(chair.city).fingerprint != Isolator(replace(chair.city, network=other)).fingerprint


def test_candidates_are_summed_by_segment_until_the_burst_is_judged(chair: Chair) -> None:
    chair.sees(a_finding(pipes=("H10", "V10", "H20"), first=0.6))
    parts = the_case(chair).parts
    assert parts is not None
    assert [pipes for pipes, _ in parts.segments] == [("H10",), ("V10",), ("H20",)]
    assert parts.covered == pytest.approx(0.6)
    chair.does(JudgeBurst(CASE, ("H10",)))
    assert the_case(chair).parts is None


def test_valves_common_to_all_candidates_are_named_first() -> None:
    town = a_town()
    valves = town.network.valves
    operable = valves.operable.copy()
    operable[valves.rows(["H10b", "H20a"])] = False
    chair = Chair(replace(town, network=replace(town.network, valves=replace(valves, operable=operable))))
    chair.sees(a_finding(pipes=("H10", "V20"), first=0.6))
    parts = the_case(chair).parts
    assert parts is not None
    assert set(parts.common_valves) <= {step.asset_id for step in the_plan(chair).valves_to_close}
    assert parts.common_valves


def test_the_sums_follow_a_location_that_moves_within_the_same_plan(chair: Chair) -> None:
    chair.sees(a_finding(pipes=("H10", "V10", "H20"), first=0.5))
    chair.sees(a_finding(pipes=("H10", "V10", "H20"), first=0.8))
    parts = the_case(chair).parts
    assert parts is not None
    assert parts.covered == pytest.approx(0.8)


def test_each_crew_is_sent_the_cards_of_its_own_valves_in_its_order(judged: Chair) -> None:
    judged.sent.clear()
    judged.does(SendValveCards(CASE))
    cards = [(message.address, json.loads(message.payload)) for message in judged.sent if message.address.endswith("/valves")]
    assert sorted(card["asset_id"] for _, body in cards for card in body["valves"]) == ["H10a", "H10b"]
    for topic, body in cards:
        assert topic.startswith("orders/C")
        assert [card["crew_order"] for card in body["valves"]] == list(range(1, len(body["valves"]) + 1))
        assert body["t"].endswith("+08:00")
    assert "关阀卡已下达" in chinese(judged.log[-1].note)
    judged.does(MarkValveClosed(CASE, "H10a"))
    judged.sent.clear()
    judged.does(SendValveCards(CASE))
    assert [card["asset_id"] for m in judged.sent for card in json.loads(m.payload)["valves"]] == ["H10b"]


def test_cards_go_out_for_a_judged_case_with_a_crew_only(chair: Chair) -> None:
    chair.sees(a_finding())
    with pytest.raises(Refused, match="not judged"):
        chair.does(SendValveCards(CASE))
    chair.does(JudgeBurst(CASE, ("H10",)))
    chair.state = replace(chair.state, crews={})
    with pytest.raises(Refused, match="nobody"):
        chair.does(SendValveCards(CASE))


def test_a_checked_reopening_is_reported_apart_from_the_impact(judged: Chair) -> None:
    impact = PressureImpact(True)
    judged.take(judged.desk.on_impact(judged.state, CASE, impact, judged.now))
    checked = replace(impact, reopening=(ReopenCheck("V1", 12, 0, 0, suffices=True), ReopenCheck("V2", 0, 9, 3, suffices=False)))
    judged.take(judged.desk.on_impact(judged.state, CASE, checked, judged.now))
    assert judged.log[-1].kind == "reopening_checked"
    assert "V1可、V2不足" in chinese(judged.log[-1].note)
    assert the_case(judged).impact == checked


def test_crews_need_longer_for_each_chamber_in_the_months_of_frost(judged: Chair) -> None:
    case, plan = the_case(judged), the_plan(judged)
    crews = list(judged.state.crews.values())[:1]
    january = dealt(case, plan, crews, "Asia/Shanghai")
    june = dealt(replace(case, opened_at=case.opened_at.replace(month=6)), plan, crews, "Asia/Shanghai")
    assert january.minutes is not None
    assert june.minutes is not None
    assert january.minutes == pytest.approx(june.minutes + 2 * FROST_MINUTES)
