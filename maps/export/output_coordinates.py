"""Coordinates as written to files: WGS84 lon, lat; local x, y where the network is not georeferenced."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from maps.crs import to_wgs84
from maps.network import PipeNetwork, PipeTable

_DEGREE_DECIMALS, _METRE_DECIMALS = 6, 2


@dataclass(frozen=True, slots=True)
class Shown:
    """Converts a network's coordinates for output. ``decimals``: of written numbers (about 0.1 m, or 0.01 m for local ones)."""

    crs: str
    georeferenced: bool

    @classmethod
    def of(cls, network: PipeNetwork) -> Shown:
        """Converter for one network."""
        return cls(network.crs, network.georeferenced)

    def points(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Convert points (n, 2) of the network's CRS to lon, lat (or x, y), (n, 2)."""
        if not self.georeferenced:
            return np.asarray(np.round(xy, _METRE_DECIMALS))
        lon, lat = to_wgs84(xy[:, 0], xy[:, 1], self.crs)
        return np.asarray(np.round(np.column_stack([lon, lat]), _DEGREE_DECIMALS))

    def geometry(self, shape: Any) -> Any:
        """A shapely geometry (or None) in the network's CRS as GeoJSON geometry, None when there is none."""
        if shape is None or shape.is_empty:
            return None
        return shapely.geometry.mapping(shapely.transform(shape, self.points))

    def lines(self, pipes: PipeTable, rows: Iterable[int]) -> dict[int, list[list[float]]]:
        """Coordinates by pipe row, for rows with at least two finite points; all are transformed at once."""
        parts = {int(row): pipes.points(int(row)) for row in rows}
        parts = {row: points for row, points in parts.items() if len(points) > 1 and bool(np.isfinite(points).all())}
        if not parts:
            return {}
        listed = self.points(np.concatenate(list(parts.values()))).tolist()
        lines: dict[int, list[list[float]]] = {}
        start = 0
        for row, points in parts.items():
            lines[row] = listed[start : start + len(points)]
            start += len(points)
        return lines


def feature(geometry: Any, properties: dict[str, Any], feature_id: str | None = None) -> dict[str, Any]:
    """A GeoJSON feature."""
    body: dict[str, Any] = {"type": "Feature", "properties": properties, "geometry": geometry}
    return body if feature_id is None else {**body, "id": feature_id}


def point(coordinates: Iterable[float]) -> dict[str, Any]:
    """A GeoJSON point."""
    return {"type": "Point", "coordinates": [float(value) for value in coordinates]}


def collection(features: list[dict[str, Any]], **members: Any) -> dict[str, Any]:
    """A GeoJSON feature collection with foreign members."""
    return {"type": "FeatureCollection", **members, "features": features}
