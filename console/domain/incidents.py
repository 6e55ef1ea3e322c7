"""Incident: the whole case from suspicion to review, as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from console.domain.alarms import Evidence, Explanation
from console.domain.area_alerts import AreaAlert
from console.domain.field_reports import FieldReport
from console.domain.notices import Notice
from console.domain.records import RecordKind
from console.domain.targets import Escalation
from maps.isolation.plan.result import IsolationPlan
from maps.locate.next_reading import ReadingPlace
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
    WATER = "water"
    """A tanker brings emergency water; no work at the pipe."""


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
    """An order to one crew. ``eta_minutes`` at the stated speed; ``text`` is what the crew reads (Chinese).

    ``found_pipe``: the pipe the crew found broken, "" until it said so. ``sends``: how often it was sent, which is
    done again until the crew answers; ``last_sent_at``: the last time, None for the first.
    ``called_back_at``, ``called_back_by``: when and by whom it was countermanded.
    Of a tanker's order: ``point_id`` and ``place`` (its name), ``x``, ``y`` (network's CRS), ``litres`` to bring.
    """

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
    found_pipe: str = ""
    sends: int = 1
    last_sent_at: datetime | None = None
    point_id: str = ""
    place: str = ""
    x: float | None = None
    y: float | None = None
    litres: float | None = None
    called_back_at: datetime | None = None
    called_back_by: str = ""


@dataclass(frozen=True, slots=True)
class ValveMark:
    """Report on one valve of the plan: closed (and by whom), or why it cannot be closed.

    ``restored_at``, ``restored_by``: later report that it is back in its normal state.
    """

    valve_id: str
    closed: bool
    at: datetime
    by: str
    unable: Unable | None = None
    restored_at: datetime | None = None
    restored_by: str = ""

    @property
    def operated(self) -> bool:
        """Turned for this case and not yet back in its normal state."""
        return self.closed and self.restored_at is None


@dataclass(frozen=True, slots=True)
class CardsSent:
    """Valve cards that a crew has, as sent last. ``withdrawn``: those of its valves that it was told not to close any more."""

    crew_id: str
    valves: tuple[str, ...]
    at: datetime
    withdrawn: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WaterSample:
    """The sample before service resumes: turbidity in NTU, chlorine at the end of the main in mg/L; passed, or waived by name."""

    at: datetime
    by: str
    passed: bool
    turbidity_ntu: float | None = None
    chlorine_mgl: float | None = None
    waived_by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PipePlace:
    """The pipe's position and course: road, side, depth, from–to, chambers; the supply path and the way there.

    ``supply_path`` and ``valve_chambers`` are asset ids; ``way`` road names in order. ``supply_basis``: what the
    supply path rests on (``flow``, or assumed: ``shortest path``). Lengths in m, depth in m (None unknown).
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
    supply_basis: str = ""
    way: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReopenCheck:
    """What opening one closed valve does for the customers in the dry pockets; ``suffices`` None: not known."""

    valve_id: str
    served: int
    low: int
    dry: int
    suffices: bool | None


@dataclass(frozen=True, slots=True)
class PressureImpact:
    """Hydraulics after closing. Customer ids; what was bad before is not counted. ``message`` when not converged.

    ``reopening``: the plan's candidates for reopening, best first; empty until they are checked, after all else.
    """

    converged: bool
    unserved_customers: tuple[str, ...] = ()
    low_pressure_customers: tuple[str, ...] = ()
    low_pressure_households: int = 0
    low_pressure_communities: tuple[str, ...] = ()
    message: str = ""
    reopening: tuple[ReopenCheck, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanConflict:
    """What falls dry only because plans are in force at one time: its own pipes and customers (ids), counted in no plan."""

    with_incidents: tuple[str, ...]
    pipes: tuple[str, ...]
    customers: tuple[str, ...]
    households: int
    critical: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CandidateParts:
    """Burst candidates by the segment that closing would cut off, most probable first.

    ``segments``: candidate pipes of each with their probability together; ``covered``: probability that the burst lies in
    what the plan shuts off; ``common_valves``: closed in every one of these plans, so worth closing before all is known.
    """

    segments: tuple[tuple[tuple[str, ...], float], ...]
    covered: float
    common_valves: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a burst on one candidate would make of the stations that moved: deviations (kPa), in the outlook's order."""

    pipe_id: str
    deviations_kpa: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the location predicts: at the stations that moved, for the first candidates; and where to read next, best first."""

    station_ids: tuple[str, ...] = ()
    predictions: tuple[Prediction, ...] = ()
    next_readings: tuple[ReadingPlace, ...] = ()


@dataclass(frozen=True, slots=True)
class HandReading:
    """What somebody read on a gauge: ``place_id`` a hydrant, station or node; ``expected_kpa`` without a burst."""

    place_id: str
    pressure_kpa: float
    expected_kpa: float
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class CallWeight:
    """Calls that moved a location. ``by_readings``: the location without them; ``ticket_ids``: those that count."""

    by_readings: Location
    ticket_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LevelByHand:
    """The event level as somebody set it, against or as the rules propose: ``ground`` why."""

    name: str
    ground: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PlannedWork:
    """The planned outage that a case is: its id, purpose (``OutagePurpose``), reason, and the announced begin (aware)."""

    outage_id: str
    purpose: str
    reason: str
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Incident:
    """One case. ``burst_pipes`` empty until judged; ``plan.burst_pipes``: what the plan is for (see ``target_pipes``).

    ``ground``: how it was judged or, before that, reported (``call``); "" when found from the pressures alone.
    ``restoration_by``: who corrected the estimate by hand, "" while it is the table's. ``version`` rises by one per commit.
    ``outlook``: of the location as it stands, None until it is worked out. ``area_alerts``: one for each operating area that the
    case has concerned so far; an area stays in it when the location moves away. ``field_reports``: what crews reported apart from
    orders and valves, in the order of arrival. ``work``: of a planned outage that runs, which
    no alarm stands for; None of a burst. ``level_by_hand``: the event level set by a person, None while the rules' holds.
    ``dismissed``: closed as no burst (False in cases of earlier versions). ``calls``: those of customers that moved the
    location, None while none did; ``calls_set_aside``: a person decided that they do not count. ``cards``: valve cards of
    each crew.
    """

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
    closed_by: str = ""
    is_drill: bool = False
    version: int = 0
    evidence: tuple[Evidence, ...] = ()
    restoration_by: str = ""
    sample: WaterSample | None = None
    conflicts: tuple[PlanConflict, ...] = ()
    parts: CandidateParts | None = None
    outlook: Outlook | None = None
    hand_readings: tuple[HandReading, ...] = ()
    explanations: tuple[Explanation, ...] = ()
    escalations: tuple[Escalation, ...] = ()
    area_alerts: tuple[AreaAlert, ...] = ()
    field_reports: tuple[FieldReport, ...] = ()
    cards: tuple[CardsSent, ...] = ()
    work: PlannedWork | None = None
    level_by_hand: LevelByHand | None = None
    dismissed: bool = False
    calls: CallWeight | None = None
    calls_set_aside: bool = False

    @property
    def record_kind(self) -> RecordKind[Incident]:
        """Incidents."""
        return INCIDENT

    def unable_valves(self) -> tuple[str, ...]:
        """Valves reported as impossible to close."""
        return tuple(mark.valve_id for mark in self.valve_marks if mark.unable is not None)

    def closed_valves(self) -> tuple[str, ...]:
        """Valves closed for this case and not yet reported back in their normal state."""
        return tuple(mark.valve_id for mark in self.valve_marks if mark.operated)

    def first_closed_at(self) -> datetime | None:
        """When the first valve was closed for this case, which is when water really stops; None before."""
        return min((mark.at for mark in self.valve_marks if mark.closed), default=None)

    def target_pipes(self) -> tuple[str, ...]:
        """The pipes the plan has to be for: judged, else reported, else the first candidate."""
        if self.burst_pipes:
            return self.burst_pipes
        if self.ground and self.plan is not None:
            return self.plan.burst_pipes
        if self.location is not None and self.location.candidates:
            return (self.location.candidates[0].pipe_id,)
        return self.plan.burst_pipes if self.plan is not None else ()

    def area_ids(self) -> frozenset[str]:
        """The operating areas that may see the case: those alerted, and that of its place."""
        place = frozenset((self.place.area_id,)) if self.place is not None and self.place.area_id else frozenset[str]()
        return place | {one.area_id for one in self.area_alerts}

    def work_orders(self) -> tuple[WorkOrder, ...]:
        """Orders for work at the pipe: all but those of tankers."""
        return tuple(order for order in self.orders if order.kind is not OrderKind.WATER)

    def found_elsewhere(self) -> str:
        """The pipe that a crew found broken on site where another one is taken for it; "" when nobody did."""
        found = next((order.found_pipe for order in reversed(self.orders) if order.found_pipe), "")
        return "" if found in self.burst_pipes else found

    def read_location(self) -> Location | None:
        """The location by the readings alone."""
        return self.calls.by_readings if self.calls is not None else self.location

    def is_open(self) -> bool:
        """Neither closed nor dismissed."""
        return self.phase is not Phase.CLOSED


def _closed_at(incident: Incident) -> datetime | None:
    return None if incident.is_open() else incident.closed_at or incident.opened_at


INCIDENT = RecordKind(
    "incident",
    Incident,
    "incident_id",
    number=lambda year, serial: f"{year}-{serial:04d}",
    state=lambda incident: incident.phase.value,
    opened_at=lambda incident: incident.opened_at,
    closed_at=_closed_at,
    area=lambda incident: incident.place.area_id if incident.place is not None else "",
    keeps_history=True,
    in_package=lambda incident, incident_id: incident.incident_id == incident_id,
)
"""Series: years of the city's calendar."""
