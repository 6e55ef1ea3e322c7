"""PostgreSQL says to who listens that somebody has committed, and nothing else; SQLite has no such signal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from console.domain.actors import SYSTEM
from console.services.ports import CommitSignal, StaleState, StoreUnavailable
from console.store import SqlStore, open_store
from tests.console.store.values import NOW, opening

_LISTENING = text("SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()")


def heard(signal: CommitSignal) -> list[bool]:
    """Several waits: the server's farewell comes first, then the end of the connection."""
    return [signal.wait(10.0) for _ in range(3)]


@pytest.fixture
def kept(database: str) -> Iterator[SqlStore]:
    opened = open_store(database)
    yield opened
    opened.close()


@pytest.fixture
def signal(kept: SqlStore) -> Iterator[CommitSignal]:
    made = kept.commit_signal()
    assert made is not None
    yield made
    made.close()


def test_a_file_has_no_signal(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s.sqlite")
    assert store.commit_signal() is None
    store.close()


@pytest.mark.slow
def test_a_commit_ends_the_wait_of_another_process_and_one_that_was_undone_does_not(
    kept: SqlStore, signal: CommitSignal, database: str
) -> None:
    assert not signal.wait(0.05)
    other = open_store(database)
    done = other.commit(opening(), SYSTEM, NOW)
    other.commit(opening(2), SYSTEM, NOW)
    began = time.monotonic()
    assert signal.wait(10.0)
    assert time.monotonic() - began < 5.0
    while signal.wait(0.2):  # the second one, where it came in a packet of its own
        pass
    with pytest.raises(StaleState):
        other.commit(done.change_set, SYSTEM, NOW)
    assert not signal.wait(0.2)
    other.close()


@pytest.mark.slow
def test_a_lost_connection_is_said_and_the_next_signal_works(kept: SqlStore, signal: CommitSignal) -> None:
    with kept._durable.connect() as connection:
        (pid,) = connection.execute(_LISTENING).scalars().all()
        connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    with pytest.raises(StoreUnavailable, match="no signal of commits"):
        heard(signal)
    again = kept.commit_signal()
    assert again is not None
    kept.commit(opening(), SYSTEM, NOW)
    assert again.wait(10.0)
    again.close()
