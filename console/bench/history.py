"""Benchmark of history: bytes a reading takes, raw and rolled up, how fast it is written, rolled up and read; a year on paper."""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from console.domain.readings import ReadingBatch
from console.domain.rollups import MINUTE_S, QUARTER_S
from console.services.analysis.retention import FIRST_US, HistoryKind
from console.store import SqlStore, open_store
from console.store.inspection import bytes_on_disk
from maps.errors import InputFault

_DAY_US, _MINUTE_US, _DAY_MINUTES = 86_400_000_000, 60_000_000, 1_440
_FIRST_DAY = 19_723
"""2024-01-01."""
_CHANNELS = 100
_YEAR_STATIONS, _YEAR_READINGS = 10_000, 10_000 * 60 * 24 * 365
_PARTS, _MONTH_DAYS = 10_000, 30
_BETWEEN_MINUTES = 10
"""Of every station, as a review of a case wants them."""
_RAW, _ROLLED = "reading_blocks", "rollups"
"""Tables; of a SQLite file only the whole has a size. The log before the blocks is emptied and filled again: it does not grow."""


def run(stations: int = 1_000, days: int = 3, store: str = "", folder: Path | None = None) -> dict[str, Any]:
    """Write ``days`` of one reading a minute and station into a store, roll them up, delete the raw ones, read again.

    ``store``: address of an empty PostgreSQL database, which is filled; by default an SQLite file in ``folder`` (about 25 bytes a
    reading; the temporary one). Raises InputFault for a store with readings.
    """
    with tempfile.TemporaryDirectory(prefix="quanmai-bench-", dir=folder) as made:
        target = store or str(Path(made) / "history.sqlite")
        opened = open_store(target)
        try:
            if opened.count_readings(0, 2**62):
                raise InputFault("this benchmark deletes readings: name an empty database")
            return {"store": "postgresql" if store else "sqlite", **_measured(opened, target, stations, days)}
        finally:
            opened.close()


def _measured(store: SqlStore, target: str, stations: int, days: int) -> dict[str, Any]:
    readings = stations * days * _DAY_MINUTES
    empty = bytes_on_disk(target, _RAW)
    writing, rolling, longest_s, rolled = _Spent(), _Spent(), 0.0, 0
    for day in range(days):
        _written(store, stations, day, writing)
        if day == days - 1:
            with writing:
                store.flush()
        # As in service: a day is rolled up when it has ended, while its pages are in memory still.
        without = bytes_on_disk(target, _ROLLED)
        longest_s = max(longest_s, _rolled_up(store, (_FIRST_DAY + day + (day == days - 1)) * _DAY_US, rolling))
        rolled += bytes_on_disk(target, _ROLLED) - without
        _progress(f"day {day + 1}: written in {writing.wall_s:.0f} s, rolled up in {rolling.wall_s:.0f} s")
    whole = bytes_on_disk(target)
    raw = bytes_on_disk(target, _RAW) - (0 if "://" in target else rolled)  # of a SQLite file only the whole has a size
    since_us, until_us = _FIRST_DAY * _DAY_US, (_FIRST_DAY + days) * _DAY_US
    chart_raw_s = _read(store, since_us, until_us, days * _DAY_MINUTES)
    between_s, found = _between(store, (since_us + until_us) // 2)
    minutes, quarters = (store.rollups.packed_bytes(width_s) for width_s in (MINUTE_S, QUARTER_S))
    delete_s = _deleted(store, HistoryKind.READINGS, until_us)
    chart_minutes_s = _read(store, since_us, until_us, days * _DAY_MINUTES)
    _deleted(store, HistoryKind.MINUTES, until_us)
    chart_quarters_s = _read(store, since_us, until_us, days * _DAY_MINUTES // 15)
    per_reading = {
        "raw": (raw - empty) / readings,
        "rolled": rolled / readings,
        "minutes_packed": minutes / readings,
        "quarters_packed": quarters / readings,
    }
    return {
        "stations": stations,
        "days": days,
        "readings": readings,
        "store_gb": round(whole / 1e9, 2),
        "write_readings_per_s": round(readings / writing.wall_s),
        "write_readings_per_cpu_s": round(readings / writing.cpu_s),
        "rollup_readings_per_s": round(readings / rolling.wall_s),
        "rollup_readings_per_cpu_s": round(readings / rolling.cpu_s),
        "rollup_longest_part_ms": round(longest_s * 1e3, 1),
        "delete_readings_per_s": round(readings / delete_s),
        "bytes_per_reading": {name: round(size, 2) for name, size in per_reading.items()},
        "between_two_times": {"minutes": _BETWEEN_MINUTES, "readings": found, "ms": round(between_s * 1e3, 1)},
        "chart_raw_ms": round(chart_raw_s * 1e3, 1),
        "chart_minutes_ms": round(chart_minutes_s * 1e3, 1),
        "chart_quarters_ms": round(chart_quarters_s * 1e3, 1),
        "year_on_paper": _year(per_reading, readings / rolling.wall_s),
    }


def _year(per_reading: dict[str, float], roll_per_s: float) -> dict[str, Any]:
    """10,000 stations once a minute for a year, from the measured figures. Not run."""
    return {
        "stations": _YEAR_STATIONS,
        "readings": _YEAR_READINGS,
        "raw_gb": round(per_reading["raw"] * _YEAR_READINGS / 1e9, 1),
        "minutes_and_quarters_gb": round(per_reading["rolled"] * _YEAR_READINGS / 1e9, 1),
        "quarters_gb": round(per_reading["quarters_packed"] * _YEAR_READINGS / 1e9, 2),
        "rollup_s_per_day": round(_YEAR_READINGS / 365 / roll_per_s, 1),
    }


@dataclass
class _Spent:
    """Seconds inside ``with``, summed up."""

    wall_s: float = 0.0
    cpu_s: float = 0.0

    def __enter__(self) -> None:
        self._began = time.perf_counter(), time.process_time()

    def __exit__(self, *_: object) -> None:
        self.wall_s += time.perf_counter() - self._began[0]
        self.cpu_s += time.process_time() - self._began[1]


def _written(store: SqlStore, stations: int, day: int, spent: _Spent) -> None:
    """A batch a minute, tenths of a kPa with the day's course and noise."""
    chance = np.random.default_rng([1, day])
    station, channel, quality = np.arange(stations, dtype=np.int32), np.zeros(stations, np.uint8), np.zeros(stations, np.uint8)
    base = np.random.default_rng(1).uniform(250.0, 400.0, stations)
    for minute in range(day * _DAY_MINUTES, (day + 1) * _DAY_MINUTES):
        at_us = _FIRST_DAY * _DAY_US + minute * _MINUTE_US + chance.integers(0, _MINUTE_US // 1000, stations) * 1000
        course = 15.0 * np.sin(2.0 * np.pi * minute / _DAY_MINUTES)
        value = np.round(base + course + chance.normal(0.0, 0.5, stations), 1)
        batch = ReadingBatch(station, channel, at_us, value, quality).received(int(at_us.max()) + 500_000)
        with spent:
            store.append_readings(batch)


def _rolled_up(store: SqlStore, end_us: int, spent: _Spent) -> float:
    """Roll up the days that have ended; seconds of the longest part."""
    longest_s = 0.0
    with spent:
        for due in store.rollups.due(end_us):
            keys = store.rollups.missing(due.day)
            for first in range(0, len(keys), _CHANNELS):
                begun = time.perf_counter()
                store.rollups.roll(due.day, keys[first : first + _CHANNELS])
                longest_s = max(longest_s, time.perf_counter() - begun)
            store.rollups.finish(due)
    return longest_s


def _read(store: SqlStore, since_us: int, until_us: int, least: int) -> float:
    """One channel over the whole time; seconds, the median of five."""
    spent = []
    for station in range(5):
        started = time.perf_counter()
        at_us, _ = store.readings(station % 2, 0, since_us, until_us)
        spent.append(time.perf_counter() - started)
        if len(at_us) < least * 0.5:
            raise RuntimeError(f"{len(at_us)} values read, about {least} were written")
    return float(np.median(spent))


def _between(store: SqlStore, at_us: int) -> tuple[float, int]:
    """Every station's readings in some minutes: seconds, and how many there are."""
    started = time.perf_counter()
    found = store.readings_between(at_us, at_us + _BETWEEN_MINUTES * _MINUTE_US)
    return time.perf_counter() - started, len(found)


def _progress(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _deleted(store: SqlStore, kind: HistoryKind, until_us: int) -> float:
    started = time.perf_counter()
    while store.delete_history(kind, FIRST_US, until_us + _DAY_US, _PARTS, days=_MONTH_DAYS, at_us=until_us):
        pass
    return time.perf_counter() - started
