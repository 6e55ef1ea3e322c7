"""Health of feeds and channels, as the picture shows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

FAULT_NAMES = frozenset({"store", "engine", "files", "impact", "outlook", "hydraulics", "retention", "clock", "leader"})
"""Names of ``FeedHealth`` that tell of a fault behind the picture, not of a feed: live values go on."""

CREW_PAGE = "crew page"
"""Name of the feed and channel of crews' phones: it brings answers, no readings."""


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """Health of one feed. ``state``: up, down, connecting, off (none is set up); counts since start.

    ``message`` advises when not all is well; ``code`` names the same for texts in the reader's language ("": none).
    ``lost``/``repeated``/``restarts``: gaps, repeats and new beginnings in the publishers' numbers. ``refused``: payload parts
    that were not usable, (kind, count), most first; ``others``: messages that move nobody (pings, transitions …), likewise.
    """

    name: str
    state: str
    message: str = ""
    received: int = 0
    invalid: int = 0
    last_at: datetime | None = None
    code: str = ""
    lost: int = 0
    repeated: int = 0
    restarts: int = 0
    refused: tuple[tuple[str, int], ...] = ()
    others: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ChannelHealth:
    """Health of one delivery channel. ``state``, ``message`` and ``code`` as of a feed."""

    name: str
    state: str
    message: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class FalseBursts:
    """False bursts a month of a threshold read from history: as its tail gives, and at most what history can exclude (90 %).

    ``history_days``: of burst-free history.
    """

    expected_a_month: float
    at_most_a_month: float
    history_days: float


def feeds_set_up(feeds: Iterable[FeedHealth]) -> tuple[FeedHealth, ...]:
    """Feeds that could bring readings."""
    return tuple(feed for feed in feeds if feed.name not in (*FAULT_NAMES, CREW_PAGE) and feed.state != "off")
