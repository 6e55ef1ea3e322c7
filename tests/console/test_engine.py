"""The engine: what arrives is shown and kept, what is asked is on disk before it is done, and one fault stops nothing else."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from console.detection import Detector
from console.documents import NoticeDocuments
from console.domain.changes import Outgoing
from console.domain.clock import micros
from console.domain.grid import TickGrid
from console.domain.incidents import Phase
from console.domain.intents import JudgeBurst, OpenIncident, UndoLast
from console.domain.picture import Picture, StationState
from console.domain.readings import Channel
from console.engine import Engine, Ports
from console.feeds.inbox import Inbox, Message
from console.feeds.local import LocalLink
from console.services.desk import Desk, DeskSettings
from console.store import SqlStore, open_store
from maps.errors import QuanmaiError
from maps.isolation import Isolator
from tests.console.ui.small_city import build_small_city

START = datetime(2024, 1, 3, 15, 0, tzinfo=UTC)


class HandClock:
    """A clock moved by hand; the monotonic one is real, pictures keep coming."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Room:
    """An engine over a store on disk, a local link and a small city."""

    def __init__(self, folder: Path) -> None:
        self.city = build_small_city()
        self.clock, self.inbox, self.link = HandClock(), Inbox(), LocalLink()
        self.left: list[Outgoing] = []
        self.link.listen(self.left.append)
        self.store: SqlStore = open_store(folder / "engine.sqlite")
        settings = DeskSettings(site="test")
        self.documents = NoticeDocuments(settings, "test", self.clock.now)
        self.detector = Detector(self.city, None)
        desk = Desk(self.city, Isolator(self.city), self.documents, settings)
        ports = Ports(self.clock, self.inbox, self.store, self.link, self.documents, folder, None)
        self.engine = Engine(self.city, desk, self.detector, ports, grid=TickGrid(60.0, 0.0))
        self.engine.start()

    def send(self, station: str, value: object, topic: str = "") -> None:
        payload = json.dumps({"t": self.clock.at.isoformat(), "v": {"pressure_mpa": value}}).encode()
        self.inbox.offer(Message("test", topic or f"quanmai/v1/test/readings/{station}", payload))

    @property
    def ticks(self) -> list[int]:
        """Times of the ticks that detection has answered, µs."""
        return [at_us for at_us, _ in self.engine._watch.history._ticks]

    def sees(self, true: Callable[[Picture], bool]) -> Picture:
        until = time.monotonic() + 10
        while not true(self.engine.latest()):
            assert time.monotonic() < until, "the picture never came"
            threading.Event().wait(0.01)
        return self.engine.latest()

    def close(self) -> None:
        self.engine.stop()
        self.inbox.close()
        self.store.close()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    opened = Room(tmp_path)
    yield opened
    opened.close()


def done(answer: Future[Any]) -> Any:
    return answer.result(timeout=10)


def test_a_reading_is_shown_in_inside_units_with_its_age_and_kept_on_disk(room: Room) -> None:
    room.send("Q-001", 0.312)
    picture = room.sees(lambda p: bool(np.isfinite(p.value[1, Channel.PRESSURE])))
    assert picture.value[1, Channel.PRESSURE] == pytest.approx(312.0)
    room.clock.sleep(42)
    aged = room.sees(lambda p: p.age_s()[1, Channel.PRESSURE] >= 42)
    assert aged.age_s()[1, Channel.PRESSURE] == pytest.approx(42, abs=1)
    room.engine.stop()
    _, value = room.store.readings(1, Channel.PRESSURE, 0, 2**62)
    assert value.tolist() == pytest.approx([312.0])


def test_a_late_reading_is_kept_with_the_time_it_arrived(room: Room) -> None:
    body = {"t": (START - timedelta(minutes=12)).isoformat(), "v": {"pressure_mpa": 0.3}}
    room.inbox.offer(Message("test", "quanmai/v1/test/readings/Q-001", json.dumps(body).encode()))
    room.sees(lambda p: bool(np.isfinite(p.value[1, Channel.PRESSURE])))
    room.engine.stop()
    assert room.store.readings_between(0, 2**62).delay_s().tolist() == [720.0]


def test_a_station_that_falls_silent_turns_stale_by_itself(room: Room) -> None:
    room.send("Q-001", 0.312)
    room.sees(lambda p: bool(np.isfinite(p.value[1, Channel.PRESSURE])))
    room.clock.sleep(4000)
    room.sees(lambda p: p.station_state[1] == StationState.STALE)


def test_rubbish_is_counted_and_stops_nothing(room: Room) -> None:
    for payload in (
        b"",
        b"\xff\xfe",
        b"[1, 2",
        b'{"t": "yesterday", "v": {}}',
        b'{"t":"2024-01-03T23:00:05+08:00","v":{"pressure_mpa":"x"}}',
    ):
        room.inbox.offer(Message("test", "quanmai/v1/test/readings/Q-001", payload))
    room.send("Q-404", 0.3)
    room.send("Q-002", 0.25)
    picture = room.sees(lambda p: bool(np.isfinite(p.value[2, Channel.PRESSURE])))
    assert picture.feeds[0].invalid == 6
    assert np.isnan(picture.value[1, Channel.PRESSURE])


def test_what_is_asked_is_on_disk_when_the_answer_comes(room: Room) -> None:
    pipe = str(room.city.network.pipes.asset_id[40])
    done(room.engine.submit(OpenIncident(pipe), "王"))
    (incident,) = room.store.load_desk().incidents.values()
    done(room.engine.submit(JudgeBurst(incident.incident_id, (pipe,), "calls"), "王"))
    kept = room.store.load_desk().incidents[incident.incident_id]
    assert kept.plan is not None
    assert kept.phase is not Phase.SUSPECTED
    assert {change.user for change in room.engine.timeline(incident.incident_id)} == {"王"}
    assert room.store.verify_chain() is None


def test_a_refused_ask_answers_with_the_reason_and_the_next_one_is_served(room: Room) -> None:
    with pytest.raises(QuanmaiError, match="2024-9999"):
        done(room.engine.submit(JudgeBurst("2024-9999", ("P-104000",)), "王"))
    with pytest.raises(QuanmaiError, match="no-such-pipe"):
        done(room.engine.submit(OpenIncident("no-such-pipe"), "王"))
    done(room.engine.submit(OpenIncident("P-104040"), "王"))
    room.sees(lambda p: len(p.incidents) == 1)


def test_undo_brings_back_the_case_as_it_was(room: Room) -> None:
    done(room.engine.submit(OpenIncident("P-104040"), "王"))
    before = room.sees(lambda p: len(p.incidents) == 1).incidents[0]
    done(room.engine.submit(JudgeBurst(before.incident_id, ("P-104041",)), "王"))
    done(room.engine.submit(UndoLast(before.incident_id), "王"))
    after = room.sees(lambda p: p.incidents[0].version > before.version + 1).incidents[0]
    assert (after.phase, after.burst_pipes) == (before.phase, before.burst_pipes)


def test_a_defect_in_detection_is_told_and_the_desk_goes_on(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("injected")

    monkeypatch.setattr(room.detector, "tick", broken)
    room.send("Q-001", 0.3)
    room.sees(lambda p: bool(np.isfinite(p.value[1, Channel.PRESSURE])))
    room.clock.sleep(120)
    room.sees(lambda p: any("injected" in feed.message for feed in p.feeds))
    done(room.engine.submit(OpenIncident("P-104040"), "王"))
    room.sees(lambda p: len(p.incidents) == 1)


def test_what_was_open_is_open_again_after_a_restart(room: Room, tmp_path: Path) -> None:
    done(room.engine.submit(OpenIncident("P-104040"), "王"))
    room.engine.stop()
    again = Room(tmp_path)
    try:
        assert [incident.title for incident in again.engine.latest().incidents]
    finally:
        again.close()


def test_a_new_station_is_shown_as_learning(room: Room) -> None:
    room.send("Q-001", 0.3)
    room.sees(lambda p: bool(np.isfinite(p.value[1, Channel.PRESSURE])))
    room.clock.sleep(61)
    room.send("Q-001", 0.3)
    room.sees(lambda p: p.station_state[1] == StationState.LEARNING)


def test_what_was_expected_at_each_tick_is_kept(room: Room) -> None:
    for _ in range(4):
        sent_us = micros(room.clock.now())
        room.send("Q-001", 0.3)
        room.sees(lambda p, sent_us=sent_us: bool(p.at_us[1, Channel.PRESSURE] == sent_us))  # type: ignore[misc]
        room.clock.sleep(60)
    room.sees(lambda p: bool(p.expected[1, Channel.PRESSURE] == pytest.approx(300.0)))
    room.engine.stop()
    kept = room.store.expected_between(0, 2**62)
    own = kept.station == 1
    assert own.any()
    assert kept.value[own] == pytest.approx(300.0)  # a level that never moved is what is expected of it
    assert (kept.at_us % 60_000_000 == 0).all()
    assert kept.sigma is None  # of a station that is still learning, nobody knows it


class Held:
    """Stands before something of the detector: whoever comes waits until let on."""

    def __init__(self, work: Callable[..., Any]) -> None:
        self._work = work
        self.reached, self.let_on = threading.Event(), threading.Event()

    def __call__(self, *given: Any, **named: Any) -> Any:
        self.reached.set()
        assert self.let_on.wait(10)
        return self._work(*given, **named)


@pytest.fixture
def held(room: Room, monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    """Signatures of the room's detector are under way, and stay so."""
    held = Held(room.detector._book.made)
    monkeypatch.setattr(room.detector._book, "made", held)
    for name in ("Q-001", "Q-002", "Q-003"):
        room.send(name, 0.3)
    room.sees(lambda p: bool(np.isfinite(p.value[1:4, Channel.PRESSURE]).all()))
    room.clock.sleep(61)
    for name in ("Q-001", "Q-002", "Q-003"):
        room.send(name, 0.3)
    assert held.reached.wait(10)
    yield held
    held.let_on.set()


def test_while_signatures_are_made_intents_are_answered_and_readings_are_shown(room: Room, held: Held) -> None:
    done(room.engine.submit(OpenIncident("P-104040"), "王"))
    room.sees(lambda p: len(p.incidents) == 1)
    room.clock.sleep(1)
    room.send("Q-001", 0.25)
    room.sees(lambda p: bool(p.value[1, Channel.PRESSURE] == pytest.approx(250.0)))
    assert not held.let_on.is_set()
    assert not room.ticks
    held.let_on.set()
    room.sees(lambda p: bool(room.ticks))


def test_a_tick_sees_what_was_live_when_it_was_due_however_late_it_is_answered(room: Room, held: Held) -> None:
    room.clock.sleep(1)
    room.send("Q-001", 0.25)
    room.sees(lambda p: bool(p.value[1, Channel.PRESSURE] == pytest.approx(250.0)))
    held.let_on.set()
    room.sees(lambda p: bool(room.ticks))
    room.clock.sleep(60)
    picture = room.sees(lambda p: bool(np.isfinite(p.expected[1, Channel.PRESSURE])))
    assert picture.expected[1, Channel.PRESSURE] == pytest.approx(300.0)


def test_of_ticks_that_wait_too_long_one_is_left_out_and_that_is_told(
    room: Room, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.engine.detection.MOST_WAITING", 1)
    room.clock.sleep(60)
    room.sees(lambda p: any("1 ticks behind" in feed.message for feed in p.feeds))
    held.let_on.set()


def test_the_program_ends_without_waiting_for_signatures_that_are_still_to_be_made(room: Room, held: Held) -> None:
    room.clock.sleep(60)
    stopping = threading.Thread(target=room.engine.stop)
    stopping.start()
    held.let_on.set()
    stopping.join(10)
    assert not stopping.is_alive()
    assert not room.ticks, "the tick was given up, not carried out"
