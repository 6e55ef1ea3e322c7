"""Coordinates as they are displayed: in the network's CRS, CGCS2000 or WGS84 degrees, or GCJ-02, always with the name."""

from __future__ import annotations

import math
from enum import StrEnum
from functools import cache

from maps import crs as crs_of
from maps.city import City
from maps.errors import QuanmaiError
from maps.gcj02 import gcj02


class CoordinateSystem(StrEnum):
    """The coordinate system of the coordinates shown."""

    NETWORK = "network"
    CGCS2000 = "cgcs2000"
    WGS84 = "wgs84"
    GCJ02 = "gcj02"


_NAMES = {
    CoordinateSystem.CGCS2000: "CGCS2000 (EPSG:4490)",
    CoordinateSystem.WGS84: "WGS84 (EPSG:4326)",
    CoordinateSystem.GCJ02: "GCJ-02",
}


class Coordinates:
    """Formats coordinates of one city in the chosen system. A city that is not georeferenced has its local system only."""

    def __init__(self, city: City, system: CoordinateSystem = CoordinateSystem.NETWORK) -> None:
        self._crs = city.network.crs
        self._georeferenced = city.network.georeferenced
        self.system = system if self._georeferenced else CoordinateSystem.NETWORK

    @property
    def offered(self) -> tuple[CoordinateSystem, ...]:
        """Coordinate systems that this city offers."""
        return tuple(CoordinateSystem) if self._georeferenced else (CoordinateSystem.NETWORK,)

    def name(self, local: str, system: CoordinateSystem | None = None) -> str:
        """Name of the system; ``local``: the name of coordinates that are not georeferenced."""
        system = system or self.system
        if system in _NAMES:
            return _NAMES[system]
        if not self._georeferenced:
            return local
        return _described(self._crs)

    def text(self, x: float, y: float, precise: bool = False) -> str:
        """A world point as it is shown: metres east and north, or degrees east and north."""
        if self.system is CoordinateSystem.NETWORK:
            return f"{x:.3f}, {y:.3f}" if precise else f"{x:,.1f}  {y:,.1f}".replace(",", "\u2009")
        lon, lat = self.degrees(x, y)
        if not (math.isfinite(lon) and math.isfinite(lat)):
            return "–"
        return f"{lon:.7f}, {lat:.7f}" if precise else f"{lon:.6f}°  {lat:.6f}°"

    def degrees(self, x: float, y: float) -> tuple[float, float]:
        """(lon, lat) of a world point in the chosen datum; NaN where it is no place on earth."""
        target = "EPSG:4490" if self.system is CoordinateSystem.CGCS2000 else "EPSG:4326"
        try:
            east, north = crs_of.transform(x, y, self._crs, target)
        except QuanmaiError:
            return math.nan, math.nan
        lon, lat = float(east), float(north)
        return gcj02(lon, lat) if self.system is CoordinateSystem.GCJ02 else (lon, lat)


@cache
def _described(crs: str) -> str:
    try:
        return crs_of.describe(crs)
    except QuanmaiError:
        return crs[:60]
