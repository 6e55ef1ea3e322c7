"""Deliveries: messages that should have left the house and have not, and why."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum

from console.domain.changes import Outgoing
from console.domain.notices import NoticeStatus

_CAP_CASE = re.compile(rb"<incidents>([^<]*)</incidents>")
_CAP_NOTICE = re.compile(rb"<identifier>[^<]*\.([^.<]+)\.v\d+(\.cancel)?</identifier>")


class Reason(StrEnum):
    """Why a message is not delivered."""

    NO_CHANNEL = "no_channel"
    DISCONNECTED = "disconnected"
    REFUSED = "refused"


class Obsolete(StrEnum):
    """Why a message that never left is not sent any more."""

    COUNTERMANDED = "countermanded"
    DONE = "done"
    REFUSED = "refused"
    RESTORING = "restoring"
    CASE_CLOSED = "case_closed"
    NOTICE_LIFTED = "notice_lifted"


class MessageKind(StrEnum):
    """What leaves the house."""

    ORDER = "order"
    VALVE_CARDS = "valve_cards"
    ALERT = "alert"
    NOTICE = "notice"
    FIRE_BRIGADE = "fire_brigade"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Undelivered:
    """One message of the outbox. ``subject``: id of the order or notice, crew or area where there is none.

    ``incident_id``: "" where the message names none.
    """

    outgoing_id: int
    kind: MessageKind
    subject: str
    incident_id: str
    reason: Reason


def undelivered(outgoing_id: int, outgoing: Outgoing, reason: Reason) -> Undelivered:
    """What a message of the outbox is, by its topic and its body (``services/incidents/messages.py`` makes them)."""
    parts, body = outgoing.topic.split("/"), body_of(outgoing)
    kind = kind_of(outgoing)
    subject = body.get("order_id") or body.get("notice_id") or _addressee(parts)
    return Undelivered(outgoing_id, kind, str(subject), str(body.get("incident_id", "")), reason)


def kind_of(outgoing: Outgoing) -> MessageKind:
    """What a message is, by its topic."""
    match outgoing.topic.split("/"):
        case [*_, "orders", _, "valves"]:
            return MessageKind.VALVE_CARDS
        case [*_, "orders", _]:
            return MessageKind.ORDER
        case [*_, "areas", _, "alerts"]:
            return MessageKind.ALERT
        case [*_, "notices"]:
            return MessageKind.NOTICE
        case [*_, "fire_brigade", _]:
            return MessageKind.FIRE_BRIGADE
        case _:
            return MessageKind.OTHER


def _addressee(parts: list[str]) -> str:
    return parts[-2] if len(parts) >= 2 and parts[-1] in ("alerts", "valves") else parts[-1]


def body_of(outgoing: Outgoing) -> dict[str, object]:
    """A message's JSON object, of a CAP message what names its notice; empty where it is neither."""
    if outgoing.content_type == "application/cap+xml":
        return _cap_body(outgoing.payload)
    if outgoing.content_type != "application/json":
        return {}
    body = json.loads(outgoing.payload)
    return body if isinstance(body, dict) else {}


def _cap_body(payload: bytes) -> dict[str, object]:
    """Case, notice and whether it ends it (``documents/cap.py`` makes these)."""
    case, notice = _CAP_CASE.search(payload), _CAP_NOTICE.search(payload)
    if case is None or notice is None:
        return {}
    status = NoticeStatus.LIFTED if notice[2] else NoticeStatus.ISSUED
    return {"incident_id": case[1].decode(), "notice_id": notice[1].decode(), "status": status}
