"""The smallest part of a payload that cannot be used is refused and counted by kind; the rest is kept."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.clock import micros, moment
from console.domain.readings import Channel
from console.feeds.bounds import BOUNDS
from console.feeds.codec import Decoder
from console.feeds.port import CrewTrouble, Decoded
from console.mqtt.message import Message
from maps.city import City, CityInfo, CrewTable, StationTable
from maps.network import NodeTable, PipeNetwork, PipeTable, PumpTable, ValveTable

T = "2024-01-03T23:00:05+08:00"
NOW_US = 1_704_294_005_000_000
MANY = "quanmai/v1/t/readings"
PHONE = "owntracks/C1/phone"


def _city() -> City:
    # On the central meridian of EPSG:4548, at 36.65 N.
    network = PipeNetwork(
        NodeTable.of(["J1"], x=[500_000.0], y=[4_058_000.0]),
        PipeTable.empty(),
        PumpTable.empty(),
        ValveTable.empty(),
        "EPSG:4548",
    )
    stations = StationTable.of(["S1", "S2", "S3"], node=[0, 0, 0], channels=["pressure"] * 3)
    return City(CityInfo("t", "t"), network, stations=stations, crews=CrewTable.of(["C1"], name=["抢修1队"]))


CITY = _city()


def _decode(topic: str, body: Any, now_us: int | None = NOW_US) -> Decoded:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Decoder(CITY).decode([Message(topic, payload)], now_us)


def _entry(station: object, value: object, **more: object) -> dict[str, object]:
    return {"s": station, "t": T, "v": {"pressure_mpa": value}, **more}


ODD_ENTRIES: list[tuple[Any, str]] = [
    (_entry("S2", None), "value"),
    (_entry("S2", "0.3"), "value"),
    (_entry("S2", [0.3]), "value"),
    (_entry("S2", True), "value"),
    (_entry("S2", 1e308), "bounds"),
    (_entry("S2", 10.2), "bounds"),
    (_entry("NEW9", 0.31), "station"),
    (_entry(None, 0.31), "station"),
    (_entry(7, 0.31), "station"),
    (_entry("S2", 0.31, t="2024-01-03T23:00:05"), "time"),
    (_entry("S2", 0.31, t="1969-12-31T23:00:05Z"), "time"),
    (_entry("S2", 0.31, t="2999-01-01T00:00:00Z"), "time"),
    (_entry("S2", 0.31, t=1704294005), "time"),
    (_entry("S2", 0.31, q="maybe"), "quality"),
    (_entry("S2", 0.31, q=None), "quality"),
    ({"s": "S2", "t": T}, "shape"),
    ({"s": "S2", "t": T, "v": 3}, "shape"),
    ("S2", "shape"),
    (None, "shape"),
    ([], "shape"),
]


@pytest.mark.parametrize(("odd", "kind"), ODD_ENTRIES)
def test_of_an_array_only_the_invalid_entry_is_refused(odd: Any, kind: str) -> None:
    got = _decode(MANY, [_entry("S1", 0.25), odd, _entry("S3", 0.27)])
    assert got.readings.station.tolist() == [0, 2]
    assert got.readings.value == pytest.approx([250.0, 270.0])
    assert got.refused == {kind: 1}
    assert got.samples[0].kind == kind


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "Infinity", "9" * 5000])
def test_a_number_that_json_or_a_double_cannot_hold_loses_only_its_key(number: str) -> None:
    body = json.dumps([_entry("S1", 0.25), _entry("S2", 0.3), _entry("S3", 0.27)]).replace("0.3}", number + "}")
    got = _decode(MANY, body.encode())
    assert got.readings.value == pytest.approx([250.0, 270.0])
    assert got.refused == {"bounds": 1}


def test_only_an_unknown_key_is_refused() -> None:
    got = _decode("quanmai/v1/t/readings/S1", {"t": T, "v": {"pressure_mpa": 0.25, "rssi": -71, "fw": "1.2"}, "extra": {}})
    assert got.readings.value == pytest.approx([250.0])
    assert got.refused == {"channel": 2}


def test_a_broken_byte_loses_only_its_entry() -> None:
    body = json.dumps([_entry("S1", 0.25), _entry("S2", 0.3)]).encode().replace(b"S2", b"S\xff")
    assert _decode(MANY, body).readings.value == pytest.approx([250.0])


@pytest.mark.parametrize("payload", [b"[" * 2000, b'{"t":' * 400, b'[{"s":"S1","v":' + b"[" * 900])
def test_deep_nesting_loses_only_its_payload(payload: bytes) -> None:
    good = Message("quanmai/v1/t/readings/S1", json.dumps({"t": T, "v": {"ph": 7}}).encode())
    bad = Message("quanmai/v1/t/readings/S1", payload)
    got = Decoder(CITY).decode([good, bad, good])
    assert got.readings.value.tolist() == [7.0, 7.0]
    assert got.refused == {"not_json": 1}


@pytest.mark.parametrize("channel", list(Channel))
def test_every_channel_has_bounds_and_what_lies_outside_is_refused(channel: Channel) -> None:
    lowest, highest = BOUNDS[channel]
    names = {Channel.PRESSURE: ("pressure_mpa", 1000.0), Channel.FLOW: ("flow_m3h", 1.0), Channel.LEVEL: ("level_m", 1.0)}
    units = {Channel.TURBIDITY: "turbidity_ntu", Channel.CHLORINE: "chlorine_mgl", Channel.TEMPERATURE: "temperature_c"}
    key, factor = names.get(channel, (units.get(channel, channel.name.lower()), 1.0))
    for value, taken in ((lowest, 1), (highest, 1), (lowest - 1, 0), (highest + 1, 0), (1e308, 0), (-1e308, 0)):
        got = _decode("quanmai/v1/t/readings/S1", {"t": T, "v": {key: value / factor}})
        assert len(got.readings) == taken, (key, value)
        assert np.isfinite(got.readings.value).all()


# Crews.


def _fix(**changes: object) -> dict[str, object]:
    return {"_type": "location", "lat": 36.65, "lon": 117.0, "tst": NOW_US // 1_000_000, **changes}


def test_speed_and_course_of_minus_one_are_unknown() -> None:
    got = _decode(PHONE, _fix(vel=-1, cog=-1))
    assert (got.fixes[0].speed_mps, got.fixes[0].heading_deg) == (None, None)
    assert not got.refused


def test_a_speed_that_no_vehicle_has_is_left_out_and_the_position_kept() -> None:
    got = _decode(PHONE, _fix(vel=1e300, cog="north"))
    assert (got.fixes[0].speed_mps, got.fixes[0].heading_deg) == (None, None)
    assert got.refused == {"bounds": 1, "value": 1}


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"tst": NOW_US // 1000}, "time"),  # milliseconds
        ({"tst": 4_070_908_800}, "future"),  # 2099
        ({"tst": NOW_US // 1_000_000 + 6}, "future"),
        ({"tst": 1e300}, "time"),
        ({"tst": None}, "value"),
        ({"tst": -5}, "time"),
        ({"tst": 86_400}, "time"),
        ({"lat": 1e308}, "bounds"),
        ({"lat": 91}, "position"),
        ({"lat": 0, "lon": 0}, "position"),
        ({"lat": None}, "position"),
        ({"lat": "36.65"}, "value"),
    ],
)
def test_a_position_that_cannot_be_is_refused_and_the_crew_says_so(changes: dict[str, object], kind: str) -> None:
    got = _decode(PHONE, _fix(**changes))
    assert not got.fixes
    assert got.refused == {kind: 1}
    assert got.troubles == (CrewTrouble("C1", kind),)


def test_a_position_five_seconds_ahead_is_taken_as_a_reading_is() -> None:
    assert len(_decode(PHONE, _fix(tst=NOW_US // 1_000_000 + 5)).fixes) == 1


def test_an_encrypted_position_is_reported_for_its_crew() -> None:
    got = _decode(PHONE, {"_type": "encrypted", "data": "AAAA"})
    assert got.troubles == (CrewTrouble("C1", "encrypted"),)
    assert got.refused == {"encrypted": 1}


@pytest.mark.parametrize("kind", ["transition", "lwt", "card", "waypoints", "status"])
def test_other_messages_of_owntracks_are_no_positions_and_no_faults(kind: str) -> None:
    got = _decode(PHONE, _fix(_type=kind))
    assert (got.fixes, got.refused, got.troubles) == ((), {}, ())


def test_a_ping_has_a_new_time_with_an_old_place_and_is_not_used() -> None:
    got = _decode(PHONE, _fix(t="p"))
    assert (got.fixes, got.refused) == ((), {})


@pytest.mark.parametrize("topic", [MANY, f"{MANY}/S1"])
def test_a_payload_with_a_byte_order_mark_is_read(topic: str) -> None:
    entry = {"s": "S1", "t": T, "v": {"pressure_mpa": 0.3}}
    got = _decode(topic, b"\xef\xbb\xbf" + json.dumps([entry] if topic == MANY else entry).encode())
    assert (len(got.readings), got.refused) == (1, {})


# Replies.


def test_characters_that_postgresql_refuses_are_replaced_on_entry_and_long_texts_are_cut() -> None:
    body = {"order_id": "W1\x00", "state": "on_site", "text": "到\x00场\ud800" + "长" * 9_000, "burst_pipe": "P\x001"}
    reply = _decode("quanmai/v1/t/orders/C1/ack", json.dumps(body).encode()).replies[0]
    texts = (reply.order_id, reply.crew_id, reply.state, reply.text, reply.burst_pipe)
    assert not any("\x00" in one for one in texts)
    assert "".join(texts).encode()
    assert len(reply.text) <= 500
    assert reply.text.startswith("到")


@pytest.mark.parametrize("case", [{"order_id": "W1"}, {"incident_id": "2024-0001"}])
def test_a_report_on_a_valve_names_it_and_its_order_or_case(case: dict[str, str]) -> None:
    topic, body = "quanmai/v1/t/orders/C1/ack", {"state": "valve_unable", "unable": "seized", "t": T}
    (reply,) = _decode(topic, {**body, **case, "valve_id": "V\x007"}).replies
    assert (reply.crew_id, reply.state, reply.valve_id, reply.unable) == ("C1", "valve_unable", "V\ufffd7", "seized")
    assert (reply.order_id or reply.incident_id) in case.values()
    assert _decode(topic, {**body, **case}).refused == {"order": 1}
    assert _decode(topic, {**body, "valve_id": "V7"}).refused == {"order": 1}
    assert _decode(topic, {"state": "done", "incident_id": "2024-0001"}).refused == {"order": 1}


def test_a_reply_with_an_invalid_part_is_kept() -> None:
    body = {"order_id": "W1", "state": "done", "text": 7, "t": "2099-01-01T00:00:00Z"}
    got = _decode("quanmai/v1/t/orders/C1/ack", body)
    assert (got.replies[0].order_id, got.replies[0].at, got.replies[0].text) == ("W1", None, "")
    assert got.refused == {"value": 1, "time": 1}


def test_a_reply_s_own_time_is_kept_when_it_is_believable() -> None:
    got = _decode("quanmai/v1/t/orders/C1/ack", {"order_id": "W1", "state": "done", "t": T})
    assert got.replies[0].at is not None
    assert micros(got.replies[0].at) == NOW_US
    assert got.replies[0].at == moment(NOW_US)


# Anything.

_json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_values = st.dictionaries(
    st.sampled_from(["pressure_mpa", "flow_m3h", "ph", "battery", "pump_on", "rssi"]), _json | st.floats(0, 1), max_size=3
)
_entries = st.fixed_dictionaries(
    {},
    optional={
        "s": st.sampled_from(["S1", "S2", "S9"]) | _json,
        "t": st.sampled_from([T, "2024-01-03T15:00:09Z"]) | _json,
        "v": _values | _json,
        "q": st.sampled_from(["good", "bad", "maybe"]) | _json,
        "n": st.integers(0, 5) | _json,
    },
)


@settings(deadline=None)
@given(entries=st.lists(_entries | _json, max_size=5))
def test_an_array_gives_what_its_entries_give_alone(entries: list[Any]) -> None:
    together = _decode(MANY, entries)
    alone = [_decode(MANY, [entry]) for entry in entries]
    for column in ("station", "channel", "at_us", "value", "quality"):
        assert getattr(together.readings, column).tolist() == [
            value for one in alone for value in getattr(one.readings, column).tolist()
        ]
    assert together.rejected == sum(one.rejected for one in alone)


@settings(deadline=None)
@given(body=st.dictionaries(st.sampled_from(["_type", "tst", "lat", "lon", "x", "y", "vel", "cog", "t"]), _json) | _json)
def test_any_owntracks_body_gives_a_finite_position_or_none(body: Any) -> None:
    if isinstance(body, dict):
        body.setdefault("_type", "location")
    for fix in _decode(PHONE, body).fixes:
        assert np.isfinite([fix.x, fix.y, fix.at_us]).all()


@settings(deadline=None)
@given(payload=st.binary(max_size=300), topic=st.sampled_from([MANY, MANY + "/S1", PHONE, "quanmai/v1/t/orders/C1/ack"]))
def test_any_bytes_raise_nothing_and_are_counted(payload: bytes, topic: str) -> None:
    got = _decode(topic, payload)
    assert got.rejected == 1 or len(got.readings) or got.replies or got.fixes or payload.strip() in (b"[]", b"")
