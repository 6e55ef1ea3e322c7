"""MqttConnection: one connection to one broker, shared by a feed and a channel (paho-mqtt 2 on a thread of its own).

Two rules. First, no lock of this module is held over a call into paho: paho calls back with its own locks held, so a lock held
over ``publish`` and taken in ``on_publish`` would be a deadlock. Second, a message is acknowledged to the broker only when
its receiver says that its content is on disk.
"""

from __future__ import annotations

import logging
import selectors
import socket
import ssl
import threading
import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from console.domain.health import FeedHealth
from console.mqtt.bookings import Bookings
from console.mqtt.broker import Broker
from console.mqtt.message import Message
from console.mqtt.state import ConnectionState
from console.mqtt.wire import MOST_PACKET_BYTES, PacketCutter, Take, Wire

log = logging.getLogger(__name__)

NAME = "mqtt"
"""Of the feed and of the channel on this connection, as people see it."""

SESSION_HOURS = 24.0
"""Session expiry: the broker keeps messages for a disconnected seat this long, so that no orphan queue remains."""

Receive = Callable[[list[Message], Callable[[], None]], None]
"""Called on the network thread with messages, and with what acknowledges them to the broker once they are on disk."""

_KEEPALIVE_S, _CONNECT_S = 20, 5.0
_WINDOW = 65_535
"""Receive maximum (MQTT's largest): unacknowledged messages in flight, which wait for the disk."""

_ADVICE = {
    0x84: "it must speak MQTT 5",
    0x85: "start with another --seat",
    0x88: "it is not available now, retrying",
    0x89: "it is busy, retrying",
    0x97: "its quota is used up, see its settings",
    0x9F: "it takes no more connections now, retrying",
}
"""By MQTT 5's reason code of a CONNACK; what else a broker refuses with has to do with who connects."""


class MqttConnection:
    """Reconnects by itself; a dead broker is a state to show, never an exception.

    QoS 1 with a session per ``client_id``: the broker keeps what arrives while the connection is away. Without a receiver it
    only sends (the simulator), and leaves no session behind.
    """

    def __init__(
        self,
        broker: Broker,
        site: str,
        client_id: str,
        *,
        session_hours: float = SESSION_HOURS,
        takeover_pause_s: float = 5.0,
    ) -> None:
        self._broker = broker
        self._state = ConnectionState(NAME, broker, client_id, takeover_pause_s)
        self._bookings = Bookings()
        self._seat_topic = f"quanmai/v1/{site}/seats/{client_id}"
        self._instance = uuid.uuid4().hex
        self._announced, self._judged, self._may_announce = False, True, True
        self._session_s = round(session_hours * 3600)
        self._receiver: Receive | None = None
        self._subscribed: tuple[str, ...] = ()
        self._client = _Client(client_id, self._taker)
        self._starting, self._stopping = threading.Lock(), threading.Event()
        self._wakes: tuple[socket.socket, socket.socket] | None = None
        """Read and write end; made at the start, so that a connection that was never started leaves nothing open."""
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)
        self._prepare(self._client)

    # Called from any thread.

    def receive(self, topics: Sequence[str], receiver: Receive) -> None:
        """Subscribe to ``topics`` on each connection from now on; before ``start``."""
        self._subscribed, self._receiver = tuple(topics), receiver

    def start(self) -> None:
        """Connect in the background, once, however often it is called; retries until ``stop``."""
        with self._starting:
            if self._wakes is not None:
                return
            self._wakes = socket.socketpair()
            for end in self._wakes:
                end.setblocking(False)
            self._thread.start()

    def stop(self) -> None:
        """Disconnect and end the network thread; further calls do nothing."""
        self._stopping.set()
        self._wake()
        if self._thread.is_alive():
            self._thread.join()
        for end in self._wakes or ():
            end.close()

    def health(self) -> FeedHealth:
        """State of the connection now, with the messages received."""
        return self._state.health()

    def publish(self, delivery_id: int, topic: str, payload: bytes) -> bool:
        """Hand a message to the broker; ``results`` later has what became of it. False when not connected: nothing was done."""
        if self.health().state != "up":
            return False
        if not self._bookings.begin(delivery_id):
            return True  # paho has it already and sends it again after a lost connection
        try:
            info = self._client.publish(topic, payload, qos=1)
        except ValueError as fault:  # a topic that MQTT does not allow, a payload beyond its size
            self._refused(topic, str(fault))
            self._bookings.failed(delivery_id, str(fault))
            return True
        if info.rc == MQTTErrorCode.MQTT_ERR_QUEUE_SIZE:
            self._bookings.failed(delivery_id, "too many messages wait for the broker")
            return True
        self._bookings.book(info.mid, delivery_id, topic)
        return True

    def send(self, topic: str, payload: bytes) -> None:
        """Publish without book-keeping (simulated readings): lost when the broker is away, as a sensor's would be."""
        if self.health().state == "up":
            self._bookings.book(self._client.publish(topic, payload, qos=1).mid, None, topic)

    def results(self) -> list[tuple[int, str]]:
        """(delivery, "" once the broker has it, or why it refused) since the last call."""
        return self._bookings.results()

    # The network thread.

    def _run(self) -> None:
        assert self._wakes is not None
        while not self._stopping.is_set():
            try:
                if self._connect():
                    self._converse(self._wakes[0])
            except Exception as defect:
                # Whatever a message did: the next connection delivers it again, and the engine is told.
                log.exception("defect in the connection to %s", self._broker)
                self._state.broken(defect)
            self._stopping.wait(self._state.pause_s())

    def _connect(self) -> bool:
        properties: Any = cast(Any, Properties)(PacketTypes.CONNECT)  # not annotated in paho
        properties.SessionExpiryInterval = self._session_s if self._receiver is not None else 0
        properties.ReceiveMaximum = _WINDOW
        properties.MaximumPacketSize = MOST_PACKET_BYTES
        try:
            self._client.connect(
                self._broker.host,
                self._broker.port,
                keepalive=_KEEPALIVE_S,
                clean_start=self._receiver is None,
                properties=properties,
            )
        except (OSError, ValueError) as fault:  # TLS and name errors are among them
            self._state.unreachable(fault)
            return False
        return True

    def _converse(self, woken: socket.socket) -> None:
        """Serve the connection until it ends."""
        with selectors.DefaultSelector() as selector:
            selector.register(woken, selectors.EVENT_READ)
            sock = cast(Any, self._client.socket())
            if sock is None:
                return
            selector.register(sock, selectors.EVENT_READ)
            while self._is_current(sock):
                if self._stopping.is_set():
                    self._leave()
                    return
                wire = self._client.wire
                writing = self._client.want_write() or (wire is not None and wire.owes)
                selector.modify(sock, selectors.EVENT_READ | (selectors.EVENT_WRITE if writing else 0))
                ready = selector.select(0 if wire is not None and wire.pending() else 1.0)
                found = {key.fileobj: events for key, events in ready}
                if woken in found:
                    _emptied(woken)
                self._serve(found.get(sock, 0), sock, wire)

    def _serve(self, ready: int, sock: Any, wire: Wire | None) -> None:
        if ready & selectors.EVENT_READ or (wire is not None and wire.pending()):
            self._client.loop_read()
        if wire is not None and self._is_current(sock):
            try:
                wire.flush()
            except OSError as gone:  # paho meets the same error at its next read and reports the lost connection
                log.debug("acknowledgements not sent: %s", gone)
        if self._client.want_write():
            self._client.loop_write()
        self._client.loop_misc()

    def _is_current(self, sock: object) -> bool:
        return self._client.socket() is sock

    def _leave(self) -> None:
        if self._client.wire is not None:
            self._client.wire.flush()
        self._client.disconnect()
        self._client.loop_write()

    def _wake(self) -> None:
        if self._wakes is None:
            return
        try:
            self._wakes[1].send(b"\0")
        except OSError:  # full: the thread wakes anyway; closed: no thread waits
            return

    def _taker(self) -> Take | None:
        return None if self._receiver is None else self._take

    def _take(self, wire: Wire, messages: list[Message], acks: bytes) -> None:
        def kept() -> None:
            if wire.acknowledge(acks):
                self._wake()

        others = [message for message in messages if message.topic != self._seat_topic]
        if len(others) != len(messages):
            self._judge_seat(message.payload for message in messages if message.topic == self._seat_topic)
            messages = others
        if not messages or self._receiver is None:
            kept()
            return
        self._state.received(len(messages))
        self._receiver(messages, kept)

    # paho's callbacks, on the network thread.

    def _prepare(self, client: _Client) -> None:
        if self._broker.user:
            client.username_pw_set(self._broker.user, self._broker.password)
        if self._broker.tls:
            context = self._broker.tls_context()
            context.sslsocket_class = _TlsSocket
            client.tls_set_context(context)
        client.connect_timeout = _CONNECT_S
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        client.on_socket_register_write = lambda *_: self._wake()

    def _announce(self) -> None:
        """Say which process holds the seat, retained: who finds another one's announcement after its own was replaced."""
        if not self._may_announce:
            return
        info = self._client.publish(self._seat_topic, self._instance.encode(), qos=1, retain=True)
        self._bookings.book(info.mid, None, self._seat_topic)
        self._announced = True

    def _judge_seat(self, announced: Iterable[bytes]) -> None:
        # Up to our own announcement of this connection; it may come more than once.
        for payload in announced:
            foreign = payload.decode("ascii", "replace") != self._instance
            if foreign and not self._judged:
                self._state.contested()
            self._judged = True

    def _topics(self) -> list[tuple[str, int]]:
        return [(topic, 1) for topic in (self._seat_topic, *self._subscribed)]

    def _on_connect(
        self, client: paho.Client, userdata: Any, flags: Any, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self._state.refused(f"broker refuses: {reason}; {_ADVICE.get(reason.value, 'check user and password')}")
            return
        self._judged = not self._announced  # on the first connection it is an earlier run's
        if self._receiver is not None:
            client.subscribe(self._topics())
        self._state.connected()

    def _on_subscribe(
        self, client: paho.Client, userdata: Any, mid: int, reasons: list[ReasonCode], properties: Properties | None
    ) -> None:
        for (topic, _), reason in zip(self._topics(), reasons, strict=False):
            if reason.is_failure:
                self._refused(topic, str(reason))
        self._announce()  # behind the subscription: what the broker retained of another process comes first

    def _on_disconnect(
        self, client: paho.Client, userdata: Any, flags: Any, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if self._stopping.is_set():
            self._state.left()
        else:
            self._state.disconnected(reason)

    def _on_message(self, client: paho.Client, userdata: Any, message: paho.MQTTMessage) -> None:
        """What ``Wire`` left to paho; all messages, should a later paho not ask for its socket where this one does."""

        def kept() -> None:
            client.ack(message.mid, message.qos)

        self._state.received(1)
        if self._receiver is not None:
            self._receiver([Message(message.topic, bytes(message.payload))], kept)

    def _on_publish(
        self, client: paho.Client, userdata: Any, mid: int, reason: ReasonCode, properties: Properties | None
    ) -> None:
        topic = self._bookings.acknowledged(mid, str(reason) if reason.is_failure else "")
        if topic:
            self._refused(topic, str(reason))

    def _refused(self, topic: str, reason: str) -> None:
        if topic == self._seat_topic:
            # Once is enough: a mosquitto without in-flight limit ends the connection of whom its access list refuses.
            log.debug("no seats at broker %s: %s", self._broker, reason)
            self._may_announce = False
            return
        log.error("broker %s refuses %s: %s; check its access list", self._broker, topic, reason)
        self._state.complain(f"broker refuses {topic}: {reason}; check its access list")


class _TlsSocket(ssl.SSLSocket):
    """Closed when its handshake fails: paho leaves that to the garbage collector."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise


class _Client(paho.Client):
    """paho's client, whose socket is a ``Wire`` where messages are received."""

    def __init__(self, client_id: str, taker: Callable[[], Take | None]) -> None:
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=paho.MQTTv5,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        self._taker = taker
        self._cutter = PacketCutter()
        self.wire: Wire | None = None

    def _create_socket(self) -> Any:
        # Not public in paho. Where it is not called, messages come through on_message, more slowly; a test notices.
        sock = super()._create_socket()
        take = self._taker()
        if take is None:
            return sock
        self.wire = Wire(cast(socket.socket, sock), self._cutter, take)
        return self.wire


def _emptied(end: socket.socket) -> None:
    try:
        while end.recv(4096):
            pass
    except BlockingIOError:
        return
