"""Numbers of stations: what readings and expected values are filed under, so that a dataset may reorder its stations.

An id gets a number the first time a dataset with it is used; it keeps it for good, and no other station ever gets it. Callers
of the store use rows of their dataset; ``StationRows`` converts at the store's door.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine, func, insert, select, text

from console.domain.readings import ReadingBatch
from console.store.connection import ADVISORY_LOCK, READING
from console.store.faults import told
from console.store.tables import expected_ticks, reading_blocks, reading_log, station_orders, stations

log = logging.getLogger(__name__)

UNKNOWN = "?row-{row}"
"""Id of a row of an older store that the dataset did not reach."""
_NO_ORDER = -1
_LOG_ROW_BYTES = 4 + 1 + 8 + 8 + 1


@dataclass(frozen=True, eq=False)
class StationRows:
    """Rows of one dataset and the store's numbers of its stations.

    ``numbers``: (rows,), -1 for a station that the store does not have; None: rows and numbers are the same.
    ``order_no``: of these numbers in ``station_orders``; None where they are 0, 1, 2 …
    """

    numbers: NDArray[np.int32] | None = None
    order_no: int | None = None

    def numbered(self, batch: ReadingBatch) -> ReadingBatch:
        """A batch by rows as one by numbers."""
        if self.numbers is None or self._is_same:
            return batch
        return replace(batch, station=self.numbers[batch.station])

    def placed(self, batch: ReadingBatch) -> ReadingBatch:
        """A batch by numbers as one by rows; readings of stations that the dataset does not have are left out."""
        row = self.rows(batch.station)
        inside = row >= 0
        return replace(batch, station=row) if inside.all() else replace(batch.where(inside), station=row[inside])

    def number(self, row: int) -> int:
        """Number of a row; -1 for one that has none."""
        if self.numbers is None:
            return row
        return int(self.numbers[row]) if row < len(self.numbers) else -1

    def rows(self, numbers: NDArray[np.int32]) -> NDArray[np.int32]:
        """(n,) rows of numbers, -1 for stations that the dataset does not have."""
        if self.numbers is None:
            return numbers
        return self._row_of[np.minimum(numbers, len(self._row_of) - 1)]

    @cached_property
    def _is_same(self) -> bool:
        return self.numbers is None or np.array_equal(self.numbers, np.arange(len(self.numbers)))

    @cached_property
    def _row_of(self) -> NDArray[np.int32]:
        """Row by number; the last one, -1, stands for all higher numbers."""
        assert self.numbers is not None
        row_of = np.full(int(self.numbers.max(initial=-1)) + 2, -1, dtype=np.int32)
        known = np.flatnonzero(self.numbers >= 0)
        row_of[self.numbers[known]] = known
        return row_of


class Stations:
    """The store's table of stations. ``current``: rows of the dataset that this process works with."""

    def __init__(self, engine: Engine, where: str) -> None:
        self._engine, self._where = engine, where
        self.current = StationRows()
        self._is_used = False
        self._is_filed = bool(self._read())

    def use(self, ids: Iterable[str]) -> None:
        """From now on rows are those of a dataset with these stations; new ids get numbers. Raises StoreUnavailable.

        In a store from before version 0007 the rows of the readings it holds become those of this dataset's stations.
        """
        listed = [str(station_id) for station_id in ids]
        known = self._read()
        rows = _in_order(known, listed) if known and known.keys() >= set(listed) else None
        if rows is None or (order_no := self._order_known(rows)) == _NO_ORDER:
            rows, order_no = self._registered(listed)
        self.current, self._is_used, self._is_filed = StationRows(rows, order_no), True, True

    def for_writing(self) -> StationRows:
        """Rows of the dataset in use. Without one a new store takes rows as numbers; a store with stations raises ValueError."""
        if self._is_filed and not self._is_used:
            raise ValueError(f"store {self._where} files readings by station: call use_stations with the dataset's ids first")
        return self.current

    def rows_of(self, ids: Sequence[str] | None) -> StationRows:
        """Rows for reading: of these ids, by default of the dataset in use. A store without stations still has rows only."""
        if ids is None:
            return self.current
        known = self._read()
        return StationRows(_in_order(known, ids) if known else np.arange(len(ids), dtype=np.int32))

    def ids_of(self, numbers: Iterable[int]) -> tuple[str, ...]:
        """Ids of numbers, by number; none in a store without stations."""
        wanted = set(numbers)
        return tuple(name for name, number in self._read().items() if number in wanted)

    def _read(self) -> dict[str, int]:
        with told(self._where), self._engine.connect().execution_options(**READING) as connection:
            return _known(connection)

    def _order_known(self, numbers: NDArray[np.int32]) -> int | None:
        with told(self._where), self._engine.connect().execution_options(**READING) as connection:
            return _order_no(connection, numbers)

    def _registered(self, ids: list[str]) -> tuple[NDArray[np.int32], int | None]:
        with told(self._where), self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
            if ids and not _known(connection):
                self._take_over(connection, ids)
            known = _known(connection)
            first = max(known.values(), default=-1) + 1
            fresh = [station_id for station_id in ids if station_id not in known]
            _insert(connection, {station_id: number for number, station_id in enumerate(fresh, start=first)})
            numbers = _in_order(_known(connection), ids)
            order_no = _order_no(connection, numbers)
            return numbers, _new_order(connection, numbers) if order_no == _NO_ORDER else order_no

    def _take_over(self, connection: Connection, ids: list[str]) -> None:
        """The rows under which a store of before filed its readings become the numbers of this dataset's stations."""
        rows = _rows_in_use(connection)
        beyond = {UNKNOWN.format(row=row): row for row in range(len(ids), rows)}
        _insert(connection, {station_id: row for row, station_id in enumerate(ids)} | beyond)
        if rows:
            others = f"; rows {len(ids)} to {rows - 1} are in no dataset and are kept as {UNKNOWN.format(row='…')}"
            log.warning(
                "store %s: readings were filed by row until now; row 0 is taken as station %s, row %d as %s (%d stations of "
                "the dataset)%s",
                self._where, ids[0], len(ids) - 1, ids[-1], len(ids), others if beyond else "",
            )  # fmt: skip


def numbers_of(connection: Connection, order_no: int) -> NDArray[np.int32]:
    """The stations' numbers in an order."""
    packed = connection.execute(select(station_orders.c.numbers).where(station_orders.c.order_no == order_no)).scalar_one()
    return np.frombuffer(bytes(packed), "<i4").astype(np.int32)


def _known(connection: Connection) -> dict[str, int]:
    rows = connection.execute(select(stations.c.station_id, stations.c.number).order_by(stations.c.number))
    return {str(station_id): int(number) for station_id, number in rows}


def _insert(connection: Connection, numbers: dict[str, int]) -> None:
    if numbers:
        connection.execute(insert(stations), [{"station_id": name, "number": number} for name, number in numbers.items()])


def _in_order(known: dict[str, int], ids: Sequence[str]) -> NDArray[np.int32]:
    return np.array([known.get(str(station_id), -1) for station_id in ids], dtype=np.int32)


def _order_no(connection: Connection, numbers: NDArray[np.int32]) -> int | None:
    """The order with these numbers; None for 0, 1, 2 …, and ``_NO_ORDER`` where there is none yet."""
    if np.array_equal(numbers, np.arange(len(numbers))):
        return None
    of = station_orders.c
    found = connection.execute(select(of.order_no).where(of.numbers == numbers.astype("<i4").tobytes())).scalar()
    return _NO_ORDER if found is None else int(found)


def _new_order(connection: Connection, numbers: NDArray[np.int32]) -> int:
    of = station_orders.c
    order_no = int(connection.execute(select(func.coalesce(func.max(of.order_no), 0))).scalar_one()) + 1
    connection.execute(insert(station_orders).values(order_no=order_no, numbers=numbers.astype("<i4").tobytes()))
    return order_no


def _rows_in_use(connection: Connection) -> int:
    """One more than the highest row under which a store without stations holds anything."""
    highest = int(connection.execute(select(func.coalesce(func.max(reading_blocks.c.station), -1))).scalar_one())
    for packed in connection.execute(select(reading_log.c.packed)).scalars():
        count = len(packed) // _LOG_ROW_BYTES
        highest = max(highest, int(np.frombuffer(bytes(packed), "<i4", count).max(initial=-1)))
    ticks = int(connection.execute(select(func.coalesce(func.max(expected_ticks.c.stations), 0))).scalar_one())
    return max(highest + 1, ticks)
