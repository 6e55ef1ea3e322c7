"""What detection finds: a burst with its evidence and place, or a station that fails alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.domain.alarms import Evidence
from maps.locate.result import Location


@dataclass(frozen=True, slots=True)
class BurstFinding:
    """A burst suspected from several stations. ``path``: A (one sample) or B (two samples / CUSUM)."""

    at: datetime
    first_abnormal_at: datetime
    path: str
    statistic: float
    threshold: float
    evidence: tuple[Evidence, ...]
    location: Location


@dataclass(frozen=True, slots=True)
class StationFinding:
    """A station event. ``code``: stale, frozen, spike, out_of_range, future_time, low_pressure …; ``active`` False when it ended."""

    station_id: str
    channel: str
    code: str
    at: datetime
    active: bool
    detail: str = ""
    observed: float | None = None
    expected: float | None = None
