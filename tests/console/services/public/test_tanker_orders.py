"""Orders to tankers: they go out and are answered as any order, are no work at the burst, and what they bring is counted."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from console.domain.crews import CrewKind, CrewState
from console.domain.field_reports import FieldReport, Reported, ReportKind
from console.domain.incidents import OrderKind, OrderState, WorkOrder
from console.domain.orders import OrderReply
from console.domain.targets import Goal
from console.domain.water_points import WATER_POINT, WaterPoint
from console.services.changesets import Refused
from console.services.crews.valve_assignment import dealt
from console.services.incidents.escalations import goals
from console.services.incidents.judging import JudgeBurst
from console.services.incidents.opening import OpenIncident
from console.services.incidents.undo import UndoLast
from console.services.public.tanker_orders import SendTanker, orders_to
from console.services.public.water_points import CloseWaterPoint, PlanWaterPoint
from tests.console.services.town import STEP_M, X0, Y0, Chair

CASE, POINT = "2024-0001", "E-00001"


@pytest.fixture
def chair() -> Chair:
    chair = Chair()
    chair.state = chair.state.with_crews([replace(chair.state.crews["C3"], kind=CrewKind.TANKER, x=X0, y=Y0)])
    chair.does(OpenIncident("H10"))
    chair.does(JudgeBurst(CASE, ("H10",)))
    chair.does(PlanWaterPoint(CASE, "美林苑北门", X0 + 2 * STEP_M, Y0 + 2 * STEP_M, 360))
    return chair


def the_order(chair: Chair) -> WorkOrder:
    (order,) = orders_to(chair.state.incidents[CASE], POINT)
    return order


def point(chair: Chair) -> WaterPoint:
    return chair.state.of(WATER_POINT)[POINT]


def reports(chair: Chair, litres: float, number: int = 1) -> None:
    order = the_order(chair)
    report = FieldReport(f"r{number}", "C3", ReportKind.WATER, chair.now, order.order_id, litres=litres)
    chair.take(chair.desk.on_report(chair.state, Reported(report), chair.now), "C3")


def test_a_tanker_gets_its_order_with_place_litres_and_time_and_answers_it(chair: Chair) -> None:
    chair.does(SendTanker(POINT, "C3", 8000.0))
    order = the_order(chair)
    # Four blocks of 200 m at 25 km/h.
    assert (order.kind, order.state, order.litres, order.eta_minutes) == (OrderKind.WATER, OrderState.SENT, 8000.0, 1.9)
    body = json.loads(chair.sent[-1].payload)
    assert (chair.sent[-1].to, body["action"], body["kind"]) == ("C3", "new", "water")
    assert (body["point_id"], body["point"], body["litres"], body["valves"]) == (POINT, "美林苑北门", 8000.0, [])
    assert body["lon"] == pytest.approx(117.0 + 400 / 89_400, abs=1e-4)
    assert body["text"] == "送水：向应急供水点“美林苑北门”送水 8000 升，预计 2 分钟到达。"
    for state in ("acknowledged", "on_site", "done"):
        chair.take(chair.desk.on_order_reply(chair.state, OrderReply(order.order_id, "C3", state, chair.now), chair.now))
        assert the_order(chair).state == OrderState(state)
    kinds = [change.kind for change in chair.log]
    assert "tanker_on_site" in kinds
    assert "order_on_site" not in kinds


def test_an_unanswered_tanker_s_order_is_sent_again(chair: Chair) -> None:
    chair.does(SendTanker(POINT, "C3", 8000.0))
    due = chair.desk.unanswered(chair.state, chair.now + timedelta(minutes=10))
    assert the_order(chair).order_id in due


def test_a_tanker_closes_no_valves_is_no_crew_on_site_and_is_not_redirected_to_another_pipe(chair: Chair) -> None:
    chair.does(SendTanker(POINT, "C3", 8000.0))
    order, case = the_order(chair), chair.state.incidents[CASE]
    chair.take(chair.desk.on_order_reply(chair.state, OrderReply(order.order_id, "C3", "on_site", chair.now), chair.now))
    assert chair.state.crews["C3"].state is CrewState.ON_SITE
    assert case.plan is not None
    steps = dealt(case, case.plan, [chair.state.crews["C3"]], "Asia/Shanghai").steps
    assert {step.crew_id for step in steps} <= {""}
    site = [is_met for goal, _, is_met in goals(chair.state.incidents[CASE]) if goal is Goal.CREW_ARRIVAL]
    assert site == [False]
    text = the_order(chair).text
    chair.does(JudgeBurst(CASE, ("V10",)))
    assert (the_order(chair).text, the_order(chair).x) == (text, order.x)


def test_water_that_a_tanker_reports_is_counted_once_and_also_when_the_point_is_closed_meanwhile(chair: Chair) -> None:
    chair.does(SendTanker(POINT, "C3", 8000.0))
    for _ in range(2):
        reports(chair, 7500.0)
    (trip,) = point(chair).trips
    assert (trip.crew_id, trip.litres) == ("C3", 7500.0)
    chair.does(CloseWaterPoint(POINT))
    assert the_order(chair).state is OrderState.COUNTERMANDED
    body = json.loads(chair.sent[-1].payload)
    assert (body["action"], "已关闭" in body["text"]) == ("countermand", True)
    reports(chair, 500.0, 2)
    assert point(chair).litres == 8000.0


def test_what_cannot_be_ordered_is_refused_and_undo_calls_the_tanker_back(chair: Chair) -> None:
    for intent, key in (
        (SendTanker(POINT, "C1", 8000.0), "no_tanker"),
        (SendTanker(POINT, "C9", 8000.0), "no_crew"),
        (SendTanker(POINT, "C3", float("nan")), "litres"),
        (SendTanker("E-00009", "C3", 8000.0), "no_point"),
    ):
        with pytest.raises(Refused) as refused:
            chair.does(intent)
        assert refused.value.key == key
    chair.does(SendTanker(POINT, "C3", 8000.0))
    with pytest.raises(Refused, match="already has order"):
        chair.does(SendTanker(POINT, "C3", 1.0))
    chair.does(UndoLast(CASE))
    assert the_order(chair).state is OrderState.COUNTERMANDED
    chair.does(SendTanker(POINT, "C3", 4000.0))
    assert [one.state for one in orders_to(chair.state.incidents[CASE], POINT)][-1] is OrderState.SENT
