"""Readings rolled up by day: which days are due, their buckets from the blocks of readings, and reading them.

A move of readings into blocks marks each of their UTC days as due, in its own transaction; a day is due until it was rolled up
after its last move. So late readings are taken in, whatever their age, and an interrupted roll-up goes on. Each row names the
newest block in it: what is up to date is not made again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, and_, delete, func, select, text

from console.domain.rollups import WIDTHS_S, Buckets, DueDay, empty, joined, rolled
from console.services.analysis.retention import HistoryKind
from console.store.reading_codec import Times, Values
from console.store.readings import merged_blocks, within
from console.store.rollup_codec import DAY_US, packed, unpacked
from console.store.stations import Stations
from console.store.tables import deletions, reading_blocks, rollup_due, rollups
from console.store.transactions import Transactions

_MARK = text(
    "INSERT INTO rollup_due (day, block_no) VALUES (:day, :block_no) ON CONFLICT (day) DO UPDATE SET block_no = excluded.block_no"
)
_WRITE = text(
    "INSERT INTO rollups (width_s, station, channel, day, block_no, packed) "
    "VALUES (:width_s, :station, :channel, :day, :block_no, :packed) "
    "ON CONFLICT (width_s, station, channel, day) DO UPDATE SET block_no = excluded.block_no, packed = excluded.packed"
)
_NOTHING = -(2**62)
Key = tuple[int, int, int]
"""Station's number, channel, number of its newest block of readings."""


def mark_due(connection: Connection, at_us: NDArray[np.int64], block_no: int) -> None:
    """Inside a move: the days of these readings are due."""
    connection.execute(_MARK, [{"day": int(day), "block_no": block_no} for day in np.unique(at_us // DAY_US)])


class RollupTable:
    """Implements the services' port RollupStore. Safe to use from several threads."""

    def __init__(self, transactions: Transactions, stations: Stations) -> None:
        self._transactions, self._stations = transactions, stations

    def due(self, end_us: int) -> tuple[DueDay, ...]:
        """Days that ended before a time and are due, oldest first."""
        of = rollup_due.c
        query = select(of.day, of.block_no).where(of.day < end_us // DAY_US).order_by(of.day)
        with self._transactions.looking() as connection:
            return tuple(DueDay(int(day), int(block_no)) for day, block_no in connection.execute(query))

    def due_since_us(self) -> int | None:
        """Begin of the oldest day that is due; readings from there on are still needed. None: no day is due."""
        with self._transactions.looking() as connection:
            day = connection.execute(select(func.min(rollup_due.c.day))).scalar()
        return None if day is None else int(day) * DAY_US

    def missing(self, day: int) -> tuple[Key, ...]:
        """Channels with readings of that day whose row is older than these, or missing."""
        of, at = reading_blocks.c, rollups.c
        blocks = select(of.station, of.channel, func.max(of.block_no)).where(within(day * DAY_US, (day + 1) * DAY_US - 1))
        done = select(at.station, at.channel, at.block_no).where(at.width_s == WIDTHS_S[-1], at.day == day)
        with self._transactions.looking() as connection:
            known = {(int(row[0]), int(row[1])): int(row[2]) for row in connection.execute(done)}
            found = connection.execute(blocks.group_by(of.station, of.channel).order_by(of.station, of.channel)).all()
        keys = ((int(row[0]), int(row[1]), int(row[2])) for row in found)
        return tuple(key for key in keys if known.get(key[:2], -1) < key[2])

    def roll(self, day: int, keys: Sequence[Key]) -> int:
        """Roll up some channels of a day; how many readings they had. Raises StoreUnavailable, NotLeading."""
        with self._transactions.looking() as connection:
            rows, count = self._made(connection, day, keys)
        with self._transactions.keeping() as connection:
            self._transactions.leases.check(connection)
            if rows:
                connection.execute(_WRITE, rows)
        return count

    def finish(self, due: DueDay) -> None:
        """The day is rolled up; it stays due when readings came meanwhile."""
        of = rollup_due.c
        with self._transactions.keeping() as connection:
            self._transactions.leases.check(connection)
            connection.execute(delete(rollup_due).where(of.day == due.day, of.block_no == due.block_no))

    def between(self, station_row: int, channel: int, since_us: int, until_us: int, width_s: int) -> Buckets:
        """Buckets of one channel that begin in [since, until], oldest first."""
        of, number = rollups.c, self._stations.current.number(int(station_row))
        mine = and_(of.width_s == width_s, of.station == number, of.channel == int(channel))
        query = select(of.day, of.packed).where(mine, of.day >= since_us // DAY_US, of.day <= until_us // DAY_US).order_by(of.day)
        with self._transactions.looking() as connection:
            found = connection.execute(query).all()
        buckets = joined((empty(), *(unpacked(row.packed, int(row.day), width_s) for row in found)))
        return buckets.where((buckets.start_us >= since_us) & (buckets.start_us <= until_us))

    def completed(
        self, kept: tuple[Times, Values], station_row: int, channel: int, since_us: int, until_us: int
    ) -> tuple[Times, Values]:
        """Readings of [since, until], with means of the finest buckets there are where readings were deleted."""
        gone_us = self.deleted_until_us()
        if since_us > gone_us:
            return kept
        at_us, value = kept
        for width_s in WIDTHS_S:
            buckets = self.between(station_row, channel, since_us, min(until_us, gone_us), width_s)
            width_us = width_s * 1_000_000
            filled = np.searchsorted(at_us, buckets.start_us + width_us) > np.searchsorted(at_us, buckets.start_us)
            buckets = buckets.where(~filled)
            at_us = np.concatenate([at_us, buckets.start_us + width_us // 2])
            value = np.concatenate([value, buckets.mean])
            order = np.argsort(at_us, kind="stable")
            at_us, value = at_us[order], value[order]
        inside = (at_us >= since_us) & (at_us <= until_us)
        return at_us[inside], value[inside]

    def packed_bytes(self, width_s: int) -> int:
        """Size of all rows of a width, packed, without what the database adds."""
        of = rollups.c
        with self._transactions.looking() as connection:
            query = select(func.coalesce(func.sum(func.length(of.packed)), 0)).where(of.width_s == width_s)
            return int(connection.execute(query).scalar_one())

    def deleted_until_us(self) -> int:
        """Newest source time of readings that retention deleted; before all time where it deleted none."""
        with self._transactions.looking() as connection:
            return _deleted_until_us(connection)

    def _made(self, connection: Connection, day: int, keys: Sequence[Key]) -> tuple[list[dict[str, Any]], int]:
        newest = {key[:2]: key[2] for key in keys}
        # Of a day whose readings are deleted, what is rolled up is kept, and new readings are added.
        is_gone = day * DAY_US <= _deleted_until_us(connection)
        before = _before(connection, day, newest) if is_gone else {}
        rows, count = [], 0
        for key, blocks in groupby(_blocks(connection, day, newest), key=lambda row: (int(row.station), int(row.channel))):
            if key not in newest:
                continue
            known_no = before[key][0] if key in before else -1
            at_us, value = merged_blocks([row.packed for row in blocks if known_no < int(row.block_no) <= newest[key]])
            inside = (at_us >= day * DAY_US) & (at_us < (day + 1) * DAY_US)
            at_us, value = at_us[inside], value[inside]
            count += len(at_us)
            for width_s in WIDTHS_S:
                buckets = rolled(at_us, value, width_s)
                if key in before:
                    buckets = joined((before[key][1][width_s], buckets))
                row = {"width_s": width_s, "station": key[0], "channel": key[1], "day": day, "block_no": newest[key]}
                rows.append({**row, "packed": packed(buckets, day, width_s)})
        return rows, count


def _blocks(connection: Connection, day: int, keys: Iterable[tuple[int, int]]) -> Iterator[Row[Any]]:
    """Blocks of these channels that reach into the day, by channel and move; found by the key."""
    of = reading_blocks.c
    stations, channels = {key[0] for key in keys}, {key[1] for key in keys}
    query = select(of.station, of.channel, of.block_no, of.packed).where(
        of.station.in_(stations), of.channel.in_(channels), within(day * DAY_US, (day + 1) * DAY_US - 1)
    )
    return iter(connection.execute(query.order_by(of.station, of.channel, of.block_no, of.from_us)))


def _before(
    connection: Connection, day: int, keys: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], tuple[int, dict[int, Buckets]]]:
    """What is rolled up of these channels: newest block, buckets by width."""
    of = rollups.c
    stations = {key[0] for key in keys}
    query = select(of.station, of.channel, of.width_s, of.block_no, of.packed)
    found: dict[tuple[int, int], tuple[int, dict[int, Buckets]]] = {}
    for row in connection.execute(query.where(of.width_s.in_(WIDTHS_S), of.station.in_(stations), of.day == day)):
        of_channel = found.setdefault((int(row.station), int(row.channel)), (int(row.block_no), dict.fromkeys(WIDTHS_S, empty())))
        of_channel[1][int(row.width_s)] = unpacked(row.packed, day, int(row.width_s))
    return found


def _deleted_until_us(connection: Connection) -> int:
    of = deletions.c
    found = connection.execute(select(func.max(of.until_us)).where(of.kind == HistoryKind.READINGS.value)).scalar()
    return _NOTHING if found is None else int(found)
