"""Coordinate systems that coordinates could be in, and where each puts them. Nothing is chosen: a person compares them on a map.

GCJ-02 (the shifted coordinates of Chinese web maps) is shown beside degrees, since it looks like them and is 300 to 700 m off.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyproj.exceptions import CRSError, ProjError
from scipy.spatial import cKDTree

from maps import crs as crs_of
from maps.errors import InputFault
from maps.gcj02 import wgs84_of

GCJ02 = "GCJ-02"
"""Not a coordinate system that an import takes: such data are converted first."""
_CHINA = (73.0, 17.0, 136.0, 54.0)
"""West, south, east, north in degrees."""
_NEAR_ROAD_M = 20.0
_MOST_POINTS = 2000
_EARTH_M = 111_320.0
Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One coordinate system. ``lon``, ``lat``: where it puts the middle of the data, degrees WGS84.

    ``on_roads``: share of the data near a road of the base map, None without one there; ``shift_m``: of GCJ-02, else 0.
    """

    crs: str
    lon: float
    lat: float
    on_roads: float | None = None
    shift_m: float = 0.0


def candidates(points: Points, declared: str = "", roads: Points | None = None) -> tuple[Candidate, ...]:
    """Coordinate systems that fit, the declared one first, then by the share on roads, then as listed.

    ``points``: coordinates of the data as they are, (n, 2); ``roads``: vertices of a base map, degrees WGS84, (m, 2).
    """
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return ()
    sampled = points[:: max(1, len(points) // _MOST_POINTS)]
    listed = dict.fromkeys([*([declared] if declared else []), *_possible(np.median(points, axis=0))])
    index = _RoadIndex(roads) if roads is not None and len(roads) else None
    found = [made for crs in listed if (made := _candidate(crs, sampled, index)) is not None]
    first = [one for one in found if one.crs == declared]
    rest = [one for one in found if one.crs != declared]
    return (*first, *sorted(rest, key=lambda one: -(one.on_roads or 0.0)))


def lon_lat(points: Points, crs: str) -> Points:
    """Coordinates of a candidate as degrees WGS84, (n, 2). Raises InputFault for an unknown CRS."""
    if crs == GCJ02:
        return wgs84_of(points)
    lon, lat = crs_of.to_wgs84(points[:, 0], points[:, 1], crs)
    return np.column_stack([lon, lat])


def zone_of(lon: float) -> str:
    """The CGCS2000 3-degree zone (without a number before its eastings) for a place in China, else UTM's."""
    meridian = 3 * round(lon / 3)
    if 75 <= meridian <= 135:
        return f"EPSG:{4534 + (meridian - 75) // 3}"
    return f"EPSG:{32600 + min(60, int((lon + 180) // 6) + 1)}"


def _possible(middle: NDArray[np.float64]) -> list[str]:
    x, y = float(middle[0]), float(middle[1])
    if abs(x) <= 180 and abs(y) <= 90:
        inside = _CHINA[0] <= x <= _CHINA[2] and _CHINA[1] <= y <= _CHINA[3]
        return ["EPSG:4490", "EPSG:4326", *([GCJ02] if inside else [])]
    zones = list[str]()
    if 1_800_000 <= y <= 6_000_000:
        if 200_000 <= x <= 800_000:
            zones += [f"EPSG:{4534 + at}" for at in (14, 13, 15, 12, 16, *range(12), *range(17, 21))]
        zones += [f"EPSG:{4513 + at}" for at in range(21) if 0 <= x - (25 + at) * 1e6 - 200_000 <= 600_000]
        zones += [f"EPSG:{4491 + at}" for at in range(11) if 0 <= x - (13 + at) * 1e6 - 100_000 <= 800_000]
    if abs(x) <= 20_040_000 and abs(y) <= 20_040_000 and abs(x) > 1_000_000:
        zones.append("EPSG:3857")
    return zones


class _RoadIndex:
    """Vertices of roads in metres about their middle."""

    def __init__(self, roads: Points) -> None:
        self._middle = np.median(roads, axis=0)
        self._tree = cKDTree(self._metres(roads))

    def share(self, points: Points) -> float | None:
        """Share of points near a vertex, None where most lie outside the base map altogether."""
        away, _ = self._tree.query(self._metres(points), distance_upper_bound=5_000.0)
        if np.isfinite(away).mean() < 0.5:
            return None
        return float(np.mean(away <= _NEAR_ROAD_M))

    def _metres(self, points: Points) -> Points:
        scale = np.array([_EARTH_M * np.cos(np.radians(self._middle[1])), _EARTH_M])
        return np.asarray((points - self._middle) * scale)


def _candidate(crs: str, points: Points, roads: _RoadIndex | None) -> Candidate | None:
    try:
        placed = lon_lat(points, crs)
    except (InputFault, CRSError, ProjError):
        return None
    placed_ok = placed[np.isfinite(placed).all(axis=1)]
    if len(placed_ok) < 0.9 * len(points):
        return None
    lon, lat = (float(value) for value in np.median(placed_ok, axis=0))
    shift = (
        float(np.hypot(*((placed_ok[0] - points[0]) * [_EARTH_M * np.cos(np.radians(lat)), _EARTH_M]))) if crs == GCJ02 else 0.0
    )
    return Candidate(crs, lon, lat, roads.share(placed_ok) if roads is not None else None, shift)


def densified(segments: NDArray[np.float64], step_deg: float = 0.0002) -> Points:
    """Points along segments (n, 4) at most ``step_deg`` (20 m) apart, (m, 2): ends alone are far apart on long streets."""
    if not len(segments):
        return np.empty((0, 2))
    length = np.hypot(segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1])
    parts = np.clip(np.ceil(length / step_deg).astype(np.int64), 1, 200)
    row = np.repeat(np.arange(len(segments)), parts)
    nth = np.arange(len(row)) - np.repeat(np.cumsum(parts) - parts, parts)
    share = (nth / parts[row])[:, None]
    return np.asarray(segments[row, :2] * (1 - share) + segments[row, 2:] * share)
