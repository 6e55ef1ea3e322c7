"""Opens a store: engines with the required durability and locking, and migration of the tables."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from console.domain.addresses import masked
from console.services.ports import StoreNewer, StoreOlder
from console.store.migrations import HEAD
from maps.errors import InputFault

_BUSY_MS = 5000
_AGAIN_S = 0.02
_MIGRATION_BUSY_MS = 60_000
_PATIENCE = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""libpq: detects an unreachable server within seconds, not after TCP's timeout of a quarter of an hour."""
READING = {"quanmai_read": True}
"""Execution options of a transaction that only reads: it takes no write lock."""

ADVISORY_LOCK = 0x5155414E  # "QUAN": one writer of the chain at a time, whatever the console


def store_url(target: str | Path) -> URL:
    """The address of a store: a URL (``sqlite:///…``, ``postgresql://…``) or a file's path. Raises InputFault."""
    if isinstance(target, Path) or "://" not in target:
        return URL.create("sqlite", database=str(target))
    try:
        url = make_url(target)
    except (ArgumentError, ValueError):
        # Not chained: the original message may contain the address with its password.
        raise InputFault(f"store {masked(target)!r}: expected a file, or postgresql://user@host/name") from None
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise InputFault(f"store {masked(target)!r}: SQLite and PostgreSQL are supported")
    if url.get_backend_name() == "sqlite" and not url.database:
        raise InputFault(f"store {masked(target)!r}: a store needs a file, memory does not survive")
    return url


def store_file(target: str | Path) -> Path | None:
    """The file of a SQLite store, None for one on a server. Raises InputFault."""
    url = store_url(target)
    return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None


def shown(url: URL) -> str:
    """The address for messages: a file's path, or the URL without its password."""
    return masked(str(url.database) if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True))


def engine_for(url: URL, *, durable: bool) -> Engine:
    """An engine on ``url``. ``durable``: SQLite waits for the disk at each commit (``synchronous=FULL``)."""
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, connect_args=patience(url), hide_parameters=True)
    engine = create_engine(url, connect_args={"timeout": _BUSY_MS / 1000, "check_same_thread": False}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # sqlite3 must not begin by itself: it would begin DEFERRED
        connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
        _use_wal(connection)
        for pragma in (
            f"synchronous={'FULL' if durable else 'NORMAL'}",
            "foreign_keys=ON",
            "journal_size_limit=67108864",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # IMMEDIATE: a DEFERRED one would fail half-way with "locked" after a write by another process.
        reading = connection.get_execution_options().get("quanmai_read", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch a file to write-ahead logging. SQLite refuses at once, whatever the busy timeout, while another process does it."""
    until = time.monotonic() + _BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as fault:
            if fault.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(_AGAIN_S)
        else:
            return


def patience(url: URL) -> dict[str, int]:
    """Arguments of a connection to a server that soon finds out that it does not answer; those in the address win."""
    return {name: value for name, value in _PATIENCE.items() if name not in url.query}


def migrate(engine: Engine, where: str) -> None:
    """Bring the tables up to date, all or nothing. Raises StoreNewer, InputFault for a foreign database."""
    with engine.connect().execution_options(**READING) as connection, connection.begin():
        if _revision(connection) == HEAD:
            return
    try:
        with engine.connect() as connection, _patient(connection), connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
            _upgrade(connection, where)
    except DBAPIError as fault:
        if any(words in str(fault.orig) for words in ("permission denied", "must be owner")):
            raise StoreOlder(
                f"store {where} has not the tables of this version, and this account may not make them; an administrator does: "
                "quanmai server init"
            ) from fault
        raise


@contextmanager
def _patient(connection: Connection) -> Iterator[None]:
    """SQLite: wait for another process that migrates the same file, which takes longer than any other write."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.driver_connection  # below SQLAlchemy, which would begin a transaction first
    driver.execute(f"PRAGMA busy_timeout={_MIGRATION_BUSY_MS}")
    try:
        yield
    finally:
        driver.execute(f"PRAGMA busy_timeout={_BUSY_MS}")


def is_older(engine: Engine) -> bool:
    """Whether an earlier version of the program made the store, so that it is migrated when it is opened."""
    with engine.connect().execution_options(**READING) as connection:
        return _revision(connection) not in (None, HEAD)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def _upgrade(connection: Connection, where: str) -> None:
    # Imported here: an up-to-date store opens without loading Alembic.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    revision = _revision(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        raise StoreNewer(f"store {where} was written by a newer version of Quanmai (revision {revision}); update this one")
    if revision is None and (foreign := inspect(connection).get_table_names()):
        raise InputFault(f"store {where} holds something else ({', '.join(foreign[:3])}); name another file or database")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
