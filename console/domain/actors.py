"""Actors: who does something — a person at a seat, or the program itself — and what each role may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class Role(StrEnum):
    """What somebody is in the dispatch centre."""

    DISPATCHER = "dispatcher"
    SUPERVISOR = "supervisor"
    AREA = "area"
    HOTLINE = "hotline"
    LEAKAGE = "leakage"
    GIS = "gis"
    AUDITOR = "auditor"
    ADMIN = "admin"
    CREW = "crew"
    CLIENT = "client"
    """Another program that sends and reads tickets, known by its key."""
    SYSTEM = "system"
    LOCKED_SEAT = "locked_seat"
    """Somebody at a locked seat: nobody has shown who."""


PEOPLE = (Role.DISPATCHER, Role.SUPERVISOR, Role.AREA, Role.HOTLINE, Role.LEAKAGE, Role.GIS, Role.AUDITOR, Role.ADMIN)
"""Roles that a user can have."""


class Proof(StrEnum):
    """What shows who an actor is. It is recorded with each change."""

    UNRECORDED = ""
    """Changes written before this was recorded."""
    ACCOUNT = "account"
    """The account of the operating system, at a single seat without sign-in."""
    PASSWORD = "password"
    """Signed in at the seat with name and password."""
    PASSWORD_ONCE = "password_once"
    """Name and password given for this one act, at another person's seat."""
    TYPED_NAME = "typed_name"
    """A name typed at another person's seat: no evidence of the person."""
    KEY = "key"
    """The key of another program."""
    LOCKED_SEAT = "locked_seat"
    """An emergency act at a locked seat: the person is unknown."""


SIGNED = frozenset({Proof.PASSWORD, Proof.PASSWORD_ONCE})
"""Proof of a person who gave a password."""


class Permission(StrEnum):
    """What an intent needs. Each handler names one."""

    ACKNOWLEDGE = "acknowledge"
    ALARMS = "alarms"
    OPERATIONS = "operations"
    CASES = "cases"
    CREWS = "crews"
    DRAFT_NOTICES = "draft_notices"
    APPROVE_NOTICES = "approve_notices"
    ISSUE_NOTICES = "issue_notices"
    EMERGENCY = "emergency"
    """Acts that are never blocked in an emergency, only recorded (``Handler.emergency``)."""
    UNLOCK_OTHERS = "unlock_others"
    """Unlock a seat that another person has locked."""
    USERS = "users"
    """Administer users."""
    SHIFT = "shift"
    """Entries of the shift log, calls, signing on and off, handovers."""
    CORRECTIONS = "corrections"
    """Accept or refuse corrections of the dataset that crews propose."""
    CONTACTS = "contacts"
    """Change the contact book."""
    TICKETS = "tickets"
    """Take calls of customers, change their tickets, call back."""
    PUBLIC = "public"
    """Enter who was told, and keep the points of emergency water."""
    PERSONAL_DATA = "personal_data"
    """See and change the register of people in need, and enter what was done for them."""


_ALL = frozenset(Permission)
_AT_THE_DESK = _ALL - {Permission.UNLOCK_OTHERS, Permission.USERS}
"""A dispatcher may do all of it: that a second person approves a notice is a rule of the notice, with its override."""
_AT_WORK = frozenset({Permission.ACKNOWLEDGE, Permission.EMERGENCY, Permission.SHIFT})

GRANTED: Mapping[Role, frozenset[Permission]] = {
    Role.DISPATCHER: _AT_THE_DESK,
    Role.SUPERVISOR: _ALL - {Permission.USERS},
    Role.ADMIN: _ALL,
    Role.SYSTEM: _ALL,
    Role.AREA: _AT_WORK | {Permission.ALARMS, Permission.CREWS, Permission.TICKETS, Permission.PUBLIC},
    Role.HOTLINE: _AT_WORK
    | {Permission.CASES, Permission.CONTACTS, Permission.TICKETS, Permission.PUBLIC, Permission.PERSONAL_DATA},
    Role.LEAKAGE: _AT_WORK | {Permission.ALARMS, Permission.OPERATIONS},
    Role.GIS: _AT_WORK | {Permission.OPERATIONS, Permission.CORRECTIONS},
    Role.CREW: frozenset({Permission.CREWS}),
    Role.CLIENT: frozenset({Permission.TICKETS}),
    Role.AUDITOR: frozenset(),
    Role.LOCKED_SEAT: frozenset({Permission.ACKNOWLEDGE}),
}
"""The one table of permissions."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. ``actor_id`` stays when the shown ``name`` changes.

    ``areas``: ids of the areas it may act in, empty for the whole city; ``seat``: the console used; ``proof``: what shows that
    it is this person.
    """

    actor_id: str
    name: str
    role: Role = Role.DISPATCHER
    areas: tuple[str, ...] = ()
    seat: str = ""
    proof: Proof = Proof.UNRECORDED

    @classmethod
    def named(cls, name: str, role: Role = Role.DISPATCHER, proof: Proof = Proof.UNRECORDED) -> Self:
        """Somebody known by name only."""
        return cls(name, name, role, proof=proof)

    @classmethod
    def at_locked_seat(cls, seat: str) -> Self:
        """Whoever is at a locked seat; the seat's name stands for the person."""
        return cls(f"seat:{seat}", seat, Role.LOCKED_SEAT, seat=seat, proof=Proof.LOCKED_SEAT)

    def may(self, permission: Permission) -> bool:
        """Whether the role grants it."""
        return permission in GRANTED[self.role]

    def acts_in(self, area: str) -> bool:
        """Whether it may act on records of this area."""
        return not self.areas or area in self.areas

    @property
    def area(self) -> str:
        """The area of what it writes: its only one; "" for the centre's people, and for those of several areas."""
        return self.areas[0] if len(self.areas) == 1 else ""

    @property
    def is_signed_in(self) -> bool:
        """Whether it gave a password."""
        return self.proof in SIGNED


SYSTEM = Actor("quanmai", "quanmai", Role.SYSTEM)
"""The program itself: findings, answers of crews, clocks."""
