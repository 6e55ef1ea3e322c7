"""A restarted console learns from the store's weeks without events: bursts and the hours after them are left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from console.domain.clock import micros
from console.domain.incidents import Incident
from console.domain.readings import Channel, Quality, ReadingBatch
from console.services.analysis.quiet_history import quiet_history, quiet_times
from console.services.incidents.judging import DismissIncident, JudgeBurst
from tests.console.services.town import NOW, Chair, a_finding

CASE = "2024-0001"
HOUR_US = 3_600_000_000


@dataclass
class Kept:
    """An archive of one station, a reading every five minutes, and its incidents."""

    batch: ReadingBatch
    incidents: tuple[Incident, ...] = ()

    def count_readings(self, since_us: int, until_us: int) -> int:
        return int(self._inside(since_us, until_us).sum())

    def reading_parts(self, since_us: int, until_us: int) -> Iterator[ReadingBatch]:
        places = np.flatnonzero(self._inside(since_us, until_us))
        for start in range(0, len(places), 1000):
            yield self.batch.where(places[start : start + 1000])

    def _inside(self, since_us: int, until_us: int) -> NDArray[np.bool_]:
        return (self.batch.at_us >= since_us) & (self.batch.at_us <= until_us)

    def incidents_between(self, since_us: int, until_us: int) -> tuple[Incident, ...]:
        return tuple(case for case in self.incidents if since_us <= micros(case.opened_at) < until_us)


def days(count: int) -> ReadingBatch:
    """So many days of readings up to NOW."""
    at_us = micros(NOW) - np.arange(count * 288, dtype=np.int64)[::-1] * 300_000_000
    size = len(at_us)
    return ReadingBatch(
        np.zeros(size, dtype=np.int32),
        np.full(size, int(Channel.PRESSURE), dtype=np.uint8),
        at_us,
        np.full(size, 300.0),
        np.full(size, Quality.GOOD, dtype=np.uint8),
    )


def heard(archive: Kept) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Times that are learned from, µs."""
    history = quiet_history(archive, 1, NOW)
    assert history is not None
    known = np.isfinite(history.value[int(Channel.PRESSURE)][:, 0])
    return np.asarray(history.at_us[known])


def test_an_empty_store_gives_no_history() -> None:
    assert quiet_history(Kept(days(0)), 1, NOW) is None


def test_four_weeks_are_enough() -> None:
    at_us = heard(Kept(days(40)))
    assert 27.9 * 24 * HOUR_US < at_us[-1] - at_us[0] <= 28.01 * 24 * HOUR_US


def test_a_burst_and_six_hours_after_it_are_left_out() -> None:
    chair = Chair()
    chair.sees(a_finding(at=NOW - timedelta(days=2)))
    chair.does(JudgeBurst(CASE, ("H10",)))
    case = replace(
        chair.state.incidents[CASE], opened_at=NOW - timedelta(days=2), closed_at=NOW - timedelta(days=2) + timedelta(hours=4)
    )
    archive = Kept(days(5), (case,))
    at_us = heard(archive)
    # Of live ticks the same times are left out; those of history lie on its grid.
    live_us = archive.batch.at_us[quiet_times(archive, archive.batch.at_us)]
    assert np.abs(live_us - at_us).max() <= 150_000_000
    first = micros(case.first_abnormal_at)
    assert not ((at_us > first + 150_000_000) & (at_us < first + 10 * HOUR_US - 300_000_000)).any()
    assert (at_us < first).any()
    assert (at_us > first + 10 * HOUR_US + 300_000_000).any()


def test_a_case_dismissed_as_no_burst_was_quiet() -> None:
    chair = Chair()
    chair.sees(a_finding(at=NOW - timedelta(days=2)))
    chair.does(DismissIncident(CASE, "消防取水"))
    case = replace(chair.state.incidents[CASE], opened_at=NOW - timedelta(days=2))
    assert len(heard(Kept(days(5), (case,)))) == len(heard(Kept(days(5))))
