"""What detection finds: a burst with its evidence and place, or a station that fails alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.domain.alarms import Evidence
from maps.locate.result import Location


@dataclass(frozen=True, slots=True)
class OperationFinding:
    """Something was switched, which explains a step of pressures: no burst. ``kind``: pump, usual (a step seen before in

    quiet history), unknown (a step that no burst makes), prv_shut, prv_open, setpoint (of a reducing valve), boundary (a closed
    valve between two DMAs opened). ``pump_id``: the pump, or the valve. ``certain`` False: only possible, beside a burst
    suspected.
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
    ``lane``: step, against the stations' last minutes, level, against profile and hours, slow, a leak that grew over days,
    or inflow, a metered zone that suddenly takes more.
    ``operations``: what was switched in the ten minutes before, and what might have been instead.
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
    high_pressure, below_limit, above_limit. ``limit``: what was broken by such a one, inside unit.
    ``elevation_error_m``: of a pressure station, by how much its elevation on record lies above the gauge's; None unknown.
    """

    station_id: str
    channel: str
    code: str
    at: datetime
    active: bool
    detail: str = ""
    observed: float | None = None
    expected: float | None = None
    limit: float | None = None
    elevation_error_m: float | None = None
