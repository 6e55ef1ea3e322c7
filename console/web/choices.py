"""What a crew can choose from on an order's page: pipes that may be broken, places where a gauge can be put."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.domain.incidents import Incident, WorkOrder
from maps.city import City
from maps.errors import UnknownAsset

_MOST_PIPES, _MOST_PLACES, _MOST_FOUND = 30, 12, 20
_GAUGES_M = 1_500.0


@dataclass(frozen=True, slots=True)
class PipeChoice:
    """A pipe with what a crew knows it by; ``is_candidate``: where the pressures suspect the burst."""

    pipe_id: str
    road: str
    diameter_mm: float | None
    is_candidate: bool

    @property
    def text(self) -> str:
        """Number, diameter and road in one line."""
        size = f"DN{self.diameter_mm:.0f}" if self.diameter_mm else ""
        return " · ".join(part for part in (self.pipe_id, size, self.road) if part)


@dataclass(frozen=True, slots=True)
class GaugePlace:
    """A station or hydrant with its distance from the order's pipe. ``kind``: station or hydrant."""

    asset_id: str
    kind: str
    name: str
    distance_m: float


def pipe_choices(city: City, incident: Incident, order: WorkOrder) -> tuple[PipeChoice, ...]:
    """Judged pipes, then candidates by probability, then the nearest ones."""
    pipes, middle = city.network.pipes, _middle(city, incident, order)
    located = () if incident.location is None else incident.location.candidates
    candidates = [one.pipe_id for one in located]
    chosen = dict.fromkeys((*incident.burst_pipes, order.pipe_id, *candidates))
    if middle is not None:
        chosen |= dict.fromkeys(str(pipes.asset_id[row]) for row in np.argsort(_away(city, middle))[:_MOST_PIPES])
    return _choices(city, list(chosen)[:_MOST_PIPES], candidates)


def pipes_found(city: City, incident: Incident, order: WorkOrder, asked: str) -> tuple[PipeChoice, ...]:
    """Pipes whose number or road has every word that was typed, the nearest to the order first; any pipe of the city."""
    wanted = asked.casefold().split()
    if not wanted:
        return ()
    pipes, middle = city.network.pipes, _middle(city, incident, order)
    fits = np.array(
        [
            all(word in f"{pipe} {road}".casefold() for word in wanted)
            for pipe, road in zip(pipes.asset_id, pipes.road_name, strict=True)
        ],
        dtype=np.bool_,
    )
    rows = np.flatnonzero(fits)
    if middle is not None:
        rows = rows[np.argsort(_away(city, middle)[rows], kind="stable")]
    return _choices(city, [str(pipes.asset_id[row]) for row in rows[:_MOST_FOUND]], ())


def _away(city: City, middle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Metres from a point to each pipe's middle, (pipes,); infinite where a pipe has no place."""
    pipes = city.network.pipes
    begins = pipes.vertices[pipes.offsets[:-1]] if len(pipes) else np.empty((0, 2))
    ends = pipes.vertices[pipes.offsets[1:] - 1] if len(pipes) else np.empty((0, 2))
    away: NDArray[np.float64] = np.hypot(*(((begins + ends) / 2) - middle).T)
    return np.where(np.isnan(away), np.inf, away)


def _choices(city: City, pipe_ids: Sequence[str], candidates: Sequence[str]) -> tuple[PipeChoice, ...]:
    pipes, made = city.network.pipes, []
    for pipe_id in pipe_ids:
        try:
            row = pipes.row(pipe_id)
        except UnknownAsset:  # the dataset has changed since
            continue
        diameter = float(pipes.diameter_mm[row])
        road = str(pipes.road_name[row])
        made.append(PipeChoice(pipe_id, road, diameter if np.isfinite(diameter) else None, pipe_id in candidates))
    return tuple(made)


def gauge_places(city: City, incident: Incident, order: WorkOrder) -> tuple[GaugePlace, ...]:
    """The nearest hydrants and stations."""
    middle = _middle(city, incident, order)
    if middle is None:
        return ()
    found = []
    for table, kind in ((city.hydrants, "hydrant"), (city.stations, "station")):
        away = np.hypot(table.x - middle[0], table.y - middle[1])
        for row in np.flatnonzero(away <= _GAUGES_M):
            name = str(city.stations.name[row]) if kind == "station" else ""
            found.append(GaugePlace(str(table.asset_id[row]), kind, name, float(away[row])))
    return tuple(sorted(found, key=lambda one: (one.distance_m, one.asset_id))[:_MOST_PLACES])


def _middle(city: City, incident: Incident, order: WorkOrder) -> NDArray[np.float64] | None:
    pipes = city.network.pipes
    for pipe_id in (*incident.burst_pipes, order.pipe_id):
        try:
            points = pipes.points(pipes.row(pipe_id))
        except UnknownAsset:
            continue
        middle: NDArray[np.float64] = points[len(points) // 2] if len(points) > 2 else points.mean(axis=0)
        if np.isfinite(middle).all():
            return middle
    return None
