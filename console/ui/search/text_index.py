"""Text index: one column of names as one array of UTF-8 bytes, so that a million names are searched in a few milliseconds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

Names = Sequence[object] | NDArray[np.object_]
_CHUNK = 20_000
"""Names joined in one call. It holds the interpreter lock for 2 ms, so other threads keep running meanwhile."""
_END = b"\n"
_STRETCH = 1 << 19
"""Bytes of text looked through at once: what is common is found in the first, and the work stays in the processor's cache."""
_PIECE = 4_096
"""Matches whose rows are looked up at once: usually the first piece already holds enough."""


class TextIndex:
    """Finds rows of a column by a part of their text. ``names``: one text a row; line breaks in them count as blanks."""

    def __init__(self, names: Names) -> None:
        parts: list[bytes] = [_END]
        lengths = [np.zeros(0, dtype=np.int64)]
        for start in range(0, len(names), _CHUNK):
            folded = [_folded(str(name)) for name in names[start : start + _CHUNK]]
            lengths.append(np.fromiter(map(len, folded), dtype=np.int64, count=len(folded)) + 1)
            parts += [_END.join(folded), _END]
        self._text = np.frombuffer(b"".join(parts), dtype=np.uint8)
        self._count = np.bincount(self._text, minlength=256)
        self._starts = np.concatenate([[1], 1 + np.cumsum(np.concatenate(lengths))])

    def rows(self, needle: str, most: int) -> list[int]:
        """At most ``most`` rows that begin with the case-folded ``needle``; if fewer do, as many more that only contain it."""
        begin = self.beginning(needle, most)
        if len(begin) >= most:
            return begin
        known = set(begin)
        return [*begin, *islice((row for row in self._rows(_bytes(needle), 0) if row not in known), most)]

    def beginning(self, needle: str, most: int) -> list[int]:
        """At most ``most`` rows that begin with the case-folded ``needle``."""
        return list(islice(self._rows(_END + _bytes(needle), 1), most)) if _bytes(needle) else []

    def _rows(self, pattern: bytes, offset: int) -> Iterator[int]:
        """Rows that contain the pattern, ascending, each once; ``offset``: of the name's own text in the pattern."""
        if not pattern or _END in pattern[offset:] or len(pattern) > len(self._text):
            return
        if not self._count[np.frombuffer(pattern, dtype=np.uint8)].all():
            return  # such as Chinese in a column of initials
        before = -1
        for places in self._candidates(pattern):
            for start in range(0, len(places), _PIECE):
                piece = places[start : start + _PIECE]
                for at, byte in enumerate(pattern):
                    piece = piece[self._text[piece + at] == byte]
                rows = np.searchsorted(self._starts, piece + offset, side="right") - 1
                for row in np.unique(rows).tolist():
                    if row != before:
                        yield row
                    before = row

    def _candidates(self, pattern: bytes) -> Iterator[NDArray[np.int64]]:
        """Places, ascending, where the two rarest bytes of the pattern stand as they should, a stretch of text at a time."""
        fits = len(self._text) - len(pattern) + 1
        rare = sorted(range(len(pattern)), key=lambda at: self._count[pattern[at]])[:2]
        for start in range(0, fits, _STRETCH):
            end = min(start + _STRETCH, fits)
            mask = self._text[start + rare[0] : end + rare[0]] == pattern[rare[0]]
            for at in rare[1:]:
                mask &= self._text[start + at : end + at] == pattern[at]
            yield start + np.flatnonzero(mask)


def _bytes(needle: str) -> bytes:
    return needle.encode("utf-8", "replace")


def _folded(name: str) -> bytes:
    return name.replace("\n", " ").casefold().encode("utf-8", "replace")
