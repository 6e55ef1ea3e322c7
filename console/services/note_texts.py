"""Notes in words: their key's text in one language (``resources/translations/*/notes.toml``), their parameters as on screen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from string import Formatter
from zoneinfo import ZoneInfo

from console.domain.notes import Code, Note, Quantity, Value
from maps.units import mpa_from_kpa
from resources.texts import LANGUAGES, Catalogue

_UNITS: Mapping[str, tuple[str, int]] = {
    "pressure": ("MPa", 3),
    "flow": ("m³/h", 1),
    "level": ("m", 2),
    "turbidity": ("NTU", 2),
    "chlorine": ("mg/L", 2),
    "ph": ("", 2),
    "valve_position": ("", 1),
    "temperature": ("°C", 1),
}
"""Channel -> its unit on screen, decimals."""
_UNKNOWN_UNIT = ("", 2)
_CODES = ("notes.code", "domain")
"""Where words of codes are looked up, the first one first: sentences need other words than labels."""


class NoteTexts:
    """Notes in one language; times on the clock of ``time_zone`` (IANA)."""

    def __init__(self, language: str, time_zone: str = "UTC") -> None:
        self._catalogue, self._zone = Catalogue.load(language), ZoneInfo(time_zone)

    def text(self, note: Note) -> str:
        """The note as a sentence. One that this version has no text for is its key with its parameters."""
        if not note.key:
            return note.text
        text = self._phrase(note)
        return text[:1].upper() + text[1:] if self._starts_with_word(note) else text

    def _phrase(self, note: Note) -> str:
        shown = {name: self._shown(value) for name, value in note.params.items()}
        try:
            return self._catalogue.text(_full(note.key), **shown)
        except (LookupError, ValueError, TypeError, OverflowError):  # of another version, or made up
            return f"{note.key} ({', '.join(f'{name}={value}' for name, value in shown.items())})" if shown else note.key

    def _starts_with_word(self, value: Value) -> bool:
        """Whether a text begins with a word of ours, not with an id or a name: those keep their small letters."""
        if not isinstance(value, Note):
            return isinstance(value, Code)
        literal, name, *_ = next(iter(Formatter().parse(self._catalogue.entries.get(_full(value.key), ""))), ("", None))
        first = value.params.get(name or "", "")
        first = first[0] if isinstance(first, tuple) and first else first
        return bool(literal) or self._starts_with_word(first)

    def _shown(self, value: Value) -> object:
        match value:
            case Note():
                return self._phrase(value)
            case Code():
                return self._word(value)
            case Quantity():
                return _ShownQuantity(value.value, value.channel)
            case datetime():
                return self._local(value)
            case tuple():
                return _ShownList(tuple(str(self._shown(item)) for item in value), self._catalogue)
        return value

    def _word(self, code: Code) -> str:
        keys = (f"{place}.{code.group}.{code.code}" for place in _CODES)
        return next((self._catalogue.text(key) for key in keys if self._catalogue.has(key)), code.code)

    def _local(self, moment: datetime) -> datetime:
        try:
            return moment.astimezone(self._zone)
        except OverflowError:  # year 1 or 9999
            return moment


@dataclass(frozen=True, slots=True)
class _ShownQuantity:
    """Formats: none with its unit, ``bare`` without, ``signed``, ``limit`` as limits are written; else as of numbers."""

    value: float
    channel: str

    def __format__(self, spec: str) -> str:
        unit, decimals = _UNITS.get(self.channel, _UNKNOWN_UNIT)
        shown = mpa_from_kpa(self.value) if self.channel == "pressure" else self.value
        if not math.isfinite(shown):
            return "–"
        match spec:
            case "" | "bare":
                text = f"{shown:.{decimals}f}"
            case "signed":
                text = f"{shown:+.{decimals}f}"
            case "limit":
                text = f"{shown:g}"
            case _:
                text = format(shown, spec)
        return f"{text} {unit}" if unit and spec in ("", "limit") else text

    def __str__(self) -> str:
        return format(self, "")


@dataclass(frozen=True, slots=True)
class _ShownList:
    """Joined as the language joins names, or with another separator of ``notes.list`` (``{parts:clauses}``)."""

    items: tuple[str, ...]
    catalogue: Catalogue

    def __format__(self, spec: str) -> str:
        return self.catalogue.text(f"notes.list.{spec or 'names'}").join(self.items)

    def __str__(self) -> str:
        return format(self, "")


def as_written(note: Note, time_zone: str = "UTC") -> str:
    """A note as the log wrote it before notes had keys: in the first language; times on the clock of ``time_zone``."""
    return NoteTexts(LANGUAGES[0], time_zone).text(note)


def in_each_language(note: Note, time_zone: str = "UTC") -> dict[str, str]:
    """A note in words by language, for files that other programs read."""
    return {language: NoteTexts(language, time_zone).text(note) for language in LANGUAGES}


def _full(key: str) -> str:
    return key if key.startswith("refused.") else f"notes.{key}"
