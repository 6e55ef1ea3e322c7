"""The same store over a real PostgreSQL server, started for these tests alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import exc, text

from console.domain.actors import Actor
from console.domain.delivery import Delivery, DeliveryState
from console.domain.incidents import Phase
from console.domain.outgoing import MessageKind, Outgoing
from console.domain.readings import Channel
from console.services.ports import StaleState, StoreNewer, StoreUnavailable
from console.store import SqlStore, open_store
from console.store.tables import metadata
from tests.console.store.values import NOW, opening, readings, step, unnumbered
from tests.postgresql import Server

pytest.importorskip("psycopg", reason="psycopg is not installed")
pytestmark = pytest.mark.slow


@pytest.fixture
def shared(database: str) -> Iterator[SqlStore]:
    """An empty store in a database of its own."""
    store = open_store(database)
    yield store
    store.close()


def test_a_case_is_kept_and_loaded_as_in_sqlite(shared: SqlStore) -> None:
    state = shared.load_desk()
    for change_set in (unnumbered(), unnumbered(), step(1, 2, Phase.VERIFIED)):
        done = shared.commit(change_set, Actor.named("王"), NOW)
        state = state.applied(done.change_set, done.changes)
    again = open_store(_url(shared))
    loaded = again.load_desk()
    assert dict(state.incidents) == dict(loaded.incidents)
    assert dict(state.history) == dict(loaded.history)
    assert again.verify_chain() is None
    first, _ = again.pending_outgoing()
    assert first.outgoing == Outgoing(MessageKind.OTHER, "cases/2024-0001", b'{"order_id":"2024-0001-W1"}')
    again.record_deliveries([(first.outgoing_id, Delivery("mqtt", DeliveryState.SENT, 1))], [first.outgoing_id])
    assert len(shared.pending_outgoing()) == 1
    again.close()


def test_a_stale_decision_writes_nothing(shared: SqlStore) -> None:
    shared.commit(opening(1), Actor.named("王"), NOW)
    for stale in (opening(1), step(1, 5, Phase.CLOSED)):
        with pytest.raises(StaleState):
            shared.commit(stale, Actor.named("李"), NOW)
    assert len(shared.changes()) == 2


def test_the_server_itself_refuses_to_edit_the_chain(shared: SqlStore) -> None:
    shared.commit(opening(1), Actor.named("王"), NOW)
    for act in ("UPDATE changes SET note = 'x'", "DELETE FROM changes", "TRUNCATE changes CASCADE"):
        with pytest.raises(exc.DBAPIError, match="append-only"), shared._durable.begin() as connection:
            connection.execute(text(act))
    assert shared.verify_chain() is None


def test_many_consoles_at_once_make_one_whole_chain(shared: SqlStore) -> None:
    consoles = [open_store(_url(shared)) for _ in range(4)]

    def work(console: SqlStore, first: int) -> None:
        for number in range(first, first + 10):
            console.commit(opening(number), Actor.named("王"), NOW)

    threads = [threading.Thread(target=work, args=(console, 1 + 10 * number)) for number, console in enumerate(consoles)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(shared.changes()) == 80
    assert shared.verify_chain() is None
    for console in consoles:
        console.close()


def test_readings_are_found_in_the_log_and_in_blocks(shared: SqlStore) -> None:
    shared.append_readings(readings(1, (10, 1.0, 0)))
    shared.flush()
    shared.append_readings(readings(1, (5, 0.5, 0), (20, 2.0, 0)).received(50_000))
    shared.flush()
    assert shared.readings_between(0, 100).known_us().tolist() == [50_000, 10, 50_000]
    at_us, value = shared.readings(1, 0, 0, 100)
    assert (at_us.tolist(), value.tolist()) == ([5, 10, 20], [0.5, 1.0, 2.0])


def test_expected_values_are_kept_tick_by_tick(shared: SqlStore) -> None:
    for tick, level in ((1, 300.0), (1, 200.0), (2, 301.0)):
        shared.append_expected(tick, np.full((2, len(Channel)), level))
    pressures = shared.expected_between(1, 2)
    assert set(zip(pressures.at_us.tolist(), pressures.value.tolist(), strict=True)) == {(1, 300.0), (2, 301.0)}


def test_the_migrated_tables_are_those_of_the_code(shared: SqlStore) -> None:
    with shared._durable.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_store_of_a_newer_version_is_reported(shared: SqlStore) -> None:
    with shared._durable.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreNewer, match="newer version"):
        open_store(_url(shared))


def test_a_server_that_went_away_is_reported_and_used_again_when_it_is_back(server: Server, shared: SqlStore) -> None:
    shared.commit(opening(1), Actor.named("王"), NOW)
    server.stop()
    with pytest.raises(StoreUnavailable, match="does not answer"):
        shared.commit(opening(2), Actor.named("王"), NOW)
    server.start()
    shared.commit(opening(2), Actor.named("王"), NOW)
    assert shared.verify_chain() is None
    assert set(shared.load_desk().incidents) == {"2024-0001", "2024-0002"}


def test_a_missing_server_is_reported(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="check that it runs"):
        open_store(f"postgresql://postgres@/x?host={tmp_path}")


def _url(store: SqlStore) -> str:
    return store._durable.url.render_as_string(hide_password=False)
