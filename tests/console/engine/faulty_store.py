"""Real faults of a real SQLite store: locked by another connection, full, read-only."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Pool, event

from console.store import SqlStore


@contextmanager
def locked(store: SqlStore) -> Iterator[None]:
    """While this runs, another connection holds the write lock."""
    other = sqlite3.connect(store.where, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


_PRAGMAS: dict[str, str] = {}
"""Of each faulty store's file: the PRAGMA that every new connection to it gets."""


@event.listens_for(Pool, "connect")
def _prepare(connection: Any, _record: object) -> None:
    # One listener from the start: one that is added or removed later does so while other threads of an engine connect.
    if _PRAGMAS and isinstance(connection, sqlite3.Connection):
        (_number, _name, file) = connection.execute("PRAGMA database_list").fetchone()
        if file in _PRAGMAS:
            connection.execute(f"PRAGMA {_PRAGMAS[file]}")


def _with_pragma(pragma: str) -> Callable[[SqlStore], Any]:
    @contextmanager
    def faulty(store: SqlStore) -> Iterator[None]:
        engines = (store._durable, store._relaxed)
        file = str(Path(str(store.where)).resolve())
        _PRAGMAS[file] = pragma
        for engine in engines:
            engine.dispose()
        try:
            yield
        finally:
            del _PRAGMAS[file]
            for engine in engines:
                engine.dispose()

    return faulty


full = _with_pragma("max_page_count=1")
"""It may not grow by a page (SQLite's own limit; what is allocated already stays usable)."""

read_only = _with_pragma("query_only=ON")
"""Nothing can be written."""
