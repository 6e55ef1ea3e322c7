"""Chooses, for one source layer and one standard layer, the source of each standard column."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from maps.importers.guessing.column import FITS, Column, Evidence, Surroundings
from maps.importers.guessing.evidence import evidence
from maps.importers.guessing.evidence_numbers import year_laid
from maps.importers.guessing.guess import ColumnGuess
from maps.importers.guessing.lexicon import NameMatch, column_names

_NAME_WEIGHTS: Mapping[NameMatch, float] = {
    NameMatch.EXACT: 2.2,
    NameMatch.WORDS: 0.8,
    NameMatch.PART: 0.5,
    NameMatch.POSSIBLE: 0.3,
}
"""Log-odds of a name before its values are looked at."""
_UNNAMED = -1.2
"""Log-odds without a known name: the best fitting values then give 0.79 at most, never a sure guess."""
_HALF_NAMED = 0.79
"""Most confidence where a known name is only a part of the source's: the rest may say otherwise, such as ORIGINALVALVESTATUS."""
_TELLING_VALUES = frozenset(
    {
        "asset_id",
        "from_node",
        "to_node",
        "diameter_mm",
        "length_m",
        "material",
        "road_name",
        "kind",
        "state",
        "pipe",
        "year_laid",
        "address",
        "phone",
    }
)
"""Standard columns that values alone may tell, in names of any language.

Not ``closes``: the direction to open has the same words.
"""
_REFERENCES = ("from_node", "to_node", "pipe")
_LEAST = 0.3
_NOTABLE = 0.03
_SAME = 0.9
"""Share of equal values from which two candidates are the same column twice."""


def guess_columns(
    layer: str, columns: Sequence[Column], around: Surroundings, *, cut: bool, skip: Collection[str] = ()
) -> tuple[ColumnGuess, ...]:
    """The best one-to-one choice of source columns, in the order of the standard columns.

    ``cut``: names of the source end after ten bytes. ``skip``: standard columns that this layer cannot have.
    """
    known = {name: names for name, names in column_names(layer).items() if name not in skip}
    standards = list(known)
    if not columns or not standards:
        return ()
    found: dict[tuple[int, int], ColumnGuess] = {}
    for i, standard in enumerate(standards):
        for j, column in enumerate(columns):
            match = known[standard].match(column.name, cut=cut)
            if match is not NameMatch.NONE:
                found[i, j] = _guess(standard, column, match, evidence(layer, standard, column, around))
            elif _may_tell(standard, column, around) and (told := evidence(layer, standard, column, around)).weight >= FITS:
                found[i, j] = _guess(standard, column, match, told)
    scores = np.zeros((len(standards), len(columns)))
    for (i, j), guess in found.items():  # of two equally sure names the more usual one, of two unknown ones the first as start
        first = 1e-7 * j if standards[i] == "from_node" else 0.0
        scores[i, j] = guess.confidence - 1e-5 * min(known[standards[i]].place(columns[j].name), 100) - first
    chosen = [(int(i), int(j)) for i, j in zip(*linear_sum_assignment(-scores), strict=True) if scores[i, j] >= _LEAST]
    taken = {j for _, j in chosen}
    free = [j for j in range(len(columns)) if j not in taken]
    rivals = {i: [(found[i, k], columns[k]) for k in free if (i, k) in found] for i, _ in chosen}
    return tuple(_less_sure(found[i, j], columns[j], rivals[i]) for i, j in chosen)


def _may_tell(standard: str, column: Column, around: Surroundings) -> bool:
    """Whether the values alone may tell a column; numbers that happen to be ids as well refer to nothing."""
    if standard in ("from_node", "to_node") and column.name in around.starts | around.ends:
        return True
    if standard == "year_laid" and year_laid(column, around).ground != "years_over_decades":
        return False
    if standard in _REFERENCES:
        values = column.values
        return not column.is_numeric() and len(set(values)) >= 0.2 * len(values)
    return standard in _TELLING_VALUES


def _guess(standard: str, column: Column, match: NameMatch, found: Evidence) -> ColumnGuess:
    confidence = 1.0 / (1.0 + np.exp(-(_NAME_WEIGHTS.get(match, _UNNAMED) + found.weight)))
    if match is NameMatch.PART and found.weight <= FITS:
        confidence = min(confidence, _HALF_NAMED)
    grounds = tuple(ground for ground in (match.value, found.ground) if ground)
    return ColumnGuess(standard, column.name, round(float(confidence), 3), grounds, found.factor, dict(found.values))


def _less_sure(guess: ColumnGuess, column: Column, others: Sequence[tuple[ColumnGuess, Column]]) -> ColumnGuess:
    """The guess with less confidence where another column with other values fits about as well."""
    rivals = [other.confidence for other, candidate in others if not _equal(column, candidate)]
    if not rivals:
        return guess
    lowered = guess.confidence * (1.0 - 0.4 * min(1.0, max(rivals) / guess.confidence) ** 4)
    if guess.confidence - lowered < _NOTABLE:
        return guess
    return replace(guess, confidence=round(lowered, 3), grounds=(*guess.grounds, "another_column_fits"))


def _equal(one: Column, other: Column) -> bool:
    both = one.filled & other.filled
    if not both.any():
        return False
    same = (one.texts[both] == other.texts[both]) | (one.numbers[both] == other.numbers[both])
    return float(np.mean(same)) >= _SAME
