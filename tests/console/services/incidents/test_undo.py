"""Undo: any number of steps back to the earlier value; orders and alerts already sent are countermanded."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.alarms import AlarmState
from console.domain.incidents import Incident, OrderState, Phase, PressureImpact, Unable
from console.domain.intents import Intent
from console.domain.notices import NoticeStatus
from console.services.crews.orders import SendCrew
from console.services.crews.valve_reports import MarkValveClosed, MarkValveRestored, MarkValveUnable, RecordSample
from console.services.desk import Refused
from console.services.incidents.judging import AdvancePhase, DismissIncident, JudgeBurst, SetRestoration
from console.services.incidents.undo import UndoLast
from console.services.notices.lifecycle import ApproveNotice, DraftNotice, EditNotice, IssueNotice, SubmitNotice
from maps.errors import QuanmaiError
from tests.console.services.conftest import CASE
from tests.console.services.town import NOW, Chair, a_finding, a_town

CITY = a_town()
N1 = f"{CASE}-N1"

INDOORS: list[tuple[Intent, str]] = [
    (MarkValveClosed(CASE, "H10a"), "一队"),
    (MarkValveClosed(CASE, "H10b"), "一队"),
    (MarkValveUnable(CASE, "H10b", Unable.SEIZED), "一队"),
    (MarkValveUnable(CASE, "H10a", Unable.NOT_TIGHT), "一队"),
    (MarkValveRestored(CASE, "H10a"), "一队"),
    (RecordSample(CASE, 0.5, 0.3), "化验"),
    (SetRestoration(CASE, NOW + timedelta(hours=9)), "王"),
    (AdvancePhase(CASE, Phase.ISOLATED, "压力为零"), "王"),
    (AdvancePhase(CASE, Phase.REPAIRING), "王"),
    (DraftNotice(CASE), "王"),
    (EditNotice(CASE, N1, "甲", "a"), "张"),
    (SubmitNotice(CASE, N1), "王"),
    (ApproveNotice(CASE, N1), "李"),
]
"""Steps that stay in the house."""


def bare(incident: Incident) -> Incident:
    """The value without its version and the plan's computing time, which undo does not restore."""
    plan = replace(incident.plan, compute_ms=0.0) if incident.plan else None
    return replace(incident, version=0, plan=plan)


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(st.sampled_from(INDOORS), max_size=12), back=st.integers(1, 12))
def test_undoing_any_number_of_steps_returns_to_the_earlier_value(steps: list[tuple[Intent, str]], back: int) -> None:
    chair = Chair(CITY)
    chair.sees(a_finding())
    chair.does(JudgeBurst(CASE, ("H10",)))
    values = [bare(chair.state.incidents[CASE])]
    for intent, user in steps:
        try:
            chair.does(intent, user)
        except QuanmaiError:
            continue
        value = bare(chair.state.incidents[CASE])
        if value != values[-1]:
            values.append(value)
    back = min(back, len(values) - 1)
    for number in range(back):
        chair.does(UndoLast(CASE))
        assert bare(chair.state.incidents[CASE]) == values[-2 - number]


def test_an_undone_step_can_be_taken_again_and_undone_again(judged: Chair) -> None:
    before = bare(judged.state.incidents[CASE])
    for _ in range(3):
        judged.does(MarkValveUnable(CASE, "H10b", Unable.SEIZED))
        judged.does(UndoLast(CASE))
        assert bare(judged.state.incidents[CASE]) == before
    undone = [change.undoes for change in judged.log if change.kind == "undo"]
    assert len(set(undone)) == 3


def test_undoing_a_judgement_countermands_the_order_that_had_left(judged: Chair) -> None:
    sent = len(judged.sent)
    judged.does(UndoLast(CASE))
    incident = judged.state.incidents[CASE]
    assert (incident.phase, incident.burst_pipes) == (Phase.SUSPECTED, ())
    assert [order.state for order in incident.orders] == [OrderState.COUNTERMANDED]
    order, alert = (json.loads(message.payload) for message in judged.sent[sent:])
    assert order["action"] == "countermand"
    assert alert["status"] == "suspected"


def test_undoing_a_crews_repair_order_calls_only_that_crew_back(judged: Chair) -> None:
    judged.does(SendCrew(CASE, "C3"))
    judged.does(UndoLast(CASE))
    assert [order.state for order in judged.state.incidents[CASE].orders] == [OrderState.SENT, OrderState.COUNTERMANDED]


def test_undoing_a_corrected_pipe_sends_the_crew_back_to_the_first(judged: Chair) -> None:
    judged.does(JudgeBurst(CASE, ("V10",), "calls"))
    judged.does(UndoLast(CASE))
    incident = judged.state.incidents[CASE]
    assert incident.burst_pipes == ("H10",)
    assert incident.orders[0].pipe_id == "H10"
    assert incident.orders[0].state is OrderState.SENT
    message = json.loads(judged.sent[-1].payload)
    assert (message["action"], message["pipe_id"]) == ("revised", "H10")


def test_undoing_an_issue_lifts_the_public_notice_and_keeps_it_in_the_log(judged: Chair) -> None:
    judged.does(DraftNotice(CASE))
    judged.does(SubmitNotice(CASE, N1))
    judged.does(ApproveNotice(CASE, N1), "李")
    judged.does(IssueNotice(CASE, N1))
    judged.does(UndoLast(CASE))
    incident = judged.state.incidents[CASE]
    assert incident.notices[0].status is NoticeStatus.LIFTED
    assert incident.issued_at is not None
    assert judged.sent[-1].payload.decode().startswith(f"cancel {N1}")
    # The steps of a notice that was public have nothing left to take back: next is the judgement.
    judged.does(UndoLast(CASE))
    assert judged.state.incidents[CASE].phase is Phase.SUSPECTED
    assert judged.state.incidents[CASE].notices[0].status is NoticeStatus.LIFTED


def test_undoing_a_dismissal_opens_the_case_and_its_alarm_again(chair: Chair) -> None:
    chair.sees(a_finding())
    chair.does(DismissIncident(CASE, "误报"))
    chair.does(UndoLast(CASE))
    assert chair.state.incidents[CASE].phase is Phase.SUSPECTED
    assert chair.state.incidents[CASE].closed_at is None
    assert chair.state.alarms["A-000001"].state is AlarmState.ACKNOWLEDGED


def test_undo_keeps_facts_recorded_after_the_step(judged: Chair) -> None:
    judged.does(MarkValveClosed(CASE, "H10a"))
    impact = PressureImpact(True, (), ("C-V20",), 40)
    judged.take(judged.desk.on_impact(judged.state, CASE, impact, judged.now))
    judged.does(UndoLast(CASE))
    assert judged.state.incidents[CASE].impact == impact
    assert judged.state.incidents[CASE].valve_marks == ()


def test_a_plan_is_never_restored_for_pipes_it_is_not_for(chair: Chair) -> None:
    chair.sees(a_finding())
    chair.does(DismissIncident(CASE, "误报"))
    chair.does(UndoLast(CASE))
    chair.sees(a_finding(("V10", "H10"), first=0.8))
    plan = chair.state.incidents[CASE].plan
    assert plan is not None
    assert plan.burst_pipes == ("V10",)


def test_undo_without_a_step_left_is_refused(chair: Chair) -> None:
    chair.sees(a_finding())
    with pytest.raises(Refused, match="nothing left to undo"):
        chair.does(UndoLast(CASE))
    with pytest.raises(Refused, match="no incident"):
        chair.does(UndoLast("2024-0099"))
