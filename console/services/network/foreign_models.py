"""Commands on foreign models, as functions of paths: they run in a child process because EPANET may crash.

A crash cannot be caught in its own process: a model that was not built by this program is opened through
``console.children`` or ``HydraulicsWorker``. Imports are inside the functions: the parent process does not need them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from maps.errors import InputFault


def check_file(city: Path) -> dict[str, Any]:
    """The report of ``maps.check`` on a dataset. Raises InputFault."""
    from maps.check import check_city
    from maps.dataset import read_city

    return check_city(read_city(city))


def located(
    city: Path, readings: Path, baseline: Path | None, event_at: str, *, progress: Callable[[float], None] | None = None
) -> Iterator[dict[str, Any]]:
    """Events of a recording in order. ``event_at``: ISO 8601 or ""; naive: on the city's clock. Raises InputFault."""
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from console.services.analysis.backtest import locate_recording
    from maps.dataset import read_city

    read = read_city(city)
    at: datetime | None = None
    if event_at:
        try:
            at = datetime.fromisoformat(event_at)
        except ValueError:
            raise InputFault(f"--event-at {event_at!r} is not an ISO 8601 time, such as 2024-01-03T23:00") from None
        at = at if at.tzinfo is not None else at.replace(tzinfo=ZoneInfo(read.info.time_zone))
    yield from locate_recording(read, readings, baseline=baseline, event_at=at, progress=progress)


def calibrated_into(city: Path, readings: Path, to: Path, *, progress: Callable[[float], None] | None = None) -> dict[str, Any]:
    """Write the city with its model fitted to a recording; returns the report of the fit. Raises InputFault."""
    from console.services.analysis.calibration import fitted
    from maps.dataset import read_city, write_city

    found = fitted(read_city(city), readings, progress=progress)
    write_city(found.city, to)
    return found.report()
