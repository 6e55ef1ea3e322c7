"""Words of the program in Chinese and English: ``resources/translations/<language>/*.toml``, one file per subject.

A number with its word in both forms is ``{n:pipe|pipes}``: "1 pipe", "3 pipes". Languages without plural forms write ``{n}``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from string import Formatter
from typing import Any

LANGUAGES = ("zh_CN", "en")
"""Languages the program speaks, the first one first."""


class UnknownText(KeyError):
    """A key that the catalogue does not hold, or a text asked for without what it needs: a defect of the program."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All texts of one language under dotted keys: ``ui.toml``'s ``[map] title`` is ``ui.map.title``."""

    language: str
    entries: Mapping[str, str]

    @classmethod
    def load(cls, language: str) -> Catalogue:
        """The catalogue of ``zh_CN`` or ``en``, read once. Raises UnknownText for another language."""
        return _loaded(language)

    def text(self, key: str, **params: object) -> str:
        """The text of ``key`` with its ``{placeholders}`` filled; further parameters are ignored.

        Raises UnknownText when the key is missing, or a placeholder has no parameter.
        """
        found = self.entries.get(key)
        if found is None:
            raise UnknownText(f"{self.language}: no text {key!r}")
        try:
            return _FORMATTER.vformat(found, (), params) if "|" in found else found.format_map(params)
        except KeyError as missing:
            raise UnknownText(f"{self.language}: text {key!r} needs the parameter {missing}") from missing

    def has(self, key: str) -> bool:
        """Whether the catalogue holds this key."""
        return key in self.entries

    def section(self, prefix: str) -> dict[str, str]:
        """The texts below ``prefix``, by the rest of their key, as written (placeholders not filled)."""
        start = f"{prefix}."
        return {key[len(start) :]: text for key, text in self.entries.items() if key.startswith(start)}


class _WithPlurals(Formatter):
    """``str.format``, and ``{n:one|other}``: the number with the word that goes with it."""

    def format_field(self, value: Any, format_spec: str) -> str:
        one, is_plural, other = format_spec.partition("|")
        if not is_plural:
            return str(super().format_field(value, format_spec))
        return f"{value} {one if str(value) == '1' else other}"


_FORMATTER = _WithPlurals()


def placeholders(text: str) -> frozenset[str]:
    """Names of the ``{placeholders}`` in a text."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name)


@cache
def _loaded(language: str) -> Catalogue:
    if language not in LANGUAGES:
        raise UnknownText(f"no language {language!r}; there are {', '.join(LANGUAGES)}")
    folder = resources.files("resources").joinpath("translations", language)
    entries: dict[str, str] = {}
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml"):
            subject = file.name.removesuffix(".toml")
            entries.update(_flat(subject, tomllib.loads(file.read_text("utf-8"))))
    return Catalogue(language, entries)


def _flat(prefix: str, table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        key = f"{prefix}.{name}"
        if isinstance(value, Mapping):
            yield from _flat(key, value)
        else:
            yield key, str(value)
