"""Pipes by what they are: ``DN400 灰口``, ``cast iron 300 解放路``; columns of codes, a million pipes take milliseconds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maps.network import PipeTable
from resources.texts import LANGUAGES, Catalogue

Rows = NDArray[np.int64]
_SIZE = re.compile(r"(?:dn|[φΦø]|d)\s*(\d{2,4})(?!\d)", re.IGNORECASE)
_BARE = re.compile(r"\d{2,4}")
_LEAST_MM, _MOST_MM = 15, 3000


@dataclass(frozen=True, eq=False)
class _Codes:
    """A column of texts: its different texts, and of each row the number of its text."""

    texts: tuple[str, ...]
    code: NDArray[np.int32]

    @staticmethod
    def of(column: Iterable[object], count: int) -> _Codes:
        """Numbers in the order of first appearance."""
        known: dict[object, int] = {}
        code = np.fromiter((known.setdefault(one, len(known)) for one in column), dtype=np.int32, count=count)
        return _Codes(tuple(map(str, known)), code)

    def rows_of(self, wanted: Iterable[int]) -> NDArray[np.bool_]:
        """Which rows have one of these texts."""
        among = np.zeros(len(self.texts) + 1, dtype=bool)
        among[list(wanted)] = True
        return among[self.code]


@dataclass(frozen=True, eq=False)
class PipesFound:
    """All pipes of one kind. ``diameter_mm``: 0 where none was named; ``materials``: as in the data; ``road``: as typed."""

    rows: Rows
    length_m: float
    diameter_mm: int
    materials: tuple[str, ...]
    road: str


class PipeKinds:
    """Finds the pipes of a size, a material, a road; a material by the name in the data and by those in all languages."""

    def __init__(self, pipes: PipeTable) -> None:
        self._pipes = pipes
        self._size = np.nan_to_num(pipes.diameter_mm, nan=0.0).round().astype(np.int32)
        self._material = _Codes.of(pipes.material, len(pipes))
        self._road = _Codes.of(pipes.road_name, len(pipes))
        self._names = [_names(text) for text in self._material.texts]
        self._roads = [text.casefold() for text in self._road.texts]

    def find(self, text: str) -> PipesFound | None:
        """The pipes that a text describes; None when it names neither a size with DN nor a material, or no pipe is like that."""
        size, rest = _size_in(text.casefold())
        materials, words = self._materials_in(rest)
        if not size and materials:
            bare = next((word for word in words if _BARE.fullmatch(word)), "")
            if bare:
                size = int(bare)
                words.remove(bare)
        if not size and not materials:
            return None
        mask = np.ones(len(self._pipes), dtype=bool)
        if size:
            mask &= self._size == size
        if materials:
            mask &= self._material.rows_of(materials)
        for word in words:
            mask &= self._road.rows_of(at for at, name in enumerate(self._roads) if word in name)
        rows = np.flatnonzero(mask)
        if not len(rows):
            return None
        length_m = float(np.nansum(self._pipes.length_m[rows]))
        return PipesFound(rows, length_m, size, tuple(self._material.texts[at] for at in materials), " ".join(words))

    def _materials_in(self, text: str) -> tuple[list[int], list[str]]:
        """(codes of the materials that are named, words left over)."""
        words = text.split()
        for many in (2, 1):  # "cast iron" before "iron"
            for start in range(len(words) - many + 1):
                named = " ".join(words[start : start + many])
                codes = self._named(named)
                if codes:
                    return codes, words[:start] + words[start + many :]
        return [], words

    def _named(self, name: str) -> list[int]:
        exact = [at for at, names in enumerate(self._names) if name in names]
        if exact or len(name) < 2:
            return exact
        return [at for at, names in enumerate(self._names) if any(one.startswith(name) for one in names)]


def _names(material: str) -> frozenset[str]:
    """A material's names in every language, case-folded."""
    key = f"ui.material.{material}"
    told = [Catalogue.load(language).entries.get(key, "") for language in LANGUAGES]
    return frozenset(name.casefold() for name in (material, material.replace("_", " "), *told) if name)


def _size_in(text: str) -> tuple[int, str]:
    """(diameter in mm, 0 for none; the text without it)."""
    found = _SIZE.search(text)
    if found is None or not _LEAST_MM <= int(found[1]) <= _MOST_MM:
        return 0, text
    return int(found[1]), f"{text[: found.start()]} {text[found.end() :]}"
