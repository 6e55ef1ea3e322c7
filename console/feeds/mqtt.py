"""MQTT: readings, crews and replies in; orders, alerts and notices out (paho-mqtt 2, its own network thread)."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from console.domain.changes import Outgoing
from console.domain.picture import FeedHealth
from console.feeds.inbox import Inbox, Message
from maps.errors import InputFault

_RETRY_MIN_S, _RETRY_MAX_S = 1, 30
_KEEPALIVE_S = 20


@dataclass(frozen=True, slots=True)
class Broker:
    """Where a broker is: from ``mqtt://user:password@host:port`` or ``mqtts://…``."""

    host: str
    port: int
    tls: bool
    user: str = ""
    password: str = ""

    @classmethod
    def parse(cls, url: str) -> Broker:
        """Reads a broker URL. Raises InputFault that shows the form."""
        advice = f"broker {url!r}: expected mqtt://host[:port] or mqtts://user:password@host[:port]"
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as fault:
            raise InputFault(advice) from fault
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
            raise InputFault(advice)
        tls = parts.scheme == "mqtts"
        return cls(
            parts.hostname, port or (8883 if tls else 1883), tls, unquote(parts.username or ""), unquote(parts.password or "")
        )


class MqttLink:
    """One connection that reconnects by itself; a dead broker is a state to show, never an exception.

    QoS 1 with a persistent session per ``client_id``: the broker keeps what arrives while the link is away.
    """

    FEED = "mqtt"

    def __init__(self, broker: Broker, site: str, client_id: str, inbox: Inbox | None = None) -> None:
        self._broker, self._site, self._inbox = broker, site, inbox
        self._lock = threading.RLock()
        self._health = FeedHealth(self.FEED, "connecting", f"{broker.host}:{broker.port}")
        self._waiting: dict[int, int] = {}
        self._sent: list[int] = []
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=inbox is None, protocol=paho.MQTTv311
        )
        if broker.user:
            self._client.username_pw_set(broker.user, broker.password)
        if broker.tls:
            self._client.tls_set()
        self._client.reconnect_delay_set(_RETRY_MIN_S, _RETRY_MAX_S)
        self._client.on_connect = self._on_connect
        self._client.on_connect_fail = self._on_connect_fail
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._client.on_publish = self._on_publish

    def start(self) -> None:
        """Connect in the background; retries until ``stop``."""
        self._client.connect_async(self._broker.host, self._broker.port, keepalive=_KEEPALIVE_S)
        self._client.loop_start()

    def stop(self) -> None:
        """Disconnect and end the network thread."""
        self._client.disconnect()
        self._client.loop_stop()

    def health(self) -> FeedHealth:
        """State of the connection now."""
        with self._lock:
            return self._health

    def publish(self, outgoing_id: int, outgoing: Outgoing) -> bool:
        """Hand a message to the broker; ``taken`` later tells that the broker has it. False when not connected."""
        if self.health().state != "up":
            return False
        with self._lock:  # held over publish: on_publish may come before publish returns
            info = self._client.publish(outgoing.topic, outgoing.payload, qos=outgoing.qos)
            if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return False
            self._waiting[info.mid] = outgoing_id
        return True

    def send(self, topic: str, payload: bytes) -> None:
        """Publish without book-keeping (simulated readings): lost when the broker is away, as a sensor's would be."""
        self._client.publish(topic, payload, qos=1)

    def taken(self) -> list[int]:
        """Ids of messages the broker has acknowledged since the last call."""
        with self._lock:
            sent, self._sent = self._sent, []
            return sent

    def _topics(self) -> list[tuple[str, int]]:
        base = f"quanmai/v1/{self._site}"
        return [(f"{base}/readings", 1), (f"{base}/readings/+", 1), (f"{base}/orders/+/ack", 1), ("owntracks/+/+", 1)]

    def _note(self, **changes: Any) -> None:
        with self._lock:
            self._health = replace(self._health, **changes)

    def _on_connect(
        self, client: paho.Client, userdata: Any, flags: Any, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self._note(state="down", message=f"broker refuses: {reason}; check user and password")
            return
        if self._inbox is not None:
            client.subscribe(self._topics())
        self._note(state="up", message="")

    def _on_connect_fail(self, client: paho.Client, userdata: Any) -> None:
        where = f"{self._broker.host}:{self._broker.port}"
        self._note(state="down", message=f"no broker at {where}; retrying, check that it runs and the address")

    def _on_disconnect(
        self, client: paho.Client, userdata: Any, flags: Any, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self._note(state="down", message=f"connection lost ({reason}); retrying")
        with self._lock:
            self._waiting.clear()  # unacknowledged ones stay in the store's outbox and are sent again

    def _on_message(self, client: paho.Client, userdata: Any, message: paho.MQTTMessage) -> None:
        if self._inbox is not None:
            self._inbox.offer(Message(self.FEED, message.topic, bytes(message.payload)))
        with self._lock:
            self._health = replace(self._health, received=self._health.received + 1, last_at=datetime.now(UTC))

    def _on_publish(
        self, client: paho.Client, userdata: Any, mid: int, reason: ReasonCode, properties: Properties | None
    ) -> None:
        with self._lock:
            outgoing_id = self._waiting.pop(mid, None)
            if outgoing_id is not None:
                self._sent.append(outgoing_id)
