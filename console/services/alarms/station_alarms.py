"""Alarms of stations and users' actions on alarms: states per ISA-18.2 / OPC UA Part 9."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from console.detection.finding import StationFinding
from console.domain.actors import Actor, Permission, Proof
from console.domain.alarms import ALARM, Alarm, AlarmKind, AlarmState, Evidence, Priority
from console.domain.changes import ChangeSet
from console.domain.intents import Intent
from console.domain.limits import ELEVATION_MATTERS_M, LIMIT_CODES
from console.domain.notes import Code, Note, Quantity
from console.domain.readings import CHANNEL_BY_NAME
from console.domain.record_ids import provisional_id
from console.services.changesets import NOTHING, AlarmChange, Refused, recorded_alarms
from console.services.handling import Handler
from console.services.outages.explained_stations import explained_by_work, stations_in_work
from console.services.state import DeskState
from console.services.tools import Tools


@dataclass(frozen=True, slots=True)
class AcknowledgeAlarm(Intent):
    """确认."""

    alarm_id: str


@dataclass(frozen=True, slots=True)
class AcknowledgeAlarms(Intent):
    """确认 of several selected alarms, for alarm floods; each gets its own log entry."""

    alarm_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShelveAlarm(Intent):
    """搁置 until a time, or (``until`` None, one-shot) until it returns; with a reason."""

    alarm_id: str
    until: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class TakeOutOfService(Intent):
    """停用 (out of service) until a user restores it; with a reason."""

    alarm_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class RestoreAlarm(Intent):
    """Unshelve an alarm, or put it back in service."""

    alarm_id: str


_KIND = {
    "stale": AlarmKind.STALE,
    "low_pressure": AlarmKind.LOW_PRESSURE,
    "high_pressure": AlarmKind.HIGH_PRESSURE,
    "below_limit": AlarmKind.WATER_QUALITY,
    "above_limit": AlarmKind.WATER_QUALITY,
    "feed": AlarmKind.FEED,
    "open_boundary": AlarmKind.BOUNDARY,
}
_OF_STATIONS = (
    AlarmKind.STATION_FAULT,
    AlarmKind.STALE,
    AlarmKind.LOW_PRESSURE,
    AlarmKind.HIGH_PRESSURE,
    AlarmKind.WATER_QUALITY,
)
_PRIORITY = {AlarmKind.FEED: Priority.HIGH, AlarmKind.BOUNDARY: Priority.MEDIUM}
_FAR_BELOW = 0.5
"""Below half of the limit some customers are nearly without water."""
_NEAR_M = 300.0
"""Critical customers this near a station share what it shows."""
LONGEST_SHELF = timedelta(hours=24)
"""Shelving lasts a shift or a day (ISA-18.2 requires a bound); a longer fault is taken out of service, by name."""
_REUSED_WITHIN = timedelta(minutes=10)
"""A cleared alarm that comes back this soon is the same alarm, flapping, not one more in the list."""


def on_stations(tools: Tools, state: DeskState, findings: Sequence[StationFinding], now: datetime) -> ChangeSet:
    """Raise, extend or return the one alarm of each station and code; a tick's findings are one change set.

    When a broker stops, thousands of stations fall silent at once; one transaction each would block everything else.
    """
    if not findings:
        return NOTHING
    current, works = _current(state, now), stations_in_work(tools.city, state)
    changes = list[AlarmChange]()
    for finding in findings:
        key = (finding.station_id, finding.code)
        change = _change(tools, current.get(key), finding, now)
        if change is not None:
            if finding.active and works:
                change = replace(change, after=explained_by_work(change.after, works, finding.at))
            current[key] = change.after
            changes.append(change)
    return recorded_alarms(changes) if changes else NOTHING


def on_absent(tools: Tools, state: DeskState, now: datetime) -> ChangeSet:
    """Alarms of stations that were removed from the dataset return to normal; no reading will ever end them."""
    gone = [
        alarm
        for alarm in state.alarms.values()
        if alarm.kind in _OF_STATIONS
        and alarm.state is not AlarmState.CLEARED
        and alarm.returned_at is None
        and not tools.city.stations.has(alarm.subject)
    ]
    changes = [AlarmChange(one, _returned(one, now), "alarm_returned", _note("station_gone", one)) for one in gone]
    return recorded_alarms(changes) if changes else NOTHING


def _change(tools: Tools, alarm: Alarm | None, finding: StationFinding, now: datetime) -> AlarmChange | None:
    if finding.active:
        return _raised(tools, alarm, finding)
    if alarm is None or finding.channel not in alarm.channels:
        return None
    left = tuple(channel for channel in alarm.channels if channel != finding.channel)
    if left:
        return AlarmChange(alarm, replace(alarm, channels=left), "alarm_revised", _note("partly_normal", alarm))
    return AlarmChange(alarm, _returned(alarm, now), "alarm_returned", _note("normal", alarm))


def acknowledge(
    tools: Tools, state: DeskState, intent: AcknowledgeAlarm | AcknowledgeAlarms, actor: Actor, now: datetime
) -> ChangeSet:
    """Acknowledge alarms; one that has already returned is cleared. Of several, those not yet acknowledged.

    Raises Refused when none does.
    """
    ids = (intent.alarm_id,) if isinstance(intent, AcknowledgeAlarm) else tuple(dict.fromkeys(intent.alarm_ids))
    chosen = [_alarm_of(state, alarm_id) for alarm_id in ids]
    waiting = [alarm for alarm in chosen if alarm.state in (AlarmState.ACTIVE, AlarmState.RETURNED)]
    if chosen and not waiting:
        raise Refused("nothing_to_acknowledge", alarm=chosen[0].alarm_id, alarm_state=chosen[0].state)
    return recorded_alarms([_acknowledged(alarm, actor, now) for alarm in waiting]) if waiting else NOTHING


def _acknowledged(alarm: Alarm, actor: Actor, now: datetime) -> AlarmChange:
    seen = AlarmState.CLEARED if alarm.state is AlarmState.RETURNED else AlarmState.ACKNOWLEDGED
    after = replace(alarm, state=seen, acknowledged_at=now, acknowledged_by=actor.name)
    is_locked = actor.proof is Proof.LOCKED_SEAT
    note = _note("acknowledged_on_locked_seat" if is_locked else "acknowledged", alarm, user=actor.name)
    return AlarmChange(alarm, after, "alarm_acknowledged", note)


def shelve(tools: Tools, state: DeskState, intent: ShelveAlarm, actor: Actor, now: datetime) -> ChangeSet:
    """Shelve until a time or until it returns (one-shot), with a reason."""
    alarm = _alarm_of(state, intent.alarm_id)
    over = intent.until is None and alarm.returned_at is not None  # no reading would ever end it
    if over or alarm.state in (AlarmState.CLEARED, AlarmState.OUT_OF_SERVICE):
        raise Refused("cannot_shelve", alarm=alarm.alarm_id, alarm_state=alarm.state)
    if not intent.reason.strip():
        raise Refused("shelve_reason")
    if intent.until is not None and (intent.until.tzinfo is None or intent.until <= now):
        raise Refused("shelve_until")
    if intent.until is not None and intent.until > now + LONGEST_SHELF:
        raise Refused("shelve_too_long", hours=f"{LONGEST_SHELF.total_seconds() / 3600:.0f}")
    after = replace(alarm, state=AlarmState.SHELVED, shelved_until=intent.until, shelved_reason=intent.reason.strip())
    return recorded_alarms(
        [AlarmChange(alarm, after, "alarm_shelved", _note("shelved", alarm, user=actor.name, reason=intent.reason.strip()))]
    )


def take_out(tools: Tools, state: DeskState, intent: TakeOutOfService, actor: Actor, now: datetime) -> ChangeSet:
    """Take out of service until a user restores it (ISA-18.2), with a reason."""
    alarm, reason = _alarm_of(state, intent.alarm_id), intent.reason.strip()
    if alarm.state in (AlarmState.CLEARED, AlarmState.OUT_OF_SERVICE):
        raise Refused("cannot_shelve", alarm=alarm.alarm_id, alarm_state=alarm.state)
    if not reason:
        raise Refused("shelve_reason")
    after = replace(alarm, state=AlarmState.OUT_OF_SERVICE, shelved_until=None, shelved_reason=reason)
    return recorded_alarms(
        [AlarmChange(alarm, after, "alarm_out_of_service", _note("out_of_service", alarm, user=actor.name, reason=reason))]
    )


def restore(tools: Tools, state: DeskState, intent: RestoreAlarm, actor: Actor, now: datetime) -> ChangeSet:
    """Unshelve or put back in service; the alarm shows its present state."""
    alarm = _alarm_of(state, intent.alarm_id)
    if alarm.state not in (AlarmState.SHELVED, AlarmState.OUT_OF_SERVICE):
        raise Refused("not_shelved", alarm=alarm.alarm_id, alarm_state=alarm.state)
    return recorded_alarms([AlarmChange(alarm, _unshelved(alarm), "alarm_unshelved", _note("restored", alarm, user=actor.name))])


def on_time(state: DeskState, now: datetime) -> ChangeSet:
    """End expired shelving; the alarm shows its present state.

    An end beyond the longest allowed shelving was set under a clock that was since set back: shelving ends now.
    """
    due = [
        alarm
        for alarm in state.alarms.values()
        if alarm.state is AlarmState.SHELVED
        and alarm.shelved_until is not None
        and not now < alarm.shelved_until <= now + LONGEST_SHELF
    ]
    changes = [AlarmChange(alarm, _unshelved(alarm), "alarm_unshelved", _note("shelf_over", alarm)) for alarm in due]
    return recorded_alarms(changes) if changes else NOTHING


def _raised(tools: Tools, alarm: Alarm | None, finding: StationFinding) -> AlarmChange | None:
    if alarm is None:
        new = _weighed(_new(tools, finding), finding)
        return AlarmChange(None, new, "alarm_raised", Note("alarm.raised", detail=new.detail))
    lasting = alarm.state not in (AlarmState.RETURNED, AlarmState.CLEARED) and alarm.returned_at is None
    if lasting and finding.channel in alarm.channels:
        return None
    channels = alarm.channels if finding.channel in alarm.channels else (*alarm.channels, finding.channel)
    after = replace(
        alarm,
        channels=channels,
        evidence=_evidence(finding) or alarm.evidence,
        detail=_detail(finding),
        limit=finding.limit,
        priority=min(alarm.priority, _priority(tools, finding)) if lasting else _priority(tools, finding),
        returned_at=None,
    )
    after = _weighed(after, finding)
    if lasting:
        return AlarmChange(alarm, after, "alarm_revised", _note("one_more_channel", after))
    if alarm.state not in (AlarmState.SHELVED, AlarmState.OUT_OF_SERVICE):
        # Active again: it must be acknowledged again.
        after = replace(after, state=AlarmState.ACTIVE, raised_at=finding.at, acknowledged_at=None, acknowledged_by="")
    return AlarmChange(alarm, after, "alarm_raised", _note("again", after))


def _new(tools: Tools, finding: StationFinding) -> Alarm:
    return Alarm(
        alarm_id=provisional_id(ALARM),
        kind=_kind(finding),
        priority=_priority(tools, finding),
        subject=finding.station_id,
        raised_at=finding.at,
        evidence=_evidence(finding),
        detail=_detail(finding),
        is_drill=tools.is_drill,
        code=finding.code,
        channels=(finding.channel,),
        limit=finding.limit,
    )


def _weighed(alarm: Alarm, finding: StationFinding) -> Alarm:
    """The alarm with the effect of the station's estimated elevation error. The alarm stays: the error is an estimate."""
    error_m = finding.elevation_error_m
    spoils = finding.code in ("low_pressure", "high_pressure") and error_m is not None and abs(error_m) > ELEVATION_MATTERS_M
    told = replace(alarm, elevation_error_m=error_m if spoils else None)
    corrected = told.corrected_kpa
    if corrected is None:
        return told
    verdict = "doubtful" if told.is_doubtful else "beyond" if told.is_beyond_as_read else "truly_beyond"
    note = Note(
        "station.corrected",
        detail=told.detail,
        error=told.elevation_error_m or 0.0,
        corrected=Quantity(corrected, "pressure"),
        verdict=Code("corrected", verdict),
    )
    return replace(told, detail=note)


def _kind(finding: StationFinding) -> AlarmKind:
    return _KIND.get(finding.code, AlarmKind.STATION_FAULT)


def _priority(tools: Tools, finding: StationFinding) -> Priority:
    """Priority of the limit's rule; one higher far below the limit or near critical customers."""
    if finding.code not in LIMIT_CODES or not tools.city.stations.has(finding.station_id):
        return _PRIORITY.get(_kind(finding), Priority.LOW)
    row = tools.city.stations.row(finding.station_id)
    rule = tools.limits.rule_of(row, CHANNEL_BY_NAME[finding.channel])
    usual = rule.priority if rule is not None else Priority.MEDIUM
    far = finding.code == "low_pressure" and (finding.observed or 0.0) < _FAR_BELOW * (finding.limit or 0.0)
    grave = far or _critical_near(tools, row)
    return Priority(max(usual - 1, Priority.CRITICAL)) if grave else usual


def _critical_near(tools: Tools, row: int) -> bool:
    stations, customers = tools.city.stations, tools.city.customers
    away = np.hypot(customers.x - stations.x[row], customers.y - stations.y[row])
    return bool(((customers.critical != "") & (away <= _NEAR_M)).any())


def _evidence(finding: StationFinding) -> tuple[Evidence, ...]:
    against = finding.expected if finding.expected is not None else finding.limit
    if finding.observed is None or against is None:
        return ()
    return (Evidence(finding.station_id, finding.channel, finding.observed, against, finding.at),)


def _detail(finding: StationFinding) -> Note:
    what = Code("station_event", finding.code)
    if finding.limit is not None and finding.observed is not None:
        beyond = _beyond(finding.channel, finding.observed, finding.limit)
        return Note("station.detailed", station=finding.station_id, what=what, detail=beyond)
    if finding.detail:
        return Note("station.detailed", station=finding.station_id, what=what, detail=finding.detail)
    return Note("station.event", station=finding.station_id, what=what)


def _beyond(channel: str, observed: float, limit: float) -> Note:
    """A value beyond its limit: 压力 0.121 MPa，低于 0.14 MPa."""
    return Note(
        "station.below" if observed < limit else "station.above",
        channel=Code("channel", channel),
        observed=Quantity(observed, channel),
        limit=Quantity(limit, channel),
    )


def _current(state: DeskState, now: datetime) -> dict[tuple[str, str], Alarm]:
    """By station and code the alarm that is not cleared, or was cleared recently."""
    found: dict[tuple[str, str], Alarm] = {}
    for alarm in sorted(state.alarms.values(), key=_recency):
        lives = alarm.state is not AlarmState.CLEARED
        if lives or (alarm.returned_at is not None and now - alarm.returned_at <= _REUSED_WITHIN):
            found[alarm.subject, alarm.code] = alarm
    return found


def _recency(alarm: Alarm) -> tuple[bool, datetime]:
    """Sort key: alarms not cleared last, the newest at the end."""
    return alarm.state is not AlarmState.CLEARED, alarm.raised_at


def _returned(alarm: Alarm, now: datetime) -> Alarm:
    """An acknowledged alarm is cleared; an unacknowledged one stays in the list until it is acknowledged."""
    after = replace(alarm, channels=(), returned_at=now)
    if alarm.state is AlarmState.ACTIVE:
        return replace(after, state=AlarmState.RETURNED)
    if alarm.state is AlarmState.ACKNOWLEDGED:
        return replace(after, state=AlarmState.CLEARED)
    if alarm.state is AlarmState.SHELVED and alarm.shelved_until is None:
        return _unshelved(after)  # one-shot shelving ends with the return
    return after


def _unshelved(alarm: Alarm) -> Alarm:
    seen, over = alarm.acknowledged_at is not None, alarm.returned_at is not None
    state = {
        (False, False): AlarmState.ACTIVE,
        (True, False): AlarmState.ACKNOWLEDGED,
        (False, True): AlarmState.RETURNED,
        (True, True): AlarmState.CLEARED,
    }[seen, over]
    return replace(alarm, state=state, shelved_until=None)


def _alarm_of(state: DeskState, alarm_id: str) -> Alarm:
    alarm = state.alarms.get(alarm_id)
    if alarm is None:
        raise Refused("no_alarm", alarm=alarm_id)
    return alarm


def _note(what: str, alarm: Alarm, **more: str) -> Note:
    return Note(f"alarm.{what}", alarm=alarm.alarm_id, detail=alarm.detail, **more)


HANDLERS = (
    Handler(AcknowledgeAlarm, acknowledge, Permission.ACKNOWLEDGE, emergency=lambda _: True),
    Handler(AcknowledgeAlarms, acknowledge, Permission.ACKNOWLEDGE, emergency=lambda _: True),
    Handler(ShelveAlarm, shelve, Permission.ALARMS),
    Handler(TakeOutOfService, take_out, Permission.ALARMS),
    Handler(RestoreAlarm, restore, Permission.ALARMS),
)
