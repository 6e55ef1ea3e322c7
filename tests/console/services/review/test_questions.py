"""Answers of the review page, each compared with the course of the case."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from console.documents.report.words import ReportWords
from console.domain.actors import Role
from console.domain.targets import Escalation, Goal, Step, Target, Targets
from console.services.review.answers import Answer, Fact, Verdict
from console.services.review.milestones import milestones
from console.services.review.notes import Action, Findings, ReviewNotes
from console.services.review.past_case import PastCase
from console.services.review.questions import answers_to
from console.services.review.record import CaseRecord
from console.services.review.what_if import rerun
from maps.errors import UnknownAsset
from maps.isolation import Isolator, ValveOverride
from maps.network import NodeKind
from tests.console.package.cases import a_case


@pytest.fixture(scope="module")
def record() -> CaseRecord:
    """A whole case."""
    return a_case()


@pytest.fixture(scope="module")
def answers(record: CaseRecord) -> dict[str, Answer]:
    """All answers by key."""
    return {answer.key: answer for answer in answers_to(record)}


def fact(answer: Answer, key: str) -> Fact:
    """One fact of an answer."""
    return next(one for one in answer.facts if one.key == key)


def test_every_question_of_a_review_has_its_answer(answers: dict[str, Answer]) -> None:
    assert set(answers) == {
        "spans", "milestones", "plan_done", "predicted_actual", "late", "alarms", "pressure", "cause", "what_if", "outage",
        "water", "arrival", "crews", "samples", "reports", "calls", "past", "trend", "actions",
    }  # fmt: skip


def test_milestones_are_the_times_of_the_changes(record: CaseRecord, answers: dict[str, Answer]) -> None:
    at = {milestone.key: milestone.at for milestone in milestones(record)}
    of = {change.kind: change.at for change in reversed(record.case_changes)}
    assert at["first_valve"] == of["valve_closed"]
    assert at["crew_sent"] == of["crew_sent"]
    assert at["on_site"] == of["order_on_site"]
    assert at["isolated"] == record.incident.isolated_at
    took = fact(answers["milestones"], "issued")
    assert took.value == record.incident.issued_at - record.incident.first_abnormal_at  # type: ignore[operator]
    assert took.verdict is Verdict.GOOD


def test_a_missed_target_is_reported_as_missed(record: CaseRecord) -> None:
    assert record.incident.issued_at is not None
    late = replace(record, incident=replace(record.incident, issued_at=record.incident.issued_at + timedelta(hours=1)))
    found = {answer.key: answer for answer in answers_to(late)}
    assert fact(found["spans"], "alerted_issued").verdict is Verdict.BAD


def test_stuck_valves_and_the_order_of_what_was_done_are_listed(record: CaseRecord, answers: dict[str, Answer]) -> None:
    stuck = record.incident.unable_valves()
    assert fact(answers["plan_done"], "valves_unable").value == stuck
    table = answers["plan_done"].table
    assert table is not None
    assert {row[1] for row in table.rows if row[2] == "seized"} == set(stuck)
    assert fact(answers["plan_done"], "valves_closed").verdict is Verdict.GOOD


def test_the_place_found_is_ranked_and_its_distance_measured(answers: dict[str, Answer]) -> None:
    # H10 (J10–J20) was the first candidate, V10 (J10–J11) was broken: joined at J10, 200 m each, middle to middle.
    assert fact(answers["predicted_actual"], "place_rank").value == 2
    assert fact(answers["predicted_actual"], "place_distance").value == pytest.approx(200.0)


def test_information_after_the_judgement_is_listed_as_late(record: CaseRecord, answers: dict[str, Answer]) -> None:
    table = answers["late"].table
    assert table is not None
    assert any("V10" in str(row[2]) for row in table.rows)


def test_customers_times_hours_is_the_sum_over_the_stretches(record: CaseRecord, answers: dict[str, Answer]) -> None:
    total, states = 0.0, record.incident_states
    marks = [mark for mark in record.incident.valve_marks if mark.closed]
    end = max(mark.restored_at for mark in marks if mark.restored_at is not None)
    for state, following in itertools.pairwise(states):
        if state.value.plan is not None and state.value.closed_valves() and state.at < end:
            hours = (min(following.at, end) - state.at).total_seconds() / 3600
            total += hours * state.value.plan.households_without_water
    assert fact(answers["outage"], "household_hours").value == pytest.approx(total, abs=0.06)


def test_another_decision_equals_a_new_plan_of_the_planner(record: CaseRecord) -> None:
    valve = record.incident.plan.valves_to_close[0].asset_id if record.incident.plan else ""
    outcome = rerun(record, unable=[valve])
    again = Isolator(record.city).plan(["V10"], valves={valve: ValveOverride(operable=False)}, alternatives=False)
    assert replace(outcome.plan, compute_ms=0) == replace(again, compute_ms=0)
    with pytest.raises(UnknownAsset):
        rerun(record, closed=["no such valve"])


def test_customers_behind_valves_closed_before_the_case_are_counted(record: CaseRecord) -> None:
    """Oracle: a walk from the sources over every pipe end that no closed valve shuts."""
    valves, unable, more = record.city.network.valves, record.incident.unable_valves(), 0
    for pipe in np.unique(valves.pipe):
        closed = [str(name) for name in valves.asset_id[valves.pipe == pipe] if name not in unable]
        plan = rerun(record, closed=closed, unable=unable, hydraulics=False).plan
        shut = {*closed, *record.incident.closed_valves(), *(step.asset_id for step in plan.valves_to_close)}
        assert set(plan.customers_without_water) == customers_cut_off(record, shut)
        more += plan.households_without_water > (record.incident.plan.households_without_water if record.incident.plan else 0)
    assert more, "some valve makes it worse"


def customers_cut_off(record: CaseRecord, shut: set[str]) -> set[str]:
    """Customers whose pipe no source reaches when these valves are shut."""
    network, customers = record.city.network, record.city.customers
    pipes, valves = network.pipes, network.valves
    walls = {(int(valves.pipe[row]), int(valves.node[row])) for row in range(len(valves)) if str(valves.asset_id[row]) in shut}
    wet_nodes, wet_pipes = {int(row) for row in np.flatnonzero(network.nodes.kind != NodeKind.JUNCTION)}, set[int]()
    ends = [(row, int(node)) for row in range(len(pipes)) for node in (pipes.from_node[row], pipes.to_node[row])]
    while True:
        reached = {pipe for pipe, node in ends if node in wet_nodes and (pipe, node) not in walls} - wet_pipes
        if not reached:
            break
        wet_pipes |= reached
        wet_nodes |= {node for pipe, node in ends if pipe in wet_pipes and (pipe, node) not in walls}
    return {str(customers.asset_id[row]) for row in range(len(customers)) if int(customers.pipe[row]) not in wet_pipes}


def test_the_surge_before_is_the_largest_rise_over_the_usual(record: CaseRecord) -> None:
    batch = record.readings
    value = batch.value.copy()
    hit = (batch.station == 0) & (batch.at_us < batch.at_us.min() + 10 * 60_000_000)
    value[hit] += 80.0
    surged = replace(record, readings=replace(batch, value=value))
    found = {answer.key: answer for answer in answers_to(surged)}
    assert fact(found["pressure"], "surge").value == pytest.approx(80.0)


def test_the_reviewers_findings_replace_what_was_not_recorded(record: CaseRecord) -> None:
    first = record.incident.opened_at + timedelta(minutes=30)
    notes = ReviewNotes(
        actions=(Action("换阀", "李", date(2024, 2, 1)), Action("查图", "")),
        findings=Findings("冻裂", True, "H20", first, 55, ("96116-001",), (("初报", first),), water_lost_m3=120.0),
    )
    found = {answer.key: answer for answer in answers_to(replace(record, notes=notes))}
    assert fact(found["cause"], "cause").value == "冻裂"
    assert fact(found["water"], "water_lost").value == 120.0
    assert fact(found["calls"], "calls").value == ("96116-001",)
    assert fact(found["actions"], "actions_ownerless").value == 1
    assert fact(found["reports"], "report_first").verdict is Verdict.GOOD
    assert fact(found["predicted_actual"], "place_rank").value == 3


def test_a_repeat_on_the_same_pipe_is_named(record: CaseRecord) -> None:
    again = PastCase.of(
        replace(record.incident, incident_id="2023-0008", opened_at=record.incident.opened_at - timedelta(days=9))
    )
    drilled = replace(again, incident_id="2023-0009", is_drill=not again.is_drill)
    found = {answer.key: answer for answer in answers_to(record, [again, drilled, PastCase.of(record.incident)])}
    assert fact(found["past"], "same_pipe").value == ("2023-0007", "2023-0008")
    assert fact(found["past"], "past_cases").value == 2


def test_the_trend_counts_the_case_and_those_before_it_by_month_and_repeats_by_pipe(record: CaseRecord) -> None:
    opened = record.incident.opened_at
    earlier = [
        PastCase.of(
            replace(record.incident, incident_id=f"N{days}", opened_at=opened - timedelta(days=days), burst_pipes=("H20",))
        )
        for days in (35, 36, 366)
    ]
    rated = [replace(earlier[0], satisfaction=5.0), replace(earlier[1], satisfaction=2.0, notice_minutes=None), earlier[2]]
    trend = {answer.key: answer for answer in answers_to(replace(record, past=()), rated)}["trend"]
    assert trend.table is not None
    by_month = {row[0]: row[1:] for row in trend.table.rows}
    took = timedelta(minutes=round((record.incident.issued_at - record.incident.first_abnormal_at).total_seconds() / 60, 1))  # type: ignore[operator]
    assert by_month["2024-01"] == (1, took, None)
    assert by_month["2023-11"] == (2, took, 3.5)
    assert by_month["2023-12"] == (0, None, None)
    assert "2023-10" not in by_month  # nothing known before the first case
    assert fact(trend, "repeated_pipes").value == ("H20 ×2",)


def test_continued_reports_are_counted_against_their_clock(record: CaseRecord) -> None:
    # A small case is of level IV: first report within 4 h, continued every 24 h.
    verified = record.incident.verified_at
    assert verified is not None
    due = verified + timedelta(hours=28)
    long = replace(record.incident, closed_at=verified + timedelta(hours=60))
    findings = Findings(
        reports=(("续报", due - timedelta(hours=1)), ("continued", due + timedelta(hours=25)), ("First", verified))
    )
    found = {answer.key: answer for answer in answers_to(replace(record, incident=long, notes=ReviewNotes(findings=findings)))}
    continued = fact(found["reports"], "report_continued")
    assert (continued.value, continued.target, continued.verdict) == (1, 2, Verdict.BAD)
    assert fact(found["reports"], "report_first").verdict is Verdict.GOOD
    assert fact(found["reports"], "report_final").verdict is Verdict.UNKNOWN
    assert found["reports"].table is not None
    assert [row[0] for row in found["reports"].table.rows] == ["first", "continued", "continued", "final"]


def test_the_source_of_the_actual_place_is_named(record: CaseRecord, answers: dict[str, Answer]) -> None:
    assert fact(answers["predicted_actual"], "place_ground").value == "crew"
    dug = replace(record, notes=ReviewNotes(findings=Findings(excavated_pipe="H20")))
    found = {answer.key: answer for answer in answers_to(dug)}
    assert fact(found["predicted_actual"], "place_ground").value == "dug"


def test_the_times_of_site_confirmation_and_judgement_are_separate(record: CaseRecord) -> None:
    at = {milestone.key: milestone.at for milestone in milestones(record)}
    judged = [change for change in record.case_changes if change.kind == "burst_judged"]
    assert at["verified"] == judged[0].at
    assert at["verified_on_site"] == judged[1].at


def test_a_case_that_was_only_suspected_has_answers_too() -> None:
    record = a_case(finish=False)
    bare = replace(record, incident=record.incident_states[0].value, changes=record.changes[:2])
    assert fact({a.key: a for a in answers_to(bare)}["spans"], "alerted_issued").verdict is Verdict.UNKNOWN


def test_a_case_is_measured_by_the_utilitys_targets_and_the_answer_says_where_they_come_from(record: CaseRecord) -> None:
    case = record.incident
    alerted = case.alerted_at or case.opened_at
    took = {"verified": case.verified_at, "issued": case.issued_at}
    minutes = {key: (at - alerted).total_seconds() / 60 for key, at in took.items() if at is not None}
    own = Targets(judge=Target(minutes["verified"] - 0.1, 0), issue=Target(minutes["issued"] + 0.1, 0), isolate=Target(0, 0))
    calm = replace(record, targets=own, incident=replace(case, escalations=()))
    found = {answer.key: answer for answer in answers_to(calm)}
    spans_, reached = found["spans"], found["milestones"]
    assert fact(spans_, "alerted_verified").verdict is Verdict.BAD
    assert fact(spans_, "alerted_issued").verdict is Verdict.GOOD
    assert fact(spans_, "verified_issued").target is None  # the utility has no such target
    assert fact(reached, "isolated").target is None
    assert fact(reached, "issued").target == alerted - case.first_abnormal_at + timedelta(minutes=own.issue.minutes)
    assert fact(spans_, "targets_from").value == "utility"


def test_without_targets_in_the_package_the_planning_values_hold_and_that_is_said(answers: dict[str, Answer]) -> None:
    assert fact(answers["spans"], "alerted_issued").target == timedelta(minutes=10)
    assert fact(answers["spans"], "targets_from").value == "planning"
    for language, text in (("en", "planning values of the program"), ("zh_CN", "程序的规划值")):
        words = ReportWords(language, "Asia/Shanghai")
        assert text in words.fact(fact(answers["spans"], "targets_from"))


def test_what_a_warning_of_the_time_said_holds_over_targets_that_were_set_later(record: CaseRecord) -> None:
    case = record.incident
    due = (case.alerted_at or case.opened_at) + timedelta(minutes=3)
    said = Escalation(Goal.ISSUE, Step.WARNED, due, due - timedelta(minutes=1), Role.SUPERVISOR)
    later = replace(record, targets=Targets(issue=Target(60, 0)), incident=replace(case, escalations=(said,)))
    found = {answer.key: answer for answer in answers_to(later)}
    assert fact(found["spans"], "alerted_issued").target == timedelta(minutes=3)
