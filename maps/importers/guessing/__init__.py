"""Guesses how foreign GIS layers feed the standard ones: ``guess_profile``, ``profile_toml``, ``guess_faults``.

Nothing is imported by a guess: a person looks at it, and the profile made of it goes through the usual import.
"""

from __future__ import annotations

from maps.importers.guessing.faults import guess_faults
from maps.importers.guessing.guess import Choices, ColumnGuess, LayerGuess, ProfileGuess
from maps.importers.guessing.profile_text import profile_toml
from maps.importers.guessing.sources import guess_profile

__all__ = ["Choices", "ColumnGuess", "LayerGuess", "ProfileGuess", "guess_faults", "guess_profile", "profile_toml"]
