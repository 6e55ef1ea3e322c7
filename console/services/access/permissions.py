"""Whether an actor may carry out an intent: its role's permissions, and the proof of who it is."""

from __future__ import annotations

from console.domain.actors import Actor, Permission, Role
from console.domain.intents import Intent
from console.services.changesets import Refused
from console.services.handling import Handler

_WITHOUT_PASSWORD = (Role.SYSTEM, Role.CREW, Role.CLIENT, Role.LOCKED_SEAT)


def lacks_permission(handler: Handler, actor: Actor, intent: Intent | None = None) -> bool:
    """Whether the role does not grant it. An emergency act is open to every role of people at work."""
    if actor.may(handler.permission):
        return False
    return not (intent is not None and handler.emergency(intent) and actor.may(Permission.EMERGENCY))


def require_permitted(handler: Handler, intent: Intent, actor: Actor, *, signs_in: bool) -> None:
    """Raises Refused where the role or the proof does not suffice; areas are checked by ``services/areas/visibility.py``.

    ``signs_in``: the store has users, so that people act only with a password.
    """
    if signs_in and actor.role not in _WITHOUT_PASSWORD and not actor.is_signed_in:
        raise Refused("needs_sign_in", user=actor.name)
    if lacks_permission(handler, actor, intent):
        raise Refused("not_permitted", user=actor.name, role=actor.role, intent=handler.wording)
