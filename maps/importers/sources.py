"""Reads vector layers and tables as they are: GeoPackage, Shapefile, GeoJSON, FileGDB, CSV (a column ``wkt``, or x and y)."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError

from maps.errors import InputFault

_TABLES = {".csv", ".txt"}
_VECTORS = {".gpkg", ".shp", ".geojson", ".json", ".gdb", ".zip", ".fgb", ".kml", ".sqlite"}


@dataclass(frozen=True, eq=False)
class RawLayer:
    """One source layer. ``frame``: its columns, no geometry; ``geometry``: shapely objects or None, (n,); ``crs``: "" unknown."""

    source: str
    name: str
    frame: pd.DataFrame
    geometry: NDArray[np.object_] | None
    crs: str


def layer_names(sources: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """Every layer of every source, in order. Raises InputFault for a file that is none."""
    for path in sources:
        if path.suffix.lower() in _TABLES:
            yield path, path.stem
            continue
        if path.suffix.lower() not in _VECTORS and not path.is_dir():
            raise InputFault(
                f"{path}: kind {path.suffix or '(none)'} is not read; give .inp, .gpkg, .shp, .geojson, .gdb or .csv"
            )
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                listed = pyogrio.list_layers(path)
        except (DataSourceError, DataLayerError, ValueError) as fault:
            raise InputFault(f"{path}: cannot be read as vector layers ({_first_line(fault)}); is it whole?") from fault
        single = len(listed) == 1
        yield from (
            (path, path.stem if single and path.suffix.lower() not in {".gpkg", ".gdb"} else str(row[0])) for row in listed
        )


def read_layer(path: Path, name: str) -> RawLayer:
    """One layer. Raises InputFault."""
    if path.suffix.lower() in _TABLES:
        return _read_table(path)
    try:
        with warnings.catch_warnings(), np.errstate(invalid="ignore"):
            warnings.simplefilter("ignore")  # faults of single geometries are reported by their row instead
            layer = name if path.suffix.lower() in {".gpkg", ".gdb"} or len(pyogrio.list_layers(path)) > 1 else None
            meta, _, wkb, columns = pyogrio.raw.read(path, layer=layer, datetime_as_string=True)
            geometry = None if wkb is None else np.asarray(shapely.from_wkb(wkb, on_invalid="ignore"), dtype=object)
    except (DataSourceError, DataLayerError, ValueError, OSError, shapely.errors.ShapelyError) as fault:
        raise InputFault(f"{path}, layer {name}: cannot be read ({_first_line(fault)})") from fault
    frame = pd.DataFrame(dict(zip(map(str, meta["fields"]), columns, strict=True)))
    if geometry is not None and len(geometry) and all(shape is None for shape in geometry):
        geometry = None
    # A GeoJSON holds WGS84 by its standard; GDAL says so itself.
    return RawLayer(path.name, name, frame, geometry, str(meta.get("crs") or ""))


def _read_table(path: Path) -> RawLayer:
    frame = _frame(path)
    lower = {str(name).lower(): str(name) for name in frame}
    geometry: NDArray[np.object_] | None = None
    if "wkt" in lower or "geometry" in lower:
        column = lower.get("wkt", lower.get("geometry", ""))
        geometry = _from_wkt(path, column, frame.pop(column))
    elif {"x", "y"} <= set(lower):
        geometry = _from_xy(pd.to_numeric(frame[lower["x"]], errors="coerce"), pd.to_numeric(frame[lower["y"]], errors="coerce"))
    return RawLayer(path.name, path.stem, frame, geometry, "")


def _frame(path: Path) -> pd.DataFrame:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            # Everything as text: ids keep their zeros, numbers are judged with their row.
            return pd.read_csv(path, dtype=str, keep_default_na=False, encoding=encoding)
        except UnicodeDecodeError:
            continue
        except (OSError, ValueError, csv.Error) as fault:
            raise InputFault(f"{path}: cannot be read as a table ({_first_line(fault)})") from fault
    raise InputFault(f"{path}: neither UTF-8 nor GB 18030 text; save it as UTF-8")


def _from_wkt(path: Path, column: str, values: pd.Series) -> NDArray[np.object_]:
    filled = [text if text.strip() else None for text in values]
    with np.errstate(invalid="ignore"):  # a coordinate that is no number is a fault with its row, later
        shapes = np.asarray(shapely.from_wkt(filled, on_invalid="ignore"), dtype=object)
    broken = [row for row, (text, shape) in enumerate(zip(filled, shapes, strict=True)) if text and shape is None]
    if broken:
        raise InputFault(f"{path}, row {broken[0] + 2}, {column}: {str(filled[broken[0]])[:40]!r} is not valid WKT")
    return shapes


def _from_xy(x: pd.Series, y: pd.Series) -> NDArray[np.object_]:
    points = np.empty(len(x), dtype=object)
    known = np.asarray(x.notna() & y.notna())
    points[known] = shapely.points(x[known].to_numpy(dtype=np.float64), y[known].to_numpy(dtype=np.float64))
    return points


def _first_line(fault: Exception) -> str:
    return (str(fault).splitlines() or [type(fault).__name__])[0][:160]
