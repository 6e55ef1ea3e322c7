"""Messages that waited for a channel until they were out of date: they are not sent.

A countermand, a cancelled alert, the end of a notice and hydrants back in service are always sent: it is not certain
that the message they end was never received.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from console.domain.delivery import Obsolete, body_of
from console.domain.incidents import Incident, OrderState, Phase
from console.domain.notices import NoticeStatus
from console.domain.outgoing import MessageKind, Outgoing

CaseOf = Callable[[str], Incident | None]
"""An incident by its id, open or closed, None when unknown."""

_OVER = {
    OrderState.COUNTERMANDED: Obsolete.COUNTERMANDED,
    OrderState.DONE: Obsolete.DONE,
    OrderState.REFUSED: Obsolete.REFUSED,
}


def obsolete(outgoing: Outgoing, case_of: CaseOf) -> Obsolete | None:
    """Why an unsent message is out of date, by the present state of its case; None: send it."""
    body: dict[str, Any] = body_of(outgoing)
    incident = case_of(str(body.get("incident_id", "")))
    if incident is None:
        return None
    kind = outgoing.kind
    if kind is MessageKind.NOTICE:
        return _notice(incident, body)
    if kind is MessageKind.ORDER:
        return _order(incident, body)
    if kind is MessageKind.VALVE_CARDS and incident.phase is Phase.RESTORING:
        return Obsolete.RESTORING
    ends = body.get("status") == "cancelled" or (kind is MessageKind.FIRE_BRIGADE and not body.get("hydrants_without_water"))
    return None if incident.is_open() or ends or kind is MessageKind.OTHER else Obsolete.CASE_CLOSED


def _order(incident: Incident, body: dict[str, Any]) -> Obsolete | None:
    if body.get("action") == "countermand":
        return None
    state = next((order.state for order in incident.orders if order.order_id == body.get("order_id")), None)
    if state in _OVER:
        return _OVER[state]
    return None if incident.is_open() else Obsolete.CASE_CLOSED


def _notice(incident: Incident, body: dict[str, Any]) -> Obsolete | None:
    if body.get("status") == NoticeStatus.LIFTED:
        return None
    is_lifted = any(n.notice_id == body.get("notice_id") and n.status is NoticeStatus.LIFTED for n in incident.notices)
    return Obsolete.NOTICE_LIFTED if is_lifted else None
