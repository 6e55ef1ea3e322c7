"""Searches by time and by station go through an index, on both databases; what they find equals a plain list."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Select, select, text
from sqlalchemy.dialects import postgresql, sqlite

from console.domain.readings import ReadingBatch
from console.services.analysis.retention import HistoryKind
from console.store import SqlStore, open_store
from console.store.connection import READING
from console.store.readings import _reaching, of_channel, within
from console.store.retention import _STATEMENTS
from console.store.tables import reading_blocks
from tests.console.store.values import readings

DAY_US = 86_400_000_000
SOME = st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(0, 5 * DAY_US), st.integers(-1000, 1000))


def plan(store: SqlStore, statement: object) -> str:
    """How the database carries out a statement."""
    with store._relaxed.connect().execution_options(**READING) as connection:
        name = connection.dialect.name
        dialect = sqlite.dialect() if name == "sqlite" else postgresql.dialect()  # type: ignore[no-untyped-call]
        sql = str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))  # type: ignore[attr-defined]
        if name != "sqlite":
            connection.execute(text("SET enable_seqscan = off"))  # the tables of a test are too small for an index to pay
        explain = "EXPLAIN QUERY PLAN" if name == "sqlite" else "EXPLAIN"
        return "\n".join(" ".join(map(str, row)) for row in connection.exec_driver_sql(f"{explain} {sql.replace('%%', '%')}"))


def everything(store: SqlStore, days: int = 1) -> Select[tuple[bytes]]:
    with store._relaxed.connect().execution_options(**READING) as connection:
        return select(reading_blocks.c.packed).where(_reaching(connection, 10 * DAY_US, (10 + days) * DAY_US))


def filled(store: SqlStore) -> SqlStore:
    for day in range(40):
        for row in range(3):
            store.append_readings(readings(row, (day * DAY_US, 1.0, 0), (day * DAY_US + 9, 1.0, 0)))
        store.flush()
    return store


def test_sqlite_finds_times_and_channels_by_an_index(store: SqlStore) -> None:
    filled(store)
    assert "SEARCH reading_blocks USING INDEX reading_blocks_by_time (from_us>? AND from_us<?)" in plan(store, everything(store))
    assert "SCAN reading_blocks" in plan(store, everything(store, 25)), "most blocks are wanted: read in their order"
    one = plan(store, of_channel(1, 0, 10 * DAY_US, 40 * DAY_US))
    assert "SEARCH reading_blocks USING INDEX sqlite_autoindex_reading_blocks_1 (station=? AND channel=? AND from_us>? AND" in one
    for kind in HistoryKind:
        chosen = plan(store, _STATEMENTS[kind](0, DAY_US, 10))
        assert "SCAN" not in chosen.replace("SCAN list subquery", ""), chosen


@pytest.mark.slow
def test_postgresql_finds_times_and_channels_by_an_index(database: str) -> None:
    store = filled(open_store(database))
    assert "reading_blocks_by_time" in plan(store, everything(store))
    one = plan(store, of_channel(1, 0, 10 * DAY_US, 40 * DAY_US))
    assert "Index Scan using reading_blocks_pkey" in one or "Bitmap Index Scan on reading_blocks_pkey" in one
    assert "from_us >" in one
    for kind in HistoryKind:
        assert "Seq Scan" not in plan(store, _STATEMENTS[kind](0, DAY_US, 10))
    store.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    """A store on each database."""
    target = tmp_path / "s.sqlite" if request.param == "sqlite" else request.getfixturevalue("database")
    opened = open_store(target)
    yield opened
    opened.close()


def check(store: SqlStore, kept: list[tuple[int, int, int, int]], since_us: int, until_us: int) -> None:
    """All queries against a plain list of what was appended, in its order."""
    latest = {(station, channel, at): float(value) for station, channel, at, value in kept if since_us <= at <= until_us}
    found = store.readings_between(since_us, until_us)
    columns = (found.station.tolist(), found.channel.tolist(), found.at_us.tolist(), found.value.tolist())
    assert {(s, c, at): value for s, c, at, value in zip(*columns, strict=True)} == latest
    assert len(found) == len(latest)
    for station in range(3):
        for channel in range(2):
            at_us, value = store.readings(station, channel, since_us, until_us)
            own = sorted((at, v) for (s, c, at), v in latest.items() if (s, c) == (station, channel))
            assert list(zip(at_us.tolist(), value.tolist(), strict=True)) == own
    parts = list(store.reading_parts(since_us, until_us))
    assert sum(map(len, parts)) == sum(since_us <= at <= until_us for _, _, at, _ in kept)
    assert {int(row) for part in parts for row in part.station} <= store._readings.stations(since_us, until_us)
    assert store.count_readings(since_us, until_us) >= sum(map(len, parts))


@settings(max_examples=40, deadline=None)
@given(
    batches=st.lists(st.lists(SOME, min_size=1, max_size=12), min_size=1, max_size=6),
    moves=st.lists(st.booleans(), min_size=6, max_size=6),
    ends=st.tuples(st.integers(0, 5 * DAY_US), st.integers(0, 5 * DAY_US)),
)
def test_late_and_repeated_readings_over_days_are_all_found_by_time(
    tmp_path_factory: pytest.TempPathFactory,
    batches: list[list[tuple[int, int, int, int]]],
    moves: list[bool],
    ends: tuple[int, int],
) -> None:
    store = open_store(tmp_path_factory.mktemp("index") / "s.sqlite")
    kept = []
    for some, moved in zip(batches, moves, strict=False):
        store.append_readings(batch(some))
        kept += some
        if moved:
            store.flush()
    check(store, kept, min(ends), max(ends))
    check(store, kept, 0, 2**60)
    store.close()


def test_a_reading_sent_again_after_each_move_counts_with_its_last_value(either: SqlStore) -> None:
    for value in (1, 2, 3):
        either.append_readings(readings(1, (10, float(value), 0)))
        either.flush()
    assert either.readings(1, 0, 0, 100)[1].tolist() == [3.0]
    assert sum(map(len, either.reading_parts(0, 100))) == 3


def batch(some: list[tuple[int, int, int, int]]) -> ReadingBatch:
    station, channel, at_us, value = (np.array(column, dtype=np.int64) for column in zip(*some, strict=True))
    quality = np.zeros(len(some), np.uint8)
    return ReadingBatch(station.astype(np.int32), channel.astype(np.uint8), at_us, value.astype(np.float64), quality)


def test_a_days_old_reading_beside_new_ones_makes_no_block_of_days(store: SqlStore) -> None:
    store.append_readings(readings(1, (0, 1.0, 0), (DAY_US - 1, 2.0, 0), (DAY_US, 3.0, 0), (4 * DAY_US, 4.0, 0)))
    store.flush()
    with store._relaxed.connect().execution_options(**READING) as connection:
        spans = [tuple(row) for row in connection.execute(select(reading_blocks.c.from_us, reading_blocks.c.to_us))]
    assert sorted(spans) == [(0, DAY_US - 1), (DAY_US, DAY_US), (4 * DAY_US, 4 * DAY_US)]


@pytest.mark.slow
def test_the_servers_plan_of_an_hour_reads_no_other_blocks(database: str) -> None:
    store = filled(open_store(database))
    with store._relaxed.connect() as connection:
        connection.execute(text("ANALYZE reading_blocks"))
        hour = select(reading_blocks.c.from_us).where(within(10 * DAY_US, 10 * DAY_US + 100))
        sql = str(hour.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}))  # type: ignore[no-untyped-call]
        connection.execute(text("SET enable_seqscan = off"))
        lines = "\n".join(str(row[0]) for row in connection.exec_driver_sql(f"EXPLAIN ANALYZE {sql}"))
    assert "reading_blocks_by_time" in lines
    assert "rows=3 loops=1" in lines
    store.close()
