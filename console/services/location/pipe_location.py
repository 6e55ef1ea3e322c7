"""The pipe's position and course 位置及走向: part of the alert to the area's terminal."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from shapely.geometry import Point

from console.domain.incidents import PipePlace
from console.services.location.routing import Way, WayFinder
from console.services.location.streets import Layer, Streets
from console.services.notices.community_names import named_apart
from maps.city import City
from maps.communities import communities_of
from maps.trace import supply_path

_CHAMBERS = 6
_COMMUNITY_WITHIN_M = 300.0


class PlaceFinder:
    """Describes pipes of one city; indices are built when first needed."""

    def __init__(self, city: City) -> None:
        self._city, self._network = city, city.network
        self._streets = Streets(city)
        self._ways = WayFinder(city.network)

    def place(self, pipe_id: str) -> PipePlace:
        """The position and course of a pipe, without the route there. Raises UnknownAsset."""
        pipes = self._network.pipes
        row = pipes.row(pipe_id)
        middle = self.middle(row)
        road = self._streets.road_of(row, middle)
        area_id, area_name = self._zone("area", middle)
        source, path, basis = self._supply(row)
        depth, year = float(pipes.depth_m[row]), int(pipes.year_laid[row])
        return PipePlace(
            pipe_id=pipe_id,
            diameter_mm=float(pipes.diameter_mm[row]),
            material=str(pipes.material[row]),
            year_laid=year if year > 0 else None,
            road=road,
            side=self._streets.side_of(row, road, middle),
            depth_m=depth if np.isfinite(depth) else None,
            from_place=self._streets.cross_at(row, int(pipes.from_node[row]), road),
            to_place=self._streets.cross_at(row, int(pipes.to_node[row]), road),
            length_m=float(pipes.length_m[row]),
            community=self._community(row, middle),
            district=self._zone("district", middle)[1],
            area_id=area_id,
            area_name=area_name,
            valve_chambers=self._chambers(row),
            supply_source=source,
            supply_path=path,
            supply_basis=basis,
        )

    def with_way(self, place: PipePlace, x: float, y: float) -> tuple[PipePlace, Way]:
        """The place with the route from a crew's point (network's CRS), and that route."""
        way = self._ways.way(x, y, self._network.pipes.row(place.pipe_id))
        return replace(place, way=way.roads), way

    def way_to(self, x: float, y: float, to: tuple[float, float]) -> Way:
        """The route from a point (network's CRS) to the street nearest to another one."""
        return self._ways.way_to(x, y, to)

    def middle(self, pipe: int) -> Point:
        """The point half-way along a pipe row, in the network's CRS."""
        points = self._network.pipes.points(pipe)
        return shapely.LineString(points).interpolate(0.5, normalized=True) if len(points) > 1 else Point(0.0, 0.0)

    def _zone(self, kind: str, point: Point) -> tuple[str, str]:
        return self._zones[kind].holding(point)

    def _community(self, pipe: int, middle: Point) -> str:
        """Community of the customers on the pipe, else the one that contains it, else the nearest."""
        rows = self._customers_on(pipe)
        named = Counter(name for name in (str(self._city.customers.community[row]) for row in rows) if name)
        if named:
            most = named.most_common(1)[0][0]
            return next((named_apart(one) for one in communities_of(self._city, rows) if one.name == most), most)
        return self._zone("community", middle)[1] or self._zones["community"].nearest(middle, _COMMUNITY_WITHIN_M)[1]

    def _supply(self, pipe: int) -> tuple[str, tuple[str, ...], str]:
        trace = supply_path(self._network, pipe)
        pipes = self._network.pipes.ids(trace.pipes)
        source = str(self._network.nodes.asset_id[trace.nodes[0]]) if len(trace.nodes) else ""
        return source, pipes, trace.basis if pipes else ""

    def _chambers(self, pipe: int) -> tuple[str, ...]:
        """Valves on the pipe, then on the pipes next to it, the nearest first along the network."""
        found: dict[int, None] = {}
        seen, edge = {pipe}, [pipe]
        for _ in range(4):
            for row in edge:
                found.update(dict.fromkeys(self._valves_on(row)))
            if len(found) >= _CHAMBERS:
                break
            edge = [near for row in edge for near in self._neighbours(row) if near not in seen]
            seen.update(edge)
        return self._network.valves.ids(list(found)[:_CHAMBERS])

    def _neighbours(self, pipe: int) -> list[int]:
        pipes = self._network.pipes
        ends = (int(pipes.from_node[pipe]), int(pipes.to_node[pipe]))
        return list(dict.fromkeys(int(row) for end in ends for row in self._network.pipes_at(end)))

    def _valves_on(self, pipe: int) -> list[int]:
        pipes = self._network.pipes
        at_nodes = [row for end in (pipes.from_node[pipe], pipes.to_node[pipe]) for row in self._valves_by_node.at(int(end))]
        return [*self._valves_by_pipe.at(pipe), *at_nodes]

    def _customers_on(self, pipe: int) -> list[int]:
        return self._customers_by_pipe.at(pipe)

    @cached_property
    def _zones(self) -> dict[str, Layer]:
        return {kind: Layer.of(self._city.zones, kind) for kind in ("district", "area", "community")}

    @cached_property
    def _customers_by_pipe(self) -> _RowsBy:
        on = self._city.customers_on
        return _RowsBy(on.pipe, len(self._network.pipes), on.row)

    @cached_property
    def _valves_by_pipe(self) -> _RowsBy:
        return _RowsBy(self._network.valves.pipe, len(self._network.pipes))

    @cached_property
    def _valves_by_node(self) -> _RowsBy:
        """Valves at a node itself or linking it to the next; those at a pipe's end are found by the pipe."""
        valves = self._network.valves
        node = np.where(valves.pipe >= 0, -1, np.where(valves.is_link, valves.from_node, valves.node))
        return _RowsBy(node, len(self._network.nodes))


class _RowsBy:
    """Rows of a table grouped by a reference into another; -1 is in no group. ``of``: the row of each reference."""

    def __init__(self, reference: Any, count: int, of: Any = None) -> None:
        keys = np.asarray(reference, dtype=np.int64)
        rows = np.flatnonzero(keys >= 0)
        order = rows[np.argsort(keys[rows], kind="stable")]
        self._rows = order if of is None else np.asarray(of)[order]
        self._offsets = np.concatenate([[0], np.cumsum(np.bincount(keys[rows], minlength=count))])

    def at(self, key: int) -> list[int]:
        """Rows that refer to ``key``."""
        return [int(row) for row in self._rows[self._offsets[key] : self._offsets[key + 1]]]
