"""Tickets follow their case: callers of its area join it, work begins, it is restored or dismissed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from console.domain.changes import ChangeSet
from console.domain.incidents import Incident, Phase
from console.domain.notes import Note
from console.domain.tickets import SHORTAGE, TICKET, Cover, Ticket, TicketState
from console.services.changesets import recorded
from console.services.incidents.joint_plans import merged
from console.services.state import DeskState
from console.services.tickets.matching import match
from console.services.tickets.taking import case_for, joined_to
from console.services.tools import Tools

JOINS_WITHIN = timedelta(hours=6)
"""Calls of the last hours join a case that is found later."""


def with_tickets_following(tools: Tools, state: DeskState, changes: ChangeSet, now: datetime) -> ChangeSet:
    """``changes`` with what follows from changed cases for their tickets."""
    if not changes.incidents or (not state.of(TICKET) and not changes.of(TICKET)):
        return changes
    after = state.with_records(changes.records)
    steps = list[ChangeSet]()
    for incident in changes.incidents:
        before = state.incidents.get(incident.incident_id)
        steps += _of_case(before, incident, after, now)
        if incident.is_open() and _area_differs(before, incident):
            steps += _newcomers(tools, after, incident, now)
    return merged(changes, *steps) if steps else changes


def with_newcomers(tools: Tools, state: DeskState, changes: ChangeSet, now: datetime) -> ChangeSet:
    """``changes`` with the calls that lie in the areas which its cases have got, such as by the calls themselves."""
    after = state.with_records(changes.records)
    steps = list[ChangeSet]()
    for incident in changes.incidents:
        if incident.is_open() and _area_differs(state.incidents.get(incident.incident_id), incident):
            steps += _newcomers(tools, after, incident, now)
    return merged(changes, *steps) if steps else changes


def _of_case(before: Incident | None, incident: Incident, state: DeskState, now: datetime) -> Iterator[ChangeSet]:
    """Its own tickets, when its phase changed. A case dismissed before it was judged had nothing to restore."""
    if before is None or before.phase is incident.phase:
        return
    own = [one for one in state.of(TICKET).values() if one.incident_id == incident.incident_id and _follows(one)]
    for ticket in own:
        name, case = ticket.ticket_id, incident.incident_id
        if ticket.state is TicketState.DUPLICATE:
            if not incident.is_open() and not _is_dismissed(before, incident):  # closed, yet its caller asked for a call
                note = Note("ticket.restored", ticket=name, case=case, next=Note("ticket.to_call"))
                yield recorded(ticket, replace(ticket, restored_at=now, updated_at=now), "ticket_followed", note)
        elif incident.is_open():
            moved = replace(joined_to(state, ticket, case), updated_at=now)
            if moved.state is not ticket.state:
                yield recorded(ticket, moved, "ticket_followed", Note("ticket.at_work", ticket=name, case=case))
        elif _is_dismissed(before, incident):
            freed = replace(joined_to(state, ticket, ""), cover=Cover.OUTSIDE, updated_at=now)
            yield recorded(ticket, freed, "ticket_followed", Note("ticket.released", ticket=name, case=case))
        else:
            after = replace(ticket, restored_at=now, updated_at=now)
            if not ticket.wants_callback:
                after = replace(after, state=TicketState.FIXED, closed_at=now)
            following = Note("ticket.to_call" if ticket.wants_callback else "ticket.fixed")
            note = Note("ticket.restored", ticket=name, case=case, next=following)
            yield recorded(ticket, after, "ticket_followed", note)


def _newcomers(tools: Tools, state: DeskState, incident: Incident, now: datetime) -> Iterator[ChangeSet]:
    """Open calls of the last hours without a case that lie in the area of this one."""
    areas = tools.calls.areas.of_cases((incident,))
    for ticket in state.of(TICKET).values():
        if ticket.incident_id or not ticket.is_open or ticket.kind not in SHORTAGE or now - ticket.called_at > JOINS_WITHIN:
            continue
        place = tools.calls.places.place(ticket.asset_kind, ticket.asset_id, ticket.x, ticket.y)
        found = match(place, areas, tools.city.customers.households)
        if case_for(found, ticket.kind):
            after = replace(joined_to(state, ticket, incident.incident_id), cover=found.cover, updated_at=now)
            note = Note("ticket.joined_later", ticket=ticket.ticket_id, case=incident.incident_id)
            yield recorded(ticket, after, "ticket_followed", note)


def _area_differs(before: Incident | None, after: Incident) -> bool:
    if before is None or not before.is_open():
        return True
    return before.plan is not after.plan or before.impact is not after.impact


def _follows(ticket: Ticket) -> bool:
    return ticket.is_open or (ticket.state is TicketState.DUPLICATE and ticket.wants_callback)


def _is_dismissed(before: Incident, closed: Incident) -> bool:
    return closed.dismissed or before.phase is Phase.SUSPECTED
