"""Tickets: what callers of the hotline, or programs on their behalf, report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from console.domain.notes import NO_NOTE, Note
from console.domain.records import RecordKind


class TicketKind(StrEnum):
    """What is reported."""

    NO_WATER = "no_water"
    LOW_PRESSURE = "low_pressure"
    BURST_SEEN = "burst_seen"
    DIRTY_WATER = "dirty_water"
    FROZEN_METER = "frozen_meter"
    OTHER = "other"


SHORTAGE = frozenset({TicketKind.NO_WATER, TicketKind.LOW_PRESSURE, TicketKind.BURST_SEEN})
"""Kinds that a burst or a closed valve may explain."""


class TicketSource(StrEnum):
    """How a ticket came in."""

    PHONE = "phone"
    OPEN311 = "open311"


class TicketState(StrEnum):
    """States as FixMyStreet names them; Open311 knows ``open`` and ``closed`` only (``Ticket.open311``)."""

    CONFIRMED = "confirmed"
    IN_PROGRESS = "in_progress"
    PLANNED = "planned"
    ACTION_SCHEDULED = "action_scheduled"
    FIXED = "fixed"
    NO_FURTHER_ACTION = "no_further_action"
    NOT_RESPONSIBLE = "not_responsible"
    DUPLICATE = "duplicate"
    CLOSED = "closed"


OPEN_STATES = frozenset({TicketState.CONFIRMED, TicketState.IN_PROGRESS, TicketState.PLANNED, TicketState.ACTION_SCHEDULED})
"""Somebody still has to do something."""


class Cover(StrEnum):
    """How a caller's place lies in the hydraulic area of a case or outage; ``UNPLACED``: nobody knows where the place is."""

    WITHOUT_WATER = "without_water"
    LOW_PRESSURE = "low_pressure"
    PARTLY = "partly"
    OUTSIDE = "outside"
    UNPLACED = "unplaced"


COVERED = frozenset({Cover.WITHOUT_WATER, Cover.LOW_PRESSURE})
"""Only these are *known* to the caller; near is not known."""


class CallbackResult(StrEnum):
    """How a call back to a caller ended, as the person who called says."""

    CALLED = "called"
    """Reached, and told; nothing said of the water."""
    NO_ANSWER = "no_answer"
    WATER_BACK = "water_back"
    STILL_OUT = "still_out"


class Aspect(StrEnum):
    """What satisfaction is asked about."""

    PROCESS = "process"
    RESULT = "result"


class Stage(StrEnum):
    """When satisfaction is asked."""

    CALL = "call"
    WORKS = "works"
    RESTORED = "restored"


class Answer(StrEnum):
    """What a caller says when asked; ``NONE``: asked and not answered."""

    SATISFIED = "satisfied"
    DISSATISFIED = "dissatisfied"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Callback:
    """One call back."""

    at: datetime
    by: str
    result: CallbackResult
    said: str = ""


@dataclass(frozen=True, slots=True)
class Rating:
    """Satisfaction asked once, of one aspect at one stage."""

    at: datetime
    by: str
    aspect: Aspect
    stage: Stage
    answer: Answer


@dataclass(frozen=True, slots=True)
class Ticket:
    """One report of a caller.

    ``x``/``y``: the network's CRS, None where the place is not known. ``asset_kind``/``asset_id``: what was chosen as its place
    (customer, pipe, community, road), "" for a point. ``customer_id``, ``pipe_id``: what the place was matched to, ``away_m``
    from it; "" where nothing lies near enough. ``cover``: of the case ``incident_id``; ``answer``: what was shown to be read out.
    ``place_doubt``: ``shifted`` where a point that another program gave looks like GCJ-02; it is never moved.
    ``client``, ``request_key``: the Open311 client, and its own number of the request. ``restored_at``: since then the water is
    said to be back.
    """

    ticket_id: str
    called_at: datetime
    kind: TicketKind
    source: TicketSource
    by: str
    phone: str = ""
    caller: str = ""
    address: str = ""
    text: str = ""
    x: float | None = None
    y: float | None = None
    asset_kind: str = ""
    asset_id: str = ""
    customer_id: str = ""
    pipe_id: str = ""
    away_m: float | None = None
    community: str = ""
    area_id: str = ""
    wants_callback: bool = False
    state: TicketState = TicketState.CONFIRMED
    reason: str = ""
    duplicate_of: str = ""
    incident_id: str = ""
    cover: Cover = Cover.UNPLACED
    answer: Note = NO_NOTE
    callbacks: tuple[Callback, ...] = ()
    ratings: tuple[Rating, ...] = ()
    restored_at: datetime | None = None
    updated_at: datetime | None = None
    closed_at: datetime | None = None
    client: str = ""
    request_key: str = ""
    media_url: str = ""
    is_drill: bool = False
    place_doubt: str = ""
    version: int = 0

    @property
    def record_kind(self) -> RecordKind[Ticket]:
        """Tickets."""
        return TICKET

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something."""
        return self.state in OPEN_STATES

    @property
    def open311(self) -> str:
        """Its state as Open311 has it."""
        return "open" if self.is_open else "closed"

    @property
    def is_due_back(self) -> bool:
        """Whether its caller asked for a call and waits for it: restored, and nobody has heard yet that the water is back."""
        heard = self.callbacks and self.callbacks[-1].result in (CallbackResult.WATER_BACK, CallbackResult.CALLED)
        return self.wants_callback and self.restored_at is not None and not heard


TICKET = RecordKind(
    "ticket",
    Ticket,
    "ticket_id",
    number=lambda year, serial: f"H{year}-{serial:05d}",
    state=lambda ticket: ticket.state.value,
    opened_at=lambda ticket: ticket.called_at,
    closed_at=lambda ticket: None if ticket.is_open else ticket.closed_at or ticket.called_at,
    area=lambda ticket: ticket.area_id,
    keeps_history=True,
    in_package=lambda ticket, incident_id: ticket.incident_id == incident_id,
)
"""Series: years of the city's calendar. ``H``: hotline."""
