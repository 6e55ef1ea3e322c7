"""Calls move a location: the formula by hand, its bound, and the way back."""

from __future__ import annotations

import math

import pytest

from console.domain.actors import Actor
from console.domain.tickets import TICKET, TicketKind, TicketState
from console.services.incidents.judging import JudgeBurst
from console.services.incidents.undo import UndoLast
from console.services.tickets.changing import SetTicketState
from console.services.tickets.hearing import CallFields
from console.services.tickets.location import BOUND, EPSILON, UseCalls, moved, weights
from console.services.tickets.taking import TakeCall
from maps.locate.result import Candidate, Location
from tests.console.services.conftest import CASE
from tests.console.services.town import Chair, a_finding


def _call(chair: Chair, customer: str) -> str:
    fields = CallFields(TicketKind.NO_WATER, "1380000000", asset_kind="customer", asset_id=customer)
    return chair.does(TakeCall(fields)).of(TICKET)[0].ticket_id


def _shares(chair: Chair) -> dict[str, float]:
    location = chair.state.incidents[CASE].location
    assert location is not None
    return {one.pipe_id: one.probability for one in location.candidates}


def test_the_factors_are_those_of_the_formula_by_hand() -> None:
    """Two calls, both in the first area, one half in the second: weight (1 + ln 2)/2 = 0.8466."""
    first, second, third = weights([[1.0, 0.5, 0.0], [1.0, 0.0, 0.0]])
    assert first == 1.0
    assert second == pytest.approx(math.exp(0.8466 * (math.log(0.65) + math.log(0.3))), rel=1e-3)
    assert third == pytest.approx(math.exp(0.8466 * 2 * math.log(EPSILON)), rel=1e-3)


def test_any_number_of_calls_excludes_no_candidate() -> None:
    factors = weights([[1.0, 0.0]] * 5_000)
    assert factors == pytest.approx((1.0, 1.0 / BOUND))
    location = Location((Candidate("A", 0.1), Candidate("B", 0.85)), ("B",), "imported")
    after = moved(location, [["A"], ["B"]], factors)
    shares = {one.pipe_id: one.probability for one in after.candidates}
    assert sum(shares.values()) == pytest.approx(0.95)
    assert shares["A"] == pytest.approx(0.95 * 0.1 / (0.1 + 0.85 / BOUND))
    assert after.candidates[0].pipe_id == "A"
    assert after.set_90 == ("A", "B")


def test_calls_in_a_candidate_s_area_raise_it_and_the_case_shows_by_how_much(chair: Chair) -> None:
    chair.sees(a_finding(first=0.4))
    before = _shares(chair)
    _call(chair, "C-H20")
    once = _shares(chair)
    assert before["H20"] < once["H20"]
    assert sum(once.values()) == pytest.approx(sum(before.values()))
    _call(chair, "C-H20")
    case = chair.state.incidents[CASE]
    assert {one.incident_id for one in chair.state.of(TICKET).values()} == {CASE}  # also the one that moved the plan
    assert case.calls is not None
    assert case.calls.ticket_ids == ("H2024-00001", "H2024-00002")
    assert {one.pipe_id: one.probability for one in case.calls.by_readings.candidates} == before
    assert case.plan is not None
    assert case.plan.burst_pipes == ("H20",)  # the plan follows the first candidate
    assert _shares(chair)["V10"] > before["V10"] / BOUND / 2


def test_the_effect_of_calls_can_be_set_aside_and_undone_and_ends_with_the_tickets(chair: Chair) -> None:
    chair.sees(a_finding(first=0.4))
    before = _shares(chair)
    ticket = _call(chair, "C-H20")
    with_calls = _shares(chair)
    chair.does(UseCalls(CASE, use=False))
    assert _shares(chair) == before
    _call(chair, "C-H20")
    assert _shares(chair) == before
    chair.does(UndoLast(CASE))
    assert _shares(chair)["H20"] >= with_calls["H20"]
    for one in (ticket, "H2024-00002"):
        chair.does(SetTicketState(one, TicketState.NOT_RESPONSIBLE, "户内"))
    assert _shares(chair) == pytest.approx(before)


def test_the_next_finding_is_held_against_the_readings_and_weighed_anew(chair: Chair) -> None:
    chair.sees(a_finding(first=0.4))
    _call(chair, "C-H20")
    count, moved_to = len(chair.log), _shares(chair)
    chair.sees(a_finding(first=0.4))
    assert len(chair.log) == count  # the same finding again tells nothing new, though calls have moved the location
    chair.sees(a_finding(first=0.6))
    assert _shares(chair) != moved_to
    case = chair.state.incidents[CASE]
    assert case.calls is not None
    assert case.calls.by_readings.candidates[0].probability == 0.6


def test_a_judged_case_is_moved_by_no_call(judged: Chair) -> None:
    before = _shares(judged)
    _call(judged, "C-H20")
    assert _shares(judged) == before
    judged.acts(JudgeBurst(CASE, ("H20",)), Actor.named("王"))
