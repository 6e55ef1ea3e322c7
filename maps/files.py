"""Output files: written whole or not at all, and never over a file that the same command reads."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from maps.errors import InputFault


def write_aside(path: Path, content: bytes) -> None:
    """Write ``content`` to a temporary file beside ``path``, then rename it: the file is whole or unchanged.

    Raises InputFault for a folder, and when the place cannot be written.
    """
    write_together({path: content})


def write_together(files: Mapping[Path, bytes]) -> None:
    """Files that belong together: all of them are on the disk under temporary names before the first one takes its own.

    A full disk so leaves none of them, and no file that was there before is changed. Raises InputFault as ``write_aside``.
    """
    parts = {path: path.with_name(f".{path.name}.{os.getpid()}.part") for path in files if path.name and not path.is_dir()}
    if wrong := [path for path in files if path not in parts]:
        raise InputFault(f"{wrong[0]}: is a folder; name a file")
    at = next(iter(files), Path())
    try:
        for at, content in files.items():
            with parts[at].open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        for at, part in parts.items():
            part.replace(at)
    except OSError as fault:
        for part in parts.values():
            part.unlink(missing_ok=True)
        raise InputFault(f"{at}: cannot be written ({fault.strerror}); choose another folder or free the disk") from fault


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
