"""Commands on foreign models, as functions of paths: they run in a child process because EPANET may crash.

A crash cannot be caught in its own process: a model that was not built by this program is opened through
``console.children`` or ``HydraulicsWorker``. Imports are inside the functions: the parent process does not need them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maps.errors import Fault, InputFault

if TYPE_CHECKING:  # see above
    from maps.fitness import Fitness
    from maps.importers.guessing import Choices, ProfileGuess


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


@dataclass(frozen=True, slots=True)
class SourceLayer:
    """One layer of the sources as a person looks at it. ``samples``: column -> up to three different values, as text."""

    source: str
    layer: str
    rows: int
    samples: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Preview:
    """A guess beside what it was made from. ``columns``: standard layer -> the standard columns that can be fed."""

    guess: ProfileGuess
    layers: tuple[SourceLayer, ...]
    columns: Mapping[str, tuple[str, ...]]

    def layer(self, source: str, name: str) -> SourceLayer:
        """The layer of this name. Raises KeyError for an unknown one."""
        found = next((one for one in self.layers if (one.source, one.layer) == (source, name)), None)
        if found is None:
            raise KeyError(name)
        return found


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import wrote. ``counts``: rows by layer; ``fitness``: scores for isolation, hydraulics and notices."""

    counts: Mapping[str, int]
    faults: tuple[Fault, ...]
    fitness: tuple[Fitness, ...]


def preview(sources: Sequence[Path], choices: Choices) -> Preview:
    """The guess for these files, with sampled values of each column. Raises InputFault for a file that cannot be read."""
    from maps.importers.guessing import guess_profile
    from maps.importers.guessing.lexicon import column_names, layer_names
    from maps.importers.readers.sources import layer_names as layers_of
    from maps.importers.readers.sources import read_layer

    tables = [path for path in sources if path.suffix.lower() != ".inp"]
    read = [read_layer(path, name) for path, name in layers_of(tables)]
    seen = tuple(
        SourceLayer(one.source, one.name, len(one.frame), {str(name): _samples(one.frame[name]) for name in one.frame})
        for one in read
    )
    columns = {standard: tuple(column_names(standard)) for standard in layer_names()}
    return Preview(guess_profile(tables, choices), seen, columns)


def chosen_import_into(
    sources: Sequence[Path],
    options: Mapping[str, Any],
    choices: Choices,
    to: Path,
    save_profile: Path,
    *,
    progress: Callable[[float], None] | None = None,
) -> Imported:
    """Import with the guess as a person corrected it; its profile is kept, also when the import is refused.

    ``progress``: 0.1 once the guess is made, 0.7 once the city is built, 0.8 once it is written. Raises InputFault.
    """
    from maps.dataset import write_city
    from maps.files import write_aside
    from maps.fitness import fitness
    from maps.importers import ImportOptions, import_city
    from maps.importers.guessing import guess_faults, guess_profile, profile_toml

    tell = progress or (lambda share: None)
    tables = [path for path in sources if path.suffix.lower() != ".inp"]
    used, faults = dict(options), tuple[Fault, ...]()
    if tables:
        guess = guess_profile(tables, choices)
        write_aside(save_profile, profile_toml(guess, name=str(options.get("name", ""))).encode("utf-8"))
        used, faults = {**options, "profile": save_profile}, guess_faults(guess)
    tell(0.1)
    result = import_city(sources, ImportOptions(**used))
    tell(0.7)
    write_city(result.city, to)
    tell(0.8)
    network = result.city.network
    counts = {
        "pipes": len(network.pipes),
        "nodes": len(network.nodes),
        "valves": len(network.valves),
        "hydrants": len(result.city.hydrants),
        "customers": len(result.city.customers),
    }
    looked_at = tuple(fault for fault in faults if fault.code != "guessed_column")
    return Imported(counts, (*result.faults, *looked_at), fitness(result.city))


def _samples(values: Any) -> tuple[str, ...]:
    filled = values[values.notna()]
    texts = dict.fromkeys(" ".join(str(value).split())[:40] for value in filled.head(200).tolist())
    return tuple(text for text in texts if text)[:3]


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
