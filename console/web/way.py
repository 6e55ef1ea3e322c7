"""The way to an order's pipe or water point: streets with turns, and a drawing of it between the roads near."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray

from console.domain.clock import micros, moment
from console.domain.incidents import WorkOrder
from console.services.location.routing import Leg, Route, WayFinder
from console.web.sketch import Frame
from maps.city import City
from maps.crs import to_wgs84
from maps.errors import UnknownAsset

FRESH = timedelta(minutes=30)
"""An older position before the order went out is none to start from."""
_MOST_ROADS = 400
_KEPT_WAYS = 500
_MICROSECOND = timedelta(microseconds=1)

Fixes = Callable[[str, int, int], tuple[tuple[int, float, float], ...]]
"""(crew, since, until in µs) -> (time, x, y), oldest first, as ``positions`` of the store."""


@dataclass(frozen=True, eq=False)
class WayDrawing:
    """``roads``, ``line``: points as SVG wants them; ``start``, ``end``: px; ``scale_px``/``scale_m``: the bar. North is up."""

    roads: tuple[str, ...]
    line: str
    start: tuple[float, float]
    end: tuple[float, float]
    scale_px: float
    scale_m: int


@dataclass(frozen=True, eq=False)
class WayThere:
    """``since``: time of the crew's position that it begins at, None when it begins at the crew's base.

    ``lonlat``: its end, None without a georeference; ``points``: network's CRS.
    """

    legs: tuple[Leg, ...]
    length_m: float
    points: NDArray[np.float64]
    drawing: WayDrawing | None
    lonlat: tuple[float, float] | None
    since: datetime | None


class Ways:
    """Ways of one city's orders; the last ones stay at hand, for a page is fetched again and again. Any thread."""

    def __init__(self, city: City) -> None:
        self._city, self._finder = city, WayFinder(city.network)
        self._found = lru_cache(_KEPT_WAYS)(self._find)

    def of(self, order: WorkOrder, fixes: Fixes) -> WayThere | None:
        """From where the crew was when the order went out, else from its base; None where there is no way or no start."""
        sent = micros(order.sent_at)
        known = fixes(order.crew_id, sent - FRESH // _MICROSECOND, sent)
        if known:
            at_us, x, y = known[-1]
            return self._found(order.pipe_id, _point(order), x, y, at_us)
        base = self._base(order.crew_id)
        return None if base is None else self._found(order.pipe_id, _point(order), *base, 0)

    def _base(self, crew_id: str) -> tuple[float, float] | None:
        crews = self._city.crews
        rows = np.flatnonzero(crews.asset_id == crew_id)
        return (float(crews.base_x[rows[0]]), float(crews.base_y[rows[0]])) if len(rows) else None

    def _find(self, pipe_id: str, point: tuple[float, float] | None, x: float, y: float, at_us: int) -> WayThere | None:
        network = self._city.network
        try:
            row = network.pipes.row(pipe_id) if point is None else 0
            route = self._finder.route(x, y, row) if point is None else self._finder.route_to(x, y, point)
        except UnknownAsset:  # the dataset has changed since
            return None
        if route is None or not len(route.points):
            return None
        lonlat, end = None, np.array([route.points[-1] if point is None else point])
        if network.georeferenced and np.isfinite(end).all():
            lon, lat = to_wgs84(end[:, 0], end[:, 1], network.crs)
            lonlat = (float(lon[0]), float(lat[0]))
        since = moment(at_us) if at_us else None
        return WayThere(route.legs, route.length_m, route.points, self._drawing(route), lonlat, since)

    def _drawing(self, route: Route) -> WayDrawing | None:
        points = route.points[np.isfinite(route.points).all(axis=1)]
        frame = Frame.around(points)
        if frame is None:
            return None
        roads, window = self._city.roads, shapely.box(*frame.low, *frame.high)
        near = roads.geometry[shapely.intersects(roads.geometry, window)][:_MOST_ROADS] if len(roads) else ()
        lines = [
            frame.svg(shapely.get_coordinates(shapely.simplify(part, 1.0 / frame.per_m)))
            for shape in near
            for part in shapely.get_parts(shapely.intersection(shape, window))
            if part.geom_type == "LineString"
        ]
        thinned = shapely.get_coordinates(shapely.simplify(shapely.LineString(points), 0.5 / frame.per_m))
        start, end = (tuple(np.round(frame.px(points[n]), 1).tolist()) for n in (0, -1))
        return WayDrawing(tuple(lines), frame.svg(thinned), start, end, *frame.bar)


def _point(order: WorkOrder) -> tuple[float, float] | None:
    """The place that an order names, None where it is for a pipe."""
    return None if order.x is None or order.y is None else (order.x, order.y)
