"""The file of a SQLite store: whether what its connections write is still the file at its path."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import URL

from console.services.ports import StoreUnavailable


class StoreFile:
    """Of an open store. Most systems let an open file be deleted or moved: SQLite then writes where nobody finds it again."""

    def __init__(self, url: URL) -> None:
        self._path = Path(str(url.database)).absolute() if url.get_backend_name() == "sqlite" else None
        self._is = _identity(self._path) if self._path is not None else None

    def ensure(self) -> None:
        """Before each write. Raises StoreUnavailable when the file is gone or another one is in its place."""
        if self._path is None or _identity(self._path) == self._is:
            return
        what = "another file is in its place" if self._path.exists() else "the file is gone"
        raise StoreUnavailable(
            f"store {self._path}: {what} (deleted, moved, replaced?); nothing is written any more: put it back, or stop, restore "
            "the last backup and start again"
        )


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
