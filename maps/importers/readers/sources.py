"""Reads vector layers and tables unchanged: GeoPackage, Shapefile, GeoJSON, FileGDB, CSV, sheets of XLSX and ODS."""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError

from maps.errors import Fault, InputFault
from maps.importers.readers.encoding import decoded
from maps.importers.readers.shapefile_text import BYTES, DbfText, member, name_in
from maps.importers.readers.table_points import table_points

_TABLES = {".csv", ".txt"}
_JSON = {".geojson", ".json"}
_AS_TEXT = {"HEADERS": "FORCE", "FIELD_TYPES": "STRING"}
_SHEETS = {".xlsx", ".ods"}
_VECTORS = {".xlsx", ".ods", ".gpkg", ".shp", ".geojson", ".json", ".gdb", ".zip", ".fgb", ".kml", ".sqlite"}


@dataclass(frozen=True, eq=False)
class RawLayer:
    """One source layer. ``frame``: its columns, no geometry; ``geometry``: shapely objects or None, (n,); ``crs``: "" if unknown.

    ``dbf_encoding``: of a Shapefile, whose column names are cut to ten bytes; "" for others. ``faults``: of its encoding.
    """

    source: str
    name: str
    frame: pd.DataFrame
    geometry: NDArray[np.object_] | None
    crs: str
    dbf_encoding: str = ""
    faults: tuple[Fault, ...] = ()

    def called(self, names: Sequence[str]) -> RawLayer:
        """The layer with cut column names replaced by the full ``names``, where the full names are absent."""
        if not self.dbf_encoding:
            return self
        cut = {name_in(name, self.dbf_encoding): name for name in names if name not in self.frame}
        kept = {short: name for short, name in cut.items() if short in self.frame and short != name and short not in names}
        return replace(self, frame=self.frame.rename(columns=kept))


def layer_names(sources: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """(path, layer name) of every layer of every source, in order. Raises InputFault for a file of another kind or unreadable."""
    for path in sources:
        if path.suffix.lower() in _TABLES:
            yield path, path.stem
            continue
        if path.suffix.lower() not in _VECTORS and not path.is_dir():
            raise InputFault(
                f"{path}: files of kind {path.suffix or '(none)'} are not read; "
                "give .inp, .gpkg, .shp, .geojson, .gdb, .csv or .xlsx"
            )
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                listed = pyogrio.list_layers(_json_source(path, None)[0])
        except (DataSourceError, DataLayerError, ValueError, OSError) as fault:
            raise InputFault(f"{path}: cannot be read as vector layers ({_first_line(fault)}); is the file complete?") from fault
        single = len(listed) == 1
        yield from (
            (path, path.stem if single and path.suffix.lower() not in {".gpkg", ".gdb", *_SHEETS} else str(row[0]))
            for row in listed
        )


def read_layer(path: Path, name: str, encoding: str | None = None) -> RawLayer:
    """Read one layer. ``encoding``: of its text where the profile gives it, else as declared, else detected from its bytes.

    Raises InputFault when the layer cannot be read.
    """
    if path.suffix.lower() in _TABLES:
        return _read_table(path, encoding)
    if path.suffix.lower() in _SHEETS:
        return _read_sheet(path, name)
    try:
        dbf = member(path, name, ".dbf")
        source, faults = _json_source(path, encoding)
        with warnings.catch_warnings(), np.errstate(invalid="ignore"):
            warnings.simplefilter("ignore")  # faults of single geometries are reported by their row instead
            layer = name if path.suffix.lower() in {".gpkg", ".gdb"} or len(pyogrio.list_layers(source)) > 1 else None
            as_bytes = {"encoding": BYTES} if dbf is not None else {}
            meta, _, wkb, columns = pyogrio.raw.read(source, layer=layer, datetime_as_string=True, **as_bytes)
            geometry = None if wkb is None else np.asarray(shapely.from_wkb(wkb, on_invalid="ignore"), dtype=object)
    except (DataSourceError, DataLayerError, ValueError, OSError, shapely.errors.ShapelyError) as fault:
        raise InputFault(f"{path}, layer {name}: cannot be read ({_first_line(fault)})") from fault
    fields, dbf_encoding = list(map(str, meta["fields"])), ""
    if dbf is not None:
        text = DbfText.of(fields, columns, dbf, member(path, name, ".cpg"), encoding)
        fields, columns, dbf_encoding, faults = text.names, text.columns, text.encoding, text.faults(f"{path.name}:{name}")
    frame = pd.DataFrame(dict(zip(fields, columns, strict=True)))
    if geometry is not None and len(geometry) and all(shape is None for shape in geometry):
        geometry = None
    # GeoJSON is WGS84 by its standard; GDAL reports that itself.
    return RawLayer(path.name, name, frame, geometry, str(meta.get("crs") or ""), dbf_encoding, tuple(faults))


def _json_source(path: Path, encoding: str | None) -> tuple[Any, list[Fault]]:
    """Input for GDAL: the file, or its text converted to UTF-8, and faults of its encoding."""
    if path.suffix.lower() not in _JSON:
        return path, []
    text = decoded(path.read_bytes(), encoding)
    faults = text.faults(path.name)
    return (path if text.encoding.startswith("utf-8") and not faults else text.text.encode("utf-8")), faults


def _read_table(path: Path, encoding: str | None) -> RawLayer:
    frame, faults = _frame(path, encoding)
    lower = {str(name).lower(): str(name) for name in frame}
    if "wkt" in lower or "geometry" in lower:
        column = lower.get("wkt", lower.get("geometry", ""))
        return RawLayer(path.name, path.stem, frame, _from_wkt(path, column, frame.pop(column)), "", faults=tuple(faults))
    geometry, crs, assumed = table_points(frame, path.name)
    return RawLayer(path.name, path.stem, frame, geometry, crs, faults=(*faults, *assumed))


def _read_sheet(path: Path, name: str) -> RawLayer:
    """A sheet of a workbook: its first row has the names, everything is text, as in a CSV."""
    options = {
        "OGR_XLSX_HEADERS": "FORCE",
        "OGR_XLSX_FIELD_TYPES": "STRING",
        "OGR_ODS_HEADERS": "FORCE",
        "OGR_ODS_FIELD_TYPES": "STRING",
    }
    before = {key: pyogrio.get_gdal_config_option(key) for key in options}
    pyogrio.set_gdal_config_options(options)
    try:
        meta, _, _, columns = pyogrio.raw.read(path, layer=name)
    except (DataSourceError, DataLayerError, ValueError, OSError) as fault:
        raise InputFault(f"{path}, sheet {name}: cannot be read ({_first_line(fault)})") from fault
    finally:
        pyogrio.set_gdal_config_options(before)
    texts = [["" if value is None else str(value).strip() for value in column] for column in columns]
    frame = pd.DataFrame(dict(zip(map(str, meta["fields"]), texts, strict=True)), dtype=object)
    geometry, crs, assumed = table_points(frame, f"{path.name}:{name}")
    return RawLayer(path.name, name, frame, geometry, crs, faults=assumed)


def _frame(path: Path, encoding: str | None) -> tuple[pd.DataFrame, list[Fault]]:
    try:
        text = decoded(path.read_bytes(), encoding)
        # Everything as text: ids keep leading zeros, and numbers are checked with their row later.
        frame = pd.read_csv(io.StringIO(text.text), dtype=str, keep_default_na=False)
    except (OSError, ValueError, csv.Error) as fault:
        raise InputFault(f"{path}: cannot be read as a table ({_first_line(fault)})") from fault
    return frame, text.faults(path.name)


def _from_wkt(path: Path, column: str, values: pd.Series) -> NDArray[np.object_]:
    filled = [text if text.strip() else None for text in values]
    with np.errstate(invalid="ignore"):  # a coordinate that is not a number is reported with its row later
        shapes = np.asarray(shapely.from_wkt(filled, on_invalid="ignore"), dtype=object)
    broken = [row for row, (text, shape) in enumerate(zip(filled, shapes, strict=True)) if text and shape is None]
    if broken:
        raise InputFault(f"{path}, row {broken[0] + 2}, {column}: {str(filled[broken[0]])[:40]!r} is not valid WKT")
    return shapes


def _first_line(fault: Exception) -> str:
    return (str(fault).splitlines() or [type(fault).__name__])[0][:160]
