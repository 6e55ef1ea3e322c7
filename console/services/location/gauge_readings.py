"""Where to read next, and gauge readings: a measured pressure reweights a case's candidates."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime

from console.domain.actors import Actor, Permission
from console.domain.changes import ChangeSet
from console.domain.incidents import HandReading, Incident, Outlook, Phase
from console.domain.intents import Intent
from console.domain.notes import Code, Note, Quantity
from console.services.changesets import NOTHING, Refused, incident_of, recorded
from console.services.handling import Handler
from console.services.incidents.messages import area_alert
from console.services.incidents.opening import relocated
from console.services.state import DeskState
from console.services.tools import Tools
from maps.locate.next_reading import ReadingPlace, reweighed


@dataclass(frozen=True, slots=True)
class EnterReading(Intent):
    """A gauge reading of a crew at one of the proposed places (``place_id``); it reweights the candidates."""

    incident_id: str
    place_id: str
    pressure_kpa: float


_MOST_KPA = 3000.0


def on_outlook(tools: Tools, state: DeskState, incident_id: str, outlook: Outlook, now: datetime) -> ChangeSet:
    """Store a forecast; the area alert is revised when it has a new place to read."""
    incident = state.incidents.get(incident_id)
    if incident is None or incident.phase is not Phase.SUSPECTED or incident.outlook == outlook:
        return NOTHING
    after = replace(incident, outlook=outlook)
    if not outlook.next_readings:
        return recorded(incident, after, "outlook", Note("reading.none_helps"))
    place = outlook.next_readings[0]
    note = Note("reading.proposed", **_place(place), before=place.set_before, after=place.set_after)
    moved = not (incident.outlook and incident.outlook.next_readings[:1] == outlook.next_readings[:1])
    told = area_alert(tools, after, "revised", now) if moved else ()
    return recorded(incident, after, "outlook", note, outgoing=told)


def enter(tools: Tools, state: DeskState, intent: EnterReading, actor: Actor, now: datetime) -> ChangeSet:
    """Apply a gauge reading at a proposed place. Raises Refused."""
    incident = incident_of(state, intent.incident_id)
    if incident.phase is not Phase.SUSPECTED or incident.location is None:
        raise Refused("past_judging", incident=incident.incident_id, phase=incident.phase)
    proposed = incident.outlook.next_readings if incident.outlook else ()
    place = next((one for one in proposed if one.asset_id == intent.place_id), None)
    if place is None:
        raise Refused("not_proposed", place=intent.place_id)
    if not (math.isfinite(intent.pressure_kpa) and 0.0 <= intent.pressure_kpa <= _MOST_KPA):
        raise Refused("no_pressure")
    read = HandReading(place.asset_id, intent.pressure_kpa, place.expected_kpa, now, actor.name)
    location = reweighed(incident.location, place, intent.pressure_kpa)
    with_reading: Incident = replace(incident, hand_readings=(*incident.hand_readings, read), outlook=None)
    after = relocated(tools, state, with_reading, location, now)
    note = Note(
        "reading.entered",
        **_place(place),
        observed=Quantity(read.pressure_kpa, "pressure"),
        expected=Quantity(read.expected_kpa, "pressure"),
        before=len(incident.location.set_90),
        after=len(location.set_90),
        pipe=location.candidates[0].pipe_id,
    )
    return recorded(incident, after, "reading_entered", note, outgoing=area_alert(tools, after, "revised", now))


def _place(place: ReadingPlace) -> dict[str, Code | str]:
    return {"kind": Code("place_kind", place.kind), "place": place.asset_id}


HANDLERS = (Handler(EnterReading, enter, Permission.CASES, undoable=("reading_entered",)),)
