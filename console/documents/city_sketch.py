"""The public sketch of a notice, made from the city: outlines of communities, streets with their names."""

from __future__ import annotations

import numpy as np
import shapely

from console.documents.community_outlines import communities_told
from console.documents.sketch import Line, Sketch, SketchArea, SketchStreet
from console.documents.wording import SIDES, clean
from console.domain.notices import NoticeFacts
from maps.city import City, ShapeTable
from maps.communities import polygons_of

_AROUND = 0.35
"""Streets are shown so far around the area, as a share of its size."""
_LEAST_M, _TOLERANCE_M = 150.0, 3.0
_MOST_STREETS = 600


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
