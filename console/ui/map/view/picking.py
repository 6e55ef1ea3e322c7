"""Picking: the asset nearest to the cursor — symbols first, then pipes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from console.ui.map.layers import MapLayer
from console.ui.map.network.asset_symbols import CUSTOMERS_FROM, HYDRANTS_FROM, VALVES_FROM
from console.ui.map.scene import Scene
from console.ui.map.view.camera import Camera

REACH_PX = 9.0
_MOST_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Asset:
    """A picked asset.

    ``kind``: pipe, valve, hydrant, station, customer, facility; ``row`` in its table (of a facility: in ``Scene.facilities``);
    ``x``, ``y``: place in the network's CRS, m.
    """

    kind: str
    asset_id: str
    row: int
    x: float
    y: float


class _Points:
    """Points of one kind; rows without a place are left out."""

    def __init__(self, kind: str, ids: NDArray[np.object_], x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
        self.kind, self._ids, self._x, self._y = kind, ids, x, y
        self._rows = np.flatnonzero(np.isfinite(x) & np.isfinite(y))

    @cached_property
    def _tree(self) -> KDTree:
        return KDTree(np.column_stack([self._x[self._rows], self._y[self._rows]]), leafsize=32, balanced_tree=False)

    def prepare(self) -> None:
        """Build what is searched; without the interpreter's lock for most of it."""
        if len(self._rows):
            _ = self._tree

    def within(self, x: float, y: float, reach_m: float) -> list[tuple[float, Asset]]:
        """(distance m, asset) of every one within reach, at most 20."""
        if not len(self._rows):
            return []
        at = self._tree.query_ball_point((x, y), reach_m)[:_MOST_AT_ONCE]
        return [(float(np.hypot(self._x[row] - x, self._y[row] - y)), self._asset(row)) for row in self._rows[at].tolist()]

    def near(self, x: float, y: float, reach_m: float) -> tuple[float, Asset] | None:
        """(distance m, asset) of the nearest one within reach."""
        if not len(self._rows):
            return None
        distance, at = self._tree.query((x, y), distance_upper_bound=reach_m)
        if not np.isfinite(distance):
            return None
        row = int(self._rows[int(at)])
        return float(distance), self._asset(row)

    def _asset(self, row: int) -> Asset:
        return Asset(self.kind, str(self._ids[row]), row, float(self._x[row]), float(self._y[row]))


class Picker:
    """Nearest asset of what is visible."""

    def __init__(self, scene: Scene, station_x: NDArray[np.float64], station_y: NDArray[np.float64]) -> None:
        city, self._scene = scene.city, scene
        valves, hydrants = city.network.valves, city.hydrants
        self._stations = _Points("station", city.stations.asset_id, station_x, station_y)
        self._valves = _Points("valve", valves.asset_id, valves.x, valves.y)
        self._customers = _Points("customer", city.customers.asset_id, city.customers.x, city.customers.y)
        ids = np.array([facility.asset_id for facility in scene.facilities], dtype=object)
        self._facilities = _Points("facility", ids, *scene.facility_places.T)
        self._hydrants = _Points("hydrant", hydrants.asset_id, hydrants.x, hydrants.y)
        self.is_ready = False
        """Whether an asset is found at once: of a large city the first search builds what is searched."""

    def prepare(self) -> None:
        """Build what is searched, on any thread."""
        for points in (self._stations, self._valves, self._customers, self._facilities, self._hydrants):
            points.prepare()
        self._scene.pipes.finest()
        self.is_ready = True

    def all_at(self, px: float, py: float, camera: Camera, visible: frozenset[MapLayer]) -> tuple[Asset, ...]:
        """Every asset under a screen position, the one of ``at`` first, then symbols before pipes, the nearest first."""
        first = self.at(px, py, camera, visible)
        if first is None:
            return ()
        x, y = camera.to_world(px, py)
        reach_m = REACH_PX * camera.m_per_px
        found = sorted(
            (hit for points in self._shown(camera, visible) for hit in points.within(x, y, reach_m)), key=lambda hit: hit[0]
        )
        assets = [asset for _, asset in found]
        if MapLayer.PIPES in visible:
            ids = self._scene.city.network.pipes.asset_id
            rows = self._scene.pipes.within(x, y, reach_m)[:_MOST_AT_ONCE]
            assets += [Asset("pipe", str(ids[row]), row, x, y) for row in rows]
        others = [asset for asset in assets if (asset.kind, asset.row) != (first.kind, first.row)]
        return (first, *others)

    def at(self, px: float, py: float, camera: Camera, visible: frozenset[MapLayer]) -> Asset | None:
        """The asset under a screen position: of the symbols the nearest, else the nearest pipe, else None."""
        x, y = camera.to_world(px, py)
        reach_m = REACH_PX * camera.m_per_px
        found = [hit for points in self._shown(camera, visible) if (hit := points.near(x, y, reach_m)) is not None]
        if found:
            return min(found, key=lambda hit: hit[0])[1]
        return self.pipe_at(px, py, camera) if MapLayer.PIPES in visible else None

    def _shown(self, camera: Camera, visible: frozenset[MapLayer]) -> list[_Points]:
        """Symbols drawn at this scale."""
        return [
            points
            for points, layer, shown_from in (
                (self._stations, MapLayer.STATIONS, float("inf")),
                (self._valves, MapLayer.VALVES, VALVES_FROM),
                (self._hydrants, MapLayer.HYDRANTS, HYDRANTS_FROM),
                (self._customers, MapLayer.CUSTOMERS, CUSTOMERS_FROM),
                (self._facilities, MapLayer.PLANTS, float("inf")),
            )
            if layer in visible and camera.m_per_px <= shown_from
        ]

    def pipe_at(self, px: float, py: float, camera: Camera) -> Asset | None:
        """The nearest pipe within reach."""
        x, y = camera.to_world(px, py)
        hit = self._scene.pipes.near(x, y, REACH_PX * camera.m_per_px)
        if hit is None:
            return None
        row = hit[0]
        return Asset("pipe", str(self._scene.city.network.pipes.asset_id[row]), row, x, y)
