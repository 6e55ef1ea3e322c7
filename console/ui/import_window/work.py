"""Reading and importing for the import window: calls into a process of its own, made from a worker thread."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import shapely

from console.children import CallProcess
from console.services.network.own_data import Imported, Preview, import_into, preview
from console.ui.import_window.sketch_map import Segments, segments_of
from maps.dataset import read_city
from maps.errors import Fault, InputFault, QuanmaiError
from maps.export.csv_tables import write_csv
from maps.importers.guessing import Choices


class Cancelled(QuanmaiError):
    """The person gave the import up."""


READ = (".inp", ".gpkg", ".shp", ".geojson", ".json", ".gdb", ".csv", ".xlsx", ".ods")
_BESIDE = (".dbf", ".shx", ".prj", ".cpg", ".qix", ".sbn", ".sbx", ".qmd")
"""Files that belong to a Shapefile and are read with it."""


def taken(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """(files that can be read, others) of files dropped together; the parts of a Shapefile are in neither."""
    read = [path for path in paths if path.suffix.lower() in READ]
    others = [path for path in paths if path.suffix.lower() not in (*READ, *_BESIDE)]
    return read, others


def file_stem(name: str) -> str:
    """A name as part of a file's name."""
    return "".join(sign if sign.isalnum() or sign in "-_ " else "-" for sign in name).strip() or "city"


def free_target(first: Path, name: str) -> Path:
    """A path beside the first file that does not exist yet: ``name.gpkg``, ``name-2.gpkg`` and so on."""
    plain = file_stem(name)
    made, number = first.parent / f"{plain}.gpkg", 2
    while made.exists():
        made, number = first.parent / f"{plain}-{number}.gpkg", number + 1
    return made


def profile_of(to: Path) -> Path:
    """Where the column profile of a city is kept: beside it."""
    return to.with_suffix(".profile.toml")


def read_preview(calls: CallProcess, sources: Sequence[Path], choices: Choices) -> Preview:
    """The guess for the files. Raises InputFault, CallCrashed."""
    return calls.call(preview, list(sources), choices, reads=_named(sources))


def run_import(
    calls: CallProcess,
    sources: Sequence[Path],
    options: dict[str, object],
    choices: Choices,
    to: Path,
    progress: Callable[[float], None],
    is_cancelled: Callable[[], bool],
) -> Imported | InputFault:
    """Import into a folder of its own beside ``to``, then move the city there: a process ended half way leaves nothing.

    A refusal is returned with all its faults. Raises Cancelled, also where the process was done already, and CallCrashed.
    """

    def tell(share: float) -> None:
        if is_cancelled():
            raise Cancelled
        progress(share)

    try:
        aside = Path(tempfile.mkdtemp(prefix=".quanmai-import-", dir=to.parent))
    except OSError as fault:
        return InputFault(f"{to.parent}: cannot be written ({fault.strerror}); choose another folder")
    try:
        made = aside / to.name
        result = calls.call(
            import_into, list(sources), options, made, choices, profile_of(to), reads=_named(sources), progress=tell
        )
        if is_cancelled():
            raise Cancelled
        made.replace(to)
    except InputFault as refused:
        return refused
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return result


def network_segments(city: Path) -> tuple[dict[str, Segments], str]:
    """Segments of roads and pipes of a city dataset, (n, 4), and its CRS. Raises InputFault."""
    read = read_city(city)
    pipes = read.network.pipes
    points, of = shapely.get_coordinates(read.roads.geometry, return_index=True)
    starts = np.flatnonzero(np.diff(of, prepend=-1))
    roads = segments_of(points, np.append(starts, len(points)).astype(np.int64))
    return {"roads": roads, "pipes": segments_of(pipes.vertices, pipes.offsets)}, read.network.crs


def write_faults(path: Path, faults: Sequence[Fault]) -> None:
    """Write faults as CSV. Raises InputFault when it cannot be written."""
    names = ("severity", "code", "layer", "row", "asset_id", "column", "x", "y", "message")
    rows = [[str(fault.severity), *(getattr(fault, name) for name in names[1:])] for fault in faults]
    write_csv(path, names, rows)


def _named(sources: Sequence[Path]) -> str:
    return ", ".join(path.name for path in sources)
