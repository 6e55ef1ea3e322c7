"""Benchmark of ingest in readings per second: ingest alone, then an engine process behind a real broker."""

from __future__ import annotations

import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from console.bench.flood import SITE, flood
from console.domain.live import LivePicture
from console.feeds.codec import Decoder
from console.mqtt.message import Message
from console.store import open_store
from maps.city import City, StationTable
from maps.dataset import write_city
from maps.synthetic import SyntheticOptions, build_city

_BATCH = 5_000
_START_US = 1_704_294_000_000_000


def run(stations: int = 10_000, rate: int = 20_000, seconds: int = 20) -> dict[str, Any]:
    """Measure ingest alone; then single-value messages and arrays at ``rate`` readings a second for ``seconds``.

    The engine runs in its own process on a broker started here. Raises InputFault when mosquitto is not installed.
    """
    city = bench_city(stations)
    with tempfile.TemporaryDirectory(prefix="quanmai-bench-") as folder:
        path = Path(folder) / "bench.gpkg"
        write_city(city, path)
        return {
            "way_in": way_in(city),
            "single": flood(city, path, rate, seconds, arrays=False),
            "arrays": flood(city, path, rate, seconds, arrays=True),
        }


def bench_city(stations: int) -> City:
    """A small network without a model with many pressure stations."""
    small = build_city(SyntheticOptions(pipes=100))
    every = StationTable.of([f"S{row:05d}" for row in range(stations)], node=np.zeros(stations, dtype=np.int32))
    return replace(small, info=replace(small.info, site=SITE), epanet=None, stations=every)


def way_in(city: City, seconds: int = 10) -> dict[str, Any]:
    """Decode, apply to the picture and store single-value messages of all stations; medians over batches of 5,000."""
    names = [str(name) for name in city.stations.asset_id]
    decoder, live = Decoder(city), LivePicture(len(names))
    messages = [_message(name, second) for second in range(seconds) for name in names]
    parts: dict[str, list[float]] = {"decode": [], "apply": [], "store": []}
    with tempfile.TemporaryDirectory(prefix="quanmai-bench-") as folder:
        store = open_store(Path(folder) / "bench.sqlite")
        started = time.perf_counter()
        for first in range(0, len(messages), _BATCH):
            marks = [time.perf_counter()]
            decoded = decoder.decode(messages[first : first + _BATCH])
            marks.append(time.perf_counter())
            live.apply(decoded.readings, _START_US + seconds * 1_000_000)
            marks.append(time.perf_counter())
            store.append_readings(decoded.readings.received(_START_US + seconds * 1_000_000 + first))
            marks.append(time.perf_counter())
            for name, spent in zip(parts, np.diff(marks), strict=True):
                parts[name].append(float(spent))
        store.flush()
        took = time.perf_counter() - started
        store.close()
    per_batch = {f"{name}_ms_per_{_BATCH}": round(float(np.median(spent)) * 1e3, 2) for name, spent in parts.items()}
    worst = max(sum(values) for values in zip(*parts.values(), strict=True))
    return {
        "messages": len(messages),
        "readings_per_s": round(len(messages) / took),
        "worst_batch_ms": round(worst * 1e3, 1),
        **per_batch,
    }


def _message(station: str, second: int) -> Message:
    at = f"2024-01-03T15:{second // 60:02d}:{second % 60:02d}.120Z"
    body = json.dumps({"t": at, "v": {"pressure_mpa": 0.3}, "q": "good"}).encode()
    return Message(f"quanmai/v1/bench/readings/{station}", body)
