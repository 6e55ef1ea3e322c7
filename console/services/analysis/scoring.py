"""Scores events of a recording against known leaks: true and false alarms, delays, distances along the network."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from console.domain.values import from_json, parsed_json
from maps.city import City
from maps.columns import Floats
from maps.dataset import read_city
from maps.errors import Fault, InputFault, Severity

_NEAR_M = 500.0
_SOON = timedelta(days=1)
_BEST_OF = 20


@dataclass(frozen=True, slots=True)
class EventPipe:
    """A candidate of an event; other keys of the locate output are ignored."""

    pipe: str


@dataclass(frozen=True, slots=True)
class Event:
    """The keys of a line of the locate output that scoring uses."""

    detected_at: str
    candidates: tuple[EventPipe, ...]
    set_90: tuple[str, ...]
    city: str = ""


@dataclass(frozen=True, slots=True)
class KnownLeak:
    """``kind``: abrupt, incipient or "" when not given."""

    pipe: str
    start: datetime
    end: datetime
    kind: str


def score_events(events: Path, truth: Path, city: Path | None = None) -> dict[str, Any]:
    """Score the events of a recording in one table.

    An event is true for a leak that runs at its time and began within a day before, or lies within 500 m of one of the first
    twenty candidates; of several leaks the nearest. Further events of a leak already found are repeats, neither true nor
    false. Raises InputFault for files that cannot be understood.
    """
    lines = _events(events)
    path = city or (Path(lines[0].city) if lines and lines[0].city else None)
    if path is None:
        raise InputFault(f"{events}: names no city; give --city CITY")
    network = read_city(path)
    leaks = _leaks(truth, network)
    distances = Distances(network)
    found: dict[int, dict[str, Any]] = {}
    false: list[str] = []
    repeats = 0
    for event, at, pipes in _in_city(lines, network, f"{events}", f"{path}"):
        ways = {index: distances.between(leak.pipe, pipes[:_BEST_OF]) for index, leak in enumerate(leaks)}
        running = [index for index, leak in enumerate(leaks) if leak.start <= at <= leak.end and len(ways[index])]
        meant = [index for index in running if at - leaks[index].start <= _SOON or ways[index].min() <= _NEAR_M]
        if not meant:
            false.append(event.detected_at)
            continue
        best = min(meant, key=lambda index: float(ways[index].min()))
        if best in found:
            repeats += 1
            continue
        found[best] = {
            "detected_at": event.detected_at,
            "delay_min": round((at - leaks[best].start).total_seconds() / 60.0, 1),
            "first_m": _metres(float(ways[best][0])),
            "best_of_20_m": _metres(float(ways[best].min())),
            "in_set_90": leaks[best].pipe in event.set_90,
            "set_90_pipes": len(event.set_90),
        }
    table = [
        {"pipe": leak.pipe, "type": leak.kind, **found.get(index, {"detected_at": None})} for index, leak in enumerate(leaks)
    ]
    return {**_summary(table, lines), "repeats": repeats, "false_alarms": len(false), "false_at": false, "leaks": table}


def _in_city(lines: list[Event], city: City, events: str, path: str) -> Iterator[tuple[Event, datetime, list[str]]]:
    """Events with their time and candidate pipes. Raises InputFault for a missing time or an unknown pipe."""
    zone = ZoneInfo(city.info.time_zone)
    for number, event in enumerate(lines, start=1):
        at = _moment(event.detected_at, zone)
        if at is None:
            raise InputFault(f"{events}, event {number}: detected_at {event.detected_at!r} is no time")
        pipes = [candidate.pipe for candidate in event.candidates]
        unknown = next((pipe for pipe in pipes if not city.network.pipes.has(pipe)), None)
        if unknown is not None:
            raise InputFault(f"{events}, event {number}: candidate {unknown!r} is no pipe of {path}; is it another city's event?")
        yield event, at, pipes


def _summary(table: list[dict[str, Any]], lines: list[Event]) -> dict[str, Any]:
    seen = [row for row in table if row["detected_at"] is not None]
    abrupt = [row for row in seen if row["type"] == "abrupt"]
    return {
        "events": len(lines),
        "leaks_known": len(table),
        "leaks_found": len(seen),
        "abrupt_within_15_min": sum(row["delay_min"] <= 15.0 for row in abrupt),
        "abrupt_known": sum(row["type"] == "abrupt" for row in table),
        "abrupt_median_first_m": _median([row["first_m"] for row in abrupt]),
        "median_first_m": _median([row["first_m"] for row in seen]),
        "median_best_of_20_m": _median([row["best_of_20_m"] for row in seen]),
        "set_90_holds": sum(bool(row["in_set_90"]) for row in seen),
    }


def _median(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(float(np.median(known)), 1) if known else None


def _metres(value: float) -> float | None:
    return round(value, 1) if np.isfinite(value) else None


class Distances:
    """Metres along the network between the middles of pipes, infinite when not joined."""

    def __init__(self, city: City) -> None:
        self._network = city.network
        pipes, valves, pumps = city.network.pipes, city.network.valves, city.network.pumps
        self._length = np.maximum(np.nan_to_num(pipes.length_m), 0.1)
        linked, pumped = np.flatnonzero(valves.is_link), np.flatnonzero(pumps.from_node >= 0)
        start = np.concatenate([pipes.from_node, valves.from_node[linked], pumps.from_node[pumped]]).astype(np.int64)
        end = np.concatenate([pipes.to_node, valves.to_node[linked], pumps.to_node[pumped]]).astype(np.int64)
        cost = np.concatenate([self._length, np.full(len(linked) + len(pumped), 0.1)])
        # Only the shortest of parallel links: a sparse matrix would sum them.
        order = np.lexsort((cost, np.maximum(start, end), np.minimum(start, end)))
        low, high = np.minimum(start, end)[order], np.maximum(start, end)[order]
        first = np.ones(len(order), dtype=bool)
        first[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
        size = (len(city.network.nodes), len(city.network.nodes))
        self._graph = coo_array((cost[order][first], (low[first], high[first])), shape=size).tocsr()

    def between(self, pipe: str, others: list[str]) -> Floats:
        """From a pipe to each of ``others``, (k,)."""
        pipes = self._network.pipes
        row, rows = pipes.row(pipe), pipes.rows(others)
        ways = dijkstra(self._graph, directed=False, indices=[int(pipes.from_node[row]), int(pipes.to_node[row])]).min(axis=0)
        metres = np.minimum(ways[pipes.from_node[rows]], ways[pipes.to_node[rows]])
        return np.asarray(np.where(rows == row, 0.0, metres + (self._length[rows] + self._length[row]) / 2.0))


def _events(path: Path) -> list[Event]:
    """Events of a file. Raises InputFault with the first line that is no event."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as fault:
        raise InputFault(f"{path}: cannot be read ({fault}); give what 'quanmai locate' prints, in UTF-8") from fault
    events: list[Event] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            events.append(from_json(parsed_json(line), Event))
        except (ValueError, msgspec.ValidationError) as wrong:
            raise InputFault(f"{path}, line {number}: no event as locate prints them ({wrong})") from wrong
    return events


def _leaks(path: Path, city: City) -> list[KnownLeak]:
    import pandas as pd

    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError, pd.errors.ParserError, csv.Error) as unreadable:
        raise InputFault(f"{path}: not readable as CSV in UTF-8: {unreadable}") from unreadable
    absent = [name for name in ("pipe", "start", "end") if name not in frame]
    if absent:
        raise InputFault(f"{path}: column {', '.join(absent)} missing; needed are pipe, start, end")
    zone = ZoneInfo(city.info.time_zone)
    faults: list[Fault] = []
    leaks: list[KnownLeak] = []
    for number, row in enumerate(frame.to_dict("records"), start=1):
        if not city.network.pipes.has(str(row["pipe"])):
            faults.append(_fault(path, number, "pipe", f"{row['pipe']!r} is no pipe of this city"))
            continue
        start, end = (_moment(str(row[name]), zone) for name in ("start", "end"))
        if start is None or end is None:
            column = "start" if start is None else "end"
            faults.append(_fault(path, number, column, f"{row[column]!r} is no time; write it like 2024-01-03T23:00"))
            continue
        leaks.append(KnownLeak(str(row["pipe"]), start, end, str(row.get("type", ""))))
    if faults:
        raise InputFault.from_faults(str(path), faults)
    return leaks


def _moment(text: str, zone: ZoneInfo) -> datetime | None:
    """A time, on the city's clock without an offset; None when invalid or not representable in UTC."""
    try:
        at = datetime.fromisoformat(text)
        at = at if at.tzinfo is not None else at.replace(tzinfo=zone)
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _fault(path: Path, row: int, column: str, message: str) -> Fault:
    return Fault(Severity.FATAL, "truth", message, layer=path.name, row=row, column=column)
