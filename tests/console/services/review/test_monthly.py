"""The monthly review: which cases count, and its figures compared with plain counting."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import numpy as np
import pytest

from console.domain.incidents import Incident
from console.domain.readings import ReadingBatch
from console.domain.tickets import Answer, Aspect, Callback, CallbackResult, Rating, Stage, Ticket, TicketKind, TicketSource
from console.services.review.answers import Fact, Verdict
from console.services.review.monthly import Filters, Month, MonthInputs, month_review, pressure_compliance
from console.services.review.notes import Findings
from console.services.review.record import CaseRecord
from tests.console.package.cases import a_case

ZONE = "Asia/Shanghai"
DRILLS = Filters(drills=True)


@pytest.fixture(scope="module")
def record() -> CaseRecord:
    """A whole case of January 2024."""
    return a_case()


def moved(case: Incident, number: str, days: float, notice_minutes: float = 3.0) -> Incident:
    """The case at another time."""
    first = case.first_abnormal_at + timedelta(days=days)
    return replace(
        case, incident_id=number, opened_at=first, first_abnormal_at=first, issued_at=first + timedelta(minutes=notice_minutes)
    )


def board(month: Month) -> dict[str, Fact]:
    """Its board by key."""
    return {fact.key: fact for fact in month.board}


def test_only_incidents_of_the_citys_own_month_count(record: CaseRecord) -> None:
    case = record.incident
    edge = replace(moved(case, "X", 0), opened_at=datetime.fromisoformat("2023-12-31T23:59:00+08:00"))
    inside = replace(moved(case, "Y", 0), opened_at=datetime.fromisoformat("2024-01-01T00:01:00+08:00"))
    month = month_review(date(2024, 1, 1), ZONE, MonthInputs([case, edge, inside], []), DRILLS)
    assert {one.incident.incident_id for one in month.cases} == {case.incident_id, "Y"}


def test_drills_count_only_with_their_option(record: CaseRecord) -> None:
    inputs = MonthInputs([record.incident], [])
    assert not month_review(date(2024, 1, 1), ZONE, inputs).cases
    assert len(month_review(date(2024, 1, 1), ZONE, inputs, DRILLS).cases) == 1


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (Filters(drills=True, text="2024-0001"), 1),
        (Filters(drills=True, text="nowhere"), 0),
        (Filters(drills=True, phase="closed"), 1),
        (Filters(drills=True, phase="suspected"), 0),
        (Filters(drills=True, least_diameter_mm=500), 0),
        (Filters(drills=True, least_diameter_mm=300), 1),
    ],
)
def test_filters_leave_out_what_they_name(record: CaseRecord, filters: Filters, found: int) -> None:
    assert len(month_review(date(2024, 1, 1), ZONE, MonthInputs([record.incident], []), filters).cases) == found


def test_the_board_holds_medians_against_the_standard(record: CaseRecord) -> None:
    cases = [moved(record.incident, f"N{minutes}", 0, minutes) for minutes in (4, 8, 30)]
    findings = {"N4": Findings(satisfaction_process=5, satisfaction_result=3)}
    shown = board(month_review(date(2024, 1, 1), ZONE, MonthInputs(cases, record.changes, findings), DRILLS))
    assert shown["notice"].value == timedelta(minutes=8)
    assert shown["in_time"].value == "66.7%"
    assert shown["in_time"].verdict is Verdict.BAD
    assert shown["satisfaction_process"].value == 5
    assert shown["satisfaction_result"].verdict is Verdict.BAD
    assert shown["repeats"].value == 1


def test_the_trend_counts_each_month_of_a_year(record: CaseRecord) -> None:
    cases = [moved(record.incident, f"N{days}", -days) for days in (0, 35, 36, 400)]
    rated = {"N35": Findings(satisfaction_result=3), "N36": Findings(satisfaction_result=5)}
    month = month_review(date(2024, 1, 1), ZONE, MonthInputs(cases, [], rated), DRILLS)
    assert {row.month: row.satisfaction for row in month.trend if row.satisfaction is not None} == {"2023-11": 4.0}
    counts = {row.month: row.cases for row in month.trend}
    assert len(counts) == 12
    assert (counts["2024-01"], counts["2023-11"], sum(counts.values())) == (1, 2, 3)
    assert month.repeats == (("V10", 3),)


def test_pressure_compliance_is_the_share_of_good_readings_above_the_least() -> None:
    start = datetime.fromisoformat("2024-01-01T00:00:00+08:00")

    def readings(since: datetime, until: datetime) -> ReadingBatch:
        value = np.array([150.0, 139.0, 200.0, np.nan, 10.0])
        quality = np.array([0, 0, 0, 0, 2], dtype=np.uint8)
        zeros = np.zeros(5)
        return ReadingBatch(zeros.astype(np.int32), zeros.astype(np.uint8), zeros.astype(np.int64), value, quality)

    assert pressure_compliance(readings, start, start + timedelta(days=3)) == pytest.approx(2 / 3)


def test_calls_of_the_month_are_counted_with_who_was_asked_and_the_interval_of_the_answers() -> None:
    at = datetime.fromisoformat("2024-01-10T10:00:00+08:00")
    call = Ticket("H2024-00001", at, TicketKind.NO_WATER, TicketSource.PHONE, "王", wants_callback=True, incident_id="2024-0001")

    def rated(number: int, answer: Answer) -> Ticket:
        rating = Rating(at, "王", Aspect.RESULT, Stage.RESTORED, answer)
        back = Callback(at, "王", CallbackResult.WATER_BACK if number % 2 else CallbackResult.NO_ANSWER)
        return replace(call, ticket_id=f"H2024-{number:05d}", ratings=(rating,), callbacks=(back,))

    answers = [Answer.SATISFIED] * 8 + [Answer.DISSATISFIED] * 2 + [Answer.NONE] * 3
    tickets = [rated(number, answer) for number, answer in enumerate(answers)]
    other = [replace(call, called_at=at + timedelta(days=40)), replace(call, is_drill=True)]
    month = month_review(date(2024, 1, 1), ZONE, MonthInputs([], [], tickets=[*tickets, *other]))
    facts = {fact.key: fact for fact in month.calls}
    assert facts["calls_count"].value == 13
    assert (facts["calls_back"].value, facts["calls_back"].target) == (6, 13)  # six were reached
    assert (facts["calls_answered_result"].value, facts["calls_answered_result"].target) == (10, 13)
    assert facts["calls_satisfied_result"].value == "80.0%"
    assert facts["calls_satisfied_result"].note == "95 %: 49.0%–94.3%"  # Wilson (1927), 8 of 10
    assert facts["calls_satisfied_process"].value is None
    assert month_review(date(2024, 1, 1), ZONE, MonthInputs([], [])).calls == ()
