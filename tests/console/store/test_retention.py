"""Deletion of history: in small batches, counted in the same transaction, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import event

from console.domain.crews import CrewFix
from console.domain.readings import Channel
from console.services.analysis.retention import FIRST_US, HistoryKind
from console.store import SqlStore, open_store
from tests.console.store.values import readings

DAY_US = 86_400_000_000
NOW_US = 1_800_000_000_000_000


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    """A store on each database with ten days of everything."""
    store = open_store(tmp_path / "s.sqlite" if request.param == "sqlite" else request.getfixturevalue("database"))
    for day in range(10):
        for row in range(3):
            store.append_readings(readings(row, (day * DAY_US, 1.0, 0), (day * DAY_US + 1000, 2.0, 0)))
        store.flush()
        store.append_positions(
            [CrewFix("C1", "一队", 0.0, 0.0, day * DAY_US + 1), CrewFix("C2", "二队", 0.0, 0.0, day * DAY_US + 1)]
        )
        store.append_expected(day * DAY_US, np.full((3, len(Channel)), 300.0))
    yield store
    store.close()


def delete_all(store: SqlStore, kind: HistoryKind, since_us: int, until_us: int, most: int = 1000) -> list[int]:
    counts = []
    while count := store.delete_history(kind, since_us, until_us, most, days=7, at_us=NOW_US):
        counts.append(count)
    return counts


def days_of(store: SqlStore) -> tuple[list[int], list[int], list[int]]:
    """Days with readings, positions and expected values."""
    found = store.readings_between(0, 2**60).at_us, store.tracks_between(0, 2**60).at_us, store.expected_between(0, 2**60).at_us
    readings_days, positions_days, expected_days = (np.unique(at_us // DAY_US).tolist() for at_us in found)
    return readings_days, positions_days, expected_days


def test_each_kind_goes_up_to_its_time_and_no_further(kept: SqlStore) -> None:
    delete_all(kept, HistoryKind.READINGS, FIRST_US, 4 * DAY_US)
    assert days_of(kept) == (list(range(4, 10)), list(range(10)), list(range(10)))
    delete_all(kept, HistoryKind.POSITIONS, FIRST_US, 7 * DAY_US)
    delete_all(kept, HistoryKind.EXPECTED, FIRST_US, 2 * DAY_US)
    assert days_of(kept) == (list(range(4, 10)), list(range(7, 10)), list(range(2, 10)))


def test_history_before_a_protected_period_is_kept(kept: SqlStore) -> None:
    for kind in HistoryKind:
        delete_all(kept, kind, 3 * DAY_US, 5 * DAY_US)
    left = [0, 1, 2, *range(5, 10)]
    assert days_of(kept) == (left, left, left)


def test_a_block_that_reaches_into_what_is_kept_stays_whole(kept: SqlStore) -> None:
    delete_all(kept, HistoryKind.READINGS, FIRST_US, 4 * DAY_US + 1000)
    assert len(kept.readings_between(4 * DAY_US, 4 * DAY_US + 1000)) == 6
    delete_all(kept, HistoryKind.READINGS, FIRST_US, 4 * DAY_US + 1001)
    assert len(kept.readings_between(4 * DAY_US, 4 * DAY_US + 1000)) == 0


def test_batches_are_bounded_and_their_sum_is_recorded_with_kind_and_span(
    kept: SqlStore,
) -> None:
    assert delete_all(kept, HistoryKind.READINGS, FIRST_US, 3 * DAY_US, 4) == [8, 8, 2]
    delete_all(kept, HistoryKind.POSITIONS, FIRST_US, DAY_US)
    first, second = kept.deletions(unrecorded=True)
    assert (first.kind, first.rows, first.from_us, first.until_us) == (HistoryKind.READINGS, 18, 0, 2 * DAY_US + 1000)
    assert (first.days, first.at_us) == (7, NOW_US)
    assert (second.kind, second.rows) == (HistoryKind.POSITIONS, 2)
    kept.mark_recorded([first.deletion_id])
    assert kept.deletions(unrecorded=True) == (second,)
    delete_all(kept, HistoryKind.READINGS, FIRST_US, 4 * DAY_US)
    assert [one.rows for one in kept.deletions()] == [18, 2, 6]


def test_a_batch_that_fails_neither_deletes_nor_counts(kept: SqlStore) -> None:
    def fail(_c: object, _k: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO deletions"):
            raise RuntimeError("the process ends here")

    event.listen(kept._relaxed, "before_cursor_execute", fail)
    with pytest.raises(RuntimeError):
        kept.delete_history(HistoryKind.READINGS, FIRST_US, 4 * DAY_US, 10, days=7, at_us=NOW_US)
    event.remove(kept._relaxed, "before_cursor_execute", fail)
    assert days_of(kept)[0] == list(range(10))
    assert kept.deletions() == ()
