"""Benchmark of callers: a crisis of 2,000 tickets an hour beside a running burst, over the real engine and store.

The clock may be compressed: with a speed of 10 the calls of ten minutes come within one. Measured: the text to read out (matching
against the newest picture, as the window does it), and from the call to its ticket on disk. Counted: what is missing in the store
after it was closed and opened again.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from console.domain.actors import Actor, Role
from console.domain.changes import ChangeSet
from console.domain.clock import SystemClock
from console.domain.picture import Picture
from console.domain.tickets import COVERED, TICKET, TicketKind, TicketSource
from console.runtime import Runtime, RuntimeOptions
from console.services.crews.valve_reports import MarkValveClosed
from console.services.desk import DeskSettings
from console.services.incidents.judging import JudgeBurst
from console.services.incidents.opening import OpenIncident
from console.services.state import DeskState
from console.services.tickets.hearing import CallFields, CallMatcher
from console.services.tickets.taking import TakeCall
from console.store import open_store
from maps.city import City
from maps.dataset import write_city
from maps.synthetic import SyntheticOptions, build_city

RATE_H, MINUTES, SPEED = 2_000, 10.0, 10.0
_HOTLINE, _WANG = Actor("hotline", "hotline", Role.HOTLINE), Actor.named("bench")
_PATIENCE_S = 120.0
_SHARE_OF_CASE = 0.5
_KINDS = tuple(TicketKind)


@dataclass(frozen=True, eq=False)
class _Sent:
    """A call: due at, its text to read out after, on disk after (seconds)."""

    answer: Future[ChangeSet]
    due_s: float
    heard_s: float
    disk_s: list[float]


def run(
    pipes: int = 20_000, rate_h: int = RATE_H, minutes: float = MINUTES, speed: float = SPEED, seed: int = 1
) -> dict[str, Any]:
    """Take calls at ``rate_h`` for ``minutes`` of ``speed`` times the real clock, half of them from the area of a burst."""
    city = build_city(SyntheticOptions(pipes=pipes))
    with tempfile.TemporaryDirectory(prefix="quanmai-bench-") as folder:
        path, where = Path(folder) / "bench.gpkg", Path(folder) / "bench.sqlite"
        write_city(city, path)
        options = RuntimeOptions(path, where, Path(folder) / "notices", DeskSettings(site="bench"))
        runtime = Runtime(city, SystemClock(), options, feeds=[], channels=[])
        try:
            runtime.start()
            sent, keys = _calls(runtime, city, rate_h, minutes, speed, seed)
        finally:
            runtime.close()
        store = open_store(where)
        kept = store.records_of((TICKET,), 0, int(datetime.now(UTC).timestamp() * 1e6) + 1)
        whole = store.verify_chain() is None
        store.close()
    found = {str(getattr(one, "request_key", "")) for one in kept}
    heard, disk = np.array([one.heard_s for one in sent]), np.array([one.disk_s[0] for one in sent])
    known = sum(getattr(one, "cover", None) in COVERED for one in kept)
    return {
        "pipes": len(city.network.pipes),
        "customers": len(city.customers),
        "tickets": len(sent),
        "rate_h": rate_h,
        "speed": speed,
        "clock": "real time" if speed == 1.0 else f"compressed {speed:g} times",
        "match_p50_ms": round(float(np.percentile(heard, 50)) * 1e3, 2),
        "match_p95_ms": round(float(np.percentile(heard, 95)) * 1e3, 2),
        "match_max_ms": round(float(heard.max()) * 1e3, 2),
        "on_disk_p50_ms": round(float(np.percentile(disk, 50)) * 1e3, 1),
        "on_disk_p95_ms": round(float(np.percentile(disk, 95)) * 1e3, 1),
        "on_disk_max_ms": round(float(disk.max()) * 1e3, 1),
        "in_the_area": known,
        "lost": len(keys - found),
        "chain_whole": whole,
    }


def _calls(runtime: Runtime, city: City, rate_h: int, minutes: float, speed: float, seed: int) -> tuple[list[_Sent], set[str]]:
    """The calls, each answered and on disk."""
    engine, rng = runtime.engine, np.random.default_rng(seed)
    pipe = str(city.network.pipes.asset_id[int(rng.integers(len(city.network.pipes)))])
    opened = engine.submit(OpenIncident(pipe), _WANG).result(_PATIENCE_S)
    case = opened.incidents[0].incident_id
    judged = engine.submit(JudgeBurst(case, (pipe,), "calls"), _WANG).result(_PATIENCE_S)
    plan = judged.incidents[0].plan
    inside = np.array([city.customers.row(one) for one in plan.customers_without_water]) if plan is not None else np.empty(0)
    valves = iter([step.asset_id for step in plan.valves_to_close] if plan is not None else [])
    matcher = CallMatcher(city)
    matcher.prepare()
    count = round(rate_h * minutes / 60)
    gap_s = 3600 / rate_h / speed
    sent, keys, begun = list[_Sent](), set[str](), time.perf_counter()
    for number, fields in enumerate(_fields(rng, city, inside, count)):
        due = begun + number * gap_s
        time.sleep(max(due - time.perf_counter(), 0.0))
        started = time.perf_counter()
        matcher.hear(_state(engine.latest()), fields, datetime.now(UTC))
        heard, key = time.perf_counter() - started, f"bench-{number}"
        disk: list[float] = []
        asked = engine.submit(TakeCall(fields, TicketSource.OPEN311, "bench", key), _HOTLINE)
        asked.add_done_callback(partial(_noted, started, disk))
        sent.append(_Sent(asked, due, heard, disk))
        keys.add(key)
        if number % 50 == 49 and (valve := next(valves, None)) is not None:
            engine.submit(MarkValveClosed(case, valve), _WANG).result(_PATIENCE_S)
    for one in sent:
        one.answer.result(_PATIENCE_S)
    return sent, keys


def _noted(since: float, into: list[float], _answer: Future[ChangeSet]) -> None:
    into.append(time.perf_counter() - since)


def _fields(rng: np.random.Generator, city: City, inside: Any, count: int) -> Iterator[CallFields]:
    """Callers by their customer, by a point, and by their community; half of them in the area of the case."""
    customers = city.customers
    for number in range(count):
        is_inside = len(inside) and rng.random() < _SHARE_OF_CASE
        row = int(rng.choice(inside)) if is_inside else int(rng.integers(len(customers)))
        kind, phone = _KINDS[int(rng.integers(3))], f"138{number:08d}"
        if number % 3:
            yield CallFields(kind, phone, asset_kind="customer", asset_id=str(customers.asset_id[row]), wants_callback=True)
        else:
            x, y = (np.array([customers.x[row], customers.y[row]]) + rng.normal(0, 10, 2)).tolist()
            yield CallFields(kind, phone, address=str(customers.address[row]), x=x, y=y)


def _state(picture: Picture) -> DeskState:
    return DeskState().with_records((*picture.incidents, *picture.of(TICKET)))
