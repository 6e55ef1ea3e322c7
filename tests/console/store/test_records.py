"""Records of every kind in one table: versions, old stores, and what a query finds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from console.domain.actors import SYSTEM, Actor
from console.domain.alarms import AlarmState
from console.domain.changes import ChangeSet, Draft
from console.domain.incidents import Phase
from console.domain.notes import NO_NOTE
from console.services.ports import StaleState, StoreUnavailable
from console.store import SqlStore, open_store
from tests.console.store.older import filled_of_0005
from tests.console.store.values import NOW, an_alarm, an_incident, opening

pytest.importorskip("psycopg", reason="psycopg is not installed")
BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)]
ACTOR = Actor.named("王")


@pytest.fixture(params=BOTH)
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a store that is still to be made."""
    return str(request.getfixturevalue("empty_database")) if request.param == "postgresql" else str(tmp_path / "records.sqlite")


@pytest.fixture
def kept(where: str) -> Iterator[SqlStore]:
    opened = open_store(where)
    yield opened
    opened.close()


def alarm_step(version: int, state: AlarmState) -> ChangeSet:
    alarm = replace(an_alarm(1, version), state=state)
    return ChangeSet((Draft("k", "alarm/A-000001", {}, {"state": state.value}, NO_NOTE),), (alarm,))


def test_a_change_to_an_older_version_of_an_alarm_is_refused_and_nothing_is_written(kept: SqlStore) -> None:
    kept.commit(opening(1), ACTOR, NOW)
    kept.commit(alarm_step(2, AlarmState.ACKNOWLEDGED), ACTOR, NOW)
    before = kept.changes()
    for stale in (alarm_step(2, AlarmState.SHELVED), alarm_step(4, AlarmState.SHELVED)):
        with pytest.raises(StaleState, match="alarm A-000001"):
            kept.commit(stale, Actor.named("李"), NOW)
    assert kept.changes() == before
    assert kept.load_desk().alarms["A-000001"] == replace(an_alarm(1, 2), state=AlarmState.ACKNOWLEDGED)


def test_one_stale_record_of_a_change_set_keeps_the_others_from_being_written(kept: SqlStore) -> None:
    kept.commit(opening(1), ACTOR, NOW)
    kept.commit(alarm_step(2, AlarmState.ACKNOWLEDGED), ACTOR, NOW)
    both = alarm_step(2, AlarmState.CLEARED)
    both = replace(both, records=(replace(an_incident(1, 2), phase=Phase.VERIFIED), *both.records))
    with pytest.raises(StaleState):
        kept.commit(both, ACTOR, NOW)
    assert kept.incident("2024-0001") == an_incident(1, 1)


def test_records_that_were_open_in_a_window_are_found_and_no_others(kept: SqlStore) -> None:
    """By hand: 1 closed before the window, 2 closed in it, 3 open, 4 opened in it and closed, 5 opened after it."""
    hour = timedelta(hours=1)
    times = [(-9, -8), (-9, 1), (-9, None), (1, 1), (9, None)]
    for number, (opened, closed) in enumerate(times, start=1):
        incident = replace(an_incident(number), opened_at=NOW + opened * hour)
        if closed is not None:
            incident = replace(incident, phase=Phase.CLOSED, closed_at=NOW + closed * hour)
        kept.commit(ChangeSet((Draft("k", f"incident/2024-000{number}", None, {}, NO_NOTE),), (incident,)), ACTOR, NOW)
    since, until = (round((NOW + shift).timestamp() * 1e6) for shift in (-hour, 2 * hour))
    found = [one.incident_id for one in kept.records_between(since, until) if one in kept.incidents_between(0, 2**62)]
    assert found == ["2024-0002", "2024-0003", "2024-0004"]
    assert [one.incident_id for one in kept.incidents_between(since, until)] == ["2024-0004"]


def test_a_store_of_before_records_opens_with_its_cases_alarms_and_numbers_and_goes_on(where: str) -> None:
    filled_of_0005(where)
    store = open_store(where)
    state = store.load_desk()
    case, living, cleared = state.incidents["2024-0001"], state.alarms["A-000001"], state.alarms["A-000002"]
    assert (case.phase, case.version, case.burst_pipes, case.notices[0].notice_id) == (
        Phase.VERIFIED, 3, ("H10",), "2024-0001-N1",
    )  # fmt: skip
    assert (living.version, living.state, cleared.state) == (1, AlarmState.ACKNOWLEDGED, AlarmState.CLEARED)
    assert cleared.returned_at == datetime(2024, 1, 3, 15, 0, 45, tzinfo=UTC)
    with store._relaxed.connect() as one:
        rows = one.execute(text("SELECT kind, id, version, state, opened_us, closed_us, area, schema FROM records ORDER BY id"))
        assert [tuple(row) for row in rows] == [
            ("incident", "2024-0001", 3, "verified", 1704294005000000, None, "A1", 1),
            ("alarm", "A-000001", 1, "acknowledged", 1704294005000000, None, "", 1),
            ("alarm", "A-000002", 1, "cleared", 1704294035000000, 1704294045000000, "", 1),
        ]
    assert store.verify_chain() is None
    assert len(state.history["incident/2024-0001"]) == 3
    closed = replace(living, state=AlarmState.CLEARED, version=2)
    store.commit(ChangeSet((Draft("k", "alarm/A-000001", {}, {}, NO_NOTE),), (closed,)), SYSTEM, NOW)
    assert store.load_desk().alarms["A-000001"] == closed
    store.close()


def test_a_damaged_document_of_an_old_store_is_reported_when_it_is_read_and_the_store_opens(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    filled_of_0005(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE incidents SET document = '{'")
        connection.commit()
    store = open_store(path)
    with pytest.raises(StoreUnavailable, match="incident 2024-0001 cannot be understood"):
        store.load_desk()
    store.close()
