"""Crews' arrivals: estimated, reported and measured times are separate; unknown ones stay unknown."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from console.domain.changes import Change
from console.domain.clock import micros
from console.services.review.answers import Fact, Verdict
from console.services.review.crews import arrivals, crew_arrivals
from console.services.review.record import CaseRecord, Tracks
from console.services.review.replay import Replay
from tests.console.package.cases import a_case


@pytest.fixture(scope="module")
def record() -> CaseRecord:
    """A complete case: its first order has an estimated arrival, is moved to another pipe, and is answered on site."""
    return a_case()


def facts(record: CaseRecord) -> dict[str, Fact]:
    """The answer's facts by key."""
    return {fact.key: fact for fact in crew_arrivals(record, Replay(record)).facts}


def with_fixes(record: CaseRecord, *fixes: tuple[float, float, float]) -> CaseRecord:
    """The case with these fixes of its first crew: (minutes after it was sent, x, y)."""
    order = record.incident.orders[0]
    at = np.array([micros(order.sent_at + timedelta(minutes=minutes)) for minutes, _, _ in fixes], dtype=np.int64)
    ids = np.empty(len(fixes), dtype=object)
    ids[:] = order.crew_id
    places = np.array([(x, y) for _, x, y in fixes], dtype=np.float64).reshape(-1, 2)
    return replace(record, tracks=Tracks(ids, at, places[:, 0], places[:, 1]))


def beside_the_pipe(record: CaseRecord, metres: float) -> tuple[float, float]:
    """A place beside the middle of the pipe that the crew found (V10 runs north to south)."""
    x, y = record.city.network.pipes.points(record.city.network.pipes.row("V10")).mean(axis=0)
    return float(x) + metres, float(y)


def test_the_arrival_time_given_at_sending_is_kept_when_the_place_is_corrected(record: CaseRecord) -> None:
    sent: Change = next(change for change in record.case_changes if change.kind == "burst_judged")
    eta = (sent.after or {})["orders"][0]["eta_minutes"]
    assert record.incident.orders[0].eta_minutes is None  # the correction took it from the order
    first = arrivals(record, Replay(record))[0]
    assert first.promised == record.incident.orders[0].sent_at + timedelta(minutes=eta)


def test_the_reported_arrival_is_the_crews_own_report(record: CaseRecord) -> None:
    said = next(change for change in record.case_changes if change.kind == "order_on_site")
    assert arrivals(record, Replay(record))[0].reported == said.at


def test_the_measured_arrival_is_the_first_fix_within_sixty_metres_of_the_pipe(record: CaseRecord) -> None:
    far, near = beside_the_pipe(record, 61.0), beside_the_pipe(record, 59.0)
    moved = with_fixes(record, (-5.0, *near), (3.0, *far), (17.0, *near), (20.0, *near))
    first = arrivals(moved, Replay(moved))[0]
    assert first.measured == first.order.sent_at + timedelta(minutes=17)
    assert first.there == first.measured
    assert first.promised is not None
    assert first.late_by == first.order.sent_at + timedelta(minutes=17) - first.promised


def test_without_a_fix_near_the_pipe_no_arrival_was_measured(record: CaseRecord) -> None:
    for fixes in ((), ((3.0, *beside_the_pipe(record, 900.0)),)):
        bare = with_fixes(record, *fixes)
        first = arrivals(bare, Replay(bare))[0]
        assert first.measured is None
        assert first.there == first.reported


@pytest.mark.parametrize(("minutes_late", "verdict"), [(-3.0, Verdict.GOOD), (4.9, Verdict.GOOD), (5.1, Verdict.BAD)])
def test_an_arrival_five_minutes_after_the_estimate_is_late(record: CaseRecord, minutes_late: float, verdict: Verdict) -> None:
    first = arrivals(record, Replay(record))[0]
    assert first.promised is not None
    after = (first.promised - first.order.sent_at) / timedelta(minutes=1) + minutes_late
    moved = with_fixes(record, (max(after, 0.0), *beside_the_pipe(record, 5.0)))
    assert facts(moved)["crews_late"].verdict is verdict


def test_a_case_without_orders_has_no_arrivals(record: CaseRecord) -> None:
    bare = replace(record, incident=record.incident_states[0].value, changes=record.changes[:1])
    assert [fact.value for fact in facts(bare).values()] == [None]


def test_a_crew_that_reports_arrival_without_a_track_near_the_pipe_is_named(record: CaseRecord) -> None:
    crew, far, near = record.incident.orders[0].crew_id, beside_the_pipe(record, 900.0), beside_the_pipe(record, 9.0)
    assert facts(with_fixes(record, (3.0, *far)))["crews_unseen"].value == (crew,)
    assert facts(with_fixes(record, (3.0, *near)))["crews_unseen"].value == "–"
    assert facts(with_fixes(record))["crews_unseen"].value == "–"  # without a track nothing speaks against it
