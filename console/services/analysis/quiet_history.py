"""History that the detector learns from at start: the store's last weeks without bursts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from console.detection import History
from console.domain.clock import micros
from console.domain.incidents import Incident
from console.domain.readings import ReadingBatch

MOST_DAYS = 28
_DAY_US = 86_400_000_000
_STEP_S = 300.0
_MOST_READINGS = 20_000_000
"""Half a minute of reading: a city of 10,000 stations a minute learns from its last day and a half."""
_AFTERMATH = timedelta(hours=6)
"""After a burst is closed the network fills and settles for hours."""


class Archive(Protocol):
    """The store's methods for past readings and incidents."""

    def count_readings(self, since_us: int, until_us: int) -> int:
        """About how many readings there are in [since, until]."""
        ...

    def reading_parts(self, since_us: int, until_us: int) -> Iterator[ReadingBatch]:
        """Every reading in [since, until], in parts of bounded size and in no order."""
        ...

    def incidents_between(self, since_us: int, until_us: int) -> tuple[Incident, ...]:
        """Incidents opened in [since, until)."""
        ...


def quiet_history(archive: Archive, stations: int, now: datetime) -> History | None:
    """Up to four weeks before ``now`` on a grid of five minutes, without bursts and the hours after them; None without readings.

    The time of a case dismissed as no burst stays in.
    """
    until_us = micros(now)
    last_day = archive.count_readings(until_us - _DAY_US, until_us)
    days = MOST_DAYS if last_day == 0 else min(MOST_DAYS, max(_MOST_READINGS / last_day, 1.0))
    since_us = until_us - int(days * _DAY_US)
    incidents = archive.incidents_between(since_us - 7 * _DAY_US, until_us)
    parts = (part.where(quiet(part.at_us, incidents, until_us)) for part in archive.reading_parts(since_us, until_us))
    history = History.of_parts(parts, stations, _STEP_S)
    return history if len(history.at_us) else None


class Cases(Protocol):
    """The store's method for past incidents."""

    def incidents_between(self, since_us: int, until_us: int) -> tuple[Incident, ...]:
        """Incidents opened in [since, until)."""
        ...


def quiet_times(cases: Cases, at_us: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mask of the times outside every burst that the store knows now, (n,); ``at_us`` ascending."""
    first_us, last_us = int(at_us[0]), int(at_us[-1])
    return quiet(at_us, cases.incidents_between(first_us - 7 * _DAY_US, last_us + 1), last_us)


def quiet(at_us: NDArray[np.int64], incidents: Iterable[Incident], until_us: int) -> NDArray[np.bool_]:
    """Mask of the times outside every burst, (n,)."""
    kept = np.ones(len(at_us), dtype=bool)
    for incident in incidents:
        if not incident.is_open() and not incident.burst_pipes:
            continue
        end = until_us if incident.closed_at is None else micros(incident.closed_at + _AFTERMATH)
        kept &= (at_us < micros(incident.first_abnormal_at)) | (at_us > end)
    return kept
