"""Writes a trace as GeoJSON (WGS84), GeoPackage (the network's CRS) or CSV, and a profile as CSV."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError

from maps.city import City
from maps.errors import InputFault
from maps.export.csv_tables import write_csv
from maps.export.geojson import write_geojson
from maps.export.output_coordinates import Shown, collection, feature
from maps.trace import Profile, Trace

_PIPE_COLUMNS = ("diameter_mm", "material", "length_m", "year_laid", "road_name")


def write_trace(city: City, trace: Trace, path: Path, stops: Sequence[Mapping[str, str]] = ()) -> None:
    """Write the trace's pipes with their attributes, and its stops (node, reason, asset_id), in the format of the file's suffix.

    ``.geojson``/``.json``, ``.gpkg``, or ``.csv`` (pipes only); whole or not at all. Raises InputFault for another suffix and
    for a file that cannot be written.
    """
    writers = {".geojson": _geojson, ".json": _geojson, ".gpkg": _gpkg, ".csv": _csv}
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise InputFault(f"{path}: a trace is written as .geojson, .gpkg or .csv; choose one of these endings")
    writer(city, trace, path, stops)


def write_profile(city: City, found: Profile, path: Path) -> None:
    """Write a profile as CSV: node, metres along, elevation, head and pressure in m; empty where unknown.

    Raises InputFault when the file cannot be written.
    """
    rows = profile_rows(city, found)
    write_csv(path, ("node", "along_m", "elevation_m", "head_m", "pressure_m"), (list(row.values()) for row in rows))


def profile_rows(city: City, found: Profile) -> list[dict[str, Any]]:
    """A profile as one dictionary per node, with the columns of ``write_profile``; None where unknown."""
    columns = {"along_m": found.along_m, "elevation_m": found.elevation_m, "head_m": found.head_m, "pressure_m": found.pressure_m}
    return [
        {"node": str(city.network.nodes.asset_id[node])}
        | {name: round(float(column[n]), 2) if np.isfinite(column[n]) else None for name, column in columns.items()}
        for n, node in enumerate(found.node.tolist())
    ]


def _rows(city: City, trace: Trace) -> list[dict[str, Any]]:
    pipes = city.network.pipes
    return [
        {"asset_id": str(pipes.asset_id[row])} | {name: _plain(getattr(pipes, name)[row]) for name in _PIPE_COLUMNS}
        for row in np.unique(trace.pipes).tolist()
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, float | np.floating):
        return round(float(value), 3) if np.isfinite(value) else None
    if isinstance(value, int | np.integer):
        return int(value) if value >= 0 else None
    return str(value)


def _geojson(city: City, trace: Trace, path: Path, stops: Sequence[Mapping[str, str]]) -> None:
    shown, network = Shown.of(city.network), city.network
    rows = np.unique(trace.pipes)
    lines = shown.lines(network.pipes, rows)
    features = [
        feature({"type": "LineString", "coordinates": lines[row]} if row in lines else None, {"layer": "pipes", **properties})
        for row, properties in zip(rows.tolist(), _rows(city, trace), strict=True)
    ]
    at = network.nodes.rows(stop["node"] for stop in stops)
    points = shown.points(np.column_stack([network.nodes.x[at], network.nodes.y[at]])).tolist() if len(at) else []
    features += [
        feature({"type": "Point", "coordinates": point}, {"layer": "stops", **stop})
        for stop, point in zip(stops, points, strict=True)
    ]
    members = {} if network.georeferenced else {"coordinates": "local engineering CRS, metres"}
    write_geojson(path, collection(features, **members))


def _gpkg(city: City, trace: Trace, path: Path, stops: Sequence[Mapping[str, str]]) -> None:
    network = city.network
    rows = np.unique(trace.pipes).tolist()
    lines = [shapely.LineString(network.pipes.points(row)) if len(network.pipes.points(row)) > 1 else None for row in rows]
    at = network.nodes.rows(stop["node"] for stop in stops).tolist()
    points = [shapely.Point(network.nodes.x[node], network.nodes.y[node]) for node in at]
    aside = path.with_name(f".{path.stem}.{os.getpid()}.writing.gpkg")
    try:
        _layer(aside, "pipes", _rows(city, trace), lines, "LineString", network.crs, ("asset_id", *_PIPE_COLUMNS))
        _layer(aside, "stops", [dict(stop) for stop in stops], points, "Point", network.crs, ("node", "reason", "asset_id"))
        aside.replace(path)
    except (DataSourceError, DataLayerError, FeatureError, FieldError, OSError) as fault:
        raise InputFault(f"{path}: cannot be written ({fault}); choose another folder or free the disk") from fault
    finally:
        for leftover in (aside, Path(f"{aside}-journal")):
            leftover.unlink(missing_ok=True)


def _layer(
    path: Path, name: str, rows: list[dict[str, Any]], shapes: list[Any], kind: str, crs: str, columns: tuple[str, ...]
) -> None:
    if not rows:
        return
    table = {column: pa.array([row[column] for row in rows]) for column in columns}
    geometry = np.array([shapely.to_wkb(shape) if shape is not None else None for shape in shapes], dtype=object)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "'crs' was not provided")  # a local grid has none
        pyogrio.raw.write_arrow(
            pa.table({**table, "geom": pa.array(geometry, type=pa.binary())}),
            path,
            layer=name,
            driver="GPKG",
            append=path.exists(),
            geometry_name="geom",
            geometry_type=kind,
            crs=None if crs == "local" else crs,
        )


def _csv(city: City, trace: Trace, path: Path, stops: Sequence[Mapping[str, str]]) -> None:
    write_csv(path, ("asset_id", *_PIPE_COLUMNS), (list(row.values()) for row in _rows(city, trace)))
