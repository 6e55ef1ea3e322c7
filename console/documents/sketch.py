"""The public sketch of a notice: communities affected and the streets around them with their names; never a pipe or a valve."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from console.documents.community_outlines import communities_told
from console.documents.wording import SIDES, clean
from console.domain.notices import NoticeFacts
from maps.city import City, ShapeTable
from maps.communities import polygons_of

_AROUND = 0.35
"""Streets are shown so far around the area, as a share of its size."""
_LEAST_M, _TOLERANCE_M = 150.0, 3.0
_MOST_STREETS = 600
_METRES_PER_DEGREE = 111_320.0
Line = tuple[tuple[float, float], ...]
"""Points (x, y): metres east and north of the sketch's middle."""


@dataclass(frozen=True, slots=True)
class SketchArea:
    """A community. ``effect``: ``no_water`` or ``low_pressure``; ``name`` stands on the first of its outlines."""

    name: str
    effect: str
    ring: Line


@dataclass(frozen=True, slots=True)
class SketchStreet:
    """A street. ``is_told``: the notice names it."""

    name: str
    is_told: bool
    line: Line


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is drawn."""

    areas: tuple[SketchArea, ...] = ()
    streets: tuple[SketchStreet, ...] = ()


def sketch_of(city: City, facts: NoticeFacts) -> Sketch:
    """The sketch of a notice; empty where the city has no outlines of the communities it names."""
    told = communities_told(city.zones, facts)
    parts = [
        (clean(str(city.zones.name[row])) if first else "", effect, part.exterior.simplify(_TOLERANCE_M))
        for row, effect in told.items()
        for first, part in _first_marked(city.zones.geometry[row])
    ]
    if not parts:
        return Sketch()
    west, south, east, north = shapely.total_bounds(np.array([part for _, _, part in parts], dtype=object))
    middle = ((west + east) / 2, (south + north) / 2)
    wide = max(_AROUND * (east - west), _LEAST_M)
    tall = max(_AROUND * (north - south), _LEAST_M)
    window = shapely.box(west - wide, south - tall, east + wide, north + tall)
    areas = tuple(SketchArea(name, effect, _points(ring, middle)) for name, effect, ring in parts)
    return Sketch(areas, _streets(city.roads, facts, window, middle))


def sketch_of_rings(rings: Sequence[Sequence[tuple[float, float]]]) -> Sketch:
    """Outlines alone, of rings (lat, lon): equirectangular around their middle, sufficient for a few kilometres."""
    if not rings:
        return Sketch()
    lats, lons = [lat for ring in rings for lat, _ in ring], [lon for ring in rings for _, lon in ring]
    lat0, lon0 = (min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2
    east = _METRES_PER_DEGREE * math.cos(math.radians(lat0))
    lines = (tuple(((lon - lon0) * east, (lat - lat0) * _METRES_PER_DEGREE) for lat, lon in ring) for ring in rings)
    return Sketch(tuple(SketchArea("", "no_water", line) for line in lines))


def _first_marked(geometry: shapely.Geometry) -> list[tuple[bool, shapely.Polygon]]:
    """The outlines of one community, the largest first."""
    found = sorted(polygons_of(geometry), key=lambda part: -part.area)
    return [(number == 0, part) for number, part in enumerate(found)]


def _streets(
    roads: ShapeTable, facts: NoticeFacts, window: shapely.Polygon, middle: tuple[float, float]
) -> tuple[SketchStreet, ...]:
    """Streets in the window, those that the notice names first; of very many the named ones."""
    geometry = roads.geometry
    if not len(geometry):
        return ()
    bounds, (west, south, east, north) = shapely.bounds(geometry), window.bounds
    near = (bounds[:, 0] <= east) & (bounds[:, 2] >= west) & (bounds[:, 1] <= north) & (bounds[:, 3] >= south)
    names = {row: clean(str(roads.name[row])) for row in np.flatnonzero(near).tolist()}
    rows = sorted(names, key=lambda row: (not _is_told(names[row], facts), not names[row], row))
    made = []
    for row in rows[:_MOST_STREETS]:
        for part in shapely.get_parts(shapely.intersection(geometry[row], window)):
            if part.geom_type == "LineString" and part.length > 0:
                line = part.simplify(_TOLERANCE_M)
                made.append(SketchStreet(names[row], _is_told(names[row], facts), _points(line, middle)))
    return tuple(made)


def _is_told(name: str, facts: NoticeFacts) -> bool:
    return bool(name) and any(road.startswith(name) and road[len(name) :] in ("", *SIDES) for road in facts.roads)


def _points(line: shapely.Geometry, middle: tuple[float, float]) -> Line:
    points = shapely.get_coordinates(line) - middle
    return tuple((round(float(x), 1), round(float(y), 1)) for x, y in points)
