"""Writes a city dataset to a temporary file and renames it: the file is completely new or unchanged."""

from __future__ import annotations

import errno
import json
import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError

from maps import crs as crs_of
from maps.city import City, ShapeTable, ZoneTable
from maps.columns import Columns
from maps.dataset.schema import CODES, LOCAL_WKT, NODE_REFERENCES, PIPE_REFERENCES, POINT_COLUMNS, SCHEMA_VERSION

Fields = dict[str, NDArray[Any]]
_RESERVED = frozenset({"fid", "geom", "geometry"})
_INDEXED_ROWS = 200_000
"""Layers up to this size get a spatial index: only GIS programs use it, and it takes longer than all other writing."""


@dataclass(frozen=True, eq=False)
class _Layer:
    name: str
    fields: Fields
    geometry: NDArray[np.object_] | None = None
    kind: str = "Point"


def write_city(city: City, path: Path) -> None:
    """Write a dataset, completely or not at all. Raises OSError when the file cannot be written."""
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a folder; name a file", str(path))
    try:
        handle, aside = tempfile.mkstemp(suffix=".gpkg", prefix=f".{path.stem}-", dir=path.parent)
    except OSError as fault:
        raise OSError(fault.errno, fault.strerror, str(path)) from fault  # names the requested file, not the temporary one
    os.close(handle)
    Path(aside).unlink()
    # The file is renamed only when complete, so waiting for the disk after each layer is not needed.
    before = pyogrio.get_gdal_config_option("OGR_SQLITE_SYNCHRONOUS")
    pyogrio.set_gdal_config_options({"OGR_SQLITE_SYNCHRONOUS": "OFF"})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # GDAL warns about tables without geometry and engineering CRSs; both are intended
            crs = LOCAL_WKT if city.network.crs == crs_of.LOCAL else city.network.crs
            for layer in _layers(city):
                _append(layer, Path(aside), crs)
        _to_disk(Path(aside))
        Path(aside).replace(path)
    except (DataSourceError, DataLayerError, FeatureError, FieldError) as fault:
        raise OSError(errno.ENOSPC, f"cannot be written ({fault})", str(path)) from fault
    finally:
        pyogrio.set_gdal_config_options({"OGR_SQLITE_SYNCHRONOUS": before})
        for leftover in (aside, f"{aside}-journal", f"{aside}-wal"):
            Path(leftover).unlink(missing_ok=True)


def _to_disk(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _append(layer: _Layer, path: Path, crs: str) -> None:
    columns = {name: _arrow(values) for name, values in layer.fields.items()}
    if layer.geometry is None:
        pyogrio.raw.write_arrow(pa.table(columns), path, layer=layer.name, driver="GPKG", append=path.exists())
        return
    shapes = shapely.to_wkb(layer.geometry, include_srid=False)
    table = pa.table({**columns, "geom": pa.array(shapes, type=pa.binary())})
    pyogrio.raw.write_arrow(
        table, path, layer=layer.name, driver="GPKG", append=path.exists(), geometry_name="geom", geometry_type=layer.kind,
        crs=crs, SPATIAL_INDEX="YES" if table.num_rows <= _INDEXED_ROWS else "NO",
    )  # fmt: skip


def _arrow(values: NDArray[Any]) -> pa.Array:
    """A column for Arrow; an empty text column keeps its type, since an empty layer could not be written otherwise."""
    return pa.array(values, type=pa.string()) if values.dtype == object and not len(values) else pa.array(values)


def _layers(city: City) -> Iterator[_Layer]:
    network = city.network
    yield _Layer("city", _city_row(city))
    yield _Layer("nodes", _fields(city, network.nodes), _points(network.nodes.x, network.nodes.y))
    yield _Layer("pipes", _fields(city, network.pipes), _lines(city), "LineString")
    for table in (network.pumps, network.valves, city.hydrants, city.plants, city.crews, city.stations, city.customers):
        if len(table):
            yield _Layer(table.LAYER, _fields(city, table), _points(*_place(city, table)))
    shapes: Mapping[str, ZoneTable | ShapeTable] = {
        "zones": city.zones, "roads": city.roads, "water": city.water, "places": city.places,
    }  # fmt: skip
    for name, layer in shapes.items():
        if len(layer):
            yield _Layer(name, _fields(city, layer), layer.geometry, "Unknown")
    model = city.epanet
    if model is not None:
        fields = {"inp": _one(model.inp), "built": np.array([model.built]), "calibrated": _one(model.calibrated)}
        yield _Layer("epanet_model", fields)
        yield _Layer("epanet_ids", {"asset_id": model.asset_id, "epanet_id": model.epanet_id, "kind": model.kind})


def _city_row(city: City) -> Fields:
    info, network = city.info, city.network
    texts = {
        "name": info.name, "site": info.site, "time_zone": info.time_zone, "headloss": network.headloss, "crs": network.crs,
        "assumed": json.dumps(list(info.assumed), ensure_ascii=False),
    }  # fmt: skip
    flags = {"georeferenced": network.georeferenced, "synthetic": info.synthetic}
    row: Fields = {"schema_version": np.array([SCHEMA_VERSION], dtype=np.int32)}
    row |= {name: _one(value) for name, value in texts.items()}
    return row | {name: np.array([value]) for name, value in flags.items()}


def _one(value: str) -> NDArray[np.object_]:
    return np.array([value], dtype=object)


def _fields(city: City, table: Columns) -> Fields:
    """Columns as written to the file: references as ids, codes as names, no coordinates."""
    fields: Fields = {}
    for name, kind in table.column_kinds().items():
        values = getattr(table, name)
        codes = CODES.get((table.LAYER, name))
        if name in POINT_COLUMNS.get(table.LAYER, ()):
            continue
        if codes is not None:
            values = np.array([code.name.lower() for code in codes], dtype=object)[values]
        elif kind == "Ints" and name in NODE_REFERENCES | PIPE_REFERENCES:
            ids = (city.network.nodes if name in NODE_REFERENCES else city.network.pipes).asset_id
            values = np.append(ids, "")[values]
        fields[name] = values
    return fields | _extra(table, fields)


def _extra(table: Columns, fields: Fields) -> Fields:
    """Extra columns, renamed where names differ only in letter case, which a GeoPackage does not allow."""
    used, extra = {name.lower() for name in fields} | _RESERVED, dict[str, NDArray[Any]]()
    for name, values in table.extra.items():
        free = name
        while free.lower() in used:
            free = f"{free}_"
        used.add(free.lower())
        extra[free] = values
    return extra


def _points(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.object_]:
    points = np.empty(len(x), dtype=object)
    known = np.isfinite(x) & np.isfinite(y)
    if known.any():
        points[known] = shapely.points(x[known], y[known])
    return points


def _lines(city: City) -> NDArray[np.object_]:
    pipes = city.network.pipes
    counts = np.diff(pipes.offsets)
    if not len(counts):
        return np.empty(0, dtype=object)
    rows = np.repeat(np.arange(len(counts)), counts)
    if np.isfinite(pipes.vertices).all():
        return np.asarray(shapely.linestrings(pipes.vertices, indices=rows), dtype=object)
    # A pipe whose node has no coordinates is drawn by its known points, or not at all.
    known = np.isfinite(pipes.vertices).all(axis=1)
    enough = np.bincount(rows[known], minlength=len(counts)) >= 2
    known &= enough[rows]
    lines = np.empty(len(counts), dtype=object)
    if known.any():
        _, index = np.unique(rows[known], return_inverse=True)
        lines[enough] = shapely.linestrings(pipes.vertices[known], indices=index)
    return lines


def _place(city: City, table: Columns) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where rows are drawn, (n, 2): their own point, else their node, else midway between their two nodes."""
    x, y = (
        np.array(getattr(table, name), dtype=np.float64) for name in POINT_COLUMNS[table.LAYER]
    ) if table.LAYER in POINT_COLUMNS else (np.full(len(table), np.nan), np.full(len(table), np.nan))  # fmt: skip
    nodes, kinds = city.network.nodes, table.column_kinds()
    if "node" not in kinds:
        return x, y
    none = np.full(len(table), -1, dtype=np.int32)
    at, start, end = (getattr(table, name) if name in kinds else none for name in ("node", "from_node", "to_node"))
    drawn = []
    for own, of_node in ((x, np.append(nodes.x, np.nan)), (y, np.append(nodes.y, np.nan))):
        middle = (of_node[start] + of_node[end]) / 2
        drawn.append(np.where(np.isfinite(own), own, np.where(at >= 0, of_node[at], middle)))
    return drawn[0], drawn[1]
