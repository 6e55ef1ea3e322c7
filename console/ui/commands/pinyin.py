"""Pinyin initials of Chinese names: 解放路 is found by ``jfl``. One table of characters for a whole column, so it is quick."""

from __future__ import annotations

from collections.abc import Iterable

_FIRST, _LAST = "\u3400", "\u9fff"
_MOST_READINGS = 4
"""Of a name whose characters have several readings: 重庆路 is ``cql`` and ``zql``."""


def initials(names: Iterable[object]) -> list[str]:
    """For each name its initials in lower case, other readings behind a blank; "" where it has no Chinese character.

    Letters and figures stay, so that 解放路12号 is ``jfl12h``. Slow at the first call: it loads the table of readings.
    """
    texts = [str(name).casefold() for name in names]
    characters = set[str]().union(*map(set, set(texts)))
    readings = _readings({char for char in characters if _FIRST <= char <= _LAST})
    usual = {ord(char): read[0] for char, read in readings.items()}
    usual |= {ord(char): "" for char in characters if not char.isalnum()}
    other = {char: read[1:] for char, read in readings.items() if len(read) > 1}
    known: dict[str, str] = {}
    for text in texts:
        if text not in known:
            known[text] = "" if readings.keys().isdisjoint(text) else _of(text, usual, other)
    return [known[text] for text in texts]


def _of(name: str, usual: dict[int, str], other: dict[str, str]) -> str:
    """The usual initials, then those with another reading of one character."""
    found = {name.translate(usual): None}
    for char in dict.fromkeys(name):
        for reading in other.get(char, ""):
            if len(found) < _MOST_READINGS:
                found[name.replace(char, reading).translate(usual)] = None
    return " ".join(found)


def _readings(characters: set[str]) -> dict[str, str]:
    """Initials of each character's readings as one text, the usual one first."""
    from pypinyin import Style, pinyin

    ordered = sorted(characters)
    found = pinyin(ordered, style=Style.FIRST_LETTER, heteronym=True, errors="ignore") if ordered else []
    if len(found) != len(ordered):  # a character without a reading is left out of the result: one by one then
        found = [(pinyin(char, style=Style.FIRST_LETTER, heteronym=True, errors="ignore") or [[]])[0] for char in ordered]
    return {
        char: "".join(dict.fromkeys(letters for letters in one if len(letters) == 1 and letters.isascii()))
        for char, one in zip(ordered, found, strict=True)
        if any(len(letters) == 1 and letters.isascii() for letters in one)
    }
