"""The engine: readings are shown and stored, intents are on disk before they are answered, and faults are isolated."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from console.domain.actors import Actor
from console.domain.clock import micros
from console.domain.incidents import Phase
from console.domain.picture import StationState
from console.domain.readings import Channel
from console.services.incidents.judging import JudgeBurst
from console.services.incidents.opening import OpenIncident
from console.services.incidents.undo import UndoLast
from maps.errors import QuanmaiError
from tests.console.engine.room import START, Room, done


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    opened = Room(tmp_path)
    yield opened
    opened.close()


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
    room.feed.offer("quanmai/v1/test/readings/Q-001", json.dumps(body).encode())
    room.sees(lambda p: bool(np.isfinite(p.value[1, Channel.PRESSURE])))
    room.engine.stop()
    assert room.store.readings_between(0, 2**62).delay_s().tolist() == [720.0]


def test_a_station_that_falls_silent_turns_stale_by_itself(room: Room) -> None:
    room.send("Q-001", 0.312)
    room.sees(lambda p: bool(np.isfinite(p.value[1, Channel.PRESSURE])))
    room.clock.sleep(4000)
    room.sees(lambda p: p.station_state[1] == StationState.STALE)


def test_invalid_payloads_are_counted_and_stop_nothing(room: Room) -> None:
    for payload in (
        b"",
        b"\xff\xfe",
        b"[1, 2",
        b'{"t": "yesterday", "v": {}}',
        b'{"t":"2024-01-03T23:00:05+08:00","v":{"pressure_mpa":"x"}}',
    ):
        room.feed.offer("quanmai/v1/test/readings/Q-001", payload)
    room.send("Q-404", 0.3)
    room.send("Q-002", 0.25)
    picture = room.sees(lambda p: bool(np.isfinite(p.value[2, Channel.PRESSURE])))
    assert picture.feeds[0].invalid == 6
    assert np.isnan(picture.value[1, Channel.PRESSURE])


def test_an_intent_is_on_disk_when_its_answer_arrives(room: Room) -> None:
    pipe = str(room.city.network.pipes.asset_id[40])
    done(room.engine.submit(OpenIncident(pipe), Actor.named("王")))
    (incident,) = room.store.load_desk().incidents.values()
    done(room.engine.submit(JudgeBurst(incident.incident_id, (pipe,), "calls"), Actor.named("王")))
    kept = room.store.load_desk().incidents[incident.incident_id]
    assert kept.plan is not None
    assert kept.phase is not Phase.SUSPECTED
    assert {change.user for change in room.engine.timeline(incident.incident_id)} == {"王"}
    assert room.store.verify_chain() is None


def test_a_refused_intent_is_answered_with_the_reason_and_the_next_one_is_carried_out(room: Room) -> None:
    with pytest.raises(QuanmaiError, match="2024-9999"):
        done(room.engine.submit(JudgeBurst("2024-9999", ("P-104000",)), Actor.named("王")))
    with pytest.raises(QuanmaiError, match="no-such-pipe"):
        done(room.engine.submit(OpenIncident("no-such-pipe"), Actor.named("王")))
    done(room.engine.submit(OpenIncident("P-104040"), Actor.named("王")))
    room.sees(lambda p: len(p.incidents) == 1)


def test_undo_brings_back_the_case_as_it_was(room: Room) -> None:
    done(room.engine.submit(OpenIncident("P-104040"), Actor.named("王")))
    before = room.sees(lambda p: len(p.incidents) == 1).incidents[0]
    done(room.engine.submit(JudgeBurst(before.incident_id, ("P-104041",)), Actor.named("王")))
    done(room.engine.submit(UndoLast(before.incident_id), Actor.named("王")))
    after = room.sees(lambda p: p.incidents[0].version > before.version + 1).incidents[0]
    assert (after.phase, after.burst_pipes) == (before.phase, before.burst_pipes)


def test_a_defect_in_detection_is_reported_and_the_desk_continues(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("injected")

    monkeypatch.setattr(room.detector, "tick", broken)
    room.send("Q-001", 0.3)
    room.sees(lambda p: bool(np.isfinite(p.value[1, Channel.PRESSURE])))
    room.clock.sleep(120)
    room.sees(lambda p: any("injected" in feed.message for feed in p.feeds))
    done(room.engine.submit(OpenIncident("P-104040"), Actor.named("王")))
    room.sees(lambda p: len(p.incidents) == 1)


def test_cases_and_alarms_open_before_a_restart_are_open_after_it(room: Room, tmp_path: Path) -> None:
    done(room.engine.submit(OpenIncident("P-104040"), Actor.named("王")))
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


def test_expected_values_of_each_tick_are_stored(room: Room) -> None:
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
    assert kept.value[own] == pytest.approx(300.0)  # constant in history, so its expected value is that constant
    assert (kept.at_us % 60_000_000 == 0).all()
    assert kept.sigma is None  # unknown for a station that is still learning


def test_without_a_channel_an_order_is_not_delivered_and_goes_out_when_one_appears(room: Room) -> None:
    room.channel.listen()
    changes = done(room.engine.submit(OpenIncident("P-104040"), Actor.named("王")))
    incident_id = changes.incidents[0].incident_id
    picture = room.sees(lambda p: len(p.undelivered) > 0)
    assert [channel.state for channel in picture.channels] == ["off"]
    assert {one.reason for one in picture.undelivered} == {"no_channel"}
    assert all(one.incident_id == incident_id for one in picture.undelivered)
    room.waits(lambda: any(change.kind == "not_delivered" for change in room.engine.timeline(incident_id)))
    assert room.left == []
    room.channel.listen(room.left.append)
    room.sees(lambda p: not p.undelivered)
    assert {outgoing.address for outgoing in room.left}
    room.waits(lambda: any(change.kind == "delivered" for change in room.engine.timeline(incident_id)))
    told = [change.kind for change in room.engine.timeline(incident_id)]
    assert told.count("delivered") == told.count("not_delivered") == len(room.left)
