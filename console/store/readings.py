"""Stored readings: batches are appended to a log and later moved into blocks of one channel each.

A row per reading would cost a page per channel and batch (80 MB/s at 20,000 channels); a batch is one blob. ``station`` in the
batches of this module is the station's number in the store, not its row in a dataset (``stations.py``).

Several processes may append to one store. Their log rows may be committed in another order than their ids, and be moved by
any of them: what a move deletes is exactly what it has read. Queries read the log before the blocks, since a move between the
two would hide readings from them otherwise.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, Engine, Select, and_, delete, func, insert, select

from console.domain.readings import Quality, ReadingBatch
from console.store.arrivals import by_arrival, unpacked_arrivals
from console.store.connection import READING
from console.store.faults import told
from console.store.reading_codec import (
    BLOCK_ROW_BYTES,
    BLOCK_US,
    Qualities,
    Times,
    Values,
    arrived,
    block,
    block_rows,
    log_row,
    logged_batch,
    logged_of,
)
from console.store.tables import reading_blocks, reading_log

MOVED_AT_ROWS, MOVED_AT_BATCHES = 1_000_000, 4_000
"""The log is moved into blocks when it holds this much: a query reads the whole log.

A move touches a page of the blocks' key for each channel, so that few large ones cost less; with 300,000 readings 10,000
channels were written at 40,000 readings/s once the key had outgrown the cache.
"""

_PART_ROWS, _FETCHED = 200_000, 500
_WIDE = 0.25
"""From this share of all stored time on, blocks are read in their order, not by the index on time."""
_INSERT = "INSERT INTO reading_blocks (station, channel, from_us, block_no, to_us, packed, arrivals) VALUES ({places})"


class ReadingLog:
    """Appends and queries of readings. Safe to use from several threads.

    ``moved``: called inside the transaction of a move, with the source times and the number of its blocks.
    """

    def __init__(
        self, engine: Engine, where: str, moved: Callable[[Connection, Times, int], None] = lambda _c, _t, _n: None
    ) -> None:
        self._engine, self._where, self._moved = engine, where, moved
        self._lock = threading.Lock()
        with told(where), engine.connect().execution_options(**READING) as connection:
            rows, batches = connection.execute(select(func.coalesce(func.sum(reading_log.c.rows), 0), func.count())).one()
        self._rows, self._batches = int(rows), int(batches)

    def append(self, batch: ReadingBatch, check: Callable[[Connection], None] = lambda _: None) -> None:
        """Keep a batch; it survives the end of the process when this returns. Raises StoreUnavailable.

        ``check``: called inside the transaction; what it raises keeps the batch from the disk.
        """
        if not len(batch):
            return
        with self._lock:
            with told(self._where), self._engine.begin() as connection:
                check(connection)
                connection.execute(insert(reading_log), [log_row(part) for part in by_arrival(batch)])
            self._rows += len(batch)
            self._batches += 1
            if self._rows >= MOVED_AT_ROWS or self._batches >= MOVED_AT_BATCHES:
                self._move(check)

    def move(self, check: Callable[[Connection], None] = lambda _: None) -> None:
        """Move the whole log into blocks now; ``check`` as in ``append``. Raises StoreUnavailable."""
        with self._lock:
            self._move(check)

    def between(self, station: int, channel: int, since_us: int, until_us: int) -> tuple[Times, Values]:
        """(source times µs, values) of one channel in [since, until], oldest first, each time once; bad ones are NaN."""
        with told(self._where), self._engine.connect().execution_options(**READING) as connection:
            logged = connection.execute(select(reading_log.c.packed).order_by(reading_log.c.log_id)).scalars().all()
            packed = connection.execute(of_channel(station, channel, since_us, until_us)).scalars().all()
        parts = [block(one) for one in packed]
        at_us, value = _once([*parts, logged_of(logged, station, channel)])
        inside = (at_us >= since_us) & (at_us <= until_us)
        return at_us[inside], value[inside]

    def whole(self, since_us: int, until_us: int) -> ReadingBatch:
        """Every reading of every channel in [since, until], in no order, repeated ones too (a later copy comes later)."""
        of = reading_blocks.c
        query = select(of.station, of.channel, of.packed, of.arrivals).order_by(of.block_no, of.from_us)
        with told(self._where), self._engine.connect().execution_options(**READING) as connection:
            logged = _log(connection)
            blocks = connection.execute(query.where(_reaching(connection, since_us, until_us))).all()
        parts = [block(row.packed) for row in blocks]
        counts = [len(at_us) for at_us, _, _ in parts]
        received = [unpacked_arrivals(row.arrivals, count) for row, count in zip(blocks, counts, strict=True)]
        batch = ReadingBatch(
            np.concatenate([np.repeat(np.array([row.station for row in blocks], np.int32), counts), logged.station]),
            np.concatenate([np.repeat(np.array([row.channel for row in blocks], np.uint8), counts), logged.channel]),
            np.concatenate([*(at_us for at_us, _, _ in parts), logged.at_us]),
            np.concatenate([*(value for _, value, _ in parts), logged.value]),
            np.concatenate([*(quality for _, _, quality in parts), logged.quality]),
            np.concatenate([*received, arrived(logged)]),
        )
        batch = batch.where((batch.at_us >= since_us) & (batch.at_us <= until_us))
        return batch if arrived(batch).any() else replace(batch, arrived_us=None)

    def count(self, since_us: int, until_us: int) -> int:
        """About how many readings there are in [since, until]: blocks that reach over an end count whole."""
        of = reading_blocks.c
        size = func.coalesce(func.sum(func.length(of.packed)), 0)
        with told(self._where), self._engine.connect().execution_options(**READING) as connection:
            packed = connection.execute(select(size).where(_reaching(connection, since_us, until_us))).scalar()
            logged = connection.execute(select(func.coalesce(func.sum(reading_log.c.rows), 0))).scalar()
        return int(packed or 0) // BLOCK_ROW_BYTES + int(logged or 0)

    def parts(self, since_us: int, until_us: int) -> Iterator[ReadingBatch]:
        """Every reading in [since, until], repeated ones too, in parts of about 200,000 and in no order; arrivals unknown."""
        of = reading_blocks.c
        query = select(of.station, of.channel, of.packed)
        with told(self._where), self._engine.connect().execution_options(**READING, yield_per=_FETCHED) as connection:
            logged = _log(connection)
            rows: list[Any] = []
            size = 0
            for row in connection.execute(query.where(_reaching(connection, since_us, until_us))):
                rows.append(row)
                size += len(row.packed)
                if size >= _PART_ROWS * BLOCK_ROW_BYTES:
                    yield _inside(_joined(rows), since_us, until_us)
                    rows, size = [], 0
            if rows:
                yield _inside(_joined(rows), since_us, until_us)
            yield _inside(logged, since_us, until_us)

    def stations(self, since_us: int, until_us: int) -> set[int]:
        """Numbers of the stations with readings in [since, until], and of some just outside."""
        of = reading_blocks.c
        with told(self._where), self._engine.connect().execution_options(**READING) as connection:
            logged = _inside(_log(connection), since_us, until_us)
            kept = connection.execute(select(of.station).where(within(since_us, until_us)).distinct()).scalars().all()
        return {*map(int, kept), *np.unique(logged.station).tolist()}

    def _move(self, check: Callable[[Connection], None]) -> None:
        while not self._is_moved(check):
            pass
        self._rows = self._batches = 0

    def _is_moved(self, check: Callable[[Connection], None]) -> bool:
        """Whether the log as it was read is in blocks now; not when another process moved some of it meanwhile.

        Blocks are made before the transaction that writes them: it keeps others from writing to SQLite.
        """
        of = reading_log.c
        with told(self._where), self._engine.connect().execution_options(**READING) as connection:
            found = connection.execute(select(of.log_id, of.rows, of.packed, of.arrived_us).order_by(of.log_id)).all()
        if not found:
            return True
        batch, block_no = logged_batch(found), int(found[-1].log_id)
        rows = list(block_rows(batch, block_no, in_pages=self._engine.dialect.name == "sqlite"))
        whole = delete(reading_log).where(of.log_id >= found[0].log_id, of.log_id <= block_no).returning(of.log_id)
        with told(self._where), self._engine.connect() as connection, connection.begin() as transaction:
            check(connection)
            if sorted(connection.execute(whole).scalars()) != [row.log_id for row in found]:
                transaction.rollback()
                return False
            place = "?" if connection.dialect.name == "sqlite" else "%s"
            connection.exec_driver_sql(_INSERT.format(places=", ".join([place] * len(rows[0]))), rows)
            self._moved(connection, batch.at_us, block_no)
        return True


def merged_blocks(packed: Sequence[bytes]) -> tuple[Times, Values]:
    """(source times µs, values) in one channel's blocks, given in the order of their moves; as ``ReadingLog.between``."""
    return _once([block(one) for one in packed] or [block(b"")])


def _once(parts: Sequence[tuple[Times, Values, Qualities]]) -> tuple[Times, Values]:
    at_us, value, quality = (np.concatenate(column) for column in zip(*parts, strict=True))
    # A redelivered message repeats its time: the later copy counts.
    order = np.lexsort((np.arange(len(at_us)), at_us))
    last = np.ones(len(order), dtype=bool)
    last[:-1] = at_us[order][1:] != at_us[order][:-1]
    kept = order[last]
    return at_us[kept], np.where(quality[kept] == Quality.BAD, np.nan, value[kept])


def within(since_us: int, until_us: int) -> ColumnElement[bool]:
    """Blocks that reach into [since, until], by the index on time."""
    of = reading_blocks.c
    return and_(of.from_us > since_us - BLOCK_US, of.from_us <= until_us, of.to_us >= since_us)


def _reaching(connection: Connection, since_us: int, until_us: int) -> ColumnElement[bool]:
    """Blocks that reach into [since, until]: by the index, or by reading all blocks in their order where most are wanted.

    A block found by the index costs two to three times as much as one read in order.
    """
    of = reading_blocks.c
    oldest, newest = (connection.execute(select(one(of.from_us))).scalar() for one in (func.min, func.max))
    if oldest is None or newest is None:
        return within(since_us, until_us)
    wanted_us = min(until_us, newest) - max(since_us, oldest)
    if wanted_us <= _WIDE * (newest - oldest):
        return within(since_us, until_us)
    return and_(of.from_us + 0 <= until_us, of.to_us >= since_us)  # a sum, so that the index is not used


def of_channel(station: int, channel: int, since_us: int, until_us: int) -> Select[bytes]:
    """One channel's blocks that reach into [since, until], by the key; later copies last."""
    of = reading_blocks.c
    query = select(of.packed).where(of.station == station, of.channel == channel, within(since_us, until_us))
    return query.order_by(of.block_no, of.from_us)


def _joined(rows: Sequence[Any]) -> ReadingBatch:
    parts = [block(row.packed) for row in rows]
    counts = [len(at_us) for at_us, _, _ in parts]
    return ReadingBatch(
        np.repeat(np.array([row.station for row in rows], np.int32), counts),
        np.repeat(np.array([row.channel for row in rows], np.uint8), counts),
        np.concatenate([at_us for at_us, _, _ in parts]),
        np.concatenate([value for _, value, _ in parts]),
        np.concatenate([quality for _, _, quality in parts]),
    )


def _inside(batch: ReadingBatch, since_us: int, until_us: int) -> ReadingBatch:
    return batch.where((batch.at_us >= since_us) & (batch.at_us <= until_us))


def _log(connection: Connection) -> ReadingBatch:
    """All readings of the log in the order of arrival."""
    of = reading_log.c
    return logged_batch(connection.execute(select(of.rows, of.packed, of.arrived_us).order_by(of.log_id)).all())
