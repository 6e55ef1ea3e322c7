"""Orders are sent again until the crew answers; silent crews are not free; crews to choose from, the nearest by time first."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from console.domain.clock import micros
from console.domain.crews import CrewState
from console.domain.field_reports import CREW_DUTY, FieldReport, Reported, ReportKind
from console.domain.incidents import OrderState
from console.domain.orders import OrderReply
from console.domain.outgoing import MessageKind
from console.services.changesets import Refused
from console.services.crews.choices import CrewChoice, Standing, crew_choices
from console.services.crews.orders import SendCrew
from console.services.desk import DeskSettings
from console.services.incidents.judging import JudgeBurst
from console.services.incidents.opening import OpenIncident
from tests.console.services.town import NOW, Chair

CASE, ORDER = "2024-0001", "2024-0001-W1"


def judged(settings: DeskSettings | None = None, *, pipe: str = "H10") -> Chair:
    chair = Chair(settings=settings)
    chair.does(OpenIncident(pipe))
    chair.does(JudgeBurst(CASE, (pipe,), "calls"))
    return chair


def resendings(chair: Chair, minutes: float) -> list[float]:
    """Minutes after the order at which it is sent again, looked at every ten seconds."""
    sent_at, found = chair.state.incidents[CASE].orders[0].sent_at, []
    for step in range(round(minutes * 6)):
        chair.now = sent_at + timedelta(seconds=10 * step)
        due = chair.desk.unanswered(chair.state, chair.now)
        if due:
            at = chair.now
            chair.take(chair.desk.on_no_answer(chair.state, due, at))
            found.append((at - sent_at).total_seconds() / 60.0)
    return found


def test_an_unanswered_order_is_sent_again_after_2_4_8_and_then_every_15_minutes() -> None:
    chair = judged()
    assert resendings(chair, 60.0) == [2.0, 6.0, 14.0, 29.0, 44.0, 59.0]
    order = chair.state.incidents[CASE].orders[0]
    assert (order.sends, order.state) == (7, OrderState.SENT)
    sent = [json.loads(one.payload)["order_id"] for one in chair.sent if one.kind is MessageKind.ORDER]
    assert sent == [ORDER] * 7


@pytest.mark.parametrize("answer", ["acknowledged", "refused", "on_site", "done"])
def test_any_answer_of_the_crew_ends_it(answer: str) -> None:
    chair = judged()
    assert resendings(chair, 3.0) == [2.0]
    order = chair.state.incidents[CASE].orders[0]
    chair.take(chair.desk.on_order_reply(chair.state, OrderReply(ORDER, order.crew_id, answer, chair.now), chair.now))
    assert resendings(chair, 60.0) == []
    late = chair.desk.on_no_answer(chair.state, frozenset({ORDER}), chair.now)
    assert late.is_empty


def test_with_the_setting_0_nothing_is_sent_again() -> None:
    assert resendings(judged(DeskSettings(order_resend_minutes=0.0)), 60.0) == []


def states(chair: Chair, at: datetime) -> dict[str, CrewState]:
    return {crew.crew_id: crew.state for crew in chair.desk.crews(chair.state, at)}


def test_a_crew_without_a_sign_of_life_for_30_minutes_is_silent_and_is_not_sent_unasked() -> None:
    chair = Chair()
    chair.state = chair.state.with_crews([replace(chair.state.crews["C2"], at_us=micros(NOW + timedelta(minutes=20)))])
    at = NOW + timedelta(minutes=31)
    assert states(chair, at) == {"C1": CrewState.SILENT, "C2": CrewState.FREE, "C3": CrewState.SILENT}
    chair.now = at
    chair.does(OpenIncident("H00"))
    chair.does(JudgeBurst(CASE, ("H00",), "calls"))
    assert [order.crew_id for order in chair.state.incidents[CASE].orders] == ["C2"]  # C1 is nearest, and silent
    assert states(chair, at)["C2"] is CrewState.ASSIGNED
    chair.does(SendCrew(CASE, "C1"))  # a person may all the same
    with pytest.raises(Refused, match="C1"):
        chair.does(SendCrew(CASE, "C1"))


@pytest.mark.parametrize("sign", ["fix", "duty", "reply"])
def test_each_sign_of_life_ends_the_silence(sign: str) -> None:
    chair = judged(pipe="H00")
    order, at = chair.state.incidents[CASE].orders[0], NOW + timedelta(minutes=50)
    crew = "C3" if sign != "reply" else order.crew_id
    assert states(chair, at)["C3"] is CrewState.SILENT
    if sign == "fix":
        chair.state = chair.state.with_crews([replace(chair.state.crews[crew], at_us=micros(at))])
    elif sign == "duty":
        report = FieldReport("d1", crew, ReportKind.ON_DUTY, at)
        chair.take(chair.desk.on_report(chair.state, Reported(report), at))
    else:
        chair.take(chair.desk.on_order_reply(chair.state, OrderReply(order.order_id, crew, "done", at), at))
    assert states(chair, at + timedelta(minutes=29))[crew] is CrewState.FREE
    assert states(chair, at + timedelta(minutes=31))[crew] is CrewState.SILENT


def choices(chair: Chair) -> list[CrewChoice]:
    case = chair.state.incidents[CASE]
    return list(
        crew_choices(
            chair.city, chair.desk.crews(chair.state, chair.now), chair.state.incidents.values(),
            chair.state.of(CREW_DUTY).values(), case, speed_kmh=25.0, now_us=chair.now_us,
        )
    )  # fmt: skip


def test_free_crews_come_first_by_time_and_each_other_one_with_what_speaks_against_it() -> None:
    chair = judged(pipe="H00")
    found = choices(chair)
    first = chair.state.incidents[CASE].orders[0].crew_id
    assert [one.standing for one in found] == [Standing.FREE, Standing.FREE, Standing.CHECKING]
    assert found[-1].crew.crew_id == first
    middle = (chair.state.crews["C1"].x + 100.0, chair.state.crews["C1"].y)
    for one in found:
        away = math.dist((one.crew.x, one.crew.y), middle)
        assert one.minutes == pytest.approx(1.3 * away / 25_000 * 60)
    assert (found[0].minutes or 0) <= (found[1].minutes or 0)
    chair.does(SendCrew(CASE, found[1].crew.crew_id))
    chair.take(
        chair.desk.on_report(
            chair.state, Reported(FieldReport("d1", found[0].crew.crew_id, ReportKind.OFF_DUTY, chair.now)), chair.now
        )
    )
    assert [one.standing for one in choices(chair)] == [Standing.CHECKING, Standing.OFF_DUTY, Standing.ORDERED]


def test_several_crews_work_on_one_case() -> None:
    chair = judged()
    for crew in ("C1", "C2", "C3"):
        if not any(order.crew_id == crew for order in chair.state.incidents[CASE].orders):
            chair.does(SendCrew(CASE, crew))
    assert sorted(order.crew_id for order in chair.state.incidents[CASE].orders) == ["C1", "C2", "C3"]
