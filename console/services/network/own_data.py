"""Import of foreign data as functions of paths: they run in a child process, because EPANET and broken files may crash it.

Imports are inside the functions: the parent process does not need them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maps.errors import Fault, InputFault

if TYPE_CHECKING:  # see above
    import numpy as np
    from numpy.typing import NDArray

    from maps.fitness import Fitness
    from maps.importers.guessing import Choices, ProfileGuess
    from maps.importers.readers.sources import RawLayer
    from maps.importers.repairs import Repair

_MOST_SEGMENTS = 100_000
"""Segments of a preview: more tell nothing about the place."""


@dataclass(frozen=True, slots=True)
class SourceLayer:
    """One layer of the sources as a person looks at it. ``samples``: column -> up to three different values, as text."""

    source: str
    layer: str
    rows: int
    samples: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Preview:
    """A guess beside what it was made from. ``columns``: standard layer -> the standard columns that can be fed.

    ``drawn``: segments of the pipes as their coordinates are, (n, 4); ``base``: of the roads among the sources, degrees, (m, 4).
    """

    guess: ProfileGuess
    layers: tuple[SourceLayer, ...]
    columns: Mapping[str, tuple[str, ...]]
    drawn: NDArray[np.float64]
    base: NDArray[np.float64]

    def layer(self, source: str, name: str) -> SourceLayer:
        """The layer of this name. Raises KeyError for an unknown one."""
        found = next((one for one in self.layers if (one.source, one.layer) == (source, name)), None)
        if found is None:
            raise KeyError(name)
        return found


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import wrote.

    ``counts``: rows by layer; ``faults``: with what was guessed first; ``proposals``: the repair proposed for each fault, or
    None; ``fitness``: scores for isolation, hydraulics and notices; ``guess``: None without one.
    """

    counts: Mapping[str, int]
    faults: tuple[Fault, ...]
    proposals: tuple[Repair | None, ...]
    fitness: tuple[Fitness, ...]
    guess: ProfileGuess | None = None


def preview(sources: Sequence[Path], choices: Choices) -> Preview:
    """The guess for these files, with sampled values of each column. Raises InputFault for a file that cannot be read."""
    from maps.importers.guessing import guess_profile
    from maps.importers.guessing.lexicon import column_names, layer_names
    from maps.importers.readers.sources import layer_names as layers_of
    from maps.importers.readers.sources import read_layer

    tables = _tables(sources)
    read = [read_layer(path, name) for path, name in layers_of(tables)]
    seen = tuple(
        SourceLayer(one.source, one.name, len(one.frame), {str(name): _samples(one.frame[name]) for name in one.frame})
        for one in read
    )
    columns = {standard: tuple(column_names(standard)) for standard in layer_names()}
    guess = guess_profile(tables, choices)
    pipes, roads = ({(one.source, one.layer) for one in guess.of(standard)} for standard in ("pipes", "roads"))
    drawn = _segments([one for one in read if (one.source, one.name) in pipes])
    base = _in_degrees([one for one in read if (one.source, one.name) in roads])
    return Preview(guess, seen, columns, drawn, base)


def base_lines(path: Path) -> NDArray[np.float64]:
    """Lines of a file that declares its CRS, as a base map: segments in degrees WGS84, (n, 4); of a dataset its roads.

    Raises InputFault for a file that cannot be read, has no lines or declares no CRS.
    """
    from maps.importers.readers.sources import layer_names as layers_of
    from maps.importers.readers.sources import read_layer

    listed = [name for _, name in layers_of([path])]
    read = [read_layer(path, name) for name in (["roads"] if "roads" in listed else listed)]
    found = _in_degrees(read)
    if not len(found):
        raise InputFault(f"{path}: no lines with a declared coordinate system in it; choose streets or another city's dataset")
    return found


def _in_degrees(layers: Sequence[RawLayer]) -> NDArray[np.float64]:
    import numpy as np

    from maps.importers.crs_candidates import lon_lat

    parts = [np.empty((0, 4))]
    for one in layers:
        if one.crs and len(made := _segments([one])):
            parts.append(lon_lat(made.reshape(-1, 2), one.crs).reshape(-1, 4))
    return np.concatenate(parts)


def _segments(layers: Sequence[RawLayer]) -> NDArray[np.float64]:
    """Segments of the lines of layers as drawn, (n, 4), evenly thinned beyond the most."""
    import numpy as np
    import shapely

    parts = [np.empty((0, 4))]
    for one in layers:
        if one.geometry is None:
            continue
        points, row = shapely.get_coordinates(shapely.get_parts(shapely.force_2d(one.geometry)), return_index=True)
        parts.append(np.concatenate([points[:-1], points[1:]], axis=1)[row[:-1] == row[1:]])
    found = np.concatenate(parts)
    found = found[np.isfinite(found).all(axis=1)]
    return found[:: max(1, -(-len(found) // _MOST_SEGMENTS))]


def import_into(
    sources: Sequence[Path],
    options: Mapping[str, Any],
    to: Path,
    choices: Choices | None = None,
    save_profile: Path | None = None,
    *,
    progress: Callable[[float], None] | None = None,
) -> Imported:
    """Import into a city dataset. ``options``: fields of ImportOptions.

    ``choices``: guess the column profile, with what a person decided; None: by the profile of the options. ``save_profile``:
    where the guessed profile is written, also when the import is refused. ``progress``: 0.1 once the guess is made, 0.7 once
    the city is built, 0.8 once it is written. Raises InputFault.
    """
    from maps.dataset import write_city
    from maps.fitness import fitness
    from maps.importers import ImportOptions, import_city
    from maps.importers.guessing import guess_faults
    from maps.importers.repairs import located, proposals

    tell = progress or (lambda share: None)
    with tempfile.TemporaryDirectory() as folder:
        used = ImportOptions(**options)
        guess = None
        if choices is not None and _tables(sources):
            profile = save_profile or Path(folder) / "guessed.toml"
            guess = _guessed(sources, used.name, choices, profile)
            used = replace(used, profile=profile)
        tell(0.1)
        result = import_city(sources, used)
    tell(0.7)
    write_city(result.city, to)
    tell(0.8)
    faults = (*(guess_faults(guess) if guess is not None else ()), *located(result.faults, result.city))
    network = result.city.network
    counts = {
        "pipes": len(network.pipes),
        "nodes": len(network.nodes),
        "valves": len(network.valves),
        "hydrants": len(result.city.hydrants),
        "customers": len(result.city.customers),
    }
    has_layers = len(_tables(sources)) == len(sources)  # the network of an .inp is not mended here
    proposed = proposals(faults, result.city, used.snap_m) if has_layers else (None,) * len(faults)
    return Imported(counts, faults, proposed, fitness(result.city), guess)


def _tables(sources: Sequence[Path]) -> list[Path]:
    return [path for path in sources if path.suffix.lower() != ".inp"]


def _guessed(sources: Sequence[Path], name: str, choices: Choices, profile: Path) -> ProfileGuess:
    from maps.files import write_aside
    from maps.importers.guessing import guess_profile, profile_toml

    guess = guess_profile(_tables(sources), choices)
    write_aside(profile, profile_toml(guess, name=name).encode("utf-8"))
    return guess


def _samples(values: Any) -> tuple[str, ...]:
    filled = values[values.notna()]
    texts = dict.fromkeys(" ".join(str(value).split())[:40] for value in filled.head(200).tolist())
    return tuple(text for text in texts if text)[:3]
