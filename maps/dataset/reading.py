"""Reads a city dataset: Arrow columns, references converted to rows. Another program may have edited the file."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError

from maps import crs as crs_of
from maps.attachment import piece_ids
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
)  # fmt: skip
from maps.columns import Columns
from maps.dataset.arrow_columns import Lines, drawn_points, drawn_straight, plain, string_array, table_of, texts_of
from maps.dataset.schema import CODES, NODE_REFERENCES, PIPE_REFERENCES, POINT_COLUMNS, REQUIRED, SCHEMA_VERSION, UNIQUE
from maps.dataset.wkb import line_coordinates, objects
from maps.errors import Fault, InputFault, Severity
from maps.network import NodeTable, PipeNetwork, PipeTable, PumpTable, ValveTable

Table = TypeVar("Table", bound=Columns)
Shapes = TypeVar("Shapes", ZoneTable, ShapeTable)
_FARTHEST_M = 1e8
_HEADLOSS = ("H-W", "D-W", "C-M")


def read_city(path: Path) -> City:
    """Read a dataset. Raises InputFault when it is missing, no dataset, of a newer schema, or has an unknown reference.

    A missing optional column gets its default, named in ``info.assumed``; unknown columns are kept in ``extra``.
    """
    path = Path(path)
    if not path.is_file():
        raise InputFault(f"{path}: no such file; give a city dataset (.gpkg)")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # GDAL's warning about a file that is no GeoPackage: reported below instead
            layers = {str(name) for name, _ in pyogrio.list_layers(path)}
    except (DataSourceError, DataLayerError, ValueError) as fault:
        raise InputFault(f"{path}: not a readable GeoPackage; make one with 'quanmai import'") from fault
    if not {"city", "nodes", "pipes"} <= layers:
        raise InputFault(f"{path}: no city dataset (layers city, nodes, pipes are needed); make one with 'quanmai import'")
    try:
        city = _read(_Reader(path, layers))
        # The columns are copies; Arrow would keep 80 MB allocated for 200,000 pipes and their customers.
        pa.default_memory_pool().release_unused()
        return city
    except shapely.errors.ShapelyError as fault:
        raise InputFault(f"{path}: contains a shape that cannot be read ({fault}); import the city anew") from fault
    except (UnicodeDecodeError, pa.ArrowException) as fault:  # Arrow raises this for the text of a whole column
        raise InputFault(f"{path}: contains text that is not UTF-8 ({fault}); import the city anew") from fault


def _read(reader: _Reader) -> City:
    head = reader.head()
    network = reader.network(head)
    city = City(
        reader.info(head),
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
    return reader.reported(city)


class _Reader:
    """Reads tables in the order of their references; collects missing columns and faults."""

    def __init__(self, path: Path, layers: set[str]) -> None:
        self._path, self._layers = path, layers
        self._node_ids = self._pipe_ids = pa.array([], type=pa.string())
        self._faults: list[Fault] = []
        self._defaults: list[str] = []

    def head(self) -> Mapping[str, Any]:
        """The only row of layer ``city``. Raises InputFault for a newer schema."""
        rows, _ = self._arrow("city")
        if rows.num_rows != 1 or "schema_version" not in rows.column_names:
            raise InputFault(f"{self._path}, layer city: expected one row with schema_version; import the city anew")
        head: dict[str, Any] = rows.to_pylist()[0]
        try:
            version = int(head["schema_version"])
        except (TypeError, ValueError) as fault:
            said = f"{self._path}, layer city: schema_version {head['schema_version']!r} is not a number; import the city anew"
            raise InputFault(said) from fault
        if version > SCHEMA_VERSION:
            said = (
                f"{self._path}: written by a newer Quanmai (schema {version}, this one reads {SCHEMA_VERSION}); update this one"
            )
            raise InputFault(said)
        return head

    def info(self, head: Mapping[str, Any]) -> CityInfo:
        """Name and assumptions, from the row of layer ``city``."""
        listed = _listed(head.get("assumed"))
        name = str(head.get("name") or self._path.stem)
        zone, site = str(head.get("time_zone") or "Asia/Shanghai"), str(head.get("site") or name)
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as fault:
            said = f"{self._path}, layer city: time_zone {zone[:60]!r} is no time zone; give one such as Asia/Shanghai"
            raise InputFault(said) from fault
        return CityInfo(name, site, zone, bool(head.get("synthetic")), tuple(map(str, listed)))

    def network(self, head: Mapping[str, Any]) -> PipeNetwork:
        """Nodes, pipes, pumps and valves."""
        crs, headloss = str(head.get("crs") or crs_of.LOCAL), str(head.get("headloss") or "H-W")
        if crs != crs_of.LOCAL:
            crs_of.projected_metric(crs)
        if headloss not in _HEADLOSS:
            raise InputFault(f"{self._path}, layer city: headloss {headloss!r} is none of {', '.join(_HEADLOSS)}")
        nodes = self.table(NodeTable)
        self._node_ids = pa.array(nodes.asset_id, type=pa.string())
        pipes = self._pipes(nodes)
        self._pipe_ids = pa.array(pipes.asset_id, type=pa.string())
        return PipeNetwork(nodes, pipes, self.table(PumpTable), self.table(ValveTable), crs, headloss)

    def _pipes(self, nodes: NodeTable) -> PipeTable:
        rows, shapes = self._arrow("pipes")
        table = self._columns(PipeTable, rows, None)
        none: Lines = (np.empty((0, 2)), np.zeros(len(table) + 1, dtype=np.int64))
        vertices, offsets = none if shapes is None else line_coordinates(shapes)
        if (np.diff(offsets) == 0).any():
            ends = [np.column_stack([nodes.x, nodes.y])[rows] for rows in (table.from_node, table.to_node)]
            vertices, offsets = drawn_straight(vertices, offsets, np.stack(ends, axis=1))
        self._check_bounds("pipes", vertices)
        return table.replaced(vertices=vertices, offsets=offsets)

    def table(self, kind: type[Table]) -> Table:
        """One layer as a table; empty when the layer is missing."""
        if kind.LAYER not in self._layers:
            return kind.empty()
        rows, shapes = self._arrow(kind.LAYER)
        return self._columns(kind, rows, shapes)

    def shapes(self, layer: str, kind: type[Shapes]) -> Shapes:
        """Zones or a background layer; rows without a shape are left out."""
        if layer not in self._layers:
            return kind.empty()
        rows, shapes = self._arrow(layer)
        if shapes is None:
            return kind.empty()
        geometry = objects(shapes)
        self._check_bounds(layer, shapely.get_coordinates(geometry))
        drawn = np.asarray(~(shapely.is_missing(geometry) | shapely.is_empty(geometry)))
        table = self._columns(kind, rows.filter(pa.array(drawn)), None, layer)
        return table.replaced(geometry=geometry[drawn])

    def epanet(self) -> EpanetModel | None:
        """The hydraulic model; None without one."""
        if not {"epanet_model", "epanet_ids"} <= self._layers:
            return None
        model, ids = self._arrow("epanet_model")[0].to_pylist(), self._arrow("epanet_ids")[0]
        if model and not model[0].get("inp"):
            raise InputFault(f"{self._path}, layer epanet_model: column inp is missing or empty; import the city anew")
        if not model or not {"asset_id", "epanet_id", "kind"} <= set(ids.column_names):
            return None
        asset, epanet, kind = (texts_of(ids[name]) for name in ("asset_id", "epanet_id", "kind"))
        first = model[0]
        fitted_to = str(first.get("calibrated") or "")
        return EpanetModel(str(first["inp"]), asset, epanet, kind, built=bool(first.get("built")), calibrated=fitted_to)

    def reported(self, city: City) -> City:
        """The city with the defaults listed in ``info.assumed``. Raises InputFault with every fault found."""
        if self._faults:
            raise InputFault.from_faults(str(self._path), self._faults)
        if not self._defaults:
            return city
        return replace(city, info=replace(city.info, assumed=(*city.info.assumed, *self._defaults)))

    def _arrow(self, layer: str) -> tuple[pa.Table, pa.ChunkedArray | None]:
        """Columns and WKB of a layer. Raises InputFault when it cannot be read or lacks a required column."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                meta, rows = pyogrio.raw.read_arrow(self._path, layer=layer)
            name = str(meta.get("geometry_name") or "wkb_geometry")
            if name not in rows.column_names:
                return rows, None
            return rows.drop_columns([name]), rows[name]
        except (DataSourceError, DataLayerError, ValueError, OSError, pa.ArrowException) as fault:
            raise InputFault(f"{self._path}, layer {layer}: cannot be read ({fault}); import the city anew") from fault

    def _columns(self, kind: type[Table], rows: pa.Table, shapes: pa.ChunkedArray | None, layer: str = "") -> Table:
        layer, kinds, present = layer or kind.LAYER, kind.column_kinds(), set(rows.column_names)
        drawn = POINT_COLUMNS.get(layer, ())
        for name in sorted(REQUIRED.get(layer, {"asset_id"}) - present):
            raise InputFault(f"{self._path}, layer {layer}: required column {name} is missing; import the city anew")
        absent = [name for name in kinds if name not in present and name not in drawn and name not in kind.OPTIONAL]
        if absent and rows.num_rows:
            self._defaults.append(f"layer {layer} lacks the column {', '.join(absent)}: default taken")
        columns = {name: self._column(layer, kind, name, sort, rows[name]) for name, sort in kinds.items() if name in present}
        placed = drawn_points(drawn, shapes, columns, rows.num_rows)
        for values in placed.values():
            self._check_bounds(layer, values)
        columns |= placed
        ids = columns.pop("asset_id")
        if layer in UNIQUE:
            self._check_unique(layer, ids)
        if "pieces" in columns:
            self._check_pieces(layer, columns["pieces"])
        extra = {name: plain(rows[name]) for name in rows.column_names if name not in kinds}
        return table_of(kind, ids, columns, extra)

    def _check_pieces(self, layer: str, pieces: NDArray[np.object_]) -> None:
        for row in np.flatnonzero(pieces != "").tolist():
            try:
                piece_ids(str(pieces[row]))
            except ValueError:
                said = f"{pieces[row]!r} is not a JSON list of pipe ids; clear it if the pipe is known"
                self._faults.append(Fault(Severity.FATAL, "not_a_list", said, layer, row=row + 1, column="pieces"))

    def _check_bounds(self, layer: str, xy: NDArray[np.float64]) -> None:
        """Report coordinates beyond the limit; a coordinate may be unknown (NaN)."""
        if (np.abs(xy) > _FARTHEST_M).any():
            said = f"a coordinate lies beyond {_FARTHEST_M:g} m; correct the shape"
            self._faults.append(Fault(Severity.FATAL, "not_finite", said, layer))

    def _check_unique(self, layer: str, ids: NDArray[np.object_]) -> None:
        if len(set(ids.tolist())) == len(ids):
            return
        seen: dict[str, int] = {}
        for row, name in enumerate(ids.tolist(), start=1):
            if name in seen:
                said = f"is the id of row {seen[name]} too; ids must be unique"
                self._faults.append(Fault(Severity.FATAL, "duplicate_id", said, layer, name, row, "asset_id"))
            seen.setdefault(name, row)

    def _column(self, layer: str, kind: type[Columns], name: str, sort: str, values: pa.ChunkedArray) -> NDArray[Any]:
        codes = CODES.get((layer, name))
        if codes is not None:
            return self._coded(layer, name, values, {code.name.lower(): int(code) for code in codes})
        if sort == "Ints" and name in NODE_REFERENCES | PIPE_REFERENCES:
            return self._referenced(layer, name, values, self._node_ids if name in NODE_REFERENCES else self._pipe_ids)
        if sort == "Texts":
            return texts_of(values)
        default = kind.DEFAULTS.get(name, {"Floats": np.nan, "Ints": -1, "Bools": False}[sort])
        target = {"Floats": pa.float64(), "Ints": pa.int32(), "Bools": pa.bool_()}[sort]
        try:
            # A column edited by another program may have become text or a wider number.
            typed = values if values.type == target else pc.cast(values, target, safe=False)
        except pa.ArrowInvalid as fault:
            self._faults.append(Fault(Severity.FATAL, "not_a_number", f"is no {target} column ({fault})", layer, column=name))
            return np.full(len(values), default)
        return np.asarray(typed.fill_null(default).to_numpy())

    def _coded(self, layer: str, name: str, values: pa.ChunkedArray, codes: Mapping[str, int]) -> NDArray[np.uint8]:
        coded = string_array(values).dictionary_encode()
        words, at = coded.dictionary.to_pylist(), coded.indices.to_numpy()
        table = [codes.get(word.strip().lower(), 0 if not word.strip() else -1) for word in words]
        for place in np.flatnonzero(np.array(table) < 0):
            row = int(np.flatnonzero(at == place)[0]) + 1
            said = f"{words[place]!r} is none of {', '.join(codes)}"
            self._faults.append(Fault(Severity.FATAL, "unknown_value", said, layer, row=row, column=name))
        return np.maximum(table, 0).astype(np.uint8)[at] if table else np.empty(0, dtype=np.uint8)

    def _referenced(self, layer: str, name: str, values: pa.ChunkedArray, assets: pa.Array) -> NDArray[np.int32]:
        ids = string_array(values)
        none = pc.equal(ids, "").to_numpy(zero_copy_only=False)
        if none.all():
            found = np.full(len(ids), -1, dtype=np.int32)
        else:
            at = pc.index_in(ids, value_set=assets).fill_null(-2).to_numpy()
            found = np.where(none, -1, at).astype(np.int32)
        for row in np.flatnonzero(found == -2):
            said = f"no {ids[int(row)].as_py()!r} in this dataset"
            self._faults.append(Fault(Severity.FATAL, "unknown_reference", said, layer, row=int(row) + 1, column=name))
        if layer == "pipes":
            for row in np.flatnonzero(found == -1):
                self._faults.append(Fault(Severity.FATAL, "no_node", "has no node", layer, row=int(row) + 1, column=name))
        return np.maximum(found, -1)


def _listed(text: object) -> list[object]:
    """Assumptions: a JSON list; any other content becomes the only entry."""
    try:
        found = json.loads(str(text)) if text else []
    except (ValueError, RecursionError):
        return [text]
    return found if isinstance(found, list) else [text]
