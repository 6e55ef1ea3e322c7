"""Arrival times: kept to the millisecond in log and blocks, unknown ones stay unknown, the first delivery counts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from alembic import command
from alembic.config import Config
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, text

from console.domain.readings import ReadingBatch
from console.store import SqlStore, migrations, open_store
from console.store.arrivals import Arrivals, by_arrival, unpacked_arrivals
from console.store.connection import engine_for, store_url
from console.store.reading_codec import packed
from console.store.tables import reading_log
from tests.console.store.values import readings

HOUR_US = 3_600_000_000
T0 = 1_704_294_000_000_000
ARRIVALS = st.lists(st.one_of(st.just(0), st.integers(1_000, 10**6), st.integers(T0, T0 + 10**18)), min_size=1, max_size=30)


def found(store: SqlStore) -> list[tuple[int, float, int]]:
    """(source time, value, arrival) of all that is kept."""
    batch = store.readings_between(0, T0 * 2)
    arrived = np.zeros(len(batch), np.int64) if batch.arrived_us is None else batch.arrived_us
    return list(zip(batch.at_us.tolist(), batch.value.tolist(), arrived.tolist(), strict=True))


def test_arrivals_are_found_again_from_the_log_and_from_blocks(store: SqlStore) -> None:
    store.append_readings(readings(1, (T0, 1.0, 0), (T0 + 7, 2.0, 0)).received(T0 + 2_000_900))
    store.append_readings(readings(1, (T0 - HOUR_US, 0.5, 0)).received(T0 + 5_000_000))
    store.append_readings(readings(1, (T0 + 9, 3.0, 0)))
    expected = [
        (T0 - HOUR_US, 0.5, T0 + 5_000_000),
        (T0, 1.0, T0 + 2_000_000),
        (T0 + 7, 2.0, T0 + 2_000_000),
        (T0 + 9, 3.0, 0),
    ]
    assert found(store) == expected
    store.flush()
    assert found(store) == expected
    store.append_readings(readings(1, (T0 + 10, 4.0, 0)).received(T0 + 11_000))
    assert found(store) == [*expected, (T0 + 10, 4.0, T0 + 11_000)]


def test_a_repeated_message_has_its_first_arrival_and_a_correction_its_own(store: SqlStore) -> None:
    store.append_readings(readings(1, (T0, 1.0, 0), (T0 + 60, 2.0, 0)).received(T0 + 1_000))
    store.append_readings(readings(1, (T0, 1.0, 0), (T0 + 60, 2.5, 0)).received(T0 + HOUR_US))
    assert found(store) == [(T0, 1.0, T0 + 1_000), (T0 + 60, 2.5, T0 + HOUR_US)]


def test_where_no_arrival_is_known_the_batch_says_so_as_a_whole(store: SqlStore) -> None:
    store.append_readings(readings(1, (T0, 1.0, 0)))
    assert store.readings_between(0, T0 * 2).arrived_us is None
    store.flush()
    assert store.readings_between(0, T0 * 2).arrived_us is None


def test_a_batch_of_several_arrivals_keeps_each(store: SqlStore) -> None:
    batch = replace(
        readings(1, (T0, 1.0, 0), (T0 + 1, 2.0, 0), (T0 + 2, 3.0, 0)), arrived_us=np.array([T0 + 9_000, 0, T0 + 4_000])
    )
    store.append_readings(batch)
    assert [arrived for _, _, arrived in found(store)] == [T0 + 9_000, 0, T0 + 4_000]


@settings(max_examples=60, deadline=None)
@given(arrived=ARRIVALS, start=st.integers(0, 20))
def test_packed_arrivals_come_back_to_the_millisecond(arrived: list[int], start: int) -> None:
    column = np.array([at - at % 1_000 for at in arrived], np.int64)
    start = min(start, len(column) - 1)
    packed = Arrivals.of(column).packed(start, len(column))
    assert unpacked_arrivals(packed, len(column) - start).tolist() == column[start:].tolist()


def test_a_usual_batch_is_one_part() -> None:
    assert len(list(by_arrival(readings(1, (T0, 1.0, 0), (T0 + 1, 2.0, 0)).received(T0 + 5)))) == 1


def test_a_store_of_the_first_revision_opens_with_its_arrivals_unknown(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    engine = engine_for(store_url(path), durable=True)
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    old: ReadingBatch = readings(1, (T0, 1.0, 0))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(insert(reading_log).values(rows=1, packed=packed(old)))
        block = {"s": 1, "c": 0, "at": T0 - 9, "packed": (T0 - 9).to_bytes(8, "little") + np.float64(0.5).tobytes() + b"\0"}
        connection.execute(text("INSERT INTO reading_blocks VALUES (:s, :c, :at, 0, :at, :packed)"), block)
    engine.dispose()
    store = open_store(path)
    assert found(store) == [(T0 - 9, 0.5, 0), (T0, 1.0, 0)]
    store.append_readings(readings(1, (T0 + 9, 2.0, 0)).received(T0 + 10_000))
    store.flush()
    assert [arrived for _, _, arrived in found(store)] == [0, 0, T0 + 10_000]
    store.close()


@pytest.mark.parametrize("ahead_us", [0, 3_000_000])
def test_a_delay_is_arrival_less_measurement(ahead_us: int) -> None:
    batch = readings(1, (T0 + ahead_us, 1.0, 0)).received(T0 + 1_500_000)
    assert batch.delay_s().tolist() == [1.5 - ahead_us / 1e6]
    assert np.isnan(readings(1, (T0, 1.0, 0)).delay_s()).all()
    assert readings(1, (T0, 1.0, 0)).known_us().tolist() == [T0]
