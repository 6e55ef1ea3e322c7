"""Tracks of crews: fixes of the store come before those seen by the window, without repeats, none of today lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from console.domain.crews import CrewFix
from console.domain.picture import Picture
from console.ui.map.live.tracks import Tracks
from maps.city import City
from tests.console.ui.map.conftest import NOW_US, a_picture

S = 1_000_000


def seen(city: City, *at_us: int) -> Tracks:
    """Tracks of a window that received one crew's positions at these times, x = seconds."""
    tracks = Tracks()
    quiet: Picture = a_picture(city, 0, NOW_US)
    for at in at_us:
        tracks.remember(replace(quiet, now_us=at, crews=(CrewFix("C1", "一队", at / S, 0.0, at),)))
    return tracks


def test_kept_fixes_come_before_those_seen_and_are_not_repeated(small_city: City) -> None:
    tracks = seen(small_city, NOW_US, NOW_US + 60 * S)
    tracks.recall({"C1": [(NOW_US - 60 * S, (NOW_US - 60 * S) / S, 0.0), (NOW_US, NOW_US / S, 0.0)]})
    assert tracks.of("C1")[:, 1].tolist() == [(NOW_US + n * 60 * S) / S for n in (-1, 0, 1)]


def test_a_long_memory_never_drops_the_newest(small_city: City) -> None:
    tracks = seen(small_city, NOW_US)
    tracks.recall({"C1": [(NOW_US - n * S, 0.0, 0.0) for n in range(2000, 0, -1)]})
    assert tuple(tracks.of("C1")[-1]) == (NOW_US, NOW_US / S, 0.0)
    tracks.recall({"C1": [(NOW_US - 3000 * S, 1.0, 1.0)]})
    assert tuple(tracks.of("C1")[-1]) == (NOW_US, NOW_US / S, 0.0)


@pytest.mark.parametrize("seed", range(5))
def test_the_last_hour_and_its_newest_720_fixes_are_kept(small_city: City, seed: int) -> None:
    rng = np.random.default_rng(seed)
    step_s = int(rng.choice([1, 4, 30, 600]))
    at_us = NOW_US + np.cumsum(rng.integers(0, 2 * step_s, 3000)) * S
    tracks = seen(small_city, *at_us.tolist())
    times = [at for at in sorted(set(at_us.tolist())) if at >= at_us[-1] - 3_600 * S][-720:]
    assert tracks.of("C1")[:, 0].tolist() == times
    assert tracks.earlier()[:, 0].tolist() == tracks.earlier("C1")[:, 0].tolist() == times[:-1]
    assert not len(tracks.earlier(""))
    assert not len(tracks.of("C2"))
