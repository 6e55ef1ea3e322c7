"""Filter and order of an attribute table: a text in any column, or a comparison in one."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.ui.attributes.columns import AttributeTable, Rows
from console.ui.search.text_index import TextIndex

_COMPARISON = re.compile(r"\s*(>=|<=|=|>|<|≥|≤)\s*([-+]?\d+(?:\.\d+)?)\s*")
_RANGE = re.compile(r"\s*([-+]?\d+(?:\.\d+)?)\s*(?:-|–|~|\.\.)\s*(\d+(?:\.\d+)?)\s*")


@dataclass(frozen=True, slots=True)
class View:
    """``text``: filter; ``column``: it is about this one, -1 for any; ``order``: column to sort by, -1 for the data's order."""

    text: str = ""
    column: int = -1
    order: int = -1
    descending: bool = False


class TableView:
    """Filters and sorts the rows of one table; meant for a worker thread. ``rows``: those that the table is about."""

    def __init__(self, table: AttributeTable, rows: Rows) -> None:
        self.table, self.rows = table, rows
        self._texts: dict[int, TextIndex] = {}
        self._keys: dict[int, NDArray[np.generic]] = {}

    def apply(self, view: View) -> Rows:
        """Rows of the table in their order."""
        kept = self._filtered(view)
        rows: Rows = self.rows[kept]
        if view.order < 0:
            return rows
        key = self._key(view.order)[kept]
        order = np.argsort(key, kind="stable")
        if view.descending:
            order = np.argsort(key[::-1], kind="stable")
            order = (len(key) - 1 - order)[::-1]
        missing = _is_missing(key[order])
        found: Rows = rows[np.concatenate([order[~missing], order[missing]])]
        return found

    def _filtered(self, view: View) -> NDArray[np.int64]:
        """Places in ``rows`` that pass."""
        text = view.text.strip()
        if not text:
            return np.arange(len(self.rows))
        columns = range(len(self.table.columns)) if view.column < 0 else (view.column,)
        passed = np.zeros(len(self.rows), dtype=bool)
        for number in columns:
            column = self.table.columns[number]
            if view.column >= 0 and column.is_number and (between := _limits(text)) is not None:
                passed |= between(column.values[self.rows].astype(np.float64))
            elif not column.is_number or _LIKE_A_NUMBER.fullmatch(text):
                passed[self._index(number).rows(text.casefold(), len(self.rows))] = True
        return np.flatnonzero(passed)

    def _index(self, number: int) -> TextIndex:
        found = self._texts.get(number)
        if found is None:
            found = self._texts[number] = TextIndex(self.table.columns[number].texts(self.rows))
        return found

    def _key(self, number: int) -> NDArray[np.generic]:
        """What a column is sorted by: numbers as they are, texts without regard to capitals, figures in them by value."""
        found = self._keys.get(number)
        if found is None:
            column = self.table.columns[number]
            found = column.values[self.rows] if column.is_number else _natural(column.texts(self.rows))
            self._keys[number] = found
        return found


class _Between:
    """Whether numbers lie between two; the ends count where they are closed."""

    def __init__(self, low: float, high: float, *, low_in: bool = True, high_in: bool = True) -> None:
        self._low, self._high, self._low_in, self._high_in = low, high, low_in, high_in

    def __call__(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        above = values >= self._low if self._low_in else values > self._low
        below = values <= self._high if self._high_in else values < self._high
        return np.asarray(above & below)


def _limits(text: str) -> _Between | None:
    """``>=300``, ``<1990``, ``100-300``; None where it is no comparison."""
    found = _COMPARISON.fullmatch(text)
    if found is not None:
        sign, value = found[1], float(found[2])
        if sign == "=":
            return _Between(value, value)
        if sign[0] in ">≥":
            return _Between(value, np.inf, low_in=sign != ">")
        return _Between(-np.inf, value, high_in=sign != "<")
    span = _RANGE.fullmatch(text)
    return _Between(float(span[1]), float(span[2])) if span is not None else None


_LIKE_A_NUMBER = re.compile(r"[-\d.]+")
_CHUNK = 20_000
"""Texts made into an array in one call, which holds the interpreter's lock."""
_FIGURES = re.compile(r"\d+")


def _natural(texts: list[str]) -> NDArray[np.str_]:
    """Texts in which figures are filled with zeros, so that P-9 comes before P-10; sorted without the interpreter's lock."""
    known: dict[str, str] = {}
    for text in texts:
        if text not in known:
            known[text] = _FIGURES.sub(lambda found: found[0].zfill(12), text.casefold())
    parts = [
        np.array([known[text] for text in texts[start : start + _CHUNK]], dtype=np.str_) for start in range(0, len(texts), _CHUNK)
    ]
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.str_)


def _is_missing(key: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Without a value: they come last in either direction."""
    if key.dtype.kind == "f":
        return np.isnan(key.astype(np.float64))
    return np.asarray(key == "") if key.dtype.kind == "U" else np.asarray(key.astype(np.float64) < 0)
