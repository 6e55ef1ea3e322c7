"""Picture: one frozen view of everything live; views draw the difference between two of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from console.domain.alarms import Alarm
from console.domain.crews import CrewFix
from console.domain.delivery import Undelivered
from console.domain.incidents import Incident


class StationState(IntEnum):
    """State of a station as shown: colour and shape follow it. Worse is higher, for clustering."""

    NORMAL = 0
    LEARNING = 1
    MISSING = 2
    STALE = 3
    FAULT = 4
    WARNING = 5
    ABNORMAL = 6


FAULT_NAMES = frozenset({"store", "engine", "files", "impact", "outlook", "hydraulics", "retention"})
"""Names of ``FeedHealth`` that tell of a fault behind the picture, not of a feed: live values go on."""


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """Health of one feed. ``state``: up, down, connecting, off (none is set up); counts since start.

    ``message`` advises when not all is well; ``code`` names the same for texts in the reader's language ("": none).
    ``lost``/``repeated``/``restarts``: gaps, repeats and new beginnings in the publishers' numbers. ``refused``: payload parts
    that were not usable, (kind, count), most first.
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


NO_FEED = "local"
"""Name of the link that stands where a feed would be when none is set up: it brings no reading."""


def feeds_set_up(feeds: Iterable[FeedHealth]) -> tuple[FeedHealth, ...]:
    """Feeds that could bring readings."""
    return tuple(feed for feed in feeds if feed.name not in (NO_FEED, *FAULT_NAMES) and feed.state != "off")


@dataclass(frozen=True, eq=False)
class Picture:
    """All live values at one version. Arrays are (stations, channels) unless said; rows = the city's station rows.

    ``value`` inside units, NaN when never seen; ``at_us`` source time, 0 when never seen; ``expected`` NaN when
    unknown; ``quality`` Quality; ``station_state`` (stations,) StationState; ``age_s`` is now minus ``at_us``.
    ``elevation_error_m``: (stations,) by how much a station's elevation on record lies above its gauge, NaN where unknown;
    None where nobody estimates it (review). ``undelivered``: messages that should have left the house and have not.
    ``preparing``: (groups of stations that detection can look at, groups that report) while the first are fewer.
    """

    version: int
    now_us: int
    value: NDArray[np.float64]
    at_us: NDArray[np.int64]
    quality: NDArray[np.uint8]
    expected: NDArray[np.float64]
    station_state: NDArray[np.uint8]
    crews: tuple[CrewFix, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    incidents: tuple[Incident, ...] = ()
    feeds: tuple[FeedHealth, ...] = ()
    alarms_per_10_min: int = 0
    is_drill: bool = False
    elevation_error_m: NDArray[np.float64] | None = None
    preparing: tuple[int, int] | None = None
    undelivered: tuple[Undelivered, ...] = ()

    def age_s(self) -> NDArray[np.float64]:
        """Age of every value in seconds, NaN when never seen, (stations, channels)."""
        age = (self.now_us - self.at_us) / 1e6
        return np.where(self.at_us == 0, np.nan, age)
