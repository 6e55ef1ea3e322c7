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
    SYSTEM = "system"


class Permission(StrEnum):
    """What an intent needs. Each handler names one."""

    ALARMS = "alarms"
    OPERATIONS = "operations"
    CASES = "cases"
    CREWS = "crews"
    DRAFT_NOTICES = "draft_notices"
    APPROVE_NOTICES = "approve_notices"
    ISSUE_NOTICES = "issue_notices"
    SHIFT = "shift"
    """Entries of the shift log, calls, signing on and off, handovers."""
    CONTACTS = "contacts"
    """Change the contact book."""


_ALL = frozenset(Permission)
_AT_THE_DESK = _ALL
"""A dispatcher may do all of it: that a second person approves a notice is a rule of the notice, with its override."""

GRANTED: Mapping[Role, frozenset[Permission]] = {
    Role.DISPATCHER: _AT_THE_DESK,
    Role.SUPERVISOR: _ALL,
    Role.ADMIN: _ALL,
    Role.SYSTEM: _ALL,
    Role.AREA: frozenset({Permission.ALARMS, Permission.CREWS, Permission.SHIFT}),
    Role.HOTLINE: frozenset({Permission.CASES, Permission.SHIFT, Permission.CONTACTS}),
    Role.LEAKAGE: frozenset({Permission.ALARMS, Permission.OPERATIONS, Permission.SHIFT}),
    Role.GIS: frozenset({Permission.OPERATIONS, Permission.SHIFT}),
    Role.CREW: frozenset({Permission.CREWS}),
    Role.AUDITOR: frozenset(),
}
"""The one table of permissions."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. ``actor_id`` stays when the shown ``name`` changes.

    ``areas``: ids of the areas it may act in, empty for the whole city; ``seat``: the console used.
    """

    actor_id: str
    name: str
    role: Role = Role.DISPATCHER
    areas: tuple[str, ...] = ()
    seat: str = ""

    @classmethod
    def named(cls, name: str, role: Role = Role.DISPATCHER) -> Self:
        """Somebody known by name only, as at a single seat without sign-in."""
        return cls(name, name, role)

    def may(self, permission: Permission) -> bool:
        """Whether the role grants it."""
        return permission in GRANTED[self.role]


SYSTEM = Actor("quanmai", "quanmai", Role.SYSTEM)
"""The program itself: findings, answers of crews, clocks."""
