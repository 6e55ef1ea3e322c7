"""MQTT packets are cut from the stream correctly for any chunks; other packets are passed on to paho."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.mqtt.message import Message
from console.mqtt.wire import MOST_PACKET_BYTES, PacketCutter, Wire


def _varint(value: int) -> bytes:
    out = bytearray()
    while True:
        value, digit = value >> 7, value & 0x7F
        out.append(digit | (0x80 if value else 0))
        if not value:
            return bytes(out)


def _publish(topic: str, payload: bytes, mid: int, *, qos: int = 1, properties: bytes = b"") -> bytes:
    raw = topic.encode()
    body = len(raw).to_bytes(2, "big") + raw + (mid.to_bytes(2, "big") if qos else b"")
    body += _varint(len(properties)) + properties + payload
    return bytes([0x30 | qos << 1]) + _varint(len(body)) + body


_PINGRESP = b"\xd0\x00"
_publishes = st.builds(
    lambda topic, payload, mid, qos, properties: (
        _publish(topic, payload, mid, qos=qos, properties=properties),
        (topic, payload),
    ),
    topic=st.text(st.characters(codec="utf-8"), max_size=40),
    payload=st.binary(max_size=400),
    mid=st.integers(1, 65_535),
    qos=st.sampled_from([0, 1]),
    properties=st.binary(max_size=200),
)


@settings(deadline=None)
@given(packets=st.lists(_publishes | st.just((_PINGRESP, None)), max_size=8), chunk=st.integers(1, 500))
def test_every_message_comes_out_once_in_order_wherever_the_chunks_end(
    packets: list[tuple[bytes, tuple[str, bytes] | None]], chunk: int
) -> None:
    stream, cutter = b"".join(raw for raw, _ in packets), PacketCutter()
    got, rest, left = list[Message](), b"", b""
    for start in range(0, len(stream), chunk):
        done = cutter.cut(left + stream[start : start + chunk])
        left = (left + stream[start : start + chunk])[done.used :]
        got += done.messages
        rest += bytes(done.rest)
    assert left == b""
    assert [(message.topic, message.payload) for message in got] == [content for _, content in packets if content]
    assert rest == _PINGRESP * sum(content is None for _, content in packets)


def test_each_message_of_qos_1_has_its_acknowledgement_and_qos_2_is_left_to_paho() -> None:
    second = _publish("b", b"2", 300, qos=2)
    done = PacketCutter().cut(_publish("a", b"1", 7) + second + _publish("c", b"3", 1, qos=0))
    assert [message.topic for message in done.messages] == ["a", "c"]
    assert bytes(done.acks) == b"\x40\x02\x00\x07"
    assert bytes(done.rest) == second


@pytest.mark.parametrize("raw", [b"\x32\xff\xff\xff\xff\x01", b"\x32" + _varint(MOST_PACKET_BYTES + 1)])
def test_what_is_no_mqtt_or_too_large_ends_the_connection(raw: bytes) -> None:
    with pytest.raises(ConnectionAbortedError):
        PacketCutter().cut(raw)


@settings(deadline=None)
@given(raw=st.binary(max_size=300))
def test_any_bytes_are_cut_or_refused(raw: bytes) -> None:
    try:
        done = PacketCutter().cut(raw)
    except ConnectionAbortedError:
        return
    assert 0 <= done.used <= len(raw)


def test_acknowledgements_of_an_ended_connection_are_dropped() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        wire = Wire(ours, PacketCutter(), lambda *_: None)
        assert wire.acknowledge(b"\x40\x02\x00\x01")
        wire.flush()
        assert theirs.recv(10) == b"\x40\x02\x00\x01"
        wire.close()
        assert not wire.acknowledge(b"\x40\x02\x00\x02")
