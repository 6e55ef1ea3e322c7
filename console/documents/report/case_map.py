"""Data of the report's map over time: frames of what was known, tracks, stations. Public variant: communities only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import shapely

from console.documents.community_outlines import communities_told
from console.documents.report.words import ReportWords
from console.domain.clock import micros
from console.domain.incidents import Incident
from console.domain.notices import NoticeStatus
from console.domain.readings import Channel
from console.services.review.record import CaseRecord
from console.services.review.replay import Replay
from console.services.review.states import Known
from maps.export.web.case_map import network_layers, rings, view_of
from maps.export.web.legend import COLOURS_OF_CASE
from maps.export.web.polylines import Grid
from maps.units import mpa_from_kpa

_WORDS = (
    "roads", "network", "customers", "dry", "zone", "candidates", "burst", "stations", "valves", "crews", "play", "pause",
    "valve_open", "valve_closed", "valve_unable",
)  # fmt: skip
_MOST_FIXES, _MOST_READINGS, _MOST_CUSTOMERS = 2_000, 400, 5_000
_OUT = (NoticeStatus.ISSUED, NoticeStatus.UPDATED, NoticeStatus.LIFTED)


def map_data(record: CaseRecord, words: ReportWords, *, public: bool) -> dict[str, Any]:
    """The data of ``maps.export.web.case_map``; times in ms UTC."""
    grid, replay = Grid.of(record.city.network), Replay(record)
    case, zone = record.incident, ZoneInfo(record.city.info.time_zone)
    offset = case.first_abnormal_at.astimezone(zone).utcoffset()
    common = {
        "step": grid.step,
        "words": {key: words(f"page.{key}") for key in _WORDS},
        "colours": dict(COLOURS_OF_CASE),
        "since": replay.since_us // 1000,
        "until": replay.until_us // 1000,
        "first": micros(case.first_abnormal_at) // 1000,
        "offset": int(offset.total_seconds() * 1000) if offset is not None else 0,
        "events": sorted({at // 1000 for at in replay.events_us}),
        **network_layers(record.city, grid, public=public),
    }
    common["start"] = min(common["until"], max((frame.at_us for frame in _frames(record)), default=replay.since_us) // 1000 + 1)
    if public:
        empty: dict[str, Any] = {key: [] for key in ("frames", "crews", "stations", "customers")}
        areas, points = _communities(record, grid)
        return {**common, **empty, "lines": {}, "communities": areas, "view": view_of(points, record.city, grid)}
    return {**common, **_internal(record, replay, grid, words)}


@dataclass(frozen=True, eq=False)
class _Frame:
    at_us: int
    incident: Incident


def _internal(record: CaseRecord, replay: Replay, grid: Grid, words: ReportWords) -> dict[str, Any]:
    pipes = record.city.network.pipes
    frames = _frames(record)
    ids = sorted({pipe for frame in frames for pipe in _pipes_of(frame.incident) if pipes.has(pipe)})
    rows = [pipes.row(pipe) for pipe in ids]
    lines = dict(zip(ids, grid.lines(record.city.network, rows), strict=True))
    numbers, customers = _customers(record, frames, grid)
    focus = [tuple(point) for row in rows for point in pipes.points(row).tolist()]
    return {
        "communities": [],
        "lines": {pipe: line for pipe, line in lines.items() if line},
        "frames": [_frame_data(record, frame, numbers, grid, words) for frame in frames],
        "customers": customers,
        "stations": _stations(record, replay, grid),
        "crews": _crews(record, grid),
        "view": view_of(focus, record.city, grid),
    }


def _frames(record: CaseRecord) -> list[_Frame]:
    """One frame for each state of the incident that changes the map."""
    found: list[_Frame] = []
    before: tuple[object, ...] | None = None
    for known in record.incident_states:
        look = _look(known)
        if look != before:
            found.append(_Frame(micros(known.at), known.value))
        before = look
    return found


def _look(known: Known[Incident]) -> tuple[object, ...]:
    case = known.value
    return (case.location, case.burst_pipes, case.plan, case.valve_marks, case.phase, case.restoration_at, case.impact)


def _pipes_of(case: Incident) -> list[str]:
    ids = [candidate.pipe_id for candidate in case.location.candidates] if case.location else []
    ids += [*case.plan.zone_pipes, *case.plan.dry_pocket_pipes] if case.plan else []
    return [*ids, *case.burst_pipes]


def _frame_data(record: CaseRecord, frame: _Frame, numbers: dict[str, int], grid: Grid, words: ReportWords) -> dict[str, Any]:
    case, plan = frame.incident, frame.incident.plan
    candidates = case.location.candidates if case.location and not case.burst_pipes else ()
    return {
        "t": frame.at_us // 1000,
        "candidates": [[one.pipe_id, round(one.probability, 4)] for one in candidates],
        "zone": [[pipe] for pipe in plan.zone_pipes] if plan else [],
        "dry": [[pipe] for pipe in plan.dry_pocket_pipes] if plan else [],
        "burst": [[pipe] for pipe in case.burst_pipes],
        "valves": _valves(record, case, grid),
        "customers": [numbers[name] for name in plan.customers_without_water if name in numbers] if plan else [],
        "facts": _facts(case, words),
    }


def _facts(case: Incident, words: ReportWords) -> list[list[str]]:
    facts = [
        [words("page.phase"), words.domain("phase", case.phase.value)],
        [words("replay.burst_pipe"), ", ".join(case.burst_pipes) or words("word.none")],
    ]
    if case.plan is not None:
        facts.append([words("page.households"), f"{case.plan.households_without_water:,}"])
        facts.append([words("replay.valves"), str(len(case.plan.valves_to_close))])
    if case.restoration_at is not None:
        facts.append([words("replay.restoration"), words.time(case.restoration_at)])
    return facts


def _valves(record: CaseRecord, case: Incident, grid: Grid) -> list[dict[str, Any]]:
    valves, marks = record.city.network.valves, {mark.valve_id: mark for mark in case.valve_marks}
    orders = {step.asset_id: step.order for step in case.plan.valves_to_close} if case.plan else {}
    found = []
    for valve in dict.fromkeys([*orders, *marks]):
        if not valves.has(valve):
            continue
        row, mark = valves.row(valve), marks.get(valve)
        x, y = float(valves.x[row]), float(valves.y[row])
        state = "open" if mark is None else "unable" if mark.unable else "closed" if mark.operated else "open"
        if math.isfinite(x) and math.isfinite(y):
            found.append({"id": valve, "at": grid.place(x, y), "order": str(orders.get(valve, "")), "state": state})
    return found


def _customers(record: CaseRecord, frames: Sequence[_Frame], grid: Grid) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """Positions of customers without water in any frame; only institutions have a name."""
    table = record.city.customers
    ids = sorted({name for frame in frames if frame.incident.plan for name in frame.incident.plan.customers_without_water})
    numbers: dict[str, int] = {}
    found: list[dict[str, Any]] = []
    for name in ids[:_MOST_CUSTOMERS]:
        if not table.has(name):
            continue
        row = table.row(name)
        x, y, critical = float(table.x[row]), float(table.y[row]), bool(table.critical[row])
        if math.isfinite(x) and math.isfinite(y):
            numbers[name] = len(found)
            found.append({"at": grid.place(x, y), "critical": critical, "name": str(table.name[row]) if critical else ""})
    return numbers, found


def _stations(record: CaseRecord, replay: Replay, grid: Grid) -> list[dict[str, Any]]:
    table, since = record.city.stations, micros(record.incident.opened_at)
    named = {item.station_id for item in record.incident.evidence}
    found = []
    for row, station in enumerate(table.asset_id):
        x, y = float(table.x[row]), float(table.y[row])
        if not (math.isfinite(x) and math.isfinite(y)):
            continue
        item: dict[str, Any] = {"at": grid.place(x, y), "name": f"{station} {table.name[row]}".strip(), "from": None}
        if str(station) in named:
            at_us, value = replay.as_known(row, Channel.PRESSURE)
            kept = _every(len(at_us), _MOST_READINGS)
            shown = [f"{mpa_from_kpa(v):.3f} MPa" if math.isfinite(v) else "–" for v in value[kept].tolist()]
            item |= {"from": since // 1000, "times": (at_us[kept] // 1000).tolist(), "values": shown}
        found.append(item)
    return found


def _crews(record: CaseRecord, grid: Grid) -> list[dict[str, Any]]:
    crews, tracks = record.city.crews, record.tracks
    found = []
    for row in range(len(crews)):
        name = str(crews.asset_id[row])
        own = np.flatnonzero(tracks.crew_id == name) if len(tracks) else np.empty(0, np.int64)
        own = own[_every(len(own), _MOST_FIXES)]
        places = [grid.place(x, y) for x, y in zip(tracks.x[own].tolist(), tracks.y[own].tolist(), strict=True)]
        base = (float(crews.base_x[row]), float(crews.base_y[row]))
        if not places and not (math.isfinite(base[0]) and math.isfinite(base[1])):
            continue
        at = grid.place(*base) if math.isfinite(base[0]) else places[0]
        times = (tracks.at_us[own] // 1000).tolist()
        found.append({"name": str(crews.name[row]) or name, "base": at, "times": times, "places": places})
    return found


def _communities(record: CaseRecord, grid: Grid) -> tuple[list[dict[str, Any]], list[tuple[float, float]]]:
    public = [notice for notice in record.incident.notices if notice.status in _OUT]
    if not public:
        return [], []
    zones = record.city.zones
    areas, points = [], list[tuple[float, float]]()
    for row, kind in communities_told(zones, public[-1].facts).items():
        name = str(zones.name[row])
        for part in shapely.get_parts(zones.geometry[row]):
            if part.geom_type == "Polygon" and not part.is_empty:
                areas.append({"kind": kind, "name": name, "rings": rings(part, grid)})
                points += [tuple(corner) for corner in np.array(part.bounds).reshape(2, 2).tolist()]
    return areas, points


def _every(count: int, most: int) -> Any:
    """Evenly spaced rows out of ``count``, including the last one."""
    return np.arange(count) if count <= most else np.unique(np.linspace(0, count - 1, most).astype(np.int64))
