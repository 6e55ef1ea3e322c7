"""GCJ-02, the shifted datum of public maps in China: its formula, and positions that look as if they were given in it."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray

from maps.city import City
from maps.crs import from_wgs84, to_wgs84
from maps.errors import QuanmaiError
from maps.index import PipeIndex

_AXIS_M = 6_378_245.0
_ECCENTRICITY = 0.006_693_421_622_965_943
"""Krassowsky's ellipsoid, on which GCJ-02 is defined."""
OFF_ROAD_M, ON_ROAD_M = 300.0, 30.0
"""So far from every road (or pipe, where a city has no roads) a position is doubted; so near one it is at home. The shift is
300 to 700 m in most of China."""


def gcj02(lon: float, lat: float) -> tuple[float, float]:
    """WGS84 degrees as GCJ-02 degrees (the shifted datum of public maps in China); outside of China nothing is shifted.

    The published approximation; good to a metre or two. For reading out and for warnings: nothing is stored or snapped in it.
    """
    found = gcj02_of(np.array([[lon, lat]]))[0]
    return float(found[0]), float(found[1])


def from_gcj02(lon: float, lat: float) -> tuple[float, float]:
    """The inverse, by iteration: below a centimetre after three steps, for the shift is smooth."""
    found = wgs84_of(np.array([[lon, lat]]))[0]
    return float(found[0]), float(found[1])


def gcj02_of(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Degrees WGS84 as GCJ-02, (n, 2), as ``gcj02``."""
    lon, lat = points[:, 0], points[:, 1]
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    fine = _sines(x, (20.0, 1 / 6), (20.0, 1 / 2))
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + fine
    north += _sines(y, (20.0, 1.0), (40.0, 3.0), (160.0, 12.0), (320.0, 30.0))
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + fine
    east += _sines(x, (20.0, 1.0), (40.0, 3.0), (150.0, 12.0), (300.0, 30.0))
    radians = np.radians(lat)
    bulge = 1.0 - _ECCENTRICITY * np.sin(radians) ** 2
    meridian_m = _AXIS_M * (1.0 - _ECCENTRICITY) / (bulge * np.sqrt(bulge))
    parallel_m = _AXIS_M / np.sqrt(bulge) * np.cos(radians)
    inside = (lon >= 72.004) & (lon <= 137.8347) & (lat >= 0.8293) & (lat <= 55.8271)
    shifted = np.column_stack([lon + np.degrees(east / parallel_m), lat + np.degrees(north / meridian_m)])
    return np.where(inside[:, None], shifted, points)


def wgs84_of(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Degrees GCJ-02 as WGS84, (n, 2), as ``from_gcj02``."""
    found = points.copy()
    for _ in range(4):
        found = found + points - gcj02_of(found)
    return found


def _sines(along: NDArray[np.float64], *waves: tuple[float, float]) -> NDArray[np.float64]:
    """Two thirds of a sum of sines (height, half a wave's length in degrees)."""
    return np.asarray(sum(height * np.sin(along * np.pi / half) for height, half in waves) * 2.0 / 3.0)


class ShiftedPositions:
    """Tells positions in GCJ-02 that were given as WGS84: off every road, and on one once they are shifted back.

    It only ever warns: most shifted positions lie near some other road and are not noticed, and one off the roads may be right.
    """

    def __init__(self, city: City) -> None:
        self._crs = city.network.crs
        is_usable = city.network.georeferenced
        lines = (city.roads.geometry if len(city.roads) else PipeIndex(city.network.pipes).lines) if is_usable else ()
        self._tree = shapely.STRtree(lines)

    def is_likely(self, x: float, y: float) -> bool:
        """Whether a point (the network's CRS, m) looks like one. Never in a city that is not georeferenced."""
        if not len(self._tree) or not self._is_off(x, y, OFF_ROAD_M):
            return False
        try:
            lon, lat = to_wgs84(np.array([x]), np.array([y]), self._crs)
        except QuanmaiError:
            return False
        back = from_gcj02(float(lon[0]), float(lat[0]))
        east, north = from_wgs84(np.array([back[0]]), np.array([back[1]]), self._crs)
        return not self._is_off(float(east[0]), float(north[0]), ON_ROAD_M)

    def _is_off(self, x: float, y: float, within_m: float) -> bool:
        if not (math.isfinite(x) and math.isfinite(y)):
            return True
        return not len(self._tree.query(shapely.Point(x, y), predicate="dwithin", distance=within_m))


@lru_cache(maxsize=2)
def shifted_positions(city: City) -> ShiftedPositions:
    """The one of a city, made once: several readers of positions ask it."""
    return ShiftedPositions(city)
