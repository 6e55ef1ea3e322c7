"""Raw messages to readings: valid parts reach the batch, invalid ones are counted and located."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.readings import Channel, Quality
from console.feeds.codec import Decoder
from console.feeds.port import Decoded
from console.mqtt.message import Message
from maps.city import City, CityInfo, CrewTable, StationTable
from maps.network import NodeTable, PipeNetwork, PipeTable, PumpTable, ValveTable


def _city(crs: str = "EPSG:4548") -> City:
    network = PipeNetwork(NodeTable.of(["J1"], x=[0.0], y=[0.0]), PipeTable.empty(), PumpTable.empty(), ValveTable.empty(), crs)
    stations = StationTable.of(["S1", "测点二"], node=[0, 0], channels=["pressure", "pressure,flow"])
    return City(CityInfo("t", "t"), network, stations=stations, crews=CrewTable.of(["C1"], name=["抢修1队"]))


def _decode(topic: str, payload: bytes | str, crs: str = "EPSG:4548") -> Decoded:
    data = payload.encode() if isinstance(payload, str) else payload
    return Decoder(_city(crs)).decode([Message(topic, data)])


def test_a_reading_arrives_in_inside_units_with_its_own_time() -> None:
    got = _decode("quanmai/v1/t/readings/S1", '{"t":"2024-01-03T23:00:05.120+08:00","v":{"pressure_mpa":0.312},"q":"good"}')
    assert got.rejected == 0
    assert got.readings.value[0] == pytest.approx(312.0)
    assert got.readings.at_us[0] == 1704294005_120000
    assert (got.readings.channel[0], got.readings.quality[0]) == (Channel.PRESSURE, Quality.GOOD)


def test_an_array_carries_several_stations() -> None:
    body = [
        {"s": "S1", "t": "2024-01-03T15:00:00Z", "v": {"pressure_mpa": 0.3}},
        {"s": "测点二", "t": "2024-01-03T15:00:00Z", "v": {"pressure_mpa": 0.2, "flow_m3h": 12}, "q": "uncertain"},
    ]
    got = _decode("quanmai/v1/t/readings", json.dumps(body))
    assert got.readings.station.tolist() == [0, 1, 1]
    assert got.readings.value == pytest.approx([300.0, 200.0, 12.0])


@pytest.mark.parametrize(
    "payload",
    [
        b"\xff\xfe", b"", b"null", b"{}", b'{"t":"2024-01-03T23:00:05","v":{"pressure_mpa":1}}',
        b'{"t":"2024-01-03T23:00:05Z","v":{"pressure_mpa":"high"}}', b'{"t":"2024-01-03T23:00:05Z","v":{"pressure_psi":1}}',
        b'{"t":"2024-01-03T23:00:05Z","v":{"pressure_mpa":1e999}}', b'{"t":"2024-01-03T23:00:05Z","v":{"ph":7},"q":"maybe"}',
    ],
)  # fmt: skip
def test_invalid_payloads_are_counted_with_their_topic_and_never_stop_the_feed(payload: bytes) -> None:
    got = Decoder(_city()).decode(
        [
            Message("quanmai/v1/t/readings/S1", payload),
            Message("quanmai/v1/t/readings/S1", b'{"t":"2024-01-03T23:00:05Z","v":{"ph":7}}'),
        ]
    )
    assert got.rejected == 1
    assert got.samples[0].topic == "quanmai/v1/t/readings/S1"
    assert got.readings.value.tolist() == [7.0]


@settings(deadline=None)
@given(payload=st.binary(max_size=200), topic=st.text(max_size=60))
def test_any_bytes_on_any_topic_raise_nothing(payload: bytes, topic: str) -> None:
    _decode(topic, payload)


def test_an_unknown_station_is_named() -> None:
    got = _decode("quanmai/v1/t/readings/S9", '{"t":"2024-01-03T23:00:05Z","v":{"ph":7}}')
    assert "S9" in got.samples[0].reason


def test_an_owntracks_fix_lands_on_the_city_grid() -> None:
    # CGCS2000 3-degree GK CM 117E: on the central meridian the easting is the false easting of 500 km.
    got = _decode("owntracks/C1/phone", '{"_type":"location","lat":36.65,"lon":117.0,"tst":1704294005,"vel":36,"cog":90}')
    fix = got.fixes[0]
    assert fix.x == pytest.approx(500_000.0, abs=0.01)
    assert (fix.speed_mps, fix.heading_deg, fix.name) == (10.0, 90, "抢修1队")


def test_messages_that_move_nobody_are_counted_by_kind_and_are_no_fault() -> None:
    ping = '{"_type":"location","t":"p","lat":36.65,"lon":117.0,"tst":1704294005}'
    for payload, kind in ((ping, "ping"), ('{"_type":"lwt","tst":1}', "lwt"), ('{"_type":"transition"}', "transition")):
        got = _decode("owntracks/C1/phone", payload)
        assert (got.fixes, dict(got.others), dict(got.refused)) == ((), {kind: 1}, {})


def test_a_place_without_georeference_takes_the_extension_fields() -> None:
    got = _decode("owntracks/C1/phone", '{"_type":"location","x":5,"y":6,"tst":1}', crs="local")
    assert (got.fixes[0].x, got.fixes[0].y) == (5, 6)


def test_a_reply_has_the_crew_of_its_topic() -> None:
    got = _decode("quanmai/v1/t/orders/C1/ack", '{"order_id":"W1","state":"acknowledged","text":"收到"}')
    assert (got.replies[0].crew_id, got.replies[0].state) == ("C1", "acknowledged")
    assert isinstance(got.readings.value, np.ndarray)
