"""Heads of the change chain kept elsewhere (packages, shift reports, files): they show a chain that was cut off or rewritten."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from maps.errors import InputFault

_TYPED = re.compile(r"(\d{1,15}):([0-9a-f]{16,64})")
"""Sixteen digits are 64 bits: nobody finds another chain with them by trying, and a person can type them from paper."""


@dataclass(frozen=True, slots=True)
class Head:
    """Sequence number and hash of one change, or the first digits of it. ``source``: where it was kept, for messages."""

    seq: int
    hash: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class HeadFault:
    """A kept head that the chain does not contain. ``last_seq``: the chain's last change."""

    head: Head
    last_seq: int

    @property
    def is_cut_off(self) -> bool:
        """Whether the chain ends before the head: changes at its end are missing."""
        return self.head.seq > self.last_seq

    def line(self) -> str:
        """The fault in one line."""
        if self.is_cut_off:
            return f"{self.head.source}: has change {self.head.seq}, the chain ends at {self.last_seq}: its end was cut off"
        return f"{self.head.source}: change {self.head.seq} has another hash there: the chain was rewritten"


def typed_head(text: str) -> Head:
    """A head that a person typed as ``SEQ:HASH`` with at least the first 16 digits of the hash. Raises InputFault."""
    found = _TYPED.fullmatch("".join(text.split()).lower())
    if found is None:
        raise InputFault(f"head {text[:80]!r}: expected NUMBER:HASH as a handover shows it, with at least 16 digits of the hash")
    return Head(int(found[1]), found[2], f"head {found[1]}")


def head_faults(heads: Iterable[Head], chain: Mapping[int, str], last_seq: int) -> tuple[HeadFault, ...]:
    """Heads that the chain does not contain, in the given order.

    ``chain``: hash by seq of at least every head's seq that exists; ``last_seq``: 0 for an empty chain.
    """
    return tuple(HeadFault(head, last_seq) for head in heads if not _is_of(chain.get(head.seq), head))


def _is_of(digest: str | None, head: Head) -> bool:
    return digest is not None and head.hash != "" and digest.startswith(head.hash)
