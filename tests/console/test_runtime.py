"""The runtime composed without Qt: what a restart remembers."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.domain.clock import DrillClock, micros
from console.domain.live import LivePicture
from console.feeds.local import LocalLink
from console.feeds.simulator import SimulatorProcess
from console.runtime import Runtime, RuntimeOptions
from console.services.desk import DeskSettings
from maps.dataset import read_city, write_city
from maps.synthetic import SyntheticOptions, build_city

pytestmark = pytest.mark.slow

START = datetime(2024, 1, 3, 15, 0, tzinfo=UTC)


def test_a_restart_learns_from_the_store_and_is_not_learning_any_more(tmp_path: Path) -> None:
    path = tmp_path / "city.gpkg"
    write_city(build_city(SyntheticOptions(pipes=400)), path)
    city = read_city(path)
    with SimulatorProcess(path, sink=lambda topic, payload: None, seed=1, start=START) as simulator:
        simulator.wait_ready()
        history = simulator.history(3)
    options = RuntimeOptions(path, tmp_path / "store.sqlite", tmp_path / "notices", DeskSettings(site="test"))
    runtime = Runtime(city, DrillClock(START), LocalLink(), options)
    try:
        runtime.store.append_readings(history)
        runtime.recall().result()
        live = LivePicture(len(city.stations))
        live.apply(history, micros(START))
        result = runtime.detector.tick(live.value, live.at_us, live.quality, micros(START))
        assert not result.learning.any()
        assert not result.bursts
    finally:
        runtime.close()
