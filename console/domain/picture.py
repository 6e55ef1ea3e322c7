"""Picture: one frozen view of everything live; views draw the difference between two of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from console.domain.alarms import Alarm
from console.domain.crews import CrewFix
from console.domain.delivery import Undelivered
from console.domain.health import ChannelHealth, FalseBursts, FeedHealth
from console.domain.incidents import Incident
from console.domain.lease import Lease
from console.domain.records import R, Record, RecordKind


class StationState(IntEnum):
    """State of a station as shown: colour and shape follow it. Worse is higher, for clustering."""

    NORMAL = 0
    LEARNING = 1
    MISSING = 2
    STALE = 3
    FAULT = 4
    IN_CASE = 5
    """A running case explains what it shows: part of the case, no alarm of its own."""
    WARNING = 6
    ABNORMAL = 7


@dataclass(frozen=True, eq=False)
class Picture:
    """All live values at one version. Arrays are (stations, channels) unless said; rows = the city's station rows.

    ``value`` inside units, NaN when never seen; ``at_us`` source time, 0 when never seen; ``expected`` NaN when
    unknown; ``quality`` Quality; ``station_state`` (stations,) StationState; ``age_s`` is now minus ``at_us``.
    ``late``: values older than they should be, whatever else their station's state is; None where nobody says.
    ``elevation_error_m``: (stations,) by how much a station's elevation on record lies above its gauge, NaN where unknown;
    None where nobody estimates it (review). ``undelivered``: messages that should have left the house and have not;
    ``channels``: the ways they leave by.
    ``preparing``: (groups of stations that detection can look at, groups that report) while the first are fewer.
    ``others``: open records of further kinds, by the kind's name, oldest first. ``given``: final ids by provisional ones, of
    records that an earlier picture showed before they were on disk. ``lease``: which of several processes on the store leads;
    None for one alone. ``seq``: number of the last change that the records include: what is read from the store is read again
    when it rises. ``false_bursts``: how many to expect; None where the threshold is not read from history by a driven model.
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
    channels: tuple[ChannelHealth, ...] = ()
    others: Mapping[str, tuple[Record, ...]] = field(default_factory=lambda: MappingProxyType({}))
    given: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    lease: Lease | None = None
    seq: int = 0
    false_bursts: FalseBursts | None = None
    late: NDArray[np.bool_] | None = None

    def of(self, kind: RecordKind[R]) -> tuple[R, ...]:
        """Records of one kind."""
        every = (*self.incidents, *self.alarms, *self.others.get(kind.name, ()))
        return tuple(record for record in every if isinstance(record, kind.type))

    def age_s(self) -> NDArray[np.float64]:
        """Age of every value in seconds, NaN when never seen, (stations, channels)."""
        age = (self.now_us - self.at_us) / 1e6
        return np.where(self.at_us == 0, np.nan, age)
