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
_HEAD = 4
"""Bytes of a name that are kept as a number: one letter of most scripts."""
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
        self._heads = self._first_bytes()

    def rows(self, needle: str, most: int, begin: Sequence[int] | None = None) -> list[int]:
        """At most ``most`` rows that begin with the case-folded ``needle``; if fewer do, as many more that only contain it.

        ``begin``: those that begin with it, at least ``most`` or all, where they are known.
        """
        first = self.beginning(needle, most) if begin is None else list(begin[:most])
        if len(first) >= most:
            return first
        known = set(first)
        return [*first, *islice((row for row in self._containing(_bytes(needle)) if row not in known), most)]

    def beginning(self, needle: str, most: int) -> list[int]:
        """At most ``most`` rows that begin with the case-folded ``needle``."""
        pattern = _bytes(needle)
        return list(islice(self._beginning(pattern), most)) if pattern and _END not in pattern else []

    def _first_bytes(self) -> NDArray[np.uint32]:
        """The first bytes of each name as one number, zeros behind a shorter one: a column of a fraction of the text's size."""
        starts, inside = self._starts[:-1], np.ones(len(self._starts) - 1, dtype=np.bool_)
        heads = np.zeros(len(starts), dtype=np.uint32)
        for at in range(_HEAD):
            byte = self._text[np.minimum(starts + at, len(self._text) - 1)]
            inside &= byte != _END[0]
            heads = (heads << np.uint32(8)) | np.where(inside, byte, 0).astype(np.uint32)
        return heads

    def _beginning(self, pattern: bytes) -> Iterator[int]:
        """Rows that begin with the pattern, ascending."""
        head = pattern[:_HEAD]
        shift = np.uint32(8 * (_HEAD - len(head)))
        wanted = np.uint32(int.from_bytes(head, "big"))
        start, size = 0, _PIECE  # where many begin so, the first rows are enough
        while start < len(self._heads):
            rows = start + np.flatnonzero(self._heads[start : start + size] >> shift == wanted)
            for at in range(0 if b"\0" in head else _HEAD, len(pattern)):
                places = self._starts[rows] + at
                rows = rows[self._text[np.minimum(places, len(self._text) - 1)] == pattern[at]]
            yield from rows.tolist()
            start, size = start + size, min(4 * size, _STRETCH)

    def _containing(self, pattern: bytes) -> Iterator[int]:
        """Rows that contain the pattern, ascending, each once."""
        if not pattern or _END in pattern or len(pattern) > len(self._text):
            return
        if not self._count[np.frombuffer(pattern, dtype=np.uint8)].all():
            return  # such as Chinese in a column of initials
        before = -1
        for places in self._candidates(pattern):
            for start in range(0, len(places), _PIECE):
                piece = places[start : start + _PIECE]
                for at, byte in enumerate(pattern):
                    piece = piece[self._text[piece + at] == byte]
                rows = np.searchsorted(self._starts, piece, side="right") - 1
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
