"""Dispatch orders: given, repeated back, done, cancelled; one that is not repeated back in time is reported once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from console.domain.actors import Actor, Permission
from console.domain.changes import ChangeSet, Draft
from console.domain.dispatch_orders import DISPATCH_ORDER, DispatchOrder, DispatchState, TargetKind
from console.domain.incidents import INCIDENT, Incident
from console.domain.intents import Intent
from console.domain.notes import NO_NOTE, Code, Note
from console.domain.record_ids import provisional_id
from console.services.changesets import NOTHING, Refused, incident_of, recorded
from console.services.handling import Handler
from console.services.incidents.joint_plans import merged
from console.services.public.dispatch_targets import target_of
from console.services.shift.words import line
from console.services.state import DeskState
from console.services.tools import Tools
from resources.texts import LANGUAGES, Catalogue

_LONGEST = 300
_LONGEST_DUE_MINUTES = 7 * 24 * 60
STOP_PUMP = "stop_pump"
"""The operation of an order made from the plan."""


@dataclass(frozen=True, slots=True)
class GiveDispatchOrder(Intent):
    """An order was given. ``target_id``: asset id where the dataset has it, else ""; ``due_minutes``: 0 for no time.

    ``operation``: ``STOP_PUMP`` where it stops the pump that it names, else "".
    """

    target: TargetKind
    target_name: str
    text: str
    incident_id: str = ""
    target_id: str = ""
    due_minutes: float = 0.0
    operation: str = ""


@dataclass(frozen=True, slots=True)
class OrderPumpStops(Intent):
    """Orders to stop the pumps that lose suction by a case's plan; those that have an open or done order get no second one."""

    incident_id: str


@dataclass(frozen=True, slots=True)
class RepeatBack(Intent):
    """The other end has read the order back. ``words``: what was said."""

    order_id: str
    who: str
    words: str


@dataclass(frozen=True, slots=True)
class CompleteDispatchOrder(Intent):
    """The other end reports the order as carried out. ``result``: what was reported."""

    order_id: str
    who: str
    result: str = ""


@dataclass(frozen=True, slots=True)
class CancelDispatchOrder(Intent):
    """The order no longer holds."""

    order_id: str
    reason: str


def give(tools: Tools, state: DeskState, intent: GiveDispatchOrder, actor: Actor, now: datetime) -> ChangeSet:
    """Record it. Raises Refused for an order without addressee or words, or for what takes no orders."""
    if intent.incident_id:
        incident_of(state, intent.incident_id)
    target_id = line(intent.target_id)
    known = target_of(tools.city, target_id) if target_id else None
    if target_id and known is None:
        raise Refused("order_target", asset=target_id)
    if intent.operation not in ("", STOP_PUMP) or (intent.operation and (known is None or not known.is_pump)):
        raise Refused("order_no_pump")
    kind = intent.target if known is None else known.kind
    name, text = line(intent.target_name or (known.name if known is not None else "") or target_id), line(intent.text, _LONGEST)
    if not name or not text:
        raise Refused("order_empty")
    if not 0 <= intent.due_minutes <= _LONGEST_DUE_MINUTES:  # NaN is refused too
        raise Refused("order_due")
    due = timedelta(minutes=intent.due_minutes)
    order = DispatchOrder(
        provisional_id(DISPATCH_ORDER), intent.incident_id, kind, target_id, name, text, now, actor.name, actor.actor_id,
        due_at=now + due if intent.due_minutes else None, operation=intent.operation,
    )  # fmt: skip
    return _given(order)


def stop_pumps(_tools: Tools, state: DeskState, intent: OrderPumpStops, actor: Actor, now: datetime) -> ChangeSet:
    """One order for each pump of the plan. Raises Refused when there is none left to order."""
    pumps = pumps_without_order(incident_of(state, intent.incident_id), state.of(DISPATCH_ORDER).values())
    if not pumps:
        raise Refused("no_pump_to_order")
    text = Catalogue.load(LANGUAGES[0])
    return merged(
        *(
            _given(
                DispatchOrder(
                    provisional_id(DISPATCH_ORDER),
                    intent.incident_id,
                    TargetKind.PUMPING_STATION,
                    pump,
                    pump,
                    text.text("domain.dispatch_text.stop_pump", pump=pump),
                    now,
                    actor.name,
                    actor.actor_id,
                    operation=STOP_PUMP,
                )
            )
            for pump in pumps
        )
    )


def pumps_without_order(incident: Incident, orders: Iterable[DispatchOrder]) -> tuple[str, ...]:
    """Pumps that the plan stops and that no order of the case names, but for cancelled ones."""
    named = {
        one.target_id
        for one in orders
        if one.incident_id == incident.incident_id and one.operation == STOP_PUMP and one.state is not DispatchState.CANCELLED
    }
    return tuple(pump for pump in (incident.plan.pumps_to_stop if incident.plan is not None else ()) if pump not in named)


def repeat_back(tools: Tools, state: DeskState, intent: RepeatBack, _actor: Actor, now: datetime) -> ChangeSet:
    """Record who read it back, in which words; the first time counts. Raises Refused, naming who it was."""
    order = _open_order(state, intent.order_id)
    if order.repeated_at is not None:
        at = order.repeated_at.astimezone(ZoneInfo(tools.city.info.time_zone))
        raise Refused("repeated_already", order=order.order_id, who=order.repeated_by, time=f"{at:%m-%d %H:%M}")
    who, words = line(intent.who), line(intent.words, _LONGEST)
    if not who or not words:
        raise Refused("repeat_empty")
    after = replace(order, state=DispatchState.REPEATED, repeated_at=now, repeated_by=who, repeated_words=words)
    return _step(order, after, "dispatch_repeated", Note("dispatch.repeated", **_named(order), who=who, words=words))


def complete(_tools: Tools, state: DeskState, intent: CompleteDispatchOrder, _actor: Actor, now: datetime) -> ChangeSet:
    """Record the report. Raises Refused."""
    order, who = _open_order(state, intent.order_id), line(intent.who)
    if not who:
        raise Refused("repeat_empty")
    after = replace(order, state=DispatchState.DONE, done_at=now, done_by=who, result=line(intent.result, _LONGEST))
    said = Note("dispatch.said", text=after.result) if after.result else NO_NOTE
    return _step(order, after, "dispatch_done", Note("dispatch.done", **_named(order), who=who, result=said))


def cancel(_tools: Tools, state: DeskState, intent: CancelDispatchOrder, actor: Actor, now: datetime) -> ChangeSet:
    """Call it back. Raises Refused without a reason."""
    order, reason = _open_order(state, intent.order_id), line(intent.reason, _LONGEST)
    if not reason:
        raise Refused("reason_missing")
    after = replace(order, state=DispatchState.CANCELLED, cancelled_at=now, cancelled_by=actor.name, reason=reason)
    return _step(order, after, "dispatch_cancelled", Note("dispatch.cancelled", **_named(order), reason=reason))


def on_time(tools: Tools, state: DeskState, now: datetime) -> ChangeSet:
    """Report each order once that is not repeated back within the time of the settings (0 minutes: never)."""
    minutes = tools.settings.repeat_back_minutes
    if not minutes:
        return NOTHING
    late = [
        order
        for order in state.of(DISPATCH_ORDER).values()
        if order.state is DispatchState.GIVEN and order.warned_at is None and now - order.given_at > timedelta(minutes=minutes)
    ]
    if not late:
        return NOTHING
    return merged(
        *(
            _step(
                order,
                replace(order, warned_at=now),
                "dispatch_unanswered",
                Note("dispatch.unanswered", **_named(order), minutes=round(minutes)),
            )
            for order in late
        )
    )


def _given(order: DispatchOrder) -> ChangeSet:
    return _step(None, order, "dispatch_given", Note("dispatch.given", **_named(order)))


def _named(order: DispatchOrder) -> dict[str, Code | str]:
    return {
        "order": order.order_id,
        "target": Code("dispatch_target", order.target),
        "name": order.target_name,
        "text": order.text,
    }


def _step(before: DispatchOrder | None, after: DispatchOrder, kind: str, note: Note) -> ChangeSet:
    """The order's step, with a line in its case's log of actions. The shift log has one line of it, so the kinds differ."""
    if not after.incident_id:
        return recorded(before, after, kind, note)
    step = recorded(before, after, "dispatch_order_changed", note)
    return replace(step, drafts=(*step.drafts, Draft(kind, INCIDENT.subject(after.incident_id), None, None, note)))


def _open_order(state: DeskState, order_id: str) -> DispatchOrder:
    order = state.of(DISPATCH_ORDER).get(order_id)
    if order is None:
        raise Refused("no_dispatch_order", order=order_id)
    if not order.is_open:
        raise Refused("dispatch_order_over", order=order_id)
    return order


HANDLERS = (
    Handler(GiveDispatchOrder, give, Permission.OPERATIONS),
    Handler(OrderPumpStops, stop_pumps, Permission.OPERATIONS),
    Handler(RepeatBack, repeat_back, Permission.OPERATIONS),
    Handler(CompleteDispatchOrder, complete, Permission.OPERATIONS),
    Handler(CancelDispatchOrder, cancel, Permission.OPERATIONS),
)
