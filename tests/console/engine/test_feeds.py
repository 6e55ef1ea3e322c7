"""Feeds through the engine: unreadable messages are shown at their crew or feed; positions from the future are not used."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from console.domain.clock import micros
from console.domain.crews import CrewFix
from console.domain.picture import Picture
from console.feeds.local import LocalFeed
from console.feeds.port import Decoded
from console.mqtt.message import Message
from console.store import open_store
from tests.console.engine.room import START, Room
from tests.console.ui.small_city import build_small_city


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    opened = Room(tmp_path)
    yield opened
    opened.close()


def _sends(room: Room, **body: Any) -> None:
    whole = {"_type": "location", "tst": room.clock.at.timestamp(), **_place(room), **body}
    room.feed.offer(f"owntracks/{_crew(room)}/phone", json.dumps(whole).encode())


def _crew(room: Room) -> str:
    return str(room.city.crews.asset_id[0])


def _place(room: Room) -> dict[str, float]:
    if not room.city.network.georeferenced:
        return {"x": float(room.city.crews.base_x[0]), "y": float(room.city.crews.base_y[0])}
    return {"lat": 36.65, "lon": 117.0}


def _fix(room: Room, picture: Picture) -> CrewFix:
    return next(fix for fix in picture.crews if fix.crew_id == _crew(room))


def _at(moment: datetime) -> int:
    return micros(moment)


def test_a_fix_from_the_future_neither_moves_nor_freezes_its_crew(room: Room) -> None:
    _sends(room, tst=datetime(2099, 1, 1, tzinfo=START.tzinfo).timestamp())
    room.sees(lambda p: _fix(room, p).trouble == "future")
    room.clock.sleep(2)
    _sends(room)
    seen = room.sees(lambda p: _fix(room, p).at_us == _at(START + timedelta(seconds=2)))
    assert _fix(room, seen).trouble == ""
    assert dict(seen.feeds[0].refused) == {"future": 1}


def test_a_crew_that_encrypts_its_position_says_that_it_cannot_be_read(room: Room) -> None:
    _sends(room)
    room.sees(lambda p: _fix(room, p).at_us == _at(START))
    _sends(room, _type="encrypted", data="AAAA")
    seen = room.sees(lambda p: _fix(room, p).trouble == "encrypted")
    assert _fix(room, seen).at_us == _at(START)


def test_a_future_fix_that_an_older_version_kept_does_not_win(tmp_path: Path) -> None:
    first = Room(tmp_path)
    crew = _crew(first)
    first.close()
    store = open_store(tmp_path / "engine.sqlite")
    ahead_us = _at(datetime(2099, 1, 1, tzinfo=START.tzinfo))
    store.append_positions([CrewFix(crew, crew, 1.0, 1.0, ahead_us)])
    store.close()
    again = Room(tmp_path)
    try:
        _sends(again)
        again.sees(lambda p: _fix(again, p).at_us == _at(START))
        again.waits(lambda: len(again.engine.track(crew, 0)) == 1)
        assert [at_us for at_us, _, _ in again.engine.track(crew, 0)] == [_at(START)]
    finally:
        again.close()


def test_gaps_repeats_and_restarts_of_a_publisher_are_counted_in_its_feed_s_health(room: Room) -> None:
    station = str(room.city.stations.asset_id[1])
    for after_s, number in ((0, 1), (1, 2), (1, 2), (2, 6), (3, 1)):
        body = {"t": (START + timedelta(seconds=after_s)).isoformat(), "v": {"pressure_mpa": 0.3}, "n": number}
        room.feed.offer(f"quanmai/v1/test/readings/{station}", json.dumps(body).encode())
    room.clock.sleep(3)
    seen = room.sees(lambda p: p.feeds[0].restarts == 1).feeds[0]
    assert (seen.lost, seen.repeated, seen.restarts) == (3, 1, 1)


def test_messages_are_acknowledged_once_their_content_is_on_disk(room: Room) -> None:
    kept = list[int]()
    place = {"_type": "location", "tst": room.clock.at.timestamp(), **_place(room)}
    reading = {"t": START.isoformat(), "v": {"pressure_mpa": 0.3}}
    packs = [
        Message(f"quanmai/v1/test/readings/{room.city.stations.asset_id[1]}", json.dumps(reading).encode()),
        Message(f"owntracks/{_crew(room)}/phone", json.dumps(place).encode()),
        Message("quanmai/v1/test/orders/nobody/ack", b'{"order_id": "W1", "state": "done"}'),
        Message("quanmai/v1/test/readings/nobody", b"not json"),
    ]

    def acknowledged(number: int) -> None:
        if number == 0:
            assert len(room.store.readings_between(0, _at(START))) == 1
        if number == 1:
            assert room.store.positions(_crew(room), 0, _at(START))
        kept.append(number)

    for number, message in enumerate(packs):
        room.feed.offer_all([message], lambda number=number: acknowledged(number))  # type: ignore[misc]
    room.waits(lambda: len(kept) == len(packs))
    assert kept == [0, 1, 2, 3]


def test_a_feed_with_a_defect_is_shown_and_the_items_of_another_are_taken_in(tmp_path: Path) -> None:
    class Broken(LocalFeed):
        def decode(self, items: Sequence[Message], now_us: int) -> Decoded:
            raise ZeroDivisionError("injected")

    city = build_small_city()
    broken, kept = Broken("broken", city), list[str]()
    room = Room(tmp_path, city=city, feeds=[broken])
    try:
        body = json.dumps({"t": START.isoformat(), "v": {"pressure_mpa": 0.3}}).encode()
        message = Message(f"quanmai/v1/test/readings/{city.stations.asset_id[1]}", body)
        broken.offer_all([message], lambda: kept.append("broken"))
        room.feed.offer_all([message], lambda: kept.append("sound"))
        picture = room.sees(lambda p: any("injected" in feed.message for feed in p.feeds))
        assert [feed.name for feed in picture.feeds[:2]] == ["test", "broken"]
        room.waits(lambda: len(kept) == 2)  # sent again, the same items would meet the defect again
        assert kept == ["broken", "sound"]
        room.sees(lambda p: bool(p.at_us[1].any()))
    finally:
        room.close()
