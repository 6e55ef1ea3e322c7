"""Time to take a call: keys of the quick ticket by the keystroke-level model, with the program's own time as measured.

Operators of Card, Moran & Newell (1980): K, an average typist's key, and M, a moment of thought before a field. What the caller
says and how long it takes to say it are in neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from console.services.tickets.hearing import CallFields

KEY_S, THINK_S, LIMIT_S = 0.28, 1.35, 15.0
_KEYS_A_HANZI = 3
"""Pinyin and the choice among its words."""
_INITIALS = 4
"""A place is found by so many initials at most."""
_ENTERS, _FIELDS = 3, 4
"""Enter behind phone, place and words; moments of thought: phone, place, kind, words."""


@dataclass(frozen=True, slots=True)
class TakenCall:
    """A call that was taken at the desk; ``program_s``: matching and saving, until it was on disk, by the real clock."""

    fields: CallFields
    place: str
    program_s: float

    @property
    def keys(self) -> int:
        """Keys pressed: the phone, initials of the place, one for the kind, the words, Enter behind each."""
        return len(self.fields.phone) + min(len(self.place), _INITIALS) + 1 + _typed(self.fields.text) + _ENTERS

    @property
    def model_s(self) -> float:
        """The model's time with the program's."""
        return self.keys * KEY_S + _FIELDS * THINK_S + self.program_s


def quick_tickets(calls: Sequence[TakenCall]) -> dict[str, Any]:
    """The slowest call, for the summary; {} without calls."""
    if not calls:
        return {}
    slowest = max(calls, key=lambda one: one.model_s)
    return {
        "model": "keystroke-level (K 0.28 s, M 1.35 s), without the caller's speech",
        "calls": len(calls),
        "keys": slowest.keys,
        "thoughts": _FIELDS,
        "program_s": round(slowest.program_s, 3),
        "model_s": round(slowest.model_s, 1),
        "limit_s": LIMIT_S,
        "within": slowest.model_s <= LIMIT_S,
    }


def _typed(text: str) -> int:
    return sum(_KEYS_A_HANZI if ord(letter) > 0x2E7F else 1 for letter in text)
