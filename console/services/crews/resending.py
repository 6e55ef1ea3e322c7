"""Orders that their crew does not answer are sent again, with a wait that doubles, until it answers or the order ends.

What a broker or a browser acknowledges is no answer. An order that has not left the house yet is not sent a second time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

from console.domain.changes import ChangeSet
from console.domain.incidents import Incident, OrderState, WorkOrder
from console.domain.notes import Note
from console.services.changesets import recorded
from console.services.incidents.joint_plans import merged
from console.services.incidents.messages import order_message
from console.services.state import DeskState
from console.services.tools import Tools

_LONGEST_MINUTES = 15.0


def next_sending(order: WorkOrder, minutes: float, waited_until: datetime | None = None) -> datetime:
    """When an unanswered order is due again. ``minutes``: the first wait; it doubles up to a quarter of an hour.

    ``waited_until``: until when it is known not to have left the house; the wait begins then.
    """
    wait = min(minutes * 2.0 ** (order.sends - 1), max(minutes, _LONGEST_MINUTES))
    given = order.last_sent_at or order.sent_at
    return (given if waited_until is None else max(given, waited_until)) + timedelta(minutes=wait)


def unanswered(
    state: DeskState, now: datetime, minutes: float, waited_until: Mapping[str, datetime] = MappingProxyType({})
) -> frozenset[str]:
    """Ids of orders that are due again; none where ``minutes`` is 0. ``waited_until``: order id -> as for ``next_sending``."""
    if minutes <= 0:
        return frozenset()
    orders = (order for case in state.incidents.values() if case.is_open() for order in case.orders)
    return frozenset(
        order.order_id
        for order in orders
        if order.state is OrderState.SENT and now >= next_sending(order, minutes, waited_until.get(order.order_id))
    )


def sent_again(tools: Tools, state: DeskState, order_ids: Collection[str], now: datetime) -> ChangeSet:
    """The change set that sends these orders again; those that were answered meanwhile are left out."""
    due = unanswered(state, now, tools.settings.order_resend_minutes) & set(order_ids)
    return merged(*(_again(tools, case, due, now) for case in state.incidents.values() if _of(case, due)))


def _of(case: Incident, due: Collection[str]) -> tuple[WorkOrder, ...]:
    return tuple(order for order in case.orders if order.order_id in due)


def _again(tools: Tools, case: Incident, due: Collection[str], now: datetime) -> ChangeSet:
    orders = tuple(replace(one, sends=one.sends + 1, last_sent_at=now) if one.order_id in due else one for one in case.orders)
    after, mine = replace(case, orders=orders), _of(replace(case, orders=orders), due)
    messages = tuple(order_message(tools, after, order, now, action="new") for order in mine)
    times = [Note("order.again_one", order=order.order_id, crew=order.crew_id, n=order.sends) for order in mine]
    return recorded(case, after, "order_resent", Note("order.again", orders=times), outgoing=messages)
