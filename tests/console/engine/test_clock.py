"""Jumps of this machine's or a station's clock: faults end by themselves, ticks continue."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from console.domain.actors import Actor
from console.domain.alarms import Alarm, AlarmKind, AlarmState, Priority
from console.domain.clock import micros
from console.domain.compose import ExpectedHistory
from console.domain.live import LivePicture
from console.domain.picture import StationState
from console.domain.readings import Channel, ReadingBatch
from console.engine.clocks import StationClocks
from console.services.alarms.station_alarms import AcknowledgeAlarm, ShelveAlarm
from console.services.analysis.expected_log import ExpectedLog
from maps.city import City, StationTable
from maps.crs import to_wgs84
from tests.console.engine.room import START, Room, done
from tests.console.ui.small_city import build_small_city

TEN_MINUTES = timedelta(minutes=10)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    opened = Room(tmp_path)
    yield opened
    opened.close()


def speak(room: Room, ahead: timedelta = timedelta(0)) -> None:
    room.hears({str(name): {"pressure_mpa": 0.3} for name in room.city.stations.asset_id}, at=room.clock.at + ahead)
    room.settles()


def future(room: Room) -> list[AlarmState]:
    """States of the living future-time alarms in the store."""
    alarms = room.store.load_desk().alarms.values()
    return [alarm.state for alarm in alarms if alarm.code == "future_time" and alarm.returned_at is None]


def test_alarms_of_a_clock_set_back_by_ten_minutes_end_when_it_is_right_again(room: Room) -> None:
    speak(room)
    room.ticks()
    speak(room)
    room.clock.sleep(-600)
    for _ in range(2):
        speak(room, ahead=TEN_MINUTES)
        room.clock.sleep(20)
    assert len(future(room)) == len(room.city.stations)
    room.clock.sleep(600)  # set right
    room.ticks()
    speak(room)
    room.ticks()
    assert future(room) == []
    room.sees(lambda p: p.station_state[1] in (StationState.NORMAL, StationState.LEARNING))


def test_ticks_continue_while_the_clock_is_set_back(room: Room) -> None:
    speak(room)
    room.ticks()
    room.clock.sleep(-600)
    for _ in range(3):
        room.ticks()


def test_a_station_whose_own_clock_is_set_right_ends_its_fault_and_backfill_does_not(room: Room) -> None:
    room.hears({"Q-001": {"pressure_mpa": 0.3}}, at=room.clock.at + TEN_MINUTES)
    room.settles()
    assert future(room) == [AlarmState.ACTIVE]
    room.clock.sleep(30)
    room.hears({"Q-001": {"pressure_mpa": 0.3}}, at=room.clock.at - TEN_MINUTES)  # what it measured before
    room.settles()
    assert future(room) == [AlarmState.ACTIVE]
    room.hears({"Q-001": {"pressure_mpa": 0.31}})
    room.settles()
    assert future(room) == []


def test_a_fault_that_began_before_a_restart_ends_after_it(room: Room, tmp_path: Path) -> None:
    room.hears({"Q-001": {"pressure_mpa": 0.3}}, at=room.clock.at + TEN_MINUTES)
    room.settles()
    room.close()
    again = Room(tmp_path, at=START + timedelta(minutes=1))
    try:
        again.hears({"Q-001": {"pressure_mpa": 0.3}})
        again.settles()
        assert future(again) == []
    finally:
        again.close()


def test_values_taken_while_both_clocks_were_ahead_are_replaced_by_later_ones(room: Room) -> None:
    room.clock.sleep(3600)
    speak(room)
    room.clock.sleep(-3600)
    room.sees(lambda p: p.station_state[1] == StationState.STALE)  # dated ahead of our clock: not shown as current
    room.hears({"Q-001": {"pressure_mpa": 0.25}})
    picture = room.sees(lambda p: p.value[1, Channel.PRESSURE] == pytest.approx(250.0))
    assert picture.at_us[1, Channel.PRESSURE] == micros(room.clock.at)


def test_samples_taken_under_a_clock_that_was_ahead_do_not_blind_detection(room: Room) -> None:
    room.clock.sleep(3600)
    speak(room)
    room.ticks()
    room.clock.sleep(-3600)
    speak(room)
    room.ticks()
    room.clock.sleep(10)
    speak(room)
    assert room.detector._faults.fresh(room.engine._live.at_us, micros(room.clock.at))[1, Channel.PRESSURE]


def crew_at(room: Room, east_m: float) -> float:
    """The first crew's phone sends a position so far east of its base; gives the network's x."""
    crews, network = room.city.crews, room.city.network
    x = float(crews.base_x[0]) + east_m
    lon, lat = to_wgs84(np.array([x]), np.array([float(crews.base_y[0])]), network.crs)
    body = {"_type": "location", "tst": int(room.clock.at.timestamp()), "lat": float(lat[0]), "lon": float(lon[0])}
    room.feed.offer(f"owntracks/{crews.asset_id[0]}/phone", json.dumps(body).encode())
    return x


def test_a_crew_seen_under_a_clock_that_was_ahead_moves_on(room: Room) -> None:
    room.clock.sleep(3600)
    x = crew_at(room, 50.0)
    room.sees(lambda p: p.crews[0].x == pytest.approx(x, abs=1.0))
    room.clock.sleep(-3600)
    true_x = crew_at(room, 0.0)
    room.sees(lambda p: p.crews[0].x == pytest.approx(true_x, abs=1.0))


def test_a_shelving_made_under_a_clock_a_year_ahead_ends_when_the_clock_is_right(room: Room) -> None:
    year = timedelta(days=365)
    room.clock.at += year
    room.hears({"Q-001": {"pressure_mpa": 0.3}}, at=room.clock.at + TEN_MINUTES)
    (alarm,) = room.sees(lambda p: len(p.alarms) == 1).alarms
    done(room.engine.submit(ShelveAlarm(alarm.alarm_id, room.clock.at + timedelta(hours=8), "检修"), Actor.named("王")))
    room.clock.at -= year
    room.ticks()
    room.sees(lambda p: p.alarms[0].state is AlarmState.ACTIVE)


def test_expected_values_after_a_clock_set_back_are_those_of_the_new_ticks() -> None:
    history = ExpectedHistory()
    for at_us, level in ((60, 1.0), (120, 2.0), (60, 5.0), (90, 6.0)):
        history.add(at_us, np.full((1, len(Channel)), level))
    assert history.at(0, Channel.PRESSURE, np.array([60, 75, 90])).tolist() == [5.0, 5.5, 6.0]


def test_after_a_clock_set_back_the_scatter_is_kept_once_an_hour_again() -> None:
    class Kept:
        def __init__(self) -> None:
            self.told: list[int] = []

        def append_expected(self, tick_us: int, expected: object, sigma_kpa: object = None) -> None:
            if sigma_kpa is not None:
                self.told.append(tick_us)

    hour, kept = 3_600_000_000, Kept()
    log, values, sigma = ExpectedLog(kept), np.zeros((1, len(Channel))), np.ones(1)
    for tick_us in (24 * hour, hour, 2 * hour):
        log.keep(tick_us, values, sigma)
    assert kept.told == [24 * hour, 2 * hour]


def test_late_values_stay_late_as_long_as_no_clock_jumped() -> None:
    live = LivePicture(1)

    def one(at_us: int, value: float) -> ReadingBatch:
        return ReadingBatch(
            np.zeros(1, np.int32), np.zeros(1, np.uint8), np.array([at_us]), np.array([value]), np.zeros(1, np.uint8)
        )

    live.apply(one(100_000_000, 1.0), 100_000_000)
    assert live.apply(one(90_000_000, 2.0), 100_000_000).late == 1
    assert live.value[0, 0] == 1.0


def test_an_alarm_of_a_removed_station_does_not_stop_the_engine() -> None:
    gone = Alarm("A-000001", AlarmKind.STATION_FAULT, Priority.LOW, "不在了", START, code="future_time", channels=("",))
    clocks = StationClocks(np.array(["S1"], dtype=object), [gone])
    batch = ReadingBatch(
        np.zeros(1, np.int32), np.zeros(1, np.uint8), np.array([micros(START)]), np.ones(1), np.zeros(1, np.uint8)
    )
    assert clocks.look(batch, np.empty(0, np.int32), micros(START)) == ()


def odd_city() -> City:
    """The small city with one station whose id holds what breaks paths, topics, markup and SQL."""
    city = build_small_city()
    ids = [str(name) for name in city.stations.asset_id]
    ids[1] = "Q/1 +#\"'<b>%s\\泉\n"
    stations = replace(city.stations, asset_id=StationTable.of(ids, node=np.zeros(len(ids))).asset_id)
    return replace(city, stations=stations)


def test_a_station_with_an_odd_id_gets_its_fault_and_loses_it(tmp_path: Path) -> None:
    room = Room(tmp_path, city=odd_city())
    try:
        name = str(room.city.stations.asset_id[1])
        room.hears({name: {"pressure_mpa": 0.3}}, at=room.clock.at + TEN_MINUTES)
        (alarm,) = room.sees(lambda p: len(p.alarms) == 1).alarms
        assert alarm.subject == name
        done(room.engine.submit(AcknowledgeAlarm(alarm.alarm_id), Actor.named("王")))
        room.clock.sleep(10)
        room.hears({name: {"pressure_mpa": 0.3}})
        room.ticks()
        room.sees(lambda p: p.alarms == ())
        assert [feed.state for feed in room.engine.latest().feeds] == ["up"]
    finally:
        room.close()
