"""High-rate readings for the benchmark: a publisher faster than paho, and the engine in its own process."""

from __future__ import annotations

import json
import multiprocessing
import select
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from console.domain.clock import SystemClock, micros
from console.domain.picture import Picture
from console.domain.readings import Channel
from console.feeds.mqtt import MqttFeed
from console.mqtt import Broker, MqttConnection
from console.runtime import Runtime, RuntimeOptions
from console.services.desk import DeskSettings
from maps.city import City
from maps.dataset import read_city
from maps.errors import InputFault

SITE = "bench"
BROKER_SETTINGS = "max_queued_messages 0\n"
"""Broker configuration required by the README."""

_SLICE_S, _QUIET_S = 0.02, 3.0
_PUBACK_BYTES = 4


@contextmanager
def broker() -> Iterator[Broker]:
    """Start mosquitto on a free port. Raises InputFault when the program is not installed."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        raise InputFault("this benchmark starts its own broker; install mosquitto")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with tempfile.TemporaryDirectory(prefix="quanmai-bench-") as folder:
        config = Path(folder) / "mosquitto.conf"
        config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n{BROKER_SETTINGS}")
        process = subprocess.Popen([program, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _await_port(port)
            yield Broker("127.0.0.1", port, tls=False)
        finally:
            process.terminate()
            process.wait(10)


def publish(port: int, names: list[str], rate: int, seconds: int, arrays: bool, report: Connection) -> None:
    """Entry point of the publisher's process: each station in turn, ``rate`` readings a second, QoS 1.

    Ends early when anything is sent to it by ``report``. Reports the number published once the broker has acknowledged all.
    """
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(_packet(0x10, b"\x00\x04MQTT\x04\x02\x00\x00" + _text("bench-publisher")))
        if sock.recv(4)[:1] != b"\x20":
            raise ConnectionError("the broker does not accept the publisher")
        sent = at = 0
        owed_bytes = 0
        started = time.monotonic()
        while time.monotonic() - started < seconds and not report.poll():
            due = round((time.monotonic() - started) * rate) - sent
            taken = [names[(at + step) % len(names)] for step in range(due)]
            packets = _arrays(taken, sent) if arrays else [_single(name, sent + step) for step, name in enumerate(taken)]
            at, sent = at + due, sent + due
            owed_bytes += len(packets) * _PUBACK_BYTES - _exchange(sock, b"".join(packets))
            time.sleep(_SLICE_S)
        until = time.monotonic() + 120
        while owed_bytes > 0 and time.monotonic() < until:
            owed_bytes -= _exchange(sock, b"", 0.1)
    report.send(sent)


def engine(city_path: Path, folder: Path, port: int, report: Connection) -> None:
    """Entry point of the engine's process: publishes pictures until it is stopped; reports delays and stored readings."""
    city = read_city(city_path)
    options = RuntimeOptions(city_path, folder / "bench.sqlite", folder / "notices", DeskSettings(site=SITE))
    connection = MqttConnection(Broker("127.0.0.1", port, tls=False), SITE, "quanmai-bench-engine")
    feed, delays = MqttFeed(connection, city), _Delays(len(city.stations))
    runtime = Runtime(city, SystemClock(), options, feeds=[feed])
    runtime.engine.subscribe(delays.see)
    with runtime:
        while feed.health().state != "up":
            time.sleep(0.01)
        report.send("ready")
        report.recv()
        counted, still_since = feed.health().received, time.monotonic()
        while time.monotonic() - still_since < _QUIET_S:
            time.sleep(0.05)
            if feed.health().received != counted or len(runtime.inbox):
                counted, still_since = feed.health().received, time.monotonic()
        feed.stop()
        stored = runtime.store.readings_between(0, micros(datetime.now(UTC)))
        distinct = len(np.unique(np.stack([stored.station.astype(np.int64), stored.at_us]), axis=1).T)
    report.send({"stored": distinct, "duplicates": len(stored) - distinct, "cpu_s": time.process_time(), **delays.percentiles()})


class _Delays:
    """Delay from source time to picture, of each value first shown in a picture."""

    def __init__(self, stations: int) -> None:
        self._seen_us = np.zeros(stations, dtype=np.int64)
        self._delays_s: list[Any] = []

    def see(self, picture: Picture) -> None:
        """Receive a picture from the engine."""
        at_us = picture.at_us[:, Channel.PRESSURE]
        fresh = at_us > self._seen_us
        self._delays_s.append(time.time() - at_us[fresh] / 1e6)
        self._seen_us = at_us.copy()

    def percentiles(self) -> dict[str, float]:
        """p50 and p99 of the delays in seconds."""
        every = np.concatenate(self._delays_s)
        return {f"delay_p{share}_s": round(float(np.percentile(every, share)), 3) for share in (50, 99)}


def flood(city: City, city_path: Path, rate: int, seconds: int, *, arrays: bool) -> dict[str, Any]:
    """Publish to a real broker and ingest with a real engine process; returns the measured figures."""
    names = [str(name) for name in city.stations.asset_id]
    context = multiprocessing.get_context("spawn")
    with broker() as where, tempfile.TemporaryDirectory(prefix="quanmai-bench-") as folder:
        ours, theirs = context.Pipe()
        taker = context.Process(target=engine, args=(city_path, Path(folder), where.port, theirs), daemon=True)
        taker.start()
        ours.recv()
        published, end = context.Pipe()
        giver = context.Process(target=publish, args=(where.port, names, rate, seconds, arrays, end), daemon=True)
        giver.start()
        count = published.recv()
        ours.send("stop")
        found: dict[str, Any] = ours.recv()
        for process in (giver, taker):
            process.join(30)
    return {
        "published": count,
        "rate_per_s": round(count / seconds),
        "lost": count - found["stored"],
        **found,
        "engine_core_share": round(found.pop("cpu_s") / seconds, 2),
    }


def _single(name: str, number: int) -> bytes:
    now = datetime.now(UTC)
    body = f'{{"t":"{now.isoformat()}","v":{{"pressure_mpa":0.3}},"q":"good"}}'.encode()
    return _publish(f"quanmai/v1/{SITE}/readings/{name}", body, number)


def _arrays(names: list[str], number: int, size: int = 200) -> list[bytes]:
    stamp = datetime.now(UTC).isoformat()
    entries = [{"s": name, "t": stamp, "v": {"pressure_mpa": 0.3}} for name in names]
    parts = [entries[start : start + size] for start in range(0, len(entries), size)]
    return [_publish(f"quanmai/v1/{SITE}/readings", json.dumps(part).encode(), number + at) for at, part in enumerate(parts)]


def _publish(topic: str, body: bytes, number: int) -> bytes:
    return _packet(0x32, _text(topic) + (number % 65_535 + 1).to_bytes(2, "big") + body)


def _packet(head: int, body: bytes) -> bytes:
    length, size = len(body), bytearray()
    while True:
        length, digit = length >> 7, length & 0x7F
        size.append(digit | (0x80 if length else 0))
        if not length:
            return bytes((head, *size)) + body


def _text(value: str) -> bytes:
    raw = value.encode()
    return len(raw).to_bytes(2, "big") + raw


def _exchange(sock: socket.socket, data: bytes, wait_s: float = 0.0) -> int:
    """Send all of ``data`` while reading acknowledgements, which avoids a deadlock; returns the bytes read."""
    read, rest = 0, memoryview(data)
    while True:
        readable, writable, _ = select.select([sock], [sock] if rest else [], [], 1.0 if rest else wait_s)
        if readable:
            read += len(sock.recv(65_536))
        if writable:
            rest = rest[sock.send(rest[:65_536]) :]
        if not rest and not readable:
            return read


def _await_port(port: int) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise InputFault(f"the broker does not listen on port {port}")
