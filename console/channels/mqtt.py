"""MqttChannel: publishes orders, alerts and notices; a message is delivered when the broker has acknowledged it (QoS 1)."""

from __future__ import annotations

from console.channels.port import Result
from console.domain.health import ChannelHealth
from console.domain.outgoing import Outgoing
from console.mqtt.connection import NAME, MqttConnection


class MqttChannel:
    """Carries everything, to ``quanmai/v1/<site>/<address>`` (``console/feeds/README.md``)."""

    name = NAME

    def __init__(self, connection: MqttConnection, site: str) -> None:
        self._connection, self._site = connection, site

    def carries(self, outgoing: Outgoing) -> bool:
        """Always: each kind of message has its topic."""
        return True

    def start(self) -> None:
        """Connect, unless the feed on this connection has done so."""
        self._connection.start()

    def stop(self) -> None:
        """Disconnect."""
        self._connection.stop()

    def health(self) -> ChannelHealth:
        """The connection's."""
        health = self._connection.health()
        return ChannelHealth(self.name, health.state, health.message, health.code)

    def deliver(self, outgoing_id: int, outgoing: Outgoing) -> bool:
        """Publish; False when not connected. Messages without acknowledgement are sent again after a lost connection."""
        return self._connection.publish(outgoing_id, f"quanmai/v1/{self._site}/{outgoing.address}", outgoing.payload)

    def results(self) -> list[Result]:
        """Messages that the broker acknowledged or refused since the last call."""
        return [Result(outgoing_id, refused) for outgoing_id, refused in self._connection.results()]
