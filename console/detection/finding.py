"""Findings of detection: a burst with evidence and location, a switching operation, or a station event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.domain.alarms import Evidence
from console.domain.notes import NO_NOTE, Note
from maps.locate.result import Location


@dataclass(frozen=True, slots=True)
class OperationFinding:
    """A switching operation that explains a step of pressures, so that no burst is reported.

    ``kind``: pump, usual (a step seen before in burst-free history), unknown (a step that no burst explains), prv_shut, prv_open,
    setpoint (of a PRV), boundary (a closed valve between two DMAs opened). ``pump_id``: the pump, or the valve. ``certain``
    False: only possible, reported beside a suspected burst.
    """

    at: datetime
    kind: str
    pump_id: str = ""
    stopped: bool = False
    stations: tuple[str, ...] = ()
    certain: bool = True


@dataclass(frozen=True, slots=True)
class BurstFinding:
    """A burst suspected from several stations. ``path``: A (one sample), B (two samples / CUSUM) or N (nights).

    ``revision``: 0 for the detection itself, 1 and 2 for the same finding (same ``finding_id``) located better.
    ``lane``: step (against the last minutes), level (against profile and trailing level), slow (a leak that grew over days) or
    inflow (sudden rise of a metered zone's inflow).
    ``operations``: those of the ten minutes before, and those that might explain the residuals instead.
    """

    at: datetime
    first_abnormal_at: datetime
    path: str
    statistic: float
    threshold: float
    evidence: tuple[Evidence, ...]
    location: Location
    finding_id: str = ""
    revision: int = 0
    operations: tuple[OperationFinding, ...] = ()
    lane: str = "level"


@dataclass(frozen=True, slots=True)
class StationFinding:
    """A station event; ``active`` False when it ended.

    ``code``: of the station stale, frozen, spike, deviating, out_of_range, future_time; of the water low_pressure,
    high_pressure, below_limit, above_limit. ``limit``: the limit that was violated, internal unit.
    ``elevation_error_m``: of a pressure station, its recorded elevation minus the gauge's; None where unknown.
    """

    station_id: str
    channel: str
    code: str
    at: datetime
    active: bool
    detail: Note = NO_NOTE
    observed: float | None = None
    expected: float | None = None
    limit: float | None = None
    elevation_error_m: float | None = None
