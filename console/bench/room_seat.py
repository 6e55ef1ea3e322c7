"""A process of the benchmark of a control room: an engine, or a console without a window, that reports its own figures."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from console.bench.flood import SITE
from console.domain.actors import Actor
from console.domain.clock import SystemClock, micros
from console.domain.picture import Picture
from console.domain.readings import Channel
from console.feeds.mqtt import MqttFeed
from console.mqtt import Broker, MqttConnection
from console.runtime import Runtime, RuntimeOptions
from console.services.desk import DeskSettings
from console.services.incidents.opening import OpenIncident
from maps.dataset import read_city
from maps.errors import QuanmaiError

_DECIDED_WITHIN_S = 60.0


def seat(city_path: Path, folder: Path, port: int, store: str, name: str, asked: Connection) -> None:
    """Entry point of a process of the room: carries out what it is asked and reports its figures."""
    city = read_city(city_path)
    role = name.rstrip("0123456789")
    options = RuntimeOptions(city_path, store, folder / "notices", DeskSettings(site=SITE), role=role, is_shared=True)
    connection = MqttConnection(Broker("127.0.0.1", port, tls=False), SITE, f"quanmai-bench-{name}")
    feed, watched = MqttFeed(connection, city), _Watched(len(city.stations))
    runtime = Runtime(city, SystemClock(), options, feeds=[feed])
    runtime.engine.subscribe(watched.see)
    runtime.recall()
    with runtime:
        asked.send("ready")
        while True:
            match asked.recv():
                case ("open", pipe):
                    asked.send(_opened(runtime, pipe, name))
                case ("leads",):
                    lease = runtime.engine.latest().lease
                    asked.send(lease is not None and lease.is_ours)
                case ("hears",):
                    asked.send(bool((runtime.engine.latest().at_us > 0).any()))
                case ("up",):
                    asked.send(feed.health().state == "up")
                case ("received",):
                    asked.send(feed.health().received)
                case ("stored",):
                    asked.send(_stored(runtime))
                case ("begin",):
                    watched.begin()
                    asked.send(time.process_time())
                case ("figures",):
                    asked.send({"cpu_s": time.process_time(), "memory_mb": resident_mb(), **watched.figures()})


def _opened(runtime: Runtime, pipe: str, name: str) -> tuple[str, float] | str:
    """(case, when it was on disk), or why there is none."""
    try:
        (incident,) = runtime.engine.submit(OpenIncident(pipe), Actor.named(name)).result(_DECIDED_WITHIN_S).incidents
    except (QuanmaiError, TimeoutError) as fault:
        return str(fault) or type(fault).__name__
    return incident.incident_id, time.time()


def _stored(runtime: Runtime) -> int:
    """Number of different readings in the store."""
    kept = runtime.store.readings_between(0, micros(datetime.now(UTC)))
    since_us = kept.at_us.min(initial=micros(datetime.now(UTC)))
    return len(np.unique((kept.station.astype(np.int64) << 40) + kept.at_us - since_us))


def resident_mb() -> float:
    """Resident memory of this process; NaN where the system does not tell it so."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    line = next((one for one in lines if one.startswith("VmRSS:")), None)
    return float("nan") if line is None else int(line.split()[1]) / 1024


class _Watched:
    """What a seat's pictures showed, and when."""

    def __init__(self, stations: int) -> None:
        self._seen_us = np.zeros(stations, dtype=np.int64)
        self._seen: dict[str, float] = {}
        self._age_s: list[Any] = []
        self._gap_s: list[float] = []
        self._last = 0.0

    def begin(self) -> None:
        """Forget what was before."""
        self._age_s, self._gap_s = [], []

    def see(self, picture: Picture) -> None:
        """Receive a picture from the engine."""
        now, at_us = time.time(), picture.at_us[:, Channel.PRESSURE]
        for one in picture.incidents:
            self._seen.setdefault(one.incident_id, now)
        self._age_s.append(now - at_us[at_us > self._seen_us] / 1e6)
        self._gap_s.append(now - self._last if self._last else 0.0)
        self._seen_us, self._last = at_us.copy(), now

    def figures(self) -> dict[str, Any]:
        """``ages``: (p50, p99) of values first shown, ``gap``: the longest time without a picture, seconds; ``seen``: by case."""
        every = np.concatenate(self._age_s) if self._age_s else np.zeros(0)
        ages = [float(np.percentile(every, share)) for share in (50, 99)] if len(every) else [float("nan")] * 2
        return {"ages": ages, "gap": max(self._gap_s, default=0.0), "seen": self._seen}
