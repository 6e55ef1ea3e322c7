"""Builds a ChangeSet with its drafts from a record's values before and after a step."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from console.domain.alarms import Alarm
from console.domain.changes import Change, ChangeSet, Draft
from console.domain.incidents import Incident
from console.domain.notes import Code, Note
from console.domain.outgoing import Outgoing
from console.domain.records import R, Record, at_version, difference, subject_of, with_fields
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
    before: R | None,
    after: R,
    kind: str,
    note: Note,
    *,
    alarms: Sequence[AlarmChange] = (),
    outgoing: Sequence[Outgoing] = (),
    undoes: int | None = None,
) -> ChangeSet:
    """The change set of one record's step. ``before``/``after`` of its draft hold the fields that differ.

    Only the fields that differ: a plan of a large city is long, and undo needs only the changed fields.
    """
    return ChangeSet(
        (_draft(before, after, kind, note, undoes), *(_alarm_draft(change) for change in alarms)),
        (_next(before, after), *(_next(change.before, change.after) for change in alarms)),
        tuple(outgoing),
    )


def recorded_alarms(changes: Sequence[AlarmChange]) -> ChangeSet:
    """The change set of alarms alone."""
    return ChangeSet(tuple(map(_alarm_draft, changes)), tuple(_next(change.before, change.after) for change in changes))


def reverted(record: R, change: Change, *, keeping: Collection[str] = ()) -> R:
    """``record`` with the fields that ``change`` changed as they were before it, but for those in ``keeping``."""
    before = {name: value for name, value in (change.before or {}).items() if name not in keeping}
    return with_fields(record, before, change.schema)


def incident_of(state: DeskState, incident_id: str) -> Incident:
    """An open incident. Raises Refused."""
    incident = state.incidents.get(incident_id)
    if incident is None:
        raise Refused("no_incident", incident=incident_id)
    if not incident.is_open():
        raise Refused("incident_closed", incident=incident_id)
    return incident


def _alarm_draft(change: AlarmChange) -> Draft:
    return _draft(change.before, change.after, change.kind, change.note)


def _draft(before: Record | None, after: Record, kind: str, note: Note, undoes: int | None = None) -> Draft:
    old, new = difference(before, after)
    return Draft(kind, subject_of(after), old, new, note, undoes, after.record_kind.schema)


def _next(before: Record | None, after: Record) -> Record:
    return at_version(after, 1 if before is None else before.version + 1)
