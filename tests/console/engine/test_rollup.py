"""Roll-up in the engine: a durable job; readings are deleted only after they were rolled up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from console.domain.clock import micros
from console.domain.jobs import JobKind, JobState
from console.domain.readings import Channel
from console.domain.rollups import QUARTER_S
from console.engine import retrying, rollup
from console.services.analysis.retention import RetentionRules
from console.store import open_store
from maps.errors import QuanmaiError
from tests.console.engine.room import START, HandClock, Room
from tests.console.engine.test_retention import OLD, hears, left, old_readings
from tests.console.store.values import readings

RULES = RetentionRules(readings_days=100, pause_s=0.01)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With a store of old readings."""
    store = open_store(tmp_path / "engine.sqlite")
    store.append_readings(old_readings(OLD))
    store.flush()
    store.close()
    return tmp_path


def test_old_readings_are_rolled_up_and_then_deleted_and_a_chart_shows_their_means(folder: Path) -> None:
    room = Room(folder, retention=RULES)
    room.waits(lambda: room.store.rollups.due_since_us() is None)
    hears(room)
    room.waits(lambda: left(room) == OLD[3:])
    at_us, value, _ = room.engine.history(1, Channel.PRESSURE, 0)
    minute_us = 60_000_000
    assert at_us[:3].tolist() == [micros(at) // minute_us * minute_us + minute_us // 2 for at in OLD[:3]]
    assert value[:4].tolist() == [300.0] * 4
    (job,) = (one for one in room.store.jobs.unfinished() if one.key.kind is JobKind.ROLLUP)
    assert (job.state, job.attempts) == (JobState.WAITING, 0)
    assert 3_000 < job.wait_s <= 3_600
    room.close()


def test_readings_that_cannot_be_rolled_up_are_not_deleted_and_the_failure_is_shown(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrying, "_FIRST_S", 0.1)
    monkeypatch.setattr(retrying, "_LONGEST_S", 0.1)

    def full(_self: object) -> None:
        raise QuanmaiError("the disk is full")

    step = rollup.Rollup.step
    monkeypatch.setattr(rollup.Rollup, "step", full)
    room = Room(folder, retention=RULES)
    hears(room)
    room.sees(lambda p: any("not rolled up: the disk is full; attempt 3" in feed.message for feed in p.feeds))
    room.settles()
    assert left(room) == OLD
    monkeypatch.setattr(rollup.Rollup, "step", step)
    room.close()
    again = Room(folder, retention=RULES)
    hears(again)
    again.waits(lambda: left(again) == OLD[3:])
    again.close()


def test_a_day_is_rolled_up_an_hour_after_its_end_and_again_after_a_late_reading(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollup, "LOOK_S", 0.05)
    room = Room(folder)
    room.waits(lambda: room.store.rollups.due_since_us() is None)
    room.store.append_readings(old_readings([START, OLD[1] + timedelta(seconds=1)]))
    room.store.flush()
    today_us = micros(START) // 86_400_000_000 * 86_400_000_000
    room.waits(lambda: room.store.rollups.due_since_us() == today_us)  # the late one is in, today is not over
    found = room.store.rollups.between(1, Channel.PRESSURE, 0, 2**62, QUARTER_S)
    assert sorted(found.count.tolist()) == [1, 1, 1, 2]
    room.clock.at = START + timedelta(days=1, hours=1)
    room.waits(lambda: room.store.rollups.due_since_us() is None)
    room.close()


def test_a_long_day_is_rolled_up_in_short_steps_with_rests_each_channel_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollup, "_STEP_S", -1.0)
    monkeypatch.setattr(rollup, "_CHANNELS", 1)
    store = open_store(tmp_path / "s.sqlite")
    for station in range(3):
        store.append_readings(readings(station, (5, 300.0, 0)))
    store.flush()
    made: list[int] = []
    roll = store.rollups.roll

    def counted(day: int, keys: Sequence[tuple[int, int, int]]) -> int:
        made.extend(key[0] for key in keys)
        return roll(day, keys)

    monkeypatch.setattr(store.rollups, "roll", counted)
    job = rollup.Rollup(store.rollups, HandClock())
    pauses = [job.step().pause_s for _ in range(4)]
    assert made == [0, 1, 2]
    assert all(pause < rollup.LOOK_S for pause in pauses[:3])
    assert pauses[3] == rollup.LOOK_S
    assert store.rollups.due_since_us() is None
    store.close()
