"""Life of tickets: with their case, called back, rated, undone; figures against values worked by hand."""

from __future__ import annotations

import pytest

from console.domain.actors import Actor, Role
from console.domain.alarms import AlarmKind
from console.domain.incidents import Phase
from console.domain.tickets import (
    TICKET,
    Answer,
    Aspect,
    CallbackResult,
    Cover,
    Stage,
    Ticket,
    TicketKind,
    TicketState,
)
from console.services.changesets import Refused
from console.services.incidents.judging import AdvancePhase, DismissIncident, JudgeBurst
from console.services.tickets.changing import JoinTicket, LogCallback, RateTicket, SetTicketState, UndoTicket
from console.services.tickets.figures import figures, satisfaction, wilson
from console.services.tickets.hearing import CallFields
from console.services.tickets.taking import TakeCall
from tests.console.services.conftest import CASE
from tests.console.services.town import Chair, a_finding

WATER = TicketKind.NO_WATER


def _call(chair: Chair, customer: str = "C-H10", *, back: bool = False, phone: str = "1380000000") -> str:
    fields = CallFields(WATER, phone, asset_kind="customer", asset_id=customer, wants_callback=back)
    return chair.does(TakeCall(fields)).of(TICKET)[0].ticket_id


def _of(chair: Chair, ticket_id: str) -> Ticket:
    return chair.state.of(TICKET)[ticket_id]


def test_calls_before_the_finding_join_the_case_and_follow_it_to_its_restoration(chair: Chair) -> None:
    waits, rests, far = _call(chair, back=True), _call(chair), _call(chair, "C-V32")
    assert not any(one.incident_id for one in chair.state.of(TICKET).values())
    chair.sees(a_finding())
    assert [_of(chair, one).incident_id for one in (waits, rests, far)] == [CASE, CASE, ""]
    assert _of(chair, waits).cover is Cover.WITHOUT_WATER
    chair.does(JudgeBurst(CASE, ("H10",)))
    assert [_of(chair, one).state for one in (waits, far)] == [TicketState.IN_PROGRESS, TicketState.CONFIRMED]
    chair.does(AdvancePhase(CASE, Phase.CLOSED))
    first, second = _of(chair, waits), _of(chair, rests)
    assert (first.is_open, first.is_due_back, second.state, second.is_due_back) == (True, True, TicketState.FIXED, False)


def test_tickets_of_a_dismissed_suspicion_have_no_case_and_stay_open(chair: Chair) -> None:
    chair.sees(a_finding())
    one = _call(chair, back=True)
    chair.does(DismissIncident(CASE, "误报"))
    after = _of(chair, one)
    assert (after.incident_id, after.state, after.is_due_back) == ("", TicketState.CONFIRMED, False)


def test_still_out_reopens_the_ticket_and_raises_one_alarm_for_the_case(judged: Chair) -> None:
    first, second = _call(judged, back=True), _call(judged, back=True, phone="1380000001")
    judged.does(AdvancePhase(CASE, Phase.CLOSED))
    judged.does(LogCallback(first, CallbackResult.NO_ANSWER))
    assert _of(judged, first).is_due_back
    judged.does(LogCallback(first, CallbackResult.STILL_OUT, "四楼以上没水"))
    judged.does(LogCallback(second, CallbackResult.WATER_BACK))
    judged.does(LogCallback(second, CallbackResult.STILL_OUT))
    out = _of(judged, first)
    assert (out.state, out.is_due_back, [one.result.value for one in out.callbacks]) == (
        TicketState.CONFIRMED, False, ["no_answer", "still_out"],
    )  # fmt: skip
    assert _of(judged, second).is_open
    (alarm,) = [one for one in judged.state.alarms.values() if one.kind is AlarmKind.CALLS]
    assert (alarm.subject, alarm.incident_id, alarm.channels) == (CASE, CASE, (first, second))
    assert [one.subject for one in judged.log[-2:]] == [f"incident/{CASE}", f"alarm/{alarm.alarm_id}"]


def test_water_back_closes_the_ticket_as_fixed(judged: Chair) -> None:
    one = _call(judged, back=True)
    judged.does(AdvancePhase(CASE, Phase.CLOSED))
    judged.does(LogCallback(one, CallbackResult.WATER_BACK))
    assert (_of(judged, one).state, _of(judged, one).closed_at is not None) == (TicketState.FIXED, True)


def test_each_change_of_a_ticket_can_be_taken_back_in_turn(judged: Chair) -> None:
    one = _call(judged, "C-V10")
    start = _of(judged, one)
    judged.does(SetTicketState(one, TicketState.PLANNED))
    judged.does(JoinTicket(one, CASE))
    judged.does(RateTicket(one, Aspect.PROCESS, Stage.CALL, Answer.SATISFIED))
    for _ in range(3):
        judged.does(UndoTicket(one))
    now = _of(judged, one)
    assert (now.state, now.incident_id, now.ratings) == (start.state, "", ())
    with pytest.raises(Refused, match="nothing left to undo"):
        judged.does(UndoTicket(one))


def test_states_that_need_a_reason_or_another_ticket_are_refused_without(chair: Chair) -> None:
    one, other = _call(chair), _call(chair, "C-V32")
    for intent, key in (
        (SetTicketState(one, TicketState.NOT_RESPONSIBLE), "ticket_reason"),
        (SetTicketState(one, TicketState.CONFIRMED), "ticket_state_same"),
        (SetTicketState(one, TicketState.DUPLICATE, duplicate_of=one), "ticket_duplicate"),
        (SetTicketState(one, TicketState.DUPLICATE), "no_ticket"),
        (JoinTicket(one, "2024-9999"), "no_incident"),
    ):
        with pytest.raises(Refused) as refused:
            chair.does(intent)
        assert refused.value.key == key
    chair.does(SetTicketState(one, TicketState.DUPLICATE, duplicate_of=other))
    assert (_of(chair, one).duplicate_of, _of(chair, one).open311) == (other, "closed")


def test_an_auditor_takes_no_calls_and_the_hotline_does(chair: Chair) -> None:
    fields = CallFields(WATER, "1380000000")
    with pytest.raises(Refused, match="may not take a call"):
        chair.acts(TakeCall(fields), Actor("u1", "赵", Role.AUDITOR))
    assert chair.acts(TakeCall(fields), Actor("u2", "钱", Role.HOTLINE)).of(TICKET)


def test_wilson_s_interval_is_that_of_hand_worked_cases() -> None:
    """81 of 263 is Newcombe's (1998) example; 10 of 10 by hand: z²/(n + z²) = 3.8415/13.8415."""
    low, high = wilson(81, 263) or (0.0, 0.0)
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    low, high = wilson(10, 10) or (0.0, 0.0)
    assert (round(low, 4), high) == (round(1 - 3.8415 / 13.8415, 4), 1.0)
    assert wilson(0, 0) is None
    low, high = wilson(0, 10) or (1.0, 1.0)
    assert (low, round(high, 4)) == (0.0, 0.2775)


def test_satisfaction_counts_each_caller_once_and_says_how_many_did_not_answer(chair: Chair) -> None:
    ids = [_call(chair) for _ in range(4)]
    for number, answer in enumerate((Answer.SATISFIED, Answer.SATISFIED, Answer.DISSATISFIED, Answer.NONE)):
        chair.does(RateTicket(ids[number], Aspect.RESULT, Stage.RESTORED, answer))
    chair.does(RateTicket(ids[0], Aspect.RESULT, Stage.RESTORED, Answer.DISSATISFIED))
    chair.does(RateTicket(ids[0], Aspect.RESULT, Stage.CALL, Answer.NONE))
    found = {(one.aspect, one.stage): one for one in satisfaction(chair.state.of(TICKET).values())}
    whole = found[Aspect.RESULT, None]
    assert (whole.asked, whole.answered, whole.satisfied) == (4, 3, 1)
    low, high = whole.interval or (0.0, 0.0)
    # p = 1/3, n = 3, z² = 3.8415: centre (0.3333 + 0.6402) / 2.2805 = 0.4269, half 0.8595 · sqrt(0.07407 + 0.10671) = 0.3654
    assert (round(low, 3), round(high, 3)) == (0.061, 0.792)
    assert found[Aspect.PROCESS, None].interval is None
    said = figures(chair.state.of(TICKET).values())
    assert (said["tickets"], said["open"]) == (4, 4)
