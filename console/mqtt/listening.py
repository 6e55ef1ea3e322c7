"""Listener: what a broker carries, to be looked at: topics seen with their newest payload. Nothing is kept or acknowledged."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, replace
from time import monotonic

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from console.mqtt.broker import Broker

_MOST_TOPICS, _MOST_BYTES = 2000, 20_000


@dataclass(frozen=True, slots=True)
class Heard:
    """One topic. ``payload``: the newest; ``count``: messages so far; ``at_s``: monotonic time of the newest."""

    topic: str
    payload: bytes
    count: int
    at_s: float


class Listener:
    """Subscribes to topics of a broker with a session that leaves nothing behind; a refusal is a line in ``state``."""

    def __init__(self, broker: Broker, topics: str = "#") -> None:
        self._topics, self._lock = topics, threading.Lock()
        self._heard: dict[str, Heard] = {}
        self.state = ""
        """"" until the broker answers, "connected", or why not."""
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=f"quanmai-look-{uuid.uuid4().hex[:8]}", protocol=paho.MQTTv5
        )
        if broker.user:
            self._client.username_pw_set(broker.user, broker.password or None)
        if broker.tls:
            self._client.tls_set_context(broker.tls_context())
        self._client.on_connect = self._on_connect
        self._client.on_connect_fail = self._on_fail
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._client.connect_async(broker.host, broker.port, keepalive=20)
        self._client.loop_start()

    def heard(self) -> tuple[Heard, ...]:
        """Topics in the order in which they were first heard. Any thread."""
        with self._lock:
            return tuple(self._heard.values())

    def close(self) -> None:
        """Disconnect and end the network thread."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client: paho.Client, userdata: object, flags: object, reason: ReasonCode, properties: object) -> None:
        if reason.is_failure:
            self.state = str(reason)
            return
        self.state = "connected"
        client.subscribe(self._topics, qos=0)

    def _on_fail(self, client: paho.Client, userdata: object) -> None:
        self.state = "does not answer"

    def _on_disconnect(
        self, client: paho.Client, userdata: object, flags: object, reason: ReasonCode, properties: object
    ) -> None:
        if reason.is_failure:
            self.state = str(reason)

    def _on_message(self, client: paho.Client, userdata: object, message: paho.MQTTMessage) -> None:
        with self._lock:
            before = self._heard.get(message.topic)
            if before is None and len(self._heard) >= _MOST_TOPICS:
                return
            made = before or Heard(message.topic, b"", 0, 0.0)
            payload = bytes(message.payload[:_MOST_BYTES])
            self._heard[message.topic] = replace(made, payload=payload, count=made.count + 1, at_s=monotonic())
