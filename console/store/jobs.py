"""Jobs as rows: attempts, next time by the store's clock, last failure. Written by the leading process alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, insert, literal, select, update

from console.domain.jobs import ENDED, JobKey, JobKind, JobRow, JobState
from console.store.lease import store_now_us
from console.store.tables import jobs
from console.store.transactions import Transactions

_COLUMNS = (jobs.c.kind, jobs.c.subject, jobs.c.basis, jobs.c.state, jobs.c.attempts, jobs.c.next_us, jobs.c.reason, jobs.c.at_us)
_KINDS = [kind.value for kind in JobKind]


class JobTable:
    """Implements the services' port JobStore. Safe to use from several threads."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def record(self, rows: Iterable[JobRow], epoch: int | None = None) -> None:
        """Write jobs as they are now. ``epoch``: of the leader that begun them. Raises StoreUnavailable, NotLeading."""
        with self._transactions.keeping() as connection:
            self._transactions.leases.check(connection, epoch)
            now_us = store_now_us(connection)
            for row in rows:
                _write(connection, row, now_us, epoch)

    def unfinished(self) -> tuple[JobRow, ...]:
        """Jobs that are neither done nor superseded."""
        return self._read(~jobs.c.state.in_([state.value for state in ENDED]), 0)

    def latest(self, most: int) -> tuple[JobRow, ...]:
        """The jobs that changed last, newest first."""
        return self._read(literal(True), most)

    def _read(self, which: ColumnElement[bool], most: int) -> tuple[JobRow, ...]:
        query: Select[Any] = select(*_COLUMNS).where(
            and_(which, jobs.c.kind.in_(_KINDS))
        )  # kinds of a newer version stay as they are
        query = query.order_by(jobs.c.at_us.desc(), jobs.c.kind, jobs.c.subject, jobs.c.basis)
        with self._transactions.looking() as connection:
            now_us = store_now_us(connection)
            found = connection.execute(query.limit(most) if most else query).all()
        return tuple(_row(one, now_us) for one in found)


def _write(connection: Connection, row: JobRow, now_us: int, epoch: int | None) -> None:
    of, key = jobs.c, row.key
    values: dict[str, Any] = {
        "state": row.state.value,
        "attempts": row.attempts,
        "next_us": None if row.state in ENDED else now_us + round(row.wait_s * 1e6),
        "reason": row.reason,
        "at_us": now_us,
        "epoch": epoch,
    }
    same = and_(of.kind == key.kind.value, of.subject == key.subject, of.basis == key.basis)
    if not connection.execute(update(jobs).where(same).values(**values)).rowcount:
        connection.execute(insert(jobs).values(kind=key.kind.value, subject=key.subject, basis=key.basis, **values))


def _row(found: Row[Any], now_us: int) -> JobRow:
    key = JobKey(JobKind(found.kind), str(found.subject), str(found.basis))
    wait_s = 0.0 if found.next_us is None else (int(found.next_us) - now_us) / 1e6
    return JobRow(key, JobState(found.state), int(found.attempts), wait_s, str(found.reason), int(found.at_us))
