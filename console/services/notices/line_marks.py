"""Which lines of a notice were written by hand, and which differ from the version that was issued before."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True, slots=True)
class LineMarks:
    """Numbers of lines, from 0."""

    edited: frozenset[int] = frozenset()
    changed: frozenset[int] = frozenset()
    gone: tuple[str, ...] = ()
    """Lines of the issued version that are in this one no more."""


def line_marks(text: str, drafted: str, issued: str | None) -> LineMarks:
    """``drafted``: the text as the facts make it; ``issued``: of the version before that went out, None where there is none."""
    edited, _ = _differing(drafted, text)
    changed, gone = _differing(issued, text) if issued is not None else (frozenset[int](), ())
    return LineMarks(edited, changed, gone)


def _differing(before: str, after: str) -> tuple[frozenset[int], tuple[str, ...]]:
    """(lines of ``after`` that ``before`` does not have at their place, lines of ``before`` that are gone); no blank lines."""
    old, new = before.split("\n"), after.split("\n")
    lines, gone = set[int](), list[str]()
    for tag, start, end, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            lines |= {number for number in range(first, last) if new[number].strip()}
            gone += [line for line in old[start:end] if line.strip()]
    return frozenset(lines), tuple(gone)
