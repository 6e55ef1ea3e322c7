"""Alarms: who moved, by how much, against what; life per ISA-18.2 / OPC UA Part 9."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from console.domain.notes import NO_NOTE, Note
from console.domain.records import RecordKind
from console.domain.targets import Escalation
from maps.units import KPA_PER_METRE


class Priority(IntEnum):
    """Alarm priority; lower sorts first."""

    CRITICAL = 0
    HIGH = 1
    MEDIUM = 2
    LOW = 3


class AlarmKind(StrEnum):
    """What an alarm is about."""

    BURST = "burst"
    STATION_FAULT = "station_fault"
    STALE = "stale"
    LOW_PRESSURE = "low_pressure"
    HIGH_PRESSURE = "high_pressure"
    WATER_QUALITY = "water_quality"
    FEED = "feed"
    BOUNDARY = "boundary"
    """Two metered zones whose inflows move oppositely: a valve between them may be open."""
    AREA_SILENT = "area_silent"
    """An operating area has not acknowledged a case in time; ``subject``: the area's name."""
    CALLS = "calls"
    """More calls of customers than usual in an area, or callers still without water; ``channels``: ids of the tickets."""
    OPERATION = "operation"
    """No alarm but information: something is operated, worked on or planned, which may explain what stations show."""


class AlarmState(StrEnum):
    """Life of an alarm (active/acknowledged/returned, shelved, out of service)."""

    ACTIVE = "active"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    CLEARED = "cleared"
    SHELVED = "shelved"
    OUT_OF_SERVICE = "out_of_service"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one station showed. ``channel``: name (``pressure``); values in inside units.

    ``expected``: what it is held against: the usual value, or the limit it breaks where no usual one is known.
    ``zone``: name of the DMA, or id of the reducing valve, whose inflow has risen by it; "" where none has.
    """

    station_id: str
    channel: str
    observed: float
    expected: float
    at: datetime
    zone: str = ""

    @property
    def deviation(self) -> float:
        """Observed minus expected, inside units."""
        return self.observed - self.expected


@dataclass(frozen=True, slots=True)
class Explanation:
    """An operation that may be why a finding came. ``until``: so long it lowers the finding's priority; it never hides it.

    ``code``: of the operation (``pump_stop``, ``works`` …); ``certain`` False: only possible, nothing says that it happened.
    ``note``: more of it, as the operation's own entry says it.
    """

    code: str
    asset_id: str
    at: datetime
    until: datetime
    certain: bool = True
    note: Note = NO_NOTE


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm. ``subject``: station id, or ``network`` for a burst; ``detail``: plain facts.

    ``code``: of a station event (``frozen`` …), one alarm per subject and code; ``channels``: those still in it.
    ``ends_at``: of an operation. ``explanations``: operations that may be why; ``full_priority``: without them.
    ``limit``: what a value broke (inside unit of the evidence's channel), None where no limit is in question.
    ``elevation_error_m``: of a pressure against its limit, where the station's elevation on record is off by enough to
    spoil the comparison; None otherwise. ``version`` rises by one per commit.
    """

    alarm_id: str
    kind: AlarmKind
    priority: Priority
    subject: str
    raised_at: datetime
    evidence: tuple[Evidence, ...] = ()
    state: AlarmState = AlarmState.ACTIVE
    detail: Note = NO_NOTE
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    returned_at: datetime | None = None
    shelved_until: datetime | None = None
    shelved_reason: str = ""
    incident_id: str = ""
    is_drill: bool = False
    code: str = ""
    channels: tuple[str, ...] = ()
    limit: float | None = None
    ends_at: datetime | None = None
    explanations: tuple[Explanation, ...] = ()
    full_priority: Priority | None = None
    elevation_error_m: float | None = None
    escalations: tuple[Escalation, ...] = ()
    version: int = 0

    @property
    def record_kind(self) -> RecordKind[Alarm]:
        """Alarms."""
        return ALARM

    @property
    def corrected_kpa(self) -> float | None:
        """The pressure at the elevation on record, kPa; None where that is not in question."""
        if self.elevation_error_m is None or not self.evidence:
            return None
        return self.evidence[0].observed - self.elevation_error_m * KPA_PER_METRE

    @property
    def is_doubtful(self) -> bool:
        """Whether the pressure, corrected for the station's elevation, would not break the limit."""
        corrected = self.corrected_kpa
        return corrected is not None and not self._breaks(corrected)

    @property
    def is_beyond_as_read(self) -> bool:
        """Whether the value as the gauge gives it breaks the limit; a gauge that lies can hide that it is broken."""
        return bool(self.evidence) and self._breaks(self.evidence[0].observed)

    def _breaks(self, value: float) -> bool:
        if self.limit is None:
            return False
        return value > self.limit if self.code == "high_pressure" else value < self.limit

    @property
    def unexplained_priority(self) -> Priority:
        """The priority it would have without an operation that may be why."""
        return self.priority if self.full_priority is None else self.full_priority


def _cleared_at(alarm: Alarm) -> datetime | None:
    return (alarm.returned_at or alarm.raised_at) if alarm.state is AlarmState.CLEARED else None


ALARM = RecordKind(
    "alarm",
    Alarm,
    "alarm_id",
    number=lambda _, serial: f"A-{serial:06d}",
    state=lambda alarm: alarm.state.value,
    opened_at=lambda alarm: alarm.raised_at,
    closed_at=_cleared_at,
    in_package=lambda _alarm, _incident_id: True,
)
