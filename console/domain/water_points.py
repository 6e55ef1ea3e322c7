"""Points of emergency water 应急供水点: planned, tested, open, with the tankers' trips."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from console.domain.records import AT_HAND, RecordKind


class PointState(StrEnum):
    """Life of a point. Nobody draws water before the test is passed, or waived by name."""

    PLANNED = "planned"
    TESTING = "testing"
    TESTED = "tested"
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class WaterTest:
    """A test of the mobile laboratory: begun, due (the article's 45 minutes), its result. Turbidity NTU, chlorine mg/L."""

    begun_at: datetime
    due_at: datetime
    begun_by: str
    finished_at: datetime | None = None
    finished_by: str = ""
    turbidity_ntu: float | None = None
    chlorine_mgl: float | None = None
    passed: bool = False


@dataclass(frozen=True, slots=True)
class Trip:
    """A tanker brought water. ``crew_id``: the tanker; ``driver``: as entered."""

    at: datetime
    crew_id: str
    driver: str
    litres: float
    by: str


@dataclass(frozen=True, slots=True)
class WaterPoint:
    """One point. ``x``, ``y``: projected, metres, the network's CRS.

    ``people``: whom it is for; ``from_at``: when their water stopped, from which the litres a head are counted.
    ``waived_by``: who opened it without a passed test, with the reason.
    """

    point_id: str
    incident_id: str
    name: str
    x: float
    y: float
    people: int
    from_at: datetime
    planned_at: datetime
    planned_by: str
    state: PointState = PointState.PLANNED
    communities: tuple[str, ...] = ()
    tests: tuple[WaterTest, ...] = ()
    trips: tuple[Trip, ...] = ()
    waived_by: str = ""
    waive_reason: str = ""
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    version: int = 0

    @property
    def record_kind(self) -> RecordKind[WaterPoint]:
        """Points of emergency water."""
        return WATER_POINT

    @property
    def litres(self) -> float:
        """Water brought so far."""
        return sum(trip.litres for trip in self.trips)


WATER_POINT = RecordKind(
    "water_point",
    WaterPoint,
    "point_id",
    number=lambda _, serial: f"E-{serial:05d}",
    state=lambda point: point.state.value,
    opened_at=lambda point: point.planned_at,
    closed_at=lambda point: point.closed_at + AT_HAND if point.closed_at is not None else None,
    in_package=lambda point, incident_id: point.incident_id == incident_id,
)
