"""Dispatch orders 调度指令 to plants, pumping stations and remote valves: recorded here, carried out there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from console.domain.records import AT_HAND, RecordKind


class TargetKind(StrEnum):
    """What an order is for."""

    PLANT = "plant"
    PUMPING_STATION = "pumping_station"
    VALVE = "valve"


class DispatchState(StrEnum):
    """Life of an order; *overdue* follows from its time."""

    GIVEN = "given"
    REPEATED = "repeated"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class DispatchOrder:
    """One order. ``due_at``: until when it is to be done, None for no time; ``repeated_words``: as they were read back.

    ``repeated_by``, ``done_by``: who said so at the other end, as the dispatcher entered it; nothing is controlled from here.
    ``warned_at``: when it was reported as not repeated back. ``operation``: what the program proposed, "" when typed.
    """

    order_id: str
    incident_id: str
    target: TargetKind
    target_id: str
    target_name: str
    text: str
    given_at: datetime
    given_by: str
    actor_id: str
    state: DispatchState = DispatchState.GIVEN
    due_at: datetime | None = None
    operation: str = ""
    repeated_at: datetime | None = None
    repeated_by: str = ""
    repeated_words: str = ""
    done_at: datetime | None = None
    done_by: str = ""
    result: str = ""
    cancelled_at: datetime | None = None
    cancelled_by: str = ""
    reason: str = ""
    warned_at: datetime | None = None
    version: int = 0

    @property
    def record_kind(self) -> RecordKind[DispatchOrder]:
        """Dispatch orders."""
        return DISPATCH_ORDER

    @property
    def is_open(self) -> bool:
        """Neither done nor cancelled."""
        return self.state in (DispatchState.GIVEN, DispatchState.REPEATED)

    def is_overdue(self, now: datetime) -> bool:
        """Open behind its time."""
        return self.is_open and self.due_at is not None and now > self.due_at


DISPATCH_ORDER = RecordKind(
    "dispatch_order",
    DispatchOrder,
    "order_id",
    number=lambda _, serial: f"D-{serial:05d}",
    state=lambda order: order.state.value,
    opened_at=lambda order: order.given_at,
    closed_at=lambda order: ended + AT_HAND if (ended := order.done_at or order.cancelled_at) is not None else None,
    in_package=lambda order, incident_id: order.incident_id == incident_id,
)
