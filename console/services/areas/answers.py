"""What an area's terminal answers: that it has seen a case, and what its people report."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from console.domain.actors import Actor, Permission
from console.domain.area_alerts import AreaAlert, AreaReport
from console.domain.changes import ChangeSet
from console.domain.incidents import Incident
from console.domain.intents import Intent
from console.domain.notes import Note
from console.services.areas.escalation import answered
from console.services.changesets import Refused, incident_of, recorded
from console.services.handling import Handler
from console.services.state import DeskState
from console.services.tools import Tools


@dataclass(frozen=True, slots=True)
class AcknowledgeAreaAlert(Intent):
    """An area acknowledges a case. ``area_id``: which; "" for the areas of the person who does it.

    Somebody of the centre names the area, which has acknowledged by phone.
    """

    incident_id: str
    area_id: str = ""


@dataclass(frozen=True, slots=True)
class ReportFromArea(Intent):
    """What the people of an area report of a case, in words; ``area_id`` as for an acknowledgement."""

    incident_id: str
    text: str
    area_id: str = ""


def acknowledge(tools: Tools, state: DeskState, intent: AcknowledgeAreaAlert, actor: Actor, now: datetime) -> ChangeSet:
    """The time of the acknowledgement is kept, also after the escalation."""
    incident = incident_of(state, intent.incident_id)
    waiting = [one for one in _chosen(incident, intent.area_id, actor) if one.acknowledged_at is None]
    if not waiting:
        raise Refused("area_acknowledged", incident=incident.incident_id)
    by_phone = not actor.areas
    new = {one.area_id: replace(one, acknowledged_at=now, acknowledged_by=actor.name, by_phone=by_phone) for one in waiting}
    names = [one.area_name for one in waiting]
    note = Note("area.acknowledged_by_phone" if by_phone else "area.acknowledged", areas=names, user=actor.name)
    ended = answered(state, incident.incident_id, names, now)
    return recorded(incident, _with(incident, new), "area_acknowledged", note, alarms=ended)


def report(tools: Tools, state: DeskState, intent: ReportFromArea, actor: Actor, now: datetime) -> ChangeSet:
    """A report is no acknowledgement: that is a step of its own."""
    incident, text = incident_of(state, intent.incident_id), intent.text.strip()
    if not text:
        raise Refused("area_report_empty")
    alert = _chosen(incident, intent.area_id, actor)[0]
    new = replace(alert, reports=(*alert.reports, AreaReport(now, actor.name, text)))
    note = Note("area.reported", area=alert.area_name, user=actor.name, text=text)
    return recorded(incident, _with(incident, {alert.area_id: new}), "area_reported", note)


def _chosen(incident: Incident, area_id: str, actor: Actor) -> list[AreaAlert]:
    """The alerts meant: of the named area, else of the actor's. Raises Refused when there is none, or it is not the actor's."""
    own = [one for one in incident.area_alerts if not actor.areas or one.area_id in actor.areas]
    found = [one for one in own if area_id == one.area_id or (not area_id and actor.areas)]
    if not found:
        raise Refused("area_not_alerted", incident=incident.incident_id)
    return found


def _with(incident: Incident, new: dict[str, AreaAlert]) -> Incident:
    return replace(incident, area_alerts=tuple(new.get(one.area_id, one) for one in incident.area_alerts))


HANDLERS = (
    Handler(AcknowledgeAreaAlert, acknowledge, Permission.ALARMS),
    Handler(ReportFromArea, report, Permission.CREWS),
)
