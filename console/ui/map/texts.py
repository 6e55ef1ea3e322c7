"""Texts of the map's own parts: ``resources/translations/*/map.toml``."""

from __future__ import annotations

from console.ui.words import Words


def say(words: Words, key: str, **params: object) -> str:
    """The text ``map.<key>``."""
    return words.catalogue.text(f"map.{key}", **params)
