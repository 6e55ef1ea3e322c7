"""Domain values as JSON values and back: one form for the audit chain, the store and packages."""

from __future__ import annotations

import json
import math
import threading
from contextlib import suppress
from typing import Any, TypeVar

import msgspec

from console.domain.notes import Note

T = TypeVar("T")

_preparing = threading.Lock()
_prepared: set[Any] = set()


def to_json(value: object) -> Any:
    """A domain value (dataclasses, enums, times, notes) as a JSON value; what is not finite becomes a text (``"nan"``).

    JSON knows no NaN, and the chain's canonical form refuses it.
    """
    return _finite(msgspec.to_builtins(value, enc_hook=_encoded))


def json_bytes(value: object) -> bytes:
    """The same as UTF-8, to be searched: what is not finite is ``null``. Many times faster than ``to_json``."""
    return msgspec.json.encode(value, enc_hook=_encoded)


def from_json(value: Any, kind: type[T]) -> T:
    """The domain value of ``kind`` in a JSON value. Raises msgspec.ValidationError, which names the field."""
    if kind not in _prepared:
        _prepare(kind)
    return msgspec.convert(value, kind, strict=False, dec_hook=_decoded)


def parsed_json(text: str | bytes) -> Any:
    """JSON from outside as a value. Raises ValueError for what is none, also when it is nested too deeply."""
    try:
        return json.loads(text)
    except RecursionError as fault:
        raise ValueError("nested too deeply") from fault


def _prepare(kind: type[Any]) -> None:
    """Let msgspec look into a type, in one thread at a time: it crashes when two do so for one type at once (0.22)."""
    with _preparing:
        with suppress(msgspec.ValidationError):
            msgspec.convert(None, kind, dec_hook=_decoded)
        _prepared.add(kind)


def _encoded(value: object) -> Any:
    if isinstance(value, Note):
        return value.json()
    raise NotImplementedError(f"{type(value).__name__} has no JSON form")


def _decoded(kind: type, value: Any) -> Any:
    if kind is Note:
        return Note.of_json(value)
    raise NotImplementedError(f"{kind.__name__} has no JSON form")


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
