"""The shift: who is on duty, entries of the shift log, and handovers signed by two people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from console.domain.actors import Role
from console.domain.attachments import PictureRef
from console.domain.notes import Note
from console.domain.records import RecordKind


class Level(StrEnum):
    """How much an entry matters: 一般 重要 紧急."""

    ROUTINE = "routine"
    IMPORTANT = "important"
    URGENT = "urgent"


@dataclass(frozen=True, slots=True)
class Duty:
    """One person's shift at one seat, from begin to end.

    ``is_verified``: the person signed in; otherwise the name was typed or is this workstation's setting. ``area``: whose
    terminal it is, "" at the centre.
    """

    duty_id: str
    actor_id: str
    name: str
    seat: str
    began_at: datetime
    is_verified: bool = False
    role: Role = Role.DISPATCHER
    ended_at: datetime | None = None
    handover_id: str = ""
    area: str = ""
    version: int = 0

    @property
    def record_kind(self) -> RecordKind[Duty]:
        """Shifts of people."""
        return DUTY


@dataclass(frozen=True, slots=True)
class MapPlace:
    """A place on the map. ``x``, ``y``: the network's CRS; ``asset_id`` "" for a bare point."""

    asset_id: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry of the shift log; never changed. A correction is an entry of its own that names the one it ``corrects``.

    ``former``: the text that a correction replaces, as its author saw it. ``reply_to``: the entry that it answers. ``area``: of
    its author, "" for the centre.
    """

    entry_id: str
    at: datetime
    author: str
    actor_id: str
    text: str
    level: Level = Level.ROUTINE
    tags: tuple[str, ...] = ()
    seat: str = ""
    incident_id: str = ""
    alarm_id: str = ""
    place: MapPlace | None = None
    picture: PictureRef | None = None
    reply_to: str = ""
    corrects: str = ""
    former: str = ""
    area: str = ""
    version: int = 0

    @property
    def record_kind(self) -> RecordKind[LogEntry]:
        """Entries of the shift log."""
        return LOG_ENTRY


class Part(StrEnum):
    """Sections of a handover, in the order of the document."""

    CASES = "cases"
    VALVES = "valves"
    CREWS = "crews"
    SHELVED = "shelved"
    OUT_OF_SERVICE = "out_of_service"
    WORKS = "works"
    UNSENT = "unsent"
    FAULTS = "faults"


@dataclass(frozen=True, slots=True)
class HandoverItem:
    """One open thing. ``key``: the same thing in two previews; ``note``: in words; ``due``: its deadline, None without one."""

    part: Part
    key: str
    note: Note
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class ItemChange:
    """An item that differs between the preview and the signature: None before: it came; None after: it is gone."""

    before: HandoverItem | None
    after: HandoverItem | None


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed. ``is_verified``: by password at sign-in; otherwise the name was typed and nothing proves it."""

    actor_id: str
    name: str
    role: Role = Role.DISPATCHER
    is_verified: bool = False


@dataclass(frozen=True, slots=True)
class Handover:
    """A handover as both saw it when they signed; never changed.

    ``changes``: what came, went or changed between ``previewed_at`` and the signatures. ``since``: begin of the shift, None
    where nobody had signed on. ``area``: whose open things it lists, "" for all.
    """

    handover_id: str
    signed_at: datetime
    previewed_at: datetime
    outgoing: Signature
    incoming: Signature
    items: tuple[HandoverItem, ...]
    changes: tuple[ItemChange, ...] = ()
    remarks: str = ""
    seat: str = ""
    since: datetime | None = None
    is_drill: bool = False
    area: str = ""
    version: int = 0

    @property
    def record_kind(self) -> RecordKind[Handover]:
        """Handovers."""
        return HANDOVER

    @property
    def is_verified(self) -> bool:
        """Whether both signed with their passwords."""
        return self.outgoing.is_verified and self.incoming.is_verified


def _area_added(document: dict[str, Any]) -> dict[str, Any]:
    """Schema 1 had no area: whatever it wrote was the centre's, also what was written at a terminal. Parts stay parts."""
    return {"area": "", **document} if "seat" in document else document


DUTY = RecordKind(
    "duty",
    Duty,
    "duty_id",
    number=lambda _, serial: f"D-{serial:05d}",
    state=lambda duty: "on_duty" if duty.ended_at is None else "ended",
    opened_at=lambda duty: duty.began_at,
    closed_at=lambda duty: duty.ended_at,
    area=lambda duty: duty.area,
    schema=2,
    upgrades={1: _area_added},
)
LOG_ENTRY = RecordKind(
    "log_entry",
    LogEntry,
    "entry_id",
    number=lambda _, serial: f"L-{serial:06d}",
    state=lambda entry: entry.level.value,
    opened_at=lambda entry: entry.at,
    closed_at=lambda entry: entry.at,
    area=lambda entry: entry.area,
    schema=2,
    upgrades={1: _area_added},
    in_package=lambda entry, incident_id: entry.incident_id == incident_id,
)
"""Closed as soon as it is written: the desk's state holds those of the last hours, the store all of them."""
HANDOVER = RecordKind(
    "handover",
    Handover,
    "handover_id",
    number=lambda _, serial: f"H-{serial:05d}",
    state=lambda handover: "verified" if handover.is_verified else "typed",
    opened_at=lambda handover: handover.signed_at,
    closed_at=lambda handover: handover.signed_at,
    area=lambda handover: handover.area,
    schema=2,
    upgrades={1: _area_added},
)
