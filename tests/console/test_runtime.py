"""The runtime composed without Qt: what is known after a restart."""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.channels.local import LocalChannel
from console.domain.actors import Actor
from console.domain.clock import DrillClock, micros
from console.domain.health import ChannelHealth
from console.domain.live import LivePicture
from console.domain.outgoing import Outgoing
from console.domain.picture import Picture
from console.feeds.inbox import Inbox
from console.feeds.local import LocalFeed
from console.feeds.simulator import SimulatorProcess
from console.runtime import Runtime, RuntimeOptions
from console.services.desk import DeskSettings
from console.store import open_store
from maps.dataset import read_city, write_city
from maps.hydraulics.state import HydraulicState
from maps.synthetic import SyntheticOptions, build_city
from tests.console.store.values import opening

pytestmark = pytest.mark.slow

START = datetime(2024, 1, 3, 15, 0, tzinfo=UTC)


def test_after_a_restart_detection_is_learned_from_the_store(tmp_path: Path) -> None:
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


def test_a_model_solved_in_the_background_is_used_by_detection_and_its_progress_is_shown(tmp_path: Path) -> None:
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


def test_a_model_that_cannot_be_solved_is_reported_and_the_window_stays_open(tmp_path: Path) -> None:
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
        while "hydraulics" not in feeds.get(timeout=60):
            pass
        assert not runtime.states


def test_a_feed_or_channel_that_cannot_begin_or_end_is_shown_and_the_others_go_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(LocalFeed):
        def start(self, inbox: Inbox) -> None:
            raise OSError("no such device")

        def stop(self) -> None:
            raise OSError("no such device")

    path = tmp_path / "city.gpkg"
    write_city(replace(build_city(SyntheticOptions(pipes=100)), epanet=None), path)
    city, options = read_city(path), RuntimeOptions(path, tmp_path / "s.sqlite", tmp_path / "notices", DeskSettings(site="test"))
    feeds, channel = [Broken("meters", city), LocalFeed("wells", city)], LocalChannel()
    channel.listen(lambda outgoing: None)
    seen: queue.SimpleQueue[Picture] = queue.SimpleQueue()
    with Runtime(city, DrillClock(START), options, feeds=feeds, channels=[channel]) as runtime:
        runtime.engine.subscribe(seen.put)
        picture = seen.get(timeout=60)
        while not any("no such device" in feed.message for feed in picture.feeds) or picture.feeds[1].state != "up":
            picture = seen.get(timeout=60)
        states = {feed.name: feed.state for feed in picture.feeds if not feed.message}
        assert states == {"meters": "connecting", "wells": "up"}
        assert [channel.state for channel in picture.channels] == ["up"]
        assert feeds[1].offer("quanmai/v1/test/readings", b"[]")
    assert caplog.text.count("meters: could not") == 2
    assert not feeds[1].offer("quanmai/v1/test/readings", b"[]")


def test_a_message_of_an_earlier_run_is_not_recorded_as_without_a_channel_while_the_channels_start(tmp_path: Path) -> None:
    class LateChannel(LocalChannel):
        """Takes a moment to start, in which the outbox may run."""

        looked_at, is_on = threading.Event(), False

        def start(self) -> None:
            self.looked_at.wait(1)
            self.is_on = True

        def health(self) -> ChannelHealth:
            return ChannelHealth(self.name, "up" if self.is_on else "off")

        def carries(self, outgoing: Outgoing) -> bool:
            self.looked_at.set()
            return super().carries(outgoing)

    path, left, channel = tmp_path / "city.gpkg", threading.Event(), LateChannel()
    channel.listen(lambda outgoing: left.set())
    write_city(replace(build_city(SyntheticOptions(pipes=100)), epanet=None), path)
    options = RuntimeOptions(path, tmp_path / "s.sqlite", tmp_path / "notices", DeskSettings(site="test"))
    before = open_store(options.store)
    before.commit(opening(), Actor.named("王"), START)
    before.close()
    with Runtime(read_city(path), DrillClock(START), options, channels=[channel]):
        assert left.wait(60)
    kept = open_store(options.store)
    assert "not_delivered" not in {change.kind for change in kept.changes()}
    kept.close()
