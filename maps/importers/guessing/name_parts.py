"""Names of columns put together of known words (``name_parts.toml``): ``Valve_Typ``, ``NUM_VANNE``, ``三维长度``.

A list of whole names never holds every utility's own; the words of which they are made are few.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from maps.importers.guessing.simplified_signs import simplified

_FILLER, _ID, _START, _END = "filler", "id", "start", "end"
_SUBJECT = {"pipes": "pipe", "valves": "valve", "hydrants": "hydrant", "customers": "customer", "nodes": "node"}
_REFERENCES = {"pipe": "pipe", "link": "pipe", "node": "node", "meter_id": "meter"}
_LAYERS = ("hydrants", "valves", "customers", "pipes", "nodes")
"""Of a layer's name with several things the first counts: a valve of a main is a valve."""
_BRACKETS = re.compile(r"[(（\[【].*?[)）\]】]")
_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\da-zA-Z_]+")
_PLAIN = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "ł": "l", "đ": "d", "ı": "i", "Ø": "O", "Æ": "Ae", "Ł": "L", "Đ": "D"})
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
_ENDINGS = ("s", "es", "n", "en", "er", "e")
_SHORTEST_BEGINNING, _SHORTEST_ABBREVIATED = 3, 5
"""Letters of a part that begins a word or has its consonants, and of the word."""


def is_made_of(name: str, layer: str, standard: str) -> bool:
    """Whether every part of a column's name is a word of this standard column, its layer or a filler, and one its own."""
    return any(_fits(parts, layer, standard) for parts in _readings(name))


def layer_made_of(name: str) -> str:
    """The standard layer whose thing a layer's name names beside fillers; "" for none."""
    for parts in _readings(name):
        named = {role for part in parts for role in part}
        for layer in _LAYERS:
            subject = _SUBJECT[layer]
            others = {_FILLER, *_SUBJECT.values()}
            if subject in named and all(part & others for part in parts):
                return layer
    return ""


def _fits(parts: list[frozenset[str]], layer: str, standard: str) -> bool:
    thing = _SUBJECT.get(layer, "")
    if standard == "asset_id":
        return len(parts) > 1 and _all(parts, {_ID}, {_FILLER, thing})
    if standard in ("from_node", "to_node"):
        end = _START if standard == "from_node" else _END
        return len(parts) > 1 and _all(parts, {end}, {"node", _ID, _FILLER})
    if standard in _REFERENCES:
        return _REFERENCES[standard] != thing and _all(parts, {_REFERENCES[standard]}, {_ID, _FILLER})
    return _all(parts, {f"own {standard}"}, {f"with {standard}", _FILLER, thing})


def _all(parts: list[frozenset[str]], needed: set[str], allowed: set[str]) -> bool:
    return bool(parts) and any(part & needed for part in parts) and all(part & (needed | allowed) for part in parts)


def _readings(name: str) -> Iterator[list[frozenset[str]]]:
    """Roles of each part of a name; umlauts as two letters, then as one. Nothing where a part is no known word."""
    bare = simplified(_BRACKETS.sub("", name))
    for spelt in dict.fromkeys((bare.translate(_UMLAUTS), bare)):
        found = [roles for part in _PART.findall(_folded(spelt)) for roles in _roles(part.casefold())]
        if found and all(found):
            yield found


def _folded(text: str) -> str:
    """Without accents; letter case stays, as it separates parts."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", text.translate(_PLAIN)) if not unicodedata.combining(sign))


@cache
def _roles(part: str) -> tuple[frozenset[str], ...]:
    """Roles of a part, or of the words that it is made of without separation; one empty set where it is no known word."""
    known = _words()
    exact = known.get(part) or next((known[part[: -len(tail)]] for tail in _ENDINGS if _stem(part, tail) in known), None)
    if exact:
        return (exact,)
    glued = _glued(part)
    if glued:
        return glued
    return (_abbreviated(part),)


def _stem(part: str, tail: str) -> str:
    return part[: -len(tail)] if part.endswith(tail) and len(part) - len(tail) >= _SHORTEST_BEGINNING else ""


@cache
def _glued(part: str) -> tuple[frozenset[str], ...]:
    """``pipeno`` as pipe and no, ``管段编码`` as 管段 and 编码, with the longest words first; () when nothing covers it."""
    known = _words()
    for length in range(len(part), 0, -1):
        word = part[:length]
        if word not in known or (word.isascii() and length < 2):
            continue
        if length == len(part):
            return (known[word],)
        rest = _glued(part[length:])
        if rest:
            return (known[word], *rest)
    return ()


def _abbreviated(part: str) -> frozenset[str]:
    """Roles of all words that a part begins, else of those whose consonants it has."""
    if len(part) < _SHORTEST_BEGINNING or not part.isascii():
        return frozenset()
    long = {word: roles for word, roles in _words().items() if word.isascii() and len(word) >= _SHORTEST_ABBREVIATED}
    begun = [roles for word, roles in long.items() if word.startswith(part)]
    if not begun and not set(part) & set("aeiou"):
        begun = [roles for word, roles in long.items() if word[0] == part[0] and _within(part, word)]
    return frozenset().union(*begun)


def _within(part: str, word: str) -> bool:
    signs = iter(word)
    return all(sign in signs for sign in part)


@cache
def _words() -> Mapping[str, frozenset[str]]:
    """Word -> what it may stand for."""
    content = tomllib.loads(files("maps.importers.guessing").joinpath("name_parts.toml").read_text(encoding="utf-8"))
    roles: dict[str, set[str]] = {}
    groups: list[tuple[str, list[str]]] = [(_FILLER, content["fillers"]["words"]), (_ID, content["ids"]["words"])]
    groups += [*content["subjects"].items(), *content["ends"].items()]
    for standard, listed in content["columns"].items():
        groups += [(f"own {standard}", listed["own"]), (f"with {standard}", listed["with"])]
    for role, listed in groups:
        for word in listed:
            roles.setdefault(_folded(word).casefold(), set()).add(role)
    return {word: frozenset(found) for word, found in roles.items()}
