"""History: readings, positions and expected values by time, what is rolled up of them, and their retention."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select, text

from console.domain.crews import CrewFix
from console.domain.expected import ExpectedValues
from console.domain.readings import ReadingBatch
from console.services.analysis.retention import Deletion, HistoryKind
from console.services.ports import NotLeading
from console.services.review.record import Tracks
from console.store import archive, expected, retention
from console.store.reading_codec import Times, Values
from console.store.readings import ReadingLog
from console.store.rollups import RollupTable, mark_due
from console.store.stations import Stations
from console.store.tables import expected_ticks, tracks
from console.store.transactions import Transactions


class History:
    """What ``SqlStore`` offers of history. Rows of stations are those of the dataset in use. Safe to use from several threads."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self.log = ReadingLog(transactions.relaxed, transactions.where, mark_due)
        self._stations = Stations(transactions.relaxed, transactions.where)
        self.rollups = RollupTable(transactions, self._stations)

    def use_stations(self, station_ids: Iterable[str]) -> None:
        """From now on station rows are those of a dataset with these stations, in this order.

        The first dataset that is used with a store of before version 0007 gives its stations to the rows of old readings.
        """
        self._transactions.ensure_ours()
        self._stations.use(station_ids)

    def append_readings(self, batch: ReadingBatch) -> None:
        """Keep readings; they survive the end of the process when this returns."""
        self._transactions.ensure_ours()
        self.log.append(self._stations.for_writing().numbered(batch), self._transactions.leases.check)

    def readings(self, station_row: int, channel: int, since_us: int, until_us: int) -> tuple[Times, Values]:
        """(source times µs, values in inside units) of one channel in [since, until], oldest first; bad ones NaN.

        Where the readings were deleted: means of minutes, or of quarters of an hour, at the middle of each.
        """
        number = self._stations.current.number(int(station_row))
        kept = self.log.between(number, int(channel), int(since_us), int(until_us))
        return self.rollups.completed(kept, int(station_row), int(channel), int(since_us), int(until_us))

    def append_expected(self, tick_us: int, values: NDArray[np.float64], sigma_kpa: NDArray[np.float64] | None = None) -> None:
        """Store the expected values at a tick, (stations, channels); the first row of a tick is kept.

        ``sigma_kpa``: (stations,) standard deviation of pressures, valid until the next one is stored.
        """
        order_no = self._stations.for_writing().order_no
        with self._transactions.keeping() as connection:
            self._transactions.leases.check(connection)
            expected.append(connection, int(tick_us), values, sigma_kpa, order_no)

    def append_positions(self, fixes: Iterable[CrewFix]) -> None:
        """Keep crews' fixes; a repeated one changes nothing."""
        rows = {(fix.crew_id, fix.at_us): fix for fix in fixes if fix.at_us > 0}
        if not rows:
            return
        with self._transactions.keeping() as connection:
            self._transactions.leases.check(connection)
            connection.execute(
                text("INSERT INTO tracks (crew_id, at_us, x, y) VALUES (:crew_id, :at_us, :x, :y) ON CONFLICT DO NOTHING"),
                [{"crew_id": f.crew_id, "at_us": f.at_us, "x": f.x, "y": f.y} for f in rows.values()],
            )

    def positions(self, crew_id: str, since_us: int, until_us: int) -> tuple[tuple[int, float, float], ...]:
        """(source time µs, x, y) of a crew in [since, until], oldest first; coordinates in the network's CRS."""
        of = tracks.c
        query = select(of.at_us, of.x, of.y).where(of.crew_id == crew_id, of.at_us >= since_us, of.at_us <= until_us)
        with self._transactions.looking() as connection:
            found = connection.execute(query.order_by(of.at_us)).all()
        return tuple((int(at_us), float(x), float(y)) for at_us, x, y in found)

    def tracks_between(self, since_us: int, until_us: int) -> Tracks:
        """Every crew's fixes in [since, until], by crew and time."""
        with self._transactions.looking() as connection:
            return archive.tracks_between(connection, since_us, until_us)

    def stations_between(self, since_us: int, until_us: int) -> tuple[str, ...]:
        """Ids of all stations with readings in [since, until], of removed ones too; none in a store that has rows only."""
        return self._stations.ids_of(self.log.stations(int(since_us), int(until_us)))

    def readings_between(self, since_us: int, until_us: int, stations: Sequence[str] | None = None) -> ReadingBatch:
        """Every reading in [since, until], by time. ``stations``: ids by row; by default those of the dataset in use."""
        return archive.readings_between(self.log, int(since_us), int(until_us), self._stations.rows_of(stations))

    def count_readings(self, since_us: int, until_us: int) -> int:
        """About how many readings there are in [since, until], counted without reading them."""
        return self.log.count(int(since_us), int(until_us))

    def reading_parts(self, since_us: int, until_us: int) -> Iterator[ReadingBatch]:
        """Every reading of the dataset's stations in [since, until], in parts of bounded size, in no order; arrivals unknown."""
        rows = self._stations.current
        return (rows.placed(part) for part in self.log.parts(int(since_us), int(until_us)))

    def expected_between(self, since_us: int, until_us: int, stations: Sequence[str] | None = None) -> ExpectedValues:
        """Expected values at the ticks in [since, until]. ``stations``: ids by row; by default those of the dataset in use."""
        rows = self._stations.rows_of(stations)
        with self._transactions.looking() as connection:
            return expected.between(connection, int(since_us), int(until_us), rows)

    def last_expected_us(self) -> int:
        """Time of the newest tick with expected values (µs UTC), 0 without any."""
        with self._transactions.looking() as connection:
            return int(connection.execute(select(func.max(expected_ticks.c.at_us))).scalar() or 0)

    def delete_history(self, kind: HistoryKind, since_us: int, until_us: int, most: int, *, days: int, at_us: int) -> int:
        """Delete at most ``most`` rows of what lies in [since, until), oldest first; how many values went, 0 for nothing left.

        ``days``, ``at_us``: the setting and the time, kept with the count (``deletions``).
        """
        with self._transactions.keeping() as connection:
            self._transactions.leases.check(connection)
            return retention.delete_some(connection, kind, int(since_us), int(until_us), most, days, at_us)

    def history_span(self, kind: HistoryKind) -> tuple[int, int] | None:
        """(oldest, newest) source time of what is kept, without the readings that wait in the log; None without any."""
        with self._transactions.looking() as connection:
            return retention.span(connection, kind)

    def deletions(self, *, unrecorded: bool = False) -> tuple[Deletion, ...]:
        """What retention deleted, oldest first; ``unrecorded``: only what the log of actions does not have yet."""
        with self._transactions.looking() as connection:
            return retention.unrecorded(connection) if unrecorded else retention.all_deletions(connection)

    def mark_recorded(self, deletion_ids: Iterable[int]) -> None:
        """The log of actions has these deletions."""
        with self._transactions.writing() as connection:
            self._transactions.leases.check(connection)
            retention.mark_recorded(connection, deletion_ids)

    def flush(self) -> None:
        """Before closing: move readings of the log into blocks (they are on disk already); in a shared store as leader only."""
        with suppress(NotLeading):
            self.log.move(self._transactions.leases.check)
