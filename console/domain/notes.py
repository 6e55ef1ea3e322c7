"""Notes: texts of the log and of alarms as a key with parameters, put into words in the reader's language."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from numbers import Integral, Real
from typing import Any, TypeAlias, final

_DEEPEST = 20
"""Notes in notes; deeper ones come from no program of ours."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A measured value in the inside unit of ``channel`` (``pressure``: kPa); shown in the unit and decimals of the screen."""

    value: float
    channel: str


@dataclass(frozen=True, slots=True)
class Code:
    """A value of an enumeration, shown as the word of ``group`` (``phase``, ``unable`` …); as it is where there is none."""

    group: str
    code: str


@final
class Note:
    """``Note("valve.closed", valve="V1")``: the text ``notes.valve.closed`` with its parameters. Frozen, hashable.

    Parameters: texts (ids, names, what people wrote), numbers, quantities, aware times (kept in UTC), codes, further notes,
    and sequences of these. What was written before notes had keys, or by a person, is ``Note.literal``: a text in one language.
    """

    __slots__ = ("_key", "_params", "_text")
    _key: str
    _params: tuple[tuple[str, Value], ...]
    _text: str

    def __init__(self, key: str, /, **params: Given) -> None:
        self._fill(key, tuple((name, _kept(params[name])) for name in sorted(params)), "")

    @classmethod
    def literal(cls, text: str) -> Note:
        """A text as it was written, shown as it is in every language."""
        made = cls.__new__(cls)
        made._fill("", (), text)
        return made

    def _fill(self, key: str, params: tuple[tuple[str, Value], ...], text: str) -> None:
        for name, value in (("_key", key), ("_params", params), ("_text", text)):
            object.__setattr__(self, name, value)

    @property
    def key(self) -> str:
        """Key of the text, below ``notes``; "" for a literal one."""
        return self._key

    @property
    def params(self) -> Mapping[str, Value]:
        """Parameters by name."""
        return dict(self._params)

    @property
    def text(self) -> str:
        """The text of a literal note, "" for one with a key."""
        return self._text

    def json(self) -> Any:
        """As a JSON value: a literal note is its text, as in rows written before notes had keys."""
        return {"key": self._key, "params": {name: _json(value) for name, value in self._params}} if self._key else self._text

    @classmethod
    def of_json(cls, value: Any) -> Note:
        """The note in a JSON value. Raises ValueError for what is none."""
        note = _of_json(value, 0)
        if isinstance(note, str):
            return cls.literal(note)
        if not isinstance(note, Note):
            raise ValueError("no note")
        return note

    def with_texts(self, changed: Callable[[str], str]) -> Note:
        """The note with every text in it replaced; keys and codes stay."""
        if not self._key:
            return Note.literal(changed(self._text))
        return Note(self._key, **{name: _with_texts(value, changed) for name, value in self._params})

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a note is frozen: {name}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Note) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash(self._parts())

    def __bool__(self) -> bool:
        return bool(self._key or self._text)

    def __repr__(self) -> str:
        if not self._key:
            return f"Note.literal({self._text!r})"
        return f"Note({', '.join([repr(self._key), *(f'{name}={value!r}' for name, value in self._params)])})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Note.of_json, (self.json(),)

    def _parts(self) -> tuple[object, ...]:
        return self._key, self._params, self._text


Value: TypeAlias = "str | int | float | datetime | Quantity | Code | Note | tuple[Value, ...]"
"""A parameter as it is kept."""
Given: TypeAlias = "str | int | float | datetime | Quantity | Code | Note | Sequence[Given]"
"""A parameter as it may be given."""

NO_NOTE = Note.literal("")


def joined(*notes: Note) -> Note:
    """Several notes as clauses of one; empty ones are left out."""
    said = [note for note in notes if note]
    return said[0] if len(said) == 1 else Note("all", parts=said) if said else NO_NOTE


def _kept(value: Given) -> Value:
    match value:
        case Note():
            return value if value.key else value.text
        case str():
            return str(value)
        case Quantity() | Code():
            return value
        case datetime():
            if value.tzinfo is None:
                raise ValueError("a time in a note is aware")
            return value.astimezone(UTC)
        case Integral():
            return int(value)
        case Real():
            number = float(value)
            return number if math.isfinite(number) else str(number)
        case Sequence():
            return tuple(map(_kept, value))
    raise TypeError(f"{type(value).__name__} is no parameter of a note")


def _json(value: Value) -> Any:
    match value:
        case Note():
            return value.json()
        case Quantity():
            shown = value.value if math.isfinite(value.value) else str(value.value)
            return {"of": value.channel, "quantity": shown}
        case Code():
            return {"code": value.code, "of": value.group}
        case datetime():
            return {"at": value.isoformat(timespec="microseconds")}
        case tuple():
            return list(map(_json, value))
    return value


def _of_json(value: Any, depth: int) -> Value:
    if depth > _DEEPEST:
        raise ValueError("a note nested too deeply")
    match value:
        case str() | int() | float() if not isinstance(value, bool):
            return value
        case list():
            return tuple(_of_json(item, depth + 1) for item in value)
        case {"key": str(key), "params": dict(params), **rest} if key and not rest:
            return Note(key, **dict(_named(params, depth)))
        case {"quantity": float() | int() | str() as number, "of": str(channel), **rest} if not rest:
            return Quantity(float(number), channel)
        case {"code": str(code), "of": str(group), **rest} if not rest:
            return Code(group, code)
        case {"at": str(at), **rest} if not rest:
            return _kept(datetime.fromisoformat(at))
    raise ValueError(f"{str(value)[:60]!r} is no part of a note")


def _named(params: Mapping[str, Any], depth: int) -> Iterator[tuple[str, Value]]:
    for name, value in params.items():
        if not name.isidentifier():
            raise ValueError(f"{name[:60]!r} is no parameter of a note")
        yield name, _of_json(value, depth + 1)


def _with_texts(value: Value, changed: Callable[[str], str]) -> Value:
    match value:
        case str():
            return changed(value)
        case Note():
            return value.with_texts(changed)
        case tuple():
            return tuple(_with_texts(item, changed) for item in value)
    return value
