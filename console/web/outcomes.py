"""What became of an answer, read from the case as it is on disk: taken, or refused with the record that overrode it."""

from __future__ import annotations

from datetime import datetime

from console.domain.crew_links import Answered
from console.domain.incidents import Incident, OrderState, Phase, Unable, ValveMark, WorkOrder
from console.domain.orders import OrderReply

TAKEN, REFUSED = "taken", "refused"
_RANK = {OrderState.SENT: 0, OrderState.ACKNOWLEDGED: 1, OrderState.ON_SITE: 2, OrderState.DONE: 3, OrderState.REFUSED: 3}


def outcome(incident: Incident, order: WorkOrder, reply: OrderReply, *, knows_valve: bool) -> Answered | None:
    """None: nothing shows that it was written; it is to be sent again. ``knows_valve``: whether the network has the valve."""
    if not reply.is_on_valve:
        return _of_order(incident, order, reply)
    if not knows_valve:
        return Answered(REFUSED, "unknown_valve")
    mark = next((one for one in incident.valve_marks if one.valve_id == reply.valve_id), None)
    if mark is not None and _says(mark, reply):
        return Answered(TAKEN, by=mark.restored_by or mark.by, at=mark.restored_at or mark.at)
    if not incident.is_open():
        return Answered(REFUSED, "case_closed", incident.closed_by, incident.closed_at)
    if incident.phase is Phase.SUSPECTED:
        return Answered(REFUSED, "not_judged")
    return _overridden(mark, reply)


def _of_order(incident: Incident, order: WorkOrder, reply: OrderReply) -> Answered | None:
    if order.state is OrderState.COUNTERMANDED:
        return Answered(REFUSED, "countermanded", order.called_back_by, order.called_back_at)
    answered = OrderState(reply.state)
    if order.state is answered:
        return Answered(TAKEN, at=order.answered_at)
    if _RANK[order.state] < _RANK[answered]:
        return None if incident.is_open() else Answered(REFUSED, "case_closed", incident.closed_by, incident.closed_at)
    return Answered(REFUSED, f"order_{order.state.value}", order.crew_id, order.answered_at)


def _says(mark: ValveMark, reply: OrderReply) -> bool:
    if reply.state == "valve_restored":
        return mark.restored_at is not None
    if reply.state == "valve_closed":
        return mark.operated and mark.unable is None
    return mark.unable is not None and mark.unable.value == reply.unable


def _overridden(mark: ValveMark | None, reply: OrderReply) -> Answered | None:
    """A later record of the valve, or none that could be reopened."""
    if reply.state == "valve_unable" and reply.unable not in tuple(Unable):
        return Answered(REFUSED, "no_reason")
    if reply.state == "valve_restored" and (mark is None or not mark.operated):
        return Answered(REFUSED, "not_closed")
    last = None if mark is None else mark.restored_at or mark.at
    if mark is not None and reply.state == "valve_closed" and mark.operated:
        return Answered(REFUSED, "valve_unable", mark.by, last)  # turned, and not tight
    if mark is None or last is None or not _is_older(reply.at, last):
        return None
    if mark.restored_at is not None:
        return Answered(REFUSED, "valve_restored", mark.restored_by, last)
    return Answered(REFUSED, "valve_closed" if mark.unable is None else "valve_unable", mark.by, last)


def _is_older(at: datetime | None, last: datetime) -> bool:
    return at is not None and at <= last
