"""Use of a store by one process alone, or by several that share it. The lock ends with the process, also after kill -9.

Processes that share a store exclude those that want it alone (a restore, an older version), and the other way round.
SQLite: a lock on a file beside the store, which contains the holder. PostgreSQL: a session's advisory lock, named by its
``application_name``. Readers (``quanmai review``, packages) do not take it.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from sqlalchemy import Connection, Engine, create_engine, exc, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from console.services.ports import StoreInUse, StoreUnavailable
from console.store.connection import patience, shown
from console.store.faults import told

_KEY = 0x5155414F
"""PostgreSQL's advisory lock for sole use; that of the chain's writer is another."""
_TRIES, _PAUSE_S = 10, 0.02
_HOLDER = (
    "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid "
    "WHERE l.locktype = 'advisory' AND l.granted AND l.objid = :key AND l.classid = 0 "
    "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def holder_of(url: URL, connection: Connection) -> str:
    """The process that has sole use of a store, "" when none has; takes nothing and creates no file."""
    if url.get_backend_name() != "sqlite":
        return str(connection.execute(text(_HOLDER), {"key": _KEY}).scalar() or "")
    path = _lock_file(url)
    if not path.exists():
        return ""
    with path.open("r+", encoding="utf-8") as file:
        return "" if _is_free(file) else file.read().strip() or "another process"


def process_name(role: str) -> str:
    """This process in messages to others: what it is, its id, its machine."""
    return f"quanmai {role} pid {os.getpid()} on {socket.gethostname()}"


def _lock_file(url: URL) -> Path:
    """Beside the file itself: a symbolic link to a store is no other store."""
    return Path(f"{os.path.realpath(str(url.database))}.lock")


class SoleUse:
    """Held from its making until ``close``. Raises StoreInUse, which names the other process; StoreUnavailable.

    ``is_shared``: others may hold it too that share it.
    """

    def __init__(self, url: URL, role: str, *, is_shared: bool = False) -> None:
        self._is_shared = is_shared
        self._url, self._where = url, shown(url)
        self._me = process_name(role)
        self._file: IO[str] | None = None
        self._engine: Engine | None = None
        self._connection: Connection | None = None
        self._lock = threading.Lock()
        with told(self._where):
            if url.get_backend_name() == "sqlite":
                self._hold_file(_lock_file(url))
            else:
                self._engine = create_engine(
                    url, poolclass=NullPool, connect_args={**patience(url), "application_name": self._me[:63]}
                )
                self._hold_server()

    def ensure(self) -> None:
        """Check before each write that the lock is still held, and take it again if it was lost.

        A server that was away has ended the session and its lock; a user may have deleted the lock file.

        Raises StoreUnavailable, also when another process has taken it meanwhile: then nothing may be written.
        """
        if self._engine is None:
            with self._lock, told(self._where):
                self._ensure_file()
            return
        with self._lock, told(self._where):
            if self._connection is not None:
                try:
                    self._connection.execute(text("SELECT 1"))
                    self._connection.commit()
                    return
                except exc.DBAPIError:
                    self._connection.invalidate()
                    self._connection.close()
                    self._connection = None
            try:
                self._hold_server()
            except StoreInUse as taken:
                raise StoreUnavailable(str(taken)) from taken

    def close(self) -> None:
        """Release the lock."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._engine is not None:
            self._engine.dispose()

    def _hold_file(self, path: Path) -> None:
        path.resolve().parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="utf-8")
        if not _locked_soon(file, is_shared=self._is_shared):
            file.seek(0)
            holder = file.read().strip()
            file.close()
            raise StoreInUse(self._refusal(holder or "another process"))
        file.truncate(0)
        file.write(f"{self._me} since {datetime.now(UTC).isoformat(timespec='seconds')}\n")
        file.flush()
        self._file = file

    def _ensure_file(self) -> None:
        file = self._file
        if file is None:
            raise StoreUnavailable(f"store {self._where} was closed")
        path, ours = Path(file.name), os.fstat(file.fileno())
        if path.exists() and os.path.samestat(path.stat(), ours):
            return
        try:
            self._hold_file(path)
        except StoreInUse as taken:
            raise StoreUnavailable(str(taken)) from taken
        file.close()

    def _hold_server(self) -> None:
        assert self._engine is not None
        connection = self._engine.connect()
        for name in ("idle", "interval", "count"):  # an unreachable holder is detected within half a minute
            connection.execute(text(f"SET tcp_keepalives_{name} = 5"))
        asked = "pg_try_advisory_lock_shared" if self._is_shared else "pg_try_advisory_lock"
        if connection.execute(text(f"SELECT {asked}(:key)"), {"key": _KEY}).scalar():
            connection.commit()  # a session's lock remains after its transaction; an open transaction would keep old row versions
            self._connection = connection
            return
        holder = connection.execute(text(_HOLDER), {"key": _KEY}).scalar()
        connection.close()
        raise StoreInUse(self._refusal(str(holder or "another process")))

    def _refusal(self, holder: str) -> str:
        return f"store {self._where} is in use by {holder}; end that one first, or name another store with --store"


if sys.platform == "win32":
    import msvcrt

    _FIRST, _SEATS = 1 << 20, 256

    def _lock(file: IO[str], *, is_shared: bool = False) -> bool:
        """Whether this process has locked the file, alone or one byte of many; the bytes are far beyond its content."""
        for seat in range(_SEATS) if is_shared else (0,):
            file.seek(_FIRST + seat)
            try:
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1 if is_shared else _SEATS)
            except OSError:
                continue
            return True
        return False

    def _is_free(file: IO[str]) -> bool:
        """Whether no process has locked the file."""
        return _lock(file)

else:
    import fcntl

    def _lock(file: IO[str], *, is_shared: bool = False) -> bool:
        """Whether this process has locked the file, alone or as one of several."""
        try:
            fcntl.flock(file.fileno(), (fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _is_free(file: IO[str]) -> bool:
        """Whether no process has locked the file, alone or as one of several; several may look at once."""
        if not _lock(file, is_shared=True):
            return False
        fcntl.flock(file.fileno(), fcntl.LOCK_UN)
        return _locked_soon(file)  # others that only look hold it for a moment


def _locked_soon(file: IO[str], *, is_shared: bool = False) -> bool:
    """Whether this process has locked the file: ``holder_of`` holds the lock for the moment of its look."""
    for _ in range(_TRIES):
        if _lock(file, is_shared=is_shared):
            return True
        time.sleep(_PAUSE_S)
    return False
