"""Judging, site checks, valves, phases: allowed transitions and the evidence they need."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from console.domain.alarms import AlarmState
from console.domain.crews import CrewState
from console.domain.incidents import OrderKind, OrderState, Phase, Unable
from console.domain.orders import OrderReply
from console.services.crews.orders import SendCrew
from console.services.crews.valve_reports import MarkValveClosed, MarkValveRestored, MarkValveUnable, RecordSample
from console.services.desk import Refused
from console.services.incidents.judging import AdvancePhase, DismissIncident, JudgeBurst, SetRestoration
from maps.city import HydrantTable
from maps.errors import UnknownAsset
from tests.console.notes import chinese
from tests.console.services.conftest import CASE
from tests.console.services.town import CREWS, Chair, a_finding, a_town


def steps(chair: Chair) -> list[str]:
    """The plan's valves in order."""
    plan = chair.state.incidents[CASE].plan
    assert plan is not None
    return [step.asset_id for step in plan.valves_to_close]


def test_a_judged_burst_has_plan_site_check_and_estimate(judged: Chair) -> None:
    incident = judged.state.incidents[CASE]
    assert (incident.phase, incident.burst_pipes, incident.ground) == (Phase.VERIFIED, ("H10",), "judgement")
    (order,) = incident.orders
    assert (order.kind, order.crew_id, order.state) == (OrderKind.SITE_CHECK, "C1", OrderState.SENT)
    # C1 is one block (200 m) away along 经十路; 25 km/h.
    assert order.eta_minutes == pytest.approx(0.5)
    assert incident.restoration_at is not None
    assert incident.restoration_at > incident.opened_at + timedelta(hours=6)
    message = json.loads(judged.sent[-1].payload)
    assert judged.sent[-1].address == "orders/C1"
    assert message["reply_to"] == "quanmai/v1/test/orders/C1/ack"
    assert message["action"] == "new"
    assert "现场核实" in message["text"]
    assert "H10" in message["text"]
    assert json.loads(judged.sent[-2].payload)["status"] == "verified"


def test_judging_another_pipe_than_the_first_candidate_makes_the_plan_follow(chair: Chair) -> None:
    chair.sees(a_finding())
    chair.does(JudgeBurst(CASE, ("V10",), "calls"))
    assert set(steps(chair)) == {"V10a", "V10b"}
    place = chair.state.incidents[CASE].place
    assert place is not None
    assert place.pipe_id == "V10"


def test_a_crew_that_found_another_pipe_leads_to_a_corrected_judgement_without_a_second_check(judged: Chair) -> None:
    reply = OrderReply(f"{CASE}-W1", "C1", "on_site", judged.now, "路面冒水", "V10")
    judged.take(judged.desk.on_order_reply(judged.state, reply, judged.now))
    assert judged.state.incidents[CASE].orders[0].found_pipe == "V10"
    judged.does(JudgeBurst(CASE, ("V10",), "on_site"))
    incident = judged.state.incidents[CASE]
    assert incident.burst_pipes == ("V10",)
    assert len(incident.orders) == 1
    assert incident.orders[0].pipe_id == "V10"
    assert json.loads(judged.sent[-1].payload)["action"] == "revised"


def test_the_nearest_free_crew_is_sent_and_busy_or_off_duty_ones_are_not(chair: Chair) -> None:
    off = replace(CREWS[0], state=CrewState.OFF_DUTY)
    chair.state = chair.state.with_crews([off])
    chair.sees(a_finding())
    chair.does(JudgeBurst(CASE, ("H10",)))
    assert chair.state.incidents[CASE].orders[0].crew_id == "C2"
    chair.sees(a_finding(("H13", "H23"), stations=("S8",)))
    chair.does(JudgeBurst("2024-0002", ("H23",)))
    assert chair.state.incidents["2024-0002"].orders[0].crew_id == "C3"


def test_without_a_free_crew_the_judgement_stands_and_says_so(chair: Chair) -> None:
    chair.state = chair.state.with_crews([replace(crew, state=CrewState.OFF_DUTY) for crew in CREWS])
    chair.sees(a_finding())
    changes = chair.does(JudgeBurst(CASE, ("H10",)))
    assert "无空闲抢修队" in chinese(changes.drafts[0].note)
    assert chair.state.incidents[CASE].orders == ()
    with pytest.raises(Refused, match="No crew is free"):
        chair.does(SendCrew(CASE))


@pytest.mark.parametrize("answers", [(), ("acknowledged",), ("acknowledged", "on_site")])
def test_the_only_crew_does_the_repair_after_the_site_check_it_was_sent_for(judged: Chair, answers: tuple[str, ...]) -> None:
    judged.state = judged.state.with_crews([replace(crew, state=CrewState.OFF_DUTY) for crew in CREWS[1:]])
    for state in answers:
        reply = OrderReply(f"{CASE}-W1", "C1", state, judged.now)
        judged.take(judged.desk.on_order_reply(judged.state, reply, judged.now))
    judged.does(SendCrew(CASE))
    assert [(o.crew_id, o.kind) for o in judged.state.incidents[CASE].orders] == [
        ("C1", OrderKind.SITE_CHECK),
        ("C1", OrderKind.REPAIR),
    ]
    with pytest.raises(Refused, match="No crew is free"):  # it has its repair order already
        judged.does(SendCrew(CASE))


def test_a_crew_that_checks_another_site_is_not_taken_from_it(judged: Chair) -> None:
    judged.state = judged.state.with_crews([replace(crew, state=CrewState.OFF_DUTY) for crew in CREWS[1:]])
    judged.sees(a_finding(("H13", "H23"), stations=("S8",)))
    judged.does(JudgeBurst("2024-0002", ("H23",)))
    with pytest.raises(Refused, match="No crew is free"):
        judged.does(SendCrew("2024-0002"))


def test_after_a_refusal_the_next_nearest_crew_is_proposed_and_sent_on_the_dispatchers_word(judged: Chair) -> None:
    reply = OrderReply(f"{CASE}-W1", "C1", "refused", judged.now, "车辆故障")
    changes = judged.take(judged.desk.on_order_reply(judged.state, reply, judged.now))
    assert "建议改派 二队" in chinese(changes.drafts[0].note)
    judged.does(SendCrew(CASE))
    orders = judged.state.incidents[CASE].orders
    assert [(o.crew_id, o.kind, o.state) for o in orders] == [
        ("C1", OrderKind.SITE_CHECK, OrderState.REFUSED),
        ("C2", OrderKind.SITE_CHECK, OrderState.SENT),
    ]


def test_a_crews_state_follows_its_order(judged: Chair) -> None:
    seen = [judged.state.crews["C1"].state]
    for state in ("acknowledged", "on_site", "done"):
        reply = OrderReply(f"{CASE}-W1", "C1", state, judged.now)
        judged.take(judged.desk.on_order_reply(judged.state, reply, judged.now))
        seen.append(judged.state.crews["C1"].state)
    assert seen == [CrewState.ASSIGNED, CrewState.EN_ROUTE, CrewState.ON_SITE, CrewState.FREE]


def test_answers_move_an_order_forward_only(judged: Chair) -> None:
    for state in ("acknowledged", "on_site", "acknowledged", "on_site", "done", "refused"):
        reply = OrderReply(f"{CASE}-W1", "C1", state, judged.now)
        judged.take(judged.desk.on_order_reply(judged.state, reply, judged.now))
    assert judged.state.incidents[CASE].orders[0].state is OrderState.DONE
    assert sum(change.kind.startswith("order_") for change in judged.log) == 3


@pytest.mark.parametrize(
    "reply", [("2024-0001-W1", "C2", "acknowledged"), ("nothing", "C1", "done"), ("2024-0001-W1", "C1", "dancing")]
)
def test_an_answer_that_fits_no_order_changes_nothing(judged: Chair, reply: tuple[str, str, str]) -> None:
    order_id, crew_id, state = reply
    assert judged.desk.on_order_reply(judged.state, OrderReply(order_id, crew_id, state, None), judged.now).drafts == ()


def test_a_repair_crew_follows_the_site_check(judged: Chair) -> None:
    judged.does(SendCrew(CASE, "C3"))
    assert judged.state.incidents[CASE].orders[1].kind is OrderKind.REPAIR
    with pytest.raises(Refused, match="already has order"):
        judged.does(SendCrew(CASE, "C3"))
    with pytest.raises(Refused, match="no crew C9"):
        judged.does(SendCrew(CASE, "C9"))


def test_the_first_closed_valve_starts_isolating(judged: Chair) -> None:
    changes = judged.does(MarkValveClosed(CASE, "H10a"), "一队")
    incident = judged.state.incidents[CASE]
    assert incident.phase is Phase.ISOLATING
    assert incident.closed_valves() == ("H10a",)
    assert "（1/2）" in chinese(changes.drafts[0].note)
    with pytest.raises(Refused, match="already reported closed by 一队"):
        judged.does(MarkValveClosed(CASE, "H10a"))
    with pytest.raises(UnknownAsset, match="V-404"):
        judged.does(MarkValveClosed(CASE, "V-404"))


def test_a_valve_that_cannot_be_closed_makes_the_plan_follow_and_keeps_finished_closings(judged: Chair) -> None:
    judged.does(MarkValveClosed(CASE, "H10a"))
    judged.does(MarkValveUnable(CASE, "H10b", Unable.SEIZED))
    incident = judged.state.incidents[CASE]
    assert incident.plan is not None
    assert incident.plan.unable == ("H10b",)
    # Beyond H10b stand the valves of the three other pipes at J20.
    assert steps(judged)[0] == "H10a"
    assert set(steps(judged)) == {"H10a", "H20a", "V20a"}
    assert [step.order for step in incident.plan.valves_to_close] == [1, 2, 3]
    assert incident.closed_valves() == ("H10a",)


def test_a_valve_that_is_not_tight_was_turned_and_has_to_be_brought_back(judged: Chair) -> None:
    judged.does(MarkValveUnable(CASE, "H10b", Unable.NOT_TIGHT))
    assert judged.state.incidents[CASE].closed_valves() == ("H10b",)


def test_valves_of_a_case_not_yet_judged_are_not_touched(chair: Chair) -> None:
    chair.sees(a_finding())
    for intent in (MarkValveClosed(CASE, "H10a"), MarkValveUnable(CASE, "H10a", Unable.SEIZED), SendCrew(CASE)):
        with pytest.raises(Refused, match="not judged yet"):
            chair.does(intent)


def test_isolated_needs_evidence_and_names_the_valves_that_may_be_passing(judged: Chair) -> None:
    judged.does(MarkValveUnable(CASE, "H10b", Unable.NOT_TIGHT))
    with pytest.raises(Refused, match=r"Isolated needs evidence.*may be passing: H10b"):
        judged.does(AdvancePhase(CASE, Phase.ISOLATED, "  "))
    judged.does(AdvancePhase(CASE, Phase.ISOLATED, "S1 压力接近零"))
    incident = judged.state.incidents[CASE]
    assert (incident.phase, incident.isolated_at is not None) == (Phase.ISOLATED, True)


def test_phases_go_forward_only(judged: Chair) -> None:
    judged.does(AdvancePhase(CASE, Phase.REPAIRING))
    for phase in (Phase.ISOLATING, Phase.REPAIRING, Phase.SUSPECTED):
        with pytest.raises(Refused, match="already Repairing"):
            judged.does(AdvancePhase(CASE, phase, "x"))
    with pytest.raises(Refused, match="past judging"):
        judged.does(JudgeBurst(CASE, ("V10",)))


def test_no_case_closes_before_valves_are_back_and_the_sample_is_passed_or_waived(judged: Chair) -> None:
    judged.does(MarkValveClosed(CASE, "H10a"))
    with pytest.raises(Refused, match="normal state: H10a"):
        judged.does(AdvancePhase(CASE, Phase.CLOSED, "修复"))
    judged.does(MarkValveRestored(CASE, "H10a"))
    with pytest.raises(Refused, match="sample is neither passed nor waived"):
        judged.does(AdvancePhase(CASE, Phase.CLOSED, "修复"))
    judged.does(RecordSample(CASE, turbidity_ntu=1.2, chlorine_mgl=0.3))
    with pytest.raises(Refused, match="sample"):
        judged.does(AdvancePhase(CASE, Phase.CLOSED, "修复"))
    judged.does(RecordSample(CASE, turbidity_ntu=0.6, chlorine_mgl=0.3))
    judged.does(AdvancePhase(CASE, Phase.CLOSED, "修复"))
    assert judged.state.incidents[CASE].closed_at is not None
    assert judged.state.alarms["A-000001"].state is AlarmState.CLEARED
    with pytest.raises(Refused, match="is closed"):
        judged.does(MarkValveClosed(CASE, "H10a"))


def test_a_sample_can_be_waived_by_name_with_a_reason(judged: Chair) -> None:
    judged.does(MarkValveClosed(CASE, "H10a"))
    judged.does(MarkValveRestored(CASE, "H10a"))
    with pytest.raises(Refused, match="with a reason"):
        judged.does(RecordSample(CASE, waived_by="赵主任"))
    with pytest.raises(Refused, match="turbidity and chlorine"):
        judged.does(RecordSample(CASE, turbidity_ntu=0.5))
    judged.does(RecordSample(CASE, waived_by="赵主任", reason="未降压，水未中断"))
    judged.does(AdvancePhase(CASE, Phase.CLOSED))


def test_a_dismissal_countermands_orders_cancels_the_alert_and_clears_the_alarm(judged: Chair) -> None:
    sent = len(judged.sent)
    judged.does(DismissIncident(CASE, "施工放水"))
    incident = judged.state.incidents[CASE]
    assert (incident.phase, incident.close_reason) == (Phase.CLOSED, "施工放水")
    assert incident.orders[0].state is OrderState.COUNTERMANDED
    assert judged.state.alarms["A-000001"].state is AlarmState.CLEARED
    alert, order = (json.loads(message.payload) for message in judged.sent[sent:])
    assert alert["status"] == "cancelled"
    assert order["action"] == "countermand"


def test_a_dismissal_needs_a_reason(chair: Chair) -> None:
    chair.sees(a_finding())
    with pytest.raises(Refused, match="reason"):
        chair.does(DismissIncident(CASE, " "))


def test_an_estimate_set_by_hand_stays_when_the_pipe_is_corrected(judged: Chair) -> None:
    by_hand = judged.now + timedelta(hours=3)
    judged.does(SetRestoration(CASE, by_hand))
    judged.does(JudgeBurst(CASE, ("V10",), "on_site"))
    assert judged.state.incidents[CASE].restoration_at == by_hand
    with pytest.raises(Refused, match="past"):
        judged.does(SetRestoration(CASE, judged.now - timedelta(hours=1)))


@pytest.mark.parametrize("pipes", [(), ("H10", "nowhere")])
def test_a_judgement_names_pipes_that_exist(chair: Chair, pipes: tuple[str, ...]) -> None:
    chair.sees(a_finding())
    with pytest.raises((Refused, UnknownAsset)):
        chair.does(JudgeBurst(CASE, pipes))
    assert chair.state.incidents[CASE].phase is Phase.SUSPECTED


def test_an_unknown_case_is_refused_in_one_line(chair: Chair) -> None:
    with pytest.raises(Refused, match="no incident 2024-0099"):
        chair.does(JudgeBurst("2024-0099", ("H10",)))


def test_the_fire_brigade_is_notified_at_once_of_hydrants_lost_and_restored() -> None:
    town = a_town()
    chair = Chair(replace(town, hydrants=HydrantTable.of(["F1"], node=[-1], pipe=[town.network.pipes.row("H10")])))
    chair.sees(a_finding())
    assert not [m for m in chair.sent if m.kind == "fire_brigade"]
    chair.does(JudgeBurst(CASE, ("H10",)))
    lost = json.loads(chair.sent[-1].payload)
    assert chair.sent[-1].address == "fire_brigade/hydrants"
    assert (lost["hydrants_lost"], lost["hydrants_back"]) == (["F1"], [])
    chair.does(DismissIncident(CASE, "误报"))
    back = json.loads(chair.sent[-1].payload)
    assert (back["hydrants_lost"], back["hydrants_back"]) == ([], ["F1"])
