"""Retention in the engine: on its own thread, always logged, not with a wrong clock, never of open cases."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from console.domain.actors import SYSTEM
from console.domain.clock import micros
from console.domain.health import feeds_set_up
from console.domain.readings import ReadingBatch
from console.engine import rollup
from console.engine.retention import next_batch
from console.services.analysis.retention import RetentionRules
from console.store import open_store
from tests.console.engine.faulty_store import locked
from tests.console.engine.room import START, Room
from tests.console.store.values import NOW, opening

RULES = RetentionRules(readings_days=100, positions_days=10, expected_days=5, pause_s=0.01)
DAY = timedelta(days=1)
OLD = [START - 300 * DAY, START - 200 * DAY, START - 101 * DAY, START - 99 * DAY]


def old_readings(times: list[datetime]) -> ReadingBatch:
    at_us = np.array([micros(at) for at in times], dtype=np.int64)
    count = len(times)
    return ReadingBatch(
        np.ones(count, np.int32), np.zeros(count, np.uint8), at_us, np.full(count, 300.0), np.zeros(count, np.uint8)
    )


def left(room: Room) -> list[datetime]:
    """Times of old readings that are still there."""
    found = set(room.store.readings_between(0, 2**62).at_us.tolist())
    return [at for at in OLD if micros(at) in found]


@pytest.fixture(autouse=True)
def rolled_up_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readings are rolled up before they are deleted; what a test adds to the store is looked for all the time."""
    monkeypatch.setattr(rollup, "LOOK_S", 0.05)
    monkeypatch.setattr(rollup, "_SHARE", 0.0)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """An engine that checks continuously; nothing is deleted until a first reading confirms its clock."""
    made = Room(tmp_path, retention=RULES)
    made.store.append_readings(old_readings(OLD))
    made.store.flush()
    yield made
    made.close()


def hears(room: Room) -> None:
    """Send a reading dated now, which confirms the clock."""
    room.send(str(room.city.stations.asset_id[1]), 0.3)


def recorded(room: Room) -> list[dict[str, object]]:
    return [change.after for change in room.store.changes() if change.kind == "history_deleted"]


def test_history_older_than_its_setting_is_deleted_and_the_deletion_is_logged_and_chained(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    assert left(room) == OLD  # no reading yet: the clock is not confirmed
    with caplog.at_level(logging.WARNING):
        hears(room)
        room.waits(lambda: bool(recorded(room)))
    assert left(room) == OLD[3:]
    expected = {"kind": "readings", "from": OLD[0].isoformat(), "until": OLD[2].isoformat(), "rows": 3, "days": 100}
    assert recorded(room) == [expected]
    assert "deleted 3 values of readings" in caplog.text
    assert [change.actor for change in room.store.changes() if change.kind == "history_deleted"] == [SYSTEM]
    assert room.store.verify_chain() is None
    room.waits(lambda: not room.store.deletions(unrecorded=True))


def test_a_clock_set_years_ahead_deletes_nothing_and_a_banner_says_why_until_it_is_right(room: Room) -> None:
    hears(room)
    room.waits(lambda: bool(recorded(room)))
    room.clock.at = START + 3000 * DAY
    shown = room.sees(lambda picture: any(feed.name == "retention" for feed in picture.feeds))
    assert "retention" not in [feed.name for feed in feeds_set_up(shown.feeds)]
    assert "check clock and feed" in next(feed.message for feed in shown.feeds if feed.name == "retention")
    assert left(room) == OLD[3:]
    room.clock.at = START + DAY
    hears(room)
    room.sees(lambda picture: all(feed.name != "retention" for feed in picture.feeds))
    assert left(room) == OLD[3:]


def test_a_clock_set_years_back_deletes_nothing(room: Room) -> None:
    hears(room)
    room.waits(lambda: bool(recorded(room)))
    room.clock.at = START - 3000 * DAY
    room.sees(lambda picture: any(feed.name == "retention" for feed in picture.feeds))
    assert left(room) == OLD[3:]


def test_the_readings_of_an_open_case_stay_however_old_it_is(tmp_path: Path) -> None:
    store = open_store(tmp_path / "engine.sqlite")
    store.commit(opening(), SYSTEM, NOW)
    store.close()
    room = Room(tmp_path, at=NOW + 400 * DAY, retention=RULES)
    about = [NOW - timedelta(hours=2), NOW + 5 * DAY]
    room.store.append_readings(old_readings([NOW - 2 * DAY, *about]))
    room.store.flush()
    hears(room)
    room.waits(lambda: bool(recorded(room)))
    found = room.store.readings_between(0, micros(NOW + 300 * DAY)).at_us.tolist()
    assert found == [micros(at) for at in about]
    room.close()


def test_deletions_are_recorded_after_the_store_was_unavailable(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room.engine._retention, "_is_written", lambda _: False)  # as when the program ends here
    hears(room)
    room.waits(lambda: bool(room.store.deletions(unrecorded=True)))
    monkeypatch.undo()
    room.clock.sleep(1.5 * 86_400)
    hears(room)
    room.waits(lambda: bool(recorded(room)))
    assert recorded(room)[0]["rows"] == 3


def test_readings_are_kept_while_much_is_deleted(room: Room) -> None:
    many = [START - 400 * DAY + timedelta(minutes=minute) for minute in range(0, 60 * 24 * 200, 60)]
    room.store.append_readings(old_readings(many))
    room.store.flush()
    hears(room)
    room.waits(lambda: bool(recorded(room)))
    assert len(room.store.readings_between(micros(START), 2**62)) == 1
    assert recorded(room)[0]["rows"] == len(many) + 3


def test_a_locked_store_is_shown_and_tried_again(room: Room) -> None:
    with locked(room.store):
        hears(room)
        room.sees(lambda picture: any(feed.name == "retention" for feed in picture.feeds), within_s=30.0)
    room.waits(lambda: bool(recorded(room)))
    room.sees(lambda picture: all(feed.name != "retention" for feed in picture.feeds))


@pytest.mark.parametrize("per_row_s", [0.00001, 0.0004, 0.008, 0.2])
def test_the_size_of_deletion_batches_adapts_so_that_readings_are_not_delayed(per_row_s: float) -> None:
    rows, took = 20, []
    for _ in range(40):
        took.append(rows * per_row_s)
        rows = next_batch(rows, took[-1])
    assert max(took[10:]) <= max(0.05, per_row_s)
