"""A notice that contradicts its case is blocked: the difference is shown, proceeding needs a recorded reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from console.domain.incidents import PressureImpact, Unable
from console.domain.intents import Intent
from console.domain.notices import NoticeStatus
from console.domain.orders import OrderReply
from console.services.crews.valve_reports import MarkValveClosed, MarkValveUnable
from console.services.incidents.judging import JudgeBurst, SetRestoration
from console.services.notices.contradictions import Contradiction, NoticeContradicted, contradictions
from console.services.notices.lifecycle import ApproveNotice, DraftNotice, IssueNotice, SubmitNotice
from tests.console.notes import chinese
from tests.console.services.conftest import CASE
from tests.console.services.town import Chair

N1 = f"{CASE}-N1"
STEPS: tuple[tuple[Intent, str], ...] = (
    (SubmitNotice(CASE, N1), "王"),
    (ApproveNotice(CASE, N1), "李"),
    (IssueNotice(CASE, N1), "王"),
)


def crew_finds(chair: Chair, pipe: str = "V10") -> None:
    """The crew on site reports another pipe than the one judged."""
    order = chair.state.incidents[CASE].orders[-1]
    reply = OrderReply(order.order_id, order.crew_id, "on_site", chair.now, burst_pipe=pipe)
    chair.take(chair.desk.on_order_reply(chair.state, reply, chair.now), order.crew_id)


def pressures(chair: Chair) -> None:
    """The pressures after closing arrive after the draft."""
    impact = PressureImpact(True, (), ("C-V20",), 40, ("泉城花园",))
    chair.take(chair.desk.on_impact(chair.state, CASE, impact, chair.now))


def valve_stuck(chair: Chair) -> None:
    """A valve of the plan cannot be closed: others take its place."""
    plan = chair.state.incidents[CASE].plan
    assert plan is not None
    chair.does(MarkValveUnable(CASE, plan.valves_to_close[0].asset_id, Unable.SEIZED))


def later(chair: Chair) -> None:
    """The estimated restoration becomes later."""
    at = chair.state.incidents[CASE].restoration_at
    assert at is not None
    chair.does(SetRestoration(CASE, at + timedelta(hours=3)))


CHANGES: dict[str, tuple[Callable[[Chair], object], set[str]]] = {
    "crew": (crew_finds, {"crew_found"}),
    "judged": (lambda chair: chair.does(JudgeBurst(CASE, ("V10",), "on_site")), {"burst_pipes", "valves", "roads"}),
    "wider": (lambda chair: chair.does(JudgeBurst(CASE, ("H10", "V10"))), {"burst_pipes", "households_no_water"}),
    "unable": (valve_stuck, {"unable", "valves"}),
    "restoration": (later, {"expected_end"}),
    "pressures": (pressures, {"households_low_pressure", "low_pressure_communities"}),
}


def found(chair: Chair) -> tuple[Contradiction, ...]:
    """The contradictions of the notice now."""
    incident = chair.state.incidents[CASE]
    return contradictions(chair.city, incident, incident.notices[-1])


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("done", [0, 1, 2])
def test_no_step_is_taken_with_a_notice_that_contradicts_its_case(judged: Chair, change: str, done: int) -> None:
    judged.does(DraftNotice(CASE), "王")
    for intent, user in STEPS[:done]:
        judged.does(intent, user)
    make, codes = CHANGES[change]
    make(judged)
    before = judged.state.incidents[CASE].notices
    with pytest.raises(NoticeContradicted) as refused:
        judged.does(*STEPS[done])
    assert codes <= {one.code for one in refused.value.contradictions}
    assert judged.state.incidents[CASE].notices == before


@pytest.mark.parametrize("change", sorted(set(CHANGES) - {"crew"}))
def test_a_redraft_states_the_present_facts_and_the_notice_can_proceed(judged: Chair, change: str) -> None:
    judged.does(DraftNotice(CASE), "王")
    CHANGES[change][0](judged)
    judged.does(DraftNotice(CASE), "王")
    assert found(judged) == ()
    for intent, user in STEPS:
        judged.does(intent, user)
    assert judged.state.incidents[CASE].notices[-1].status is NoticeStatus.ISSUED


def test_a_pipe_found_by_the_crew_is_settled_by_judging_and_not_by_a_redraft(judged: Chair) -> None:
    judged.does(DraftNotice(CASE), "王")
    crew_finds(judged)
    judged.does(DraftNotice(CASE), "王")
    assert [(one.code, one.said, one.now) for one in found(judged)] == [("crew_found", ("H10",), ("V10",))]
    judged.does(JudgeBurst(CASE, ("V10",), "on_site"))
    judged.does(DraftNotice(CASE), "王")
    assert found(judged) == ()


def test_the_difference_names_both_sides_in_either_language(judged: Chair) -> None:
    judged.does(DraftNotice(CASE))
    judged.does(JudgeBurst(CASE, ("H10", "V10"), "on_site"))
    with pytest.raises(NoticeContradicted) as refused:
        judged.does(SubmitNotice(CASE, N1))
    assert "停水户数：公告为 40，现为 80" in refused.value.text("zh_CN")
    assert "Households without water: the notice says 40, now 80" in refused.value.text("en")
    assert "\n" not in refused.value.text("zh_CN")


def test_proceeding_despite_a_contradiction_needs_a_reason_at_each_step_and_is_recorded(judged: Chair) -> None:
    judged.does(DraftNotice(CASE), "王")
    crew_finds(judged)
    changes = judged.does(SubmitNotice(CASE, N1, "现场编号有误，已电话核实"))
    assert "现场编号有误" in chinese(changes.drafts[0].note)
    assert "现场找到的管道：公告为 H10，现为 V10" in chinese(changes.drafts[0].note)
    with pytest.raises(NoticeContradicted):
        judged.does(ApproveNotice(CASE, N1, contradiction_reason="  "), "李")
    judged.does(ApproveNotice(CASE, N1, contradiction_reason="同意"), "李")
    assert judged.state.incidents[CASE].notices[-1].contradiction_reason == "同意"


def test_an_override_of_the_second_person_is_no_override_of_a_contradiction(judged: Chair) -> None:
    judged.does(DraftNotice(CASE), "王")
    crew_finds(judged)
    with pytest.raises(NoticeContradicted):
        judged.does(ApproveNotice(CASE, N1, "主管失联"), "王")


def test_closing_the_valves_of_the_plan_contradicts_nothing(judged: Chair) -> None:
    judged.does(DraftNotice(CASE))
    plan = judged.state.incidents[CASE].plan
    assert plan is not None
    for step in plan.valves_to_close:
        judged.does(MarkValveClosed(CASE, step.asset_id))
        assert found(judged) == ()


def test_the_same_number_of_other_households_is_a_contradiction(judged: Chair) -> None:
    judged.does(DraftNotice(CASE))
    incident = judged.state.incidents[CASE]
    assert incident.plan is not None
    others = replace(incident, plan=replace(incident.plan, zone_pipes=("H10", "M1")))
    told = contradictions(judged.city, others, incident.notices[-1])
    assert [one.code for one in told] == ["customers"]


def test_a_notice_of_an_earlier_program_version_is_checked_by_its_text(judged: Chair) -> None:
    judged.does(DraftNotice(CASE))
    incident = judged.state.incidents[CASE]
    old = replace(incident.notices[-1], basis=None)
    assert contradictions(judged.city, incident, old) == ()
    wrong = replace(old, facts=replace(old.facts, households_no_water=17))
    assert [(one.code, one.said, one.now) for one in contradictions(judged.city, incident, wrong)] == [
        ("households_no_water", ("17",), ("40",))
    ]
