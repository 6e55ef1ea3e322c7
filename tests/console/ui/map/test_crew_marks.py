"""Tracks of crews: what the store kept comes before what the window saw, nothing twice, nothing of today lost."""

from __future__ import annotations

from dataclasses import replace

from console.domain.crews import CrewFix
from console.domain.picture import Picture
from console.ui.map.crew_marks import CrewMarks
from maps.city import City
from tests.console.ui.map.conftest import NOW_US, a_picture

S = 1_000_000


def seen(city: City, *at_us: int) -> CrewMarks:
    """Marks that saw one crew at these times, x = seconds."""
    marks = CrewMarks()
    quiet: Picture = a_picture(city, 0, NOW_US)
    for at in at_us:
        marks.remember(replace(quiet, now_us=at, crews=(CrewFix("C1", "一队", at / S, 0.0, at),)))
    return marks


def test_kept_fixes_come_before_those_seen_and_are_not_repeated(small_city: City) -> None:
    marks = seen(small_city, NOW_US, NOW_US + 60 * S)
    marks.recall({"C1": [(NOW_US - 60 * S, (NOW_US - 60 * S) / S, 0.0), (NOW_US, NOW_US / S, 0.0)]})
    assert [x for x, _ in marks.track("C1")] == [(NOW_US + n * 60 * S) / S for n in (-1, 0, 1)]


def test_a_long_memory_never_drops_the_newest(small_city: City) -> None:
    marks = seen(small_city, NOW_US)
    marks.recall({"C1": [(NOW_US - n * S, 0.0, 0.0) for n in range(2000, 0, -1)]})
    assert marks.track("C1")[-1] == (NOW_US / S, 0.0)
    marks.recall({"C1": [(NOW_US - 3000 * S, 1.0, 1.0)]})
    assert marks.track("C1")[-1] == (NOW_US / S, 0.0)
