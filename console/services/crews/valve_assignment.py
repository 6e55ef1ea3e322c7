"""Assignment of a case's valves to crews, and the valve cards sent to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from console.domain.actors import Actor, Permission
from console.domain.changes import ChangeSet
from console.domain.crews import CrewFix, CrewKind, CrewState
from console.domain.incidents import Incident
from console.domain.intents import Intent
from console.domain.notes import Note
from console.domain.outgoing import MessageKind, Outgoing
from console.services.changesets import Refused, incident_of, recorded
from console.services.crews.valve_cards import ValveCard, card_json, valve_cards
from console.services.handling import Handler
from console.services.state import DeskState
from console.services.tools import Tools
from maps.isolation import CrewPlace, Schedule, schedule
from maps.isolation.plan.result import IsolationPlan


@dataclass(frozen=True, slots=True)
class SendValveCards(Intent):
    """Send each crew its valves to close, in order, with their cards."""

    incident_id: str


FROST_MONTHS = (12, 1, 2)
FROST_MINUTES = 5.0
"""More minutes per chamber in these months: lids and stems are frozen (own estimate)."""


def is_frost(incident: Incident, time_zone: str) -> bool:
    """Whether the case is in the months when chambers freeze, by the city's calendar."""
    return incident.opened_at.astimezone(ZoneInfo(time_zone)).month in FROST_MONTHS


def dealt(incident: Incident, plan: IsolationPlan, crews: Iterable[CrewFix], time_zone: str) -> Schedule:
    """Which crew closes which remaining valve: the case's crews and free ones, from their present positions."""
    done = set(incident.closed_valves())
    left = tuple(step for step in plan.valves_to_close if step.asset_id not in done)
    own = {order.crew_id for order in incident.orders}
    able = [fix for fix in crews if (fix.state is CrewState.FREE and fix.kind is CrewKind.REPAIR) or fix.crew_id in own]
    places = [CrewPlace(fix.crew_id, fix.x, fix.y) for fix in able if fix.state is not CrewState.OFF_DUTY]
    frost = FROST_MINUTES if is_frost(incident, time_zone) else 0.0
    return schedule(IsolationPlan(plan.burst_pipes, True, (), (), left), places, frost_minutes=frost)


def send_cards(tools: Tools, state: DeskState, intent: SendValveCards, actor: Actor, now: datetime) -> ChangeSet:
    """Send each crew the cards of its valves, in closing order, on ``…/orders/<crew_id>/valves``."""
    incident = incident_of(state, intent.incident_id)
    plan = incident.plan
    if plan is None or not incident.burst_pipes:
        raise Refused("not_judged", incident=incident.incident_id)
    found = dealt(incident, plan, state.crews.values(), tools.city.info.time_zone)
    cards: dict[str, list[ValveCard]] = {}
    for card in valve_cards(tools.city, plan, found.steps):
        if card.crew:
            cards.setdefault(card.crew, []).append(card)
    if not cards:
        raise Refused("no_crew_for_valves", incident=incident.incident_id)
    outgoing = tuple(_message(tools, incident, crew, mine, now) for crew, mine in cards.items())
    names = {fix.crew_id: fix.name or fix.crew_id for fix in state.crews.values()}
    told = [
        Note("valve.cards_of", crew=names.get(crew, crew), valves=[card.valve_id for card in _in_order(mine)])
        for crew, mine in cards.items()
    ]
    return recorded(incident, incident, "cards_sent", Note("valve.cards", crews=told), outgoing=outgoing)


def _message(tools: Tools, incident: Incident, crew: str, cards: list[ValveCard], now: datetime) -> Outgoing:
    body = {
        "incident_id": incident.incident_id,
        "t": now.astimezone(ZoneInfo(tools.city.info.time_zone)).isoformat(timespec="milliseconds"),
        "exercise": incident.is_drill,
        "reply_to": tools.topic("orders", crew, "ack"),
        "valves": [card_json(card) for card in _in_order(cards)],
    }
    return Outgoing(MessageKind.VALVE_CARDS, crew, msgspec.json.encode(body))


def _in_order(cards: list[ValveCard]) -> list[ValveCard]:
    return sorted(cards, key=lambda card: card.crew_order or 0)


HANDLERS = (Handler(SendValveCards, send_cards, Permission.CREWS),)
