"""The questions of the review page: pure functions of a record."""

from __future__ import annotations

from collections.abc import Sequence

from console.services.review.answers import Answer
from console.services.review.arrival import arrival_delays
from console.services.review.circumstances import actions, alarms_around, calls, cause, pressure_before, reports, water_samples
from console.services.review.cost import outage, water_lost
from console.services.review.crews import crew_arrivals
from console.services.review.decisions import late_information, plan_against_done, predicted_against_actual
from console.services.review.milestones import how_long, spans
from console.services.review.past import compared, over_months
from console.services.review.past_case import PastCase, together
from console.services.review.record import CaseRecord
from console.services.review.replay import Replay
from console.services.review.what_if import other_decisions


def answers_to(record: CaseRecord, past: Sequence[PastCase] = (), replay: Replay | None = None) -> tuple[Answer, ...]:
    """Every answer, in the order of the page. ``past``: earlier cases beside those in the record."""
    replay = replay or Replay(record)
    earlier = together(record.past, past, record.incident)
    return (
        spans(record),
        how_long(record),
        plan_against_done(record),
        predicted_against_actual(record),
        late_information(record),
        arrival_delays(record),
        crew_arrivals(record, replay),
        alarms_around(record, replay),
        pressure_before(record, replay),
        cause(record),
        other_decisions(record),
        outage(record),
        water_lost(record, replay),
        water_samples(record),
        reports(record),
        calls(record),
        compared(record, earlier),
        over_months(record, earlier),
        actions(record),
    )
