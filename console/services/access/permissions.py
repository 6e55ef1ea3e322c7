"""Whether an actor may carry out an intent: its role's permissions, its areas, and the proof of who it is."""

from __future__ import annotations

from console.domain.actors import Actor, Permission, Role
from console.domain.intents import Intent
from console.services.changesets import Refused
from console.services.conflicts import subjects_of
from console.services.handling import Handler
from console.services.state import DeskState

_WITHOUT_PASSWORD = (Role.SYSTEM, Role.CREW, Role.LOCKED_SEAT)


def lacks_permission(handler: Handler, actor: Actor, intent: Intent | None = None) -> bool:
    """Whether the role does not grant it. An emergency act is open to every role of people at work."""
    if actor.may(handler.permission):
        return False
    return not (intent is not None and handler.emergency(intent) and actor.may(Permission.EMERGENCY))


def require_permitted(handler: Handler, state: DeskState, intent: Intent, actor: Actor, *, signs_in: bool) -> None:
    """Raises Refused where the role, the area or the proof does not suffice.

    ``signs_in``: the store has users, so that people act only with a password. Areas are those of the records that the intent
    names; an actor with areas acts on records of these alone.
    """
    if signs_in and actor.role not in _WITHOUT_PASSWORD and not actor.is_signed_in:
        raise Refused("needs_sign_in", user=actor.name)
    if lacks_permission(handler, actor, intent):
        raise Refused("not_permitted", user=actor.name, role=actor.role, intent=handler.wording)
    if not actor.areas or handler.emergency(intent):
        return
    for subject in subjects_of(state, intent):
        area = _area_of(state, subject)
        if area and not actor.acts_in(area):
            raise Refused("not_in_area", user=actor.name, area=area, subject=subject.partition("/")[2])


def _area_of(state: DeskState, subject: str) -> str:
    """Area of a record, "" for one of no area."""
    kind_name, _, record_id = subject.partition("/")
    record = state.records.get(kind_name, {}).get(record_id)
    return "" if record is None else str(record.record_kind.area(record))
