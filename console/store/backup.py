"""Backup and restore of a SQLite store. PostgreSQL has its own programs for it (``pg_dump``, ``pg_restore``)."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path

from sqlalchemy.engine import URL

from console.services.ports import StoreUnavailable
from console.store.connection import shown, store_url
from console.store.sole_use import SoleUse
from console.store.store import open_store
from maps.errors import InputFault

_PARTS = ("", "-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Copy:
    """A checked copy of a store. ``changes``: length of its chain; ``unsent``: messages without confirmed delivery in it."""

    path: Path
    size: int
    changes: int
    head: str
    unsent: int


def back_up(store: str | Path, to: Path) -> Copy:
    """Copy a SQLite store to a new file while programs work on it, and check the copy.

    The copy is one state of the store: a read transaction lasts for the whole copy and holds up no writer (WAL).

    Raises InputFault for PostgreSQL, a missing store or an existing target; StoreUnavailable for a full disk or a damaged store.
    """
    source = _file_of(store, "back it up with: pg_dump --format=custom --file=FILE --dbname=DATABASE")
    if to.exists():
        raise InputFault(f"{to}: exists already; name a new file for each backup")
    return _copied(source, to)


def restore(backup: Path, store: str | Path, now: datetime) -> tuple[Copy, Path | None]:
    """Put a checked copy of ``backup`` in place of the store; the store is moved aside, never deleted.

    Gives the copy and where the old store is now (None: there was none). Raises InputFault for PostgreSQL or a file that is no
    store, StoreInUse while a program works on the store, StoreUnavailable when the disk is full or the backup damaged.
    """
    target = _target_of(store)
    if not backup.is_file():
        raise InputFault(f"{backup}: no such file; name the backup to restore")
    if target.exists() and target.samefile(backup):
        raise InputFault(f"{backup}: is the store itself; name a backup")
    with _sole_use(store_url(target)):
        fresh = target.with_name(f"{target.name}.restoring")
        _remove(fresh)
        try:
            copy = _copied(backup, fresh)
            aside = _moved_aside(target, now)
            fresh.replace(target)
            _synced(target.parent)
        finally:
            _remove(fresh)
    return Copy(target, copy.size, copy.changes, copy.head, copy.unsent), aside


def _file_of(store: str | Path, advice: str) -> Path:
    url = store_url(store)
    if url.get_backend_name() != "sqlite":
        raise InputFault(f"store {shown(url)}: it is on PostgreSQL; {advice}")
    path = Path(str(url.database))
    if not path.is_file():
        raise InputFault(f"{path}: no such file; name the store with --store")
    return path


def _target_of(store: str | Path) -> Path:
    url = store_url(store)
    if url.get_backend_name() != "sqlite":
        advice = "restore it with: createdb NAME, then pg_restore --exit-on-error --no-owner --dbname=NAME FILE"
        raise InputFault(f"store {shown(url)}: it is on PostgreSQL; {advice}")
    path = Path(str(url.database))
    return path.resolve() if path.is_symlink() else path  # the store is replaced, not the link to it


def _copied(source: Path, to: Path) -> Copy:
    """A checked copy at ``to``; written under another name first, so that ``to`` is whole or absent."""
    part = to.with_name(f".{to.name}.{os.getpid()}.part")
    _remove(part)
    to.parent.mkdir(parents=True, exist_ok=True)
    try:
        with (
            _faults_of(source, f" to {to}"),
            closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as read,
            closing(sqlite3.connect(part)) as written,
        ):
            # All pages in one step: with several steps a writer would make SQLite begin anew again and again.
            read.backup(written, pages=-1)
        about = _checked(part, source)
        _synced(part)
        part.replace(to)
        _synced(to.parent)
    finally:
        _remove(part)
    return Copy(to, to.stat().st_size, *about)


def _checked(copy: Path, source: Path) -> tuple[int, str, int]:
    """(changes, hash of the last, unsent messages) of a copy that is whole. Raises StoreUnavailable."""
    with _faults_of(source), closing(sqlite3.connect(copy)) as connection:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()
        if found is None or found[0] != "ok":
            raise StoreUnavailable(f"{source}: the file is damaged ({found and found[0]}); use an older backup")
        tables = {str(row[0]) for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not {"alembic_version", "changes", "outgoing"} <= tables:
            raise InputFault(f"{source}: is no store of Quanmai; name another file")
    opened = open_store(copy)  # brings an older copy up to date; the source stays as it is
    try:
        broken = opened.verify_chain()
        if broken is not None:
            raise StoreUnavailable(
                f"{source}: change {broken} does not fit the chain; use an older backup, keep this one for inquiry"
            )
        last_seq, last_hash = opened.head()
        about = last_seq, last_hash, opened.count_unsent()
    finally:
        opened.close()
    with _faults_of(source), closing(sqlite3.connect(copy)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")  # a file in WAL mode cannot be read from a read-only disk
    return about


@contextmanager
def _faults_of(source: Path, where: str = "") -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as fault:
        raise StoreUnavailable(f"{source}: cannot be copied{where} ({fault}); check the disk, free space and rights") from fault
    except sqlite3.DatabaseError as fault:
        raise InputFault(f"{source}: is no store, or damaged ({fault}); name another file") from fault


@contextmanager
def _sole_use(url: URL) -> Iterator[None]:
    held = SoleUse(url, "restore")
    try:
        yield
    finally:
        held.close()


def _moved_aside(target: Path, now: datetime) -> Path | None:
    """Where the files of the present store are now."""
    if not target.exists():
        return None
    aside = _unused(target.with_name(f"{target.name}.before-restore-{now:%Y%m%dT%H%M%S}"))
    for suffix in reversed(_PARTS):
        part = Path(f"{target}{suffix}")
        if part.exists():
            part.replace(f"{aside}{suffix}")
    return aside


def _unused(path: Path) -> Path:
    """The path, with a number behind it where two restores came within one second: the first one's file must stay."""
    names = (path if number == 1 else path.with_name(f"{path.name}-{number}") for number in count(1))
    return next(name for name in names if not any(Path(f"{name}{suffix}").exists() for suffix in _PARTS))


def _remove(path: Path) -> None:
    for suffix in (*_PARTS, "-journal"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def _synced(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return  # Windows has no handle for a folder
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
