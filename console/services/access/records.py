"""Entries of the log of actions about users and seats: who signed in, who was refused, who changed which user.

They hold names, roles and areas; never a password or anything made from one.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from console.domain.api_keys import ApiKey
from console.domain.changes import Draft
from console.domain.crew_links import CrewLink
from console.domain.notes import Code, Note
from console.domain.users import User


class SeatEvent(StrEnum):
    """What happened at a seat."""

    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    LOCKED = "locked"
    LOCKED_IDLE = "locked_idle"
    REVOKED = "revoked"
    UNLOCKED = "unlocked"
    UNLOCKED_BY_OTHER = "unlocked_by_other"


def seat_event(event: SeatEvent, person: str, seat: str, by: str = "") -> Draft:
    """``person``: who is signed in there; ``by``: who unlocked it, where that is another person."""
    note = Note(f"seat.{event}", user=person, seat=seat, **({"by": by} if by else {}))
    return Draft(f"seat_{event}", f"seat/{seat}", None, {"user": person, "seat": seat, **({"by": by} if by else {})}, note)


def refused_sign_in(user: User | None, seat: str, failures: int) -> Draft:
    """A failed attempt. ``user``: None for an unknown name, which is not kept: people type passwords into the wrong field."""
    after = {"user": None if user is None else user.user_id, "seat": seat, "failures": failures}
    if user is None:
        return Draft("sign_in_failed", f"seat/{seat}", None, after, Note("seat.refused_unknown", seat=seat, n=failures))
    note = Note("seat.refused", user=user.name, seat=seat, n=failures)
    return Draft("sign_in_failed", f"user/{user.user_id}", None, after, note)


def user_changed(before: User | None, after: User, password: bool, is_recovery: bool = False) -> Draft:
    """A user was added or changed. ``password``: it has a new one; ``is_recovery``: without an administrator's password."""
    old = {} if before is None else _fields(before)
    new = _fields(after)
    differing = {name: value for name, value in new.items() if old.get(name) != value}
    told = [Note(f"users.{name}", value=_value(name, value)) for name, value in differing.items() if before is not None]
    if password and before is not None:
        told.append(Note("users.password"))
    kind = "user_added" if before is None else "user_changed"
    role = Code("role", after.role)
    if before is None:
        note = Note("users.added", user=after.name, role=role)
    else:
        note = Note("users.changed", user=before.name, what=told)
    if is_recovery:
        note = Note("users.recovery", what=note)
    return Draft(kind, f"user/{after.user_id}", {name: old.get(name) for name in differing} if old else None, differing, note)


def crew_link_changed(link: CrewLink) -> Draft:
    """A link of a crew was made or revoked."""
    about = {"crew": link.crew_id, "link": link.link_id}
    if link.revoked_at is None:
        return Draft("crew_link_made", f"crew/{link.crew_id}", None, about, Note("crew_link.made", **about))
    return Draft("crew_link_revoked", f"crew/{link.crew_id}", about, None, Note("crew_link.revoked", **about))


def api_key_changed(key: ApiKey) -> Draft:
    """A key of another program was made or revoked."""
    about = {"client": key.client, "key": key.key_id}
    if key.revoked_at is None:
        return Draft("api_key_made", f"client/{key.client}", None, about, Note("api_key.made", **about))
    return Draft("api_key_revoked", f"client/{key.client}", about, None, Note("api_key.revoked", **about))


def _fields(user: User) -> dict[str, Any]:
    return {"name": user.name, "role": user.role.value, "areas": list(user.areas), "is_enabled": user.is_enabled}


def _value(name: str, value: Any) -> Any:
    if name == "role":
        return Code("role", value)
    if name == "is_enabled":
        return Code("user_state", "enabled" if value else "disabled")
    return ", ".join(value) if isinstance(value, list) else value
