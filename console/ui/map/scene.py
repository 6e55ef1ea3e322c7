"""Scene: the content of the static picture of a city as line work, areas and points; built once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainterPath, QPolygonF

from console.ui.map.drawing.generalisation import Lines
from console.ui.map.drawing.line_levels import LineWork
from console.ui.map.network.facilities import Facility, facilities
from console.ui.map.network.links import link_lines, link_valve_angles
from console.ui.map.network.road_names import MAJOR_ROADS
from maps.city import City, Geometries
from maps.network import PipeStatus, PipeTable, ValveKind, ValveState

CLASS_LIMITS_MM = (150.0, 300.0, 800.0)
"""Pipes from these diameters on are drawn a class wider."""
CLOSED_CLASS = 4
PIPE_CLASSES = 5
_TOWNS = frozenset({"city", "town", "district", "suburb", "county", "area"})


class ValveLook(IntEnum):
    """How a valve looks."""

    OPEN = 0
    CLOSED = 1
    UNKNOWN = 2
    STUCK = 3
    ONE_WAY = 4


@dataclass(frozen=True, eq=False)
class Area:
    """A named area: its outline in world coordinates and where its name goes."""

    name: str
    kind: str
    path: QPainterPath
    x: float
    y: float
    bounds: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, eq=False)
class PointNames:
    """Names at points (world, m), each (n,); ``major``: shown from further away."""

    text: NDArray[np.object_]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    major: NDArray[np.bool_]


def pipe_classes(pipes: PipeTable) -> NDArray[np.uint8]:
    """Width class of each pipe, 0 narrow … 3 wide, CLOSED_CLASS when closed; unknown diameters are narrow."""
    klass = np.searchsorted(CLASS_LIMITS_MM, np.nan_to_num(pipes.diameter_mm, nan=0.0), side="right").astype(np.uint8)
    klass[pipes.status == PipeStatus.CLOSED] = CLOSED_CLASS
    return klass


class Scene:
    """The city's network and background, prepared for drawing and picking."""

    def __init__(self, city: City) -> None:
        self.city = city
        pipes = city.network.pipes
        self.pipes = LineWork(Lines(pipes.vertices, pipes.offsets, pipe_classes(pipes)), PIPE_CLASSES)
        self.bounds = city.network.bounds

    @cached_property
    def home(self) -> tuple[float, float, float, float]:
        """Where most of the network lies: a far source at the end of a long main does not shrink the city to a spot."""
        nodes = self.city.network.nodes
        points = np.column_stack([nodes.x, nodes.y])
        points = points[np.isfinite(points).all(axis=1)]
        if len(points) < 100:
            return self.bounds
        points = points[:: max(len(points) // 100_000, 1)]
        (low_x, high_x), (low_y, high_y) = _crowded(points[:, 0]), _crowded(points[:, 1])
        return (
            max(low_x, self.bounds[0]),
            max(low_y, self.bounds[1]),
            min(high_x, self.bounds[2]),
            min(high_y, self.bounds[3]),
        )

    @cached_property
    def links(self) -> LineWork:
        """Pumps and valves between two nodes, one class."""
        return LineWork(link_lines(self.city.network), 1)

    @cached_property
    def roads(self) -> LineWork:
        """Roads in two classes: others, major ones."""
        roads = self.city.roads
        major = np.array([str(kind) in MAJOR_ROADS for kind in roads.kind], dtype=np.uint8)
        return LineWork(lines_of(roads.geometry, major), 2)

    @cached_property
    def boundaries(self) -> LineWork:
        """Outlines of zones: class 0 communities, 1 DMA, 2 districts and areas."""
        zones = self.city.zones
        order = {"community": 0, "dma": 1}
        klass = np.array([order.get(str(kind), 2) for kind in zones.kind], dtype=np.uint8)
        return LineWork(lines_of(shapely.boundary(zones.geometry), klass), 3)

    @cached_property
    def water(self) -> tuple[Area, ...]:
        """Rivers and lakes."""
        water = self.city.water
        return tuple(_area(str(n), "water", g) for n, g in zip(water.name, water.geometry, strict=True) if not g.is_empty)

    @cached_property
    def zone_names(self) -> dict[str, PointNames]:
        """By kind of zone: its names and where they stand, large zones first."""
        zones = self.city.zones
        if not len(zones):
            return {}
        points = shapely.point_on_surface(zones.geometry)
        x, y, area = shapely.get_x(points), shapely.get_y(points), shapely.area(zones.geometry)
        kinds = zones.kind.astype(str)
        found = {}
        for kind in np.unique(kinds):
            rows = np.flatnonzero(kinds == kind)
            rows = rows[np.argsort(-area[rows], kind="stable")]
            found[str(kind)] = PointNames(zones.name[rows], x[rows], y[rows], np.ones(len(rows), dtype=np.bool_))
        return found

    @cached_property
    def place_names(self) -> PointNames:
        """Names of places, towns and districts first."""
        places = self.city.places
        if not len(places):
            none = np.empty(0)
            return PointNames(np.empty(0, dtype=object), none, none, np.zeros(0, dtype=np.bool_))
        points = shapely.point_on_surface(places.geometry)
        major = np.array([str(kind) in _TOWNS for kind in places.kind])
        rows = np.argsort(~major, kind="stable")
        return PointNames(places.name[rows], shapely.get_x(points)[rows], shapely.get_y(points)[rows], major[rows])

    @cached_property
    def valve_look(self) -> NDArray[np.uint8]:
        """ValveLook of each valve; meters are no valves to close and look open."""
        valves = self.city.network.valves
        look = np.zeros(len(valves), dtype=np.uint8)
        look[(valves.state == ValveState.UNKNOWN) | (valves.state == ValveState.PARTIAL)] = ValveLook.UNKNOWN
        look[valves.flows_to >= 0] = ValveLook.ONE_WAY
        look[valves.state == ValveState.CLOSED] = ValveLook.CLOSED
        look[~valves.operable] = ValveLook.STUCK
        look[self.meter_rows] = ValveLook.OPEN
        return look

    @cached_property
    def meter_rows(self) -> NDArray[np.int64]:
        """Rows of the valves that are meters."""
        return np.flatnonzero(self.city.network.valves.kind == ValveKind.METER)

    @cached_property
    def pipe_middle(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """World point half way along each pipe's points, (pipes,) each."""
        at = self._middle_step
        points = self.city.network.pipes.vertices
        middle = (points[at] + points[at + 1]) / 2 if len(at) else np.empty((0, 2))
        return middle[:, 0].copy(), middle[:, 1].copy()

    @cached_property
    def pipe_angle(self) -> NDArray[np.float64]:
        """Screen angle of each pipe in its middle, from ``from_node`` to ``to_node``, degrees clockwise from east, (pipes,)."""
        at = self._middle_step
        points = self.city.network.pipes.vertices
        step = points[at + 1] - points[at] if len(at) else np.empty((0, 2))
        return -np.degrees(np.arctan2(step[:, 1], step[:, 0]))

    @cached_property
    def _middle_step(self) -> NDArray[np.int64]:
        offsets = self.city.network.pipes.offsets
        return np.asarray((offsets[:-1] + offsets[1:]) // 2 - 1)

    @cached_property
    def facilities(self) -> tuple[Facility, ...]:
        """Plants, pumping stations, wells, tanks and sources."""
        return facilities(self.city)

    @cached_property
    def facility_places(self) -> NDArray[np.float64]:
        """World points of the facilities, (n, 2)."""
        return np.array([(facility.x, facility.y) for facility in self.facilities], dtype=np.float64).reshape(-1, 2)

    @cached_property
    def customer_kinds(self) -> tuple[str, ...]:
        """Kinds of customers as symbols know them; ``customer_kind`` counts in this order."""
        return ("residential", "commercial", "industrial", "public", "critical")

    @cached_property
    def customer_kind(self) -> NDArray[np.uint8]:
        """Index into ``customer_kinds`` of each customer."""
        customers = self.city.customers
        names, of = np.unique(customers.category.astype(str), return_inverse=True)
        number = np.array([_customer_kind(name) for name in names], dtype=np.uint8)
        kind = number[of] if len(names) else np.zeros(0, dtype=np.uint8)
        kind[customers.critical.astype(str) != ""] = 4
        return kind

    @cached_property
    def valve_angle(self) -> NDArray[np.float64]:
        """Screen angle of each valve's pipe or link, degrees, (valves,); 0 where it is on none."""
        valves, pipes = self.city.network.valves, self.city.network.pipes
        angle = np.zeros(len(valves))
        on = np.flatnonzero(valves.pipe >= 0)
        rows = valves.pipe[on].astype(np.int64)
        at_end = pipes.to_node[rows] == valves.node[on]
        first = np.where(at_end, pipes.offsets[rows + 1] - 2, pipes.offsets[rows])
        step = pipes.vertices[first + 1] - pipes.vertices[first]
        angle[on] = -np.degrees(np.arctan2(step[:, 1], step[:, 0]))
        angle[valves.is_link] = link_valve_angles(self.city.network)
        return angle


def _crowded(values: NDArray[np.float64]) -> tuple[float, float]:
    """The shortest span that holds nine values in ten, a twelfth wider at both ends."""
    ordered = np.sort(values)
    count = int(0.9 * len(ordered))
    width = ordered[count:] - ordered[: len(ordered) - count]
    at = int(np.argmin(width))
    more = float(width[at]) / 12
    return float(ordered[at]) - more, float(ordered[at + count]) + more


def lines_of(geometry: Geometries, klass: NDArray[np.uint8]) -> Lines:
    """Line strings (multi ones in parts) as ragged lines."""
    part_of_none = np.zeros(0, dtype=np.int64)
    parts, index = shapely.get_parts(geometry, return_index=True) if len(geometry) else (geometry, part_of_none)
    if len(parts):
        keep = shapely.get_num_coordinates(parts) > 1
        parts, index = parts[keep], index[keep]
    counts = shapely.get_num_coordinates(parts) if len(parts) else part_of_none
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    points = shapely.get_coordinates(parts) if len(parts) else np.empty((0, 2))
    return Lines(points, offsets, klass[index] if len(parts) else np.zeros(0, dtype=np.uint8))


def world_path(geometry: shapely.Geometry) -> QPainterPath:
    """Polygons as a path in world coordinates, holes left out by the even-odd rule."""
    path = QPainterPath()
    for part in shapely.get_parts(geometry):
        if isinstance(part, shapely.Polygon):
            _add_ring(path, part.exterior.coords)
            for ring in part.interiors:
                _add_ring(path, ring.coords)
    return path


def _add_ring(path: QPainterPath, coordinates: Iterable[tuple[float, ...]]) -> None:
    path.addPolygon(QPolygonF([QPointF(x, y) for x, y, *_ in coordinates]))
    path.closeSubpath()


def _area(name: str, kind: str, geometry: shapely.Geometry) -> Area:
    point = shapely.point_on_surface(geometry)
    low_x, low_y, high_x, high_y = (float(v) for v in shapely.bounds(geometry))
    return Area(
        name, kind, world_path(geometry), float(shapely.get_x(point)), float(shapely.get_y(point)), (low_x, low_y, high_x, high_y)
    )


def _customer_kind(category: str) -> int:
    for number, words in enumerate((("commerc", "shop", "office"), ("industr", "factory"), ("public", "school", "hospital")), 1):
        if any(word in category.lower() for word in words):
            return number
    return 0
