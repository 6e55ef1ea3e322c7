"""DeliveryChannel: the outbox's interface of a channel. Not to be confused with a measured ``Channel``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from console.domain.health import ChannelHealth
from console.domain.outgoing import Outgoing
from maps.errors import QuanmaiError


class NotDelivered(QuanmaiError):
    """The channel could not deliver a message; one line that says why. It is tried again later."""


class RefusedForGood(NotDelivered):
    """The other side refused the message itself: the same one again would be refused again."""


@dataclass(frozen=True, slots=True)
class Result:
    """Result of one delivery. ``failure``: why it failed, "" when it was delivered.

    ``is_final``: a failure that trying again does not mend. ``is_acknowledged``: the addressee itself confirmed the delivery.
    """

    outgoing_id: int
    failure: str = ""
    is_final: bool = False
    is_acknowledged: bool = False


class DeliveryChannel(Protocol):
    """Delivers one message to one address and reports the result. Called by one thread, which must never be blocked.

    At least once: the same message may be handed over again after a restart, with the same id.
    """

    @property
    def name(self) -> str:
        """Shown to users and recorded with each delivery: it must stay the same over restarts."""
        ...

    def carries(self, outgoing: Outgoing) -> bool:
        """Whether this channel delivers messages of this kind. A message is delivered by every channel that carries it."""
        ...

    def start(self) -> None:
        """Begin. An unreachable server is a state of ``health``, never an exception."""
        ...

    def stop(self) -> None:
        """End the channel and its threads; may be called twice."""
        ...

    def health(self) -> ChannelHealth:
        """State now; messages are handed over only while it is up. Any thread."""
        ...

    def deliver(self, outgoing_id: int, outgoing: Outgoing) -> bool:
        """Begin a delivery; its result comes through ``results``. False when it cannot be accepted now."""
        ...

    def results(self) -> list[Result]:
        """Results since the last call."""
        ...
