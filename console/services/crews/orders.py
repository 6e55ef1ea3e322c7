"""Crews and their orders: nearest free crew, sending, countermanding, replies."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from console.domain.actors import Actor, Permission
from console.domain.changes import ChangeSet
from console.domain.clock import micros
from console.domain.crews import CrewFix, CrewKind, CrewState
from console.domain.incidents import Incident, OrderKind, OrderState, Phase, PipePlace, WorkOrder
from console.domain.intents import Intent
from console.domain.notes import NO_NOTE, Code, Note
from console.domain.orders import OrderReply
from console.domain.outgoing import Outgoing
from console.services.changesets import NOTHING, Refused, incident_of, recorded
from console.services.crews.contact import with_silence
from console.services.handling import Handler
from console.services.incidents.messages import order_message, order_text
from console.services.state import DeskState
from console.services.tools import Tools


@dataclass(frozen=True, slots=True)
class SendCrew(Intent):
    """Send a crew with a repair order; ``crew_id`` empty means the nearest free one."""

    incident_id: str
    crew_id: str = ""


log = logging.getLogger(__name__)

LIVE = (OrderState.SENT, OrderState.ACKNOWLEDGED, OrderState.ON_SITE)
"""Orders that bind a crew."""

_ANSWERS = (OrderState.ACKNOWLEDGED, OrderState.REFUSED, OrderState.ON_SITE, OrderState.DONE)
_RANK = {OrderState.SENT: 0, OrderState.ACKNOWLEDGED: 1, OrderState.ON_SITE: 2, OrderState.DONE: 3, OrderState.REFUSED: 3}


@dataclass(frozen=True, slots=True)
class Sent:
    """A new order: the incident with it, its message, the note for the log."""

    incident: Incident
    outgoing: tuple[Outgoing, ...]
    note: Note


def free_crews(tools: Tools, state: DeskState, incident: Incident, now: datetime) -> tuple[CrewFix, ...]:
    """Crews that can be sent unasked, the nearest to the case's pipe first.

    Repair crews on duty, heard of lately, without a live order, not refusing this case.
    """
    busy = {order.crew_id for case in state.incidents.values() for order in case.orders if order.state in LIVE}
    refused = {order.crew_id for order in incident.orders if order.state is OrderState.REFUSED}
    minutes = tools.settings.crew_silent_minutes
    crews = with_silence(state.crews.values(), state.incidents.values(), state.duties(), micros(now), minutes)
    able = [crew for crew in crews if crew.kind is CrewKind.REPAIR and crew.state is CrewState.FREE]
    free = [crew for crew in able if crew.crew_id not in busy | refused]
    pipes = incident.target_pipes()
    if not pipes:
        return tuple(sorted(free, key=lambda crew: crew.crew_id))
    middle = tools.places.middle(tools.city.network.pipes.row(pipes[0]))

    def distance(crew: CrewFix) -> tuple[float, str]:
        away = math.hypot(crew.x - middle.x, crew.y - middle.y)
        return (away if math.isfinite(away) else math.inf, crew.crew_id)

    return tuple(sorted(free, key=distance))


def send(tools: Tools, incident: Incident, crew: CrewFix, kind: OrderKind, now: datetime) -> Sent:
    """Make an order for ``crew``; the place includes the route there."""
    place, eta = _approach(tools, incident, crew)
    incident = replace(incident, place=place)
    number = len(incident.orders) + 1
    order = WorkOrder(
        order_id=f"{incident.incident_id}-W{number}",
        incident_id=incident.incident_id,
        crew_id=crew.crew_id,
        kind=kind,
        pipe_id=place.pipe_id,
        text=order_text(kind, incident, place, eta),
        state=OrderState.SENT,
        sent_at=now,
        eta_minutes=eta,
    )
    incident = replace(incident, orders=(*incident.orders, order))
    note = Note("order.sent", kind=Code("order_paper", kind), crew=crew.name or crew.crew_id)
    return Sent(incident, (order_message(tools, incident, order, now, action="new"),), note)


def countermanded(tools: Tools, incident: Incident, orders: Sequence[WorkOrder], reason: str, now: datetime, by: str) -> Sent:
    """Countermand these orders: they were sent, so they cannot be undone."""
    ids = {order.order_id for order in orders}
    called = tuple(
        replace(o, state=OrderState.COUNTERMANDED, called_back_at=now, called_back_by=by) if o.order_id in ids else o
        for o in incident.orders
    )
    messages = tuple(order_message(tools, incident, order, now, action="countermand", reason=reason) for order in orders)
    note = Note("order.countermanded", orders=sorted(ids)) if ids else NO_NOTE
    return Sent(replace(incident, orders=called), messages, note)


def live_orders(incident: Incident) -> tuple[WorkOrder, ...]:
    """The case's orders that are neither finished, refused nor countermanded."""
    return tuple(order for order in incident.orders if order.state in LIVE)


def live_work(incident: Incident) -> tuple[WorkOrder, ...]:
    """The same without those of tankers."""
    return tuple(order for order in incident.work_orders() if order.state in LIVE)


def send_crew(tools: Tools, state: DeskState, intent: SendCrew, actor: Actor, now: datetime) -> ChangeSet:
    """A repair order; or a site check while none is assigned (refused, or no crew was free).

    Without a crew id the nearest free crew is sent; when none is free, the crew of the site check gets the repair.
    """
    incident = incident_of(state, intent.incident_id)
    if incident.phase is Phase.SUSPECTED:
        raise Refused("not_judged", incident=incident.incident_id)
    crew = _chosen(tools, state, incident, intent.crew_id, now)
    checks = [order for order in incident.orders if order.kind is OrderKind.SITE_CHECK]
    checked = any(order.state in (*LIVE, OrderState.DONE) for order in checks)
    kind = OrderKind.SITE_CHECK if incident.phase is Phase.VERIFIED and not checked else OrderKind.REPAIR
    sent = send(tools, incident, crew, kind, now)
    return recorded(incident, sent.incident, "crew_sent", sent.note, outgoing=sent.outgoing)


def on_reply(tools: Tools, state: DeskState, reply: OrderReply, now: datetime) -> ChangeSet:
    """A crew's reply. Late, repeated or unknown replies change nothing: a phone may send anything."""
    found = _order_of(state, reply)
    if found is None or reply.state not in _ANSWERS:
        log.warning("reply %r of crew %s to order %s fits no order of ours", reply.state, reply.crew_id, reply.order_id)
        return NOTHING
    (incident, order), answered = found, OrderState(reply.state)
    if order.state is OrderState.COUNTERMANDED or _RANK[answered] <= _RANK[order.state]:
        return NOTHING
    new = replace(
        order, state=answered, answered_at=reply.at or now, reply=reply.text, found_pipe=reply.burst_pipe or order.found_pipe
    )
    after = replace(incident, orders=tuple(new if o.order_id == order.order_id else o for o in incident.orders))
    is_water = order.kind is OrderKind.WATER
    note = Note(
        "order.answered",
        crew=order.crew_id,
        answer=Code("order_answer", answered),
        order=order.order_id,
        found=Note("order.found", pipe=reply.burst_pipe) if reply.burst_pipe else NO_NOTE,
        reply=Note("order.reply", text=reply.text) if reply.text else NO_NOTE,
        proposal=_proposal(tools, state, after, now) if answered is OrderState.REFUSED and not is_water else NO_NOTE,
    )
    kind = "tanker" if is_water else "order"  # a tanker on site is no crew at the burst
    return recorded(incident, after, f"{kind}_{answered.value}", note)


def _proposal(tools: Tools, state: DeskState, incident: Incident, now: datetime) -> Note:
    """Who could go instead of a crew that refused."""
    nearest = free_crews(tools, state, incident, now)
    return Note("order.proposal", crew=nearest[0].name or nearest[0].crew_id) if nearest else Note("order.no_other_crew")


def _approach(tools: Tools, incident: Incident, crew: CrewFix) -> tuple[PipePlace, float | None]:
    """The place of the case's first pipe with the route from a crew, and the travel time in minutes."""
    pipe_id = incident.target_pipes()[0]
    place = incident.place if incident.place is not None and incident.place.pipe_id == pipe_id else tools.places.place(pipe_id)
    place, way = tools.places.with_way(place, crew.x, crew.y)
    if way.length_m is None:
        return place, None
    return place, round(way.length_m / 1000.0 / tools.settings.crew_speed_kmh * 60.0, 1)


def _chosen(tools: Tools, state: DeskState, incident: Incident, crew_id: str, now: datetime) -> CrewFix:
    free = free_crews(tools, state, incident, now)
    if not crew_id:
        able = (*free, *_checking(state, incident))
        if not able:
            raise Refused("no_free_crew")
        return able[0]
    crew = state.crews.get(crew_id)
    if crew is None:
        raise Refused("no_crew", crew=crew_id)
    if any(order.crew_id == crew_id for order in live_orders(incident)):
        mine = next(order for order in live_orders(incident) if order.crew_id == crew_id)
        if mine.kind is not OrderKind.SITE_CHECK:
            raise Refused("crew_busy", crew=crew_id, order=mine.order_id)
    return crew


def _checking(state: DeskState, incident: Incident) -> list[CrewFix]:
    """Crews assigned to this case only by its site check, those on site first."""
    bound = {order.crew_id for order in live_orders(incident) if order.kind is not OrderKind.SITE_CHECK}
    checks = sorted(live_work(incident), key=lambda order: order.state is not OrderState.ON_SITE)
    crews = [state.crews[order.crew_id] for order in checks if order.crew_id not in bound and order.crew_id in state.crews]
    return [crew for crew in crews if crew.state is not CrewState.OFF_DUTY]


def _order_of(state: DeskState, reply: OrderReply) -> tuple[Incident, WorkOrder] | None:
    orders = ((incident, order) for incident in state.incidents.values() for order in incident.orders)
    return next(((i, o) for i, o in orders if o.order_id == reply.order_id and o.crew_id == reply.crew_id), None)


HANDLERS = (Handler(SendCrew, send_crew, Permission.CREWS, undoable=("crew_sent",)),)
