"""Domain values as JSON values and back: one form for the audit chain, the store and packages."""

from __future__ import annotations

import json
import math
from typing import Any, TypeVar

import msgspec

from console.domain.notes import Note

T = TypeVar("T")


def to_json(value: object) -> Any:
    """A domain value (dataclasses, enums, times, notes) as a JSON value; what is not finite becomes a text (``"nan"``).

    JSON knows no NaN, and the chain's canonical form refuses it.
    """
    return _finite(msgspec.to_builtins(value, enc_hook=_encoded))


def from_json(value: Any, kind: type[T]) -> T:
    """The domain value of ``kind`` in a JSON value. Raises msgspec.ValidationError, which names the field."""
    return msgspec.convert(value, kind, strict=False, dec_hook=_decoded)


def parsed_json(text: str | bytes) -> Any:
    """JSON from outside as a value. Raises ValueError for what is none, also when it is nested too deeply."""
    try:
        return json.loads(text)
    except RecursionError as fault:
        raise ValueError("nested too deeply") from fault


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
