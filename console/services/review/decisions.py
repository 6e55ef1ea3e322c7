"""Plan against done, predicted against actual, and late information."""

from __future__ import annotations

import numpy as np

from console.domain.incidents import Incident
from console.domain.notes import Note
from console.services.review.answers import Answer, Fact, Rows, Value, Verdict, known
from console.services.review.arrival import late_after, late_readings
from console.services.review.milestones import restored_at
from console.services.review.record import CaseRecord
from maps.trace import shortest_path

_CORRECTIONS = ("burst_judged", "valve_unable", "restoration_set", "order_on_site", "impact_computed", "notice_redrafted")


def plan_against_done(record: CaseRecord) -> Answer:
    """Each valve of the last plan with its reports: turns, tightness, corrections of the map."""
    case = record.incident
    plan, marks = case.plan, {mark.valve_id: mark for mark in case.valve_marks}
    steps = plan.valves_to_close if plan else ()
    done = [step for step in steps if step.asset_id in marks and marks[step.asset_id].closed]
    extra = [valve for valve, mark in marks.items() if mark.closed and valve not in {step.asset_id for step in steps}]
    unable = tuple(mark.valve_id for mark in case.valve_marks if mark.unable is not None)
    rows: list[tuple[Value, ...]] = []
    for step in steps:
        mark = marks.get(step.asset_id)
        what = "open" if mark is None else mark.unable.value if mark.unable else "closed" if mark.closed else "open"
        rows.append((step.order, step.asset_id, what, mark.at if mark else None, mark.by if mark else "", step.turns))
    rows += [(None, valve, "closed_unplanned", marks[valve].at, marks[valve].by, None) for valve in extra]
    rows += [
        (None, mark.valve_id, mark.unable.value, mark.at, mark.by, None)
        for mark in case.valve_marks
        if mark.unable is not None and mark.valve_id not in {step.asset_id for step in steps}
    ]
    facts = (
        Fact("valves_closed", len(done), "of", len(steps), _whole(len(done) == len(steps) and bool(steps))),
        known("turns_planned", sum(step.turns or 0.0 for step in steps) if steps else None, "turns"),
        known("tightness", _evidence(record)),
        Fact("valves_unable", unable or "–", "", None, Verdict.BAD if unable else Verdict.GOOD),
        known("map_corrections", _map_corrections(case)),
    )
    columns = ("order", "valve", "reported", "at", "by", "turns")
    return Answer("plan_done", facts, Rows(columns, ("", "", "valve_report", "time", "", "turns"), tuple(rows)))


def predicted_against_actual(record: CaseRecord) -> Answer:
    """Customers, restoration time and place: first and last prediction, and actual values."""
    found, states = record.notes.findings, record.incident_states
    plans = [known_.value for known_ in states if known_.value.plan is not None]
    first, last = (plans[0].plan, plans[-1].plan) if plans else (None, None)
    estimates = [known_.value.restoration_at for known_ in states if known_.value.restoration_at is not None]
    back = restored_at(record)
    place = excavated(record)
    judged = next((known_.value.location for known_ in states if known_.value.location is not None), None)
    ids = [candidate.pipe_id for candidate in judged.candidates] if judged else []
    rank = ids.index(place) + 1 if place in ids else None
    rows: tuple[tuple[Value, ...], ...] = (
        (
            "households",
            first.households_without_water if first else None,
            last.households_without_water if last else None,
            found.customers,
        ),
        ("restoration", estimates[0] if estimates else None, estimates[-1] if estimates else None, back),
        ("place", ids[0] if ids else None, ", ".join(record.incident.burst_pipes) or None, place or None),
    )
    facts = (
        known("place_ground", excavated_by(record), "ground"),
        known("place_rank", rank, "rank"),
        known("place_in_set", None if judged is None or not place else place in judged.set_90),
        known("place_distance", _apart(record, ids[0] if ids else "", place), "m"),
        known("restoration_off", None if back is None or not estimates else back - estimates[-1], "duration"),
    )
    return Answer("predicted_actual", facts, Rows(("what", "first", "last", "actual"), ("predicted", "", "", ""), rows))


def late_information(record: CaseRecord) -> Answer:
    """Information that arrived after the burst was judged and changed the case, and readings that arrived late.

    Late readings are separate lines, after the decisions.
    """
    judged = next((change.at for change in record.case_changes if change.kind == "burst_judged"), None)
    rows: list[tuple[Value, ...]] = []
    for change in record.case_changes:
        if judged is not None and change.at > judged and change.kind in _CORRECTIONS:
            rows.append((change.at, change.at - judged, change.note, None))
    arrived = late_readings(record)
    rows += [(at, at - judged if judged else None, what, delay) for at, delay, _, what in arrived]
    # Known with the case: its time is that of the tick, and a slow engine is behind.
    opened = record.incident_states[0].at if record.incident_states else record.incident.opened_at
    delays = sorted((opened - item.at, item.station_id) for item in record.incident.evidence)
    slowest = delays[-1] if delays else None
    late = dict.fromkeys([*(name for delay, name in delays if delay > late_after()), *(name for _, _, name, _ in arrived)])
    facts = (
        known("measured_known", slowest[0] if slowest else None, "duration", slowest[1] if slowest else ""),
        Fact("late_stations", tuple(late) or "–", "", None, Verdict.BAD if late else Verdict.GOOD),
    )
    columns = ("at", "after_judging", "what", "delay")
    return Answer("late", facts, Rows(columns, ("time", "duration", "", "duration"), tuple(rows)))


def excavated(record: CaseRecord) -> str:
    """The pipe that was really broken: as excavated, else found by a crew, else judged on site; "" unknown."""
    return _found(record)[0]


def excavated_by(record: CaseRecord) -> str:
    """Source of that: ``dug``, ``crew`` or ``on_site``; "" unknown."""
    return _found(record)[1]


def _found(record: CaseRecord) -> tuple[str, str]:
    if record.notes.findings.excavated_pipe:
        return record.notes.findings.excavated_pipe, "dug"
    told = next((order.found_pipe for order in reversed(record.incident.orders) if order.found_pipe), "")
    if told:
        return told, "crew"
    if record.incident.ground == "on_site" and record.incident.burst_pipes:
        return record.incident.burst_pipes[0], "on_site"
    return "", ""


def _apart(record: CaseRecord, first: str, second: str) -> float | None:
    """Metres along the network between two pipes, None where unknown."""
    pipes = record.city.network.pipes
    if not (first and second and pipes.has(first) and pipes.has(second)):
        return None
    if first == second:
        return 0.0
    a, b = pipes.row(first), pipes.row(second)
    ends = [
        (int(one), int(other))
        for one in (pipes.from_node[a], pipes.to_node[a])
        for other in (pipes.from_node[b], pipes.to_node[b])
    ]
    ways = [shortest_path(record.city.network, pair) for pair in ends]
    lengths = [way.length_m for way in ways if len(way.nodes)]
    half = float(np.nansum([pipes.length_m[a], pipes.length_m[b]])) / 2
    return min(lengths) + half if lengths else None


def _evidence(record: CaseRecord) -> Note | None:
    return next((change.note for change in record.case_changes if change.kind == "phase_isolated"), None)


def _map_corrections(case: Incident) -> tuple[str, ...]:
    judged = {order.pipe_id for order in case.orders}
    moved = [
        f"{order.pipe_id} → {order.found_pipe}" for order in case.orders if order.found_pipe and order.found_pipe not in judged
    ]
    lost = [mark.valve_id for mark in case.valve_marks if mark.unable is not None and mark.unable.value == "not_found"]
    return (*moved, *lost)


def _whole(holds: bool) -> Verdict:
    return Verdict.GOOD if holds else Verdict.BAD
