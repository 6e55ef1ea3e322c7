"""DeliveryChannel: what the outbox needs of a way out. Not to be confused with a measured ``Channel``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from console.domain.health import ChannelHealth
from console.domain.outgoing import Outgoing
from maps.errors import QuanmaiError


class NotDelivered(QuanmaiError):
    """The channel could not deliver a message; one line that says why. It is tried again later."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one delivery. ``failure``: why it failed, "" when the other side has it."""

    outgoing_id: int
    failure: str = ""


class DeliveryChannel(Protocol):
    """Delivers one message to one address and tells the result. Called by one thread, which must never wait here.

    At least once: the same message may be handed over again after a restart, with the same id.
    """

    @property
    def name(self) -> str:
        """Shown to people, and recorded with each delivery: it must stay the same over restarts."""
        ...

    def carries(self, outgoing: Outgoing) -> bool:
        """Whether messages of this kind leave by this channel. A message is delivered by every channel that carries it."""
        ...

    def start(self) -> None:
        """Begin. What cannot be reached is a state of ``health``, never an exception."""
        ...

    def stop(self) -> None:
        """End, and the threads with it; calling it twice is no fault."""
        ...

    def health(self) -> ChannelHealth:
        """State now; messages are handed over only while it is up. Any thread."""
        ...

    def deliver(self, outgoing_id: int, outgoing: Outgoing) -> bool:
        """Hand a message over; its result comes through ``results``. False when it cannot be taken now: nothing was done."""
        ...

    def results(self) -> list[Result]:
        """What became of messages since the last call."""
        ...
