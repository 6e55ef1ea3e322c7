"""Opening a case: by a finding or a call; later findings revise its location."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from console.detection.finding import BurstFinding
from console.domain.actors import Actor, Permission
from console.domain.alarms import ALARM, Alarm, AlarmKind, AlarmState, Evidence, Priority
from console.domain.changes import ChangeSet
from console.domain.incidents import INCIDENT, Incident, Phase
from console.domain.intents import Intent
from console.domain.notes import NO_NOTE, Code, Note, Quantity
from console.domain.record_ids import provisional_id
from console.services.alarms.operations import explained, explanation_notes, explanations, still_holding
from console.services.changesets import NOTHING, AlarmChange, Refused, recorded
from console.services.crews.orders import free_crews
from console.services.handling import Handler
from console.services.incidents.case_plan import planned, replanned
from console.services.incidents.dismissals import GROWN
from console.services.incidents.messages import area_alert
from console.services.location.place_note import title_note
from console.services.note_texts import as_written
from console.services.state import DeskState
from console.services.tools import Tools
from maps.locate.result import Location


@dataclass(frozen=True, slots=True)
class OpenIncident(Intent):
    """A burst reported by hand (a call) on a pipe."""

    pipe_id: str
    ground: str = "call"


_NAMED = 3
_SETTLES = timedelta(minutes=3)
"""Late stations show a burst's own step so long after the first ones."""
_MATERIAL_SHIFT = 0.05
"""A candidate's probability has to move by this much for a revision to be worth telling."""

_GRAVEST = {"slow": Priority.MEDIUM, "inflow": Priority.HIGH}
"""Slow leaks raise medium alarms; so does a change of one meter alone: a fire pump or a large user draws as much."""

_BURST = Code("suspicion", "burst")

SLOW_LEAK = "slow_leak"
"""Code of the alarm of a leak that grew over days."""


def on_burst(tools: Tools, state: DeskState, finding: BurstFinding, now: datetime) -> ChangeSet:
    """Open a case, or revise the one it belongs to; nothing when nothing is new."""
    for incident in sorted(state.incidents.values(), key=lambda case: case.opened_at, reverse=True):
        if incident.is_open() and _same_case(incident, finding):
            return _revised(tools, state, incident, finding, now)
        if _dismissed_before(tools, incident, finding, now):
            return NOTHING
    return _opened(tools, state, finding, now)


def open_by_hand(tools: Tools, state: DeskState, intent: OpenIncident, actor: Actor, now: datetime) -> ChangeSet:
    """A burst reported by a call: a case with a plan for that pipe, no location."""
    tools.city.network.pipes.row(intent.pipe_id)
    for incident in state.incidents.values():
        if incident.work is None and incident.is_open() and intent.pipe_id in incident.target_pipes():
            raise Refused("already_open", incident=incident.incident_id, pipe=intent.pipe_id)
    incident = replace(_new_incident(tools, now, now), ground=intent.ground or "call", burst_pipes=(intent.pipe_id,))
    # The pipe is the plan's, not yet a judgement: burst_pipes stays empty until somebody judges.
    incident = replace(_with_place(tools, state, planned(tools, state, incident), now, intent.pipe_id), burst_pipes=())
    incident = replace(incident, alerted_at=now, title=_title(incident))
    alarm = _alarm(tools, incident, now, evidence=(), detail=Note("burst.called", place=title_note(incident)))
    incident = replace(incident, alarm_ids=(alarm.alarm_id,))
    return recorded(
        None,
        incident,
        "incident_reported",
        Note("case.reported", user=actor.name, place=title_note(incident)),
        alarms=(AlarmChange(None, alarm, "alarm_raised", Note("burst.raised", detail=alarm.detail)),),
        outgoing=area_alert(tools, incident, "suspected", now),
    )


def _evidence_note(evidence: tuple[Evidence, ...]) -> Note:
    """Which stations deviate, by how much, against what; the first few in full."""
    zones = tuple(dict.fromkeys(item.zone for item in evidence if item.zone))
    return Note(
        "burst.evidence",
        stations=[_station_note(item) for item in evidence[:_NAMED]],
        more=Note("burst.more", n=len(evidence)) if len(evidence) > _NAMED else NO_NOTE,
        zones=Note("burst.zones", zones=zones) if zones else NO_NOTE,
    )


def _station_note(item: Evidence) -> Note:
    return Note(
        "burst.station",
        station=item.station_id,
        channel=Code("channel", item.channel),
        observed=Quantity(item.observed, item.channel),
        expected=Quantity(item.expected, item.channel),
        deviation=Quantity(item.deviation, item.channel),
    )


def _opened(tools: Tools, state: DeskState, finding: BurstFinding, now: datetime) -> ChangeSet:
    incident = _new_incident(tools, finding.first_abnormal_at, now)
    why = explanations(tools, state, finding)
    incident = replace(incident, location=finding.location, evidence=finding.evidence, alerted_at=now, explanations=why)
    incident = _with_place(tools, state, planned(tools, state, incident), now)
    incident = replace(incident, title=_title(incident))
    what = Code("suspicion", finding.lane if finding.lane in _GRAVEST else "burst")
    detail = _detail(incident, what)
    alarm = _alarm(tools, incident, now, evidence=finding.evidence, detail=detail)
    if finding.lane in _GRAVEST:
        gravest = _GRAVEST[finding.lane]
        alarm = replace(alarm, priority=max(alarm.priority, gravest), full_priority=max(alarm.unexplained_priority, gravest))
    if finding.lane == "slow":
        alarm = replace(alarm, code=SLOW_LEAK)
    incident = replace(incident, alarm_ids=(alarm.alarm_id,))
    return recorded(
        None,
        incident,
        "incident_opened",
        Note("case.opened", what=what, place=title_note(incident), n=len(finding.location.set_90)),
        alarms=(AlarmChange(None, alarm, "alarm_raised", Note("burst.raised", detail=detail)),),
        outgoing=area_alert(tools, incident, "suspected", now),
    )


def _revised(tools: Tools, state: DeskState, incident: Incident, finding: BurstFinding, now: datetime) -> ChangeSet:
    if incident.phase is not Phase.SUSPECTED or not _tells_more(incident.read_location(), finding.location):
        return NOTHING
    if incident.hand_readings:
        return NOTHING  # a gauge reading on site is stronger evidence than the next tick of the same stations
    why = still_holding(tools, state, incident.explanations, finding)
    told = replace(incident, evidence=finding.evidence, outlook=None, explanations=why, calls=None)
    after = relocated(tools, state, told, finding.location, now)
    alarms = []
    for alarm_id in incident.alarm_ids:
        alarm = state.alarms.get(alarm_id)
        if alarm is not None and alarm.state is not AlarmState.CLEARED:
            detail = _detail(after)
            full = min(alarm.unexplained_priority, _priority(tools, after))
            code = alarm.code if finding.lane == "slow" else ""  # a leak that grew for days may burst
            new = explained(after, replace(alarm, evidence=finding.evidence, detail=detail, code=code), full, now)
            alarms.append(AlarmChange(alarm, new, "alarm_revised", Note("burst.revised", detail=detail)))
    note = Note("case.revised", place=title_note(after), n=len(finding.location.set_90))
    return recorded(incident, after, "location_revised", note, alarms=alarms, outgoing=area_alert(tools, after, "revised", now))


def relocated(tools: Tools, state: DeskState, incident: Incident, location: Location, now: datetime) -> Incident:
    """The incident with a new location, and with plan, place and title for it."""
    after = _with_place(tools, state, replanned(tools, state, replace(incident, location=location)), now)
    return replace(after, title=_title(after))


def _tells_more(old: Location | None, new: Location) -> bool:
    if old is None:
        return True
    before = {candidate.pipe_id: candidate.probability for candidate in old.candidates}
    first = [candidate.pipe_id for candidate in (*old.candidates[:1], *new.candidates[:1])]
    if len(set(first)) > 1 or set(old.set_90) != set(new.set_90):
        return True
    return any(abs(c.probability - before.get(c.pipe_id, 0.0)) >= _MATERIAL_SHIFT for c in new.candidates[:10])


def _same_case(incident: Incident, finding: BurstFinding) -> bool:
    """Whether a finding belongs to a case: its pipes are the case's, or mostly the same stations moved.

    A new step elsewhere is another burst: in a well-connected network each burst moves most stations.
    """
    if incident.work is not None:
        return False  # planned work explains a finding and lowers it; it never takes it in: a burst may lie beside it
    found = set(finding.location.set_90)
    if incident.location is None:
        return bool(set(incident.target_pipes()) & found)
    shut = (*incident.plan.zone_pipes, *incident.plan.dry_pocket_pipes) if incident.plan is not None else ()
    if {*incident.location.set_90, *incident.burst_pipes, *shut} & found:
        return True
    return not _is_new_step(incident, finding) and _same_stations(incident, finding)


def _is_new_step(incident: Incident, finding: BurstFinding) -> bool:
    """Whether stations stepped down against their last minutes, well after the start of the case."""
    return finding.lane == "step" and finding.first_abnormal_at > incident.opened_at + _SETTLES


def _same_stations(incident: Incident, finding: BurstFinding) -> bool:
    ours = {item.station_id for item in incident.evidence}
    theirs = {item.station_id for item in finding.evidence}
    return bool(ours and theirs) and len(ours & theirs) * 2 >= min(len(ours), len(theirs))


def _dismissed_before(tools: Tools, incident: Incident, finding: BurstFinding, now: datetime) -> bool:
    """Whether the same finding, not larger, was dismissed recently: it must not raise an alarm every minute."""
    if incident.closed_at is None or now - incident.closed_at > timedelta(minutes=tools.settings.same_case_minutes):
        return False
    if not _same_case(incident, finding):
        return False
    statistic = incident.location.statistic if incident.location is not None else 0.0
    return bool(incident.burst_pipes) or finding.location.statistic < GROWN * statistic


def _new_incident(tools: Tools, first_abnormal_at: datetime, now: datetime) -> Incident:
    year = now.astimezone(ZoneInfo(tools.city.info.time_zone)).year
    return Incident(
        incident_id=provisional_id(INCIDENT, str(year)),
        title="",
        opened_at=now,
        first_abnormal_at=first_abnormal_at,
        is_drill=tools.is_drill,
    )


def _with_place(tools: Tools, state: DeskState, incident: Incident, now: datetime, pipe_id: str = "") -> Incident:
    """The incident with the place of its first pipe and the route there for the nearest free crew."""
    pipes = (pipe_id,) if pipe_id else incident.target_pipes()
    if not pipes:
        return replace(incident, place=None)
    place = incident.place if incident.place is not None and incident.place.pipe_id == pipes[0] else tools.places.place(pipes[0])
    crews = free_crews(tools, state, incident, now)
    if crews:
        place, _ = tools.places.with_way(place, crews[0].x, crews[0].y)
    return replace(incident, place=place)


def _detail(incident: Incident, what: Code = _BURST) -> Note:
    why = explanation_notes(incident.explanations)
    return Note(
        "burst.alarm",
        what=what,
        place=title_note(incident),
        evidence=_evidence_note(incident.evidence),
        why=Note("burst.why", reasons=why) if why else NO_NOTE,
    )


def _title(incident: Incident) -> str:
    return as_written(title_note(incident))


def _alarm(tools: Tools, incident: Incident, now: datetime, *, evidence: tuple[Evidence, ...], detail: Note) -> Alarm:
    full = _priority(tools, incident)
    alarm = Alarm(
        alarm_id=provisional_id(ALARM),
        kind=AlarmKind.BURST,
        priority=full,
        subject="network",
        raised_at=now,
        evidence=evidence,
        detail=detail,
        incident_id=incident.incident_id,
        is_drill=tools.is_drill,
    )
    return explained(incident, alarm, full, now)


def _priority(tools: Tools, incident: Incident) -> Priority:
    settings, place, plan = tools.settings, incident.place, incident.plan
    diameter = place.diameter_mm if place is not None and np.isfinite(place.diameter_mm) else 0.0
    large = diameter >= settings.critical_diameter_mm
    if plan is None:
        return Priority.CRITICAL if large else Priority.HIGH
    many = plan.households_without_water >= settings.critical_households
    return Priority.CRITICAL if large or many or plan.critical_customers or not plan.isolatable else Priority.HIGH


HANDLERS = (Handler(OpenIncident, open_by_hand, Permission.CASES),)
