"""Simulated crews of a drill: they acknowledge orders and drive to the site. Only a crew on site reports the broken pipe."""

from __future__ import annotations

import json
import logging
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import shapely

from console.domain.outgoing import MessageKind, Outgoing
from console.feeds.codec import Decoder
from console.feeds.simulator.process import SimulatorFailed
from console.mqtt.message import Message
from maps.city import City

log = logging.getLogger(__name__)

_ANSWER_S = 0.3
"""Real seconds until a crew acknowledges (the drill's clock runs faster)."""
_THERE_M = 20.0


class Streets(Protocol):
    """Interface of the simulator that moves the crews."""

    def command_crew(self, crew_id: str, to: tuple[float, float] | None, speed_kmh: float = ...) -> None:
        """Send a crew in a straight line to ``to`` (x, y; network CRS); None: back to its rounds."""
        ...


@dataclass(frozen=True, slots=True)
class _Errand:
    """Present task of a crew. ``x``/``y``: the network's CRS."""

    order_id: str
    site_check: bool
    x: float
    y: float


class DrillField:
    """Receives outgoing messages and replies like crews' phones over the broker: ``reply`` takes topic and payload.

    A crew drives in a straight line at ``speed_kmh`` and reports when its position is at the destination. ``streets``: the
    simulator that moves the crews.
    """

    def __init__(
        self, reply: Callable[[str, bytes], object], streets: Streets, city: City, burst_pipe: str, speed_kmh: float
    ) -> None:
        self._reply, self._streets = reply, streets
        self._site, self._burst, self._speed_kmh = city.info.site, burst_pipe, speed_kmh
        self._pipes, self._decoder = city.network.pipes, Decoder(city)
        self._lock = threading.Lock()
        self._errands: dict[str, _Errand] = {}
        self._known: set[str] = set()
        """Ids of orders that arrived: one that is sent again, because its answer was slow, is no second errand."""
        self._timers: list[threading.Timer] = []

    def broke(self, pipe_id: str) -> None:
        """Set the broken pipe that crews sent to check will find."""
        self._burst = pipe_id

    def on_outgoing(self, outgoing: Outgoing) -> None:
        """Receive an outgoing message."""
        if outgoing.kind is not MessageKind.ORDER:
            return
        order, crew = json.loads(outgoing.payload), outgoing.to
        if order.get("action") == "countermand":
            self._call_back(crew, order["order_id"])
            return
        with self._lock:
            if order.get("action") == "new" and order["order_id"] in self._known:
                return
            self._known.add(order["order_id"])
        self._later(_ANSWER_S, crew, order["order_id"], "acknowledged", "收到，出发")
        middle = shapely.LineString(self._pipes.points(self._pipes.row(order["pipe_id"]))).interpolate(0.5, normalized=True)
        with self._lock:
            self._errands[crew] = _Errand(order["order_id"], order.get("kind") == "site_check", middle.x, middle.y)
        self._drive(crew, (middle.x, middle.y))

    def heard(self, topic: str, payload: bytes) -> None:
        """Receive a message of the simulator; detects crews that have reached their destination."""
        if not topic.startswith("owntracks/") or not self._errands:
            return
        for fix in self._decoder.decode((Message(topic, payload),)).fixes:
            with self._lock:
                errand = self._errands.get(fix.crew_id)
                if errand is None or math.hypot(fix.x - errand.x, fix.y - errand.y) > _THERE_M:
                    continue
                del self._errands[fix.crew_id]
            found = ("到场，路面涌水", self._burst) if errand.site_check else ("到场", "")
            self._answer(fix.crew_id, errand.order_id, "on_site", *found)

    def close(self) -> None:
        """Stop answering."""
        with self._lock:
            self._errands.clear()
        for timer in self._timers:
            timer.cancel()
            timer.join()

    def _call_back(self, crew: str, order_id: str) -> None:
        with self._lock:
            errand = self._errands.get(crew)
            if errand is None or errand.order_id != order_id:
                return
            del self._errands[crew]
        self._drive(crew, None)

    def _drive(self, crew: str, to: tuple[float, float] | None) -> None:
        try:
            self._streets.command_crew(crew, to, self._speed_kmh)
        except SimulatorFailed as gone:  # the order stays, but no crew arrives
            log.warning("crew %s cannot drive: %s", crew, gone)

    def _later(self, after_s: float, *answer: str) -> None:
        timer = threading.Timer(after_s, self._answer, answer)
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    def _answer(self, crew: str, order_id: str, state: str, text: str, pipe: str = "") -> None:
        body = {"order_id": order_id, "state": state, "text": text, "burst_pipe": pipe}
        topic = f"quanmai/v1/{self._site}/orders/{crew}/ack"
        self._reply(topic, json.dumps(body, ensure_ascii=False).encode())
