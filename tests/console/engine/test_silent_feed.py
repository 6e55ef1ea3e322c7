"""The whole feed is silent, then late, then back: one alarm for each station, whatever its channels, in a real store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from console.detection.finding import StationFinding
from console.domain.actors import SYSTEM
from console.domain.alarms import AlarmState
from console.domain.changes import ChangeSet
from console.domain.notes import NO_NOTE
from console.services.changesets import AlarmChange, recorded_alarms
from console.services.incidents.joint_plans import merged
from console.services.state import DeskState
from console.store import open_store
from maps.city import StationTable
from tests.console.engine.room import START, Room
from tests.console.services.town import Chair, a_finding

CHANNELS = {"pressure_mpa": 0.3, "flow_m3h": 40.0, "chlorine_mgl": 0.3}


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    opened = Room(tmp_path)
    yield opened
    opened.close()


def everybody_speaks(room: Room, ticks: int) -> list[str]:
    """Every station sends every channel, once a tick."""
    stations = [str(name) for name in room.city.stations.asset_id]
    for _ in range(ticks):
        room.hears({station: {key: value for key, value in CHANNELS.items()} for station in stations})
        room.settles()
        room.ticks()
    return stations


def stale_alarms(room: Room) -> dict[str, tuple[AlarmState, tuple[str, ...]]]:
    """By station what the store holds; fails where a station has two."""
    found = [alarm for alarm in room.store.load_desk().alarms.values() if alarm.code == "stale"]
    assert max(Counter(alarm.subject for alarm in found).values(), default=0) <= 1
    return {alarm.subject: (alarm.state, alarm.channels) for alarm in found}


def test_all_stations_of_several_channels_fall_silent_and_each_has_one_alarm_with_all_its_channels(room: Room) -> None:
    stations = everybody_speaks(room, 4)
    assert stale_alarms(room) == {}
    for _ in range(7):
        room.ticks()
    found = stale_alarms(room)
    assert sorted(found) == sorted(stations)
    assert {state for state, _ in found.values()} == {AlarmState.ACTIVE}
    assert {frozenset(channels) for _, channels in found.values()} == {frozenset({"pressure", "flow", "chlorine"})}
    assert room.store.verify_chain() is None
    everybody_speaks(room, 2)
    assert {state for state, _ in stale_alarms(room).values()} == {AlarmState.RETURNED}
    assert {channels for _, channels in stale_alarms(room).values()} == {()}


def test_after_a_silence_late_readings_alone_end_no_alarm_and_nothing_is_marked_down(room: Room) -> None:
    stations = everybody_speaks(room, 4)
    last = room.clock.at - timedelta(seconds=60)
    for _ in range(7):
        room.ticks()
    room.hears({station: CHANNELS for station in stations}, at=last + timedelta(seconds=30))  # backfill, still too old
    room.settles()
    room.ticks()
    assert {state for state, _ in stale_alarms(room).values()} == {AlarmState.ACTIVE}
    assert [feed.state for feed in room.engine.latest().feeds] == ["up"]


def test_alarms_raised_before_a_restart_end_after_it_and_those_of_stations_that_are_gone_too(room: Room, tmp_path: Path) -> None:
    stations = everybody_speaks(room, 4)
    for _ in range(7):
        room.ticks()
    room.close()
    renamed = StationTable.of(["NEW", *stations[1:]], node=np.zeros(len(stations))).asset_id
    other = replace(room.city, stations=replace(room.city.stations, asset_id=renamed))
    again = Room(tmp_path, city=other, at=room.clock.at)
    try:
        again.settles()
        assert [name for name, (state, _) in stale_alarms(again).items() if state is AlarmState.RETURNED] == [stations[0]]
        still = stations[1]
        for _ in range(2):
            again.hears({name: CHANNELS for name in stations[2:]})
            again.settles()
            again.ticks()
        found = stale_alarms(again)
        assert {name for name, (state, _) in found.items() if state is AlarmState.ACTIVE} == {still}
        again.hears({still: CHANNELS})
        again.settles()
        again.ticks()
        assert {state for state, _ in stale_alarms(again).values()} == {AlarmState.RETURNED}
        assert len(stale_alarms(again)) == len(stations)
    finally:
        again.close()


def test_raised_extended_and_returned_in_one_tick_is_one_alarm_that_has_returned(tmp_path: Path) -> None:
    chair, store = Chair(), open_store(tmp_path / "s.sqlite")
    told = [StationFinding("S1", channel, "stale", START, active=active)
            for active in (True, False) for channel in ("pressure", "flow", "chlorine")]  # fmt: skip
    changes = chair.desk.on_stations(DeskState(), told, START)
    assert [alarm.state for alarm in changes.alarms] == [AlarmState.RETURNED]
    assert [draft.kind for draft in changes.drafts] == ["alarm_raised", *["alarm_revised"] * 4, "alarm_returned"]
    done = store.commit(changes, SYSTEM, START)
    (kept,) = store.load_desk().alarms.values()
    assert kept == done.change_set.alarms[0]
    store.close()


def test_steps_of_one_case_in_one_change_set_are_one_version_that_the_store_takes(tmp_path: Path) -> None:
    chair, store = Chair(), open_store(tmp_path / "s.sqlite")
    opened = chair.sees(a_finding())
    store.commit(opened, SYSTEM, START)
    first = chair.desk.on_burst(chair.state, a_finding(first=0.7), START)
    then = chair.state.applied(first, ())
    second = chair.desk.on_burst(then, a_finding(first=0.8), START)
    both = merged(first, second)
    assert len(both.incidents) == 1
    assert both.incidents[0].location == second.incidents[0].location
    store.commit(both, SYSTEM, START)
    (kept,) = store.load_desk().incidents.values()
    assert (kept.version, kept.location) == (2, second.incidents[0].location)
    store.close()


def test_a_change_set_holds_the_last_value_of_each_alarm_and_all_drafts_in_order() -> None:
    chair = Chair()
    chair.sees(a_finding())
    (alarm,) = chair.state.alarms.values()
    steps = [AlarmChange(alarm, alarm, f"step {number}", NO_NOTE) for number in range(3)]
    changes = ChangeSet(recorded_alarms(steps).drafts, (alarm, alarm, alarm))
    assert (changes.alarms, [draft.kind for draft in changes.drafts]) == ((alarm,), ["step 0", "step 1", "step 2"])
