"""Signing on and off: who is on duty at which seat."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from console.domain.actors import Actor, Permission, Role
from console.domain.changes import ChangeSet
from console.domain.intents import Intent
from console.domain.notes import Note
from console.domain.record_ids import provisional_id
from console.domain.shift import DUTY, Duty
from console.services.changesets import Refused, recorded
from console.services.handling import Handler
from console.services.shift.words import line
from console.services.state import DeskState
from console.services.tools import Tools

_OTHERS = (Role.SUPERVISOR, Role.ADMIN)


@dataclass(frozen=True, slots=True)
class BeginShift(Intent):
    """A person begins a shift at this seat. ``name``: typed, where it is not the actor who signs on ("": the actor)."""

    name: str = ""


@dataclass(frozen=True, slots=True)
class EndShift(Intent):
    """A shift ends without a handover."""

    duty_id: str


def begin(tools: Tools, state: DeskState, intent: BeginShift, actor: Actor, now: datetime) -> ChangeSet:
    """Sign on; refused while the same person is on duty at that seat."""
    duty = signed_on(actor, now, line(intent.name))
    if (already := same_duty(state, duty)) is not None:
        raise Refused("on_duty", name=already.name)
    return recorded(None, duty, "shift_begun", begun_note(duty))


def end(tools: Tools, state: DeskState, intent: EndShift, actor: Actor, now: datetime) -> ChangeSet:
    """Sign off; another signed-in person's shift is ended by a supervisor only."""
    duty = state.of(DUTY).get(intent.duty_id)
    if duty is None or duty.ended_at is not None:
        raise Refused("no_duty", duty=intent.duty_id)
    if duty.is_verified and duty.actor_id != actor.actor_id and actor.role not in _OTHERS:
        raise Refused("others_duty", name=duty.name)
    return recorded(duty, replace(duty, ended_at=now), "shift_ended", ended_note(duty, actor.name))


def signed_on(actor: Actor, now: datetime, typed: str = "") -> Duty:
    """A shift that begins now. A typed name that is not the actor's proves nobody."""
    is_other = bool(typed) and typed != actor.name
    return Duty(
        provisional_id(DUTY),
        typed if is_other else actor.actor_id,
        typed or actor.name,
        actor.seat,
        now,
        is_verified=actor.is_signed_in and not is_other,
        role=Role.DISPATCHER if is_other else actor.role,
        area=actor.area,
    )


def same_duty(state: DeskState, duty: Duty) -> Duty | None:
    """The running shift of the same person at the same seat."""
    return next((one for one in on_duty(state) if (one.actor_id, one.seat) == (duty.actor_id, duty.seat)), None)


def on_duty(state: DeskState) -> tuple[Duty, ...]:
    """Running shifts, the oldest first."""
    running = (duty for duty in state.of(DUTY).values() if duty.ended_at is None)
    return tuple(sorted(running, key=lambda duty: (duty.began_at, duty.duty_id)))


def begun_note(duty: Duty) -> Note:
    """Who signed on, and whether anything proves it."""
    return Note("shift.begun" if duty.is_verified else "shift.begun_typed", name=duty.name)


def ended_note(duty: Duty, user: str) -> Note:
    """Who signed off, and who did it for them."""
    return Note("shift.ended", name=duty.name) if user == duty.name else Note("shift.ended_by", name=duty.name, user=user)


HANDLERS = (Handler(BeginShift, begin, Permission.SHIFT), Handler(EndShift, end, Permission.SHIFT))
