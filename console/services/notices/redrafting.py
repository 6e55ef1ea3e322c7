"""A new draft keeps manual edits, line by line, where the edited line is unchanged."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True, slots=True)
class Redraft:
    """``text``: the new draft with the edits that fit; ``dropped``: manual lines without a place in it."""

    text: str
    dropped: tuple[str, ...] = ()
    kept: bool = False
    """Whether some edit was kept."""


def redrafted(old: str, edited: str, new: str) -> Redraft:
    """Apply the edits that made ``edited`` from ``old`` to ``new``, the draft that replaces ``old``."""
    if edited == old:
        return Redraft(new)
    base, mine, result = old.split("\n"), edited.split("\n"), new.split("\n")
    at = _places(base, result)
    dropped: list[str] = []
    kept, shift = False, 0
    for tag, start, end, first, last in SequenceMatcher(None, base, mine, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        place = len(result) - shift if start == len(base) else _place(at, start, end)
        if place is None:
            dropped += [line for line in mine[first:last] if line.strip() and line not in result]
            continue
        kept = True
        result[place + shift : place + shift + end - start] = mine[first:last]
        shift += (last - first) - (end - start)
    return Redraft("\n".join(result), tuple(dropped), kept)


def _places(base: list[str], new: list[str]) -> dict[int, int]:
    """Line of ``new`` that equals each line of ``base``."""
    blocks = SequenceMatcher(None, base, new, autojunk=False).get_matching_blocks()
    return {block.a + n: block.b + n for block in blocks for n in range(block.size)}


def _place(at: dict[int, int], start: int, end: int) -> int | None:
    """Position in the new draft of lines ``start`` to ``end`` of the old one; None when they changed or are no longer adjacent.

    Inserted lines go behind the line before them, or before the line after; lines at the end stay at the end.
    """
    if start == end:
        if start - 1 in at:
            return at[start - 1] + 1
        return at.get(start, 0 if start == 0 else None)
    if start not in at or any(at.get(start + n) != at[start] + n for n in range(end - start)):
        return None
    return at[start]
