"""Detection runs in the background: readings do not wait for it, findings come in order, a tick that hangs is reported."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from console.detection import Detector
from console.domain.actors import Actor
from console.domain.readings import Channel
from console.engine import watch
from console.services.incidents.opening import OpenIncident
from tests.console.engine.room import Room, done


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    opened = Room(tmp_path)
    yield opened
    opened.close()


def test_a_reading_is_shown_while_a_tick_waits_for_epanet_and_a_tick_that_hangs_is_reported(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "SILENT_AFTER_S", 0.3)
    waits, answered, tick = threading.Event(), threading.Event(), room.detector.tick

    def slow(*columns: Any, **options: Any) -> Any:
        waits.set()
        assert answered.wait(60), "the reading waited for the tick"
        return tick(*columns, **options)

    monkeypatch.setattr(room.detector, "tick", slow)
    room.send("Q-001", 0.31)
    room.settles()
    room.clock.sleep(60)
    assert waits.wait(60)
    room.send("Q-001", 0.32)
    room.sees(lambda p: p.value[1, Channel.PRESSURE] == pytest.approx(320.0))
    room.sees(lambda p: any("detection is still at its tick of 2024-01-03T15:01:00" in feed.message for feed in p.feeds))
    answered.set()
    room.sees(lambda p: all(feed.state == "up" for feed in p.feeds))
    assert room.engine._watch.history.last_us % 60_000_000 == 0


class Held:
    """Wraps a function of the detector: callers wait until the test releases them."""

    def __init__(self, work: Callable[..., Any]) -> None:
        self._work = work
        self.reached, self.let_on = threading.Event(), threading.Event()

    def __call__(self, *given: Any, **named: Any) -> Any:
        self.reached.set()
        assert self.let_on.wait(60)
        return self._work(*given, **named)


@pytest.fixture
def held(room: Room, monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    """Signatures of the room's detector are under way, and stay so."""
    held = Held(room.detector._cache.made)
    monkeypatch.setattr(room.detector._cache, "made", held)
    values = {name: {"pressure_mpa": 0.3} for name in ("Q-001", "Q-002", "Q-003")}
    room.hears(values)
    room.sees(lambda p: bool(np.isfinite(p.value[1:4, Channel.PRESSURE]).all()))
    room.clock.sleep(61)
    room.hears(values)
    assert held.reached.wait(60)
    yield held
    held.let_on.set()


def test_while_signatures_are_made_intents_are_answered_and_readings_are_shown(room: Room, held: Held) -> None:
    done(room.engine.submit(OpenIncident("P-104040"), Actor.named("王")))
    room.sees(lambda p: len(p.incidents) == 1)
    room.clock.sleep(1)
    room.send("Q-001", 0.25)
    room.sees(lambda p: bool(p.value[1, Channel.PRESSURE] == pytest.approx(250.0)))
    assert not room.engine._watch.history.last_us
    held.let_on.set()
    room.waits(lambda: room.engine._watch.history.last_us > 0)


def test_a_tick_sees_what_was_live_when_it_was_due_however_late_it_is_answered(room: Room, held: Held) -> None:
    room.clock.sleep(1)
    room.send("Q-001", 0.25)
    room.sees(lambda p: bool(p.value[1, Channel.PRESSURE] == pytest.approx(250.0)))
    held.let_on.set()
    room.waits(lambda: room.engine._watch.history.last_us > 0)
    room.clock.sleep(60)
    picture = room.sees(lambda p: bool(np.isfinite(p.expected[1, Channel.PRESSURE])))
    assert picture.expected[1, Channel.PRESSURE] == pytest.approx(300.0)


def test_detection_finishes_its_preparation_before_the_first_tick_and_reports_it(room: Room) -> None:
    learning, learned = threading.Event(), threading.Event()

    def history() -> None:
        learning.set()
        assert learned.wait(60)

    answer = room.engine.learn(history)
    assert learning.wait(60)
    room.send("Q-001", 0.3)
    room.clock.sleep(61)
    room.send("Q-001", 0.3)
    room.sees(lambda p: p.preparing == (0, 1) and bool(np.isfinite(p.value[1, Channel.PRESSURE])))
    assert not room.engine._watch.history.last_us
    learned.set()
    assert answer.result(60) is None
    room.sees(lambda p: p.preparing is None)
    room.clock.sleep(60)
    room.waits(lambda: room.engine._watch.history.last_us > 0)


def test_a_large_citys_groups_are_prepared_between_ticks(room: Room) -> None:
    options = replace(room.detector.options, deferred=True)
    deferring = Detector(room.city, None, options)
    room.engine.replace_detector(lambda: deferring).result(60)
    values = {name: {"pressure_mpa": 0.3} for name in ("Q-001", "Q-002", "Q-003")}
    room.hears(values)
    room.sees(lambda p: bool(np.isfinite(p.value[1:4, Channel.PRESSURE]).all()))
    assert deferring.preparing == (0, 0)
    room.clock.sleep(61)
    room.hears(values)
    room.waits(lambda: deferring.preparing == (1, 1))


def test_signatures_that_cannot_be_made_are_reported_and_tried_again_with_the_next_tick(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    deferring, tried = Detector(room.city, None, replace(room.detector.options, deferred=True)), list[int]()

    def broken() -> bool:
        tried.append(room.engine._watch.history.last_us)
        raise ZeroDivisionError("injected")

    monkeypatch.setattr(deferring, "prepare", broken)
    room.engine.replace_detector(lambda: deferring).result(60)
    room.ticks()
    room.waits(lambda: len(tried) == 1)
    room.sees(lambda p: any("injected" in feed.message for feed in p.feeds))
    room.settles()
    room.ticks()
    room.waits(lambda: len(tried) == 2)
    assert len(set(tried)) == 2, "once after each tick"


def test_the_program_ends_without_waiting_for_signatures_that_are_still_to_be_made(room: Room, held: Held) -> None:
    stopping = threading.Thread(target=room.engine.stop)
    stopping.start()
    room.waits(lambda: room.detector.closed)
    held.let_on.set()
    stopping.join(10)
    assert not stopping.is_alive()
    assert not room.engine._watch.history.last_us, "the tick was given up, not carried out"
