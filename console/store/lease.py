"""The lease of the leading process: taken, renewed and given back by the store's clock; its epoch fences the leader's writes.

PostgreSQL: a leader's write holds an advisory lock shared, a take-over holds it alone. So a take-over waits for running
writes, and whatever begins after it sees the new epoch. A process paused inside a transaction would keep its locks: the server
ends such a session (``END_IDLE``). SQLite: writers exclude each other anyway (``BEGIN IMMEDIATE``).
"""

from __future__ import annotations

import time

from sqlalchemy import Connection, Engine, insert, select, text, update

from console.domain.lease import NOBODY, TERM_S, Lease
from console.services.ports import NotLeading
from console.store.connection import READING
from console.store.faults import told
from console.store.tables import lease

NAME = "leader"
END_IDLE = text("SET LOCAL idle_in_transaction_session_timeout = '5s'")
"""For transactions that others wait for; PostgreSQL."""
_KEY = 0x5155414C
"""PostgreSQL's advisory lock of the fence."""
_TERM_US = round(TERM_S * 1e6)
_NOW_US = {
    "postgresql": text("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"),
    "sqlite": text("SELECT CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)"),
}
"""The store's clock: the server's, or that of the one machine that SQLite works on; never a process's own."""
_MAY_LEAD = text("SELECT has_table_privilege('lease', 'UPDATE') AND has_table_privilege('reading_log', 'DELETE')")
_MINE = lease.c.name == NAME


class Leases:
    """The lease as one process uses it. ``is_shared``: several processes use the store; alone, every check passes.

    ``may_lead``: else this process never takes the lease, not even one that is free: a wall, a terminal.
    ``epoch``: under which this process leads, None while it follows. Safe to use from several threads.
    """

    def __init__(self, engine: Engine, where: str, holder: str, *, is_shared: bool, may_lead: bool = True) -> None:
        self._engine, self._where, self._holder, self._is_shared = engine, where, holder, is_shared
        self._may_lead = may_lead
        self.epoch: int | None = None

    def hold(self, *, may_take_over: bool = True, may_take: bool = True) -> Lease:
        """Renew the lease, or take it where it is free or has expired; says who leads then. Raises StoreUnavailable.

        ``may_take_over``: else one that has only expired is left to its holder; one given back, or never taken, is free.
        ``may_take``: else none is taken, and a free one is returned as such.
        """
        if self.epoch is not None:
            self._renew(self.epoch)
        if self.epoch is not None:
            return Lease(self._holder, self.epoch, is_ours=True)
        with told(self._where), self._engine.connect().execution_options(**READING) as connection:
            seen = _living(connection, may_take_over=may_take_over)
            if seen is None and not (self._may_lead and _may_lead(connection)):
                return NOBODY
        if seen is None and not may_take:
            return Lease("", 0, is_ours=False)
        return seen if seen is not None else self._take(may_take_over=may_take_over)

    def ahead_s(self) -> float:
        """Seconds by which this machine's clock is ahead of the store's. Raises StoreUnavailable."""
        with told(self._where), self._engine.connect().execution_options(**READING) as connection:
            before_s = time.time()
            store_s = store_now_us(connection) / 1e6
            return (before_s + time.time()) / 2 - store_s

    def release(self) -> None:
        """Let another process lead at once; nothing when this one does not lead. Raises StoreUnavailable."""
        epoch, self.epoch = self.epoch, None
        if epoch is not None:
            with told(self._where), self._engine.begin() as connection:
                connection.execute(update(lease).where(_MINE, lease.c.epoch == epoch).values(expires_us=0))

    def check(self, connection: Connection, epoch: int | None = None) -> None:
        """Inside a transaction of the leader, before it writes. ``epoch``: of its decision, by default the present one.

        Raises NotLeading when another process has taken over, or this one never led.
        """
        if not self._is_shared:
            return
        wanted = self.epoch if epoch is None else epoch
        if wanted is not None:
            if connection.dialect.name == "postgresql":
                connection.execute(END_IDLE)
                connection.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": _KEY})
            if connection.execute(select(lease.c.epoch).where(_MINE)).scalar() == wanted:
                return
        raise NotLeading(f"store {self._where}: another process leads; nothing was written")

    def _renew(self, epoch: int) -> None:
        """An expired lease that nobody has taken over is renewed too: nobody else has written under a later epoch."""
        with told(self._where), self._engine.begin() as connection:
            mine = update(lease).where(_MINE, lease.c.epoch == epoch)
            if not connection.execute(mine.values(expires_us=store_now_us(connection) + _TERM_US)).rowcount:
                self.epoch = None

    def _take(self, *, may_take_over: bool) -> Lease:
        with told(self._where), self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _KEY})
            seen = _living(connection, may_take_over=may_take_over)
            if seen is not None:  # another one was quicker
                return seen
            epoch = connection.execute(select(lease.c.epoch).where(_MINE)).scalar()
            values = {"holder": self._holder, "epoch": (epoch or 0) + 1, "expires_us": store_now_us(connection) + _TERM_US}
            if epoch is None:
                connection.execute(insert(lease).values(name=NAME, **values))
            else:
                connection.execute(update(lease).where(_MINE).values(**values))
        self.epoch = int(values["epoch"])
        return Lease(self._holder, self.epoch, is_ours=True)


def _may_lead(connection: Connection) -> bool:
    """Whether the account may write what a leader writes; a console's account on PostgreSQL may not (``server.py``)."""
    if connection.dialect.name != "postgresql":
        return True
    return bool(connection.execute(_MAY_LEAD).scalar())


def leader_of(connection: Connection) -> tuple[str, float]:
    """(the process that leads, or led last, "" none ever; seconds since its lease ended, not positive while it holds)."""
    row = connection.execute(select(lease.c.holder, lease.c.expires_us).where(_MINE)).one_or_none()
    if row is None:
        return "", 0.0
    return str(row.holder), (store_now_us(connection) - int(row.expires_us)) / 1e6


def _living(connection: Connection, *, may_take_over: bool) -> Lease | None:
    """The lease that another process holds and that cannot be taken."""
    of = lease.c
    row = connection.execute(select(of.holder, of.epoch, of.expires_us).where(_MINE)).one_or_none()
    if row is None or int(row.expires_us) == 0 or (may_take_over and int(row.expires_us) <= store_now_us(connection)):
        return None
    return Lease(str(row.holder), int(row.epoch), is_ours=False)


def store_now_us(connection: Connection) -> int:
    """The time on the store's clock, µs UTC."""
    return int(connection.execute(_NOW_US[connection.dialect.name]).scalar_one())
