"""Traccar: its frames as fixes by the time of the fix, and the feed against a real WebSocket server that plays frames."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from console.domain.clock import micros
from console.domain.crews import CrewFix
from console.domain.health import FeedHealth
from console.feeds.inbox import Inbox
from console.feeds.port import Decoded
from console.feeds.traccar import TraccarAddress, TraccarFeed
from console.feeds.traccar_frames import TraccarDecoder
from maps.errors import InputFault
from tests.console.services.town import NOW, X0, Y0, a_town

CITY = a_town()
TOKEN = "secret-token/+ 1"
DEVICES = [
    {"id": 1, "name": "car", "uniqueId": "C1", "status": "online", "attributes": {}},
    {"id": 2, "name": "van", "uniqueId": "888888888888888", "status": "offline", "attributes": {"crew": "C2"}},
    {"id": 3, "name": "stranger", "uniqueId": "999", "status": "online", "attributes": []},
]
LAT, LON = 36.65, 117.0


def position(device: int = 1, *, fixed: datetime = NOW, told: datetime = NOW, **more: Any) -> dict[str, Any]:
    """A position as servers of version 4 and 5 send it (offset without a colon)."""
    return {
        "id": 7, "attributes": {"batteryLevel": 97.0, "distance": 15.1, "totalDistance": 13_022_475.67, "motion": True},
        "deviceId": device, "type": None, "protocol": "osmand", "serverTime": f"{told:%Y-%m-%dT%H:%M:%S.000+0000}",
        "deviceTime": f"{told:%Y-%m-%dT%H:%M:%S.000+0000}", "fixTime": f"{fixed:%Y-%m-%dT%H:%M:%S.000+0000}", "outdated": False,
        "valid": True, "latitude": LAT, "longitude": LON, "altitude": 0, "speed": 10.0, "course": 90, "address": None,
        "accuracy": 24.0, "network": None, **more,
    }  # fmt: skip


def decoded(*frames: Any, decoder: TraccarDecoder | None = None) -> Decoded:
    known = decoder or TraccarDecoder(CITY)
    listed = [{"devices": DEVICES}] if decoder is None else []
    texts = [one if isinstance(one, str) else json.dumps(one) for one in (*listed, *frames)]
    return known.decode(texts, micros(NOW + timedelta(minutes=10)))


def test_a_position_is_the_crew_s_in_the_city_s_grid_with_knots_as_metres_a_second() -> None:
    got = decoded({"positions": [position(), position(2)]})
    first, second = got.fixes
    assert (first.crew_id, first.name, second.crew_id) == ("C1", "一队", "C2")
    assert first.speed_mps == pytest.approx(10 * 1852 / 3600)
    assert (first.heading_deg, first.at_us) == (90.0, micros(NOW))
    assert abs(first.x - X0) < 100_000
    assert abs(first.y - Y0) < 100_000
    assert dict(got.refused) == {"crew": 1}  # the stranger


@pytest.mark.parametrize("offset", ["+0000", "+00:00", "Z"])
def test_its_age_is_that_of_the_fix_whatever_else_is_newer(offset: str) -> None:
    old = NOW - timedelta(hours=3)
    (fix,) = decoded({"positions": [position(fixTime=f"{old:%Y-%m-%dT%H:%M:%S}{offset}", told=NOW, outdated=True)]}).fixes
    assert fix.at_us == micros(old.replace(microsecond=0))


def test_objects_of_version_6_with_all_their_fields_are_read() -> None:
    """The fields of Device and Position in the published OpenAPI file of version 6.6, with nulls where nothing is known."""
    device = {
        "id": 4, "name": "水车", "uniqueId": "C3", "status": "online", "disabled": False,
        "lastUpdate": "2024-01-03T15:00:00.000+00:00", "positionId": 9, "groupId": 0, "calendarId": 0, "phone": None,
        "model": None, "contact": None, "category": "truck",
        "expirationTime": None, "attributes": {},
    }  # fmt: skip
    one = position(4, fixTime=f"{NOW:%Y-%m-%dT%H:%M:%S}.000+00:00", network={"radioType": "gsm"}, geofenceIds=[3], accuracy=0.0)
    got = decoded({"devices": [device]}, {"positions": [one]}, {"events": [{"id": 1, "type": "deviceOnline", "deviceId": 4}]})
    assert [(fix.crew_id, fix.at_us) for fix in got.fixes] == [("C3", micros(NOW))]


def test_without_a_valid_fix_nobody_moves_and_nothing_is_refused() -> None:
    got = decoded({"positions": [position(valid=False, latitude=0.0, longitude=0.0)]})
    assert (got.fixes, got.troubles, dict(got.refused)) == ((), (), {"crew": 1})


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"latitude": 95.0}, "position"), ({"latitude": None}, "position"), ({"latitude": 0.0, "longitude": 0.0}, "position"),
        ({"fixTime": None}, "time"), ({"fixTime": "yesterday"}, "time"), ({"fixTime": "1970-01-01T00:00:00.000+00:00"}, "time"),
        ({"fixTime": "2024-01-04T15:00:00.000+00:00"}, "future"),
    ],
)  # fmt: skip
def test_a_position_that_is_not_believable_is_refused_and_marks_its_crew(more: dict[str, Any], kind: str) -> None:
    got = decoded({"positions": [position(**more), position(2)]})
    assert [fix.crew_id for fix in got.fixes] == ["C2"]
    assert got.refused[kind] == 1
    assert [(one.crew_id, one.kind) for one in got.troubles] == [("C1", kind)]


def test_a_wrong_speed_leaves_the_place_and_odd_frames_leave_the_rest() -> None:
    got = decoded(
        "no json", "[]", "{}", json.dumps({"positions": 3}), {"events": [{"type": "deviceOnline"}]}, {"devices": [{}, 7, None]},
        {"positions": [None, {"deviceId": True}, position(99), position(speed=-999.0, course=None)]},
    )  # fmt: skip
    (fix,) = got.fixes
    assert (fix.speed_mps, fix.heading_deg) == (None, None)
    assert got.refused["not_json"] == 1
    assert got.refused["bounds"] == 1
    assert got.refused["shape"] >= 6


def test_a_device_that_is_given_to_another_crew_moves_that_one() -> None:
    decoder = TraccarDecoder(CITY)
    decoded({"devices": DEVICES}, decoder=decoder)
    decoded({"devices": [{**DEVICES[0], "uniqueId": "C3"}]}, decoder=decoder)
    assert [fix.crew_id for fix in decoded({"positions": [position()]}, decoder=decoder).fixes] == ["C3"]


@pytest.mark.parametrize(
    ("url", "token"),
    [
        ("http://traccar.example.cn", "x"),
        ("ftp://a", "x"),
        ("https://u:p@a", "x"),
        ("https://", "x"),
        ("https://a", ""),
        ("a", "x"),
    ],
)
def test_an_address_that_cannot_be_used_is_a_fault_in_one_line(url: str, token: str) -> None:
    with pytest.raises(InputFault, match="traccar"):
        TraccarAddress.parse(url, token)


class Server:
    """Answers the list of devices and plays frames to each connection, then waits or hangs up."""

    def __init__(self) -> None:
        self.plays: list[list[str]] = []
        self.hangs_up = False
        self.connections = 0
        self.tokens: list[str] = []
        self.cookies: list[str] = []
        self.has_sessions = True
        self.port = 0

    def answer(self, _: ServerConnection, request: Request) -> Response | None:
        if request.path.startswith("/api/socket?"):
            self.tokens.append(request.path)
            self.cookies.append(request.headers.get("Cookie", ""))
            return None
        if request.path.startswith("/api/session?token="):
            headers = Headers([("Set-Cookie", "JSESSIONID=node0abc.node0; Path=/; HttpOnly"), ("Content-Length", "2")])
            headers["Connection"] = "close"
            return Response(200, "", headers, b"{}") if self.has_sessions else Response(404, "", Headers(Connection="close"), b"")
        self.tokens.append(request.headers.get("Authorization", ""))
        is_allowed = self.tokens[-1] == f"Bearer {TOKEN}" and request.path == "/api/devices"
        body = json.dumps(DEVICES).encode() if is_allowed else b"no"
        headers = Headers([("Content-Type", "application/json"), ("Content-Length", str(len(body))), ("Connection", "close")])
        return Response(200 if is_allowed else 401, "", headers, body)

    def play(self, connection: ServerConnection) -> None:
        self.connections += 1
        for frame in self.plays.pop(0) if self.plays else []:
            connection.send(frame)
        if not self.hangs_up:
            for _ in connection:
                pass


@contextmanager
def serving(
    server: Server, token: str = TOKEN, silent_s: float = 90.0
) -> Iterator[tuple[TraccarFeed, Callable[[], list[CrewFix]]]]:
    with serve(server.play, "127.0.0.1", server.port, process_request=server.answer) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        inbox, fixes = Inbox(), list[CrewFix]()
        address = TraccarAddress.parse(f"http://127.0.0.1:{running.socket.getsockname()[1]}", token)
        feed = TraccarFeed(address, CITY, first_s=0.05, silent_s=silent_s)
        feed.start(inbox)

        def taken() -> list[CrewFix]:
            for arrived in inbox.drain(0.05):
                fixes.extend(arrived.feed.decode(arrived.items, micros(NOW + timedelta(minutes=10))).fixes)
            return fixes

        try:
            yield feed, taken
        finally:
            feed.stop()
            inbox.close()
            running.shutdown()
            thread.join(10)


def waits(true: Callable[[], object]) -> None:
    until = time.monotonic() + 30.0
    while not true():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.01)


@pytest.mark.slow
def test_the_list_comes_first_then_what_the_socket_sends_and_a_lost_connection_is_made_again() -> None:
    server = Server()
    later = NOW + timedelta(minutes=1)
    server.hangs_up = True
    server.plays = [
        [json.dumps({"positions": [position()]}), "{}", json.dumps({"positions": [position(told=later)]})],
        ["{}", json.dumps({"positions": [position(2, fixed=later)]})],
    ]
    with serving(server) as (feed, taken):
        waits(lambda: len(taken()) >= 3)
        assert [(fix.crew_id, fix.at_us) for fix in taken()[:3]] == [("C1", micros(NOW))] * 2 + [("C2", micros(later))]
        assert server.connections >= 2
        assert feed.health().received >= 5  # two lists and three positions; what keeps alive is none
        # The documented key to the socket is the session's cookie; newer servers take the token in its address too.
        assert set(server.cookies) == {"JSESSIONID=node0abc.node0"}
        assert any(TOKEN not in one and one.startswith("/api/socket?token=secret-token%2F%2B%201") for one in server.tokens)
    assert feed.health().state == "off"


@pytest.mark.slow
def test_a_refused_token_is_said_without_the_token(caplog: pytest.LogCaptureFixture) -> None:
    with serving(Server(), token="wrong-token") as (feed, _):
        waits(lambda: feed.health().code == "token_refused")
        assert feed.health().state == "down"
        assert "wrong-token" not in feed.health().message
    assert "wrong-token" not in caplog.text
    assert "401" in caplog.text


@pytest.mark.slow
def test_a_connection_on_which_nothing_comes_is_given_up_and_made_again(caplog: pytest.LogCaptureFixture) -> None:
    server = Server()
    server.has_sessions = False
    with serving(server, silent_s=0.5):
        waits(lambda: server.connections >= 2)
    assert set(server.cookies) == {""}
    assert "nothing came" in caplog.text


def test_the_time_of_health_is_real() -> None:
    feed = TraccarFeed(TraccarAddress.parse("https://traccar.example.cn", TOKEN), CITY)
    assert feed.health() == FeedHealth("traccar", "connecting")
    assert TOKEN not in repr(feed._address)
    feed.stop()
    assert datetime.now(UTC) > NOW
