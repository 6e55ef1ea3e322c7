"""History by station id: whatever a later dataset does with its rows, each station keeps its own."""

from __future__ import annotations

import logging
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from console.domain.readings import Channel, ReadingBatch
from console.store import SqlStore, open_store
from console.store.connection import engine_for, store_url
from tests.console.store.older import a_store_as_written, a_store_of_revision
from tests.console.store.values import readings

T0 = 1_704_294_000_000_000
MINUTE_US, DAY_US = 60_000_000, 86_400_000_000
DATASETS = st.lists(st.lists(st.sampled_from("ABCDEF"), min_size=1, max_size=6, unique=True), min_size=1, max_size=4)


def by_id(store: SqlStore, ids: list[str]) -> dict[str, list[float]]:
    """Values by station id, in the order of time."""
    batch = store.readings_between(0, 2**62, ids)
    found: dict[str, list[float]] = {}
    for row, value in zip(batch.station.tolist(), batch.value.tolist(), strict=True):
        found.setdefault(ids[row], []).append(value)
    return found


def expected(*pressures: float) -> np.ndarray:
    values = np.full((len(pressures), len(Channel)), np.nan)
    values[:, Channel.PRESSURE] = pressures
    return values


def test_reordered_added_and_removed_stations_keep_their_history(store: SqlStore) -> None:
    store.use_stations(["A", "B", "C"])
    for row in range(3):
        store.append_readings(readings(row, (T0, 100.0 + row, 0)))
    store.flush()
    store.use_stations(["C", "N", "A"])
    assert store.readings(0, 0, 0, T0)[1].tolist() == [102.0]
    assert store.readings(1, 0, 0, T0)[1].tolist() == []
    assert store.readings(2, 0, 0, T0)[1].tolist() == [100.0]
    store.append_readings(readings(1, (T0 + 1, 500.0, 0)))
    assert by_id(store, ["A", "B", "C", "N"]) == {"A": [100.0], "B": [101.0], "C": [102.0], "N": [500.0]}
    assert store.stations_between(0, 2**62) == ("A", "B", "C", "N")


def test_a_number_is_never_given_to_another_station_and_a_station_that_comes_back_finds_its_own(store: SqlStore) -> None:
    store.use_stations(["A", "B"])
    store.append_readings(readings(1, (T0, 2.0, 0)))
    store.use_stations(["A"])
    store.use_stations(["A", "C"])
    assert store.readings(1, 0, 0, T0)[1].size == 0
    store.use_stations(["B"])
    assert store.readings(0, 0, 0, T0)[1].tolist() == [2.0]


def test_readings_of_removed_stations_reach_neither_the_datasets_rows_nor_detection(store: SqlStore) -> None:
    store.use_stations(["A", "B"])
    store.append_readings(readings(0, (T0, 1.0, 0)))
    store.append_readings(readings(1, (T0, 2.0, 0)))
    store.use_stations(["B"])
    assert store.readings_between(0, 2**62).value.tolist() == [2.0]
    assert [part.station.tolist() for part in store.reading_parts(0, 2**62) if len(part)] == [[0]]


@settings(max_examples=30, deadline=None)
@given(datasets=DATASETS, moved_after=st.integers(0, 3))
def test_after_any_changes_of_the_dataset_every_reading_is_found_under_its_id(
    tmp_path_factory: pytest.TempPathFactory, datasets: list[list[str]], moved_after: int
) -> None:
    path = tmp_path_factory.mktemp("stations") / "s.sqlite"
    wanted: dict[str, list[float]] = {}
    for number, ids in enumerate(datasets):
        store = open_store(path)
        store.use_stations(ids)
        for row, station in enumerate(ids):
            value = number * 10.0 + row
            store.append_readings(readings(row, (T0 + number, value, 0)))
            wanted.setdefault(station, []).append(value)
        store.append_expected(T0 + number * MINUTE_US, expected(*range(len(ids))), np.arange(1.0, len(ids) + 1.0))
        if number == moved_after:
            store.flush()
        store.close()
    reader = open_store(path)
    every = sorted(wanted)
    assert by_id(reader, every) == wanted
    for number, ids in enumerate(datasets):
        found = reader.expected_between(T0 + number * MINUTE_US, T0 + number * MINUTE_US, every)
        assert found.sigma is not None
        shown = zip(found.station.tolist(), found.value.tolist(), found.sigma.tolist(), strict=True)
        assert {every[row]: (value, sigma) for row, value, sigma in shown} == {
            station: (float(row), row + 1.0) for row, station in enumerate(ids)
        }
    reader.close()


def test_a_store_with_stations_takes_no_rows_of_an_unknown_dataset(store: SqlStore) -> None:
    store.use_stations(["A"])
    again = open_store(store.where)
    with pytest.raises(ValueError, match="use_stations"):
        again.append_readings(readings(0, (T0, 1.0, 0)))
    again.close()


def test_a_dataset_used_again_writes_nothing(store: SqlStore) -> None:
    store.use_stations(["A", "B"])
    store.use_stations(["B", "A"])
    with closing(sqlite3.connect(store.where)) as other:
        other.execute("BEGIN IMMEDIATE")  # a writer would have to wait
        again = open_store(store.where)
        again.use_stations(["B", "A"])
        again.close()


@pytest.fixture
def old(tmp_path: Path) -> SqlStore:
    """A store that version 0005 wrote: four rows, late readings of row 1 over three days, a log not yet moved."""
    a_store_as_written(tmp_path / "old.sqlite", "store_0005.sql")
    return open_store(tmp_path / "old.sqlite")


def test_a_store_of_the_version_before_opens_with_everything_in_it(old: SqlStore) -> None:
    found = old.readings_between(0, 2**62)
    assert len(found) == 14
    late = [(T0 - 3 * DAY_US, 290.0, 0), (T0 - 2 * DAY_US - 1, 291.0, 2), (T0 - DAY_US, 292.0, 1)]
    usual = [(T0 + n * MINUTE_US, 310.0 + n, 0) for n in range(3)]
    of_row_1 = found.where(found.station == 1)
    rows = zip(of_row_1.at_us.tolist(), of_row_1.value.tolist(), of_row_1.quality.tolist(), strict=True)
    assert list(rows) == [*late, *usual]
    assert of_row_1.arrived_us is not None
    assert of_row_1.arrived_us.tolist() == [T0 + 201_000_000] * 3 + [T0 + 200_000_000] * 3
    ticks = old.expected_between(0, 2**62)
    assert ticks.value.tolist() == [level + n for level in (301.0, 311.0, 321.0, 331.0) for n in range(3)]
    assert len(old.positions("C1", 0, 2**62)) == 2
    assert old.verify_chain() is None
    assert set(old.load_desk().incidents) == {"2024-0001"}


def test_the_first_dataset_gives_its_stations_to_the_rows_of_an_old_store_and_the_log_says_so(
    old: SqlStore, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        old.use_stations(["A", "B", "C"])
    assert "row 0 is taken as station A, row 2 as C" in caplog.text
    assert "rows 3 to 3" in caplog.text
    old.use_stations(["C", "A"])
    assert old.readings(0, 0, T0, 2**62)[1].tolist() == [320.0, 321.0, 322.0, 323.0]
    assert by_id(old, ["?row-3"]) == {"?row-3": [330.0]}
    ticks = old.expected_between(T0, T0, ["?row-3", "B"])
    assert ticks.value.tolist() == [331.0, 311.0]
    assert ticks.sigma is not None
    assert ticks.sigma.tolist() == [4.0, 2.0]


def test_a_reader_assigns_nothing_in_an_old_store(old: SqlStore, caplog: pytest.LogCaptureFixture) -> None:
    assert by_id(old, ["X", "Y"])["Y"][-1] == 312.0
    assert old.stations_between(0, 2**62) == ()
    old.use_stations(["A", "B", "C", "D"])
    assert by_id(old, ["B"])["B"][-1] == 312.0


def test_an_old_stores_log_goes_on_behind_its_blocks(old: SqlStore) -> None:
    old.use_stations(["A", "B", "C", "D"])
    old.append_readings(readings(0, (T0, 305.0, 0)))  # corrects what is in a block
    old.flush()
    assert old.readings(0, 0, T0, T0)[1].tolist() == [305.0]


def test_no_block_of_an_old_store_reaches_over_a_day(old: SqlStore) -> None:
    with closing(sqlite3.connect(old.where)) as connection:
        spans = connection.execute("SELECT to_us - from_us FROM reading_blocks").fetchall()
    assert max(span for (span,) in spans) < DAY_US


def test_a_batch_by_rows_is_not_changed_by_its_filing(store: SqlStore) -> None:
    store.use_stations(["A", "B"])
    store.use_stations(["B", "A"])
    batch: ReadingBatch = readings(0, (T0, 1.0, 0))
    store.append_readings(batch)
    assert batch.station.tolist() == [0]


@pytest.mark.slow
def test_processes_with_different_datasets_give_one_number_to_a_station(database: str) -> None:
    datasets = [[f"S{(number * 7 + row) % 40}" for row in range(20)] for number in range(4)]
    stores = [open_store(database) for _ in datasets]
    threads = [threading.Thread(target=one.use_stations, args=(ids,)) for one, ids in zip(stores, datasets, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one, ids in zip(stores, datasets, strict=True):
        for row, station in enumerate(ids):
            one.append_readings(readings(row, (T0, float(station[1:]), 0)))
        one.flush()
    every = sorted({station for ids in datasets for station in ids})
    assert by_id(stores[0], every) == {station: [float(station[1:])] for station in every}
    assert sorted(stores[0].stations_between(T0, T0)) == every
    for one in stores:
        one.close()


@pytest.mark.slow
def test_a_server_of_the_version_before_opens_with_its_late_blocks_cut(empty_database: str) -> None:
    a_store_of_revision(empty_database, "0005")
    at_us, value = np.array([T0, T0 + 1, T0 + 3 * DAY_US], dtype="<i8"), np.array([1.0, 2.0, 3.0], dtype="<f8")
    engine = engine_for(store_url(empty_database), durable=True)
    with engine.begin() as connection:
        row = {"at": T0, "to": T0 + 3 * DAY_US, "packed": at_us.tobytes() + value.tobytes() + bytes(3)}
        connection.execute(text("INSERT INTO reading_blocks VALUES (1, 0, :at, 7, :to, :packed, NULL)"), row)
    engine.dispose()
    store = open_store(empty_database)
    assert store.readings(1, 0, T0 + 2 * DAY_US, T0 + 4 * DAY_US)[1].tolist() == [3.0]
    assert store.readings(1, 0, 0, 2**60)[1].tolist() == [1.0, 2.0, 3.0]
    store.use_stations(["A", "B"])
    assert store.readings_between(0, 2**60, ["B"]).value.tolist() == [1.0, 2.0, 3.0]
    store.close()
