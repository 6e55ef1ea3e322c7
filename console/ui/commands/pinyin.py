"""Pinyin initials of Chinese names: 解放路 is found by ``jfl``. One table of characters for a whole column, so it is quick."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice, product

_FIRST, _LAST = "\u3400", "\u9fff"
_MOST_READINGS = 4
"""Of a name whose characters have several readings: 重庆路 is ``cql`` and ``zql``."""


def initials(names: Iterable[object]) -> list[str]:
    """For each name its initials in lower case, other readings behind a blank; "" where it has no Chinese character.

    Letters and figures stay, so that 解放路12号 is ``jfl12h``. Slow at the first call: it loads the table of readings.
    """
    texts = [str(name) for name in names]
    table = _readings({char for text in set(texts) for char in text if _FIRST <= char <= _LAST})
    known: dict[str, str] = {}
    return [known[text] if text in known else known.setdefault(text, _of(text, table)) for text in texts]


def _of(name: str, table: dict[str, str]) -> str:
    if not any(char in table for char in name):
        return ""
    choices = [table.get(char, char) for char in name.casefold() if char in table or char.isalnum()]
    # Each character's usual reading comes first, so the first combination is the usual one.
    return " ".join("".join(one) for one in islice(product(*choices), _MOST_READINGS))


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
