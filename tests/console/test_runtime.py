"""The runtime composed without Qt: what a restart remembers."""

from __future__ import annotations

import queue
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.domain.clock import DrillClock, micros
from console.domain.live import LivePicture
from console.feeds.simulator import SimulatorProcess
from console.runtime import Runtime, RuntimeOptions
from console.services.desk import DeskSettings
from maps.dataset import read_city, write_city
from maps.hydraulics.state import HydraulicState
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
    with Runtime(city, DrillClock(START), options) as runtime:
        runtime.store.append_readings(history)
        runtime.recall().result(60)
        live = LivePicture(len(city.stations))
        live.apply(history, micros(START))
        result = runtime.detector.tick(live.value, live.at_us, live.quality, micros(START))
        assert not result.learning.any()
        assert not result.bursts


def test_a_model_that_is_solved_behind_the_window_becomes_detections_and_the_states_are_told(tmp_path: Path) -> None:
    path = tmp_path / "city.gpkg"
    write_city(build_city(SyntheticOptions(pipes=400)), path)
    options = RuntimeOptions(path, tmp_path / "store.sqlite", tmp_path / "notices", DeskSettings(site="test"))
    told: queue.SimpleQueue[Sequence[HydraulicState]] = queue.SimpleQueue()
    runtime = Runtime(read_city(path), DrillClock(START), options, late_model=True)
    runtime.when_states(told.put)
    assert not runtime.states
    before, said = runtime.detector, set[object]()
    runtime.engine.subscribe(lambda picture: said.add(picture.preparing))
    with runtime:
        assert len(told.get(timeout=60)) == 24
        runtime.recall().result(60)
        assert len(runtime.states) == 24
        assert runtime.detector is not before
        assert runtime.engine._watch.detector is runtime.detector
    assert (0, runtime.detector.groups) in said


def test_a_model_that_cannot_be_solved_leaves_the_window_and_is_told(tmp_path: Path) -> None:
    path = tmp_path / "city.gpkg"
    city = build_city(SyntheticOptions(pipes=400))
    assert city.epanet is not None
    broken = replace(city, epanet=replace(city.epanet, inp="[JUNCTIONS]\n nonsense"))
    write_city(broken, path)
    options = RuntimeOptions(path, tmp_path / "store.sqlite", tmp_path / "notices", DeskSettings(site="test"))
    with Runtime(read_city(path), DrillClock(START), options, late_model=True) as runtime:
        runtime.recall().result(60)
        feeds: queue.SimpleQueue[str] = queue.SimpleQueue()
        runtime.engine.subscribe(lambda picture: feeds.put(" ".join(feed.name for feed in picture.feeds)))
        while "hydraulics" not in feeds.get(timeout=10):
            pass
        assert not runtime.states
