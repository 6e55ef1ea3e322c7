"""Corrections from the field: proposals until somebody decides; accepted ones are in every plan at once, never in the dataset."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from console.domain.actors import Actor, Role
from console.domain.corrections import CORRECTION, Correction, CorrectionState, Fault, Layer, overlay
from console.domain.field_reports import FieldReport, Reported, ReportKind
from console.domain.incidents import Incident
from console.domain.intents import Intent
from console.domain.orders import OrderReply
from console.services.changesets import Refused
from console.services.crews.corrections import DecideCorrection, EndCorrection
from console.services.crews.valve_cards import valve_cards
from console.services.incidents.judging import JudgeBurst
from console.services.incidents.opening import OpenIncident
from maps.city import HydrantTable
from maps.isolation import Isolator, ValveOverride
from tests.console.services.town import NOW, Chair, a_town

CASE = "2024-0001"


def judged(chair: Chair | None = None, pipe: str = "H10") -> Chair:
    made = chair or Chair()
    made.does(OpenIncident(pipe))
    made.does(JudgeBurst(CASE, (pipe,), "calls"))
    return made


def case(chair: Chair) -> Incident:
    return chair.state.incidents[CASE]


def proposes(chair: Chair, asset: str, fault: Fault, layer: Layer = Layer.VALVE, number: int = 1, **more: object) -> None:
    order = case(chair).orders[0]
    report = FieldReport(
        f"k{number}",
        order.crew_id,
        ReportKind.CORRECTION,
        NOW,
        order.order_id,
        asset,
        layer=layer,
        fault=fault,
        **more,  # type: ignore[arg-type]
    )
    chair.take(chair.desk.on_report(chair.state, Reported(report), chair.now))


def corrections(chair: Chair) -> list[Correction]:
    return list(chair.state.of(CORRECTION).values())


def to_close(chair: Chair) -> set[str]:
    plan = case(chair).plan
    return set() if plan is None else {step.asset_id for step in plan.valves_to_close}


def test_a_proposal_changes_no_plan_and_an_accepted_one_every_open_plan_at_once_as_the_isolator_would() -> None:
    chair = judged()
    before = to_close(chair)
    assert "H10a" in before
    proposes(chair, "H10a", Fault.SEIZED)
    assert to_close(chair) == before
    assert [one.state for one in corrections(chair)] == [CorrectionState.PROPOSED]
    chair.does(DecideCorrection("K-00001", is_accepted=True))
    alone = Isolator(a_town()).plan(("H10",), valves={"H10a": ValveOverride(operable=False)})
    assert to_close(chair) == {step.asset_id for step in alone.valves_to_close} != before
    chair.does(EndCorrection("K-00001", "已修复"))
    assert to_close(chair) == before
    assert chair.city.network.valves.row("H10a") == a_town().network.valves.row("H10a")


def test_a_later_case_is_planned_with_what_was_accepted_before() -> None:
    chair = judged(pipe="V31")
    proposes(chair, "H10a", Fault.MISSING)
    chair.does(DecideCorrection("K-00001", is_accepted=True))
    chair.does(OpenIncident("H10"))
    plan = chair.state.incidents["2024-0002"].plan
    assert plan is not None
    assert "H10a" not in {step.asset_id for step in plan.valves_to_close}


def test_a_refused_one_changes_nothing_needs_a_reason_and_is_decided_once() -> None:
    chair = judged()
    before = to_close(chair)
    proposes(chair, "H10a", Fault.SEIZED)
    with pytest.raises(Refused, match="reason"):
        chair.does(DecideCorrection("K-00001", is_accepted=False, reason=" "))
    chair.does(DecideCorrection("K-00001", is_accepted=False, reason="井内试过"))
    assert to_close(chair) == before
    with pytest.raises(Refused, match="refused already"):
        chair.does(DecideCorrection("K-00001", is_accepted=True))
    with pytest.raises(Refused, match="K-00009"):
        chair.does(DecideCorrection("K-00009", is_accepted=True))


def test_the_same_proposal_twice_is_one_until_it_is_decided() -> None:
    chair = judged()
    proposes(chair, "H10a", Fault.SEIZED, number=1)
    proposes(chair, "H10a", Fault.SEIZED, number=2)
    proposes(chair, "H10a", Fault.SEIZED, number=1)
    assert len(corrections(chair)) == 1
    chair.does(DecideCorrection("K-00001", is_accepted=False, reason="开得动"))
    proposes(chair, "H10a", Fault.SEIZED, number=3)
    assert len(corrections(chair)) == 2


def test_a_report_that_a_valve_cannot_be_closed_proposes_it_and_an_unsafe_chamber_does_not() -> None:
    for unable, fault in (
        ("seized", Fault.SEIZED),
        ("not_found", Fault.MISSING),
        ("not_tight", Fault.NOT_TIGHT),
        ("chamber_unsafe", None),
    ):
        chair = judged()
        order = case(chair).orders[0]
        reply = OrderReply(order.order_id, order.crew_id, "valve_unable", chair.now, valve_id="H10a", unable=unable)
        for _ in range(2):
            chair.take(chair.desk.on_order_reply(chair.state, reply, chair.now))
        assert [one.fault for one in corrections(chair)] == ([] if fault is None else [fault])


def test_a_valve_found_elsewhere_has_that_place_on_its_card_and_the_plan_stays() -> None:
    chair = judged()
    valves = chair.city.network.valves
    x, y = float(valves.x[valves.row("H10a")]) + 7.0, float(valves.y[valves.row("H10a")]) - 3.0
    before = case(chair).plan
    proposes(chair, "H10a", Fault.ELSEWHERE, number=1)
    with pytest.raises(Refused, match="no place"):
        chair.does(DecideCorrection("K-00001", is_accepted=True))
    proposes(chair, "H10a", Fault.ELSEWHERE, number=2, x=x, y=y)
    chair.does(DecideCorrection("K-00002", is_accepted=True))
    plan = case(chair).plan
    assert plan is not None
    assert plan == before
    card = next(one for one in valve_cards(chair.city, plan, over=overlay(corrections(chair))) if one.valve_id == "H10a")
    assert card.place == (x, y)
    plain = next(one for one in valve_cards(chair.city, plan) if one.valve_id == "H10a")
    assert plain.place != card.place


def test_a_hydrant_that_is_not_there_is_not_lost_by_a_plan() -> None:
    city = a_town()
    pipes = city.network.pipes
    hydrants = HydrantTable.of(["FH1", "FH2"], node=[-1, -1], pipe=[pipes.row("H10")] * 2, x=np.zeros(2), y=np.zeros(2))
    chair = judged(Chair(replace(city, hydrants=hydrants)))
    plan = case(chair).plan
    assert plan is not None
    assert set(plan.hydrants_lost) == {"FH1", "FH2"}
    proposes(chair, "FH1", Fault.MISSING, Layer.HYDRANT)
    chair.does(DecideCorrection("K-00001", is_accepted=True))
    after = case(chair).plan
    assert after is not None
    assert set(after.hydrants_lost) == {"FH2"}


def test_the_data_clerk_may_decide_and_a_hotline_clerk_or_a_crew_may_not() -> None:
    intent: Intent = DecideCorrection("K-00001", is_accepted=True)
    allowed = {role for role in (Role.GIS, Role.DISPATCHER, Role.HOTLINE, Role.CREW) if _may(role, intent)}
    assert allowed == {Role.GIS, Role.DISPATCHER}


def _may(role: Role, intent: Intent) -> bool:
    chair = judged()
    proposes(chair, "H10a", Fault.SEIZED)
    try:
        chair.acts(intent, Actor.named("李", role))
    except Refused:
        return False
    return True


def test_corrections_over_another_dataset_break_no_plan() -> None:
    chair = judged()
    gone = Correction(
        "K-00009", Layer.VALVE, "no such valve", Fault.SEIZED, NOW - timedelta(days=9), "C1", state=CorrectionState.ACCEPTED
    )
    chair.state = chair.state.with_records([gone])
    chair.does(OpenIncident("V31"))
    assert chair.state.incidents["2024-0002"].plan is not None
