"""Feeds and channels of a program, by its settings; two feeds at once over real servers: one that fails stops no other."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from console.connections import channels_of, feeds_of
from console.domain.clock import SystemClock
from console.domain.health import FeedHealth
from console.domain.picture import Picture
from console.domain.readings import Channel
from console.feeds.mqtt import MqttFeed
from console.feeds.simulated import SimulatorFeed
from console.feeds.simulator import SimulatorProcess
from console.mqtt import Broker, MqttConnection
from console.runtime import Runtime, RuntimeOptions
from console.services.desk import DeskSettings
from console.settings import Settings, load_settings
from maps.city import City, StationTable
from maps.dataset import read_city, write_city
from maps.errors import InputFault
from maps.synthetic import SyntheticOptions, build_city
from tests.console.feeds.test_refusals import CITY
from tests.servers import free_port, mosquitto


def test_the_settings_name_the_feeds_and_channels_and_without_any_there_are_none(tmp_path: Path) -> None:
    connection = MqttConnection(Broker("127.0.0.1", 1883, tls=False), "t", "quanmai-t-engine")
    settings = Settings(data_folder=tmp_path)
    assert (feeds_of(settings, CITY, None), channels_of(settings, CITY, None)) == ([], [])
    assert [feed.name for feed in feeds_of(settings, CITY, connection)] == ["mqtt"]
    assert [channel.name for channel in channels_of(settings, CITY, connection)] == ["mqtt"]
    with_folder = settings.model_copy(update={"notices_to": tmp_path / "website"})
    assert [channel.name for channel in channels_of(with_folder, CITY, connection)] == ["mqtt", "folder"]


class Both:
    """An engine on a broker and on a simulator in this process, and a station that publishes to the broker."""

    def __init__(self, path: Path, folder: Path, url: str) -> None:
        self.city: City = read_city(path)
        self.site = self.city.info.site
        broker = Broker.parse(url)
        # The simulator has all stations but the last; that one is measured and reaches the broker.
        self.station = str(self.city.stations.asset_id[-1])
        simulated = folder / "simulated.gpkg"
        others = {name: getattr(self.city.stations, name)[:-1] for name in StationTable.column_kinds()}
        write_city(replace(self.city, stations=StationTable.of(others.pop("asset_id"), **others)), simulated)
        mqtt = MqttFeed(MqttConnection(broker, self.site, "quanmai-t-engine"), self.city)
        self.simulator = SimulatorFeed(
            self.city, lambda sink: SimulatorProcess(simulated, sink=sink, start=datetime.now(UTC), speed=60, real_stamps=True)
        )
        self.field = MqttConnection(broker, self.site, "field")
        options = RuntimeOptions(path, folder / "store.sqlite", folder / "notices", DeskSettings(site=self.site))
        self.runtime = Runtime(self.city, SystemClock(), options, feeds=[mqtt, self.simulator])

    def measure(self, pressure_mpa: float) -> None:
        body = {"t": datetime.now(UTC).isoformat(), "v": {"pressure_mpa": pressure_mpa}}
        self.field.send(f"quanmai/v1/{self.site}/readings/{self.station}", json.dumps(body).encode())

    def feed(self, name: str) -> FeedHealth:
        return next(feed for feed in self.runtime.engine.latest().feeds if feed.name == name)

    def shows(self, picture: Picture, pressure_mpa: float) -> bool:
        return bool(np.isclose(picture.value[-1, Channel.PRESSURE], pressure_mpa * 1000))


def _until(true: Callable[[], bool], within_s: float = 60.0) -> None:
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end, "it never came true"
        threading.Event().wait(0.05)


@contextmanager
def both(path: Path, folder: Path, url: str) -> Iterator[Both]:
    running = Both(path, folder, url)
    with ExitStack() as stack:
        stack.callback(running.field.stop)
        running.field.start()
        stack.enter_context(running.runtime)
        _until(lambda: running.field.health().state == "up" and running.feed("mqtt").state == "up")
        running.measure(0.301)
        _until(lambda: running.feed("simulator").received > 0 and running.shows(running.runtime.engine.latest(), 0.301))
        assert [(feed.name, feed.state) for feed in running.runtime.engine.latest().feeds] == [
            ("mqtt", "up"),
            ("simulator", "up"),
        ]
        yield running


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("two-feeds") / "city.gpkg"
    write_city(build_city(SyntheticOptions(pipes=400)), path)
    return path


@pytest.mark.slow
def test_with_two_feeds_a_killed_simulator_is_reported_and_the_brokers_readings_continue(city: Path, tmp_path: Path) -> None:
    with mosquitto(tmp_path, free_port()) as url, both(city, tmp_path, url) as running:
        process = running.simulator.process._process
        assert process is not None
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        _until(lambda: running.feed("simulator").state == "down")
        assert "ended unexpectedly" in running.feed("simulator").message
        running.measure(0.305)
        _until(lambda: running.shows(running.runtime.engine.latest(), 0.305))
        mqtt = running.feed("mqtt")
        assert (mqtt.state, mqtt.received, mqtt.invalid) == ("up", 2, 0)
        assert mqtt.last_at is not None


@pytest.mark.slow
def test_with_two_feeds_a_stopped_broker_is_reported_and_the_simulator_continues(city: Path, tmp_path: Path) -> None:
    with ExitStack() as stack:
        broker = stack.enter_context(ExitStack())
        running = stack.enter_context(both(city, tmp_path, broker.enter_context(mosquitto(tmp_path, free_port()))))
        broker.close()
        _until(lambda: running.feed("mqtt").state == "down")
        received = running.feed("simulator").received
        kept = running.runtime.store.count_readings(0, 2**62)
        _until(lambda: running.feed("simulator").received > received)
        _until(lambda: running.runtime.store.count_readings(0, 2**62) > kept)
        assert running.feed("simulator").state == "up"


def with_secrets(folder: Path, held: str, **given: object) -> Settings:
    file = folder / "credentials.toml"
    file.write_text(held)
    file.chmod(0o600)
    return load_settings(credentials=file, data_folder=folder, **given)


def test_webhooks_and_mail_addresses_are_channels_of_their_own_with_secrets_from_the_credentials_file(tmp_path: Path) -> None:
    mail = {"server": "smtps://mail.example.cn", "sender": "a@b.cn", "to": ["c@d.cn", "e@f.cn", "c@d.cn"], "user": "q"}
    held = 'mail_password = "word"\n[webhooks]\ncity = "0123456789abcdef"\n'
    settings = with_secrets(tmp_path, held, webhooks={"city": {"url": "https://city.example.cn/"}}, mail=mail)
    assert [one.name for one in channels_of(settings, CITY, None)] == ["webhook:city", "mail:c@d.cn", "mail:e@f.cn"]
    assert "0123456789abcdef" not in repr(settings)
    (tmp_path / "credentials.toml").chmod(0o644)
    with pytest.raises(InputFault, match="chmod 600"):
        load_settings(credentials=tmp_path / "credentials.toml")


@pytest.mark.parametrize(
    ("held", "given", "told"),
    [
        ("", {"webhooks": {"city": {"url": "https://c.cn/"}}}, "webhooks.city has no secret"),
        ('[webhooks]\nctiy = "0123456789abcdef"\n', {}, r"settings.toml has no \[webhooks.ctiy\]"),
        ("[webhooks]\ncity = 7\n", {}, "expected a table of secrets"),
        ('mail_password = "w"\n', {}, r"settings.toml has no \[mail\]"),
        ("", {"webhooks": {"a b": {"url": "https://c.cn/"}}}, "'a b': a webhook's name"),
        ("", {"mail": {"server": "smtps://m.cn", "sender": "a@b.cn", "to": []}}, "0 addresses"),
        ("", {"mail": {"server": "smtps://m.cn", "sender": "a@b.cn", "to": ["x\r\ny@b.cn"]}}, "no mail address"),
        ("", {"webhooks": {"city": {"url": "https://c.cn/", "secret": "0123456789abcdef"}}}, "webhooks.city.secret"),
    ],
)
def test_wrong_settings_of_channels_are_one_clear_line(tmp_path: Path, held: str, given: dict[str, object], told: str) -> None:
    with pytest.raises(InputFault, match=told) as caught:
        channels_of(with_secrets(tmp_path, held, **given), CITY, None)
    assert "\n" not in str(caught.value)
