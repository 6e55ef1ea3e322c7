"""A test message to a broker and back, in a session that ends with it."""

from __future__ import annotations

import threading
import time
import uuid

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from console.mqtt.broker import Broker
from maps.errors import InputFault

_PATIENCE_S = 10.0


def round_trip_s(broker: Broker) -> float:
    """Seconds from publishing a message (QoS 1) to receiving it. Raises InputFault with advice for each way it can fail."""
    trial = _Trial(broker)
    try:
        trial.client.connect(broker.host, broker.port, keepalive=30)
    except OSError as unreachable:
        raise InputFault(f"broker {broker}: {unreachable}; check that it runs and that the address is right") from unreachable
    trial.client.loop_start()
    try:
        return trial.measured_s(_PATIENCE_S)
    finally:
        trial.client.disconnect()
        trial.client.loop_stop()


class _Trial:
    """One client, one topic. ``fault``: why the broker refused, "" while it has not."""

    def __init__(self, broker: Broker) -> None:
        name = f"quanmai-doctor-{uuid.uuid4().hex[:12]}"
        self._broker, self._topic = broker, f"quanmai/v1/doctor/{name}"
        self._subscribed, self._back, self._fault = threading.Event(), threading.Event(), ""
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=paho.MQTTv5)
        if broker.user:
            self.client.username_pw_set(broker.user, broker.password)
        if broker.tls:
            self.client.tls_set_context(broker.tls_context())
        self.client.on_connect = self._connected
        self.client.on_subscribe = self._taken
        self.client.on_message = self._came

    def measured_s(self, patience_s: float) -> float:
        """Seconds from publishing to receiving. Raises InputFault."""
        if not self._subscribed.wait(patience_s):
            raise InputFault(f"broker {self._broker}: no answer in {patience_s:g} s; check that this port speaks MQTT 5")
        if self._fault:
            raise InputFault(f"broker {self._broker}: {self._fault}")
        begun = time.monotonic()
        self.client.publish(self._topic, b"doctor", qos=1)
        if not self._back.wait(patience_s):
            raise InputFault(f"broker {self._broker}: a message to {self._topic} did not come back; check its access list")
        return time.monotonic() - begun

    def _connected(self, client: paho.Client, _data: object, _flags: object, code: ReasonCode, _more: Properties | None) -> None:
        if code.is_failure:
            self._fault = f"refused the connection ({code}); check user and password, and that it speaks MQTT 5"
            self._subscribed.set()
        else:
            client.subscribe(self._topic, qos=1)

    def _taken(self, _client: paho.Client, _data: object, _mid: int, codes: list[ReasonCode], _more: Properties | None) -> None:
        if any(code.is_failure for code in codes):
            self._fault = f"refuses to subscribe to {self._topic} ({codes[0]}); grant quanmai/v1/# to this account"
        self._subscribed.set()

    def _came(self, _client: paho.Client, _data: object, _message: paho.MQTTMessage) -> None:
        self._back.set()
