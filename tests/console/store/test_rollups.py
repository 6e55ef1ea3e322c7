"""Readings rolled up: the same as a plain loop over the readings gives, whatever came late, twice or in between."""

from __future__ import annotations

import math
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from console.domain.readings import Quality, ReadingBatch
from console.domain.rollups import MINUTE_S, QUARTER_S, Buckets, rolled
from console.services.analysis.retention import FIRST_US, HistoryKind
from console.services.ports import NotLeading
from console.store import SqlStore, open_store
from console.store.rollup_codec import packed, unpacked
from tests.console.store.older import a_store_of_revision
from tests.console.store.values import readings

DAY_US, MINUTE_US = 86_400_000_000, 60_000_000
LATER = 10_000 * DAY_US
Kept = dict[tuple[int, int], dict[int, float]]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    """An empty store."""
    opened = open_store(tmp_path / "s.sqlite" if request.param == "sqlite" else request.getfixturevalue("database"))
    yield opened
    opened.close()


def roll_all(store: SqlStore) -> int:
    """Roll up what is due; how many channels of days were made."""
    made = 0
    for due in store.rollups.due(LATER):
        keys = store.rollups.missing(due.day)
        store.rollups.roll(due.day, keys)
        store.rollups.finish(due)
        made += len(keys)
    return made


def by_hand(values: dict[int, float], width_s: int) -> list[tuple[int, float, float, float, int]]:
    """Buckets by a plain loop: (start, least, mean, most, count)."""
    found: dict[int, list[float]] = defaultdict(list)
    for at_us, value in values.items():
        if not math.isnan(value):
            found[at_us // (width_s * 1_000_000) * width_s * 1_000_000].append(value)
    return [(start, min(some), math.fsum(some) / len(some), max(some), len(some)) for start, some in sorted(found.items())]


def assert_same(found: Buckets, expected: list[tuple[int, float, float, float, int]]) -> None:
    assert found.start_us.tolist() == [one[0] for one in expected]
    assert found.count.tolist() == [one[4] for one in expected]
    for column, at in ((found.least, 1), (found.mean, 2), (found.most, 3)):
        np.testing.assert_allclose(column, [one[at] for one in expected], rtol=1e-7)  # they are kept as float32


def some_batches(seed: int, batches: int, per_batch: int) -> Iterator[ReadingBatch]:
    """Readings of six stations and two channels over three days, out of order, some repeated with another value, some bad."""
    chance = np.random.default_rng(seed)
    for _ in range(batches):
        quality = np.where(chance.random(per_batch) < 0.1, Quality.BAD, Quality.GOOD).astype(np.uint8)
        at_us = chance.integers(0, 3 * 86_400 // 20, per_batch) * 20_000_000
        yield ReadingBatch(
            chance.integers(0, 6, per_batch).astype(np.int32), chance.integers(0, 2, per_batch).astype(np.uint8), at_us,
            chance.normal(300.0, 20.0, per_batch), quality,
        )  # fmt: skip


def add(plain: Kept, batch: ReadingBatch) -> None:
    """The same readings in plain dicts: the later copy of a time counts."""
    columns = (batch.station, batch.channel, batch.at_us, batch.value, batch.quality)
    for station, channel, at_us, value, quality in zip(*(column.tolist() for column in columns), strict=True):
        plain[station, channel][at_us] = math.nan if quality == Quality.BAD else value


def assert_all_same(store: SqlStore, plain: Kept) -> None:
    for (station, channel), values in plain.items():
        for width_s in (MINUTE_S, QUARTER_S):
            assert_same(store.rollups.between(station, channel, 0, 4 * DAY_US, width_s), by_hand(values, width_s))


def test_least_mean_most_and_count_are_those_of_a_plain_loop_after_each_late_batch(kept: SqlStore) -> None:
    plain: Kept = defaultdict(dict)
    for number, batch in enumerate(some_batches(7, 12, 900)):
        kept.append_readings(batch)
        add(plain, batch)
        if number % 3 == 2:
            kept.flush()
            assert roll_all(kept) > 0
            assert_all_same(kept, plain)
    assert kept.rollups.due(LATER) == ()
    assert roll_all(kept) == 0


def test_a_late_reading_rolls_up_its_own_channel_and_day_again_and_nothing_else(kept: SqlStore) -> None:
    for station in range(3):
        kept.append_readings(readings(station, *((day * DAY_US + 5, 300.0, 0) for day in range(3))))
    kept.flush()
    assert roll_all(kept) == 9
    kept.append_readings(readings(1, (DAY_US + 7, 200.0, 0)))
    kept.flush()
    (due,) = kept.rollups.due(LATER)
    assert due.day == 1
    assert [key[:2] for key in kept.rollups.missing(1)] == [(1, 0)]
    roll_all(kept)
    found = kept.rollups.between(1, 0, 0, 3 * DAY_US, MINUTE_S)
    assert (found.least.tolist(), found.mean.tolist(), found.count.tolist()) == ([300, 200, 300], [300, 250, 300], [1, 2, 1])


def test_a_day_is_due_once_it_has_ended_and_an_interrupted_roll_up_goes_on_where_it_was(kept: SqlStore) -> None:
    for station in range(4):
        kept.append_readings(readings(station, (DAY_US + 5, 300.0, 0)))
    kept.flush()
    assert kept.rollups.due(2 * DAY_US - 1) == ()
    (due,) = kept.rollups.due(2 * DAY_US)
    keys = kept.rollups.missing(due.day)
    kept.rollups.roll(due.day, keys[:2])  # and then the process ends
    assert kept.rollups.due_since_us() == DAY_US
    assert kept.rollups.missing(due.day) == keys[2:]
    assert roll_all(kept) == 2
    assert kept.rollups.due_since_us() is None


def test_a_day_that_gets_readings_while_it_is_rolled_up_stays_due(kept: SqlStore) -> None:
    kept.append_readings(readings(0, (5, 300.0, 0)))
    kept.flush()
    (due,) = kept.rollups.due(LATER)
    kept.rollups.roll(0, kept.rollups.missing(0))
    kept.append_readings(readings(0, (9, 100.0, 0)))
    kept.flush()
    kept.rollups.finish(due)
    assert [one.day for one in kept.rollups.due(LATER)] == [0]
    roll_all(kept)
    assert kept.rollups.between(0, 0, 0, DAY_US, MINUTE_S).mean.tolist() == [200.0]


def test_where_readings_were_deleted_means_of_minutes_then_of_quarters_take_their_place(kept: SqlStore) -> None:
    plain: Kept = defaultdict(dict)
    for batch in some_batches(3, 3, 3_000):
        kept.append_readings(batch)
        add(plain, batch)
    kept.flush()
    roll_all(kept)
    kept.delete_history(HistoryKind.READINGS, FIRST_US, 2 * DAY_US, 10_000, days=1, at_us=0)
    kept.delete_history(HistoryKind.MINUTES, FIRST_US, DAY_US, 10_000, days=1, at_us=0)
    raw_from_us = min(kept.readings_between(0, LATER).at_us.tolist())
    at_us, value = kept.readings(2, 1, 0, LATER)
    quarters = by_hand(plain[2, 1], QUARTER_S)
    minutes = by_hand(plain[2, 1], MINUTE_S)
    first_day = [(start + QUARTER_S * 500_000, mean) for start, _, mean, _, _ in quarters if start < DAY_US]
    assert at_us[: len(first_day)].tolist() == [one[0] for one in first_day]
    np.testing.assert_allclose(value[: len(first_day)], [one[1] for one in first_day], rtol=1e-7)
    second = (at_us >= DAY_US) & (at_us < min(raw_from_us, 2 * DAY_US))
    second_day = [
        start + MINUTE_S * 500_000 for start, *_ in minutes if DAY_US <= start < min(raw_from_us, 2 * DAY_US) - MINUTE_US
    ]
    assert at_us[second][: len(second_day)].tolist() == second_day
    last = at_us >= 2 * DAY_US
    assert at_us[last].tolist() == sorted(time for time in plain[2, 1] if time >= 2 * DAY_US)  # the readings themselves
    assert (np.diff(at_us) > 0).all()


def test_a_reading_that_comes_after_the_others_of_its_day_were_deleted_is_added_to_what_is_rolled_up(kept: SqlStore) -> None:
    kept.append_readings(readings(0, (5, 300.0, 0), (6, 310.0, 0), (MINUTE_US, 320.0, 0)))
    kept.flush()
    roll_all(kept)
    kept.delete_history(HistoryKind.READINGS, FIRST_US, DAY_US, 10, days=1, at_us=0)
    kept.append_readings(readings(0, (7, 290.0, 0)))
    kept.flush()
    for _ in range(2):
        roll_all(kept)
        found = kept.rollups.between(0, 0, 0, DAY_US, MINUTE_S)
        assert (found.mean.tolist(), found.count.tolist(), found.least.tolist()) == ([300.0, 320.0], [3, 1], [290.0, 320.0])


def test_a_follower_rolls_nothing_up(tmp_path: Path) -> None:
    leader = open_store(tmp_path / "s.sqlite", "engine", is_shared=True)
    follower = open_store(tmp_path / "s.sqlite", "engine", is_shared=True)
    leader.hold_lease()
    leader.append_readings(readings(0, (5, 300.0, 0)))
    leader.flush()
    (due,) = follower.rollups.due(LATER)
    with pytest.raises(NotLeading):
        follower.rollups.roll(0, follower.rollups.missing(0))
    with pytest.raises(NotLeading):
        follower.rollups.finish(due)
    assert roll_all(leader) == 1
    leader.close()
    follower.close()


def test_the_days_of_a_store_of_before_are_due_when_it_opens(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    a_store_of_revision(path, "0010")
    values = np.array([3 * DAY_US + 9], "<i8").tobytes() + np.array([300.0], "<f8").tobytes() + b"\0"
    with sqlite3.connect(path) as connection:
        connection.execute(
            "INSERT INTO reading_blocks (station, channel, from_us, block_no, to_us, packed) VALUES (0, 0, ?, 1, ?, ?)",
            (3 * DAY_US + 9, 3 * DAY_US + 9, values),
        )
    connection.close()
    store = open_store(path)
    assert [one.day for one in store.rollups.due(LATER)] == [3]
    roll_all(store)
    assert store.rollups.between(0, 0, 0, LATER, QUARTER_S).mean.tolist() == [300.0]
    store.close()


def test_buckets_are_packed_with_seven_digits_and_exact_counts() -> None:
    chance = np.random.default_rng(1)
    at_us = np.sort(chance.choice(86_400_000, 5_000, replace=False)) * 1_000 + 5 * DAY_US
    made = rolled(at_us, chance.normal(0.0, 1e4, 5_000), MINUTE_S)
    again = unpacked(packed(made, 5, MINUTE_S), 5, MINUTE_S)
    assert again.start_us.tolist() == made.start_us.tolist()
    assert again.count.tolist() == made.count.tolist()
    for name in ("least", "mean", "most"):
        assert getattr(again, name).tolist() == getattr(made, name).astype(np.float32).tolist()
