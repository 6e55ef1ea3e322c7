"""Lines of a notice that state what is no longer so: facts of its case that changed since the draft."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from console.documents.wording import Wording, clean
from console.domain.notices import NoticeFacts
from console.services.notices.contradictions import Contradiction

_NAMES = {
    "no_water_communities": Wording.community,
    "low_pressure_communities": Wording.community,
    "delayed_communities": Wording.community,
    "roads": Wording.road,
}
_COUNTS = ("households_no_water", "households_low_pressure")
_TIMES = ("starts_at", "expected_end")


def outdated_lines(text: str, facts: NoticeFacts, found: Iterable[Contradiction], language: str) -> frozenset[int]:
    """Numbers of lines, from 0, that say something that ``found`` names; ``facts``: those the text was made from.

    A fact that the text does not state (a valve, a street that was added to an empty list) has no line.
    """
    wording = Wording(language)
    needles = [needle for one in found for needle in _said(one, facts, wording) if needle]
    return frozenset(number for number, line in enumerate(text.split("\n")) if any(needle in line for needle in needles))


def _said(one: Contradiction, facts: NoticeFacts, wording: Wording) -> Iterator[str]:
    """How the text states the outdated value."""
    if one.code in _COUNTS:
        yield from (f" {int(said):,} " for said in one.said if said.isdecimal())
    elif one.code in _TIMES:
        yield from (wording.minute(datetime.fromisoformat(said), facts.time_zone) for said in one.said)
    elif one.code == "work":
        yield from map(clean, one.said)
    elif one.code in (*_NAMES, "units"):
        # Where names were only added it is the line that lacks them.
        gone = [name for name in one.said if name not in one.now] or list(one.said[:1])
        word = _NAMES.get(one.code)
        yield from (clean(word(wording, name)) if word is not None else clean(name) for name in gone)
