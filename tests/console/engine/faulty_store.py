"""Real faults of a real SQLite store: locked by another connection, full, read-only."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

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


def _with_pragma(pragma: str) -> Callable[[SqlStore], Any]:
    @contextmanager
    def faulty(store: SqlStore) -> Iterator[None]:
        def prepare(connection: Any, _record: object) -> None:
            connection.execute(f"PRAGMA {pragma}")

        engines = (store._durable, store._relaxed)
        for engine in engines:
            event.listen(engine, "connect", prepare)
            engine.dispose()
        try:
            yield
        finally:
            for engine in engines:
                event.remove(engine, "connect", prepare)
                engine.dispose()

    return faulty


full = _with_pragma("max_page_count=1")
"""It may not grow by a page (SQLite's own limit; what is allocated already stays usable)."""

read_only = _with_pragma("query_only=ON")
"""Nothing can be written."""
