"""Builds a ChangeSet with its drafts from a record's values before and after a step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from console.domain.alarms import Alarm
from console.domain.changes import ChangeSet, Draft, Outgoing
from console.domain.incidents import Incident
from console.domain.notes import Code, Note
from console.domain.values import to_json
from console.services.state import DeskState
from maps.errors import QuanmaiError
from resources.texts import Catalogue

NOTHING = ChangeSet(())


class Refused(QuanmaiError):
    """An intent that the state does not allow; gives the reason and advice in either language (``refused.toml``).

    Parameters that are codes (a phase, an alarm's or a notice's state …) are named as their group in ``domain.toml``.
    """

    def __init__(self, key: str, **params: str) -> None:
        self.key, self.params = key, params
        super().__init__(self.text("en"))

    def text(self, language: str) -> str:
        """The reason in one line."""
        catalogue = Catalogue.load(language)
        named = {name: f"domain.{name}.{code}" for name, code in self.params.items()}
        words = {name: catalogue.text(key) if catalogue.has(key) else self.params[name] for name, key in named.items()}
        return catalogue.text(f"refused.{self.key}", **words)

    def note(self) -> Note:
        """The reason for the log of actions."""
        return Note(f"refused.{self.key}", **{name: Code(name, text) for name, text in self.params.items()})


@dataclass(frozen=True, slots=True)
class AlarmChange:
    """An alarm before (None when new) and after, with what happened to it."""

    before: Alarm | None
    after: Alarm
    kind: str
    note: Note


def recorded(
    before: Incident | None,
    after: Incident,
    kind: str,
    note: Note,
    *,
    alarms: Sequence[AlarmChange] = (),
    outgoing: Sequence[Outgoing] = (),
    undoes: int | None = None,
) -> ChangeSet:
    """The change set of one incident's step. ``before``/``after`` of its draft hold the fields that differ.

    Only the fields that differ: a plan of a large city is long, and undo needs only the changed fields.
    """
    old, new = difference(before, after)
    version = before.version + 1 if before is not None else 1
    draft = Draft(kind, f"incident/{after.incident_id}", old, new, note, undoes)
    return ChangeSet(
        (draft, *(_alarm_draft(change) for change in alarms)),
        incidents=(replace(after, version=version),),
        alarms=tuple(change.after for change in alarms),
        outgoing=tuple(outgoing),
    )


def recorded_alarms(changes: Sequence[AlarmChange]) -> ChangeSet:
    """The change set of alarms alone."""
    return ChangeSet(tuple(map(_alarm_draft, changes)), alarms=tuple(change.after for change in changes))


def difference(before: Incident | Alarm | None, after: Incident | Alarm) -> tuple[Any, Any]:
    """(before, after) as JSON objects of the fields that differ; before is None, after whole, for a new value."""
    if before is None:
        return None, to_json(after)
    changed = [
        field.name
        for field in fields(after)
        if field.name != "version" and getattr(before, field.name) != getattr(after, field.name)
    ]
    return _picked(before, changed), _picked(after, changed)


def incident_of(state: DeskState, incident_id: str) -> Incident:
    """An open incident. Raises Refused."""
    incident = state.incidents.get(incident_id)
    if incident is None:
        raise Refused("no_incident", incident=incident_id)
    if not incident.is_open():
        raise Refused("incident_closed", incident=incident_id)
    return incident


def _alarm_draft(change: AlarmChange) -> Draft:
    old, new = difference(change.before, change.after)
    return Draft(change.kind, f"alarm/{change.after.alarm_id}", old, new, change.note)


def _picked(value: object, names: Sequence[str]) -> dict[str, Any]:
    return {name: to_json(getattr(value, name)) for name in names}
