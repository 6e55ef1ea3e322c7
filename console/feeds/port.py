"""Feed: what the engine needs of a way in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from console.domain.crews import CrewFix
from console.domain.field_reports import Reported
from console.domain.health import FeedHealth
from console.domain.orders import OrderReply
from console.domain.readings import ReadingBatch

if TYPE_CHECKING:
    from console.feeds.inbox import Inbox


@dataclass(frozen=True, slots=True)
class Rejected:
    """An item, or a part of one, that could not be used: where it came from (``topic``), of which kind, and why."""

    topic: str
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class CrewTrouble:
    """An unusable payload of a crew. ``kind`` as counted: encrypted, future, position and others."""

    crew_id: str
    kind: str


@dataclass(frozen=True, eq=False)
class Decoded:
    """What a feed's items hold: readings, positions of crews, replies and reports of crews, crews whose positions cannot be read.

    ``refused``: parts that were not usable, by kind; ``samples`` shows the first few; ``remarks``: gaps and restarts in
    publishers' numbers, the first few; ``others``: messages that hold nothing for us, by kind (pings, transitions …). These four
    are for the feed's own health and log.
    """

    readings: ReadingBatch = field(default_factory=ReadingBatch.empty)
    fixes: tuple[CrewFix, ...] = ()
    replies: tuple[OrderReply, ...] = ()
    troubles: tuple[CrewTrouble, ...] = ()
    refused: Mapping[str, int] = field(default_factory=dict)
    samples: tuple[Rejected, ...] = ()
    remarks: tuple[str, ...] = ()
    reports: tuple[Reported, ...] = ()
    others: Mapping[str, int] = field(default_factory=dict)

    @property
    def rejected(self) -> int:
        """Parts refused in all."""
        return sum(self.refused.values())


class Feed(Protocol):
    """Puts items of its own kind into the inbox and decodes them; the engine never looks into an item.

    Receiving happens on the feed's threads; decoding on the engine's thread, a whole drained batch at a time, which costs the
    least. What cannot be used is refused in parts, counted in ``health`` and stops nothing.
    """

    @property
    def name(self) -> str:
        """Shown to people; one of its own for each feed of a program."""
        ...

    def start(self, inbox: Inbox) -> None:
        """Begin to put items into ``inbox`` (``Inbox.offer_all``). What cannot be reached is a state, never an exception."""
        ...

    def stop(self) -> None:
        """End, and the threads with it; calling it twice is no fault."""
        ...

    def decode(self, items: Sequence[Any], now_us: int) -> Decoded:
        """Everything usable of ``items``, in their order. ``now_us``: the clock against which times are judged."""
        ...

    def health(self) -> FeedHealth:
        """State now, with what was received, refused and lost, and when the last item came. Any thread."""
        ...
