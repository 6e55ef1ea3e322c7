"""Taking a call, or a request of another program: a ticket, matched at once with what runs."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from zoneinfo import ZoneInfo

import numpy as np

from console.domain.actors import Actor, Permission
from console.domain.changes import ChangeSet, Draft
from console.domain.incidents import Phase
from console.domain.intents import Intent
from console.domain.notes import NO_NOTE, Code, Note
from console.domain.record_ids import provisional_id
from console.domain.tickets import COVERED, SHORTAGE, TICKET, Cover, Ticket, TicketKind, TicketSource, TicketState
from console.services.changesets import NOTHING, Refused, recorded
from console.services.handling import Handler
from console.services.incidents.joint_plans import merged
from console.services.shift.contacts import is_phone
from console.services.shift.words import LONGEST_LINE, line, plain
from console.services.state import DeskState
from console.services.tickets.hearing import CallFields, Heard
from console.services.tickets.matching import Match
from console.services.tools import Tools
from maps.gcj02 import shifted_positions

LONGEST_ADDRESS, LONGEST_TEXT, LONGEST_URL = 200, 2000, 500
_LONGEST_KEY = LONGEST_LINE


@dataclass(frozen=True, slots=True)
class TakeCall(Intent):
    """A ticket. ``client``, ``request_key``: of another program; the same key again changes nothing.

    ``incident_id``: the case that the caller's report belongs to where a person chose it; "" lets the area decide.
    ``duplicate_of``: the ticket that a person says it repeats; it is never found by itself.
    """

    fields: CallFields
    source: TicketSource = TicketSource.PHONE
    client: str = ""
    request_key: str = ""
    media_url: str = ""
    incident_id: str = ""
    duplicate_of: str = ""


@dataclass(frozen=True, slots=True)
class CorrectTicket(Intent):
    """Other fields of a ticket; its place is matched anew. ``base``: the fields that the correction began from."""

    ticket_id: str
    fields: CallFields
    base: CallFields | None = None


def take(tools: Tools, state: DeskState, intent: TakeCall, actor: Actor, now: datetime) -> ChangeSet:
    """Keep a call as a ticket; in the area of a case it joins it as evidence."""
    if intent.client and request_key(intent.request_key) and _known(state, intent) is not None:
        return NOTHING
    fields = cleaned(intent.fields)
    if intent.incident_id and intent.incident_id not in state.incidents:
        raise Refused("no_incident", incident=intent.incident_id)
    heard = tools.calls.hear(state, fields, now)
    year = now.astimezone(ZoneInfo(tools.city.info.time_zone)).year
    ticket = Ticket(
        provisional_id(TICKET, str(year)),
        now,
        fields.kind,
        intent.source,
        actor.name,
        client=line(intent.client),
        request_key=request_key(intent.request_key),
        media_url=_url(intent.media_url),
        updated_at=now,
        is_drill=tools.is_drill,
        place_doubt=_doubt(tools, intent.source, fields),
    )
    ticket = placed(tools, ticket, fields, heard)
    ticket = joined_to(state, ticket, intent.incident_id or case_for(heard.match, fields.kind))
    if intent.duplicate_of:
        first = ticket_of(state, intent.duplicate_of)
        ticket = replace(ticket, state=TicketState.DUPLICATE, duplicate_of=first.ticket_id, closed_at=now)
    note = Note(
        "ticket.taken",
        kind=Code("ticket_kind", ticket.kind),
        source=Code("ticket_source", ticket.source),
        address=Note("ticket.at", address=ticket.address) if ticket.address else NO_NOTE,
        said=Note("ticket.said", text=ticket.text) if ticket.text else NO_NOTE,
        answer=ticket.answer,
    )
    return with_case_line(recorded(None, ticket, "ticket_taken", note), ticket.incident_id, "ticket_taken", note)


def correct(tools: Tools, state: DeskState, intent: CorrectTicket, actor: Actor, now: datetime) -> ChangeSet:
    """Correct what was entered; the case it belongs to stays a person's choice, or follows the new place.

    Raises Refused, also where somebody else has corrected it since.
    """
    before = ticket_of(state, intent.ticket_id)
    if intent.base is not None and intent.base != fields_of(before):
        raise Refused("ticket_corrected_since", ticket=before.ticket_id)
    fields = cleaned(intent.fields)
    heard = tools.calls.hear(state, fields, now, without=before.ticket_id)
    after = replace(placed(tools, before, fields, heard), kind=fields.kind, updated_at=now)
    if (after.x, after.y, after.asset_id) != (before.x, before.y, before.asset_id):
        after = replace(joined_to(state, after, case_for(heard.match, fields.kind)), place_doubt="")
    if replace(after, updated_at=before.updated_at, answer=before.answer) == before:
        raise Refused("ticket_same", ticket=before.ticket_id)
    return recorded(before, after, "ticket_corrected", Note("ticket.corrected", ticket=before.ticket_id))


def placed(tools: Tools, ticket: Ticket, fields: CallFields, heard: Heard) -> Ticket:
    """The ticket with what was entered and with its matched place."""
    place, customers = heard.place, tools.city.customers
    x, y = heard.x, heard.y
    one = int(place.customers[0]) if len(place.customers) == 1 else -1
    areas = tools.areas.at(np.array([x]), np.array([y])) if x is not None and y is not None else [""]
    names = {str(customers.community[row]) for row in place.customers[:1_000].tolist()} - {""}
    return replace(
        ticket,
        phone=fields.phone,
        caller=fields.caller,
        address=fields.address,
        text=fields.text,
        x=None if x is None else float(x),
        y=None if y is None else float(y),
        asset_kind=fields.asset_kind,
        asset_id=fields.asset_id,
        customer_id=str(customers.asset_id[one]) if one >= 0 else "",
        pipe_id=tools.calls.places.first_pipe(place),
        away_m=float(place.away_m) if np.isfinite(place.away_m) else None,
        community=next(iter(names)) if len(names) == 1 else "",
        area_id=areas[0],
        wants_callback=fields.wants_callback,
        cover=heard.cover,
        answer=heard.answer,
    )


def fields_of(ticket: Ticket) -> CallFields:
    """What was entered of a ticket; a point only where its place is one."""
    point = (None, None) if ticket.asset_id else (ticket.x, ticket.y)
    return CallFields(
        ticket.kind, ticket.phone, ticket.caller, ticket.address, ticket.text, *point, ticket.asset_kind, ticket.asset_id,
        ticket.wants_callback,
    )  # fmt: skip


def joined_to(state: DeskState, ticket: Ticket, incident_id: str) -> Ticket:
    """The ticket as one of this case ("" for none), in the state that the case gives it."""
    incident = state.incidents.get(incident_id)
    at_work = incident is not None and incident.phase is not Phase.SUSPECTED
    state_now = ticket.state
    if ticket.is_open and ticket.state in (TicketState.CONFIRMED, TicketState.IN_PROGRESS):
        state_now = TicketState.IN_PROGRESS if at_work else TicketState.CONFIRMED
    return replace(ticket, incident_id=incident_id, state=state_now)


def with_case_line(step: ChangeSet, incident_id: str, kind: str, note: Note) -> ChangeSet:
    """A step of a ticket that also stands in the log of actions of its case."""
    return merged(step, ChangeSet((Draft(kind, f"incident/{incident_id}", None, None, note),))) if incident_id else step


def ticket_of(state: DeskState, ticket_id: str) -> Ticket:
    """A ticket that is open or was closed in the last hours. Raises Refused."""
    ticket = state.of(TICKET).get(ticket_id)
    if ticket is None:
        raise Refused("no_ticket", ticket=ticket_id)
    return ticket


def cleaned(fields: CallFields) -> CallFields:
    """The fields bounded and in plain lines. Raises Refused for what is no phone number or no coordinate."""
    phone = line(plain(fields.phone))
    if phone and not is_phone(phone):
        raise Refused("ticket_phone", phone=phone)
    x, y = fields.x, fields.y
    if (x is None) != (y is None) or (x is not None and y is not None and not (math.isfinite(x) and math.isfinite(y))):
        raise Refused("ticket_place")
    address = line(fields.address, LONGEST_ADDRESS)
    if not (phone or address or fields.text.strip() or x is not None or fields.asset_id):
        raise Refused("ticket_empty")
    return replace(
        fields,
        phone=phone,
        caller=line(fields.caller, 60),
        address=address,
        text=fields.text.strip()[:LONGEST_TEXT],
        asset_kind=line(fields.asset_kind, 20),
        asset_id=line(fields.asset_id),
    )


def case_for(found: Match, kind: TicketKind) -> str:
    """The case that a call is evidence for: its place lies in the area, and the kind is one that a burst explains; else ""."""
    area, cover = found.area, found.cover
    is_evidence = kind in SHORTAGE and (cover in COVERED or (cover is Cover.PARTLY and kind is not TicketKind.LOW_PRESSURE))
    return area.record_id if area is not None and area.is_case and is_evidence else ""


def _doubt(tools: Tools, source: TicketSource, fields: CallFields) -> str:
    """What is doubtful about a point of another program, "" for nothing; one that was chosen on our map is no datum's."""
    if source is not TicketSource.OPEN311 or fields.x is None or fields.y is None:
        return ""
    return "shifted" if shifted_positions(tools.city).is_likely(fields.x, fields.y) else ""


def _known(state: DeskState, intent: TakeCall) -> Ticket | None:
    key = (line(intent.client), request_key(intent.request_key))
    return next((one for one in state.of(TICKET).values() if (one.client, one.request_key) == key), None)


def request_key(text: str) -> str:
    """A client's own number of a request as it is kept: the same again is found, and two long ones are never taken for one."""
    whole = " ".join(text.split())
    if len(whole) <= _LONGEST_KEY:
        return whole
    digest = blake2b(whole.encode("utf-8", "replace"), digest_size=12).hexdigest()
    return f"{whole[: _LONGEST_KEY - len(digest) - 1]}~{digest}"


def _url(text: str) -> str:
    """A picture's address as it was given: http or https, in one line; "" for anything else."""
    url = line(text, LONGEST_URL)
    return url if url.lower().startswith(("http://", "https://")) else ""


HANDLERS = (
    Handler(TakeCall, take, Permission.TICKETS),
    Handler(CorrectTicket, correct, Permission.TICKETS, undoable=("ticket_corrected",)),
)
