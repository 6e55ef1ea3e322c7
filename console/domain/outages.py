"""Planned outages 计划停水: work on pipes in a window of time, with its plan, its customers and its notices. No alarm."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from console.domain.incidents import PipePlace, PlanConflict, PressureImpact
from console.domain.notices import Notice
from console.domain.records import RecordKind
from maps.isolation.plan.result import IsolationPlan


class OutagePurpose(StrEnum):
    """What the water is shut off for: 检修 接水 换管."""

    REPAIR = "repair"
    CONNECTION = "connection"
    REPLACEMENT = "replacement"


class OutageState(StrEnum):
    """草拟 已计划 已公告 施工中 已完成 已取消."""

    DRAFT = "draft"
    PLANNED = "planned"
    ANNOUNCED = "announced"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class CriticalContact:
    """A critical customer without water or with low pressure, and who told them, when and how."""

    customer_id: str
    name: str
    critical: str = ""
    phone: str = ""
    told_by: str = ""
    told_at: datetime | None = None
    how: str = ""

    @property
    def is_told(self) -> bool:
        """Whether somebody said that they were told."""
        return self.told_at is not None


@dataclass(frozen=True, slots=True)
class Outage:
    """One planned outage. Times aware. ``plan``: for ``pipe_ids``, in a network where nothing else is shut.

    ``reason``: the cause that the notice states. ``unable``: valves supposed not to close. ``contacts``: critical customers.
    ``conflicts``: what falls dry only because other work is in force at the same time. ``from_case``: the case whose repair it
    is. ``case_id``: the case that it runs as, which from then on holds the notices; "" before. ``ended_at``: done or cancelled.
    """

    outage_id: str
    purpose: OutagePurpose
    pipe_ids: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    created_at: datetime
    created_by: str
    reason: str = ""
    state: OutageState = OutageState.DRAFT
    plan: IsolationPlan | None = None
    impact: PressureImpact | None = None
    place: PipePlace | None = None
    unable: tuple[str, ...] = ()
    crews: tuple[str, ...] = ()
    contacts: tuple[CriticalContact, ...] = ()
    conflicts: tuple[PlanConflict, ...] = ()
    notices: tuple[Notice, ...] = ()
    from_case: str = ""
    case_id: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    cancel_reason: str = ""
    is_drill: bool = False
    version: int = 0

    @property
    def record_kind(self) -> RecordKind[Outage]:
        """Planned outages."""
        return OUTAGE

    def is_open(self) -> bool:
        """Neither done nor cancelled."""
        return self.state not in (OutageState.DONE, OutageState.CANCELLED)

    def is_ahead(self) -> bool:
        """Still to come: open and not running."""
        return self.is_open() and self.state is not OutageState.RUNNING


OUTAGE = RecordKind(
    "outage",
    Outage,
    "outage_id",
    number=lambda year, serial: f"O{year}-{serial:04d}",
    state=lambda outage: outage.state.value,
    opened_at=lambda outage: outage.created_at,
    closed_at=lambda outage: outage.ended_at,
    area=lambda outage: outage.place.area_id if outage.place is not None else "",
    keeps_history=True,
    in_package=lambda outage, incident_id: bool(incident_id) and incident_id in (outage.from_case, outage.case_id),
)
"""Series: years of the city's calendar."""
