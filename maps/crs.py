"""Coordinate reference systems: declared, never guessed; x is always east, lon always first (``always_xy``)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from maps.errors import InputFault

LOCAL = "local"
"""A local engineering CRS: coordinates without a position on earth."""

DEFAULT_PROJECTED = "EPSG:4548"
"""CGCS2000 / 3-degree Gauss-Kruger, central meridian 117° E: the default for geographic sources."""


@lru_cache(maxsize=32)
def parse(crs: str) -> CRS:
    """The CRS of an authority code, WKT or PROJ text. Raises InputFault with advice."""
    try:
        return CRS.from_user_input(crs)
    except CRSError as fault:
        raise InputFault(f"CRS {crs[:80]!r} is not known; give an authority code such as EPSG:4548") from fault


def is_geographic(crs: str) -> bool:
    """Whether coordinates are degrees. Raises InputFault for an unknown CRS."""
    return bool(parse(crs).is_geographic)


def must_be_projected(crs: str) -> bool:
    """Whether distances cannot be computed from the coordinates: degrees, or Mercator (1 m in Jinan is 1.25 m there).

    Raises InputFault for an unknown CRS.
    """
    parsed = parse(crs)
    operation = parsed.coordinate_operation
    is_mercator = operation is not None and str(operation.method_name).startswith(("Popular Visualisation", "Mercator"))
    return bool(parsed.is_geographic or is_mercator)


def is_engineering(crs: str) -> bool:
    """Whether a declared CRS has no position on earth (a local grid, "undefined"). Raises InputFault for an unknown one."""
    return crs == LOCAL or bool(parse(crs).is_engineering)


def is_metric(crs: str) -> bool:
    """Whether ``crs`` is projected and in metres."""
    parsed = parse(crs)
    return bool(parsed.is_projected) and all(abs(axis.unit_conversion_factor - 1.0) <= 1e-9 for axis in parsed.axis_info[:2])


def outside_area(crs: str, point: tuple[float, float], margin_deg: float = 3.0) -> str:
    """A sentence when ``point`` (x, y of ``crs``) lies far outside the CRS's area of use, else ""."""
    area = parse(crs).area_of_use
    lon, lat = (float(value) for value in to_wgs84(*point, crs))
    if not (np.isfinite(lon) and np.isfinite(lat)):
        return f"coordinates {point[0]:.0f} {point[1]:.0f} have no position on earth in {describe(crs)}"
    if area is None:
        return ""
    inside = area.west - margin_deg <= lon <= area.east + margin_deg and area.south - margin_deg <= lat <= area.north + margin_deg
    return (
        "" if inside or area.west > area.east else f"the network lies at {lon:.1f}° {lat:.1f}°, where {describe(crs)} is not used"
    )


def projected_metric(crs: str) -> str:
    """Check that ``crs`` is projected and in metres; return its short name. Raises InputFault when it is not, or is unknown."""
    parsed = parse(crs)
    if not is_metric(crs):
        raise InputFault(f"CRS {short_name(parsed)} is not projected in metres; choose one such as {DEFAULT_PROJECTED}")
    return short_name(parsed)


def short_name(crs: CRS) -> str:
    """``EPSG:4548`` where the CRS has a code, else its WKT."""
    authority = crs.to_authority(min_confidence=100)
    return ":".join(authority) if authority else crs.to_wkt()


def describe(crs: str) -> str:
    """Name for messages: ``CGCS2000 / 3-degree Gauss-Kruger CM 117E (EPSG:4548)``."""
    if crs == LOCAL:
        return "local, not georeferenced"
    parsed = parse(crs)
    authority = parsed.to_authority()
    return f"{parsed.name} ({':'.join(authority)})" if authority else str(parsed.name)


@lru_cache(maxsize=32)
def _transformer(source: str, target: str) -> Transformer:
    return Transformer.from_crs(parse(source), parse(target), always_xy=True)


def transform(x: ArrayLike, y: ArrayLike, source: str, target: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Transform coordinates of any shape from one CRS to another; inf outside the projection's range.

    Raises InputFault for a local CRS, and for an unknown one.
    """
    if LOCAL in (source, target):
        raise InputFault("the network is not georeferenced: its coordinates have no position on earth; import with --crs")
    out_x, out_y = _transformer(source, target).transform(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
    return np.asarray(out_x, dtype=np.float64), np.asarray(out_y, dtype=np.float64)


def to_wgs84(x: ArrayLike, y: ArrayLike, crs: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(lon, lat) in degrees, WGS84. Raises InputFault for a local or unknown CRS."""
    return transform(x, y, crs, "EPSG:4326")


def from_wgs84(lon: ArrayLike, lat: ArrayLike, crs: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(x, y) in metres of ``crs`` from WGS84 degrees. Raises InputFault for a local or unknown CRS."""
    return transform(lon, lat, "EPSG:4326", crs)
