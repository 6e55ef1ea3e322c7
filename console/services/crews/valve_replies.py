"""Reports on valves in crews' replies: the same steps as marks made at the desk, with the crew as actor."""

from __future__ import annotations

import logging
from datetime import datetime

from console.domain.actors import Actor, Role
from console.domain.changes import ChangeSet
from console.domain.incidents import Incident, Unable, ValveMark
from console.domain.notes import NO_NOTE, Code, Note
from console.domain.orders import OrderReply
from console.domain.records import subject_of
from console.services.changesets import NOTHING, Refused, recorded
from console.services.crews.corrections import from_valve_report
from console.services.crews.valve_reports import (
    MarkValveClosed,
    MarkValveRestored,
    MarkValveUnable,
    mark_closed,
    mark_restored,
    mark_unable,
)
from console.services.incidents.joint_plans import merged
from console.services.note_texts import as_written
from console.services.state import DeskState
from console.services.tools import Tools
from maps.errors import UnknownAsset

log = logging.getLogger(__name__)


def on_valve_reply(tools: Tools, state: DeskState, reply: OrderReply, now: datetime) -> ChangeSet:
    """Mark the valve and replan. A report counts even if its order was countermanded.

    What cannot be applied (a case not judged or closed, a valve the network lacks, no reason) changes no plan and stays in
    the case's log of actions. Repeated reports, and those of crews unknown here, change nothing.
    """
    incident = _case_of(state, reply)
    if incident is None:
        log.warning("crew %s reports valve %s for a case that is none of ours", reply.crew_id, reply.valve_id)
        return NOTHING
    at = max(reply.at or now, incident.opened_at)
    mark = next((mark for mark in incident.valve_marks if mark.valve_id == reply.valve_id), None)
    if mark is not None and _is_same(mark, reply):
        return NOTHING
    if mark is not None and reply.at is not None and reply.at <= (mark.restored_at or mark.at):
        return _noted(state, incident, reply, Note("valve.later_report", by=mark.restored_by or mark.by))
    if reply.state == "valve_unable" and reply.unable not in tuple(Unable):
        return _noted(state, incident, reply, Note("valve.no_reason"))
    try:
        return _marked(tools, state, incident, reply, at)
    except Refused as fault:
        return _noted(state, incident, reply, fault.note())
    except UnknownAsset:
        return _noted(state, incident, reply, Note("valve.unknown"))


def _marked(tools: Tools, state: DeskState, incident: Incident, reply: OrderReply, at: datetime) -> ChangeSet:
    case, valve, crew = incident.incident_id, reply.valve_id, Actor.named(reply.crew_id, Role.CREW)
    if reply.state == "valve_closed":
        return mark_closed(tools, state, MarkValveClosed(case, valve), crew, at)
    if reply.state == "valve_restored":
        return mark_restored(tools, state, MarkValveRestored(case, valve), crew, at)
    unable = Unable(reply.unable)
    step = mark_unable(tools, state, MarkValveUnable(case, valve, unable), crew, at)
    return merged(step, from_valve_report(state, reply.crew_id, case, valve, unable, at))


def _case_of(state: DeskState, reply: OrderReply) -> Incident | None:
    """The case of the crew's order, present or past, or the case named on its valve card."""
    for incident in state.incidents.values():
        if any(order.order_id == reply.order_id and order.crew_id == reply.crew_id for order in incident.orders):
            return incident
    return state.incidents.get(reply.incident_id) if reply.crew_id in state.crews else None


def _is_same(mark: ValveMark, reply: OrderReply) -> bool:
    """Whether this was reported before, by this crew or another user."""
    if reply.state == "valve_restored":
        return mark.restored_at is not None
    return mark.operated and mark.unable is None if reply.state == "valve_closed" else mark.unable == reply.unable


def _noted(state: DeskState, incident: Incident, reply: OrderReply, why: Note) -> ChangeSet:
    """Log the report and why it changes nothing, once."""
    is_known = reply.unable in tuple(Unable)
    note = Note(
        "valve.report_unused",
        crew=reply.crew_id,
        valve=reply.valve_id,
        report=Code("valve_report", reply.state),
        reason=Note("valve.report_reason", unable=Code("unable", reply.unable)) if is_known else NO_NOTE,
        why=why,
    )
    text = as_written(note)  # one written before notes had keys is the same report
    history = state.history.get(subject_of(incident), ())
    if any(change.kind == "valve_report_unused" and as_written(change.note) == text for change in history):
        return NOTHING
    log.warning("crew %s: %s of valve %s changes no plan: %s", reply.crew_id, reply.state, reply.valve_id, why.key)
    return recorded(incident, incident, "valve_report_unused", note)
