"""Points of tables from their coordinate columns, in Chinese and English; degrees by their name, eastings and northings too."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from maps.errors import Fault, Severity

WGS84 = "EPSG:4326"
_DEGREES = (("lon", "lat"), ("lng", "lat"), ("longitude", "latitude"), ("经度", "纬度"))
_METRES = (
    ("x", "y"),
    ("easting", "northing"),
    ("point_x", "point_y"),
    ("x_coord", "y_coord"),
    ("横坐标", "纵坐标"),
    ("东坐标", "北坐标"),
)
_SURVEY = (("x坐标", "y坐标"), ("坐标x", "坐标y"))
"""Of Chinese surveys x is north, of most programs east: their size tells which."""


def table_points(frame: pd.DataFrame, place: str) -> tuple[NDArray[np.object_] | None, str, tuple[Fault, ...]]:
    """(points, CRS, what was assumed) of a table; (None, "", ()) without a pair of coordinate columns."""
    names = {"".join(str(name).lower().split()): str(name) for name in frame}
    if (pair := _pair(_METRES, names)) is not None:
        return _points(*_numbers(frame, pair)), "", ()
    if (pair := _pair(_SURVEY, names)) is not None:
        x, y = _numbers(frame, pair)
        if not _is_swapped(x, y):
            return _points(x, y), "", ()
        said = f"{pair[0]} is taken as north and {pair[1]} as east, as their numbers are"
        return _points(y, x), "", (Fault(Severity.INFO, "axes_swapped", said, place),)
    if (pair := _pair(_DEGREES, names)) is not None:
        said = f"{pair[0]}, {pair[1]} are taken as WGS84; shifted coordinates of web maps (GCJ-02) would be 300 to 700 m off"
        return _points(*_numbers(frame, pair)), WGS84, (Fault(Severity.WARNING, "degrees_assumed", said, place),)
    return None, "", ()


def _pair(pairs: Iterable[tuple[str, str]], names: dict[str, str]) -> tuple[str, str] | None:
    return next(((names[a], names[b]) for a, b in pairs if a in names and b in names), None)


def _numbers(frame: pd.DataFrame, pair: tuple[str, str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = (np.asarray(pd.to_numeric(frame[name], errors="coerce"), dtype=np.float64) for name in pair)
    return x, y


def _is_swapped(x: NDArray[np.float64], y: NDArray[np.float64]) -> bool:
    """Whether x looks like a northing of China and y like an easting with or without a zone."""
    if not (np.isfinite(x).any() and np.isfinite(y).any()):
        return False
    north, east = float(np.nanmedian(x)), float(np.nanmedian(y))
    return 1_800_000 <= north <= 6_000_000 and (100_000 <= east <= 1_000_000 or 13_000_000 <= east <= 46_000_000)


def _points(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.object_]:
    points = np.empty(len(x), dtype=object)
    known = np.isfinite(x) & np.isfinite(y)
    points[known] = shapely.points(x[known], y[known])
    return points
