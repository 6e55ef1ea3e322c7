"""Operations (pumps, valves, setpoints, tanks, hydrants, works) that may explain a finding.

A finding lists them; its priority is lower for ten minutes. It is never hidden: a burst may follow a pump trip.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from console.detection.finding import BurstFinding, OperationFinding
from console.domain.actors import Actor, Permission
from console.domain.alarms import ALARM, Alarm, AlarmKind, AlarmState, Explanation, Priority
from console.domain.changes import ChangeSet
from console.domain.incidents import Incident, Phase
from console.domain.intents import Intent
from console.domain.notes import Code, Note
from console.domain.record_ids import provisional_id
from console.services.changesets import NOTHING, AlarmChange, Refused, recorded_alarms
from console.services.handling import Handler
from console.services.incidents import dismissals
from console.services.state import DeskState
from console.services.tools import Tools
from maps.city import City


@dataclass(frozen=True, slots=True)
class EnterOperation(Intent):
    """Planned works or an operation, entered by a user: kind (``code``), asset ("" for the whole network), time."""

    code: str
    asset_id: str
    starts_at: datetime
    ends_at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class EndOperation(Intent):
    """An operation has ended or is cancelled."""

    alarm_id: str


EXPLAINS = timedelta(minutes=10)
_AGAIN = timedelta(minutes=5)
"""What is switched again sooner is the same operation still going on."""
_NEAR_M = 800.0
"""Works on a street move pressures about so far; pumps, plants and what has no place move the whole network."""

_EVERYWHERE = ("pump", "pump_stop", "pump_start", "setpoint", "prv_shut", "prv_open", "tank_filling")

ENTERED = ("works", "valve", "pump", "setpoint", "tank_filling", "hydrant")
"""What people enter; the others only detection tells."""


def on_operation(tools: Tools, state: DeskState, finding: OperationFinding, now: datetime) -> ChangeSet:
    """A switching was detected in the readings: shown as information for ten minutes, once while it lasts."""
    code, subject = _code_of(finding), finding.pump_id or "network"
    for alarm in _in_force(state):
        if (alarm.code, alarm.subject) == (code, subject) and alarm.ends_at is not None:
            if finding.at <= alarm.ends_at + _AGAIN:
                return NOTHING
            lasts = replace(alarm, ends_at=finding.at)
            return recorded_alarms([AlarmChange(alarm, lasts, "operation_lasts", Note("operation.lasts", detail=alarm.detail))])
    detail = _named(code, finding.pump_id)
    if finding.stations:
        detail = Note("operation.seen_by", operation=detail, stations=finding.stations)
    alarm = _information(tools, code, subject, finding.at, finding.at, detail)
    return recorded_alarms([AlarmChange(None, alarm, "operation_seen", Note("operation.seen", detail=detail))])


def enter(tools: Tools, state: DeskState, intent: EnterOperation, actor: Actor, now: datetime) -> ChangeSet:
    """Record works or an operation entered by a user. Raises Refused."""
    if intent.code not in ENTERED:
        raise Refused("operation_kind", code=intent.code)
    if intent.starts_at.tzinfo is None or intent.ends_at.tzinfo is None or intent.ends_at <= max(intent.starts_at, now):
        raise Refused("operation_time")
    if intent.asset_id and _place(tools.city, intent.asset_id) is None:
        raise Refused("operation_place", asset=intent.asset_id)
    detail, more = _named(intent.code, intent.asset_id), intent.note.strip()
    if more:
        detail = Note("operation.with_note", operation=detail, note=more)
    alarm = _information(tools, intent.code, intent.asset_id or "network", intent.starts_at, intent.ends_at, detail)
    seen = replace(alarm, acknowledged_at=now, acknowledged_by=actor.name)
    note = Note("operation.entered", user=actor.name, detail=detail)
    return recorded_alarms([AlarmChange(None, seen, "operation_entered", note)])


def end(tools: Tools, state: DeskState, intent: EndOperation, actor: Actor, now: datetime) -> ChangeSet:
    """End or cancel an operation. Raises Refused."""
    alarm = state.alarms.get(intent.alarm_id)
    if alarm is None or alarm.kind is not AlarmKind.OPERATION or alarm.state is AlarmState.CLEARED:
        raise Refused("no_alarm", alarm=intent.alarm_id)
    if alarm.raised_at > now:
        after = replace(alarm, ends_at=alarm.raised_at, state=AlarmState.CLEARED, returned_at=now)
        note = Note("operation.called_off", user=actor.name, detail=alarm.detail)
        return recorded_alarms([AlarmChange(alarm, after, "operation_ended", note)])
    note = Note("operation.ended", user=actor.name, detail=alarm.detail)
    return recorded_alarms([AlarmChange(alarm, replace(alarm, ends_at=now), "operation_ended", note)])


def on_time(state: DeskState, now: datetime) -> ChangeSet:
    """Operations that ended ten minutes ago are cleared; findings they explained regain their own priority."""
    over = [alarm for alarm in _in_force(state) if alarm.ends_at is not None and now > alarm.ends_at + EXPLAINS]
    changes = [_over(alarm, now) for alarm in over]
    changes += [_no_longer_explained(alarm) for alarm in state.alarms.values() if _expired(state, alarm, now)]
    return recorded_alarms(changes) if changes else NOTHING


def explanations(tools: Tools, state: DeskState, finding: BurstFinding) -> tuple[Explanation, ...]:
    """Operations that may have caused a finding: detected in the readings, or in force and near the candidates."""
    until = finding.at + EXPLAINS
    found = [
        Explanation(_code_of(one), one.pump_id, one.at, min(one.at + EXPLAINS, until), one.certain) for one in finding.operations
    ]
    near = _candidate_places(tools.city, finding)
    for alarm in _in_force(state):
        if alarm.ends_at is None or not alarm.raised_at <= finding.at <= alarm.ends_at + EXPLAINS:
            continue
        asset_id = "" if alarm.subject == "network" else alarm.subject
        told = any((one.code, one.asset_id) == (alarm.code, asset_id) for one in found)
        if not told and _reaches(tools.city, alarm, near):
            ends = min(until, alarm.ends_at + EXPLAINS)
            found.append(Explanation(alarm.code, asset_id, alarm.raised_at, ends, note=alarm.detail))
    found += _planned_work(tools.city, state, finding, near, until)
    before = dismissals.like(state.dismissals.values(), finding, tools.city.info.time_zone, finding.at)
    if before is not None:
        found.append(
            Explanation(dismissals.CODE, before.incident_id, before.at, until, certain=False, note=Note.literal(before.reason))
        )
    return tuple(one for one in found if one.until > finding.at)


def _planned_work(
    city: City, state: DeskState, finding: BurstFinding, near: NDArray[np.float64], until: datetime
) -> list[Explanation]:
    """Planned outages that run, or ended within ten minutes, near the candidates."""
    found = []
    for case in state.incidents.values():
        ended = case.closed_at + EXPLAINS if case.closed_at is not None else until
        if case.work is None or not case.opened_at <= finding.at <= ended:
            continue
        shut = (*case.burst_pipes, *((*case.plan.zone_pipes, *case.plan.dry_pocket_pipes) if case.plan is not None else ()))
        if _within(city, shut, near):
            note = Note("operation.outage", outage=case.work.outage_id)
            found.append(Explanation("outage", case.work.outage_id, case.opened_at, min(until, ended), note=note))
    return found


def _within(city: City, pipe_ids: Iterable[str], near: NDArray[np.float64]) -> bool:
    """Whether some pipe lies as near to the candidates as works move pressures; without candidates nothing speaks against it."""
    pipes = city.network.pipes
    places = np.array([pipes.points(pipes.row(one)).mean(axis=0) for one in pipe_ids if pipes.has(one)]).reshape(-1, 2)
    if not len(near) or not len(places):
        return True
    away = np.hypot(near[:, None, 0] - places[None, :, 0], near[:, None, 1] - places[None, :, 1])
    return bool((away <= _NEAR_M).any())


def still_holding(tools: Tools, state: DeskState, why: tuple[Explanation, ...], finding: BurstFinding) -> tuple[Explanation, ...]:
    """A case's explanations after an update; a dismissal no longer explains a finding that differs from it."""
    before = dismissals.like(state.dismissals.values(), finding, tools.city.info.time_zone, finding.at)
    return tuple(one for one in why if one.code != dismissals.CODE or before is not None)


def lowered(priority: Priority, why: Iterable[Explanation], now: datetime) -> Priority:
    """One priority lower while an operation explains it; never the lowest."""
    explained = any(one.until > now for one in why)
    return Priority(min(priority + 1, Priority.MEDIUM)) if explained and priority < Priority.MEDIUM else priority


def explanation_notes(why: Iterable[Explanation]) -> tuple[Note, ...]:
    """Which operations, and which dismissal."""
    return tuple(map(_explanation_note, why))


def _explanation_note(one: Explanation) -> Note:
    if one.code == dismissals.CODE:
        return Note("burst.like_dismissed", case=one.asset_id, reason=one.note)
    named = one.note or _named(one.code, one.asset_id)
    return named if one.certain else Note("burst.possible", operation=named)


def _named(code: str, asset_id: str) -> Note:
    operation = Code("operation", code)
    return (
        Note("operation.at_asset", operation=operation, asset=asset_id)
        if asset_id
        else Note("operation.named", operation=operation)
    )


def _expired(state: DeskState, alarm: Alarm, now: datetime) -> bool:
    incident = state.incidents.get(alarm.incident_id)
    waiting = incident is not None and incident.phase is Phase.SUSPECTED
    lower = alarm.priority > alarm.unexplained_priority
    shown = alarm.state in (AlarmState.ACTIVE, AlarmState.ACKNOWLEDGED)
    return waiting and lower and shown and all(one.until <= now for one in alarm.explanations)


def _no_longer_explained(alarm: Alarm) -> AlarmChange:
    note = Note("operation.explanation_over", alarm=alarm.alarm_id, detail=alarm.detail)
    return AlarmChange(alarm, replace(alarm, priority=alarm.unexplained_priority), "explanation_over", note)


def _over(alarm: Alarm, now: datetime) -> AlarmChange:
    after = replace(alarm, state=AlarmState.CLEARED, returned_at=now)
    return AlarmChange(alarm, after, "operation_over", Note("operation.over", detail=alarm.detail))


def _information(tools: Tools, code: str, subject: str, starts_at: datetime, ends_at: datetime, detail: Note) -> Alarm:
    return Alarm(
        alarm_id=provisional_id(ALARM),
        kind=AlarmKind.OPERATION,
        priority=Priority.LOW,
        subject=subject,
        raised_at=starts_at,
        state=AlarmState.ACKNOWLEDGED,
        detail=detail,
        is_drill=tools.is_drill,
        code=code,
        ends_at=ends_at,
    )


def _in_force(state: DeskState) -> list[Alarm]:
    return [a for a in state.alarms.values() if a.kind is AlarmKind.OPERATION and a.state is not AlarmState.CLEARED]


def _code_of(finding: OperationFinding) -> str:
    if finding.kind == "pump":
        return "pump_stop" if finding.stopped else "pump_start"
    return finding.kind


def _candidate_places(city: City, finding: BurstFinding) -> NDArray[np.float64]:
    pipes = city.network.pipes
    names = [name for name in finding.location.set_90 if pipes.has(name)]
    return np.array([pipes.points(pipes.row(name)).mean(axis=0) for name in names]).reshape(-1, 2)


def _reaches(city: City, alarm: Alarm, near: NDArray[np.float64]) -> bool:
    moves_all = alarm.subject == "network" or alarm.code in _EVERYWHERE
    if moves_all or city.network.pumps.has(alarm.subject) or city.plants.has(alarm.subject):
        return True
    place = _place(city, alarm.subject)
    if place is None or not np.isfinite(place).all() or not len(near):
        return True
    return bool((np.hypot(near[:, 0] - place[0], near[:, 1] - place[1]) <= _NEAR_M).any())


def _place(city: City, asset_id: str) -> tuple[float, float] | None:
    """Where an asset is (the network's CRS; NaN where it has no place of its own), None when the city has no such asset."""
    network = city.network
    if network.pipes.has(asset_id):
        x, y = network.pipes.points(network.pipes.row(asset_id)).mean(axis=0)
        return float(x), float(y)
    for table in (network.valves, network.nodes, city.hydrants, city.stations):
        if table.has(asset_id):
            row = table.row(asset_id)
            return float(table.x[row]), float(table.y[row])
    elsewhere = network.pumps.has(asset_id) or city.plants.has(asset_id) or city.zones.has(asset_id)
    return (float("nan"), float("nan")) if elsewhere else None


def explained(incident: Incident, alarm: Alarm, full: Priority, now: datetime) -> Alarm:
    """A burst's alarm with its explanations, one priority lower while they hold."""
    why = incident.explanations
    known_flow = any(one.code == dismissals.CODE for one in why)  # a similar finding was dismissed with the same meters moving
    if not known_flow and any(one.channel in ("flow", "valve_position") and one.deviation != 0.0 for one in incident.evidence):
        # More water goes into the zone than it uses: an operation elsewhere does not explain that.
        return replace(alarm, priority=full, full_priority=full, explanations=why)
    return replace(alarm, priority=lowered(full, why, now), full_priority=full, explanations=why)


HANDLERS = (
    Handler(EnterOperation, enter, Permission.OPERATIONS),
    Handler(EndOperation, end, Permission.OPERATIONS),
)
