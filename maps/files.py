"""Output files: written whole or not at all, and never over a file that the same command reads."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from maps.errors import InputFault


def write_aside(path: Path, content: bytes) -> None:
    """Write ``content`` to a temporary file beside ``path``, then rename it: the file is whole or unchanged.

    Raises InputFault for a folder, and when the place cannot be written.
    """
    if not path.name or path.is_dir():
        raise InputFault(f"{path}: is a folder; name a file")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as fault:
        part.unlink(missing_ok=True)
        raise InputFault(f"{path}: cannot be written ({fault.strerror}); choose another folder or free the disk") from fault


def refuse_overwriting(to: Path, sources: Iterable[Path]) -> None:
    """Raise InputFault when ``to`` is one of the source files, under any spelling or link.

    The other files of a Shapefile (.dbf, .shx …) and the files in a source folder count too.
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
