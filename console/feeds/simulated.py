"""SimulatorFeed: the simulated city as a feed of this process (a drill, training)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from console.domain.health import FeedHealth
from console.feeds.inbox import Inbox
from console.feeds.local import LocalFeed
from console.feeds.port import Decoded
from console.feeds.simulator.process import SimulatorProcess, Sink
from console.mqtt.message import Message
from maps.city import City


class SimulatorFeed:
    """Runs a simulator's process and takes its payloads, which are those of the contract.

    ``make``: the process, given the sink of its payloads. ``listen``: others who see each payload too.
    """

    name = "simulator"

    def __init__(self, city: City, make: Callable[[Sink], SimulatorProcess]) -> None:
        self._messages = LocalFeed(self.name, city)
        self._listeners: tuple[Sink, ...] = ()
        self.process = make(self._take)

    def listen(self, *listeners: Sink) -> None:
        """Call these with (topic, payload) of each message, on the simulator's reader thread, after it is in the inbox."""
        self._listeners = listeners

    def offer(self, topic: str, payload: bytes) -> bool:
        """A message of somebody who takes part in the simulation (the crews of a drill); False when the feed has ended."""
        return self._messages.offer(topic, payload)

    def start(self, inbox: Inbox) -> None:
        """Start the process; the simulated clock runs."""
        self._messages.start(inbox)
        self.process.start()

    def stop(self) -> None:
        """End the process."""
        self._messages.stop()
        self.process.stop()

    def decode(self, items: Sequence[Message], now_us: int) -> Decoded:
        """By the contract."""
        return self._messages.decode(items, now_us)

    def health(self) -> FeedHealth:
        """Connecting while the city loads, down when the process has ended by itself."""
        health = self._messages.health()
        if health.state == "up" and self.process.failure:
            return replace(health, state="down", message=self.process.failure, code="simulator_ended")
        return replace(health, state="connecting") if health.state == "up" and not self.process.is_ready else health

    def _take(self, topic: str, payload: bytes) -> None:
        self.offer(topic, payload)
        for listener in self._listeners:
            listener(topic, payload)
