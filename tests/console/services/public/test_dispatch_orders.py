"""Dispatch orders: given, repeated back, done, cancelled; late ones reported once; the plan's pumps with one click."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from console.domain.dispatch_orders import DISPATCH_ORDER, DispatchState, TargetKind
from console.domain.shift import LOG_ENTRY
from console.services.changesets import Refused
from console.services.desk import DeskSettings
from console.services.incidents.opening import OpenIncident
from console.services.public.dispatch_orders import (
    STOP_PUMP,
    CancelDispatchOrder,
    CompleteDispatchOrder,
    GiveDispatchOrder,
    OrderPumpStops,
    RepeatBack,
    pumps_without_order,
)
from console.services.shift.log import shift_log
from maps.network import PumpTable
from tests.console.services.every_note import NO_TARGETS
from tests.console.services.town import Chair, a_town

CASE, ORDER = "2024-0001", "D-00001"
GIVE = GiveDispatchOrder(TargetKind.PLANT, "鹊华水厂", "出厂压力降至 0.32 MPa", CASE, due_minutes=10)


def in_case(minutes: float = 3.0) -> Chair:
    chair = Chair(settings=DeskSettings(repeat_back_minutes=minutes, targets=NO_TARGETS))
    chair.does(OpenIncident("H10"))
    return chair


def test_an_order_is_given_repeated_back_and_done_with_who_and_words_in_the_case_and_the_shift_log() -> None:
    chair = in_case()
    chair.does(GIVE)
    chair.does(RepeatBack(ORDER, "水厂 张", "降至零点三二"))
    assert chair.state.of(DISPATCH_ORDER)[ORDER].state is DispatchState.REPEATED
    chair.does(CompleteDispatchOrder(ORDER, "水厂 张", "0.32"))
    order = chair.state.of(DISPATCH_ORDER)[ORDER]
    assert (order.state, order.repeated_by, order.repeated_words, order.done_by) == (
        DispatchState.DONE, "水厂 张", "降至零点三二", "水厂 张",
    )  # fmt: skip
    of_case = [change.kind for change in chair.log if change.subject == f"incident/{CASE}"]
    assert of_case[1:] == ["dispatch_given", "dispatch_repeated", "dispatch_done"]
    lines = shift_log(chair.state.of(LOG_ENTRY).values(), chair.log)
    assert [line.kind for line in lines if line.kind.startswith("dispatch")] == of_case[1:]  # each once
    with pytest.raises(Refused):
        chair.does(CancelDispatchOrder(ORDER, "zu spät"))


def test_an_order_without_a_case_stands_in_the_shift_log_too() -> None:
    chair = Chair()
    chair.does(GiveDispatchOrder(TargetKind.VALVE, "DK-7", "开度 40 %"))
    (line,) = shift_log((), chair.log)
    assert (line.kind, line.incident_id) == ("dispatch_given", "")


def test_one_that_is_not_repeated_back_is_reported_once_and_one_that_is_never() -> None:
    chair = in_case(3.0)
    chair.does(GIVE)
    chair.does(replace(GIVE, target_name="玉清水厂"))
    chair.does(RepeatBack("D-00002", "张", "照办"))
    given_at = chair.state.of(DISPATCH_ORDER)[ORDER].given_at
    assert chair.desk.on_time(chair.state, given_at + timedelta(minutes=3)).is_empty
    chair.now = given_at + timedelta(minutes=3, seconds=1)
    chair.take(chair.desk.on_time(chair.state, chair.now))
    assert [change.kind for change in chair.log].count("dispatch_unanswered") == 1
    assert chair.desk.on_time(chair.state, chair.now + timedelta(hours=1)).is_empty
    never = in_case(0.0)
    never.does(GIVE)
    assert never.desk.on_time(never.state, never.now + timedelta(hours=1)).is_empty


def test_an_order_is_overdue_behind_its_time_until_it_is_done() -> None:
    chair = in_case()
    chair.does(GIVE)
    order = chair.state.of(DISPATCH_ORDER)[ORDER]
    assert not order.is_overdue(order.given_at + timedelta(minutes=10))
    assert order.is_overdue(order.given_at + timedelta(minutes=10, seconds=1))
    chair.does(CompleteDispatchOrder(ORDER, "张"))
    assert not chair.state.of(DISPATCH_ORDER)[ORDER].is_overdue(order.given_at + timedelta(hours=1))


def test_pumps_of_the_plan_become_orders_once_and_again_after_a_cancelled_one() -> None:
    chair = in_case()
    case = chair.state.incidents[CASE]
    assert case.plan is not None
    chair.state = chair.state.with_records([replace(case, plan=replace(case.plan, pumps_to_stop=("P1", "P2")))])
    chair.does(OrderPumpStops(CASE))
    orders = chair.state.of(DISPATCH_ORDER)
    assert [one.target_id for one in orders.values()] == ["P1", "P2"]
    with pytest.raises(Refused) as refused:
        chair.does(OrderPumpStops(CASE))
    assert refused.value.key == "no_pump_to_order"
    chair.does(CancelDispatchOrder(ORDER, "方案变更"))
    assert pumps_without_order(chair.state.incidents[CASE], chair.state.of(DISPATCH_ORDER).values()) == ("P1",)


def with_pump() -> Chair:
    """A case whose plan stops a pump of the dataset."""
    town = a_town()
    pumps = PumpTable.of(["PU1"], from_node=[-1], to_node=[-1], node=[3], name=["1号泵"])
    chair = Chair(replace(town, network=replace(town.network, pumps=pumps)))
    chair.does(OpenIncident("H10"))
    case = chair.state.incidents[CASE]
    assert case.plan is not None
    chair.state = chair.state.with_records([replace(case, plan=replace(case.plan, pumps_to_stop=("PU1",)))])
    return chair


def test_a_typed_order_that_stops_the_plan_s_pump_gets_no_second_one_and_another_order_to_it_does_not_count() -> None:
    chair = with_pump()
    other = GiveDispatchOrder(TargetKind.PLANT, "", "升频至 45 Hz", CASE, "PU1")
    chair.does(other)
    order = chair.state.of(DISPATCH_ORDER)[ORDER]
    assert (order.target, order.target_name, order.operation) == (TargetKind.PUMPING_STATION, "1号泵", "")
    assert pumps_without_order(chair.state.incidents[CASE], chair.state.of(DISPATCH_ORDER).values()) == ("PU1",)
    chair.does(replace(other, text="停 1 号泵", operation=STOP_PUMP))
    with pytest.raises(Refused, match="no pump without"):
        chair.does(OrderPumpStops(CASE))


def test_the_first_time_that_an_order_is_read_back_counts() -> None:
    chair = in_case()
    chair.does(GIVE)
    chair.does(RepeatBack(ORDER, "张", "降至 0.32"))
    before = chair.state.of(DISPATCH_ORDER)[ORDER]
    with pytest.raises(Refused, match="read back by 张 at 01-03 23:"):
        chair.does(RepeatBack(ORDER, "李", "升至 0.42"))
    assert chair.state.of(DISPATCH_ORDER)[ORDER] == before


@pytest.mark.parametrize(
    ("intent", "key"),
    [
        (replace(GIVE, target_id="X<script>"), "order_target"),
        (replace(GIVE, operation="stop_pump"), "order_no_pump"),
        (replace(GIVE, target_id="H10a", operation="stop_pump"), "order_no_pump"),
        (replace(GIVE, target_id="H10a", operation="burn"), "order_no_pump"),
        (replace(GIVE, text=" \n"), "order_empty"),
        (replace(GIVE, target_name=""), "order_empty"),
        (replace(GIVE, due_minutes=float("inf")), "order_due"),
        (replace(GIVE, due_minutes=float("nan")), "order_due"),
        (replace(GIVE, due_minutes=-1), "order_due"),
        (replace(GIVE, incident_id="2024-0009"), "no_incident"),
        (RepeatBack("D-00009", "张", "好"), "no_dispatch_order"),
        (OrderPumpStops(CASE), "no_pump_to_order"),
    ],
)
def test_wrong_orders_are_refused(intent: GiveDispatchOrder, key: str) -> None:
    with pytest.raises(Refused) as refused:
        in_case().does(intent)
    assert refused.value.key == key


def test_repeating_back_needs_who_and_what() -> None:
    chair = in_case()
    chair.does(GIVE)
    for who, words in (("", "好"), ("张", " ")):
        with pytest.raises(Refused):
            chair.does(RepeatBack(ORDER, who, words))
    with pytest.raises(Refused):
        chair.does(CancelDispatchOrder(ORDER, ""))
