"""Detection works in the background: readings do not wait for it, its findings come in order, and one that hangs is said."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.domain.readings import Channel
from console.engine import watch
from tests.console.engine.room import Room


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    opened = Room(tmp_path)
    yield opened
    opened.close()


def test_a_reading_is_shown_while_a_tick_waits_for_epanet_and_a_tick_that_hangs_is_said(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "SILENT_AFTER_S", 0.3)
    waits, answered, tick = threading.Event(), threading.Event(), room.detector.tick

    def slow(*columns: Any, **options: Any) -> Any:
        waits.set()
        assert answered.wait(10), "the reading waited for the tick"
        return tick(*columns, **options)

    monkeypatch.setattr(room.detector, "tick", slow)
    room.send("Q-001", 0.31)
    room.settles()
    room.clock.sleep(60)
    assert waits.wait(10)
    room.send("Q-001", 0.32)
    room.sees(lambda p: p.value[1, Channel.PRESSURE] == pytest.approx(320.0))
    room.sees(lambda p: any("detection is still at its tick of 2024-01-03T15:01:00" in feed.message for feed in p.feeds))
    answered.set()
    room.sees(lambda p: all(feed.state == "up" for feed in p.feeds))
    assert room.engine._watch.history.last_us % 60_000_000 == 0
