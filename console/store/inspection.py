"""Inspection of a store that changes nothing: version, users, rights, clock."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from console.services.ports import StoreNewer
from console.store.connection import shown, store_url
from console.store.faults import told
from console.store.lease import leader_of
from console.store.migrations import HEAD
from console.store.sole_use import holder_of
from maps.errors import InputFault


@dataclass(frozen=True, slots=True)
class Inspection:
    """State of a store.

    ``holder``: process with sole use, "" none. ``clock_ahead_s``: our clock against the server's, None on SQLite.
    ``leader``: of the processes that share it, the one that leads or led last, "" none ever; ``leaderless_s``: seconds since its
    lease has ended, not positive while it leads.
    """

    where: str
    exists: bool
    is_current: bool = True
    may_write: bool = True
    changes: int = 0
    holder: str = ""
    clock_ahead_s: float | None = None
    leader: str = ""
    leaderless_s: float = 0.0


def inspected(target: str | Path) -> Inspection:
    """Look at a store without migrating it. Raises StoreNewer, StoreUnavailable, InputFault for a foreign file or database."""
    url = store_url(target)
    where = shown(url)
    is_file = url.get_backend_name() == "sqlite"
    if is_file and not Path(str(url.database)).exists():
        return Inspection(where, exists=False)
    address = _read_only(Path(str(url.database))) if is_file else url
    engine = create_engine(address, poolclass=NullPool, connect_args={} if is_file else {"connect_timeout": 5})
    try:
        with told(where), engine.connect() as connection:
            return _looked(connection, url, where)
    finally:
        engine.dispose()


def bytes_on_disk(target: str | Path, table: str = "") -> int:
    """Size of a store, or on PostgreSQL of one table with its indexes; free pages count, the ``-wal`` of a SQLite file does not.

    Raises StoreUnavailable, InputFault.
    """
    url = store_url(target)
    engine = create_engine(url, poolclass=NullPool)
    try:
        with told(shown(url)), engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                of = "pg_total_relation_size(CAST(:name AS regclass))" if table else "pg_database_size(current_database())"
                return int(connection.execute(text(f"SELECT {of}"), {"name": table} if table else {}).scalar_one())
            pages, size = (int(connection.execute(text(f"PRAGMA {name}")).scalar_one()) for name in ("page_count", "page_size"))
            return pages * size
    finally:
        engine.dispose()


def _read_only(path: Path) -> URL:
    # as_uri: a ?, # or % in a path would end it, or be taken for something else.
    return URL.create("sqlite", database=path.resolve().as_uri(), query={"mode": "ro", "uri": "true"})


def _looked(connection: Connection, url: URL, where: str) -> Inspection:
    tables = set(inspect(connection).get_table_names())
    ahead_s = None if connection.dialect.name == "sqlite" else _ahead_s(connection)
    if "alembic_version" not in tables:
        if tables:
            raise InputFault(f"store {where} holds something else ({', '.join(sorted(tables)[:3])}); name another one")
        return Inspection(where, exists=False, may_write=_may_make(connection), clock_ahead_s=ahead_s)
    revision = str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar())
    if revision > HEAD:
        raise StoreNewer(f"store {where} was written by a newer version of Quanmai (revision {revision}); update this one")
    changes = int(connection.execute(text("SELECT coalesce(max(seq), 0) FROM changes")).scalar_one())
    leader, leaderless_s = leader_of(connection) if "lease" in tables else ("", 0.0)
    may_write, holder = _may_write(connection, url), holder_of(url, connection)
    return Inspection(where, True, revision == HEAD, may_write, changes, holder, ahead_s, leader, leaderless_s)


def _ahead_s(connection: Connection) -> float:
    before = time.time()
    server = float(connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())
    return (before + time.time()) / 2 - server


def _may_make(connection: Connection) -> bool:
    if connection.dialect.name == "sqlite":
        return True
    return bool(connection.execute(text("SELECT has_schema_privilege(current_schema(), 'CREATE')")).scalar())


def _may_write(connection: Connection, url: URL) -> bool:
    if connection.dialect.name == "sqlite":
        path = Path(str(url.database)).resolve()
        return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
    may = "has_table_privilege('changes', 'INSERT') AND NOT pg_is_in_recovery()"
    query = text(f"SELECT {may} AND current_setting('transaction_read_only') = 'off'")
    return bool(connection.execute(query).scalar())
