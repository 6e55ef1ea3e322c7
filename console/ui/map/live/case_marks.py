"""Marks of a case on the map: candidates, zone, dry pockets, low pressure, numbered valves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
import shapely
from numpy.typing import NDArray
from PySide6.QtGui import QPainterPath

from console.domain.incidents import Incident, Phase, PressureImpact
from console.ui.map.live.case_place import PlaceMark
from console.ui.map.scene import world_path
from console.ui.words import one_line
from maps.attachment import marked
from maps.city import City

_REACH_M = 26.0
_SCATTERED_M = 400.0
"""A 90 % set that reaches further than this from its middle has no one place: its first candidate is marked."""
_AREA_PIPES_MOST = 4000
"""Beyond so many pipes the area is drawn as lines only: a union of buffers would take seconds."""


class StepStatus(Enum):
    """What is known of a valve of the plan."""

    TO_CLOSE = "to_close"
    CLOSED = "closed"
    UNABLE = "unable"
    DOUBT = "doubt"


@dataclass(frozen=True, slots=True)
class StepMark:
    """A numbered valve of the plan."""

    valve_id: str
    number: int
    status: StepStatus
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class ReadMark:
    """A place where one more pressure reading helps."""

    asset_id: str
    x: float
    y: float


@dataclass(frozen=True, eq=False)
class Region:
    """Pipes and, where there are not too many, the area about them (world coordinates)."""

    lines: NDArray[np.float64]
    area: QPainterPath


@dataclass(frozen=True, eq=False)
class CaseMarks:
    """Marks of a case with their coordinates; empty where the case has none yet. Lines: (n, 4) world, m."""

    candidates: tuple[tuple[NDArray[np.float64], float], ...] = ()
    zone: Region | None = None
    pocket: Region | None = None
    low: Region | None = None
    burst: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 4)))
    supply: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 4)))
    steps: tuple[StepMark, ...] = ()
    dry: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 2)))
    """Customers without water, (n, 2) world."""
    weak: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 2)))
    """Customers with low pressure."""
    reads: tuple[ReadMark, ...] = ()
    """Where to read next, the best first."""
    place: PlaceMark | None = None
    """Where the burst is or may be; None without a location."""

    def points(self) -> NDArray[np.float64]:
        """Where the burst, the areas without water and the valves are, (n, 2) world."""
        lines = [self.burst, *(region.lines for region in (self.zone, self.pocket) if region is not None)]
        valves = np.array([(step.x, step.y) for step in self.steps], dtype=np.float64).reshape(-1, 2)
        return np.vstack([*(line.reshape(-1, 2) for line in lines), valves])


def case_marks(city: City, incident: Incident) -> CaseMarks:
    """The marks of an incident."""
    plan, place, location = incident.plan, incident.place, incident.location
    candidates: tuple[tuple[NDArray[np.float64], float], ...] = ()
    if location is not None and not incident.burst_pipes:
        kept = [c for c in location.candidates if c.pipe_id in set(location.set_90)] or list(location.candidates[:1])
        candidates = tuple((pipe_lines(city, [c.pipe_id]), c.probability) for c in reversed(kept))
    return CaseMarks(
        candidates=candidates,
        zone=_region(city, plan.zone_pipes) if plan else None,
        pocket=_region(city, plan.dry_pocket_pipes) if plan else None,
        low=_region(city, _low_pipes(city, incident.impact)),
        burst=pipe_lines(city, incident.burst_pipes),
        supply=pipe_lines(city, place.supply_path if place else ()),
        steps=step_marks(incident),
        dry=_customers_on(city, (*plan.zone_pipes, *plan.dry_pocket_pipes) if plan else ()),
        weak=_customers_on(city, _low_pipes(city, incident.impact)),
        reads=_read_marks(incident),
        place=_place_mark(city, incident),
    )


def _place_mark(city: City, incident: Incident) -> PlaceMark | None:
    """A circle about the judged pipe's middle, else about the 90 % set; the first candidate alone where that is scattered."""
    location = incident.location
    named = incident.burst_pipes or (location.set_90 if location is not None else ()) or incident.target_pipes()[:1]
    first = pipe_lines(city, (incident.burst_pipes or incident.target_pipes())[:1])
    if not len(first):
        return None
    middle = first[len(first) // 2]
    x, y, radius = float(middle[0] + middle[2]) / 2, float(middle[1] + middle[3]) / 2, 0.0
    if not incident.burst_pipes:
        points = pipe_lines(city, named).reshape(-1, 2)
        low, high = points.min(axis=0), points.max(axis=0)
        half = float(np.hypot(*(high - low))) / 2
        if half <= _SCATTERED_M:
            x, y, radius = float(low[0] + high[0]) / 2, float(low[1] + high[1]) / 2, half
    place = incident.place
    where = (place.community or place.road or place.pipe_id) if place is not None else incident.incident_id
    return PlaceMark(x, y, radius, one_line(where), incident.phase is not Phase.SUSPECTED)


def _read_marks(incident: Incident) -> tuple[ReadMark, ...]:
    places = incident.outlook.next_readings if incident.outlook is not None and incident.phase is Phase.SUSPECTED else ()
    return tuple(ReadMark(place.asset_id, place.x, place.y) for place in places[:1])


def step_marks(incident: Incident) -> tuple[StepMark, ...]:
    """The plan's valves, numbered in closing order, with what was reported of each; those that cannot be closed come with 0."""
    plan = incident.plan
    if plan is None:
        return ()
    marks = {mark.valve_id: mark for mark in incident.valve_marks}
    steps = []
    for step in plan.valves_to_close:
        mark = marks.get(step.asset_id)
        status = StepStatus.DOUBT if step.assumed or not step.last_checked else StepStatus.TO_CLOSE
        if mark is not None and mark.operated:
            status = StepStatus.CLOSED
        elif mark is not None and mark.unable is not None:
            status = StepStatus.UNABLE
        steps.append(StepMark(step.asset_id, step.order, status, step.x, step.y))
    return tuple(steps)


def pipe_lines(city: City, pipe_ids: Iterable[str]) -> NDArray[np.float64]:
    """Segments of pipes in world coordinates, (n, 4); ids this city does not hold are left out."""
    pipes = city.network.pipes
    points = [pipes.points(pipes.row(pipe_id)) for pipe_id in pipe_ids if pipes.has(pipe_id)]
    if not points:
        return np.empty((0, 4))
    return np.vstack([np.hstack([line[:-1], line[1:]]) for line in points])


def _customers_on(city: City, pipe_ids: Iterable[str]) -> NDArray[np.float64]:
    """Places of the customers on pipes, (n, 2)."""
    pipes, customers = city.network.pipes, city.customers
    rows = np.array([pipes.row(pipe_id) for pipe_id in pipe_ids if pipes.has(pipe_id)], dtype=np.int64)
    at = city.customers_on.rows_on(marked(len(pipes), rows))
    at = at[np.isfinite(customers.x[at])]
    return np.column_stack([customers.x[at], customers.y[at]])


def _region(city: City, pipe_ids: tuple[str, ...]) -> Region | None:
    if not pipe_ids:
        return None
    lines = pipe_lines(city, pipe_ids)
    if not len(lines) or len(pipe_ids) > _AREA_PIPES_MOST:
        return Region(lines, QPainterPath())
    reach = min(_REACH_M, max(_span(lines) * 0.06, 12.0))
    bands = shapely.buffer(shapely.MultiLineString(list(lines.reshape(-1, 2, 2))), 1.5 * reach, quad_segs=4)
    return Region(lines, world_path(shapely.buffer(bands, -0.5 * reach, quad_segs=4)))


def _span(lines: NDArray[np.float64]) -> float:
    points = lines.reshape(-1, 2)
    size: float = float((points.max(axis=0) - points.min(axis=0)).max())
    return size


def _low_pipes(city: City, impact: PressureImpact | None) -> tuple[str, ...]:
    if impact is None:
        return ()
    customers = city.customers
    rows = [customers.row(c) for c in impact.low_pressure_customers if customers.has(c)]
    on = city.customers_on
    return city.network.pipes.ids(np.unique(on.pipe[np.isin(on.row, rows)]))
