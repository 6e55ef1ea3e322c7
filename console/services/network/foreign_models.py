"""Commands on foreign models, as functions of paths: they run in a child process because EPANET may crash.

A crash cannot be caught in its own process: a model that was not built by this program is opened through
``console.children`` or ``HydraulicsWorker``. Imports are inside the functions: the parent process does not need them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from maps.errors import Fault, InputFault


def import_into(sources: Sequence[Path], options: Mapping[str, Any], to: Path) -> tuple[dict[str, int], tuple[Fault, ...]]:
    """Import into a city dataset: (counts by layer, faults reported). ``options``: fields of ImportOptions. Raises InputFault."""
    from maps.dataset import write_city
    from maps.importers import ImportOptions, import_city

    result = import_city(sources, ImportOptions(**options))
    write_city(result.city, to)
    network = result.city.network
    return {"pipes": len(network.pipes), "nodes": len(network.nodes), "valves": len(network.valves)}, result.faults


def guessed_import_into(
    sources: Sequence[Path], options: Mapping[str, Any], to: Path, save_profile: Path | None = None
) -> tuple[dict[str, int], tuple[Fault, ...]]:
    """Import layers with a guessed column profile; what was guessed comes first in the faults.

    ``save_profile``: where the profile is written, also when the import is refused: it can be corrected and used with
    ``--profile``; None keeps none. Raises InputFault.
    """
    import tempfile

    from maps.files import write_aside
    from maps.importers.guessing import guess_faults, guess_profile, profile_toml

    guess = guess_profile([path for path in sources if path.suffix.lower() != ".inp"])
    text = profile_toml(guess, name=str(options.get("name", "")))
    if save_profile is not None:
        write_aside(save_profile, text.encode("utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        profile = Path(folder) / "guessed.toml"
        profile.write_text(text, encoding="utf-8")
        counts, faults = import_into(sources, {**options, "profile": profile}, to)
    return counts, (*guess_faults(guess), *faults)


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
