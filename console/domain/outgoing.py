"""Outgoing messages: what must leave the house, and to whom. By which way it leaves is the channels' matter."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class MessageKind(StrEnum):
    """What leaves the house."""

    ORDER = "order"
    VALVE_CARDS = "valve_cards"
    ALERT = "alert"
    NOTICE = "notice"
    FIRE_BRIGADE = "fire_brigade"
    ESCALATION = "escalation"
    OTHER = "other"


_ADDRESSES = {
    MessageKind.VALVE_CARDS: "orders/{}/valves",
    MessageKind.ORDER: "orders/{}",
    MessageKind.ALERT: "areas/{}/alerts",
    MessageKind.FIRE_BRIGADE: "fire_brigade/{}",
    MessageKind.ESCALATION: "escalations/{}",
}
"""Narrower forms first. ``{}``: the addressee."""
_NOTICES = "notices"
_FORMS = [(kind, re.compile(re.escape(form).replace(r"\{\}", "(.+)"))) for kind, form in _ADDRESSES.items()]
_OLD_SITE = re.compile(r"quanmai/v1/[^/]*/")
"""Stores of earlier versions hold MQTT topics, with the site in front."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message that must leave the house: stored with the change, delivered after it by every channel that carries it.

    ``to``: id of the crew, the area or the body it is for, "" for the public; for OTHER the whole address.
    """

    kind: MessageKind
    to: str
    payload: bytes
    content_type: str = "application/json"

    @property
    def address(self) -> str:
        """Kind and addressee as one path, the same for all channels: ``orders/C1``, ``areas/A1/alerts``, ``notices``."""
        if self.kind is MessageKind.NOTICE:
            return _NOTICES
        return _ADDRESSES.get(self.kind, "{}").format(self.to)

    @classmethod
    def at(cls, address: str, payload: bytes, content_type: str = "application/json") -> Outgoing:
        """The message that was stored under an address, or under the MQTT topic of an earlier version."""
        path = _OLD_SITE.sub("", address, count=1)
        if path == _NOTICES:
            return cls(MessageKind.NOTICE, "", payload, content_type)
        for kind, form in _FORMS:
            if (found := form.fullmatch(path)) is not None:
                return cls(kind, found[1], payload, content_type)
        return cls(MessageKind.OTHER, path, payload, content_type)
