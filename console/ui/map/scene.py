"""Scene: what of a city the static picture shows, as line work, areas and points; built once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainterPath, QPolygonF

from console.ui.map.segments import Lines, LineWork
from maps.city import City, Geometries
from maps.network import PipeStatus, PipeTable, ValveState

CLASS_LIMITS_MM = (150.0, 300.0, 800.0)
"""Pipes from these diameters on are drawn a class wider."""
CLOSED_CLASS = 4
PIPE_CLASSES = 5
_MAJOR_ROADS = {"motorway", "trunk", "primary", "secondary", "arterial", "major", "main"}


class MapLayer(StrEnum):
    """What can be shown or hidden, top of the list first."""

    PIPES = "pipes"
    VALVES = "valves"
    HYDRANTS = "hydrants"
    STATIONS = "stations"
    PLANTS = "plants"
    CREWS = "crews"
    DMA = "dma"
    COMMUNITIES = "communities"
    ROADS = "roads"
    PLAN = "plan"


@dataclass(frozen=True, eq=False)
class Area:
    """A named area: its outline in world coordinates and where its name goes."""

    name: str
    kind: str
    path: QPainterPath
    x: float
    y: float


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
        """Where most of the network lies (2–98 % of its nodes): one far source does not shrink the city to a spot."""
        nodes = self.city.network.nodes
        points = np.column_stack([nodes.x, nodes.y])
        points = points[np.isfinite(points).all(axis=1)]
        if len(points) < 100:
            return self.bounds
        low, high = np.percentile(points[:: max(len(points) // 100_000, 1)], [2, 98], axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    @cached_property
    def roads(self) -> LineWork:
        """Roads in two classes: others, major ones."""
        roads = self.city.roads
        major = np.array([str(kind) in _MAJOR_ROADS for kind in roads.kind], dtype=np.uint8)
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
    def zone_labels(self) -> tuple[tuple[str, str, float, float], ...]:
        """(kind, name, x, y) of every zone."""
        zones = self.city.zones
        if not len(zones):
            return ()
        points = shapely.point_on_surface(zones.geometry)
        x, y = shapely.get_x(points), shapely.get_y(points)
        return tuple((str(zones.kind[i]), str(zones.name[i]), float(x[i]), float(y[i])) for i in range(len(zones)))

    @cached_property
    def valve_look(self) -> NDArray[np.uint8]:
        """How each valve looks: 0 open, 1 closed, 2 unknown or partial, 3 cannot be operated, 4 one-way."""
        valves = self.city.network.valves
        look = np.zeros(len(valves), dtype=np.uint8)
        look[(valves.state == ValveState.UNKNOWN) | (valves.state == ValveState.PARTIAL)] = 2
        look[valves.flows_to >= 0] = 4
        look[valves.state == ValveState.CLOSED] = 1
        look[~valves.operable] = 3
        return look

    @cached_property
    def valve_angle(self) -> NDArray[np.float64]:
        """Screen angle of each valve's pipe, degrees, (valves,); 0 where it is not on one."""
        valves, pipes = self.city.network.valves, self.city.network.pipes
        angle = np.zeros(len(valves))
        on = np.flatnonzero(valves.pipe >= 0)
        rows = valves.pipe[on].astype(np.int64)
        at_end = pipes.to_node[rows] == valves.node[on]
        first = np.where(at_end, pipes.offsets[rows + 1] - 2, pipes.offsets[rows])
        step = pipes.vertices[first + 1] - pipes.vertices[first]
        angle[on] = -np.degrees(np.arctan2(step[:, 1], step[:, 0]))
        return angle


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
    return Area(name, kind, world_path(geometry), float(shapely.get_x(point)), float(shapely.get_y(point)))
