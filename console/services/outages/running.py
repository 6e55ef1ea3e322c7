"""A planned outage runs: it becomes a case of its own, with valves, crews and restoring as every case, but with no alarm."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from console.domain.actors import Actor, Permission
from console.domain.changes import ChangeSet
from console.domain.crews import CrewState
from console.domain.incidents import INCIDENT, Incident, OrderKind, Phase
from console.domain.intents import Intent
from console.domain.notes import NO_NOTE, Note
from console.domain.outages import Outage, OutageState
from console.domain.outgoing import Outgoing
from console.domain.record_ids import provisional_id
from console.services.changesets import Refused, recorded
from console.services.crews.orders import LIVE, send
from console.services.handling import Handler
from console.services.incidents.case_plan import planned
from console.services.incidents.joint_plans import merged
from console.services.location.place_note import place_note
from console.services.note_texts import as_written
from console.services.notices.holders import work_of_outage
from console.services.outages.planning import ahead_of
from console.services.state import DeskState
from console.services.tools import Tools

EARLIEST = timedelta(minutes=15)
"""Water is shut off no earlier than this before the announced begin."""


@dataclass(frozen=True, slots=True)
class StartOutage(Intent):
    """The work begins. ``unannounced_reason``: why although no notice of it is in force."""

    outage_id: str
    unannounced_reason: str = ""


def start(tools: Tools, state: DeskState, intent: StartOutage, actor: Actor, now: datetime) -> ChangeSet:
    """Open the case of the outage, give it the notices, send the planned crews that are free. Raises Refused."""
    outage, reason = ahead_of(state, intent.outage_id), intent.unannounced_reason.strip()
    if outage.state is OutageState.DRAFT:
        raise Refused("outage_not_planned", outage=outage.outage_id)
    if outage.state is not OutageState.ANNOUNCED and not reason:
        raise Refused("outage_not_announced", outage=outage.outage_id)
    if now < outage.starts_at - EARLIEST:
        raise Refused("outage_early", outage=outage.outage_id)
    incident, outgoing, sent = _with_crews(tools, state, _as_case(tools, state, outage, now), outage, now)
    running = replace(outage, state=OutageState.RUNNING, case_id=incident.incident_id, started_at=now, notices=(), conflicts=())
    loud = Note("outage.unannounced", reason=reason) if reason and outage.state is not OutageState.ANNOUNCED else NO_NOTE
    note = Note("outage.started", outage=outage.outage_id, user=actor.name, case=incident.incident_id, despite=loud)
    opened = Note("outage.case_opened", outage=outage.outage_id, place=place_note(incident.place) if incident.place else NO_NOTE)
    opened = Note("all", parts=[opened, *sent]) if sent else opened
    return merged(
        recorded(None, incident, "outage_case_opened", opened, outgoing=outgoing),
        recorded(outage, running, "outage_started", note),
    )


def _as_case(tools: Tools, state: DeskState, outage: Outage, now: datetime) -> Incident:
    """The case that the outage is from now on; its plan is for the valves as they stand."""
    year = now.astimezone(ZoneInfo(tools.city.info.time_zone)).year
    incident = Incident(
        incident_id=provisional_id(INCIDENT, str(year)),
        title=as_written(place_note(outage.place), tools.city.info.time_zone) if outage.place is not None else "",
        opened_at=now,
        first_abnormal_at=now,
        phase=Phase.VERIFIED,
        place=outage.place,
        burst_pipes=outage.pipe_ids,
        plan=outage.plan,
        impact=outage.impact,
        notices=outage.notices,
        restoration_at=outage.ends_at,
        verified_at=now,
        issued_at=min((one.issued_at for one in outage.notices if one.issued_at is not None), default=None),
        is_drill=outage.is_drill,
        work=work_of_outage(outage),
    )
    return planned(tools, state, incident)


def _with_crews(
    tools: Tools, state: DeskState, incident: Incident, outage: Outage, now: datetime
) -> tuple[Incident, tuple[Outgoing, ...], tuple[Note, ...]]:
    """Repair orders to the planned crews; one that is busy or off duty is named instead."""
    busy = {order.crew_id for case in state.incidents.values() for order in case.orders if order.state in LIVE}
    outgoing: tuple[Outgoing, ...] = ()
    notes: tuple[Note, ...] = ()
    for crew_id in outage.crews:
        crew = state.crews.get(crew_id)
        if crew is None or crew_id in busy or crew.state is CrewState.OFF_DUTY:
            notes = (*notes, Note("outage.crew_not_free", crew=crew_id))
            continue
        sent = send(tools, incident, crew, OrderKind.REPAIR, now)
        incident, outgoing, notes = sent.incident, (*outgoing, *sent.outgoing), (*notes, sent.note)
    return incident, outgoing, notes


HANDLERS = (Handler(StartOutage, start, Permission.CASES),)
