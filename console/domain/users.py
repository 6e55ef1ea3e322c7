"""Users of a store that several people work on: who may sign in, with which role and areas. Passwords are not part of it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from console.domain.actors import Actor, Proof, Role
from console.domain.texts import storable

LEAST_PASSWORD, MOST_PASSWORD = 8, 200
"""Characters of a password."""
_LONGEST_NAME = 40
_FREE_TRIES = 5
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 5.0, 60.0


@dataclass(frozen=True, slots=True)
class User:
    """A user. ``user_id`` stays when the shown ``name`` changes; ``areas``: ids, empty for the whole city."""

    user_id: str
    name: str
    role: Role
    areas: tuple[str, ...]
    is_enabled: bool
    created_at: datetime
    changed_at: datetime

    def actor(self, seat: str, proof: Proof) -> Actor:
        """The user as somebody who acts."""
        return Actor(self.user_id, self.name, self.role, self.areas, seat, proof)


def name_key(name: str) -> str:
    """What is unique of a user's name: case, width and surrounding blanks do not matter.

    Storable: names that nobody can have are looked up like any other, so that they are refused as unknown ones.
    """
    return storable(unicodedata.normalize("NFKC", name).strip().casefold())


def name_fault(name: str) -> str:
    """Why a text cannot be a user's name, "" when it can."""
    if not 1 <= len(name.strip()) <= _LONGEST_NAME or not name_key(name):
        return f"a name has 1 to {_LONGEST_NAME} characters"
    if not name.isprintable():
        return "a name has no control characters"
    return ""


def areas_fault(role: Role, areas: tuple[str, ...]) -> str:
    """Why areas cannot be those of a user with this role, "" when they can."""
    if role is Role.AREA and not areas:
        return "the role area needs an area: without one it would be for the whole city"
    if not all(area.strip() and area.isprintable() for area in areas):
        return "the id of an area is empty or has control characters"
    return ""


def password_fault(password: str, name: str) -> str:
    """Why a text cannot be the password of the user ``name``, "" when it can."""
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        return f"a password has {LEAST_PASSWORD} to {MOST_PASSWORD} characters"
    if name_key(password) == name_key(name):
        return "a password is not the name itself"
    return ""


def pause_s(failures: int) -> float:
    """Seconds for which no password of a name is looked at after so many failures in a row: none before the fifth, 60 at most."""
    if failures < _FREE_TRIES:
        return 0.0
    return min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** min(failures - _FREE_TRIES, 10))
