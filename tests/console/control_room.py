"""A control room of processes: a broker, a store, seats, and stations that publish once a second or faster."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from console.domain.readings import Channel, ReadingBatch
from console.store import open_store
from maps.dataset import write_city
from tests.conftest import ROOT
from tests.console.ui.small_city import build_small_city

AHEAD = timedelta(hours=1)
"""By how much a station's clock is wrong, which is a fault that the leader finds."""
HISTORY_DAYS, HISTORY_STEP_S, NOISE_KPA = 3, 300, 0.4


class Seat:
    """A seat's process and its requests by lines."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "runs"

    def asks(self, *words: str) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert "fault" not in answer, answer
        return answer

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


class ControlRoom:
    """Broker, store, seats, and stations that publish."""

    def __init__(self, folder: Path, store: str, broker: str, *, every_s: float = 0.2) -> None:
        self._every_s = every_s
        self.folder, self.store, self.broker = folder, store, broker
        self.city = build_small_city()
        write_city(self.city, folder / "city.gpkg")
        self.ahead: set[str] = set()
        self.usual_kpa = 300.0 + np.arange(len(self.city.stations))
        self.lower_kpa = np.zeros(len(self.city.stations))
        """(stations,) by how much the pressures are lower than usual."""
        self.orders: list[bytes] = []
        self.crews_answer = False
        """Whether crews take an order up, arrive and finish at once, and say so, each twice as a phone in a tunnel does."""
        self._closing = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="stations-and-crews", clean_session=False)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_message = lambda _client, _data, message: self._takes(message)
        self._client.connect("127.0.0.1", int(broker.rpartition(":")[2]))
        self._client.subscribe(f"quanmai/v1/{self.city.info.site}/orders/+", qos=1)
        self._client.loop_start()
        self._stations = threading.Thread(target=self._publish)
        self._stations.start()

    def _takes(self, message: mqtt.MQTTMessage) -> None:
        self.orders.append(bytes(message.payload))
        order = json.loads(message.payload)
        if not self.crews_answer or order.get("action") == "countermand":
            return
        for state in ("acknowledged", "on_site", "done"):
            for _ in range(2):
                answer = {"order_id": order["order_id"], "state": state}
                self._client.publish(f"{message.topic}/ack", json.dumps(answer).encode(), qos=1)

    def _publish(self) -> None:
        topic = f"quanmai/v1/{self.city.info.site}/readings"
        noise = np.random.default_rng(5)
        while not self._closing.wait(self._every_s):
            now = datetime.now(UTC)
            kpa = self.usual_kpa - self.lower_kpa + noise.normal(0.0, NOISE_KPA, len(self.usual_kpa))
            body = [
                {"s": str(name), "t": (now + AHEAD * (name in self.ahead)).isoformat(), "v": {"pressure_mpa": kpa[row] / 1000}}
                for row, name in enumerate(self.city.stations.asset_id)
            ]
            self._client.publish(topic, json.dumps(body).encode(), qos=1)

    def has_history(self) -> None:
        """The store holds quiet days up to now, for detection to learn from."""
        now_us = int(time.time()) * 1_000_000
        at_us = now_us - np.arange(HISTORY_DAYS * 86_400 // HISTORY_STEP_S, 0, -1, dtype=np.int64) * HISTORY_STEP_S * 1_000_000
        ticks, stations = len(at_us), len(self.usual_kpa)
        kpa = self.usual_kpa + np.random.default_rng(6).normal(0.0, NOISE_KPA, (ticks, stations))
        batch = ReadingBatch(
            np.tile(np.arange(stations, dtype=np.int32), ticks),
            np.full(ticks * stations, int(Channel.PRESSURE), dtype=np.uint8),
            np.repeat(at_us, stations),
            kpa.ravel(),
            np.zeros(ticks * stations, dtype=np.uint8),
        )
        store = open_store(self.store, "test")
        store.use_stations(map(str, self.city.stations.asset_id))
        store.append_readings(batch)
        store.close()

    def burst_at(self, pipe_id: str, kpa: float = 60.0) -> None:
        """Pressures fall, the more the nearer."""
        stations, pipes = self.city.stations, self.city.network.pipes
        x, y = pipes.vertices[pipes.offsets[pipes.row(pipe_id)] + 1]
        self.lower_kpa = self.lower_kpa + kpa * np.exp(-np.hypot(stations.x - x, stations.y - y) / 600.0)

    def close(self) -> None:
        self._closing.set()
        self._stations.join()
        self._client.disconnect()
        self._client.loop_stop()

    @contextmanager
    def seat(self, name: str) -> Iterator[Seat]:
        """A process, killed at the end."""
        arguments = (str(self.folder / "city.gpkg"), self.broker, self.store, str(self.folder), name)
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(self.folder)}
        with (self.folder / f"{name}.log").open("a") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.console.seat_process", *arguments],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, env=environment, cwd=ROOT,
            )  # fmt: skip
            try:
                yield Seat(process)
            finally:
                process.kill()
                process.wait()
                for pipe in (process.stdin, process.stdout):
                    assert pipe is not None
                    pipe.close()


def until(true: Callable[[], bool], within_s: float, why: str) -> float:
    """Seconds until the condition was true."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < within_s, why
        time.sleep(0.05)
    return time.monotonic() - began
