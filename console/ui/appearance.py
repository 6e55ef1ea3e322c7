"""Appearance: theme and language together, as every view is given them."""

from __future__ import annotations

from dataclasses import dataclass

from console.ui.theme import Theme
from console.ui.words import Words


@dataclass(frozen=True, eq=False)
class Appearance:
    """The theme (colours, fonts) and the words (language, time zone) of a window."""

    theme: Theme
    words: Words
