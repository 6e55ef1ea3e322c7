"""Several engines on one store: one leads, the others follow; every change reaches all, none is lost or doubled."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from console.domain.actors import SYSTEM, Actor
from console.domain.alarms import AlarmKind
from console.domain.incidents import OrderState, Phase
from console.domain.picture import Picture
from console.domain.readings import Channel
from console.engine import archive, area_watch, follow, ingest, journal, outbox
from console.engine import engine as engine_module
from console.engine import lease as leadership
from console.services.conflicts import ChangedElsewhere
from console.services.crews.orders import SendCrew
from console.services.incidents.judging import JudgeBurst, SetRestoration
from console.services.incidents.opening import OpenIncident
from console.services.incidents.undo import UndoLast
from console.store import SqlStore, lease
from maps.city import City
from tests.console.engine.faulty_store import locked
from tests.console.engine.room import START, Room, done
from tests.console.services.town import a_finding
from tests.console.ui.small_city import build_small_city

PIPE, NEAR, OTHER = "P-104040", "P-104041", "P-104050"
WANG, LI = Actor.named("王"), Actor.named("李")
Seats = Callable[..., Room]


@pytest.fixture(scope="module")
def city() -> City:
    return build_small_city()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store."""
    return str(tmp_path / "s.sqlite") if request.param == "sqlite" else str(request.getfixturevalue("database"))


@pytest.fixture
def seat(store: str, tmp_path: Path, city: City, monkeypatch: pytest.MonkeyPatch) -> Iterator[Seats]:
    """Opens engines on one store; the lease lasts a second here, and is looked at five times as often."""
    monkeypatch.setattr(lease, "_TERM_US", 1_000_000)
    monkeypatch.setattr(leadership, "TERM_S", 1.0)
    monkeypatch.setattr(leadership, "RENEWED_S", 0.2)
    monkeypatch.setattr(leadership, "_LOOK_S", 0.1)
    monkeypatch.setattr(leadership, "_RETRY_S", 0.1)
    monkeypatch.setattr(leadership, "INCUMBENT_S", 0.3)
    monkeypatch.setattr(ingest, "LEADER_FIRST_S", 1.0)
    monkeypatch.setattr(outbox, "_FOLLOWER_LOOK_S", 0.1)
    with ExitStack() as stack:

        def opened(**more: Any) -> Room:
            room = Room(tmp_path, store=store, city=city, is_shared=True, **more)
            stack.callback(close, room)
            return room

        yield opened


def close(room: Room) -> None:
    if room.engine._thread.is_alive():
        room.close()


def hears_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A seat learns of others' commits only where it asks: no signal, and no poll for long. Before seats are opened."""
    monkeypatch.setattr(SqlStore, "commit_signal", lambda _: None)
    monkeypatch.setattr(follow, "POLL_S", 30.0)


def leads(room: Room) -> None:
    room.sees(lambda p: p.lease is not None and p.lease.is_ours)
    room.waits(lambda: room.engine._leadership.leads)


def follows(room: Room) -> None:
    room.sees(lambda p: p.lease is not None and not p.lease.is_ours)


def pauses(room: Room) -> None:
    """It neither renews nor reads its lease, as a stopped process would; its other threads continue."""
    room.engine._leadership._closing.set()
    room.engine._leadership._thread.join()


def a_case(room: Room, pipe: str = PIPE) -> str:
    (incident,) = done(room.engine.submit(OpenIncident(pipe), WANG)).incidents
    return str(incident.incident_id)


def version(case: str, at_least: int) -> Callable[[Picture], bool]:
    return lambda p: any(one.incident_id == case and one.version >= at_least for one in p.incidents)


def shown(room: Room) -> dict[str, object]:
    """What a picture shows of cases and alarms, and its timelines."""
    picture = room.engine.latest()
    cases = {one.incident_id: one for one in picture.incidents}
    return {
        **cases,
        **{one.alarm_id: one for one in picture.alarms},
        **{f"log {case}": room.engine.timeline(case) for case in cases},
    }


def all_equal(*rooms: Room) -> None:
    first, *others = rooms
    for other in others:
        first.waits(lambda other=other: shown(first) == shown(other))  # type: ignore[misc]


def finding(room: Room, start: int = 200) -> Any:
    pipes = tuple(str(pipe) for pipe in room.city.network.pipes.asset_id[start : start + 3])
    return a_finding(pipes, at=room.clock.at, stations=("Q-001", "Q-002"))


def test_the_first_one_leads_and_every_picture_says_who(seat: Seats) -> None:
    first = seat()
    leads(first)
    second = seat()
    follows(second)
    named = {room.engine.latest().lease.holder for room in (first, second)}  # type: ignore[union-attr]
    assert len(named) == 1
    assert named.pop().startswith("quanmai engine pid ")


def test_what_any_seat_decides_is_shown_at_all_and_the_jobs_are_the_leaders(seat: Seats) -> None:
    first, second, third = seat(), seat(), seat()
    leads(first)
    case = a_case(second)
    assert second.engine.latest() is not None
    for room in (first, third):
        room.sees(version(case, 1))
    done(third.engine.submit(JudgeBurst(case, (PIPE,), "calls"), LI))
    for room in (first, second):
        judged = room.sees(version(case, 2)).incidents[0]
        assert judged.plan is not None
    all_equal(first, second, third)
    assert first.store.verify_chain() is None


def test_the_leader_alone_stores_readings_and_the_others_show_its_expected_values(seat: Seats) -> None:
    first, second = seat(), seat()
    leads(first)
    for step in range(4):
        for room in (first, second):
            room.send("Q-001", 0.3 + step / 1000)
            room.sees(lambda p, room=room: bool(p.at_us[1, Channel.PRESSURE] == round(room.clock.at.timestamp() * 1e6)))  # type: ignore[misc]
        second.clock.sleep(60)
        first.ticks()
    ticked = first.store.last_expected_us
    first.waits(lambda: ticked() > 0)

    def expected(picture: Picture) -> list[float]:
        return [round(float(one), 2) for one in picture.expected[:, Channel.PRESSURE]]

    assert np.isfinite(expected(first.engine.latest())[1])
    picture = second.sees(lambda p: str(expected(p)) == str(expected(first.engine.latest())))
    assert picture.value[1, Channel.PRESSURE] == pytest.approx(303.0)
    assert second.engine.history(1, Channel.PRESSURE, 0)[1].tolist() == pytest.approx([300.0, 301.0, 302.0, 303.0])
    assert len(first.store.readings_between(0, 2**62)) == 4


def test_a_finding_counts_where_the_leader_made_it(seat: Seats) -> None:
    first, second = seat(), seat()
    leads(first)
    for room in (second, first):
        room.finds(finding(room))
        room.settles()
    found = second.sees(lambda p: len(p.incidents) == 1)
    assert [alarm.kind for alarm in found.alarms] == [AlarmKind.BURST]
    all_equal(first, second)


def test_a_finding_decided_while_another_seat_opens_the_same_case_by_hand_makes_no_second_one(
    seat: Seats, monkeypatch: pytest.MonkeyPatch
) -> None:
    hears_nothing(monkeypatch)  # the leader learns of the other seat's case by its refused commit only
    first, second = seat(), seat()
    leads(first)
    pipe = str(first.city.network.pipes.asset_id[200])
    case = a_case(second, pipe)
    assert not first.engine.latest().incidents
    alone = Room(Path(second.store.where).parent / "alone") if "://" not in second.store.where else None
    first.finds(finding(first))
    picture = first.sees(lambda p: bool(p.incidents) and bool(p.alarms))
    if alone is not None:
        a_case(alone, pipe)
        alone.finds(finding(alone))
        expected = alone.sees(lambda p: bool(p.alarms))
        assert len(picture.incidents) == len(expected.incidents)  # the same result as with one process
        alone.close()
    assert case in {one.incident_id for one in picture.incidents}


def test_of_two_changes_to_one_case_the_second_is_refused_with_who_changed_what(
    seat: Seats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SqlStore, "commit_signal", lambda _: None)
    first, second = seat(), seat()
    leads(first)
    case = a_case(first)
    second.sees(version(case, 1))
    monkeypatch.setattr(follow, "POLL_S", 30.0)
    second.waits(lambda: not second.engine._follow._woken.is_set())  # type: ignore[union-attr]
    second.engine._follow._woken.set()  # type: ignore[union-attr]  # into the long pause
    second.settles()
    done(first.engine.submit(JudgeBurst(case, (PIPE,), "calls"), WANG))
    before = first.store.head()
    with pytest.raises(ChangedElsewhere) as refused:
        done(second.engine.submit(JudgeBurst(case, (OTHER,), "calls"), LI))
    assert first.store.load_desk().incidents[case].burst_pipes == (PIPE,)
    assert before[0] == first.store.head()[0] or all(one.actor == SYSTEM for one in first.store.changes(before[0]))
    assert "王" in refused.value.text("zh_CN")
    assert "王" in refused.value.text("en")
    assert PIPE in refused.value.text("en")
    second.sees(lambda p: p.incidents[0].burst_pipes == (PIPE,))  # it shows what there is, to decide again
    at = START + timedelta(hours=4)
    done(second.engine.submit(SetRestoration(case, at), LI))
    assert first.store.load_desk().incidents[case].restoration_at == at


def test_what_one_seat_decided_another_can_undo(seat: Seats) -> None:
    first, second = seat(), seat()
    leads(first)
    case = a_case(first)
    done(first.engine.submit(JudgeBurst(case, (PIPE,), "calls"), WANG))
    second.sees(lambda p: bool(p.incidents) and p.incidents[0].phase is not Phase.SUSPECTED)
    done(second.engine.submit(UndoLast(case), LI))
    for room in (first, second):
        room.sees(lambda p: p.incidents[0].phase is Phase.SUSPECTED)
    all_equal(first, second)


def test_a_decision_on_another_case_is_carried_out_on_what_the_store_holds(seat: Seats, monkeypatch: pytest.MonkeyPatch) -> None:
    hears_nothing(monkeypatch)
    first, second = seat(), seat()
    leads(first)
    one = a_case(first)
    other = a_case(second, OTHER)  # the second did not know of the first case
    assert one != other
    done(first.engine.submit(JudgeBurst(one, (PIPE,), "calls"), WANG))
    done(second.engine.submit(JudgeBurst(other, (OTHER,), "calls"), LI))
    kept = first.store.load_desk().incidents
    assert {case: kept[case].burst_pipes for case in (one, other)} == {one: (PIPE,), other: (OTHER,)}
    assert first.store.verify_chain() is None


def test_two_seats_that_send_the_nearest_free_crew_at_once_send_two(seat: Seats, monkeypatch: pytest.MonkeyPatch) -> None:
    hears_nothing(monkeypatch)
    first, second = seat(), seat()
    leads(first)
    cases = (a_case(first), a_case(second, NEAR))
    asked = zip((first, second), cases, (PIPE, NEAR), strict=True)
    for answer in [room.engine.submit(JudgeBurst(case, (pipe,), "calls"), WANG) for room, case, pipe in asked]:
        done(answer)  # each sends the nearest free crew; neither seat has read of the other's
    kept = first.store.load_desk().incidents
    crews = [order.crew_id for case in cases for order in kept[case].orders]
    assert len(crews) == len(set(crews)) == 2


def test_a_leader_that_ends_hands_over_at_once(seat: Seats) -> None:
    first, second = seat(), seat()
    leads(first)
    case = a_case(first)
    first.close()
    leads(second)
    second.sees(version(case, 1))
    second.finds(finding(second))
    second.sees(lambda p: len(p.incidents) == 2)


def test_a_paused_leader_is_replaced_its_finding_is_not_written_and_the_new_leaders_is_once(seat: Seats) -> None:
    first, second = seat(), seat()
    leads(first)
    for room in (first, second):
        room.send("Q-001", 0.3)
    pauses(first)
    leads(second)
    second.finds(finding(second))
    second.sees(lambda p: len(p.incidents) == 1)
    known = first.store.head()
    first.finds(finding(first, 300))
    first.send("Q-002", 0.3)
    first.settles()
    assert first.store.head() == known
    assert {one.incident_id for one in first.store.load_desk().incidents.values()} == {
        one.incident_id for one in second.engine.latest().incidents
    }
    case = a_case(first)  # intents at the paused one are carried out as before
    second.sees(version(case, 1))
    all_equal(first, second)


def test_readings_that_the_leader_had_not_stored_are_stored_by_the_next(seat: Seats, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = seat(), seat()
    leads(first)
    pauses(first)
    second.send("Q-001", 0.301)  # the first one, stopped, stores nothing
    leads(second)
    second.waits(lambda: second.store.count_readings(0, 2**62) == 1)


def test_a_store_that_was_away_for_longer_than_the_term_finds_its_leader_again_with_all_that_waited(
    tmp_path: Path, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.store.connection._BUSY_MS", 50)
    monkeypatch.setattr(journal, "_RETRY_S", 0.1)
    monkeypatch.setattr(archive, "_RETRY_S", 0.1)
    monkeypatch.setattr(lease, "_TERM_US", 500_000)
    monkeypatch.setattr(leadership, "TERM_S", 0.5)
    monkeypatch.setattr(leadership, "RENEWED_S", 0.1)
    monkeypatch.setattr(leadership, "_LOOK_S", 0.1)
    monkeypatch.setattr(leadership, "_RETRY_S", 0.1)
    first, second = (Room(tmp_path, city=city, is_shared=True) for _ in range(2))
    leads(first)
    follows(second)
    with locked(first.store):
        first.finds(finding(first))
        for room in (first, second):
            room.send("Q-001", 0.3)
            room.hears({"Q-005": {"pressure_mpa": 0.3}}, at=START + timedelta(hours=1))
        first.sees(lambda p: len(p.incidents) == 1 and len(p.alarms) == 2)
        until = time.monotonic() + 1.0
        first.waits(lambda: time.monotonic() > until)
    second.sees(lambda p: len(p.incidents) == 1 and len(p.alarms) == 2)
    assert first.engine._leadership.leads
    assert first.store.hold_lease().epoch == 1
    all_equal(first, second)
    first.waits(lambda: first.store.count_readings(0, 2**62) == 2)
    first.close()
    leads(second)
    second.close()


def test_a_leader_whose_thread_stands_still_is_replaced_and_follows_when_it_turns_again(
    seat: Seats, caplog: pytest.LogCaptureFixture
) -> None:
    first, second, blocked = seat(), seat(), threading.Event()
    leads(first)
    first.engine.watchdog._limit_s = 0.5

    def waits(_: Picture) -> None:
        blocked.wait(30)

    first.engine.subscribe(waits)
    leads(second)
    case = a_case(second)
    blocked.set()
    first.sees(version(case, 1))
    follows(first)
    assert not first.engine._leadership.leads
    assert "has not turned" in caplog.text


def answers(room: Room, order_id: str, crew_id: str) -> None:
    body = json.dumps({"order_id": order_id, "state": "acknowledged", "text": "到"}).encode()
    room.feed.offer(f"quanmai/v1/test/orders/{crew_id}/ack", body)


@pytest.mark.parametrize("is_killed", [False, True])
def test_a_crews_reply_that_every_process_gets_is_recorded_once_also_without_the_leader(seat: Seats, is_killed: bool) -> None:
    rooms = first, second, third = seat(), seat(), seat()
    leads(first)
    case = a_case(first)
    done(first.engine.submit(JudgeBurst(case, (PIPE,), "calls"), WANG))
    done(first.engine.submit(SendCrew(case, "crew1"), WANG))
    order = first.store.load_desk().incidents[case].orders[0]
    for room in rooms[1:]:
        room.sees(lambda p: bool(p.incidents) and bool(p.incidents[0].orders))
    for room in rooms[1 if is_killed else 0 :]:  # killed: what it got is gone with it
        answers(room, order.order_id, order.crew_id)
    for room in rooms:
        room.sees(lambda p: p.incidents[0].orders[0].state is OrderState.ACKNOWLEDGED)
    second.waits(lambda: not (second.engine._ingest._replies or third.engine._ingest._replies))
    for room in (second, third):
        room.settles()
    assert sum(change.kind == "order_acknowledged" for change in first.store.changes()) == 1


def test_orders_leave_once_whoever_gives_them(seat: Seats) -> None:
    rooms = first, second = seat(), seat()
    leads(first)
    case = a_case(second)
    done(second.engine.submit(JudgeBurst(case, (PIPE,), "calls"), WANG))
    done(second.engine.submit(SendCrew(case, "crew1"), WANG))
    first.waits(lambda: first.store.count_unsent() == 0)
    assert second.left == []
    payloads = [one.payload for one in first.left]
    assert len(payloads) == len(set(payloads)) > 0
    for room in rooms:
        room.sees(lambda p: p.undelivered == ())


def test_a_clock_that_is_wrong_by_ten_minutes_does_not_change_the_leader(seat: Seats) -> None:
    wrong = seat(at=START + timedelta(minutes=10))
    leads(wrong)
    right, slow = seat(), seat(at=START - timedelta(minutes=10))
    for room in (right, slow):
        follows(room)
    held = wrong.engine.latest().lease
    case = a_case(slow)
    for room in (wrong, right):
        room.sees(version(case, 1))
    assert wrong.store.hold_lease() == held
    wrong.close()
    right.waits(lambda: right.engine._leadership.leads or slow.engine._leadership.leads)
    assert right.engine._leadership.leads != slow.engine._leadership.leads


def test_the_new_leader_does_what_the_one_before_has_left_undone(seat: Seats, tmp_path: Path) -> None:
    first, second = seat(), seat()
    leads(first)
    case = a_case(second)
    pauses(first)
    leads(second)
    assert second.engine.latest().incidents[0].phase is Phase.SUSPECTED
    done(first.engine.submit(JudgeBurst(case, (PIPE,), "calls"), WANG))  # its alert is due; the first one may not send it
    second.waits(lambda: second.store.count_unsent() == 0)
    done(second.engine.submit(SendCrew(case, "crew1"), LI))
    second.waits(lambda: second.store.count_unsent() == 0)
    both = [one.payload for room in (first, second) for one in room.left]
    assert len(both) == len(set(both)) > 0


def test_a_process_whose_clock_is_wrong_leaves_the_lead_to_others_and_leads_where_there_is_none(
    store: str, tmp_path: Path, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leadership, "_LOOK_S", 0.1)
    monkeypatch.setattr(leadership, "WRONG_WAITS_S", 1.0)
    monkeypatch.setattr(engine_module, "_ahead_of_machine_s", lambda clock: 600.0)
    wrong = Room(tmp_path, store=store, city=city, is_shared=True)
    wrong.sees(lambda p: any(feed.name == "clock" and "600 s ahead" in feed.message for feed in p.feeds))
    monkeypatch.setattr(engine_module, "_ahead_of_machine_s", lambda clock: 0.0)
    right = Room(tmp_path, store=store, city=city, is_shared=True)
    leads(right)
    assert not wrong.engine._leadership.leads
    right.close()
    leads(wrong)
    wrong.close()


def test_a_case_that_no_area_acknowledges_is_escalated_once_by_whichever_engine_leads(
    seat: Seats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(area_watch, "_LOOK_S", 0.05)
    first, second = seat(area_minutes=0.01), seat(area_minutes=0.01)
    leads(first)
    case = a_case(second, OTHER)  # it lies in the one area of the city
    for room in (first, second):
        room.sees(lambda p: any(alarm.kind is AlarmKind.AREA_SILENT for alarm in p.alarms))
    close(first)
    leads(second)
    looked = second.engine._areas._looked_s
    second.waits(lambda: second.engine._areas._looked_s > looked)
    second.settles()
    assert [change.kind for change in second.engine.timeline(case)].count("area_escalated") == 1
    assert [alarm.kind for alarm in second.engine.latest().alarms].count(AlarmKind.AREA_SILENT) == 1


def test_a_process_that_may_not_lead_never_does_and_says_that_nobody_leads(seat: Seats, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leadership, "_LEADERLESS_S", 0.3)
    wall = seat(may_lead=False)
    alone = wall.sees(lambda p: any(feed.name == "leader" for feed in p.feeds))
    assert alone.lease is not None
    assert (alone.lease.holder, alone.lease.is_ours) == ("", False)
    assert not any(feed.name == "store" for feed in alone.feeds)  # the store itself is well
    console = seat()
    leads(console)
    wall.sees(lambda p: p.lease is not None and p.lease.holder != "" and not any(feed.name == "leader" for feed in p.feeds))
    close(console)  # gives the lease back
    wall.sees(lambda p: any(feed.name == "leader" for feed in p.feeds))
    assert not wall.engine._leadership.leads
    last = wall.engine.latest().lease
    assert last is not None
    assert not last.is_ours
