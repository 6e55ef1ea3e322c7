"""Benchmark of a control room: engines and consoles as processes on one store, every station reporting once a second."""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np

from console.bench.flood import SITE, broker, publish
from console.bench.readings import bench_city
from console.domain.actors import Actor
from console.domain.clock import SystemClock, micros
from console.domain.picture import Picture
from console.domain.readings import Channel
from console.feeds.mqtt import MqttFeed
from console.mqtt import Broker, MqttConnection
from console.runtime import Runtime, RuntimeOptions
from console.services.desk import DeskSettings
from console.services.incidents.opening import OpenIncident
from maps.dataset import read_city, write_city

_SETTLES_S, _SHOWN_WITHIN_S, _TAKEN_OVER_WITHIN_S = 3.0, 10.0, 60.0
_READY_WITHIN_S, _STORED_WITHIN_S = 300.0, 60.0


def run(stations: int = 10_000, consoles: int = 10, engines: int = 2, seconds: int = 30, store: str = "") -> dict[str, Any]:
    """Measure delays between seats, ages of pictures, cost of processes, time of a take-over, and readings lost over it all.

    ``consoles`` without a window. ``store``: address of an empty PostgreSQL database; by default an SQLite file. CPU is in shares
    of a core. Raises InputFault when mosquitto is not installed.
    """
    context = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        where = stack.enter_context(broker())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="quanmai-bench-")))
        city, path = bench_city(stations), folder / "bench.gpkg"
        write_city(city, path)
        names = [f"engine{number}" for number in range(engines)] + [f"desk{number}" for number in range(consoles)]
        target, seats = store or str(folder / "room.sqlite"), list[_Seat]()
        for name in names:
            ours, theirs = context.Pipe()
            process = context.Process(target=seat, args=(path, folder, where.port, target, name, theirs), daemon=True)
            process.start()
            stack.callback(process.kill)
            seats.append(_Seat(name, process, ours))
            if len(seats) == 1:
                seats[0].hears(_READY_WITHIN_S)  # the first engine leads
        for one in seats[1:]:
            one.hears(_READY_WITHIN_S)
        for one in seats:
            while not one.asks("up"):
                time.sleep(0.1)
        published, end = context.Pipe()
        lasts = int(seconds + _SETTLES_S + _TAKEN_OVER_WITHIN_S)
        rows = [str(name) for name in city.stations.asset_id]
        giver = context.Process(target=publish, args=(where.port, rows, stations, lasts, True, end), daemon=True)
        giver.start()
        stack.callback(giver.kill)
        for one in seats:
            while not one.asks("hears"):
                time.sleep(0.1)
        time.sleep(_SETTLES_S)
        found = _measured(seats, [str(one) for one in city.network.pipes.asset_id], seconds)
        found["take_over_s"] = round(_take_over_s(seats), 2)
        published.send("end")
        found["readings_published"] = published.recv()
        found |= _kept(seats, int(found["readings_published"]))
        return {
            "stations": stations,
            "engines": engines,
            "consoles": consoles,
            "store": "postgresql" if "://" in store else "sqlite",
            **found,
        }


@dataclass(frozen=True, eq=False)
class _Seat:
    """A process and the pipe to it."""

    name: str
    process: BaseProcess
    pipe: Connection

    def asks(self, *what: str) -> Any:
        self.pipe.send(what)
        return self.hears(60.0)

    def hears(self, within_s: float) -> Any:
        if not self.pipe.poll(within_s):
            raise TimeoutError(f"{self.name} does not answer")
        return self.pipe.recv()


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
                    (incident,) = runtime.engine.submit(OpenIncident(pipe), Actor.named(name)).result(20).incidents
                    asked.send((incident.incident_id, time.time()))
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


def _measured(seats: Sequence[_Seat], pipes: Sequence[str], seconds: int) -> dict[str, Any]:
    began, cpu_s = time.monotonic(), [one.asks("begin") for one in seats]
    decided: list[tuple[_Seat, str, float]] = []
    while time.monotonic() - began < seconds and len(decided) < len(pipes):
        by = seats[len(decided) % len(seats)]
        decided.append((by, *by.asks("open", pipes[len(decided)])))
        time.sleep(max(0.0, began + len(decided) * seconds / min(len(pipes), 2 * seconds) - time.monotonic()))
    until = time.monotonic() + _SHOWN_WITHIN_S
    figures = [one.asks("figures") for one in seats]
    while time.monotonic() < until and any(case not in one["seen"] for one in figures for _, case, _ in decided):
        figures = [one.asks("figures") for one in seats]
    took_s = time.monotonic() - began
    delays = [
        one["seen"].get(case, np.inf) - at
        for by, case, at in decided
        for other, one in zip(seats, figures, strict=True)
        if other is not by
    ]
    shares = [(one["cpu_s"] - before) / took_s for one, before in zip(figures, cpu_s, strict=True)]
    return {
        "decisions": len(decided),
        "change_to_other_p50_s": round(float(np.percentile(delays, 50)), 3),
        "change_to_other_p99_s": round(float(np.percentile(delays, 99)), 3),
        "change_to_other_longest_s": round(float(max(delays)), 3),
        "picture_value_age_p50_s": round(float(np.median([one["ages"][0] for one in figures])), 3),
        "picture_value_age_p99_worst_seat_s": round(max(one["ages"][1] for one in figures), 3),
        "longest_without_picture_s": round(max(one["gap"] for one in figures), 2),
        "core_share": {one.name: round(share, 2) for one, share in zip(seats, shares, strict=True)},
        "memory_mb": {one.name: round(shown["memory_mb"]) for one, shown in zip(seats, figures, strict=True)},
    }


def _take_over_s(seats: Sequence[_Seat]) -> float:
    """Kill the leader as the power going; seconds until another process leads, NaN when none does."""
    leader = next(one for one in seats if one.asks("leads"))
    leader.process.kill()
    leader.process.join()
    killed, others = time.monotonic(), [one for one in seats if one is not leader]
    while time.monotonic() - killed < _TAKEN_OVER_WITHIN_S:
        if any(one.asks("leads") for one in others):
            return time.monotonic() - killed
        time.sleep(0.05)
    return float("nan")


def _kept(seats: Sequence[_Seat], published: int) -> dict[str, Any]:
    """Readings that are not in the store in the end, and how many messages each seat has received."""
    living = [one for one in seats if one.process.is_alive()]
    until, stored = time.monotonic() + _STORED_WITHIN_S, living[0].asks("stored")
    while stored < published and time.monotonic() < until:
        time.sleep(1.0)
        stored = living[0].asks("stored")
    received = [int(one.asks("received")) for one in living]
    return {"readings_lost": published - stored, "messages_at_a_seat": [min(received), max(received)]}
