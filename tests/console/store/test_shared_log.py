"""A shared store: log rows of several processes, committed in any order and moved in between, lose no reading."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, event, insert

from console.store import SqlStore, open_store
from console.store.reading_codec import log_row
from console.store.tables import reading_blocks, reading_log
from tests.console.store.values import readings

pytest.importorskip("psycopg", reason="psycopg is not installed")
pytestmark = pytest.mark.slow

WRITERS = range(3)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["write", "commit"]), st.sampled_from(WRITERS)),
        st.tuples(st.sampled_from(["move", "look"]), st.frozensets(st.sampled_from(WRITERS))),
    ),
    max_size=14,
)


@pytest.fixture
def pair(database: str) -> Iterator[tuple[SqlStore, SqlStore]]:
    """Two processes' stores in one database."""
    first, second = open_store(database), open_store(database)
    yield first, second
    first.close()
    second.close()


@contextmanager
def between_statements(store: SqlStore, deed: Callable[[], object]) -> Iterator[None]:
    """Run ``deed`` after the first statement that the store sends."""
    waiting = [deed]

    def after(*_: Any) -> None:
        if waiting:
            waiting.pop()()

    event.listen(store._relaxed, "after_cursor_execute", after)
    try:
        yield
    finally:
        event.remove(store._relaxed, "after_cursor_execute", after)


class Writer:
    """Another process that appends: its transaction may stay open for long."""

    def __init__(self, store: SqlStore) -> None:
        self._connection: Connection = store._durable.connect()
        self._open: list[int] = []

    def write(self, at_us: int) -> None:
        """Append one reading, not committed yet."""
        self._connection.execute(insert(reading_log).values(log_row(readings(1, (at_us, float(at_us), 0)))))
        self._open.append(at_us)

    def commit(self) -> list[int]:
        """Commit; the times of what is on disk from now on."""
        self._connection.commit()
        done, self._open = self._open, []
        return done

    def close(self) -> None:
        self._connection.close()


def kept(store: SqlStore) -> list[int]:
    """Source times of all readings, repeated ones too."""
    return sorted(int(at) for part in store.reading_parts(0, 10**9) for at in part.at_us)


def test_a_row_committed_while_later_ones_are_moved_is_not_lost(pair: tuple[SqlStore, SqlStore]) -> None:
    ours, _ = pair
    theirs = Writer(ours)
    theirs.write(10)  # the lower id, committed last
    ours.append_readings(readings(1, (20, 20.0, 0)))
    with between_statements(ours, theirs.commit):
        ours.flush()
    assert kept(ours) == [10, 20]
    ours.flush()
    assert kept(ours) == [10, 20]
    theirs.close()


def test_two_processes_that_move_at_once_move_each_reading_once(pair: tuple[SqlStore, SqlStore]) -> None:
    ours, theirs = pair
    ours.append_readings(readings(1, (10, 1.0, 0), (20, 2.0, 0)))
    with between_statements(ours, lambda: theirs.append_readings(readings(2, (30, 3.0, 0)))):
        ours.flush()
    theirs.flush()
    assert kept(ours) == [10, 20, 30]


def test_a_query_sees_what_another_process_moves_meanwhile(pair: tuple[SqlStore, SqlStore]) -> None:
    ours, theirs = pair
    ours.append_readings(readings(1, (10, 1.0, 0), (20, 2.0, 0)))
    with between_statements(ours, theirs.flush):
        assert ours.readings(1, 0, 0, 100)[1].tolist() == [1.0, 2.0]
    ours.append_readings(readings(1, (30, 3.0, 0)))
    with between_statements(ours, theirs.flush):
        assert len(ours.readings_between(0, 100)) == 3
    ours.append_readings(readings(1, (40, 4.0, 0)))
    with between_statements(ours, theirs.flush):
        assert set(kept(ours)) == {10, 20, 30, 40}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_in_any_order_of_writes_commits_and_moves_what_is_kept_equals_a_plain_list(
    pair: tuple[SqlStore, SqlStore], steps: list[tuple[str, Any]]
) -> None:
    ours, theirs = pair
    with ours._durable.begin() as connection:
        connection.execute(delete(reading_log))
        connection.execute(delete(reading_blocks))
    writers = [Writer(ours) for _ in WRITERS]
    committed: list[int] = []

    def commit(which: frozenset[int]) -> None:
        for number in sorted(which, reverse=True):
            committed.extend(writers[number].commit())

    def commit_and_move(which: frozenset[int]) -> None:
        commit(which)
        theirs.flush()

    for number, (what, who) in enumerate(steps):
        match what:
            case "write":
                writers[who].write(number)
            case "commit":
                commit(frozenset({who}))
            case "move":
                with between_statements(ours, partial(commit, who)):
                    ours.flush()
                assert kept(ours) == sorted(committed)
            case "look":
                before = set(committed)
                with between_statements(ours, partial(commit_and_move, who)):
                    assert before <= set(kept(ours))
    commit(frozenset(WRITERS))
    theirs.flush()
    assert kept(ours) == sorted(committed)
    for writer in writers:
        writer.close()
