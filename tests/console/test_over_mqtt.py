"""The programs over a real broker: the simulator publishes, the engine stores; both outlast a stop of the broker."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from maps.dataset import write_city
from maps.synthetic import SyntheticOptions, build_city
from tests.servers import free_port, mosquitto

pytestmark = pytest.mark.slow


@contextmanager
def quanmai(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The program in its own process, told to stop at the end."""
    environment = {**os.environ, "QUANMAI_DATA_FOLDER": str(folder), "HOME": str(folder)}
    with (folder / f"{arguments[0]}.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "console.cli", *arguments], env=environment, stdout=log, stderr=log, text=True
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)


def until(true: Callable[[], bool], within_s: float = 60.0) -> None:
    """Wait for something to come true."""
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.2)


def kept(store: Path, what: str) -> int:
    """Readings or positions in a store that another process writes; 0 while it is not there."""
    query = {"readings": "select sum(rows) from reading_log", "positions": "select count(*) from tracks"}[what]
    try:
        with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as connection:
            return int(connection.execute(query).fetchone()[0] or 0)
    except sqlite3.OperationalError:
        return 0


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small synthetic city in a folder with a Chinese name."""
    path = tmp_path_factory.mktemp("泉城 数据") / "小城.gpkg"
    write_city(build_city(SyntheticOptions(pipes=400)), path)
    return path


def test_simulated_readings_and_crews_reach_the_engines_store_also_after_a_restart_of_the_broker(
    city: Path, tmp_path: Path
) -> None:
    port, store = free_port(), tmp_path / "engine.sqlite"
    with ExitStack() as stack:
        broker = stack.enter_context(ExitStack())
        url = broker.enter_context(mosquitto(tmp_path, port))
        engine = stack.enter_context(quanmai(tmp_path, "engine", str(city), "--mqtt", url, "--store", str(store)))
        stack.enter_context(quanmai(tmp_path, "simulate", str(city), "--mqtt", url, "--speed", "60"))
        until(lambda: kept(store, "readings") > 100 and kept(store, "positions") > 0)
        broker.close()
        before = kept(store, "readings")
        broker.enter_context(mosquitto(tmp_path, port))
        until(lambda: kept(store, "readings") > before + 50)
        assert engine.poll() is None
    assert engine.returncode == 0
    assert "Traceback" not in (tmp_path / "engine.log").read_text() + (tmp_path / "simulate.log").read_text()


def test_the_engine_without_a_broker_waits_and_reports_it(city: Path, tmp_path: Path) -> None:
    url = f"mqtt://127.0.0.1:{free_port()}"
    with quanmai(tmp_path, "engine", str(city), "--mqtt", url, "--store", str(tmp_path / "e.sqlite")) as engine:
        until(lambda: "engine runs" in (tmp_path / "engine.log").read_text())
        assert engine.poll() is None
    assert engine.returncode == 0


def test_the_engine_never_loads_qt() -> None:
    code = "import sys, console.headless; sys.exit(any(name.startswith('PySide6') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_payloads_on_the_wire_follow_the_contract(city: Path, tmp_path: Path) -> None:
    seen: dict[str, bytes] = {}
    with mosquitto(tmp_path, port := free_port()) as url:
        client = mqtt.Client(CallbackAPIVersion.VERSION2)

        def keep(_client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
            seen.setdefault(message.topic, bytes(message.payload))

        client.on_message = keep
        client.connect("127.0.0.1", port)
        client.subscribe("#", qos=1)
        client.loop_start()
        with quanmai(tmp_path, "simulate", str(city), "--mqtt", url, "--speed", "60"):
            until(lambda: any(t.startswith("owntracks/") for t in seen) and any("/readings" in t for t in seen))
        client.loop_stop()
    reading = next(json.loads(payload) for topic, payload in seen.items() if "/readings" in topic)
    first = reading[0] if isinstance(reading, list) else reading
    assert set(first) >= {"t", "v"}
    assert first["t"].endswith("+08:00")
    assert json.loads(next(p for t, p in seen.items() if t.startswith("owntracks/")))["_type"] == "location"


_STANDS_STILL = """
import sys, threading
from console.engine import Engine
start = Engine.start
def blocked(self):
    start(self)
    self.watchdog._limit_s = 1.0
    self.subscribe(lambda picture: threading.Event().wait())
Engine.start = blocked
from console.cli import main
sys.argv = ["quanmai", *sys.argv[1:]]
main()
"""


def test_an_engine_with_a_blocked_thread_ends_with_its_exit_code_and_the_stack(city: Path, tmp_path: Path) -> None:
    url, store = f"mqtt://127.0.0.1:{free_port()}", tmp_path / "e.sqlite"
    environment = {**os.environ, "QUANMAI_DATA_FOLDER": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", _STANDS_STILL, "engine", str(city), "--mqtt", url, "--store", str(store)],
        env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "its thread has not turned" in done.stderr
    assert "threading.Event().wait()" in done.stderr or "in wait" in done.stderr


def test_a_second_engine_on_the_store_is_refused_in_one_line_that_names_the_first(city: Path, tmp_path: Path) -> None:
    url, store = f"mqtt://127.0.0.1:{free_port()}", tmp_path / "e.sqlite"
    environment = {**os.environ, "QUANMAI_DATA_FOLDER": str(tmp_path), "HOME": str(tmp_path)}
    with quanmai(tmp_path, "engine", str(city), "--mqtt", url, "--store", str(store)) as engine:
        until(lambda: "engine runs" in (tmp_path / "engine.log").read_text())
        second = subprocess.run(
            [sys.executable, "-m", "console.cli", "engine", str(city), "--mqtt", url, "--store", str(store)],
            env=environment, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert second.returncode == 2
        assert f"is in use by quanmai engine pid {engine.pid} " in second.stderr
        assert len(second.stderr.strip().splitlines()) == 1
        assert engine.poll() is None
    assert engine.returncode == 0
