"""What people type into the shift's records: bounded, cleaned, compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date

_DAY = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})")
LONGEST_LINE, LONGEST_TEXT = 120, 4000
MOST_TAGS, LONGEST_TAG = 10, 30


def line(text: str, most: int = LONGEST_LINE) -> str:
    """One line without blanks at its ends, cut to ``most`` letters."""
    return " ".join(text.split())[:most]


def plain(text: str) -> str:
    """Full-width letters, figures and signs as plain ones (NFKC)."""
    return unicodedata.normalize("NFKC", text)


def folded(text: str) -> str:
    """A text for comparing: plain, without case."""
    return plain(text).casefold()


def day_of(text: str) -> date | None:
    """A date as people and spreadsheets write it, year first: 2024-01-05, 2024/1/5, 2024.1.5. None for any other."""
    found = _DAY.fullmatch(plain(text).strip())
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[3]), int(found[4]))
    except ValueError:
        return None


def tags_of(given: Iterable[str]) -> tuple[str, ...]:
    """Tags without "#", blanks and repeats, in their order; at most ten."""
    bare = (line(plain(tag).strip().lstrip("#"), LONGEST_TAG) for tag in given)
    return tuple({folded(tag): tag for tag in bare if tag}.values())[:MOST_TAGS]
