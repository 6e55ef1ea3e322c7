"""The city dataset: one GeoPackage with the standard layers; opens in QGIS. Written aside, then renamed.

Row references are written as asset ids, kinds and states as their names; geometry is in the city's CRS.
"""

from __future__ import annotations

import json
import os
import tempfile
import warnings
from collections.abc import Iterable, Mapping
from enum import IntEnum
from pathlib import Path
from typing import Any, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError

from maps import crs as crs_of
from maps.city import (
    City,
    CityInfo,
    CrewTable,
    CustomerTable,
    EpanetModel,
    HydrantTable,
    PlantTable,
    ShapeTable,
    StationTable,
    ZoneTable,
)
from maps.columns import Columns, texts
from maps.errors import InputFault
from maps.network import (
    NodeKind,
    NodeTable,
    PipeNetwork,
    PipeStatus,
    PipeTable,
    PumpTable,
    ValveKind,
    ValveState,
    ValveTable,
)

SCHEMA_VERSION = 1

_CODES: Mapping[tuple[str, str], type[IntEnum]] = {
    ("nodes", "kind"): NodeKind,
    ("pipes", "status"): PipeStatus,
    ("pumps", "status"): PipeStatus,
    ("valves", "kind"): ValveKind,
    ("valves", "state"): ValveState,
    ("valves", "normal_state"): ValveState,
}
_NODE_REFERENCES = ("from_node", "to_node", "node")
_PIPE_REFERENCES = ("pipe", "flows_to")
_POINT_COLUMNS = {"nodes": ("x", "y"), "valves": ("x", "y"), "hydrants": ("x", "y"), "stations": ("x", "y"),
                  "customers": ("x", "y"), "crews": ("base_x", "base_y")}  # fmt: skip

Table = TypeVar("Table", bound=Columns)


def write_city(city: City, path: Path) -> None:
    """Write a dataset; either the whole new file is there or the old one. Raises OSError from the disk."""
    path = Path(path)
    handle, aside = tempfile.mkstemp(suffix=".gpkg", prefix=f".{path.stem}-", dir=path.parent or Path())
    os.close(handle)
    Path(aside).unlink()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pyogrio warns of an engineering CRS; it is written as meant
            for layer, frame in _frames(city):
                _append(frame, Path(aside), layer)
        Path(aside).replace(path)
    except DataSourceError as fault:
        raise OSError(28, f"cannot be written ({fault}); free space or choose another folder", str(path)) from fault
    finally:
        Path(aside).unlink(missing_ok=True)


def _append(frame: pd.DataFrame, path: Path, layer: str) -> None:
    pyogrio.write_dataframe(frame, path, layer=layer, driver="GPKG", append=path.exists())


def _frames(city: City) -> Iterable[tuple[str, pd.DataFrame]]:
    network = city.network
    crs = None if network.crs == crs_of.LOCAL else network.crs
    nodes, pipes = network.nodes, network.pipes
    lines = _lines(pipes)
    points = shapely.points(nodes.x, nodes.y) if len(nodes) else np.empty(0, dtype=object)
    yield "city", _city_frame(city)
    yield "nodes", gpd.GeoDataFrame(_frame(city, nodes), geometry=points, crs=crs)
    yield "pipes", gpd.GeoDataFrame(_frame(city, pipes), geometry=lines, crs=crs)
    for table in (network.pumps, network.valves, city.hydrants, city.plants, city.crews, city.stations, city.customers):
        if len(table):
            yield table.LAYER, _placed(city, table, crs)
    yield from _shape_frames(city, crs)
    if city.epanet is not None:
        yield "epanet_model", pd.DataFrame({"inp": [city.epanet.inp], "built": [city.epanet.built]})
        yield (
            "epanet_ids",
            pd.DataFrame({"asset_id": city.epanet.asset_id, "epanet_id": city.epanet.epanet_id, "kind": city.epanet.kind}),
        )


def _shape_frames(city: City, crs: str | None) -> Iterable[tuple[str, pd.DataFrame]]:
    shapes: dict[str, ZoneTable | ShapeTable] = {
        "zones": city.zones, "roads": city.roads, "water": city.water, "places": city.places,
    }  # fmt: skip
    for layer, table in shapes.items():
        if len(table):
            frame = pd.DataFrame({"asset_id": table.asset_id, "kind": table.kind, "name": table.name})
            yield layer, gpd.GeoDataFrame(frame, geometry=table.geometry, crs=crs)


def _city_frame(city: City) -> pd.DataFrame:
    info, network = city.info, city.network
    row = {
        "schema_version": SCHEMA_VERSION, "name": info.name, "site": info.site, "time_zone": info.time_zone,
        "georeferenced": network.georeferenced, "synthetic": info.synthetic, "headloss": network.headloss,
        "crs": network.crs, "assumed": json.dumps(list(info.assumed), ensure_ascii=False),
    }  # fmt: skip
    return pd.DataFrame([row])


def _lines(pipes: PipeTable) -> NDArray[np.object_]:
    counts = np.diff(pipes.offsets)
    if not len(counts):
        return np.empty(0, dtype=object)
    return np.asarray(shapely.linestrings(pipes.vertices, indices=np.repeat(np.arange(len(counts)), counts)), dtype=object)


def _frame(city: City, table: Columns) -> pd.DataFrame:
    columns: dict[str, Any] = {}
    for name, kind in table.column_kinds().items():
        values = getattr(table, name)
        codes = _CODES.get((table.LAYER, name))
        if codes is not None:
            values = np.array([code.name.lower() for code in codes], dtype=object)[values]
        elif kind == "Ints" and name in _NODE_REFERENCES + _PIPE_REFERENCES:
            ids = (city.network.nodes if name in _NODE_REFERENCES else city.network.pipes).asset_id
            values = np.append(ids, "")[values]
        columns[name] = values
    return pd.DataFrame({**columns, **dict(table.extra)})


def _placed(city: City, table: Columns, crs: str | None) -> pd.DataFrame:
    frame = _frame(city, table)
    nodes, x, y = city.network.nodes, None, None
    if table.LAYER in _POINT_COLUMNS:
        x, y = (np.asarray(frame[name], dtype=np.float64) for name in _POINT_COLUMNS[table.LAYER])
    elif table.LAYER == "plants":
        row = table.node  # type: ignore[attr-defined]
        x, y = np.where(row >= 0, nodes.x[row], np.nan), np.where(row >= 0, nodes.y[row], np.nan)
    if x is None or y is None:
        return frame
    missing = ~(np.isfinite(x) & np.isfinite(y))
    points = np.asarray(shapely.points(np.nan_to_num(x), np.nan_to_num(y)), dtype=object)
    points[missing] = None
    return gpd.GeoDataFrame(frame, geometry=points, crs=crs)  # type: ignore[no-any-return]


def read_city(path: Path) -> City:
    """Read a dataset. Raises InputFault: not there, no dataset, of a newer version, or a reference that leads nowhere."""
    path = Path(path)
    if not path.is_file():
        raise InputFault(f"{path}: no such file; give a city dataset (.gpkg)")
    try:
        layers = {str(name) for name, _ in pyogrio.list_layers(path)}
    except (DataSourceError, DataLayerError) as fault:
        raise InputFault(f"{path}: not a readable GeoPackage; make one with 'quanmai import'") from fault
    if not {"city", "nodes", "pipes"} <= layers:
        raise InputFault(f"{path}: no city dataset (layers city, nodes, pipes are needed); make one with 'quanmai import'")
    head = _layer(path, "city").iloc[0]
    _check_version(path, head)
    reader = _Reader(path, layers)
    network = reader.network(str(head["crs"]), str(head["headloss"]))
    assumed = tuple(str(line) for line in json.loads(str(head["assumed"] or "[]")))
    info = CityInfo(str(head["name"]), str(head["site"]), str(head["time_zone"]), bool(head["synthetic"]), assumed)
    return City(
        info,
        network,
        hydrants=reader.table(HydrantTable),
        plants=reader.table(PlantTable),
        crews=reader.table(CrewTable),
        stations=reader.table(StationTable),
        customers=reader.table(CustomerTable),
        zones=reader.shapes("zones", ZoneTable),
        roads=reader.shapes("roads", ShapeTable),
        water=reader.shapes("water", ShapeTable),
        places=reader.shapes("places", ShapeTable),
        epanet=reader.epanet(),
    )


def _check_version(path: Path, head: pd.Series) -> None:
    version = int(head["schema_version"])
    if version > SCHEMA_VERSION:
        raise InputFault(f"{path}: written by a newer Quanmai (schema {version}, this one reads {SCHEMA_VERSION}); update it")


def _layer(path: Path, layer: str) -> pd.DataFrame:
    try:
        return pyogrio.read_dataframe(path, layer=layer)  # type: ignore[no-any-return]
    except (DataSourceError, DataLayerError, ValueError) as fault:
        raise InputFault(f"{path}, layer {layer}: cannot be read ({fault}); import the city anew") from fault


class _Reader:
    """Reads tables in the order their references need."""

    def __init__(self, path: Path, layers: set[str]) -> None:
        self._path, self._layers = path, layers
        self._node_rows: dict[str, int] = {}
        self._pipe_rows: dict[str, int] = {}

    def network(self, crs: str, headloss: str) -> PipeNetwork:
        nodes = self.table(NodeTable)
        self._node_rows = {str(name): row for row, name in enumerate(nodes.asset_id)}
        pipes = self._pipes()
        self._pipe_rows = {str(name): row for row, name in enumerate(pipes.asset_id)}
        return PipeNetwork(nodes, pipes, self.table(PumpTable), self.table(ValveTable), crs, headloss)

    def _pipes(self) -> PipeTable:
        frame = _layer(self._path, "pipes")
        vertices, rows = shapely.get_coordinates(frame.geometry.array, return_index=True)
        offsets = np.zeros(len(frame) + 1, dtype=np.int64)
        np.cumsum(np.bincount(rows, minlength=len(frame)), out=offsets[1:])
        return self._columns(PipeTable, frame, vertices=vertices, offsets=offsets)

    def table(self, kind: type[Table]) -> Table:
        if kind.LAYER not in self._layers:
            return kind.empty()
        return self._columns(kind, _layer(self._path, kind.LAYER))

    def shapes(self, layer: str, kind: type[Table]) -> Table:
        if layer not in self._layers:
            return kind.empty()
        frame = _layer(self._path, layer)
        return kind.of(
            _text(frame["asset_id"]),
            kind=_text(frame["kind"]),
            name=_text(frame["name"]),
            geometry=np.asarray(frame.geometry.array),
        )

    def epanet(self) -> EpanetModel | None:
        if not {"epanet_model", "epanet_ids"} <= self._layers:
            return None
        model, ids = _layer(self._path, "epanet_model").iloc[0], _layer(self._path, "epanet_ids")
        return EpanetModel(
            str(model["inp"]), _text(ids["asset_id"]), _text(ids["epanet_id"]), _text(ids["kind"]), bool(model["built"])
        )

    def _columns(self, kind: type[Table], frame: pd.DataFrame, **ragged: Any) -> Table:
        if "asset_id" not in frame:
            raise InputFault(f"{self._path}, layer {kind.LAYER}: column asset_id is missing; import the city anew")
        kinds = kind.column_kinds()
        columns = {name: self._column(kind, name, sort, frame[name]) for name, sort in kinds.items() if name in frame}
        asset_id = columns.pop("asset_id")
        extra = {str(name): frame[name].to_numpy() for name in frame if name not in kinds and name != "geometry"}
        return kind.of(asset_id, **columns, **ragged, extra=extra)

    def _column(self, kind: type[Columns], name: str, sort: str, values: pd.Series) -> NDArray[Any]:
        codes = _CODES.get((kind.LAYER, name))
        if codes is not None:
            return self._coded(kind, name, values, {code.name.lower(): int(code) for code in codes})
        if sort == "Ints" and name in _NODE_REFERENCES:
            return self._referenced(kind, name, values, self._node_rows)
        if sort == "Ints" and name in _PIPE_REFERENCES:
            return self._referenced(kind, name, values, self._pipe_rows)
        if sort == "Texts":
            return _text(values)
        if sort == "Ints":
            return values.fillna(-1).to_numpy().astype(np.int32)
        if sort == "Bools":
            return values.fillna(False).to_numpy().astype(np.bool_)
        return pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64)

    def _coded(self, kind: type[Columns], name: str, values: pd.Series, codes: Mapping[str, int]) -> NDArray[Any]:
        coded = _text(values)
        unknown = [(row, value) for row, value in enumerate(coded) if value not in codes]
        if unknown:
            row, value = unknown[0]
            raise InputFault(f"{self._path}, {kind.LAYER}, row {row + 1}, {name}: {value!r} is none of {', '.join(codes)}")
        return np.array([codes[value] for value in coded], dtype=np.uint8)

    def _referenced(self, kind: type[Columns], name: str, values: pd.Series, rows: Mapping[str, int]) -> NDArray[Any]:
        ids = _text(values)
        found = np.array([rows.get(value, -1) if value else -1 for value in ids], dtype=np.int32)
        lost = [row for row in np.flatnonzero(found < 0) if ids[row]]
        if lost:
            raise InputFault(f"{self._path}, {kind.LAYER}, row {lost[0] + 1}, {name}: no {ids[lost[0]]!r} in this dataset")
        return found


def _text(values: pd.Series) -> NDArray[np.object_]:
    return texts("" if pd.isna(value) else str(value) for value in values.to_numpy(dtype=object))
