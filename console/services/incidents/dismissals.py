"""Dismissals: a similar finding on the following days refers to the dismissal and has a lower priority; it is never hidden."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from console.detection.finding import BurstFinding
from console.domain.alarms import Evidence
from console.domain.incidents import Incident, Phase

REMEMBERED = timedelta(days=7)
CODE = "dismissed"
"""Of the explanation that names a dismissal."""
GROWN = 1.5
"""A finding whose statistic has grown by this factor is no longer the one that was dismissed."""
_APART = timedelta(hours=2)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Dismissal:
    """A false finding: place, stations, time. ``at``: its first abnormal reading; ``flows``: meters that moved."""

    incident_id: str
    at: datetime
    closed_at: datetime
    pipes: frozenset[str]
    stations: frozenset[str]
    flows: frozenset[str]
    statistic: float
    reason: str


def dismissal_of(incident: Incident) -> Dismissal | None:
    """The dismissal of a case; None while it is open, for a real burst, or without stations."""
    if incident.phase is not Phase.CLOSED or incident.closed_at is None or incident.burst_pipes or incident.location is None:
        return None
    return Dismissal(
        incident.incident_id,
        incident.first_abnormal_at,
        incident.closed_at,
        frozenset(incident.location.set_90),
        _stations(incident.evidence, "pressure"),
        _stations(incident.evidence, "flow", "valve_position"),
        incident.location.statistic,
        incident.close_reason,
    )


def learned(known: Mapping[str, Dismissal], incidents: Iterable[Incident]) -> dict[str, Dismissal]:
    """The dismissals after these changes: new ones added, those of reopened cases removed."""
    after = dict(known)
    for incident in incidents:
        told = dismissal_of(incident)
        if told is None:
            after.pop(incident.incident_id, None)
        else:
            after[incident.incident_id] = told
    return after


def like(dismissals: Iterable[Dismissal], finding: BurstFinding, time_zone: str, now: datetime) -> Dismissal | None:
    """The latest dismissal similar to a finding: same place, stations and time of day, not smaller than the finding."""
    zone = ZoneInfo(time_zone)
    found = [one for one in dismissals if now - one.closed_at <= REMEMBERED and _is_like(one, finding, zone)]
    return max(found, key=lambda one: one.at, default=None)


def _is_like(one: Dismissal, finding: BurstFinding, zone: tzinfo) -> bool:
    stations = _stations(finding.evidence, "pressure")
    shared = len(stations & one.stations)
    same_stations = shared > 0 and 2 * shared >= max(len(stations), len(one.stations))
    same_place = bool(one.pipes & set(finding.location.set_90))
    no_new_flow = _stations(finding.evidence, "flow", "valve_position") <= one.flows
    no_larger = finding.location.statistic < GROWN * one.statistic
    return (
        same_stations and same_place and no_new_flow and no_larger and _apart(one.at, finding.first_abnormal_at, zone) <= _APART
    )


def _apart(one: datetime, other: datetime, zone: tzinfo) -> timedelta:
    """Difference of two times of day on the city's clock, across midnight too."""
    midnights = (at.replace(hour=0, minute=0, second=0, microsecond=0) for at in (one.astimezone(zone), other.astimezone(zone)))
    first, second = (at.astimezone(zone) - midnight for at, midnight in zip((one, other), midnights, strict=True))
    return min(abs(first - second), _DAY - abs(first - second))


def _stations(evidence: Iterable[Evidence], *channels: str) -> frozenset[str]:
    return frozenset(one.station_id for one in evidence if one.channel in channels)
