"""Writes layers of any content as GeoPackage with QGIS styles, as GeoJSON, or as KML for phones."""

from __future__ import annotations

import math
import sqlite3
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyogrio
import shapely
from lxml import etree
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError

from maps.crs import to_wgs84
from maps.dataset.schema import LOCAL_WKT
from maps.errors import InputFault
from maps.export.geojson import write_geojson
from maps.export.qgis_styles import Look, qml
from maps.files import write_aside

_KML = "http://www.opengis.net/kml/2.2"
_LEGAL = {"\t", "\n", "\r"}


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer. ``geometry``: shapely, the network's CRS, (n,); ``columns``: (n,) each; ``title``: shown name."""

    name: str
    title: str
    kind: str
    geometry: NDArray[np.object_]
    columns: Mapping[str, Sequence[Any]]
    look: Look = field(default_factory=Look)

    def __len__(self) -> int:
        return len(self.geometry)


def write_layers_gpkg(layers: Sequence[Layer], crs: str, path: Path) -> None:
    """Write one GeoPackage, whole or not at all; QGIS opens each layer in its style.

    Raises InputFault when the file cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="quanmai-layers-") as folder:
        aside = Path(folder) / "layers.gpkg"
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # GDAL warns about engineering CRSs, which are intended
                for layer in layers:
                    _append(layer, LOCAL_WKT if crs == "local" else crs, aside)
            _styles([layer for layer in layers if len(layer)], aside)
        except (DataSourceError, DataLayerError, FeatureError, FieldError, OSError) as fault:
            raise InputFault(f"{path}: cannot be written ({fault}); choose another folder or free the disk") from fault
        write_aside(path, aside.read_bytes())


def write_layers_geojson(layers: Sequence[Layer], crs: str, path: Path) -> None:
    """Write one FeatureCollection (WGS84, or local coordinates with a note); each feature names its ``layer``.

    Raises InputFault when the file cannot be written.
    """
    features = []
    for layer in layers:
        shapes = layer.geometry if crs == "local" else shapely.transform(layer.geometry, lambda xy: _degrees(xy, crs))
        for row, shape in enumerate(shapes):
            if shape is not None and not shape.is_empty:
                own = {name: _plain(values[row]) for name, values in layer.columns.items()}
                geometry = shapely.geometry.mapping(shape)
                features.append({"type": "Feature", "geometry": geometry, "properties": {"layer": layer.name, **own}})
    note = {"coordinates": "the drawing's own x, y in metres: the network is not georeferenced"} if crs == "local" else {}
    write_geojson(path, {"type": "FeatureCollection", **note, "features": features})


def write_layers_kml(layers: Sequence[Layer], crs: str, path: Path, title: str) -> None:
    """Write KML 2.2 for phones. Raises InputFault for a network that is not georeferenced, since KML has degrees only."""
    if crs == "local":
        raise InputFault(f"{path}: KML needs positions on earth; this network is not georeferenced, use --geojson")
    root = etree.fromstring(f'<kml xmlns="{_KML}"/>')
    document = _put(root, "Document")
    _put(document, "name", title)
    for layer in layers:
        style = _put(document, "Style")
        style.set("id", layer.name)
        for name in ("LineStyle", "PolyStyle", "IconStyle"):
            part = _put(style, name)
            _put(part, "color", _kml_colour(layer.look))
            if name == "LineStyle":
                _put(part, "width", f"{max(layer.look.width, 2):g}")
    for layer in layers:
        _kml_folder(document, layer, shapely.transform(layer.geometry, lambda xy: _degrees(xy, crs)))
    write_aside(path, etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _append(layer: Layer, crs: str, path: Path) -> None:
    columns = {name: _column(values) for name, values in layer.columns.items()}
    shapes = pa.array(shapely.to_wkb(layer.geometry, include_srid=False), type=pa.binary())
    pyogrio.raw.write_arrow(
        pa.table({**columns, "geom": shapes}), path, layer=layer.name, driver="GPKG", append=path.exists(),
        geometry_name="geom", geometry_type=layer.kind, crs=crs, layer_options={"IDENTIFIER": layer.title},
    )  # fmt: skip


def _column(values: Sequence[Any]) -> Any:
    """An Arrow array; figures where no row has one: GDAL knows no type without values."""
    made = pa.array([_plain(value) for value in values])
    return made.cast(pa.float64() if len(made) else pa.string()) if pa.types.is_null(made.type) else made


def _styles(layers: Sequence[Layer], path: Path) -> None:
    """Write QGIS's table ``layer_styles``, from which it takes the default style of each layer."""
    columns = (
        "id INTEGER PRIMARY KEY AUTOINCREMENT, f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256), "
        "f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, "
        "owner TEXT(30), ui TEXT(30), update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now'))"
    )
    connection = sqlite3.connect(path)
    try:
        with connection:
            connection.execute(f"CREATE TABLE layer_styles ({columns})")
            connection.execute(
                "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change) "
                "VALUES ('layer_styles', 'attributes', 'layer_styles', '', strftime('%Y-%m-%dT%H:%M:%fZ','now'))"
            )
            connection.executemany(
                "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, "
                "styleQML, styleSLD, useAsDefault, description, owner) VALUES ('', '', ?, 'geom', ?, ?, '', 1, 'Quanmai', '')",
                [(layer.name, layer.name[:30], qml(layer.kind, layer.look)) for layer in layers],
            )
    finally:
        connection.close()


def _kml_folder(document: Any, layer: Layer, shapes: NDArray[np.object_]) -> None:
    folder = _put(document, "Folder")
    _put(folder, "name", layer.title)
    names = layer.columns.get("name") or layer.columns.get("asset_id") or [""] * len(layer)
    for row, shape in enumerate(shapes):
        if shape is None or shape.is_empty:
            continue
        mark = _put(folder, "Placemark")
        _put(mark, "name", str(names[row]))
        words = [f"{name}: {_plain(values[row])}" for name, values in layer.columns.items() if values[row] not in ("", None)]
        _put(mark, "description", "\n".join(words))
        _put(mark, "styleUrl", f"#{layer.name}")
        _kml_geometry(mark, shape)


def _kml_geometry(parent: Any, shape: Any) -> None:
    match shape.geom_type:
        case "Point" | "LineString":
            _put(_put(parent, shape.geom_type), "coordinates", _kml_points(shape))
        case "Polygon":
            polygon = _put(parent, "Polygon")
            for name, ring in (("outerBoundaryIs", shape.exterior), *(("innerBoundaryIs", hole) for hole in shape.interiors)):
                _put(_put(_put(polygon, name), "LinearRing"), "coordinates", _kml_points(ring))
        case _:
            several = _put(parent, "MultiGeometry")
            for part in shape.geoms:
                _kml_geometry(several, part)


def _kml_points(shape: Any) -> str:
    return " ".join(f"{x:.6f},{y:.6f}" for x, y in shapely.get_coordinates(shape).tolist())


def _put(parent: Any, name: str, text: str = "") -> Any:
    child = etree.SubElement(parent, f"{{{_KML}}}{name}")
    if text:
        child.text = "".join(char for char in text if char in _LEGAL or _printable(ord(char)))
    return child


def _printable(code: int) -> bool:
    """Whether XML 1.0 allows a character."""
    return 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000


def _kml_colour(look: Look) -> str:
    red, green, blue = look.colour[1:3], look.colour[3:5], look.colour[5:7]
    return f"ff{blue}{green}{red}"


def _degrees(xy: NDArray[np.float64], crs: str) -> NDArray[np.float64]:
    lon, lat = to_wgs84(xy[:, 0], xy[:, 1], crs)
    return np.asarray(np.round(np.column_stack([lon, lat]), 7), dtype=np.float64)


def _plain(value: Any) -> Any:
    """A value for any format: None instead of NaN, no numpy type."""
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
