"""MqttFeed: readings, positions and replies from a broker, by the contract of ``README.md``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

from console.domain.health import FeedHealth
from console.feeds.inbox import Inbox
from console.feeds.mapping import TopicMapping
from console.feeds.port import Decoded
from console.feeds.refusals import CountingDecoder
from console.mqtt.connection import NAME, MqttConnection
from console.mqtt.message import Message
from maps.city import City


class MqttFeed:
    """Subscribes on a connection, which a channel may share; a message is acknowledged when its content is on disk."""

    name = NAME

    def __init__(self, connection: MqttConnection, city: City, mapping: TopicMapping | None = None) -> None:
        """``mapping``: topics of other systems that are read too."""
        base = f"quanmai/v1/{city.info.site}"
        self._topics: tuple[str, ...] = (f"{base}/readings", f"{base}/readings/+", f"{base}/orders/+/ack", "owntracks/+/+")
        self._mapping = mapping or TopicMapping(())
        self._topics += self._mapping.topics
        self._connection = connection
        self._decoder = CountingDecoder(self.name, city)

    def start(self, inbox: Inbox) -> None:
        """Subscribe and connect. Before the channel on this connection: what arrives needs somewhere to go."""

        def receive(messages: list[Message], kept: Callable[[], None]) -> None:
            inbox.offer_all(self, messages, kept)

        self._connection.receive(self._topics, receive)
        self._connection.start()

    def stop(self) -> None:
        """Disconnect."""
        self._connection.stop()

    def decode(self, items: Sequence[Message], now_us: int) -> Decoded:
        """By the contract, mapped topics too."""
        arrived = partial(datetime.fromtimestamp, now_us / 1e6, UTC)
        return self._decoder.decode(self._mapping.translated(items, arrived), now_us)

    def health(self) -> FeedHealth:
        """The connection's, with what was refused and lost."""
        return self._decoder.counted(self._connection.health())
