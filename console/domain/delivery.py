"""Deliveries: messages that should have left the house and have not, and why."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from console.domain.clock import moment
from console.domain.notices import NoticeStatus
from console.domain.outgoing import MessageKind, Outgoing
from console.domain.values import parsed_json

_CAP_CASE = re.compile(rb"<incidents>([^<]*)</incidents>")
_CAP_NOTICE = re.compile(rb"<identifier>[^<]*\.([^.<]+)\.v\d+(\.cancel)?</identifier>")


class Reason(StrEnum):
    """Why a message is not delivered."""

    NO_CHANNEL = "no_channel"
    DISCONNECTED = "disconnected"
    REFUSED = "refused"
    """A failed attempt; it is tried again."""
    REFUSED_FOR_GOOD = "refused_for_good"


class Obsolete(StrEnum):
    """Why a message that never left is not sent any more."""

    COUNTERMANDED = "countermanded"
    DONE = "done"
    REFUSED = "refused"
    RESTORING = "restoring"
    CASE_CLOSED = "case_closed"
    NOTICE_LIFTED = "notice_lifted"


class DeliveryState(StrEnum):
    """State of one delivery: a message on its way by one channel."""

    PENDING = "pending"
    CLAIMED = "claimed"
    """Handed to the channel or about to be; its result is not known yet."""
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    """Sent, and the addressee itself has confirmed it."""
    FAILED = "failed"
    """The channel could not deliver it; it is tried again."""
    REFUSED = "refused"
    """The other side refused it for good; it is tried again only when somebody asks for it."""


ARRIVED = frozenset({DeliveryState.SENT, DeliveryState.ACKNOWLEDGED})
"""States after which a channel has done its part."""
RETRIED = "delivery_retried"
"""Kind of the change by which somebody asks for another attempt; its ``after`` holds ``outgoing_id`` and ``channel``."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is recorded of a message's way by one channel. ``attempts``: how often it was handed over.

    ``next_us``: when a failed one is tried again (µs UTC, the machine's clock); ``failure``: why, as the channel says.
    """

    channel: str
    state: DeliveryState = DeliveryState.PENDING
    attempts: int = 0
    next_us: int = 0
    failure: str = ""


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message of a case as the store has it, for people to see. ``subject``: id of the order or notice, else the addressee.

    ``settled_at``: when every channel had delivered it, None before; ``withdrawn``: it never left and will not;
    ``deliveries``: each with the time of its last step.
    """

    outgoing_id: int
    kind: MessageKind
    subject: str
    content_type: str
    made_at: datetime
    settled_at: datetime | None = None
    withdrawn: bool = False
    deliveries: tuple[tuple[Delivery, datetime], ...] = ()


@dataclass(frozen=True, slots=True)
class PublishedAlert:
    """A CAP message that is readable in the feed, and since when."""

    outgoing_id: int
    at: datetime
    payload: bytes


@dataclass(frozen=True, slots=True)
class Pending:
    """A message of the outbox that is not with everybody yet, and what is recorded of its deliveries so far."""

    outgoing_id: int
    outgoing: Outgoing
    deliveries: tuple[Delivery, ...] = ()

    def by(self, channel: str) -> Delivery:
        """The delivery by a channel."""
        return next((one for one in self.deliveries if one.channel == channel), Delivery(channel))


@dataclass(frozen=True, slots=True)
class Undelivered:
    """One message of the outbox. ``subject``: id of the order or notice, crew or area where there is none.

    ``incident_id``: "" where the message names none. ``channel``: the one that has not delivered it, "" where none carries it;
    ``attempts``, ``next_try``, ``failure``: of a delivery that failed.
    """

    outgoing_id: int
    kind: MessageKind
    subject: str
    incident_id: str
    reason: Reason
    channel: str = ""
    attempts: int = 0
    next_try: datetime | None = None
    failure: str = ""


def undelivered(outgoing_id: int, outgoing: Outgoing, reason: Reason, delivery: Delivery | None = None) -> Undelivered:
    """What a message of the outbox is, by its body (``services/incidents/messages.py`` makes them), and how it fares."""
    body = body_of(outgoing)
    one = Undelivered(outgoing_id, outgoing.kind, subject_of(outgoing), str(body.get("incident_id", "")), reason)
    if delivery is None:
        return one
    next_try = moment(delivery.next_us) if delivery.state is DeliveryState.FAILED else None
    return replace(one, channel=delivery.channel, attempts=delivery.attempts, next_try=next_try, failure=delivery.failure)


def subject_of(outgoing: Outgoing) -> str:
    """Id of the order or notice of a message, else its addressee."""
    body = body_of(outgoing)
    return str(body.get("order_id") or body.get("notice_id") or outgoing.to)


def body_of(outgoing: Outgoing) -> dict[str, object]:
    """A message's JSON object, of a CAP message what names its notice; empty where it is neither."""
    if outgoing.content_type == "application/cap+xml":
        return _cap_body(outgoing.payload)
    if outgoing.content_type != "application/json":
        return {}
    try:
        body = parsed_json(outgoing.payload)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _cap_body(payload: bytes) -> dict[str, object]:
    """Case, notice and whether it ends it (``documents/cap.py`` makes these)."""
    case, notice = _CAP_CASE.search(payload), _CAP_NOTICE.search(payload)
    if case is None or notice is None:
        return {}
    status = NoticeStatus.LIFTED if notice[2] else NoticeStatus.ISSUED
    return {"incident_id": case[1].decode(), "notice_id": notice[1].decode(), "status": status}
