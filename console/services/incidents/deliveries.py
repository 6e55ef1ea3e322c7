"""Delivery of a case's messages: logged once when one cannot be sent, and once when it is delivered later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from console.domain.actors import Actor, Permission
from console.domain.changes import ChangeSet, Draft
from console.domain.delivery import RETRIED, Obsolete, Reason, Undelivered
from console.domain.intents import Intent
from console.domain.notes import Code, Note
from console.services.changesets import Refused
from console.services.handling import Handler
from console.services.note_texts import as_written
from console.services.state import DeskState
from console.services.tools import Tools


@dataclass(frozen=True, slots=True)
class RetryDelivery(Intent):
    """Try a failed or refused delivery of one of a case's messages again at once."""

    incident_id: str
    outgoing_id: int
    channel: str


_KINDS = ("not_delivered", "delivered", "withdrawn")


def on_deliveries(
    state: DeskState,
    waiting: Sequence[Undelivered],
    arrived: Sequence[Undelivered],
    withdrawn: Sequence[tuple[Undelivered, Obsolete]] = (),
) -> ChangeSet:
    """Entries in the log of actions about delivery.

    ``waiting``: messages not delivered. ``arrived``: messages delivered that were logged as not delivered. ``withdrawn``:
    messages not known to have been sent, which will not be sent any more.

    An entry that is already in the log is not repeated, also not after a restart.
    """
    history = (change for changes in state.history.values() for change in changes if change.kind in _KINDS)
    told = {_said(change.subject, change.note) for change in history}
    failed = [_not_delivered(one, one.reason) for one in waiting]
    missed = [one for one in arrived if any(_entry(_not_delivered(one, reason)) in told for reason in Reason)]
    given_up = [_draft(one, "withdrawn", reason=Code("obsolete", why)) for one, why in withdrawn]
    drafts = [*failed, *given_up, *(_draft(one, "delivered") for one in missed)]
    cases = {f"incident/{incident_id}" for incident_id in state.incidents}
    return ChangeSet(tuple(d for d in drafts if d.subject in cases and _entry(d) not in told))


def _entry(draft: Draft) -> tuple[str, str]:
    return _said(draft.subject, draft.note)


def _said(subject: str, note: Note) -> tuple[str, str]:
    """A line of the log; one written before notes had keys is the same line."""
    return subject, as_written(note)


def _not_delivered(one: Undelivered, reason: Reason) -> Draft:
    return _draft(one, "not_delivered", reason=Code("undelivered", reason))


def _draft(one: Undelivered, kind: str, **why: Code) -> Draft:
    note = Note(f"delivery.{kind}", kind=Code("message_kind", one.kind), subject=one.subject, number=one.outgoing_id, **why)
    return Draft(kind, f"incident/{one.incident_id}", None, None, note)


def retry(_tools: Tools, state: DeskState, intent: RetryDelivery, _actor: Actor, _now: datetime) -> ChangeSet:
    """Record who asked for it; the leading process tries again once it is on disk."""
    if intent.incident_id not in state.incidents:
        raise Refused("no_incident", incident=intent.incident_id)
    after = {"outgoing_id": intent.outgoing_id, "channel": intent.channel}
    note = Note("delivery.retried", number=intent.outgoing_id, channel=intent.channel)
    return ChangeSet((Draft(RETRIED, f"incident/{intent.incident_id}", None, after, note),))


HANDLERS = (Handler(RetryDelivery, retry, Permission.ISSUE_NOTICES),)
