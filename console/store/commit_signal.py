"""The signal of commits on PostgreSQL: NOTIFY says that the log of actions has grown, and carries the seq alone.

It only shortens the wait of the other processes. Where it does not arrive (a pooler in transaction mode, a lost connection) their
polls of the change cursor find the same.
"""

from __future__ import annotations

import selectors
from typing import Any

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from console.services.ports import StoreUnavailable
from console.store.connection import patience, shown
from console.store.faults import told

CHANNEL = "quanmai_changes"
"""PostgreSQL keeps the channels of its databases apart."""
_NOTIFY = text("SELECT pg_notify(:channel, :seq)")


def announce(connection: Connection, seq: int) -> None:
    """Inside a transaction that appends to the log: PostgreSQL sends it when that commits, never before or without."""
    if connection.dialect.name == "postgresql":
        connection.execute(_NOTIFY, {"channel": CHANNEL, "seq": str(seq)})


class SqlCommitSignal:
    """A connection of its own that listens; for one thread. Raises StoreUnavailable."""

    def __init__(self, url: URL, name: str) -> None:
        """``name``: of the connection in the server's list."""
        self._where = shown(url)
        engine = create_engine(url, poolclass=NullPool, connect_args={**patience(url), "application_name": name[:63]})
        with told(self._where):
            connection = engine.raw_connection()
        driver: Any = connection.driver_connection
        self._driver = driver
        connection.detach()  # closed here alone: the pool would first ask a server that may be gone
        self._fault: type[Exception] = engine.dialect.loaded_dbapi.Error
        self._ready = selectors.DefaultSelector()
        try:
            self._driver.autocommit = True
            self._driver.execute(f"LISTEN {CHANNEL}")
            self._ready.register(self._driver.fileno(), selectors.EVENT_READ)
        except (self._fault, OSError, ValueError) as fault:
            self.close()
            raise self._gone(fault) from fault

    def wait(self, timeout_s: float) -> bool:
        """Wait for a commit of any process, this one too; whether there was one. Many at once count as one."""
        try:
            if not self._ready.select(timeout_s):
                return False
            return bool(list(self._driver.notifies(timeout=0)))
        except (self._fault, OSError, ValueError) as fault:
            raise self._gone(fault) from fault

    def close(self) -> None:
        """Listen no more."""
        self._ready.close()
        self._driver.close()

    def _gone(self, fault: Exception) -> StoreUnavailable:
        return StoreUnavailable(f"store {self._where}: no signal of commits ({str(fault).strip().partition(chr(10))[0]})")
