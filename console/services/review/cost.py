"""Cost of the case: customer hours without water, and water lost."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from console.domain.clock import micros
from console.domain.readings import Channel
from console.services.review.answers import Answer, Rows, Value, known
from console.services.review.milestones import restored_at
from console.services.review.record import CaseRecord
from console.services.review.replay import Replay

_BEFORE_US = 1_800_000_000


def outage(record: CaseRecord) -> Answer:
    """Household hours from the first closed valve until restoration, summed over the periods of each plan."""
    end = restored_at(record) or record.incident.closed_at
    states = record.incident_states
    rows: list[tuple[Value, ...]] = []
    households_h = people_h = 0.0
    for number, state in enumerate(states):
        case = state.value
        until = states[number + 1].at if number + 1 < len(states) else end
        if case.plan is None or not case.closed_valves() or until is None or (end is not None and state.at >= end):
            continue
        until = min(until, end) if end is not None else until
        hours = (until - state.at).total_seconds() / 3600.0
        households_h += hours * case.plan.households_without_water
        people_h += hours * case.plan.people_without_water
        last = rows[-1] if rows else None
        if last is not None and last[2] == case.plan.households_without_water:
            rows[-1] = (last[0], until, last[2], case.plan.people_without_water)
        else:
            rows.append((state.at, until, case.plan.households_without_water, case.plan.people_without_water))
    facts = (
        known("household_hours", round(households_h, 1) if rows else None, "household_hours", "" if end else "open"),
        known("people_hours", round(people_h, 1) if rows else None, "people_hours"),
    )
    columns, units = ("from", "until", "households", "people"), ("time", "time", "households", "people")
    return Answer("outage", facts, Rows(columns, units, tuple(rows)))


def water_lost(record: CaseRecord, replay: Replay) -> Answer:
    """As entered by the reviewer; else an estimate: the largest rise of one flow station, until isolated.

    One station, because stations in series measure the same water; so the estimate is rather too low, which the text states.
    """
    said = record.notes.findings.water_lost_m3
    if said is not None:
        return Answer("water", (known("water_lost", said, "m3"),))
    first = micros(record.incident.first_abnormal_at)
    end_at = record.incident.isolated_at or record.incident.closed_at or record.until
    best: tuple[float, str] = (0.0, "")
    for row, station in enumerate(record.city.stations.asset_id):
        _, before, _ = replay.series(row, Channel.FLOW, first - _BEFORE_US, first - 1)
        _, after, _ = replay.series(row, Channel.FLOW, first, micros(end_at))
        before, after = before[np.isfinite(before)], after[np.isfinite(after)]
        if len(before) and len(after):
            rise = abs(float(np.median(after))) - abs(float(np.median(before)))
            best = max(best, (rise, str(station)))
    hours = (end_at - record.incident.first_abnormal_at) / timedelta(hours=1)
    lost = round(best[0] * hours, 1) if best[1] else None
    return Answer(
        "water", (known("water_lost_estimated", lost, "m3", best[1]), known("flow_rise", best[0] or None, "m3h", best[1]))
    )
