"""What a guess says: the standard layer of each source layer, the source of each standard column, with confidence and grounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SURE = 0.8
"""Confidence from which a guess may be taken without a look; the tests allow no wrong guess above it."""
USABLE = 0.5
"""Confidence below which a guess is shown but not written into a profile."""


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """One standard column.

    ``factor``: multiplies the source's numbers (inches to mm); ``values``: source value -> standard value.
    ``grounds``: keys of what speaks for it, such as ``exact_name``, ``length_of_line``; see ``evidence*.py``.
    """

    standard: str
    source: str
    confidence: float
    grounds: tuple[str, ...] = ()
    factor: float | None = None
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LayerGuess:
    """One source layer that feeds a standard layer (a source layer may feed several).

    ``where``: the rows that count, by column. ``left_out``: values of that column that do not count, with the number of rows.
    ``unused``: columns without a standard one; they are kept as they are. ``rows``: rows of the source layer.
    """

    source: str
    layer: str
    standard: str
    confidence: float
    rows: int
    columns: tuple[ColumnGuess, ...] = ()
    constants: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    unused: tuple[str, ...] = ()

    def column(self, standard: str) -> ColumnGuess | None:
        """The guess for a standard column, None without one."""
        return next((guess for guess in self.columns if guess.standard == standard), None)


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person decided in place of the guess; it is taken as it is.

    ``layers``: (source, layer) -> standard layer, "" for none. ``columns``: (source, layer, standard layer) -> standard column ->
    column of the source, "" for none. ``factors``: likewise, standard column -> factor of its numbers to the inside unit.
    """

    layers: Mapping[tuple[str, str], str] = field(default_factory=dict)
    columns: Mapping[tuple[str, str, str], Mapping[str, str]] = field(default_factory=dict)
    factors: Mapping[tuple[str, str, str], Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProfileGuess:
    """All layers of the sources.

    ``unknown``: layers that feed nothing, as (source, layer). ``crs``: what the pipes' layer declares, or "".
    """

    layers: tuple[LayerGuess, ...]
    unknown: tuple[tuple[str, str], ...] = ()
    crs: str = ""

    def of(self, standard: str) -> tuple[LayerGuess, ...]:
        """Guesses that feed one standard layer."""
        return tuple(layer for layer in self.layers if layer.standard == standard)
