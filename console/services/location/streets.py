"""Streets around a pipe: its road and side, and the cross roads at its ends."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import shapely
from shapely.geometry import Point

from maps.city import City, Geometries, ShapeTable, ZoneTable
from maps.columns import Texts
from resources.texts import LANGUAGES, Catalogue

_ROAD_WITHIN_M = 60.0
_PLACE_WITHIN_M = 500.0
_WALK_STEPS = 60


def side_written(side: str) -> str:
    """A side's code as it is written in notices (Chinese); a source's own wording passes as it is."""
    catalogue, key = Catalogue.load(LANGUAGES[0]), f"domain.side.{side}"
    return catalogue.text(key) if catalogue.has(key) else side


class Layer:
    """Named shapes of one layer with spatial lookup. Needs coordinates in metres."""

    def __init__(self, ids: Texts, names: Texts, geometry: Geometries) -> None:
        self._ids, self._names, self._geometry = ids, names, geometry

    @classmethod
    def of(cls, table: ShapeTable | ZoneTable, kind: str = "") -> Layer:
        """The layer's rows, of one kind when given."""
        rows = np.flatnonzero(table.kind == kind) if kind else np.arange(len(table))
        return cls(table.asset_id[rows], table.name[rows], table.geometry[rows])

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self._geometry)

    def holding(self, point: Point) -> tuple[str, str]:
        """(id, name) of the polygon that holds ``point``, empty when none does."""
        found = [int(row) for row in self._tree.query(point, predicate="intersects")] if len(self._ids) else []
        return (str(self._ids[found[0]]), str(self._names[found[0]])) if found else ("", "")

    def nearest(self, point: Point, within_m: float) -> tuple[str, str]:
        """(id, name) of the nearest named shape within a distance, empty when none is."""
        row = self._nearest_row(point, within_m)
        return ("", "") if row is None else (str(self._ids[row]), str(self._names[row]))

    def side_of(self, point: Point, name: str, within_m: float) -> str:
        """On which side of the road ``name`` a point lies: north, south, east, west; "" on its axis or when unknown."""
        rows = [row for row in self._within(point, within_m) if self._names[row] == name]
        if not rows:
            return ""
        road = self._geometry[min(rows, key=lambda row: self._distance(row, point))]
        foot_x, foot_y = shapely.shortest_line(road, point).coords[0]
        dx, dy = point.x - foot_x, point.y - foot_y
        if max(abs(dx), abs(dy)) < 0.5:
            return ""
        if abs(dx) > abs(dy):
            return "east" if dx > 0 else "west"
        return "north" if dy > 0 else "south"

    def _within(self, point: Point, within_m: float) -> list[int]:
        return [int(row) for row in self._tree.query(point, predicate="dwithin", distance=within_m)] if len(self._ids) else []

    def _distance(self, row: int, point: Point) -> float:
        return float(shapely.distance(self._geometry[row], point))

    def _nearest_row(self, point: Point, within_m: float) -> int | None:
        rows = [row for row in self._within(point, within_m) if self._names[row]]
        return min(rows, key=lambda row: self._distance(row, point)) if rows else None


class Streets:
    """Roads by the pipes' road names, completed by the road layer."""

    def __init__(self, city: City) -> None:
        self._network = city.network
        self._roads, self._places = Layer.of(city.roads), Layer.of(city.places)

    def road_of(self, pipe: int, middle: Point) -> str:
        """The road a pipe row lies in, "" when unknown."""
        return str(self._network.pipes.road_name[pipe]) or self._roads.nearest(middle, _ROAD_WITHIN_M)[1]

    def side_of(self, pipe: int, road: str, middle: Point) -> str:
        """The side of its road: as recorded, else computed from the road layer."""
        return str(self._network.pipes.road_side[pipe]) or self._roads.side_of(middle, road, _ROAD_WITHIN_M)

    def cross_at(self, pipe: int, end: int, road: str) -> str:
        """The end of the pipe's course at a node: the first cross road, else a place near, else the node's id."""
        seen = {pipe}
        at, came = end, pipe
        for _ in range(_WALK_STEPS):
            neighbours = [int(row) for row in self._network.pipes_at(at) if row not in seen]
            crossing = sorted({str(self._network.pipes.road_name[row]) for row in neighbours} - {road, ""})
            if crossing:
                return crossing[0]
            onward = [row for row in neighbours if self._network.pipes.road_name[row] == road]
            if not road or not onward:
                break
            came = onward[0]
            seen.update(neighbours)
            at = self._other_end(came, at)
        nodes = self._network.nodes
        point = Point(float(nodes.x[end]), float(nodes.y[end]))
        return self._places.nearest(point, _PLACE_WITHIN_M)[1] or str(nodes.asset_id[end])

    def _other_end(self, pipe: int, node: int) -> int:
        pipes = self._network.pipes
        return int(pipes.to_node[pipe]) if int(pipes.from_node[pipe]) == node else int(pipes.from_node[pipe])
