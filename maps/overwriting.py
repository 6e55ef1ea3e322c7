"""A file that is read is never the file that is written."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from maps.errors import InputFault


def refuse_overwriting(to: Path, sources: Iterable[Path]) -> None:
    """Raises InputFault when ``to`` is one of the files that are read, however it is spelt or linked.

    A shapefile's other parts (.dbf, .shx …) and what lies in a folder that is read count too.
    """
    if not to.exists():
        return
    for source in sources:
        if any(to.samefile(part) for part in _parts(source) if part.exists()) or _within(to, source):
            raise InputFault(f"{to}: belongs to {source}, which is read, and would be overwritten; write to another file")


def _parts(source: Path) -> Iterable[Path]:
    yield source
    if source.suffix.lower() == ".shp" and source.parent.is_dir():
        yield from (path for path in source.parent.iterdir() if path.stem == source.stem)


def _within(to: Path, source: Path) -> bool:
    return source.is_dir() and to.resolve().is_relative_to(source.resolve())
