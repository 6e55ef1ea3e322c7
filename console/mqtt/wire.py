"""A broker's socket that takes PUBLISH packets out of the stream in bulk and leaves everything else to paho.

paho reads a packet with three calls of ``recv`` and hands over one message at a time, about 25 µs each at QoS 1, of which
20,000 a second fill a processor core. Here a chunk of up to 256 kB is read at once and its PUBLISH packets are cut out in one
loop, about 2 µs each; their acknowledgements leave in one ``send``. Connecting, TLS, keep-alive, subscriptions and publishing
stay with paho. Everything here runs on the connection's network thread, except ``Wire.acknowledge``.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from console.mqtt.message import Message

MOST_PACKET_BYTES = 4_194_304
"""The broker is told to send nothing larger; 200 stations in one array are 20 kB."""

_CHUNK_BYTES = 262_144
_CHUNKS_A_CALL = 4
_PUBLISH, _PUBACK = 0x30, b"\x40\x02"
_TOPICS_KEPT = 100_000

Take = Callable[["Wire", list[Message], bytes], None]
"""Receives the messages of a chunk and the PUBACK packets that acknowledge them on that connection."""


@dataclass
class Cut:
    """Content of a chunk.

    ``acks``: PUBACK packets for messages of QoS 1. ``rest``: whole packets of other kinds. ``used``: bytes of the chunk that
    were parsed; the remainder is the beginning of a packet.
    """

    messages: list[Message] = field(default_factory=list)
    acks: bytearray = field(default_factory=bytearray)
    rest: bytearray = field(default_factory=bytearray)
    used: int = 0


class PacketCutter:
    """Splits MQTT 5 packets; caches topics, of which a city has as many as stations."""

    def __init__(self) -> None:
        self._topics: dict[bytes, str] = {}

    def cut(self, data: bytes) -> Cut:
        """All whole packets of ``data``. A malformed PUBLISH goes to ``rest`` and is handled by paho.

        Raises ConnectionAbortedError for what is no MQTT, or larger than was agreed.
        """
        done, end, at = Cut(), len(data), 0
        while at + 1 < end:
            body, length = (at + 2, data[at + 1]) if data[at + 1] < 128 else _varint(data, at + 1)
            stop = body + length
            if length > MOST_PACKET_BYTES:
                raise ConnectionAbortedError(f"a packet of {length} bytes; the broker was told {MOST_PACKET_BYTES}")
            if body < 0 or stop > end:
                break
            # QoS 2 has its own exchange of packets; nothing is subscribed with it.
            publish = data[at] & 0xF0 == _PUBLISH and not data[at] & 0x04
            if not (publish and self._publish(data, at, body, stop, done)):
                done.rest += data[at:stop]
            at = stop
        done.used = at
        return done

    def _publish(self, data: bytes, head: int, body: int, stop: int, done: Cut) -> bool:
        at = body + 2
        if at > stop:
            return False
        topic_end = at + (data[body] << 8 | data[body + 1])
        at = topic_end + 2 if data[head] & 0x02 else topic_end
        if at >= stop:
            return False
        properties = data[at]
        at += 1
        if properties > 127:
            at, properties = _varint(data, at - 1)
        at += properties
        topic = self._topic(data[body + 2 : topic_end])
        if at > stop or topic is None:
            return False
        done.messages.append(Message(topic, data[at:stop]))
        if data[head] & 0x02:
            done.acks += _PUBACK + data[topic_end : topic_end + 2]
        return True

    def _topic(self, raw: bytes) -> str | None:
        topic = self._topics.get(raw)
        if topic is None:
            try:
                topic = raw.decode()
            except UnicodeDecodeError:
                return None
            if len(self._topics) >= _TOPICS_KEPT:
                self._topics.clear()
            self._topics[raw] = topic
        return topic


class Wire:
    """Replaces the socket of one connection for paho."""

    def __init__(self, sock: socket.socket, cutter: PacketCutter, take: Take) -> None:
        self._sock, self._cutter, self._take = sock, cutter, take
        self._lock = threading.Lock()
        self._due = bytearray()
        self._sending = b""
        self._start = b""
        self._passed = bytearray()
        self._between = True
        self._open = True

    def acknowledge(self, acks: bytes) -> bool:
        """Send these PUBACK packets soon, from any thread; False when the connection is gone (the broker delivers again)."""
        with self._lock:
            if self._open:
                self._due += acks
            return self._open

    @property
    def owes(self) -> bool:
        """Whether acknowledgements wait to be sent."""
        return bool(self._due or self._sending)

    def flush(self) -> None:
        """Send the acknowledgements that are due, as far as the socket takes them and paho has no packet half-way out."""
        if not self._between:
            return
        if not self._sending:
            with self._lock:
                self._sending, self._due = bytes(self._due), bytearray()
        try:
            while self._sending:
                self._sending = self._sending[self._sock.send(self._sending) :]
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return

    # What paho calls.

    def recv(self, size: int) -> bytes:
        """Bytes of packets other than PUBLISH. Raises BlockingIOError when there are none now."""
        for _ in range(_CHUNKS_A_CALL):
            if self._passed:
                break
            chunk = self._sock.recv(_CHUNK_BYTES)  # raises what paho expects when nothing is there
            if not chunk:
                return b""
            self._digest(chunk)
        if not self._passed:
            raise BlockingIOError
        given = bytes(self._passed[:size])
        del self._passed[:size]
        return given

    def send(self, data: bytes | bytearray) -> int:
        """Send the rest of one of paho's packets. Raises BlockingIOError while acknowledgements are half-way out."""
        if self._between:
            self.flush()
            if self._sending:
                raise BlockingIOError
        sent = self._sock.send(data)
        self._between = sent == len(data)
        return sent

    def pending(self) -> int:
        """Bytes buffered here, which the selector does not see."""
        inside = self._sock.pending() if isinstance(self._sock, ssl.SSLSocket) else 0
        return inside + len(self._passed)

    def close(self) -> None:
        """Close the socket; later acknowledgements are dropped."""
        with self._lock:
            self._open = False
        self._sock.close()

    def fileno(self) -> int:
        """The socket's descriptor, -1 once closed."""
        return self._sock.fileno()

    def setblocking(self, blocking: bool) -> None:
        """As the socket's."""
        self._sock.setblocking(blocking)

    def _digest(self, chunk: bytes) -> None:
        data = self._start + chunk if self._start else chunk
        done = self._cutter.cut(data)
        self._start = data[done.used :]
        self._passed += done.rest
        if done.messages:
            self._take(self, done.messages, bytes(done.acks))


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """(place behind it, value) of MQTT's variable length integer; (-1, 0) while it is not whole.

    Raises ConnectionAbortedError for one of more than four bytes.
    """
    value, shift = 0, 0
    for place in range(at, min(at + 4, len(data))):
        value |= (data[place] & 0x7F) << shift
        if data[place] < 128:
            return place + 1, value
        shift += 7
    if shift == 28:
        raise ConnectionAbortedError("what the broker sends is no MQTT")
    return -1, 0
