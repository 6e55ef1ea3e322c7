"""Benchmark of a control room: engines and consoles as processes on one store, every station reporting once a second.

It waits long for seats, because a machine that is busy or small starts them slowly, and says how many came; what cannot be
measured is null and named in ``faults``.
"""

from __future__ import annotations

import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np

from console.bench.flood import broker, publish
from console.bench.readings import bench_city
from console.bench.room_seat import seat
from maps.dataset import write_city

_SETTLES_S, _SHOWN_WITHIN_S, _TAKEN_OVER_WITHIN_S = 3.0, 10.0, 60.0
_READY_WITHIN_S, _ANSWERS_WITHIN_S, _STORED_WITHIN_S = 600.0, 120.0, 120.0


def run(
    stations: int = 10_000, consoles: int = 10, engines: int = 2, seconds: int = 30, store: str = "", kills: int = 1
) -> dict[str, Any]:
    """Measure delays between seats, ages of pictures, cost of processes, times of take-overs, and readings lost over it all.

    ``consoles`` without a window, started one after the other. ``store``: address of an empty PostgreSQL database; by default an
    SQLite file. ``kills``: of the leader; those killed stay away. CPU is in shares of a core. Raises InputFault when mosquitto is
    not installed.
    """
    context = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        where = stack.enter_context(broker())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="quanmai-bench-")))
        city, path = bench_city(stations), folder / "bench.gpkg"
        write_city(city, path)
        names = [f"engine{number}" for number in range(engines)] + [f"desk{number}" for number in range(consoles)]
        room = _Room()
        asked = (path, folder, where.port, store or str(folder / "room.sqlite"))
        for name in names:
            room.start(stack, context, name, asked)
        found = {
            "stations": stations,
            "engines": engines,
            "consoles": consoles,
            "asked_for": len(names),
            "started": len(room.seats),
            "start_s": {one.name: round(one.start_s, 1) for one in room.seats},
            "store": "postgresql" if "://" in store else "sqlite",
        }
        if room.seats:
            published, end = context.Pipe()
            lasts = int(seconds + _SETTLES_S + _SHOWN_WITHIN_S + kills * _TAKEN_OVER_WITHIN_S)
            rows = [str(name) for name in city.stations.asset_id]
            giver = context.Process(target=publish, args=(where.port, rows, stations, lasts, True, end), daemon=True)
            giver.start()
            stack.callback(giver.kill)
            found |= _all_measured(room, [str(one) for one in city.network.pipes.asset_id], seconds, kills, published)
        return {**found, "faults": room.faults}


@dataclass(frozen=True, eq=False)
class _Seat:
    """A process and the pipe to it. ``start_s``: from its start until it ran and was connected to the broker."""

    name: str
    process: BaseProcess
    pipe: Connection
    start_s: float = 0.0

    def asks(self, *what: str) -> Any:
        """The answer. Raises TimeoutError, OSError, EOFError."""
        self.pipe.send(what)
        return self.hears(_ANSWERS_WITHIN_S)

    def hears(self, within_s: float) -> Any:
        if not self.pipe.poll(within_s):
            raise TimeoutError(f"{self.name} does not answer within {within_s:.0f} s")
        return self.pipe.recv()


_SILENT = (TimeoutError, OSError, EOFError)
"""What a process that hangs or has ended raises."""


@dataclass(eq=False)
class _Room:
    """The seats that run. One that does not answer is left out from then on, and named."""

    seats: list[_Seat] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def start(self, stack: ExitStack, context: SpawnContext, name: str, asked: Sequence[Any]) -> None:
        """Start one, and wait until it runs: so each has the machine, and the first engine leads."""
        began = time.monotonic()
        ours, theirs = context.Pipe()
        process = context.Process(target=seat, args=(*asked, name, theirs), daemon=True)
        process.start()
        theirs.close()
        stack.callback(process.kill)
        made = _Seat(name, process, ours)
        try:
            made.hears(_READY_WITHIN_S)
            _until(lambda: bool(made.asks("up")), _ANSWERS_WITHIN_S)
        except _SILENT as fault:
            process.kill()
            self._fault(name, "did not start", fault)
            return
        self.seats.append(_Seat(name, process, ours, time.monotonic() - began))
        sys.stderr.write(f"{name} runs after {time.monotonic() - began:.0f} s\n")

    def ask(self, *what: str) -> dict[str, Any]:
        """The answers by seat."""
        answers = {}
        for one in tuple(self.seats):
            try:
                answers[one.name] = one.asks(*what)
            except _SILENT as fault:
                self._fault(one.name, f"does not answer {what[0]!r}", fault)
                self.seats.remove(one)
        return answers

    def lead_by(self) -> _Seat | None:
        """The seat that leads."""
        leads = self.ask("leads")
        return next((one for one in self.seats if leads[one.name]), None)

    def _fault(self, name: str, what: str, fault: BaseException) -> None:
        self.faults.append(f"{name} {what}: {fault or type(fault).__name__}")
        sys.stderr.write(self.faults[-1] + "\n")


def _until(true: Callable[[], bool], within_s: float) -> bool:
    until = time.monotonic() + within_s
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def _all_measured(room: _Room, pipes: Sequence[str], seconds: int, kills: int, published: Connection) -> dict[str, Any]:
    if not _until(lambda: all(room.ask("hears").values()), _ANSWERS_WITHIN_S):
        room.faults.append("not every seat shows readings")
    time.sleep(_SETTLES_S)
    found = _measured(room, pipes, seconds)
    taken_over = [one for _ in range(min(kills, len(room.seats) - 1)) if (one := _take_over_s(room)) is not None]
    found["take_overs"] = len(taken_over)
    for name, of in (("p50", np.median), ("longest", np.max)):
        found[f"take_over_{name}_s"] = round(float(of(taken_over)), 2) if taken_over else None
    published.send("end")
    found["readings_published"] = count = int(published.recv())
    return found | _kept(room, count)


def _measured(room: _Room, pipes: Sequence[str], seconds: int) -> dict[str, Any]:
    before = room.ask("begin")
    began, decided, refused = time.monotonic(), list[tuple[str, str, float]](), 0
    while time.monotonic() - began < seconds and len(decided) + refused < len(pipes) and room.seats:
        by = room.seats[len(decided) % len(room.seats)]
        try:
            answer = by.asks("open", pipes[len(decided) + refused])
        except _SILENT:
            room.ask("leads")  # leaves out who is gone
            continue
        if isinstance(answer, str):
            refused += 1
            room.faults.append(f"{by.name}: {answer}")
        else:
            decided.append((by.name, *answer))
        time.sleep(max(0.0, began + len(decided) * seconds / min(len(pipes), 2 * seconds) - time.monotonic()))
    figures = dict[str, Any]()

    def all_shown() -> bool:
        figures.clear()
        figures.update(room.ask("figures"))
        return all(case in one["seen"] for one in figures.values() for _, case, _ in decided)

    _until(all_shown, _SHOWN_WITHIN_S)
    took_s = time.monotonic() - began
    waits = [(case, at, one) for by, case, at in decided for name, one in figures.items() if name != by]
    delays = [one["seen"][case] - at for case, at, one in waits if case in one["seen"]]
    ages = [one["ages"] for one in figures.values()]
    return {
        "decisions": len(decided),
        "decisions_refused": refused,
        "decisions_not_shown_elsewhere": len(waits) - len(delays),
        **{f"change_to_other_{name}_s": _share(delays, share) for name, share in (("p50", 50), ("p99", 99), ("longest", 100))},
        "picture_value_age_p50_s": _share([one[0] for one in ages], 50),
        "picture_value_age_p99_worst_seat_s": _share([one[1] for one in ages], 100),
        "longest_without_picture_s": _share([one["gap"] for one in figures.values()], 100),
        "core_share": {name: round((one["cpu_s"] - before[name]) / took_s, 2) for name, one in figures.items()},
        "memory_mb": {name: round(one["memory_mb"]) for name, one in figures.items()},
    }


def _share(values: Sequence[float], percent: float) -> float | None:
    """A percentile; None without any value."""
    known = [one for one in values if not np.isnan(one)]
    return round(float(np.percentile(known, percent)), 3) if known else None


def _take_over_s(room: _Room) -> float | None:
    """Kill the leader as the power going; seconds until another process leads, None when none does."""
    if not _until(lambda: room.lead_by() is not None, _TAKEN_OVER_WITHIN_S):
        room.faults.append("nobody leads")
        return None
    leader = room.lead_by()
    if leader is None:
        return None
    room.seats.remove(leader)
    leader.process.kill()
    leader.process.join()
    killed = time.monotonic()
    if not _until(lambda: room.lead_by() is not None, _TAKEN_OVER_WITHIN_S):
        room.faults.append(f"nobody took over within {_TAKEN_OVER_WITHIN_S:.0f} s after {leader.name} was killed")
        return None
    return time.monotonic() - killed


def _kept(room: _Room, published: int) -> dict[str, Any]:
    """Readings that are not in the store once their number grows no more, and how many messages each seat has received."""
    stored, before = 0, -1

    def are_stored() -> bool:
        nonlocal stored
        for one in room.seats[:1]:
            stored = int(one.asks("stored"))
        return stored >= published or not room.seats

    try:
        while stored > before and not _until(are_stored, _STORED_WITHIN_S):
            before, stored = stored, int(room.seats[0].asks("stored")) if room.seats else 0
    except _SILENT as fault:
        room.faults.append(f"the stored readings were not counted: {fault}")
    received = [int(one) for one in room.ask("received").values()]
    lost = published - stored if stored else None
    return {"readings_lost": lost, "messages_at_a_seat": [min(received), max(received)] if received else []}
