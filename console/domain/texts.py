"""Texts from people and wires: what every store, message and file can hold."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

T = TypeVar("T")

_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def storable(text: str) -> str:
    """The text with line feeds as line breaks, and invalid characters replaced by U+FFFD.

    Invalid are characters that PostgreSQL or UTF-8 refuses (U+0000, lone surrogates), and other control characters.
    """
    return _UNPRINTABLE.sub("\ufffd", text.replace("\r\n", "\n"))


def in_xml(text: str) -> str:
    """The text with what XML 1.0 cannot hold replaced by U+FFFD."""
    return _NOT_XML.sub("\ufffd", text)


def with_storable_texts(value: T) -> T:
    """A dataclass with all its texts ``storable``, those of dataclasses and tuples in it too; the value itself where all are."""
    changed: dict[str, Any] = {}
    for field in fields(value):  # type: ignore[arg-type]
        old = getattr(value, field.name)
        new = _storable(old)
        if new is not old and new != old:
            changed[field.name] = new
    return replace(value, **changed) if changed else value  # type: ignore[type-var]


def longest_text(value: object) -> int:
    """Characters of the longest text of a dataclass, those of dataclasses and tuples in it too."""
    if isinstance(value, str):
        return len(value)
    if type(value) is tuple:
        return max(map(longest_text, value), default=0)
    if not is_dataclass(value):
        return 0
    return max((longest_text(getattr(value, field.name)) for field in fields(value)), default=0)


def _storable(value: object) -> object:
    if type(value) is str:  # an enum's member stays what it is
        return storable(value)
    if type(value) is tuple:
        return tuple(map(_storable, value))
    return with_storable_texts(value) if is_dataclass(value) and not isinstance(value, type) else value
