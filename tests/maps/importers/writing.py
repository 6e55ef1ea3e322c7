"""Layers on disk in a line or two, for tests of the import."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyogrio
from shapely import from_wkt

X, Y = 500_000.0, 4_058_000.0
"""An origin in EPSG:4548, in Jinan."""


def line(*points: tuple[float, float]) -> str:
    """WKT of a line, points relative to the origin."""
    return "LINESTRING(" + ",".join(f"{X + x!r} {Y + y!r}" for x, y in points) + ")"


def point(x: float, y: float) -> str:
    """WKT of a point relative to the origin."""
    return f"POINT({X + x!r} {Y + y!r})"


def write(
    path: Path, layers: Mapping[str, Sequence[Mapping[str, Any]]], *, crs: str | None = "EPSG:4548", to: str | None = None
) -> Path:
    """Layers of rows with a column ``wkt``; the format by the file's ending, reprojected ``to`` another CRS if given."""
    for name, rows in layers.items():
        shapes = [from_wkt(row["wkt"]) if row.get("wkt") else None for row in rows]
        frame = gpd.GeoDataFrame([{k: v for k, v in row.items() if k != "wkt"} for row in rows], geometry=shapes, crs=crs)
        if to is not None:
            frame = frame.to_crs(to)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            driver = "OpenFileGDB" if path.suffix == ".gdb" else None
            pyogrio.write_dataframe(frame, path, layer=name, driver=driver, append=path.exists() and path.suffix == ".gpkg")
    return path


def pipe(asset_id: str, *points: tuple[float, float], **columns: Any) -> dict[str, Any]:
    """One pipe of 200 mm."""
    return {"asset_id": asset_id, "diameter_mm": 200.0, "wkt": line(*points), **columns}


def source(x: float, y: float, asset_id: str = "S") -> dict[str, Any]:
    """A source with 60 m of head."""
    return {"asset_id": asset_id, "kind": "source", "head_m": 60.0, "wkt": point(x, y)}
