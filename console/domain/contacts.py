"""The contact book, and calls as people enter them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from console.domain.records import RecordKind


class ContactKind(StrEnum):
    """What somebody is to the dispatch centre."""

    CREW = "crew"
    HOSPITAL = "hospital"
    DIALYSIS = "dialysis"
    PROPERTY = "property"
    GRID_WORKER = "grid_worker"
    FIRE_BRIGADE = "fire_brigade"
    UTILITY = "utility"
    AUTHORITY = "authority"
    OTHER = "other"


class Outcome(StrEnum):
    """How a call ended, as the caller says."""

    REACHED = "reached"
    NOT_REACHED = "not_reached"
    BUSY = "busy"
    WRONG_NUMBER = "wrong_number"


@dataclass(frozen=True, slots=True)
class Contact:
    """A person or office to call. ``areas``: ids or names of areas and communities; ``verified_on``: numbers tried out then.

    ``removed_at``: taken out of the book; its calls stay.
    """

    contact_id: str
    name: str
    kind: ContactKind
    added_at: datetime
    role: str = ""
    organisation: str = ""
    phones: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    notes: str = ""
    verified_on: date | None = None
    synthetic: bool = False
    removed_at: datetime | None = None
    version: int = 0

    @property
    def record_kind(self) -> RecordKind[Contact]:
        """Entries of the contact book."""
        return CONTACT


@dataclass(frozen=True, slots=True)
class Call:
    """A call that ``by`` says to have made; never changed. ``name`` and ``organisation``: of the contact as it was then.

    ``area``: of the caller, "" for the centre.
    """

    call_id: str
    at: datetime
    by: str
    actor_id: str
    outcome: Outcome
    name: str
    contact_id: str = ""
    organisation: str = ""
    phone: str = ""
    said: str = ""
    incident_id: str = ""
    seat: str = ""
    area: str = ""
    version: int = 0

    @property
    def record_kind(self) -> RecordKind[Call]:
        """Calls."""
        return CALL


def _area_added(document: dict[str, Any]) -> dict[str, Any]:
    """Schema 1 had no area: whatever it wrote was the centre's. Parts stay parts."""
    return {"area": "", **document} if "seat" in document else document


CONTACT = RecordKind(
    "contact",
    Contact,
    "contact_id",
    number=lambda _, serial: f"K-{serial:05d}",
    state=lambda contact: "listed" if contact.removed_at is None else "removed",
    opened_at=lambda contact: contact.added_at,
    closed_at=lambda contact: contact.removed_at,
)
CALL = RecordKind(
    "call",
    Call,
    "call_id",
    number=lambda _, serial: f"T-{serial:06d}",
    state=lambda call: call.outcome.value,
    opened_at=lambda call: call.at,
    closed_at=lambda call: call.at,
    area=lambda call: call.area,
    schema=2,
    upgrades={1: _area_added},
    in_package=lambda call, incident_id: call.incident_id == incident_id,
)
