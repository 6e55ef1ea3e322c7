"""Names of layers and columns in several conventions (``names.toml``), and how well a source's name matches one."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import Any

from maps.importers.guessing.name_parts import is_made_of
from maps.importers.guessing.simplified_signs import simplified

LINKS = ("pipes", "pumps", "valves")
_BRACKETS = re.compile(r"[(（\[【].*?[)）\]】]")
_UNIT_AT_HAN = re.compile(r"(?<=[\u4e00-\u9fff])(mm|cm|m)$", re.IGNORECASE)
_CUT = 10
"""Shapefiles cut names of columns to this many bytes."""
_CONTAINED_LATIN, _CONTAINED_HAN = 6, 2
"""Shortest exact name that counts when it is only a part of the source's name."""
_UNITS = {"inch": "in", "inches": "in", "feet": "ft", "毫米": "mm", "米": "m"}
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_PREFIXES = ("fk", "cat", "gis", "attr")
"""First parts of a name that only say where the column comes from: a foreign key, a catalogue."""
_UNIT_TAILS = ("mm", "m", "in", "inch", "inches", "ft", "feet", "cm", "米", "毫米")


class NameMatch(Enum):
    """How a source's name matches a standard column."""

    EXACT = "exact_name"
    WORDS = "words_of_name"
    POSSIBLE = "possible_name"
    PART = "part_of_name"
    NONE = "no_name"


@dataclass(frozen=True, slots=True)
class Names:
    """Normalised names of one standard column of one standard layer."""

    layer: str
    standard: str
    exact: Mapping[str, int]
    """Name -> its place in the list; the usual names stand first."""
    possible: frozenset[str]

    def place(self, name: str) -> int:
        """Place of an exact name in the list, 0 for the most usual; the length of the list for any other name."""
        return min((self.exact[form] for form in _forms(name) if form in self.exact), default=len(self.exact))

    def match(self, name: str, *, cut: bool) -> NameMatch:
        """``cut``: names of the source end after ten bytes."""
        forms = _forms(name)
        is_cut = cut and len(name.encode("utf-8")) >= _CUT - 1
        if forms & self.exact.keys() or (is_cut and _begin_one_of(forms, self.exact)):
            return NameMatch.EXACT
        if is_made_of(name, self.layer, self.standard):
            return NameMatch.WORDS
        if forms & self.possible or (is_cut and _begin_one_of(forms, self.possible)):
            return NameMatch.POSSIBLE
        whole = normal(name)
        if any(_long_enough(known) and known in whole for known in self.exact):
            return NameMatch.PART
        return NameMatch.NONE


@dataclass(frozen=True, slots=True)
class LayerNames:
    """Names of one standard layer; ``geometry``: line, point, polygon or any."""

    exact: frozenset[str]
    geometry: str


def normal(name: str) -> str:
    """A name without letter case, accents, spaces, punctuation and bracketed parts: ``US_Node ID (old)`` -> ``usnodeid``.

    Traditional Chinese and Japanese signs become simplified ones: ``管徑`` -> ``管径``.
    """
    plain = simplified(unicodedata.normalize("NFKD", _BRACKETS.sub("", name)).casefold().replace("ß", "ss"))
    return "".join(sign for sign in plain if sign.isalnum())


def unit_in(name: str) -> str:
    """The unit of length at the end of a name or in its brackets: mm, cm, m, in, ft; "" without."""
    bracketed = _BRACKETS.findall(name)
    parts = re.split(r"[\s_\-.]+", name.strip())
    joined = _UNIT_AT_HAN.search(parts[-1])
    told = bracketed[-1][1:-1] if bracketed else joined[1] if joined else parts[-1] if len(parts) > 1 else ""
    word = told.strip().casefold()
    return _UNITS.get(word, word if word in _UNIT_TAILS else "")


def _forms(name: str) -> set[str]:
    """The normalised name, without a unit at its end, and without a prefix such as ``gis_``."""
    spelt = name.casefold().translate(_UMLAUTS)
    forms = {normal(name), normal(spelt), normal(_UNIT_AT_HAN.sub("", name.strip()))}
    parts = [part for part in re.split(r"[\s_\-.]+", _BRACKETS.sub("", name).strip()) if part]
    if len(parts) > 1 and parts[-1].casefold() in _UNIT_TAILS:
        forms.add(normal("".join(parts[:-1])))
    if len(parts) > 1 and parts[0].casefold() in _PREFIXES:
        forms.add(normal("".join(parts[1:])))
    return {form for form in forms if form}


def _begin_one_of(forms: Iterable[str], names: Iterable[str]) -> bool:
    return any(known.startswith(form) for known in names for form in forms)


def _long_enough(name: str) -> bool:
    return len(name) >= (_CONTAINED_LATIN if name.isascii() else _CONTAINED_HAN)


@cache
def _content() -> Mapping[str, Any]:
    return tomllib.loads(files("maps.importers.guessing").joinpath("names.toml").read_text(encoding="utf-8"))


@cache
def layer_names() -> Mapping[str, LayerNames]:
    """Standard layer (and ``sources``, ``tanks``: nodes of that kind) -> its names."""
    return {
        key: LayerNames(frozenset(map(normal, found["exact"])), str(found["geometry"]))
        for key, found in _content()["layers"].items()
    }


@cache
def column_names(layer: str) -> Mapping[str, Names]:
    """Standard column -> names, for one standard layer."""
    columns = _content()["columns"]
    found: dict[str, tuple[list[str], set[str]]] = {}
    tables = [columns.get(layer, {}), *([columns["links"]] if layer in LINKS else []), columns["any"]]
    for table in tables:
        for column, names in table.items():
            exact, possible = found.setdefault(column, ([], set()))
            own = table is tables[0]
            if own or not exact or table is columns["any"]:  # the layer's own words replace those of all links
                exact.extend(map(normal, names.get("exact", [])))
                possible.update(map(normal, names.get("possible", [])))
    return {
        column: Names(
            layer, column, {name: at for at, name in reversed(list(enumerate(exact)))}, frozenset(possible.difference(exact))
        )
        for column, (exact, possible) in found.items()
    }


@cache
def words(group: str) -> Mapping[str, str]:
    """Normalised word in a value -> its meaning, for a group of ``values``; look up ``normal(value)``."""
    return {normal(str(word)): meaning for meaning, listed in _content()["values"][group].items() for word in listed}


def truth_means(name: str, meaning: str) -> bool:
    """Whether a column of this name, perhaps cut to ten bytes, has truth values of this meaning (``values.truth_meaning``)."""
    form, cut = normal(name), len(name.encode("utf-8")) == _CUT
    meant = map(normal, _content()["values"]["truth_meaning"][meaning])
    return any(known == form or (cut and known.startswith(form)) for known in meant)
