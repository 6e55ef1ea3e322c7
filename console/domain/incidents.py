"""Incident: the whole case from suspicion to review, as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from console.domain.notices import Notice
from maps.isolation.result import IsolationPlan
from maps.locate.result import Location


class Phase(StrEnum):
    """疑似 核实 关阀 已止水 抢修 恢复 销案."""

    SUSPECTED = "suspected"
    VERIFIED = "verified"
    ISOLATING = "isolating"
    ISOLATED = "isolated"
    REPAIRING = "repairing"
    RESTORING = "restoring"
    CLOSED = "closed"


class Unable(StrEnum):
    """Why a valve cannot be closed: 关不动 关不严 找不到（埋压） 井下不能作业."""

    SEIZED = "seized"
    NOT_TIGHT = "not_tight"
    NOT_FOUND = "not_found"
    CHAMBER_UNSAFE = "chamber_unsafe"


class OrderKind(StrEnum):
    """What a work order asks for."""

    SITE_CHECK = "site_check"
    REPAIR = "repair"


class OrderState(StrEnum):
    """Life of a work order; a countermanded one has left the house and was called back."""

    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    ON_SITE = "on_site"
    DONE = "done"
    COUNTERMANDED = "countermanded"


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """An order to one crew. ``eta_minutes`` at the stated speed; ``text`` is what the crew reads (Chinese)."""

    order_id: str
    incident_id: str
    crew_id: str
    kind: OrderKind
    pipe_id: str
    text: str
    state: OrderState
    sent_at: datetime
    answered_at: datetime | None = None
    eta_minutes: float | None = None
    reply: str = ""


@dataclass(frozen=True, slots=True)
class ValveMark:
    """What was reported of one valve of the plan: closed (with who says so), or why it cannot be."""

    valve_id: str
    closed: bool
    at: datetime
    by: str
    unable: Unable | None = None


@dataclass(frozen=True, slots=True)
class PipePlace:
    """The pipe's position and course: road, side, depth, from–to, chambers; the supply path and the way there.

    ``supply_path`` and ``valve_chambers`` are asset ids; ``way`` road names in order. Lengths in m, depth in m (None unknown).
    ``area_id``/``area_name``: the operating area whose terminal is told.
    """

    pipe_id: str
    diameter_mm: float
    material: str
    year_laid: int | None
    road: str
    side: str
    depth_m: float | None
    from_place: str
    to_place: str
    length_m: float
    community: str
    district: str
    area_id: str
    area_name: str
    valve_chambers: tuple[str, ...] = ()
    supply_source: str = ""
    supply_path: tuple[str, ...] = ()
    way: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PressureImpact:
    """Hydraulics after closing. Customer ids; what was bad before is not counted. ``message`` when not converged."""

    converged: bool
    unserved_customers: tuple[str, ...] = ()
    low_pressure_customers: tuple[str, ...] = ()
    low_pressure_households: int = 0
    low_pressure_communities: tuple[str, ...] = ()
    message: str = ""


@dataclass(frozen=True, slots=True)
class Incident:
    """One case. ``burst_pipes`` empty until judged; ``plan_pipes``: what the current plan is for (first candidate or judged)."""

    incident_id: str
    title: str
    opened_at: datetime
    first_abnormal_at: datetime
    phase: Phase = Phase.SUSPECTED
    alarm_ids: tuple[str, ...] = ()
    location: Location | None = None
    place: PipePlace | None = None
    burst_pipes: tuple[str, ...] = ()
    ground: str = ""
    plan: IsolationPlan | None = None
    impact: PressureImpact | None = None
    valve_marks: tuple[ValveMark, ...] = ()
    orders: tuple[WorkOrder, ...] = ()
    notices: tuple[Notice, ...] = ()
    restoration_at: datetime | None = None
    alerted_at: datetime | None = None
    verified_at: datetime | None = None
    isolated_at: datetime | None = None
    drafted_at: datetime | None = None
    issued_at: datetime | None = None
    closed_at: datetime | None = None
    close_reason: str = ""
    is_drill: bool = False
    version: int = 0

    def unable_valves(self) -> tuple[str, ...]:
        """Valves reported as impossible to close."""
        return tuple(mark.valve_id for mark in self.valve_marks if mark.unable is not None)
