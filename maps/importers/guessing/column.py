"""Sampled values of a source column, what they are compared with, and what they say: ``Column``, ``Surroundings``, ``Evidence``.

Weights are set by hand, in log-odds: +1.5 fits well, +0.5 fits but so would others, 0 says nothing, -4 contradicts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FITS, MAY_FIT, SAYS_NOTHING, CONTRADICTS = 1.5, 0.5, 0.0, -4.0
_NUMBER = re.compile(
    r"^(?:DN|De|D|Φ|φ|ø)?\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*(?:mm|cm|m|in|ft|\"|米|转|圈)?$", re.IGNORECASE
)
MOST = 0.9
"""Share of the filled values from which a test counts as passed."""


@dataclass(frozen=True, eq=False)
class Column:
    """Sampled values of one source column. ``texts``: trimmed, "" where empty, (n,); ``numbers``: NaN where none, (n,)."""

    name: str
    texts: NDArray[np.object_]
    numbers: NDArray[np.float64]

    @classmethod
    def of(cls, name: str, values: pd.Series) -> Column:
        """A column of a source as texts and numbers; ``DN200`` and ``200 mm`` are numbers."""
        texts = np.array([_text(value) for value in values.tolist()], dtype=object)
        numbers = np.array([_number(text) for text in texts], dtype=np.float64)
        return cls(name, texts, numbers)

    @property
    def filled(self) -> NDArray[np.bool_]:
        """Rows with a value, (n,)."""
        return np.asarray(self.texts != "", dtype=np.bool_)

    @property
    def values(self) -> NDArray[np.object_]:
        """Values of the filled rows."""
        return np.asarray(self.texts[self.filled])

    def share(self, test: Callable[[str], bool]) -> float:
        """Share of the filled values that pass a test, 0 without any."""
        values = self.values
        return float(np.mean([test(str(value)) for value in values])) if len(values) else 0.0

    def is_numeric(self) -> bool:
        """Whether nearly all filled values are numbers."""
        filled = self.filled
        return bool(filled.any() and np.isfinite(self.numbers[filled]).mean() >= MOST)

    def is_counted(self) -> bool:
        """Whether the values are whole numbers in a row, as programs number the rows of a layer."""
        numbers = self.numbers[self.filled]
        if not len(numbers) or not np.isfinite(numbers).all() or (numbers % 1 != 0).any():
            return False
        return bool(len(set(numbers)) == len(numbers) and numbers.max() <= 20 * len(numbers) + 10 and numbers.min() <= 1)

    def is_decimal(self) -> bool:
        """Whether the values are numbers of which some have decimals."""
        return self.is_numeric() and bool((self.numbers[self.filled] % 1 != 0).mean() > 0.1)

    def quantile(self, share: float) -> float:
        """A quantile of the positive numbers, NaN without any."""
        known = self.numbers[np.isfinite(self.numbers) & (self.numbers > 0)]
        return float(np.quantile(known, share)) if len(known) else float("nan")


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What a column is compared with. ``length_m``: drawn lengths of the sampled rows, (n,), NaN without a line.

    ``node_ids``, ``pipe_ids``: ids found in the other layers. ``unique``: column -> whether all its rows differ, not only the
    sampled ones. ``joint_ids``: ids at which lines start and others end, by columns named so. ``starts``, ``ends``,
    ``linked_ids``: columns of this layer that positions prove to be references, and the ids they refer to (``drawn_links``).
    """

    length_m: NDArray[np.float64]
    node_ids: frozenset[str] = frozenset()
    pipe_ids: frozenset[str] = frozenset()
    unique: Mapping[str, bool] = field(default_factory=dict)
    joint_ids: frozenset[str] = frozenset()
    starts: frozenset[str] = frozenset()
    ends: frozenset[str] = frozenset()
    linked_ids: frozenset[str] = frozenset()
    text_ids: frozenset[str] = frozenset()
    """Columns of this layer with unique short texts, such as V-0118."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """``weight``: log-odds; ``ground``: its key, "" for none."""

    weight: float
    ground: str = ""
    factor: float | None = None
    values: Mapping[str, str] = field(default_factory=dict)


NOTHING = Evidence(SAYS_NOTHING)
EMPTY = Evidence(SAYS_NOTHING, "no_values")
AGAINST = Evidence(CONTRADICTS, "values_do_not_fit")


def _text(value: object) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).strip()


def _number(text: str) -> float:
    found = _NUMBER.match(text)
    return float(found[1]) if found else float("nan")
