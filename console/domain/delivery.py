"""Deliveries: messages that should have left the house and have not, and why."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

from console.domain.changes import Outgoing


class Reason(StrEnum):
    """Why a message is not delivered."""

    NO_CHANNEL = "no_channel"
    DISCONNECTED = "disconnected"
    REFUSED = "refused"


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
    """What a message of the outbox is, by its topic and its body (``services/messages.py`` makes them)."""
    parts, body = outgoing.topic.split("/"), _body(outgoing)
    kind = _kind(parts)
    subject = body.get("order_id") or body.get("notice_id") or _addressee(parts)
    return Undelivered(outgoing_id, kind, str(subject), str(body.get("incident_id", "")), reason)


def _kind(parts: list[str]) -> MessageKind:
    match parts:
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


def _body(outgoing: Outgoing) -> dict[str, object]:
    if outgoing.content_type != "application/json":
        return {}
    body = json.loads(outgoing.payload)
    return body if isinstance(body, dict) else {}
