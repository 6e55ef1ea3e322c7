"""Reading and importing for the import window: calls into a process of its own, made from a worker thread."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from console.children import CallProcess
from console.services.network.foreign_models import Imported, Preview, chosen_import_into, preview
from maps.errors import InputFault, QuanmaiError
from maps.importers.guessing import Choices


class Cancelled(QuanmaiError):
    """The person gave the import up."""


READ = (".inp", ".gpkg", ".shp", ".geojson", ".json", ".gdb", ".csv")
_BESIDE = (".dbf", ".shx", ".prj", ".cpg", ".qix", ".sbn", ".sbx", ".qmd")
"""Files that belong to a Shapefile and are read with it."""


def taken(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """(files that can be read, others) of files dropped together; the parts of a Shapefile are in neither."""
    read = [path for path in paths if path.suffix.lower() in READ]
    others = [path for path in paths if path.suffix.lower() not in (*READ, *_BESIDE)]
    return read, others


def free_target(first: Path, name: str) -> Path:
    """A path beside the first file that does not exist yet: ``name.gpkg``, ``name-2.gpkg`` and so on."""
    plain = "".join(sign if sign.isalnum() or sign in "-_ " else "-" for sign in name).strip() or "city"
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
            chosen_import_into, list(sources), options, choices, made, profile_of(to), reads=_named(sources), progress=tell
        )
        if is_cancelled():
            raise Cancelled
        made.replace(to)
    except InputFault as refused:
        return refused
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return result


def _named(sources: Sequence[Path]) -> str:
    return ", ".join(path.name for path in sources)
