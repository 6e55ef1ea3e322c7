"""Changes of a ticket: its state, its case, calls back, satisfaction, and taking the last change back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from console.domain.actors import Actor, Permission
from console.domain.alarms import ALARM, Alarm, AlarmKind, AlarmState, Priority
from console.domain.changes import Change, ChangeSet
from console.domain.intents import Intent
from console.domain.notes import NO_NOTE, Code, Note
from console.domain.record_ids import provisional_id
from console.domain.records import subject_of
from console.domain.tickets import Answer, Aspect, Callback, CallbackResult, Rating, Stage, Ticket, TicketState
from console.services.changesets import NOTHING, AlarmChange, Refused, recorded, recorded_alarms, reverted
from console.services.handling import Handler
from console.services.shift.words import LONGEST_TEXT
from console.services.state import DeskState
from console.services.tickets.taking import joined_to, ticket_of, with_case_line
from console.services.tools import Tools

STILL_OUT = "still_out"
"""Code of the alarm of callers who have no water although it is said to be back."""
_WITH_REASON = frozenset({TicketState.NO_FURTHER_ACTION, TicketState.NOT_RESPONSIBLE, TicketState.CLOSED})


@dataclass(frozen=True, slots=True)
class SetTicketState(Intent):
    """Another state. ``duplicate_of``: id of the ticket that is the same report, for ``duplicate``."""

    ticket_id: str
    state: TicketState
    reason: str = ""
    duplicate_of: str = ""


@dataclass(frozen=True, slots=True)
class JoinTicket(Intent):
    """The ticket belongs to this case; "" takes it out of its case."""

    ticket_id: str
    incident_id: str


@dataclass(frozen=True, slots=True)
class LogCallback(Intent):
    """A caller was called back."""

    ticket_id: str
    result: CallbackResult
    said: str = ""


@dataclass(frozen=True, slots=True)
class RateTicket(Intent):
    """A caller was asked about the process or the result; ``Answer.NONE``: asked, no answer."""

    ticket_id: str
    aspect: Aspect
    stage: Stage
    answer: Answer


@dataclass(frozen=True, slots=True)
class UndoTicket(Intent):
    """Take back the last change of a ticket that can be."""

    ticket_id: str


def set_state(tools: Tools, state: DeskState, intent: SetTicketState, actor: Actor, now: datetime) -> ChangeSet:
    """Change the state. A refusal names what is missing: a reason, or the ticket that it repeats."""
    before, reason = ticket_of(state, intent.ticket_id), intent.reason.strip()[:LONGEST_TEXT]
    if intent.state is before.state:
        raise Refused("ticket_state_same", ticket=before.ticket_id, ticket_state=before.state)
    if intent.state in _WITH_REASON and not reason:
        raise Refused("ticket_reason")
    if intent.state is TicketState.DUPLICATE:
        first = ticket_of(state, intent.duplicate_of)
        if first.ticket_id == before.ticket_id or first.state is TicketState.DUPLICATE:
            raise Refused("ticket_duplicate", ticket=before.ticket_id, other=first.ticket_id)
    after = in_state(before, intent.state, now)
    after = replace(after, reason=reason, duplicate_of=intent.duplicate_of if intent.state is TicketState.DUPLICATE else "")
    note = Note(
        "ticket.state",
        ticket=before.ticket_id,
        before=Code("ticket_state", before.state),
        after=Code("ticket_state", after.state),
        of=Note("ticket.of", other=after.duplicate_of) if after.duplicate_of else NO_NOTE,
        reason=Note("ticket.reason", reason=reason) if reason else NO_NOTE,
    )
    return recorded(before, after, "ticket_state", note)


def join(tools: Tools, state: DeskState, intent: JoinTicket, actor: Actor, now: datetime) -> ChangeSet:
    """Put a ticket to a case, or take it out."""
    before = ticket_of(state, intent.ticket_id)
    if intent.incident_id and intent.incident_id not in state.incidents:
        raise Refused("no_incident", incident=intent.incident_id)
    if intent.incident_id == before.incident_id:
        raise Refused("ticket_same", ticket=before.ticket_id)
    after = replace(joined_to(state, before, intent.incident_id), updated_at=now)
    if after.incident_id:
        note = Note("ticket.joined", ticket=before.ticket_id, case=after.incident_id)
    else:
        note = Note("ticket.parted", ticket=before.ticket_id, case=before.incident_id)
    step = recorded(before, after, "ticket_joined", note)
    return with_case_line(step, intent.incident_id or before.incident_id, "ticket_joined", note)


def call_back(tools: Tools, state: DeskState, intent: LogCallback, actor: Actor, now: datetime) -> ChangeSet:
    """Keep a call back. *Still out* reopens the ticket (see ``still_out_alarm``); *water back* closes it as fixed."""
    before = ticket_of(state, intent.ticket_id)
    made = Callback(now, actor.name, intent.result, intent.said.strip()[:LONGEST_TEXT])
    after = replace(before, callbacks=(*before.callbacks, made), updated_at=now)
    if intent.result is CallbackResult.STILL_OUT:
        after = replace(in_state(after, TicketState.CONFIRMED, now), restored_at=None, reason="")
    elif intent.result is CallbackResult.WATER_BACK:
        after = in_state(after, TicketState.FIXED, now)
    note = Note(
        "ticket.called_back",
        user=actor.name,
        ticket=before.ticket_id,
        result=Code("callback", intent.result),
        said=Note("ticket.said", text=made.said) if made.said else NO_NOTE,
    )
    step = recorded(before, after, "ticket_called_back", note)
    return with_case_line(step, before.incident_id, "ticket_called_back", note)


def rate(tools: Tools, state: DeskState, intent: RateTicket, actor: Actor, now: datetime) -> ChangeSet:
    """Keep what a caller answered; asked again about the same at the same stage, the last answer counts."""
    before = ticket_of(state, intent.ticket_id)
    made = Rating(now, actor.name, intent.aspect, intent.stage, intent.answer)
    others = tuple(one for one in before.ratings if (one.aspect, one.stage) != (made.aspect, made.stage))
    after = replace(before, ratings=(*others, made), updated_at=now)
    note = Note(
        "ticket.rated",
        ticket=before.ticket_id,
        aspect=Code("aspect", made.aspect),
        stage=Code("stage", made.stage),
        answer=Code("satisfaction", made.answer),
    )
    return recorded(before, after, "ticket_rated", note)


def undo(tools: Tools, state: DeskState, intent: UndoTicket, actor: Actor, now: datetime) -> ChangeSet:
    """The inverse of the last change of a ticket that can be taken back. Raises Refused when there is none."""
    before = ticket_of(state, intent.ticket_id)
    history: tuple[Change, ...] = state.history.get(subject_of(before), ())
    undone = {change.undoes for change in history if change.undoes is not None}
    for change in reversed(history):
        if change.kind in tools.undoable and change.seq not in undone:
            after = replace(reverted(before, change), updated_at=now)
            return recorded(before, after, "undo", Note("case.undone", step=change.note), undoes=change.seq)
    raise Refused("ticket_nothing_to_undo", ticket=before.ticket_id)


def in_state(ticket: Ticket, state: TicketState, now: datetime) -> Ticket:
    """The ticket in a state, with the time at which it was closed."""
    after = replace(ticket, state=state, updated_at=now)
    return replace(after, closed_at=None if after.is_open else now)


def still_out_alarm(state: DeskState, ticket: Ticket, now: datetime) -> ChangeSet:
    """What follows when a caller has just said to be still without water: one alarm of the case, revised by the next caller."""
    if not ticket.callbacks or ticket.callbacks[-1].at != now or ticket.callbacks[-1].result is not CallbackResult.STILL_OUT:
        return NOTHING
    return recorded_alarms([_still_out(state, ticket, now)])


def _still_out(state: DeskState, ticket: Ticket, now: datetime) -> AlarmChange:
    subject = ticket.incident_id or ticket.community or ticket.address or ticket.ticket_id
    known = next(
        (
            one
            for one in state.alarms.values()
            if one.kind is AlarmKind.CALLS and one.code == STILL_OUT and one.subject == subject
            and one.state is not AlarmState.CLEARED and one.returned_at is None
        ),
        None,
    )  # fmt: skip
    if known is not None:
        tickets = tuple(dict.fromkeys((*known.channels, ticket.ticket_id)))
        again = replace(known, state=AlarmState.ACTIVE, channels=tickets, detail=_still_out_note(ticket, tickets))
        return AlarmChange(known, again, "alarm_revised", Note("alarm.raised", detail=again.detail))
    alarm = Alarm(
        provisional_id(ALARM),
        AlarmKind.CALLS,
        Priority.HIGH,
        subject,
        now,
        detail=_still_out_note(ticket, (ticket.ticket_id,)),
        incident_id=ticket.incident_id,
        is_drill=ticket.is_drill,
        code=STILL_OUT,
        channels=(ticket.ticket_id,),
    )
    return AlarmChange(None, alarm, "alarm_raised", Note("alarm.raised", detail=alarm.detail))


def _still_out_note(ticket: Ticket, tickets: tuple[str, ...]) -> Note:
    place = ticket.address or ticket.community or ticket.ticket_id
    return Note("ticket.still_out", n=len(tickets), place=place, tickets=tickets)


HANDLERS = (
    Handler(SetTicketState, set_state, Permission.TICKETS, undoable=("ticket_state",)),
    Handler(JoinTicket, join, Permission.TICKETS, undoable=("ticket_joined",)),
    Handler(LogCallback, call_back, Permission.TICKETS, undoable=("ticket_called_back",)),
    Handler(RateTicket, rate, Permission.TICKETS, undoable=("ticket_rated",)),
    Handler(UndoTicket, undo, Permission.TICKETS),
)
