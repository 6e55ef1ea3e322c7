"""Two people on one record: what an intent is about, and the refusal that names what another person changed meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from console.domain.actors import SYSTEM
from console.domain.changes import Change
from console.domain.intents import Intent
from console.domain.records import RecordKind
from console.domain.values import to_json
from console.services.changesets import Refused
from console.services.note_texts import NoteTexts
from console.services.state import DeskState

_NAMED = 3


class ChangedElsewhere(Refused):
    """Another person changed the intent's own records meanwhile; nothing was written. ``changes``: theirs, oldest first."""

    def __init__(self, changes: tuple[Change, ...]) -> None:
        self.changes = changes
        super().__init__("changed_elsewhere")

    def text(self, language: str) -> str:
        """Who changed what, in one line, with advice."""
        texts = NoteTexts(language)
        what = "; ".join(f"{one.user}: {texts.text(one.note)}" for one in self.changes[-_NAMED:])
        return self.worded(language, what=what)


def subjects_of(state: DeskState, intent: Intent) -> frozenset[str]:
    """Subjects (``incident/2026-0001``) of the records that an intent names by their ids."""
    named = set(_texts(to_json(intent)))
    return frozenset(_kind(some).subject(record_id) for some in state.records.values() for record_id in named & some.keys())


def met(changes: Iterable[Change], subjects: frozenset[str], seq: int) -> tuple[Change, ...]:
    """What people changed in those subjects behind ``seq``; results that the program computed contradict no decision."""
    return tuple(one for one in changes if one.seq > seq and one.subject in subjects and one.actor != SYSTEM)


def _kind(records: Mapping[str, Any]) -> RecordKind[Any]:
    kind: RecordKind[Any] = next(iter(records.values())).record_kind
    return kind


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)
