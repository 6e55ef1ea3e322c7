"""Crews of a drill drive where they are sent, and report when they are there."""

from __future__ import annotations

import json
import queue
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from console.domain.outgoing import MessageKind, Outgoing
from console.drill.field import DrillField
from console.feeds.codec import Decoder
from console.feeds.simulator.options import Drive
from console.feeds.simulator.serve import Simulation
from console.mqtt.message import Message
from maps.city import City, CrewTable
from tests.console.feeds.simulator.test_world import city as a_line_city  # noqa: F401 — the fixture
from tests.console.feeds.simulator.test_world import options

SPEED_KMH = 18.0
"""5 m/s."""


class Night:
    """A simulation in this process, a field and the field's replies."""

    def __init__(self, city: City) -> None:
        self.simulation, self.decoder = Simulation(city, options()), Decoder(city)
        self.told: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self.field = DrillField(lambda topic, payload: self.told.put(payload), self, city, "P2", SPEED_KMH)
        self.fixes: list[tuple[float, float, float]] = []

    def command_crew(self, crew_id: str, to: tuple[float, float] | None, speed_kmh: float = 0.0) -> None:
        self.simulation.obey(Drive(crew_id, to, speed_kmh))

    def order(self, pipe: str, *, kind: str = "site_check", action: str = "new") -> None:
        body = {"order_id": "W1", "action": action, "kind": kind, "pipe_id": pipe}
        self.field.on_outgoing(Outgoing(MessageKind.ORDER, "C1", json.dumps(body).encode()))

    def arrival(self, steps: int) -> dict[str, str] | None:
        """Advance some steps; the crew's report of arrival, if it comes."""
        for _ in range(steps):
            for topic, payload in self.simulation.step():
                self.fixes += [(fix.at_us / 1e6, fix.x, fix.y) for fix in self.decoder.decode((Message(topic, payload),)).fixes]
                self.field.heard(topic, payload)
            told = [json.loads(self.told.get()) for _ in range(self.told.qsize())]
            there = [answer for answer in told if answer["state"] == "on_site"]
            if there:
                return dict(there[0])
        return None


@pytest.fixture(scope="module")
def city(a_line_city: City) -> City:  # noqa: F811
    """The line with a crew 600 m east and 800 m north of its last pipe: a kilometre, 200 s."""
    x, y = middle(a_line_city, "P4")
    return replace(a_line_city, crews=CrewTable.of(["C1"], name=["one"], base_x=[x + 600.0], base_y=[y + 800.0]))


@pytest.fixture
def night(city: City) -> Iterator[Night]:
    running = Night(city)
    yield running
    running.field.close()
    running.simulation.close()


def middle(city: City, pipe: str) -> np.ndarray:
    """Middle of a straight pipe."""
    points = city.network.pipes.points(city.network.pipes.row(pipe))
    return np.asarray((points[0] + points[-1]) / 2)


def test_a_crew_drives_straight_at_the_stated_speed_and_reports_when_it_is_there(night: Night, city: City) -> None:
    night.arrival(1)
    night.order("P4")
    start, goal = np.array(night.fixes[-1]), middle(city, "P4")
    told = night.arrival(2000)
    assert told is not None
    assert told["burst_pipe"] == "P2"  # what it sees, not where it was sent
    way = np.array(night.fixes)[1:]
    direct = np.hypot(*(goal - start[1:]))
    assert np.hypot(*(way[-1, 1:] - goal)) <= 20.0
    driven = np.hypot(*(way[:, 1:] - start[1:]).T)
    left = np.hypot(*(way[:, 1:] - goal).T)
    assert driven + left == pytest.approx(direct, abs=0.5)  # on the straight line
    assert driven[:-1] == pytest.approx(5.0 * (way[:-1, 0] - start[0]), abs=0.5)


def test_a_crew_on_site_stays_and_a_repair_crew_names_no_pipe(night: Night, city: City) -> None:
    night.order("P4", kind="repair")
    told = night.arrival(2000)
    assert told is not None
    assert told["burst_pipe"] == ""
    night.arrival(100)
    assert np.hypot(*(np.array(night.fixes[-1][1:]) - middle(city, "P4"))) < 1.5


def test_a_crew_that_is_called_back_never_arrives(night: Night) -> None:
    night.order("P4")
    night.arrival(1)
    night.order("P4", action="countermand")
    assert night.arrival(300) is None


def test_an_order_that_is_sent_again_is_no_second_errand_and_a_changed_one_is(night: Night) -> None:
    night.order("P4")
    assert night.arrival(2000) is not None
    night.order("P4")  # the desk had not heard the answer yet
    assert night.arrival(300) is None
    night.order("P4", action="revised")
    assert night.arrival(300) is not None
