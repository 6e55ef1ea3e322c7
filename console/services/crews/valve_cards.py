"""Valve cards: place, sketch, turns, direction, depth and purpose of one valve to close."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from console.domain.corrections import Overlay
from maps.city import City
from maps.crs import to_wgs84
from maps.isolation import CrewStep, IsolationPlan
from maps.isolation.plan.result import ValveStep

SKETCH_M = 60.0
"""Half the width of the sketch around a valve."""


@dataclass(frozen=True, eq=False)
class ValveCard:
    """One valve to close. ``lines``: (n, 5) pipes near it: x0, y0, x1, y1 in m from the valve, and their diameter in mm.

    ``crew`` "" is the desk or nobody yet; ``begins`` minutes from now, None unknown; ``closes`` cw or ccw; ``road_lines``:
    (n, 4) as ``lines``. ``placing``: why its place is in doubt, as in the plan. ``photo``: of the dataset, a name or an address.
    """

    order: int
    valve_id: str
    diameter_mm: float | None
    turns: float | None
    minutes: float | None
    closes: str
    depth_m: float | None
    control: str
    last_checked: str
    assumed: bool
    holds_back: tuple[str, ...]
    road: str
    beside: str
    place: tuple[float, float]
    lonlat: tuple[float, float] | None
    crew: str
    crew_order: int | None
    begins: float | None
    lines: NDArray[np.float64]
    road_lines: NDArray[np.float64]
    placing: str = ""
    photo: str = ""


def valve_cards(
    city: City, plan: IsolationPlan, steps: tuple[CrewStep, ...] = (), over: Overlay | None = None
) -> tuple[ValveCard, ...]:
    """The cards of a plan, in closing order; ``steps``: crew and start of each valve, from ``schedule``.

    ``over``: accepted corrections: a valve that was found elsewhere has its place from there.
    """
    crews = {step.valve_id: step for step in steps}
    return tuple(_card(city, _placed(step, over), crews.get(step.asset_id)) for step in plan.valves_to_close)


def _placed(step: ValveStep, over: Overlay | None) -> ValveStep:
    place = None if over is None else over.place_of(step.asset_id)
    return step if place is None else replace(step, x=place[0], y=place[1], assumed=False, placing="")


def card_json(card: ValveCard) -> dict[str, Any]:
    """A card as a message to its crew."""
    return {
        "order": card.order,
        "asset_id": card.valve_id,
        "diameter_mm": card.diameter_mm,
        "turns": card.turns,
        "minutes": card.minutes,
        "closes": card.closes,
        "depth_m": card.depth_m,
        "control": card.control,
        "last_checked": card.last_checked,
        "position_assumed": card.assumed,
        "position_in_doubt": card.placing,
        "road": card.road,
        "beside": card.beside,
        "lonlat": list(card.lonlat) if card.lonlat else None,
        "crew_order": card.crew_order,
        "begins_in_minutes": card.begins,
    }


def _card(city: City, step: ValveStep, crew: CrewStep | None) -> ValveCard:
    valves, pipes = city.network.valves, city.network.pipes
    row = valves.row(step.asset_id)
    pipe = _pipe_of(city, row)
    depth = float(valves.depth_m[row])
    if not np.isfinite(depth) and pipe >= 0:
        depth = float(pipes.depth_m[pipe])
    lonlat = None
    if city.network.georeferenced and np.isfinite([step.x, step.y]).all():
        lon, lat = to_wgs84(np.array([step.x]), np.array([step.y]), city.network.crs)
        lonlat = (round(float(lon[0]), 6), round(float(lat[0]), 6))
    return ValveCard(
        order=step.order,
        valve_id=step.asset_id,
        diameter_mm=step.diameter_mm,
        turns=step.turns,
        minutes=step.minutes,
        closes=str(valves.closes[row]) or "cw",
        depth_m=depth if np.isfinite(depth) else None,
        control=step.control,
        last_checked=step.last_checked,
        assumed=step.assumed,
        holds_back=step.holds_back,
        road=str(pipes.road_name[pipe]) if pipe >= 0 else "",
        beside=_beside(city, step.x, step.y),
        place=(step.x, step.y),
        lonlat=lonlat,
        crew=crew.crew_id if crew is not None else "",
        crew_order=crew.order if crew is not None else None,
        begins=crew.begins if crew is not None else None,
        lines=_near_pipes(city, step.x, step.y),
        road_lines=_near_roads(city, step.x, step.y),
        placing=step.placing,
        photo=str(valves.photo[row]),
    )


def _pipe_of(city: City, valve: int) -> int:
    """The row of the pipe that a valve stands on or at; -1 none."""
    valves = city.network.valves
    if valves.pipe[valve] >= 0:
        return int(valves.pipe[valve])
    node = int(valves.node[valve] if valves.node[valve] >= 0 else valves.from_node[valve])
    at = city.network.pipes_at(node).tolist() if node >= 0 else []
    return int(at[0]) if at else -1


def _near_pipes(city: City, x: float, y: float) -> NDArray[np.float64]:
    pipes = city.network.pipes
    near = np.flatnonzero((np.abs(pipes.vertices[:, 0] - x) < 4 * SKETCH_M) & (np.abs(pipes.vertices[:, 1] - y) < 4 * SKETCH_M))
    rows = np.unique(np.searchsorted(pipes.offsets, near, side="right") - 1)
    parts = []
    for row in rows.tolist():
        points = pipes.points(row) - (x, y)
        size = np.full((len(points) - 1, 1), np.nan_to_num(pipes.diameter_mm[row], nan=100.0))
        parts.append(np.hstack([points[:-1], points[1:], size]))
    return np.vstack(parts) if parts else np.empty((0, 5))


def _near_roads(city: City, x: float, y: float) -> NDArray[np.float64]:
    parts = []
    window = shapely.box(x - 2 * SKETCH_M, y - 2 * SKETCH_M, x + 2 * SKETCH_M, y + 2 * SKETCH_M)
    for shape in city.roads.geometry[shapely.intersects(city.roads.geometry, window)] if len(city.roads) else ():
        for part in shapely.get_parts(shape):
            points = shapely.get_coordinates(part) - (x, y)
            parts.append(np.hstack([points[:-1], points[1:]]))
    return np.vstack(parts) if parts else np.empty((0, 4))


def _beside(city: City, x: float, y: float) -> str:
    """The nearest named customer within sight, as a landmark; "" when none is near."""
    customers = city.customers
    if not len(customers):
        return ""
    far = np.hypot(np.nan_to_num(customers.x, nan=1e12) - x, np.nan_to_num(customers.y, nan=1e12) - y)
    row = int(np.argmin(far))
    return str(customers.name[row] or customers.address[row]) if far[row] < 2 * SKETCH_M else ""
