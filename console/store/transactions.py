"""Transactions of one open store: connections with the guarantees they need, and the checks before a write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL

from console.services.ports import OutcomeUnknown, StoreUnavailable
from console.store.commit_signal import SqlCommitSignal
from console.store.connection import READING, engine_for, is_older, migrate, shown
from console.store.faults import told
from console.store.lease import Leases
from console.store.sole_use import SoleUse, process_name
from console.store.store_file import StoreFile


class Transactions:
    """``durable``: SQLite waits for the disk at each commit; ``relaxed``: a commit survives the end of the process.

    Opens (and where needed creates or migrates) the store. Raises as ``open_store`` does.
    """

    def __init__(self, url: URL, role: str, *, is_shared: bool, may_lead: bool = True) -> None:
        self.where, self._url, self._name = shown(url), url, process_name(role)
        self.durable: Engine = engine_for(url, durable=True)
        self.relaxed: Engine = engine_for(url, durable=False)
        self._sole_use: SoleUse | None = None
        try:
            if role and is_shared:
                self._migrate_alone(url, role)
            self._sole_use = SoleUse(url, role, is_shared=is_shared) if role else None
        except BaseException:
            self.close()
            raise
        self.leases = Leases(self.relaxed, self.where, self._name, is_shared=is_shared, may_lead=may_lead)
        try:
            with told(self.where):
                if url.get_backend_name() == "sqlite":
                    Path(str(url.database)).resolve().parent.mkdir(parents=True, exist_ok=True)
                migrate(self.durable, self.where)
            self._file = StoreFile(url)
        except BaseException:
            self.close()
            raise

    def _migrate_alone(self, url: URL, role: str) -> None:
        """Migrate a store of an earlier version while no other process uses it: those of that version would not fit its tables.

        Raises StoreInUse, which names one of them.
        """
        if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
            return
        with told(self.where):
            if not is_older(self.relaxed):
                return
        alone = SoleUse(url, role)
        try:
            with told(self.where):
                migrate(self.durable, self.where)
        finally:
            alone.close()

    def commit_signal(self) -> SqlCommitSignal | None:
        """A new connection that hears of commits; None on SQLite."""
        return None if self._url.get_backend_name() == "sqlite" else SqlCommitSignal(self._url, self._name)

    def close(self) -> None:
        """Close the connections; another process may use the store."""
        self.durable.dispose()
        self.relaxed.dispose()
        if self._sole_use is not None:
            self._sole_use.close()

    def ensure_ours(self) -> None:
        """Before each write. Raises StoreUnavailable when the file was moved away, StoreInUse when another process took it."""
        with told(self.where):
            self._file.ensure()
        if self._sole_use is not None:
            self._sole_use.ensure()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A write that is on disk at its end. Raises OutcomeUnknown where a server does not confirm the commit."""
        self.ensure_ours()
        is_committing = False
        try:
            with told(self.where), self.durable.begin() as connection:
                yield connection
                is_committing = connection.dialect.name == "postgresql"  # SQLite undoes what it could not commit
        except StoreUnavailable as fault:
            if is_committing:
                raise OutcomeUnknown(str(fault)) from fault
            raise

    @contextmanager
    def keeping(self) -> Iterator[Connection]:
        """A write that survives the end of the process; of a power cut it may lose the last moments."""
        self.ensure_ours()
        with told(self.where), self.relaxed.begin() as connection:
            yield connection

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """Reads of one state of the store."""
        with told(self.where), self.relaxed.connect().execution_options(**READING) as connection:
            yield connection
