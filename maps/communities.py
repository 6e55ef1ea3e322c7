"""Communities of given customers, by position: two communities with one name are kept apart."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from maps.city import City
from maps.zones import zone_at

_APART_M = 1000.0
"""Outlines and customers with one name belong to different communities when they are farther apart than this."""
_CELL_M = 250.0
"""Side of the squares into which customers are grouped first: a community of thousands is then a few dozen points."""
_WINDS = ("east", "north_east", "north", "north_west", "west", "south_west", "south", "south_east")


@dataclass(frozen=True, slots=True)
class Community:
    """A community that holds some of the given customers.

    ``apart``: what distinguishes it from others of the same name: ``district`` or ``road`` (named in ``apart_name``), or a
    direction (``south_west``) where neither does; "" where no other has its name. ``zones``: rows of the zones that contain the
    customers; ``outlines``: their valid polygons (network's CRS), without parts that belong to a namesake.
    """

    name: str
    apart: str = ""
    apart_name: str = ""
    zones: tuple[int, ...] = ()
    outlines: tuple[shapely.Polygon, ...] = ()


def communities_of(city: City, customers: Sequence[int]) -> tuple[Community, ...]:
    """Communities of the given customer rows, by name. Customers without a position are located on their pipe."""
    if not len(customers):
        return ()
    rows = np.asarray(customers, dtype=np.int64)
    at = _positions(city, rows)
    names = city.customers.community[rows].astype(object)
    nameless = np.flatnonzero(names == "")
    if len(nameless):
        zone = zone_at(city.zones, "community", at[nameless, 0], at[nameless, 1])
        names[nameless] = np.append(city.zones.name, "")[zone]
    known = _KNOWN.setdefault(city, {})
    found: list[Community] = []
    for name in sorted({str(name) for name in names} - {""}):
        if name not in known:
            known[name] = _Namesakes(city, name)
        found += known[name].holding(city, at[names == name])
    return tuple(found)


def polygons_of(shape: shapely.Geometry | None) -> tuple[shapely.Polygon, ...]:
    """Valid polygons of a drawn outline: a self-crossing one is split where it crosses itself."""
    if shape is None or shapely.is_empty(shape):
        return ()
    parts = shapely.get_parts(shapely.get_parts(shapely.make_valid(shape)))
    return tuple(part for part in parts if part.geom_type == "Polygon" and not part.is_empty)


class _Namesakes:
    """All outlines and customers with one name, grouped into communities. Cached per city, so it holds no reference to it."""

    def __init__(self, city: City, name: str) -> None:
        zones = city.zones
        rows = np.flatnonzero((zones.kind == "community") & (zones.name == name))
        self._parts = [(int(row), part) for row in rows for part in polygons_of(zones.geometry[row])]
        customers = np.flatnonzero(city.customers.community == name)
        cells = _cells(_positions(city, customers))
        points = np.unique(cells[np.isfinite(cells[:, 0])], axis=0)
        places: list[shapely.Geometry] = [part for _, part in self._parts]
        places += [shapely.Point(x, y) for x, y in points.tolist()]
        self._shapes: NDArray[np.object_] = np.empty(len(places), dtype=np.object_)
        self._shapes[:] = places
        self._group = _grouped(self._shapes)
        cell_group = self._group[len(self._parts) :].tolist()
        self._by_cell: dict[tuple[float, ...], int] = {
            tuple(point): group for point, group in zip(points.tolist(), cell_group, strict=True)
        }
        self._told = self._told_apart(city, name, customers, cells)

    def holding(self, city: City, at: NDArray[np.float64]) -> list[Community]:
        """Communities of customers with this name, at points (n, 2)."""
        cells: list[tuple[float, ...]] = [tuple(cell) for cell in _cells(at).tolist()]
        groups = np.array([self._group_of(cell, x, y) for cell, (x, y) in zip(cells, at.tolist(), strict=True)], dtype=np.int64)
        return [self._community(city, int(group), at[groups == group]) for group in np.unique(groups)]

    def _group_of(self, cell: tuple[float, ...], x: float, y: float) -> int:
        """The group at each point, else that of the nearest outline; -1 for an unknown point or one far from all of them."""
        if cell in self._by_cell:
            return self._by_cell[cell]
        if not np.isfinite(x + y) or not len(self._shapes):
            return -1
        away = shapely.distance(self._shapes, shapely.Point(x, y))
        nearest = int(np.argmin(away))
        return int(self._group[nearest]) if away[nearest] <= _APART_M else -1

    def _community(self, city: City, group: int, at: NDArray[np.float64]) -> Community:
        own = [part for part, number in zip(self._parts, self._group, strict=False) if number == group]
        if own:
            zones = _zones_holding(own, at)
            outlines = tuple(part for row, part in own if row in zones)
        else:  # no outline with this name: use the community whose outline contains the customers
            held = zone_at(city.zones, "community", at[:, 0], at[:, 1])
            zones = {int(row) for row in held if row >= 0}
            outlines = tuple(part for row in sorted(zones) for part in polygons_of(city.zones.geometry[row]))
        return replace(self._told[group], zones=tuple(sorted(zones)), outlines=outlines)

    def _told_apart(
        self, city: City, name: str, customers: NDArray[np.int64], cells: NDArray[np.float64]
    ) -> dict[int, Community]:
        """What distinguishes each group: the first of district, road and direction that no namesake shares."""
        groups = sorted(set(self._group.tolist()))
        told = {group: Community(name) for group in (-1, *groups)}
        if len(groups) < 2:
            return told
        middles = np.array([self._middle(group) for group in groups])
        districts = np.append(city.zones.name, "")[zone_at(city.zones, "district", middles[:, 0], middles[:, 1])].tolist()
        roads = self._roads(city, groups, customers, cells)
        away = middles - middles.mean(axis=0)
        for group, district, road, (east, north) in zip(groups, districts, roads, away.tolist(), strict=True):
            if district and districts.count(district) == 1:
                told[group] = Community(name, "district", district)
            elif road and roads.count(road) == 1:
                told[group] = Community(name, "road", road)
            else:
                told[group] = Community(name, _WINDS[round(math.atan2(north, east) / (math.pi / 4)) % len(_WINDS)])
        return told

    def _middle(self, group: int) -> NDArray[np.float64]:
        own = self._shapes[self._group == group]
        return np.asarray(shapely.get_coordinates(shapely.centroid(own)).mean(axis=0), dtype=np.float64)

    def _roads(self, city: City, groups: list[int], customers: NDArray[np.int64], cells: NDArray[np.float64]) -> list[str]:
        """The most frequent road among the customers of each group."""
        roads: dict[int, Counter[str]] = {group: Counter() for group in groups}
        for cell, pipe in zip(cells.tolist(), city.customers.pipe[customers].tolist(), strict=True):
            road = str(city.network.pipes.road_name[pipe]) if pipe >= 0 else ""
            if road and tuple(cell) in self._by_cell:
                roads[self._by_cell[tuple(cell)]][road] += 1
        return [min(roads[group], key=lambda road: (-roads[group][road], road), default="") for group in groups]


_KNOWN: WeakKeyDictionary[City, dict[str, _Namesakes]] = WeakKeyDictionary()
"""Groups by name, cached: each name needs a search through all customers of the city."""


def _zones_holding(parts: Iterable[tuple[int, shapely.Polygon]], at: NDArray[np.float64]) -> set[int]:
    """Rows of the zones that contain the points; a point in no zone counts for the nearest one."""
    parts = list(parts)
    if not parts:
        return set()
    shapes = np.array([part for _, part in parts], dtype=object)
    nearest = shapely.STRtree(shapes).nearest(shapely.points(at[np.isfinite(at[:, 0])]))
    return {parts[int(number)][0] for number in np.unique(nearest)}


def _grouped(shapes: NDArray[np.object_]) -> NDArray[np.int64]:
    """Group number of each shape; shapes within ``_APART_M`` of each other, directly or through others, form one group."""
    if not len(shapes):
        return np.empty(0, dtype=np.int64)
    one, other = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=_APART_M)
    near = coo_array((np.ones(len(one), dtype=np.int8), (one, other)), shape=(len(shapes), len(shapes)))
    return np.asarray(connected_components(near, directed=False)[1], dtype=np.int64)


def _positions(city: City, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Positions of customers, (n, 2): their own, else half-way along their pipe, else NaN."""
    customers, pipes = city.customers, city.network.pipes
    at = np.column_stack([customers.x[rows], customers.y[rows]]).astype(np.float64)
    for number in np.flatnonzero(~np.isfinite(at).all(axis=1)):
        pipe = int(customers.pipe[rows[number]])
        points = pipes.points(pipe) if pipe >= 0 else np.empty((0, 2))
        at[number] = shapely.LineString(points).interpolate(0.5, normalized=True).coords[0] if len(points) > 1 else np.nan
    return at


def _cells(at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Centre of each point's square, (n, 2)."""
    return (np.floor(at / _CELL_M) + 0.5) * _CELL_M
