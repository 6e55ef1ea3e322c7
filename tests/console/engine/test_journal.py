"""The journal keeps the order, writes each change set once even when a confirmation is lost, and reports what failed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from console.domain.actors import Actor
from console.domain.changes import ChangeSet, Committed
from console.engine import journal
from console.engine.faults import Faults
from console.services.incidents.opening import OpenIncident
from console.services.ports import OutcomeUnknown, StoreUnavailable
from tests.console.engine.room import Room, done
from tests.console.services.town import a_finding


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    monkeypatch.setattr(journal, "_RETRY_S", 0.1)
    opened = Room(tmp_path)
    yield opened
    opened.close()


def loses_one_answer(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next commit reaches the disk and its confirmation is lost."""
    commit = room.store.commit

    def lost(change_set: ChangeSet, actor: Actor, at: datetime) -> Committed:
        commit(change_set, actor, at)
        monkeypatch.setattr(room.store, "commit", commit)
        raise OutcomeUnknown("store s: the server does not answer (connection lost)")

    monkeypatch.setattr(room.store, "commit", lost)


def test_a_finding_whose_commit_was_not_confirmed_is_on_disk_once(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    loses_one_answer(room, monkeypatch)
    pipe = str(room.city.network.pipes.asset_id[200])
    room.finds(a_finding((pipe,), at=room.clock.at, stations=("Q-001", "Q-002")))
    (shown,) = room.sees(lambda p: len(p.incidents) == 1 and all(feed.state == "up" for feed in p.feeds)).incidents
    room.settles()
    assert len(room.store.changes_of(f"incident/{shown.incident_id}")) == len(room.engine.timeline(shown.incident_id)) == 1
    assert room.store.verify_chain() is None


def test_an_intent_answered_as_refused_that_is_on_disk_after_all_is_shown_as_stored(
    room: Room, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    loses_one_answer(room, monkeypatch)
    with pytest.raises(OutcomeUnknown) as answer:
        done(room.engine.submit(OpenIncident("P-104040"), Actor.named("王")))
    (shown,) = room.sees(lambda p: len(p.incidents) == 1).incidents
    assert "on disk after all" in caplog.text
    assert answer.value.written is True
    assert answer.value.log == room.engine.timeline(shown.incident_id)
    assert room.store.load_desk().incidents[shown.incident_id] == shown
    done(room.engine.submit(OpenIncident("P-104041"), Actor.named("王")))  # and the next number is free
    assert len(room.store.load_desk().incidents) == 2


def test_with_a_slow_store_findings_are_shown_at_once_and_intents_wait_for_the_commit(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "_SLOW_S", 0.05)
    goes_on, commit = threading.Event(), room.store.commit

    def slow(*arguments: Any) -> Committed:
        assert goes_on.wait(60)
        return commit(*arguments)

    monkeypatch.setattr(room.store, "commit", slow)
    pipe = str(room.city.network.pipes.asset_id[200])
    room.finds(a_finding((pipe,), at=room.clock.at, stations=("Q-001", "Q-002")))
    room.sees(lambda p: len(p.incidents) == 1)
    answer: Future[ChangeSet] = room.engine.submit(OpenIncident("P-104040"), Actor.named("王"))
    assert not answer.done()
    goes_on.set()
    done(answer)
    assert len(room.store.load_desk().incidents) == 2


@pytest.mark.parametrize("is_written", [True, False])
def test_with_a_store_that_hangs_intents_are_refused_findings_are_shown_and_the_picture_ends_as_stored(
    room: Room, monkeypatch: pytest.MonkeyPatch, is_written: bool
) -> None:
    monkeypatch.setattr(journal, "_SLOW_S", 0.05)
    monkeypatch.setattr(journal, "_STUCK_S", 0.2)
    monkeypatch.setattr("console.engine.engine.STUCK_S", 0.2)
    goes_on, commit = threading.Event(), room.store.commit

    def hangs(*arguments: Any) -> Committed:
        assert goes_on.wait(60)
        monkeypatch.setattr(room.store, "commit", commit)
        if not is_written:
            raise StoreUnavailable("store s: the server does not answer (timeout)")
        return commit(*arguments)

    monkeypatch.setattr(room.store, "commit", hangs)
    answer: Future[ChangeSet] = room.engine.submit(OpenIncident("P-104040"), Actor.named("王"))
    with pytest.raises(OutcomeUnknown, match="does not answer") as refused:
        done(answer)
    assert refused.value.written is None
    pipe = str(room.city.network.pipes.asset_id[200])
    room.finds(a_finding((pipe,), at=room.clock.at, stations=("Q-001", "Q-002")))
    room.sees(lambda p: len(p.incidents) == 1)
    room.sees(lambda p: any("has not answered" in feed.message for feed in p.feeds))
    with pytest.raises(StoreUnavailable):
        done(room.engine.submit(OpenIncident("P-104041"), Actor.named("王")))
    goes_on.set()
    room.waits(lambda: refused.value.written is is_written)
    assert [change.kind for change in refused.value.log] == (["incident_reported"] if is_written else [])
    cases = 2 if is_written else 1  # what the user asked and what was found, or that alone
    room.sees(lambda p: len(p.incidents) == cases and all(feed.state == "up" for feed in p.feeds))
    room.waits(lambda: dict(room.store.load_desk().incidents) == {one.incident_id: one for one in room.engine.latest().incidents})
    assert any(alarm.incident_id for alarm in room.engine.latest().alarms)
    assert room.store.verify_chain() is None
    done(room.engine.submit(OpenIncident("P-104042"), Actor.named("王")))
    assert len(room.store.load_desk().incidents) == cases + 1


def test_parts_that_fail_for_one_reason_are_one_fault_with_the_reason_said_once() -> None:
    faults = Faults()
    faults.begin("store", "store s: the disk is full", "2 change sets wait")
    faults.begin("store/readings", "store s: the disk is full", "30 readings wait")
    faults.begin("files/N1", "files of notice N1: no folder")
    assert [(feed.name, feed.message) for feed in faults.feeds()] == [
        ("store", "store s: the disk is full; 2 change sets wait; 30 readings wait"),
        ("files", "files of notice N1: no folder"),
    ]
    faults.end("store")
    assert faults.feeds()[0].message == "store s: the disk is full; 30 readings wait"
    faults.end("store/readings")
    assert [feed.name for feed in faults.feeds()] == ["files"]


def test_a_defect_is_shown_for_ten_minutes_after_it_happened_last() -> None:
    at = [0.0]
    faults = Faults(lambda: at[0])
    faults.defect("desk", ValueError("odd"))
    at[0] = 599.0
    assert [feed.name for feed in faults.feeds()] == ["engine"]
    at[0] = 601.0
    assert faults.feeds() == ()
