"""Catalogue: every user-visible text by key, in one language; Chinese first, English beside it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGES = ("zh_CN", "en")


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Texts of ``language`` by dotted key (``ui.layers.title``), from all ``translations/<language>/*.toml``."""

    language: str
    texts: Mapping[str, str]

    @staticmethod
    @cache
    def load(language: str) -> Catalogue:
        """The catalogue of a language. Raises KeyError for one that is not there."""
        if language not in LANGUAGES:
            raise KeyError(f"no texts in {language!r}; languages: {', '.join(LANGUAGES)}")
        folder = files("resources").joinpath("translations", language)
        texts: dict[str, str] = {}
        for entry in sorted(folder.iterdir(), key=lambda item: item.name):
            if entry.name.endswith(".toml"):
                texts.update(_flat(tomllib.loads(entry.read_text("utf-8")), ""))
        return Catalogue(language, texts)

    def text(self, key: str, **params: object) -> str:
        """The text of a key with ``{name}`` filled in. Raises KeyError: a missing text is a defect tests find."""
        pattern = self.texts[key]
        return pattern.format(**params) if params else pattern

    def has(self, key: str) -> bool:
        """Whether there is a text for this key."""
        return key in self.texts


def _flat(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        key = f"{prefix}.{name}" if prefix else name
        if isinstance(value, dict):
            yield from _flat(value, key)
        else:
            yield key, str(value)
