"""Assignment of a case's valves to crews, and the valve cards sent to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from console.domain.actors import Actor, Permission
from console.domain.changes import ChangeSet
from console.domain.corrections import CORRECTION, overlay
from console.domain.crews import CrewFix, CrewKind, CrewState
from console.domain.incidents import CardsSent, Incident
from console.domain.intents import Intent
from console.domain.notes import Note
from console.domain.outgoing import MessageKind, Outgoing
from console.services.changesets import NOTHING, Refused, incident_of, recorded
from console.services.crews.valve_cards import ValveCard, card_json, valve_cards
from console.services.handling import Handler
from console.services.state import DeskState
from console.services.tools import Tools
from maps.isolation import CrewPlace, Schedule, schedule
from maps.isolation.plan.result import IsolationPlan, ValveStep


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
    own = {order.crew_id for order in incident.work_orders()}
    able = [fix for fix in crews if (fix.state is CrewState.FREE and fix.kind is CrewKind.REPAIR) or fix.crew_id in own]
    places = tuple(CrewPlace(fix.crew_id, fix.x, fix.y) for fix in able if fix.state is not CrewState.OFF_DUTY)
    return _scheduled(left, places, FROST_MINUTES if is_frost(incident, time_zone) else 0.0)


@lru_cache(maxsize=32)
def _scheduled(left: tuple[ValveStep, ...], crews: tuple[CrewPlace, ...], frost_minutes: float) -> Schedule:
    """Kept: a schedule takes about 50 ms, and the window asks for the same one whenever anything of the case changes."""
    return schedule(IsolationPlan((), True, (), (), left), crews, frost_minutes=frost_minutes)


def send_cards(tools: Tools, state: DeskState, intent: SendValveCards, actor: Actor, now: datetime) -> ChangeSet:
    """Send each crew the cards of its valves, in closing order, on ``…/orders/<crew_id>/valves``."""
    incident = incident_of(state, intent.incident_id)
    plan = incident.plan
    if plan is None or not incident.burst_pipes:
        raise Refused("not_judged", incident=incident.incident_id)
    found = dealt(incident, plan, state.crews.values(), tools.city.info.time_zone)
    cards: dict[str, list[ValveCard]] = {}
    for card in valve_cards(tools.city, plan, found.steps, overlay(state.of(CORRECTION).values())):
        if card.crew:
            cards.setdefault(card.crew, []).append(card)
    if not cards:
        raise Refused("no_crew_for_valves", incident=incident.incident_id)
    before = {one.crew_id: one for one in incident.cards}
    mine = {crew: _in_order(found) for crew, found in cards.items()}
    sent, outgoing = list[CardsSent](), list[Outgoing]()
    for crew in dict.fromkeys((*mine, *before)):
        new = tuple(card.valve_id for card in mine.get(crew, ()))
        gone = tuple(one for one in _held(incident, before.get(crew)) if one not in new)
        if crew in mine or gone:
            sent.append(CardsSent(crew, new, now, gone))
            outgoing.append(_message(tools, incident, crew, mine.get(crew, []), now, gone))
        else:
            sent.append(before[crew])
    names = {fix.crew_id: fix.name or fix.crew_id for fix in state.crews.values()}
    told = [
        Note("valve.cards_of", crew=names.get(crew, crew), valves=[card.valve_id for card in _in_order(mine)])
        for crew, mine in cards.items()
    ]
    after = replace(incident, cards=tuple(sent))
    return recorded(incident, after, "cards_sent", Note("valve.cards", crews=told), outgoing=outgoing)


def without_card(incident: Incident) -> tuple[str, ...]:
    """Valves still to close that are on no crew's card, where cards were sent at all."""
    plan = incident.plan
    if plan is None or not incident.cards or not incident.is_open():
        return ()
    marked = {mark.valve_id for mark in incident.valve_marks}
    held = {valve for one in incident.cards for valve in one.valves if valve not in one.withdrawn}
    steps = (step.asset_id for step in plan.valves_to_close if step.control != "remote")
    return tuple(valve for valve in steps if valve not in held | marked)


def recalled(tools: Tools, incident: Incident, now: datetime) -> ChangeSet:
    """Crews are told which valves of their cards are not to be closed any more: the plan lacks them, or the case is over.

    Which crew closes a valve that is new in the plan the dispatcher decides (``without_card``).
    """
    plan = incident.plan if incident.is_open() else None
    listed = {step.asset_id for step in plan.valves_to_close} if plan is not None else set[str]()
    cards, outgoing, told = list[CardsSent](), list[Outgoing](), list[Note]()
    for one in incident.cards:
        gone = tuple(valve for valve in _held(incident, one) if valve not in listed)
        cards.append(replace(one, withdrawn=(*one.withdrawn, *gone)) if gone else one)
        if gone:
            left = [valve for valve in one.valves if valve not in cards[-1].withdrawn]
            kept = [card for card in valve_cards(tools.city, plan) if card.valve_id in left] if plan is not None else []
            outgoing.append(_message(tools, incident, one.crew_id, kept, now, cards[-1].withdrawn))
            told.append(Note("valve.cards_of", crew=one.crew_id, valves=list(gone)))
    if not told:
        return NOTHING
    after = replace(incident, cards=tuple(cards))
    return recorded(incident, after, "cards_recalled", Note("valve.cards_recalled", crews=told), outgoing=outgoing)


def _held(incident: Incident, cards: CardsSent | None) -> tuple[str, ...]:
    """Valves of a crew's cards that nobody has reported on, and that were not withdrawn."""
    marked = {mark.valve_id for mark in incident.valve_marks}
    return () if cards is None else tuple(one for one in cards.valves if one not in marked and one not in cards.withdrawn)


def _message(
    tools: Tools, incident: Incident, crew: str, cards: list[ValveCard], now: datetime, withdrawn: tuple[str, ...] = ()
) -> Outgoing:
    body = {
        "incident_id": incident.incident_id,
        "t": now.astimezone(ZoneInfo(tools.city.info.time_zone)).isoformat(timespec="milliseconds"),
        "exercise": incident.is_drill,
        "reply_to": tools.topic("orders", crew, "ack"),
        "valves": [card_json(card) for card in _in_order(cards)],
        "withdrawn": list(withdrawn),
    }
    return Outgoing(MessageKind.VALVE_CARDS, crew, msgspec.json.encode(body))


def _in_order(cards: list[ValveCard]) -> list[ValveCard]:
    return sorted(cards, key=lambda card: card.crew_order or 0)


HANDLERS = (Handler(SendValveCards, send_cards, Permission.CREWS),)
