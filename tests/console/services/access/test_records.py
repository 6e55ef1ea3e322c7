"""Entries about users and seats: in both languages, and without anything that a password could be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from console.domain.actors import Role
from console.domain.changes import Draft
from console.domain.users import User
from console.services.access.records import SeatEvent, refused_sign_in, seat_event, user_changed
from console.services.note_texts import NoteTexts
from resources.texts import LANGUAGES

NOW = datetime(2024, 1, 3, 15, 0, tzinfo=UTC)
WANG = User("u-1", "王芳", Role.DISPATCHER, (), True, NOW, NOW)


def every_draft() -> list[Draft]:
    by_other = SeatEvent.UNLOCKED_BY_OTHER
    changed = replace(WANG, name="王", role=Role.AREA, areas=("A1", "A2"), is_enabled=False)
    return [
        *(seat_event(event, "王芳", "D1", "李" if event is by_other else "") for event in SeatEvent),
        refused_sign_in(WANG, "D1", 3),
        refused_sign_in(None, "D1", 3),
        user_changed(None, WANG, True),
        user_changed(WANG, changed, True),
        user_changed(WANG, WANG, True, is_recovery=True),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_entry_has_its_words(language: str) -> None:
    texts = NoteTexts(language)
    said = [texts.text(draft.note) for draft in every_draft()]
    assert not [line for line in said if "{" in line or not line]


def test_a_change_of_a_user_reads_as_what_changed() -> None:
    assert NoteTexts("en").text(every_draft()[-2].note) == (
        "User 王芳: new name 王; new role area; areas A1, A2; disabled; new password"
    )


def test_what_was_typed_as_an_unknown_name_is_not_kept() -> None:
    assert refused_sign_in(None, "D1", 1).after == {"user": None, "seat": "D1", "failures": 1}
