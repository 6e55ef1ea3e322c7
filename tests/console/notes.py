"""Notes of the log as people read them."""

from __future__ import annotations

from console.domain.notes import Note
from console.services.note_texts import NoteTexts

CHINESE = NoteTexts("zh_CN", "Asia/Shanghai")
ENGLISH = NoteTexts("en", "Asia/Shanghai")


def chinese(note: Note) -> str:
    """A note in Chinese."""
    return CHINESE.text(note)


def english(note: Note) -> str:
    """A note in English."""
    return ENGLISH.text(note)
