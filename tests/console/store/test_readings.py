"""Readings: everything appended is found, in the log and in blocks."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from console.domain.readings import Quality, ReadingBatch
from console.services.ports import NotLeading
from console.store import SqlStore, open_store
from console.store import readings as readings_module
from tests.console.store.values import readings

SAMPLES = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(0, 30), st.floats(-1e6, 1e6)), min_size=1, max_size=40
)


def test_readings_come_back_in_time_order_with_bad_ones_as_gaps(store: SqlStore) -> None:
    store.append_readings(readings(3, (30, 3.0, Quality.GOOD), (10, 1.0, Quality.GOOD), (20, 2.0, Quality.BAD)))
    at_us, value = store.readings(3, 0, 0, 100)
    assert at_us.tolist() == [10, 20, 30]
    np.testing.assert_array_equal(value, [1.0, np.nan, 3.0])
    assert store.readings(4, 0, 0, 100)[0].size == 0
    assert store.readings(3, 0, 11, 29)[0].tolist() == [20]


def test_readings_survive_a_restart_before_and_after_they_are_moved_into_blocks(store: SqlStore) -> None:
    store.append_readings(readings(1, (10, 1.0, 0)))
    store.flush()
    store.append_readings(readings(1, (5, 0.5, 0), (20, 2.0, 0)))
    for _ in range(2):
        again = open_store(store.where)
        at_us, value = again.readings(1, 0, 0, 100)
        assert (at_us.tolist(), value.tolist()) == ([5, 10, 20], [0.5, 1.0, 2.0])
        again.flush()
        again.close()


@settings(max_examples=25, deadline=None)
@given(batches=st.lists(SAMPLES, min_size=1, max_size=5), moved_after=st.integers(0, 4))
def test_a_query_finds_the_last_copy_of_every_reading_appended(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[tuple[int, int, int, float]]], moved_after: int
) -> None:
    store = open_store(tmp_path_factory.mktemp("readings") / "store.db")
    expected: dict[tuple[int, int], dict[int, float]] = {}
    for number, samples in enumerate(batches):
        station, channel, at_us, value = zip(*samples, strict=True)
        store.append_readings(
            ReadingBatch(
                np.array(station, dtype=np.int32),
                np.array(channel, dtype=np.uint8),
                np.array(at_us, dtype=np.int64),
                np.array(value, dtype=np.float64),
                np.zeros(len(samples), dtype=np.uint8),
            )
        )
        for s, c, t, v in samples:
            expected.setdefault((s, c), {})[t] = v
        if number == moved_after:
            store.flush()
    for (s, c), series in expected.items():
        found_at, found = store.readings(s, c, 5, 25)
        wanted = sorted((t, v) for t, v in series.items() if 5 <= t <= 25)
        assert list(zip(found_at.tolist(), found.tolist(), strict=True)) == wanted
    store.close()


def test_the_log_is_moved_by_itself_before_it_grows_long(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings_module, "MOVED_AT_BATCHES", 3)
    for number in range(7):
        store.append_readings(readings(1, (number, float(number), 0)))
    assert store._readings._batches == 1
    assert store.readings(1, 0, 0, 100)[0].tolist() == list(range(7))


def test_twenty_thousand_readings_a_second_are_kept_with_room_to_spare(store: SqlStore) -> None:
    count, rounds = 2_000, 100
    batch = [
        ReadingBatch(
            np.arange(count, dtype=np.int32),
            np.zeros(count, dtype=np.uint8),
            np.full(count, number, dtype=np.int64),
            np.full(count, 300.0),
            np.zeros(count, dtype=np.uint8),
        )
        for number in range(rounds)
    ]
    start = time.thread_time()  # of this thread's work: the machine may have other work
    for one in batch:
        store.append_readings(one)
    spent_s = time.thread_time() - start
    assert store.readings(7, 0, 0, rounds)[0].size == rounds
    assert rounds * count / spent_s > 20_000


def test_a_process_that_leads_no_more_moves_nothing_into_blocks(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.store.readings.MOVED_AT_ROWS", 1)
    asked: list[Connection] = []

    def check(connection: Connection) -> None:
        asked.append(connection)
        if len(asked) == 2:
            raise NotLeading("another process leads")

    with pytest.raises(NotLeading):
        store._readings.append(readings(1, (5, 1.0, 0)), check)
    with store._relaxed.connect().execution_options(quanmai_read=True) as connection:
        rows = [connection.execute(text(f"SELECT count(*) FROM {name}")).scalar() for name in ("reading_log", "reading_blocks")]
    assert rows == [1, 0]
