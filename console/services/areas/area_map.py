"""The operating areas of a city: zones of kind ``area``; what lies in which of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from maps.city import City
from maps.errors import InputFault
from maps.zones import zone_at

Rows = NDArray[np.int64]


class AreaMap:
    """Areas by position. A point outside every area belongs to none, that is to the centre alone."""

    def __init__(self, city: City) -> None:
        self._city = city
        rows = np.flatnonzero(city.zones.kind == "area")
        self.names: Mapping[str, str] = {str(city.zones.asset_id[row]): str(city.zones.name[row]) for row in rows}
        """Names by id, in the dataset's order."""

    def named(self, text: str) -> str:
        """Id of the area with this name or id. Raises InputFault that lists the areas."""
        wanted = text.strip()
        found = [area_id for area_id, name in self.names.items() if wanted in (area_id, name)]
        if len(found) == 1:
            return found[0]
        known = ", ".join(f"{name} ({area_id})" for area_id, name in self.names.items())
        if found:
            raise InputFault(f"area {text!r}: {len(found)} areas have this name; give the id instead: {known}")
        advice = f"its areas are {known}" if known else "it has none (zones of kind 'area' in the dataset)"
        raise InputFault(f"area {text!r}: this city has no such area; {advice}")

    def at(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> list[str]:
        """Area id of each point (network's CRS), "" outside every area."""
        ids = np.append(self._city.zones.asset_id, "")
        return [str(ids[row]) for row in zone_at(self._city.zones, "area", x, y)]

    @cached_property
    def of_stations(self) -> tuple[str, ...]:
        """Area id of each station row."""
        return tuple(self.at(self._city.stations.x, self._city.stations.y))

    @cached_property
    def of_crews(self) -> Mapping[str, str]:
        """Area id of each crew of the dataset, by its base."""
        crews = self._city.crews
        return dict(zip(map(str, crews.asset_id), self.at(crews.base_x, crews.base_y), strict=True))

    def of_station(self, station_id: str) -> str:
        """Area of one station, "" for none."""
        stations = self._city.stations
        return self.of_stations[stations.row(station_id)] if stations.has(station_id) else ""

    def of_assets(self, pipes: Iterable[str] = (), valves: Iterable[str] = (), customers: Iterable[str] = ()) -> frozenset[str]:
        """The areas that these pipes (by their middle), valves and customers (by their position) lie in; unknown ids in none."""
        if not self.names:
            return frozenset()
        network, points = self._city.network, list[tuple[float, float]]()
        for pipe in pipes:
            if network.pipes.has(pipe):
                points.append(_middle(network.pipes.points(network.pipes.row(pipe))))
        for table, ids in ((network.valves, valves), (self._city.customers, customers)):
            rows = [table.row(one) for one in ids if table.has(one)]
            points += list(zip(table.x[rows].tolist(), table.y[rows].tolist(), strict=True))
        if not points:
            return frozenset()
        xy = np.array(points, dtype=np.float64)
        return frozenset(self.at(xy[:, 0], xy[:, 1])) - {""}

    def bounds(self, area_ids: Iterable[str]) -> tuple[float, float, float, float] | None:
        """(min x, min y, max x, max y) of areas in the network's CRS; None where they have no ground."""
        zones, wanted = self._city.zones, set(area_ids)
        shapes = [zones.geometry[row] for row in np.flatnonzero(zones.kind == "area") if str(zones.asset_id[row]) in wanted]
        box = shapely.total_bounds(np.array(shapes, dtype=object)) if shapes else np.full(4, np.nan)
        return (float(box[0]), float(box[1]), float(box[2]), float(box[3])) if np.isfinite(box).all() else None


def _middle(points: NDArray[np.float64]) -> tuple[float, float]:
    if len(points) < 2:
        return (float(points[0][0]), float(points[0][1])) if len(points) else (np.nan, np.nan)
    middle = shapely.LineString(points).interpolate(0.5, normalized=True)
    return float(middle.x), float(middle.y)
