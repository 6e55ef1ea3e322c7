"""Valve cards: the case keeps who has which; what leaves the plan is withdrawn at once, what is new is on no card."""

from __future__ import annotations

import json
from typing import Any

import pytest

from console.domain.incidents import CardsSent, Incident, Unable
from console.domain.outgoing import MessageKind
from console.services.crews.valve_assignment import SendValveCards, without_card
from console.services.crews.valve_reports import MarkValveClosed, MarkValveUnable
from console.services.incidents.judging import DismissIncident, JudgeBurst
from console.services.incidents.opening import OpenIncident
from tests.console.services.town import Chair

CASE = "2024-0001"


@pytest.fixture
def chair() -> Chair:
    chair = Chair()
    chair.does(OpenIncident("H10"))
    chair.does(JudgeBurst(CASE, ("H10",), "on_site"))
    chair.does(SendValveCards(CASE))
    return chair


def case(chair: Chair) -> Incident:
    return chair.state.incidents[CASE]


def held(chair: Chair) -> set[str]:
    return {valve for one in case(chair).cards for valve in one.valves if valve not in one.withdrawn}


def messages(chair: Chair) -> list[dict[str, Any]]:
    return [{"to": one.to, **json.loads(one.payload)} for one in chair.sent if one.kind is MessageKind.VALVE_CARDS]


def to_close(chair: Chair) -> set[str]:
    plan = case(chair).plan
    return set() if plan is None else {step.asset_id for step in plan.valves_to_close}


def test_the_case_keeps_what_each_crew_was_sent_as_the_messages_say(chair: Chair) -> None:
    assert held(chair) == to_close(chair)
    assert without_card(case(chair)) == ()
    sent = {one["to"]: tuple(card["asset_id"] for card in one["valves"]) for one in messages(chair)}
    assert sent == {one.crew_id: one.valves for one in case(chair).cards}


def test_with_another_pipe_judged_the_valves_that_left_the_plan_are_withdrawn_and_the_new_ones_are_on_no_card(
    chair: Chair,
) -> None:
    before, was = to_close(chair), len(messages(chair))
    chair.does(JudgeBurst(CASE, ("V31",), "on_site"))
    gone = before - to_close(chair)
    assert gone
    assert {valve for one in case(chair).cards for valve in one.withdrawn} == gone
    told = messages(chair)[was:]
    assert {valve for one in told for valve in one["withdrawn"]} == gone
    assert set(without_card(case(chair))) == to_close(chair) - before
    chair.does(SendValveCards(CASE))
    assert held(chair) == to_close(chair)
    assert without_card(case(chair)) == ()


def test_a_valve_that_was_reported_on_is_not_withdrawn(chair: Chair) -> None:
    first, *_ = sorted(to_close(chair))
    chair.does(MarkValveClosed(CASE, first))
    was = len(messages(chair))
    assert all(not one.withdrawn for one in case(chair).cards)
    chair.does(MarkValveUnable(CASE, next(one for one in sorted(to_close(chair)) if one != first), Unable.SEIZED))
    assert first not in {valve for one in case(chair).cards for valve in one.withdrawn}
    assert without_card(case(chair))
    assert len(messages(chair)) == was


def test_when_the_case_is_dismissed_all_cards_are_withdrawn_once(chair: Chair) -> None:
    valves = held(chair)
    chair.does(DismissIncident(CASE, "误报"))
    assert held(chair) == set()
    assert {valve for one in case(chair).cards for valve in one.withdrawn} == valves
    assert all(isinstance(one, CardsSent) for one in case(chair).cards)
    was = len(messages(chair))
    assert chair.desk._recalled(chair.desk.on_time(chair.state, chair.now), chair.now).outgoing == ()
    assert len(messages(chair)) == was
