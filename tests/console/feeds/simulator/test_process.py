"""The simulator's process: started, commanded and ended as a real process."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.feeds.codec import Decoder
from console.feeds.simulator import SimulatorProcess
from console.feeds.simulator.process import SimulatorFailed
from console.mqtt.message import Message
from maps.city import City
from maps.dataset import write_city
from tests.console.feeds.simulator.test_world import city  # noqa: F401 — the fixture

START = datetime(2024, 1, 3, 14, 55, tzinfo=UTC)


def until(true: Callable[[], bool], seconds: float = 30.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return False


@pytest.mark.slow
def test_the_process_publishes_takes_commands_and_ends_without_a_trace(city: City, tmp_path: Path) -> None:  # noqa: F811
    path = tmp_path / "city.gpkg"
    write_city(city, path)
    got: list[tuple[str, bytes]] = []
    with SimulatorProcess(path, sink=lambda *message: got.append(message), start=START, speed=600.0, seed=3) as simulator:
        simulator.wait_ready()
        simulator.command_burst("P4", 60.0)
        simulator.command_burst("nowhere", 60.0)
        assert until(lambda: len(simulator.told) == 1)
        assert until(lambda: len(got) > 10)
        batch = simulator.history(1, 900)
    assert "nowhere" in simulator.told[0]
    assert simulator.failure == ""
    assert len(batch) == pytest.approx(4 * 96, abs=4)
    decoded = Decoder(city).decode(Message(topic, payload) for topic, payload in got)
    assert decoded.rejected == 0
    assert len(decoded.readings) > 10
    assert not [child for child in multiprocessing.active_children() if child.name == "quanmai-simulator"]
    assert not [thread for thread in threading.enumerate() if thread.name == "simulator-reader"]


@pytest.mark.slow
def test_a_city_that_cannot_be_read_is_reported_in_words(tmp_path: Path) -> None:
    with (
        SimulatorProcess(tmp_path / "none.gpkg", sink=lambda *message: None, start=START) as simulator,
        pytest.raises(SimulatorFailed, match=r"none\.gpkg"),
    ):
        simulator.wait_ready()


def test_a_start_without_a_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="zone"):
        SimulatorProcess(tmp_path / "x.gpkg", sink=lambda *message: None, start=datetime(2024, 1, 3))  # noqa: DTZ001
