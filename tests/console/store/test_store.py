"""Commits, restarts, conflicts, and faults of the environment."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, text

from console.domain.actors import Actor
from console.domain.alarms import AlarmState
from console.domain.changes import ChangeSet, Draft
from console.domain.crews import CrewFix
from console.domain.delivery import Delivery, DeliveryState
from console.domain.incidents import Phase
from console.domain.notes import NO_NOTE
from console.domain.outgoing import MessageKind, Outgoing
from console.services.ports import StaleState, StoreNewer, StoreUnavailable
from console.store import SqlStore, open_store
from maps.errors import InputFault
from tests.console.store.values import NOW, an_alarm, an_incident, opening, step, unnumbered


def test_a_restart_finds_open_cases_alarms_history_and_numbers(store: SqlStore) -> None:
    made = store.commit(unnumbered(), Actor.named("王"), NOW).changes
    again = open_store(store.where)
    state = again.load_desk()
    assert state.incidents == {"2024-0001": replace(an_incident(), alarm_ids=("A-000001",))}
    assert state.alarms == {"A-000001": replace(an_alarm(), incident_id="2024-0001")}
    assert state.history == {"incident/2024-0001": made[:1]}
    assert set(again.commit(unnumbered(), Actor.named("王"), NOW).ids.values()) == {"2024-0002", "A-000002"}


def test_the_state_kept_in_memory_equals_the_state_loaded(store: SqlStore) -> None:
    state = store.load_desk()
    for change_set in (unnumbered(), unnumbered(), step(1, 2, Phase.VERIFIED)):
        done = store.commit(change_set, Actor.named("王"), NOW)
        state = state.applied(done.change_set, done.changes)
    loaded = store.load_desk()
    assert dict(state.incidents) == dict(loaded.incidents)
    assert dict(state.alarms) == dict(loaded.alarms)
    assert dict(state.history) == dict(loaded.history)


def test_cases_closed_long_ago_are_not_loaded(store: SqlStore) -> None:
    store.commit(opening(1), Actor.named("王"), NOW)
    closed = replace(an_incident(1, 2, Phase.CLOSED), closed_at=NOW)
    store.commit(ChangeSet((Draft("x", "incident/2024-0001", {}, {}, NO_NOTE),), (closed,)), Actor.named("王"), NOW)
    cleared = replace(an_alarm(1, 2), state=AlarmState.CLEARED)
    store.commit(ChangeSet((Draft("x", "alarm/A-000001", {}, {}, NO_NOTE),), (cleared,)), Actor.named("王"), NOW)
    assert set(store.load_desk().incidents) == {"2024-0001"}
    store.commit(opening(2), Actor.named("王"), NOW + timedelta(hours=7))
    assert set(store.load_desk().incidents) == {"2024-0002"}
    assert set(store.load_desk().alarms) == {"A-000002"}
    assert store.incident("2024-0001") == closed


def test_a_change_to_an_older_version_is_refused_and_nothing_is_written(store: SqlStore) -> None:
    store.commit(opening(1), Actor.named("王"), NOW)
    store.commit(step(1, 2, Phase.VERIFIED), Actor.named("王"), NOW)
    before = store.changes()
    with pytest.raises(StaleState, match="2024-0001"):
        store.commit(step(1, 2, Phase.ISOLATING), Actor.named("李"), NOW)
    with pytest.raises(StaleState, match="opened elsewhere"):
        store.commit(opening(1), Actor.named("李"), NOW)
    assert store.changes() == before
    assert store.incident("2024-0001") == replace(an_incident(1, 2), phase=Phase.VERIFIED)


def test_a_commit_is_all_or_nothing(store: SqlStore) -> None:
    change_set = opening(1)
    bad = replace(change_set, outgoing=(*change_set.outgoing, Outgoing(MessageKind.OTHER, "t", b"", None)))  # type: ignore[arg-type]
    with pytest.raises(Exception, match="NOT NULL"):
        store.commit(bad, Actor.named("王"), NOW)
    assert store.changes() == ()
    assert store.pending_outgoing() == ()
    assert not store.load_desk().incidents
    assert not store.load_desk().alarms


def test_a_message_stays_pending_until_it_was_taken(store: SqlStore) -> None:
    store.commit(opening(1), Actor.named("王"), NOW)
    store.commit(opening(2), Actor.named("王"), NOW)
    first, second = store.pending_outgoing()
    assert first.outgoing == opening(1).outgoing[0]
    store.record_deliveries((), [first.outgoing_id])
    assert open_store(store.where).pending_outgoing() == (second,)
    store.record_deliveries((), [second.outgoing_id])
    assert store.pending_outgoing() == ()


def test_each_channel_of_a_message_has_its_own_delivery_record(store: SqlStore) -> None:
    store.commit(opening(1), Actor.named("王"), NOW)
    (one,) = store.pending_outgoing()
    assert one.deliveries == ()
    failed = Delivery("mqtt", DeliveryState.FAILED, 1, next_us=5_000_000, failure="Not authorized")
    store.record_deliveries([(one.outgoing_id, Delivery("folder", DeliveryState.SENT, 1)), (one.outgoing_id, failed)])
    (again,) = open_store(store.where).pending_outgoing()
    assert again.by("mqtt") == failed
    assert again.by("folder").state is DeliveryState.SENT
    assert again.by("smtp") == Delivery("smtp")
    store.record_deliveries([(one.outgoing_id, Delivery("mqtt", DeliveryState.CLAIMED, 2))])
    assert store.pending_outgoing()[0].by("mqtt") == Delivery("mqtt", DeliveryState.CLAIMED, 2)


def test_a_message_kept_under_a_topic_by_an_earlier_version_has_its_kind_and_addressee(store: SqlStore) -> None:
    store.commit(opening(1), Actor.named("王"), NOW)
    topics = {
        "quanmai/v1/jinan/orders/C1": (MessageKind.ORDER, "C1"),
        "quanmai/v1/jinan/orders/C1/valves": (MessageKind.VALVE_CARDS, "C1"),
        "quanmai/v1/jinan/areas/city/alerts": (MessageKind.ALERT, "city"),
        "quanmai/v1/jinan/fire_brigade/hydrants": (MessageKind.FIRE_BRIGADE, "hydrants"),
        "quanmai/v1/jinan/notices": (MessageKind.NOTICE, ""),
    }
    for topic, (kind, to) in topics.items():
        with store._durable.begin() as connection:
            connection.execute(text("UPDATE outgoing SET topic = :topic"), {"topic": topic})
        (one,) = store.pending_outgoing()
        assert (one.outgoing.kind, one.outgoing.to) == (kind, to)
        assert topic.endswith(f"/{one.outgoing.address}")


def test_a_naive_time_is_a_defect(store: SqlStore) -> None:
    with pytest.raises(ValueError, match="zone"):
        store.commit(opening(1), Actor.named("王"), datetime(2024, 1, 3))  # noqa: DTZ001


def test_positions_of_crews_are_kept_once(store: SqlStore) -> None:
    fixes = [CrewFix("C1", "一队", 1.5, 2.5, 20), CrewFix("C1", "一队", 1.0, 2.0, 10), CrewFix("C2", "二队", 0.0, 0.0, 0)]
    store.append_positions(fixes)
    store.append_positions(fixes)
    assert store.positions("C1", 0, 100) == ((10, 1.0, 2.0), (20, 1.5, 2.5))
    assert store.positions("C2", 0, 100) == ()


def test_a_store_of_a_newer_version_is_reported_in_one_line(store: SqlStore) -> None:
    with sqlite3.connect(store.where) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreNewer, match=r"newer version.*9999.*update"):
        open_store(store.where)


def test_a_database_of_another_program_is_refused_and_not_changed(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as connection:
        connection.execute("CREATE TABLE precious (x)")
    connection.close()
    with pytest.raises(InputFault, match="something else"):
        open_store(tmp_path / "other.db")
    with sqlite3.connect(tmp_path / "other.db") as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("precious",)]
    connection.close()


def test_a_file_that_is_no_database_is_reported(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"rubbish" * 1000)
    with pytest.raises(StoreUnavailable, match="no store of Quanmai"):
        open_store(tmp_path / "x.db")


def test_a_folder_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreUnavailable, match="check the disk"):
        open_store(tmp_path / "file" / "store.db")


@pytest.mark.parametrize("target", ["mysql://x/y", "nonsense://", "sqlite://"])
def test_an_address_that_cannot_be_a_store_is_reported(target: str) -> None:
    with pytest.raises(InputFault, match="store"):
        open_store(target)


def _pragma(store: SqlStore, pragma: str) -> None:
    """Sets a pragma on every connection from now on."""

    @event.listens_for(store._durable, "connect")
    def _set(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA {pragma}")

    store._durable.dispose()


@pytest.mark.parametrize(("pragma", "advice"), [("query_only=ON", "read-only"), ("max_page_count=1", "disk is full")])
def test_a_full_or_readonly_disk_is_reported_and_nothing_is_half_written(store: SqlStore, pragma: str, advice: str) -> None:
    store.commit(opening(1), Actor.named("王"), NOW)
    _pragma(store, pragma)
    big = replace(opening(2), outgoing=(Outgoing(MessageKind.OTHER, "t", bytes(3_000_000)),))
    with pytest.raises(StoreUnavailable, match=advice):
        store.commit(big, Actor.named("王"), NOW)
    again = open_store(store.where)
    assert len(again.changes()) == 2
    assert again.verify_chain() is None
    again.commit(opening(2), Actor.named("王"), NOW)
    assert set(again.load_desk().incidents) == {"2024-0001", "2024-0002"}
    again.close()


def test_a_locked_store_is_reported_and_works_again_afterwards(store: SqlStore) -> None:
    _pragma(store, "busy_timeout=50")
    other = sqlite3.connect(store.where, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="locked"):
        store.commit(opening(1), Actor.named("王"), NOW)
    assert store.changes() == ()
    other.execute("ROLLBACK")
    other.close()
    assert len(store.commit(opening(1), Actor.named("王"), NOW).changes) == 2


def test_two_consoles_on_one_store_never_break_the_chain(store: SqlStore) -> None:
    other = open_store(store.where)
    for number in range(1, 11):
        (store if number % 2 else other).commit(opening(number), Actor.named(f"u{number % 2}"), NOW)
    assert store.verify_chain() is None
    assert len(other.changes()) == 20
    other.close()
