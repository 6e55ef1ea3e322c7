"""Undo of a planned outage: the inverse of the last step that people took before it was announced, or before it runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.domain.actors import Actor, Permission
from console.domain.changes import Change, ChangeSet
from console.domain.intents import Intent
from console.domain.notes import Note
from console.domain.outages import OutageState
from console.domain.records import subject_of
from console.services.changesets import Refused, recorded, reverted
from console.services.handling import Handler
from console.services.outages.planning import ahead_of, with_plan
from console.services.state import DeskState
from console.services.tools import Tools

_STEPS = ("outage_changed", "outage_planned", "outage_told")
"""Steps of its notices are taken back in the notice's own window."""
_WORKED_OUT = ("plan", "impact", "conflicts", "notices", "place")
"""Follows from the rest, or has left the house."""


@dataclass(frozen=True, slots=True)
class UndoOutage(Intent):
    """Undo the outage's last change, confirmation or word that a customer was told."""

    outage_id: str


def undo(tools: Tools, state: DeskState, intent: UndoOutage, actor: Actor, now: datetime) -> ChangeSet:
    """Raises Refused when there is nothing to undo, and for the confirmation of one whose notice is out."""
    before = ahead_of(state, intent.outage_id)
    history: tuple[Change, ...] = state.history.get(subject_of(before), ())
    undone = {change.undoes for change in history if change.undoes is not None}
    for change in reversed(history):
        if change.kind not in _STEPS or change.seq in undone:
            continue
        if change.kind == "outage_planned" and before.state is OutageState.ANNOUNCED:
            raise Refused("outage_undo_announced", outage=before.outage_id)
        told = () if change.kind == "outage_told" else ("contacts",)
        after = reverted(before, change, keeping=(*_WORKED_OUT, *told))
        if after.unable != before.unable:
            after = with_plan(tools, state, after)
        if after != before:
            return recorded(before, after, "undo", Note("case.undone", step=change.note), undoes=change.seq)
    raise Refused("outage_nothing_to_undo", outage=before.outage_id)


HANDLERS = (Handler(UndoOutage, undo, Permission.OPERATIONS),)
