"""Deletes history in small batches. What went is counted in the same transaction, so that no deletion is silent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, delete, func, insert, literal, select, tuple_, update
from sqlalchemy.sql.dml import ReturningDelete

from console.domain.jobs import ENDED
from console.services.analysis.retention import Deletion, HistoryKind
from console.store.reading_codec import BLOCK_ROW_BYTES
from console.store.tables import deletions, expected_ticks, jobs, reading_blocks, rollups, tracks

_DAY_US = 86_400_000_000
_WIDTHS = {HistoryKind.MINUTES: 60, HistoryKind.QUARTERS: 900}


def delete_some(connection: Connection, kind: HistoryKind, since_us: int, until_us: int, most: int, days: int, at_us: int) -> int:
    """Delete ``most`` rows (blocks, fixes, ticks, days rolled up, jobs) of what lies whole in [since, until), oldest first.

    Gives how many values went, 0 when nothing is left.
    """
    gone = connection.execute(_STATEMENTS[kind](since_us, until_us, most)).all()
    if not gone:
        return 0
    unit = _DAY_US if kind in _WIDTHS else 1
    first, last = unit * min(row[0] for row in gone), unit * max(row[1] for row in gone)
    rows = sum(int(row[2]) // BLOCK_ROW_BYTES for row in gone) if kind is HistoryKind.READINGS else len(gone)
    _count(connection, Deletion(kind, at_us, days, int(first), int(last), rows))
    return rows


def span(connection: Connection, kind: HistoryKind) -> tuple[int, int] | None:
    """(oldest, newest) time kept; of readings the newest is that of the last block's first one, found by the index.

    Of what is rolled up: the begin of the oldest and of the newest day.
    """
    column: Any = {
        HistoryKind.READINGS: reading_blocks.c.from_us,
        HistoryKind.POSITIONS: tracks.c.at_us,
        HistoryKind.EXPECTED: expected_ticks.c.at_us,
        HistoryKind.JOBS: jobs.c.at_us,
    }.get(kind, rollups.c.day)
    which = rollups.c.width_s == _WIDTHS[kind] if kind in _WIDTHS else literal(True)
    oldest, newest = (connection.execute(select(one(column)).where(which)).scalar() for one in (func.min, func.max))
    unit = _DAY_US if kind in _WIDTHS else 1
    return None if oldest is None or newest is None else (int(oldest) * unit, int(newest) * unit)


def unrecorded(connection: Connection) -> tuple[Deletion, ...]:
    """Deletions that the log of actions does not have yet, oldest first."""
    return _read(connection, deletions.c.is_recorded.is_(False))


def all_deletions(connection: Connection) -> tuple[Deletion, ...]:
    """Every deletion, oldest first."""
    return _read(connection, literal(True))


def mark_recorded(connection: Connection, ids: Iterable[int]) -> None:
    """The log of actions has these."""
    connection.execute(update(deletions).where(deletions.c.deletion_id.in_(list(ids))).values(is_recorded=True))


def _read(connection: Connection, which: Any) -> tuple[Deletion, ...]:
    of = deletions.c
    query = select(of.kind, of.at_us, of.days, of.from_us, of.until_us, of.rows, of.deletion_id).where(which)
    found = connection.execute(query.order_by(of.deletion_id)).all()
    return tuple(Deletion(HistoryKind(row[0]), *(int(value) for value in row[1:])) for row in found)


def _count(connection: Connection, gone: Deletion) -> None:
    """Add a batch to the run that is not recorded yet, or begin one."""
    of = deletions.c
    run = connection.execute(select(of.deletion_id, of.from_us, of.until_us).where(of.kind == gone.kind.value, ~of.is_recorded))
    begun = run.first()
    if begun is None:
        row = {"kind": gone.kind.value, "at_us": gone.at_us, "days": gone.days, "rows": gone.rows, "is_recorded": False}
        connection.execute(insert(deletions).values(**row, from_us=gone.from_us, until_us=gone.until_us))
        return
    connection.execute(
        update(deletions)
        .where(of.deletion_id == begun.deletion_id)
        .values(
            at_us=gone.at_us,
            days=gone.days,
            from_us=min(gone.from_us, begun.from_us),
            until_us=max(gone.until_us, begun.until_us),
            rows=of.rows + gone.rows,
        )
    )


def _blocks(since_us: int, until_us: int, most: int) -> ReturningDelete[Any]:
    of = reading_blocks.c
    keys: Sequence[Any] = (of.station, of.channel, of.from_us, of.block_no)
    oldest = select(*keys).where(of.from_us >= since_us, of.from_us < until_us, of.to_us < until_us)
    chosen = tuple_(*keys).in_(oldest.order_by(of.from_us).limit(most))
    return delete(reading_blocks).where(chosen).returning(of.from_us, of.to_us, func.length(of.packed))


def _fixes(since_us: int, until_us: int, most: int) -> ReturningDelete[Any]:
    of = tracks.c
    oldest = select(of.crew_id, of.at_us).where(of.at_us >= since_us, of.at_us < until_us)
    chosen = tuple_(of.crew_id, of.at_us).in_(oldest.order_by(of.at_us).limit(most))
    return delete(tracks).where(chosen).returning(of.at_us, of.at_us.label("last"))


def _ticks(since_us: int, until_us: int, most: int) -> ReturningDelete[Any]:
    of = expected_ticks.c
    oldest = select(of.at_us).where(of.at_us >= since_us, of.at_us < until_us)
    chosen = of.at_us.in_(oldest.order_by(of.at_us).limit(most))
    return delete(expected_ticks).where(chosen).returning(of.at_us, of.at_us.label("last"))


def _days(width_s: int, since_us: int, until_us: int, most: int) -> ReturningDelete[Any]:
    of = rollups.c
    keys: Sequence[Any] = (of.width_s, of.station, of.channel, of.day)
    first, end = max(-(-since_us // _DAY_US), 0), min(until_us // _DAY_US, 2**31 - 1)
    oldest = select(*keys).where(of.width_s == width_s, of.day >= first, of.day < end)
    chosen = tuple_(*keys).in_(oldest.order_by(of.day).limit(most))
    return delete(rollups).where(chosen).returning(of.day, of.day.label("last"))


def _ended_jobs(since_us: int, until_us: int, most: int) -> ReturningDelete[Any]:
    of = jobs.c
    keys: Sequence[Any] = (of.kind, of.subject, of.basis)
    ended = of.state.in_([state.value for state in ENDED])
    oldest = select(*keys).where(ended, of.at_us >= since_us, of.at_us < until_us)
    chosen = tuple_(*keys).in_(oldest.order_by(of.at_us).limit(most))
    return delete(jobs).where(chosen).returning(of.at_us, of.at_us.label("last"))


_STATEMENTS: Mapping[HistoryKind, Callable[[int, int, int], ReturningDelete[Any]]] = {
    HistoryKind.READINGS: _blocks,
    HistoryKind.POSITIONS: _fixes,
    HistoryKind.EXPECTED: _ticks,
    HistoryKind.MINUTES: partial(_days, _WIDTHS[HistoryKind.MINUTES]),
    HistoryKind.QUARTERS: partial(_days, _WIDTHS[HistoryKind.QUARTERS]),
    HistoryKind.JOBS: _ended_jobs,
}
