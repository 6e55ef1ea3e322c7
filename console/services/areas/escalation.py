"""Escalation to the centre: an area did not acknowledge a case within the set time. Once per case and area, as an alarm."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from console.domain.alarms import ALARM, Alarm, AlarmKind, AlarmState, Priority
from console.domain.area_alerts import AreaAlert
from console.domain.changes import ChangeSet
from console.domain.incidents import Incident
from console.domain.notes import Note
from console.domain.record_ids import provisional_id
from console.services.changesets import AlarmChange, recorded, recorded_alarms
from console.services.incidents.joint_plans import merged
from console.services.state import DeskState
from console.services.tools import Tools

Waiting = tuple[str, str]
"""(incident id, area id)."""


@dataclass(frozen=True, slots=True)
class Wait:
    """``before_s``: waited by the wall clock when it was first seen; ``since_s``: monotonic time of that."""

    before_s: float
    since_s: float


def waits(known: Mapping[Waiting, Wait], state: DeskState, now: datetime, monotonic_s: float) -> dict[Waiting, Wait]:
    """How long each alert has waited, with what was known before.

    From when it is first seen the monotonic clock counts: setting the wall clock forward escalates nothing early, setting it back
    nothing late. The time before, of an earlier run of the program, is the wall clock's and never negative.
    """
    found = {}
    for incident in state.incidents.values():
        for alert in incident.area_alerts if incident.is_open() else ():
            if alert.is_waiting:
                key = incident.incident_id, alert.area_id
                before_s = max((now - alert.alerted_at).total_seconds(), 0.0)
                found[key] = known.get(key) or Wait(before_s, monotonic_s)
    return found


def overdue(found: Mapping[Waiting, Wait], minutes: float, monotonic_s: float) -> frozenset[Waiting]:
    """Alerts that have waited for ``minutes``; none where that is 0 (no area terminals)."""
    if minutes <= 0:
        return frozenset()
    return frozenset(key for key, one in found.items() if one.before_s + monotonic_s - one.since_s >= minutes * 60.0)


def escalate(tools: Tools, state: DeskState, late: Collection[Waiting], now: datetime) -> ChangeSet:
    """Record the escalation of those that still wait, each with an alarm at the centre."""
    steps = []
    for incident in state.incidents.values():
        silent = [a for a in incident.area_alerts if (incident.incident_id, a.area_id) in late and a.is_waiting]
        if silent and incident.is_open():
            ids = {one.area_id for one in silent}
            alerts = tuple(replace(one, escalated_at=now) if one.area_id in ids else one for one in incident.area_alerts)
            after = replace(incident, area_alerts=alerts)
            note = Note("area.escalated", areas=[one.area_name for one in silent], minutes=tools.settings.area_minutes)
            alarms = [_alarm(tools, incident, one, now) for one in silent]
            changes = [AlarmChange(None, one, "alarm_raised", Note("alarm.raised", detail=one.detail)) for one in alarms]
            steps.append(recorded(incident, after, "area_escalated", note, alarms=changes))
    return merged(*steps)


def answered(state: DeskState, incident_id: str, area_names: Collection[str], now: datetime) -> tuple[AlarmChange, ...]:
    """The alarms of these areas' silence, ended by their acknowledgement."""
    return tuple(
        AlarmChange(one, _ended(one, now), "alarm_returned", Note("area.silence_ended", alarm=one.alarm_id, area=one.subject))
        for one in _lasting(state)
        if one.incident_id == incident_id and one.subject in area_names
    )


def on_time(state: DeskState, now: datetime) -> ChangeSet:
    """Clear the alarms of cases that were closed without an acknowledgement."""
    over = [one for one in _lasting(state) if not _is_open(state, one.incident_id)]
    note = "alarm.cleared_with_case"
    return recorded_alarms(
        [
            AlarmChange(
                one,
                replace(one, state=AlarmState.CLEARED, returned_at=now),
                "alarm_cleared",
                Note(note, alarm=one.alarm_id, case=one.incident_id),
            )
            for one in over
        ]
    )


def _is_open(state: DeskState, incident_id: str) -> bool:
    incident = state.incidents.get(incident_id)
    return incident is not None and incident.is_open()


def _lasting(state: DeskState) -> list[Alarm]:
    alarms = (one for one in state.alarms.values() if one.kind is AlarmKind.AREA_SILENT)
    return [one for one in alarms if one.state is not AlarmState.CLEARED and one.returned_at is None]


def _ended(alarm: Alarm, now: datetime) -> Alarm:
    """As an alarm of a station that is normal again: cleared once somebody has acknowledged it."""
    state = {AlarmState.ACTIVE: AlarmState.RETURNED, AlarmState.ACKNOWLEDGED: AlarmState.CLEARED}.get(alarm.state, alarm.state)
    return replace(alarm, state=state, returned_at=now)


def _alarm(tools: Tools, incident: Incident, alert: AreaAlert, now: datetime) -> Alarm:
    return Alarm(
        alarm_id=provisional_id(ALARM),
        kind=AlarmKind.AREA_SILENT,
        priority=Priority.HIGH,
        subject=alert.area_name,
        raised_at=now,
        detail=Note("area.silent", area=alert.area_name, case=incident.incident_id, minutes=tools.settings.area_minutes),
        incident_id=incident.incident_id,
        is_drill=incident.is_drill,
    )
