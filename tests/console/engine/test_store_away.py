"""The store is unavailable for a while: picture, detection and alarms continue; all is written when it is back."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from console.domain.actors import Actor
from console.domain.alarms import AlarmState
from console.domain.changes import ChangeSet
from console.domain.incidents import OrderState, PressureImpact, ReopenCheck
from console.domain.picture import Picture
from console.domain.readings import Channel
from console.domain.record_ids import is_provisional, provisional_ids
from console.engine import archive, journal
from console.mqtt.message import Message
from console.services.crews.orders import SendCrew
from console.services.incidents.judging import JudgeBurst
from console.services.incidents.opening import OpenIncident
from console.services.incidents.undo import UndoLast
from console.services.ports import StoreUnavailable
from maps.errors import InputFault
from maps.isolation.plan.result import IsolationPlan
from tests.console.engine.faulty_store import full, locked, read_only
from tests.console.engine.room import Room, done
from tests.console.services.town import a_finding

PIPE = "P-104040"
FAULTS: dict[str, Callable[..., Any]] = {"locked": locked, "full": full, "read_only": read_only}


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    monkeypatch.setattr("console.store.connection._BUSY_MS", 50)
    monkeypatch.setattr(journal, "_RETRY_S", 0.1)
    monkeypatch.setattr(archive, "_RETRY_S", 0.1)
    opened = Room(tmp_path)
    yield opened
    opened.close()


def is_down(picture: Picture) -> bool:
    return any(feed.state == "down" for feed in picture.feeds)


def case_with_order(room: Room) -> tuple[str, str, str]:
    done(room.engine.submit(OpenIncident(PIPE), Actor.named("王")))
    case = room.sees(lambda p: len(p.incidents) == 1).incidents[0].incident_id
    done(room.engine.submit(JudgeBurst(case, (PIPE,), "calls"), Actor.named("王")))
    done(room.engine.submit(SendCrew(case, "crew1"), Actor.named("王")))
    order = room.sees(lambda p: bool(p.incidents[0].orders)).incidents[0].orders[-1]
    return case, order.order_id, order.crew_id


def reply(room: Room, order_id: str, crew_id: str, text: str = "") -> None:
    body = json.dumps({"order_id": order_id, "state": "acknowledged", "text": text}).encode()
    room.feed.offer(f"quanmai/v1/test/orders/{crew_id}/ack", body)


@pytest.mark.parametrize("fault", FAULTS)
def test_readings_replies_and_findings_of_an_outage_are_shown_at_once_and_on_disk_after_it(room: Room, fault: str) -> None:
    case, order_id, crew_id = case_with_order(room)
    with FAULTS[fault](room.store):
        for step in range(3):
            room.clock.sleep(1)
            room.hears({str(name): {"pressure_mpa": 0.3 + step / 100} for name in room.city.stations.asset_id})
            room.settles()
        reply(room, order_id, crew_id)
        pipes = tuple(str(pipe) for pipe in room.city.network.pipes.asset_id[200:203])
        room.finds(a_finding(pipes, at=room.clock.at, stations=("Q-001", "Q-002")))
        shown = room.sees(lambda p: len(p.incidents) == 2 and p.value[1, Channel.PRESSURE] == pytest.approx(320.0))
        room.sees(is_down)
        assert shown.incidents[0].orders[-1].state is OrderState.ACKNOWLEDGED
        assert any(alarm.state is AlarmState.ACTIVE for alarm in shown.alarms)
        with pytest.raises(StoreUnavailable):
            done(room.engine.submit(OpenIncident("P-104041"), Actor.named("王")))
    room.sees(lambda p: not is_down(p))
    kept = room.store.load_desk().incidents
    assert len(kept) == 2
    assert kept[case].orders[-1].state is OrderState.ACKNOWLEDGED
    assert room.store.verify_chain() is None
    room.settles()
    assert room.store.readings(1, Channel.PRESSURE, 0, 2**62)[1].tolist() == pytest.approx([300.0, 310.0, 320.0])
    done(room.engine.submit(OpenIncident("P-104041"), Actor.named("王")))
    assert {i.incident_id: replace(i, version=0) for i in room.engine.latest().incidents} == {
        key: replace(one, version=0) for key, one in room.store.load_desk().incidents.items()
    }


def test_an_intent_while_the_store_is_away_is_refused_and_neither_shown_nor_written(room: Room) -> None:
    with locked(room.store):
        with pytest.raises(StoreUnavailable):
            done(room.engine.submit(OpenIncident(PIPE), Actor.named("王")))
        room.sees(is_down)
        assert room.engine.latest().incidents == ()
    room.sees(lambda p: not is_down(p))  # nothing else is written meanwhile: the engine detects the end of the fault by itself
    room.settles()
    assert room.store.load_desk().incidents == {}
    assert room.engine.latest().incidents == ()


def test_a_locked_store_does_not_hold_up_a_reading(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    turned = threading.Event()
    writing = threading.Event()
    append = room.store.append_readings

    def slow(batch: Any) -> None:
        writing.set()
        assert turned.wait(60), "the next reading waited for the disk"
        append(batch)

    monkeypatch.setattr(room.store, "append_readings", slow)
    room.send("Q-001", 0.31)
    assert writing.wait(60)
    room.clock.sleep(1)
    room.send("Q-001", 0.32)
    room.sees(lambda p: p.value[1, Channel.PRESSURE] == pytest.approx(320.0))
    turned.set()


def test_readings_beyond_the_bound_are_counted_and_reported_and_the_rest_is_kept(
    room: Room, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(archive, "MOST_ROWS", 100)
    stations = [str(name) for name in room.city.stations.asset_id][:30]
    with locked(room.store):
        for step in range(6):
            room.clock.sleep(1)
            room.hears({name: {"pressure_mpa": 0.3 + step / 100} for name in stations})
            room.settles()
        room.sees(lambda p: any("were not kept" in feed.message for feed in p.feeds))
        assert "no more are kept until it is back" in caplog.text
        room.sees(lambda p: p.value[1, Channel.PRESSURE] == pytest.approx(350.0))
    room.sees(lambda p: not is_down(p))
    assert len(room.store.readings_between(0, 2**62)) == 90
    assert "could not be kept" in caplog.text


def test_messages_are_acknowledged_once_their_readings_and_replies_are_on_disk(room: Room) -> None:
    _, order_id, crew_id = case_with_order(room)
    room.settles()
    acknowledged = threading.Event()
    body = json.dumps({"order_id": order_id, "state": "acknowledged"}).encode()
    reading = json.dumps({"t": room.clock.at.isoformat(), "v": {"pressure_mpa": 0.3}}).encode()
    pack = (
        Message("quanmai/v1/test/readings/Q-001", reading),
        Message(f"quanmai/v1/test/orders/{crew_id}/ack", body),
    )
    with locked(room.store):
        room.feed.offer_all(pack, acknowledged.set)
        room.sees(lambda p: p.incidents[0].orders[-1].state is OrderState.ACKNOWLEDGED)
        room.sees(is_down)
        assert not acknowledged.is_set()
    assert acknowledged.wait(60)
    assert len(room.store.readings_between(0, 2**62)) == 1


def test_a_record_the_store_cannot_take_is_logged_by_its_id_without_its_content_and_what_follows_goes_on(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    case, order_id, crew_id = case_with_order(room)
    answer: Future[ChangeSet] = Future()
    odd = Actor.named("王\ud800")  # no text of any encoding; ``submit`` would replace it, so it is put in behind
    decide = partial(room.desk.carry_out, intent=OpenIncident("P-104041"), actor=odd, now=room.clock.at)
    room.engine._commands.call(lambda: room.engine._decisions.ask(decide, odd, answer))
    with pytest.raises(ValueError, match="surrogates"):
        done(answer)
    assert "incident_reported of incident/" in caplog.text
    assert "P-104041" not in caplog.text
    reply(room, order_id, crew_id)
    room.sees(lambda p: p.incidents[0].orders[-1].state is OrderState.ACKNOWLEDGED)
    assert room.store.load_desk().incidents[case].orders[-1].state is OrderState.ACKNOWLEDGED


def test_a_change_shown_early_and_refused_by_the_store_later_is_withdrawn(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    with locked(room.store):
        done_first = a_finding((PIPE,), at=room.clock.at, stations=("Q-001\ud800",))
        room.finds(done_first)
        room.sees(lambda p: len(p.incidents) == 1)
    room.sees(lambda p: p.incidents == () and any("engine" in feed.name for feed in p.feeds))
    done(room.engine.submit(OpenIncident(PIPE), Actor.named("王")))
    assert len(room.store.load_desk().incidents) == 1


def test_the_engine_reports_at_its_end_what_could_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    monkeypatch.setattr("console.store.connection._BUSY_MS", 50)
    monkeypatch.setattr("console.engine.engine._PATIENCE_S", 0.2)
    room = Room(tmp_path)
    with locked(room.store):
        room.send("Q-001", 0.31)
        room.sees(is_down)
        started = time.monotonic()
        room.engine.stop()
        assert time.monotonic() - started < 8
    assert "1 readings are lost" in caplog.text
    room.close()


def test_change_sets_beyond_the_bound_are_dropped_with_a_log_line_and_the_others_are_written(
    room: Room, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(journal, "MOST_WAITING", 2)
    with locked(room.store):
        for number in range(4):
            room.finds(a_finding((f"P-1042{number}0",), at=room.clock.at, stations=(f"Q-00{number}",)))
        room.sees(lambda p: any("no more are kept" in feed.message for feed in p.feeds))
        room.settles()
        assert len(room.engine.latest().incidents) == 2
    room.sees(lambda p: not is_down(p))
    assert len(room.store.load_desk().incidents) == 2
    assert "too many change sets wait" in caplog.text


class LateHydraulics:
    """Pressures after closing that are returned only when the test releases them."""

    def __init__(self) -> None:
        self.goes_on, self.asked = threading.Event(), threading.Event()

    def impact(self, plan: IsolationPlan) -> PressureImpact:
        self.asked.set()
        assert self.goes_on.wait(60)
        return PressureImpact(True, (), (), 7)

    def reopening(self, plan: IsolationPlan) -> tuple[ReopenCheck, ...]:
        return ()


def test_a_case_found_while_the_store_is_away_is_numbered_when_it_is_back_with_all_that_was_decided_meanwhile(
    room: Room,
) -> None:
    at, stations = room.clock.at, ("Q-001", "Q-002")
    with locked(room.store):
        room.finds(a_finding((PIPE, "P-104041"), at=at, stations=stations))
        room.finds(a_finding((PIPE, "P-104042"), at=at, stations=stations))
        shown = room.sees(lambda p: bool(p.incidents) and "P-104042" in p.incidents[0].location.set_90)  # type: ignore[union-attr]
        (case,), (alarm,) = shown.incidents, shown.alarms
        assert is_provisional(case.incident_id)
        assert is_provisional(alarm.alarm_id)
        assert (case.alarm_ids, alarm.incident_id) == ((alarm.alarm_id,), case.incident_id)
    picture = room.sees(lambda p: p.incidents[0].incident_id == "2024-0001" and not is_down(p))
    assert [one.alarm_id for one in picture.alarms] == ["A-000001"]
    assert picture.alarms[0].incident_id == "2024-0001"
    assert picture.given == {case.incident_id: "2024-0001", alarm.alarm_id: "A-000001"}
    assert room.store.load_desk().incidents == {"2024-0001": picture.incidents[0]}
    assert [change.kind for change in room.engine.timeline(case.incident_id)] == ["incident_opened", "location_revised"]
    done(room.engine.submit(JudgeBurst(case.incident_id, (PIPE,), "calls"), Actor.named("王")))  # a dialog that was open before
    (judged,) = room.store.load_desk().incidents.values()
    assert (judged.incident_id, judged.burst_pipes) == ("2024-0001", (PIPE,))
    done(room.engine.submit(UndoLast("2024-0001"), Actor.named("王")))
    messages = b"".join(one.outgoing.address.encode() + one.outgoing.payload for one in room.store.pending_outgoing())
    assert provisional_ids(room.store.changes(), [messages]) == set()
    assert room.store.verify_chain() is None


def test_pressures_after_closing_of_a_case_that_was_numbered_while_they_were_computed_are_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.store.connection._BUSY_MS", 50)
    monkeypatch.setattr(journal, "_RETRY_S", 0.1)
    hydraulics = LateHydraulics()
    room = Room(tmp_path, hydraulics=hydraulics)
    with locked(room.store):
        room.finds(a_finding((PIPE,), at=room.clock.at, stations=("Q-001", "Q-002")))
        assert hydraulics.asked.wait(60)
    room.sees(lambda p: bool(p.incidents) and p.incidents[0].incident_id == "2024-0001")
    hydraulics.goes_on.set()
    room.sees(lambda p: p.incidents[0].impact is not None and p.incidents[0].impact.low_pressure_households == 7)
    room.close()


class FailingHydraulics(LateHydraulics):
    """Pressures after closing that cannot be computed."""

    def impact(self, plan: IsolationPlan) -> PressureImpact:
        raise InputFault("the model does not balance")


def test_a_failing_job_of_a_case_that_was_numbered_meanwhile_is_shown_under_the_final_id_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.store.connection._BUSY_MS", 50)
    monkeypatch.setattr(journal, "_RETRY_S", 0.1)
    room = Room(tmp_path, hydraulics=FailingHydraulics())

    def failing() -> str:
        return " ".join(feed.message for feed in room.engine.latest().feeds if feed.name == "impact")

    with locked(room.store):
        room.finds(a_finding((PIPE,), at=room.clock.at, stations=("Q-001", "Q-002")))
        room.waits(lambda: "case new-incident-2024" in failing())
    room.waits(lambda: "case 2024-0001" in failing())
    room.settles()
    assert provisional_ids(room.engine.latest().feeds) == set()
    room.close()


def test_a_process_that_begins_while_the_store_is_away_learns_from_history_when_it_is_back(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.engine.watch._STORE_AGAIN_S", 0.05)
    is_back, read = threading.Event(), threading.Event()

    def history() -> None:
        if not is_back.is_set():
            raise StoreUnavailable("store s: the server does not answer")
        read.set()

    learned = room.engine.learn(history)
    room.sees(is_down)
    is_back.set()
    learned.result(60)
    assert read.is_set()
    room.sees(lambda p: not is_down(p))
