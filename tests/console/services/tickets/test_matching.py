"""Matching of callers' places: against brute force over the customers in the plan's segments; near is never known."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from console.domain.incidents import PressureImpact
from console.domain.outages import OutagePurpose
from console.domain.tickets import TICKET, Cover, Ticket, TicketKind, TicketSource, TicketState
from console.services.changesets import Refused
from console.services.note_texts import NoteTexts
from console.services.outages.planning import ConfirmOutage, PlanOutage
from console.services.tickets.affected import case_area
from console.services.tickets.hearing import CallFields
from console.services.tickets.matching import duplicates, match, suspected_repeats
from console.services.tickets.places import ALSO_M, CUSTOMER_M, PIPE_M, CallerPlaces
from console.services.tickets.taking import CorrectTicket, TakeCall, fields_of
from tests.console.services.conftest import CASE
from tests.console.services.town import NOW, STEP_M, X0, Y0, Chair

WATER = TicketKind.NO_WATER


def _call(chair: Chair, fields: CallFields, **more: str) -> Ticket:
    changes = chair.does(TakeCall(fields, **more))  # type: ignore[arg-type]
    (ticket,) = changes.of(TICKET)
    return ticket


def _brute_force(chair: Chair, x: float, y: float) -> Cover:
    """Every customer measured by hand; its pipe looked up in the plan's own lists of pipes."""
    plan, city = chair.state.incidents[CASE].plan, chair.city
    assert plan is not None
    cut = {*plan.zone_pipes, *plan.dry_pocket_pipes}
    away = [np.hypot(cx - x, cy - y) for cx, cy in zip(city.customers.x, city.customers.y, strict=True)]
    if min(away) <= CUSTOMER_M:
        meant = [row for row, distance in enumerate(away) if distance <= min(away) + ALSO_M]
        inside = [str(city.network.pipes.asset_id[city.customers.pipe[row]]) in cut for row in meant]
        return Cover.WITHOUT_WATER if all(inside) else Cover.PARTLY if any(inside) else Cover.OUTSIDE
    nearest, pipes = (np.inf, ""), city.network.pipes
    for row in range(len(pipes)):
        (ax, ay), (bx, by) = pipes.points(row)
        along = np.clip(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2), 0, 1)
        distance = float(np.hypot(ax + along * (bx - ax) - x, ay + along * (by - ay) - y))
        if distance < nearest[0] - 1e-9:
            nearest = (distance, str(pipes.asset_id[row]))
    if nearest[0] > PIPE_M:
        return Cover.UNPLACED
    return Cover.WITHOUT_WATER if nearest[1] in cut else Cover.OUTSIDE


def test_places_match_as_every_customer_of_the_segments_measured_by_hand(judged: Chair) -> None:
    area = case_area(judged.city, judged.state.incidents[CASE])
    assert area is not None
    places, found = CallerPlaces(judged.city), set()
    for x, y in np.random.default_rng(7).uniform((X0 - 500, Y0 - 350), (X0 + 900, Y0 + 900), (400, 2)).tolist():
        cover = match(places.at(x, y), [area], judged.city.customers.households).cover
        assert cover is _brute_force(judged, x, y), (x, y)
        found.add(cover)
    assert found >= {Cover.WITHOUT_WATER, Cover.OUTSIDE, Cover.UNPLACED}


def test_a_customer_of_the_case_is_told_what_is_known_and_becomes_its_evidence(judged: Chair) -> None:
    ticket = _call(judged, CallFields(WATER, "0531 8888 1234", asset_kind="customer", asset_id="C-H10"))
    assert (ticket.ticket_id, ticket.cover, ticket.incident_id) == ("H2024-00001", Cover.WITHOUT_WATER, CASE)
    assert (ticket.pipe_id, ticket.community, ticket.area_id) == ("H10", "美林苑", "A1")
    assert ticket.state is TicketState.IN_PROGRESS
    case = judged.state.incidents[CASE]
    assert case.plan is not None
    n = case.plan.households_without_water
    english = NoteTexts("en", "Asia/Shanghai").text(ticket.answer)
    assert english == f"Known since 22:59, about {n} households without water, back about 08:30, next news 00:00"
    assert NoteTexts("zh_CN", "Asia/Shanghai").text(ticket.answer).startswith("已知：22:59 起，停水约")
    assert judged.log[-1].subject == f"incident/{CASE}"


def test_near_the_area_is_not_known(judged: Chair) -> None:
    inside = _call(judged, CallFields(WATER, "1380000000", asset_kind="customer", asset_id="C-H10"))
    near = _call(judged, CallFields(WATER, "1380000001", asset_kind="customer", asset_id="C-V10"))
    assert inside.x is not None
    assert near.x is not None
    assert (near.cover, near.incident_id, near.state) == (Cover.OUTSIDE, "", TicketState.CONFIRMED)
    text = NoteTexts("en").text(near.answer)
    assert text == "Not known: 1 similar call within 500 m, the nearest 141 m away"
    assert "known since" not in text.lower()


def test_a_community_that_lies_partly_in_the_area_is_asked_for_the_building(judged: Chair) -> None:
    ticket = _call(judged, CallFields(WATER, "1380000000", asset_kind="community", asset_id="K1"))
    assert (ticket.cover, ticket.customer_id) == (Cover.PARTLY, "")
    assert NoteTexts("en").text(ticket.answer).startswith("Not certain: 40 of ")


def test_customers_with_low_pressure_hear_of_low_pressure(judged: Chair) -> None:
    low = PressureImpact(True, low_pressure_customers=("C-V10",), low_pressure_households=40)
    judged.take(judged.desk.on_impact(judged.state, CASE, low, judged.now))
    ticket = _call(judged, CallFields(TicketKind.LOW_PRESSURE, "1380000000", asset_kind="customer", asset_id="C-V10"))
    assert (ticket.cover, ticket.incident_id) == (Cover.LOW_PRESSURE, CASE)
    assert NoteTexts("en").text(ticket.answer).startswith("Known; low pressure here. Since ")


def test_a_place_far_from_all_is_not_matched(judged: Chair) -> None:
    ticket = _call(judged, CallFields(WATER, "1380000000", x=X0 - 5_000, y=Y0))
    assert (ticket.cover, ticket.pipe_id, ticket.incident_id) == (Cover.UNPLACED, "", "")
    assert NoteTexts("en").text(ticket.answer) == "Not known (place not matched): no similar calls near"


def test_a_dirty_water_call_in_the_area_is_no_evidence_of_the_burst(judged: Chair) -> None:
    ticket = _call(judged, CallFields(TicketKind.DIRTY_WATER, "1380000000", asset_kind="customer", asset_id="C-H10"))
    assert (ticket.cover, ticket.incident_id) == (Cover.WITHOUT_WATER, "")
    assert "something else" in NoteTexts("en").text(ticket.answer)


def test_a_corrected_place_is_matched_anew(judged: Chair) -> None:
    ticket = _call(judged, CallFields(WATER, "1380000000", asset_kind="customer", asset_id="C-V10"))
    fields = CallFields(WATER, "1380000000", asset_kind="customer", asset_id="C-H10")
    judged.does(CorrectTicket(ticket.ticket_id, fields))
    after = judged.state.of(TICKET)[ticket.ticket_id]
    assert (after.cover, after.incident_id) == (Cover.WITHOUT_WATER, CASE)
    with pytest.raises(Refused, match="nothing differs"):
        judged.does(CorrectTicket(ticket.ticket_id, fields))


def test_of_two_corrections_from_one_state_the_second_is_refused_and_nothing_is_lost(judged: Chair) -> None:
    ticket = _call(judged, CallFields(WATER, "1380000000", address="美林苑1号", x=X0, y=Y0))
    seen = fields_of(ticket)
    judged.does(CorrectTicket(ticket.ticket_id, replace(seen, address="美林苑11号"), seen), "王")
    with pytest.raises(Refused, match="somebody else"):
        judged.does(CorrectTicket(ticket.ticket_id, replace(seen, phone="1380000009"), seen), "李")
    now = fields_of(judged.state.of(TICKET)[ticket.ticket_id])
    judged.does(CorrectTicket(ticket.ticket_id, replace(now, phone="1380000009"), now), "李")
    after = judged.state.of(TICKET)[ticket.ticket_id]
    assert (after.address, after.phone, after.x) == ("美林苑11号", "1380000009", ticket.x)


def test_duplicates_are_suggested_within_250_m_for_citizens_and_1000_m_for_staff_and_never_merged(chair: Chair) -> None:
    ids = [_call(chair, CallFields(WATER, f"138000000{n}", x=X0 + n * STEP_M, y=Y0)).ticket_id for n in range(4)]
    tickets = list(chair.state.of(TICKET).values())
    by_citizen = duplicates(tickets, WATER, TicketSource.OPEN311, X0, Y0)
    assert [(one.ticket.ticket_id, one.away_m) for one in by_citizen] == [(ids[0], 0.0), (ids[1], 200.0)]
    assert len(duplicates(tickets, WATER, TicketSource.PHONE, X0, Y0)) == 4
    assert duplicates(tickets, TicketKind.OTHER, TicketSource.PHONE, X0, Y0) == ()
    (same_phone,) = duplicates(tickets, WATER, TicketSource.PHONE, None, None, "1380000003")
    assert same_phone.ticket.ticket_id == ids[3]
    assert len({one.ticket_id for one in chair.state.of(TICKET).values()}) == 4


def test_requests_that_may_repeat_an_earlier_ticket_are_those_that_the_pairwise_rule_finds(chair: Chair) -> None:
    rng = np.random.default_rng(5)
    for n in range(60):
        has_place, source = rng.random() < 0.8, (TicketSource.OPEN311, TicketSource.PHONE)[int(rng.integers(2))]
        x, y = (X0 + rng.uniform(0, 1500), Y0 + rng.uniform(0, 1500)) if has_place else (None, None)
        phone = f"138000000{int(rng.integers(10))}" if rng.random() < 0.5 else ""
        kind = (WATER, TicketKind.OTHER)[int(rng.integers(2))]
        _call(chair, CallFields(kind, phone, address="街", x=x, y=y), source=source, client="12345", request_key=str(n))
        chair.now += timedelta(seconds=1)
    tickets = sorted(chair.state.of(TICKET).values(), key=lambda one: one.called_at)
    expected = {}
    for number, one in enumerate(tickets):
        found = duplicates(tickets[:number], one.kind, one.source, one.x, one.y, one.phone)
        if one.source is TicketSource.OPEN311 and found:
            expected[one.ticket_id] = len(found)
    made = suspected_repeats(tickets)
    assert made.keys() == expected.keys()
    assert len(expected) > 10
    assert {key: min(n, 8) for key, n in made.items()} == expected  # eight are listed at most
    assert suspected_repeats([]) == {}


def test_the_same_request_of_a_client_again_makes_no_second_ticket(chair: Chair) -> None:
    fields = CallFields(WATER, address="美林苑3号楼")
    _call(chair, fields, client="12345", request_key="A-17")
    assert not chair.does(TakeCall(fields, client="12345", request_key="A-17")).records
    assert len(chair.state.of(TICKET)) == 1


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        (CallFields(WATER), "ticket_empty"),
        (CallFields(WATER, phone="call me"), "ticket_phone"),
        (CallFields(WATER, x=1.0), "ticket_place"),
        (CallFields(WATER, x=float("nan"), y=1.0), "ticket_place"),
    ],
)
def test_what_says_nothing_or_is_no_number_is_refused_with_the_reason(chair: Chair, fields: CallFields, key: str) -> None:
    with pytest.raises(Refused) as refused:
        chair.does(TakeCall(fields))
    assert refused.value.key == key


def test_hostile_texts_are_kept_as_text_in_bounds(chair: Chair) -> None:
    nasty = "<script>alert(1)</script>\u202e{facts}" + "x" * 9_000
    ticket = _call(chair, CallFields(WATER, address=nasty, text=nasty))
    assert ticket.address.startswith("<script>")
    assert len(ticket.address) <= 200
    assert len(ticket.text) == 2_000
    assert "{facts}" in NoteTexts("en").text(chair.log[-1].note)


def test_a_dismissed_case_is_known_no_more(judged: Chair) -> None:
    case = judged.state.incidents[CASE]
    assert case_area(judged.city, replace(case, plan=None)) is None


def test_planned_work_is_told_before_and_in_its_window_and_joins_no_case(chair: Chair) -> None:
    starts = NOW + timedelta(hours=26)
    chair.does(PlanOutage(("H10",), OutagePurpose.REPLACEMENT, starts, starts + timedelta(hours=6), "换管"))
    fields = CallFields(WATER, "1380000000", asset_kind="customer", asset_id="C-H10")
    assert "planned" not in NoteTexts("en").text(_call(chair, fields).answer)  # a draft is no plan
    chair.does(ConfirmOutage("O2024-0001"))
    ahead = _call(chair, fields)
    text = NoteTexts("en", "Asia/Shanghai").text(ahead.answer)
    assert text.startswith("Not known now: ")
    assert "coming: planned work (not announced yet: tell nobody a time) from 01-05 01:00 to 01-05 07:00, about 40" in text
    assert (ahead.cover, ahead.incident_id) == (Cover.OUTSIDE, "")
    chair.now = starts + timedelta(minutes=5)
    begun = _call(chair, fields)
    assert (begun.cover, begun.incident_id) == (Cover.WITHOUT_WATER, "")
    assert NoteTexts("en").text(begun.answer).startswith("Known: planned work")
    partly = _call(chair, CallFields(WATER, "1380000000", asset_kind="community", asset_id="K1"))
    assert "of this place" in NoteTexts("en").text(partly.answer)
