"""An engine whose thread is blocked reports it in the log, in the window and by its exit code."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.picture import Picture
from console.engine.watchdog import SILENT_AFTER_S, Watchdog
from tests.console.engine.room import Room


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    opened = Room(tmp_path)
    yield opened
    opened.close()


class Block:
    """A subscriber that blocks the engine's thread until the test releases it."""

    def __init__(self) -> None:
        self.on, self.held = threading.Event(), threading.Event()
        self.gone = threading.Event()

    def __call__(self, _: Picture) -> None:
        if self.on.is_set():
            self.held.set()
            self.gone.wait()


def test_a_blocked_engine_is_reported_with_its_stack_and_again_when_it_continues(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    assert SILENT_AFTER_S == 10.0
    room.engine.watchdog._limit_s = 1.0
    told = threading.Event()
    room.engine.watchdog.listen(told.set)
    block = Block()
    room.engine.subscribe(block)
    block.on.set()
    assert block.held.wait(60)
    try:
        assert told.wait(60)
        assert room.engine.watchdog.is_silent.is_set()
        assert "its thread has not turned" in caplog.text
        assert "self.gone.wait()" in caplog.text  # where it stands
    finally:
        block.on.clear()
        block.gone.set()
    until = time.monotonic() + 10
    while room.engine.watchdog.is_silent.is_set():
        assert time.monotonic() < until
        threading.Event().wait(0.05)
    assert "turns again" in caplog.text


def test_an_engine_without_messages_is_not_reported_as_blocked(room: Room) -> None:
    turns = room.engine.watchdog._turns
    room.waits(lambda: room.engine.watchdog._turns >= turns + 20)  # nothing arrives, nothing is asked
    assert not room.engine.watchdog.is_silent.is_set()


def test_a_suspended_machine_is_not_reported_as_a_blocked_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    at = [0.0]
    monkeypatch.setattr("console.engine.watchdog.time.monotonic", lambda: at[0])
    monkeypatch.setattr("console.engine.watchdog.time.process_time", lambda: 0.0)
    dog = Watchdog(threading.current_thread())
    looks = iter([False, False, True])

    def pause(_: float) -> bool:
        at[0] += 3600.0
        return next(looks)

    monkeypatch.setattr(dog._closing, "wait", pause)
    dog._run()
    assert not dog.is_silent.is_set()


def test_stopping_a_blocked_engine_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.engine.engine._PATIENCE_S", 0.5)
    room = Room(tmp_path)
    room.engine.watchdog._limit_s = 1.0
    block = Block()
    room.engine.subscribe(block)
    block.on.set()
    assert block.held.wait(60)
    room.engine.stop()
    block.gone.set()
    room.close()
