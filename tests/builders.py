"""Networks in a readable form: ``a_network().source("S").pipe("P1", "S", "A").valve("V1", on="P1", at="A").build()``.

Nodes named by a pipe are created. Nodes without coordinates are placed on a grid of 100 m, in the
order of their first mention; geometry is meaningful only where a test gives coordinates.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np

from maps.city import City, CityInfo, CrewTable, CustomerTable, HydrantTable, PlantTable, StationTable, ZoneTable
from maps.network import NodeKind, NodeTable, PipeNetwork, PipeStatus, PipeTable, PumpTable, ValveKind, ValveState, ValveTable

_ORIGIN = (500_000.0, 4_058_000.0)
"""Somewhere in Jinan in EPSG:4548."""
_COLUMNS_OF_GRID = 10
_STEP_M = 100.0

Row = dict[str, Any]


def a_network(crs: str = "EPSG:4548", name: str = "Test town", headloss: str = "H-W") -> NetworkBuilder:
    """An empty network to build on."""
    return NetworkBuilder(crs, name, headloss)


class NetworkBuilder:
    """Collects rows in the order of the calls; ``build`` turns them into tables. Any column may be given by name."""

    def __init__(self, crs: str, name: str, headloss: str) -> None:
        self._crs, self._name, self._headloss = crs, name, headloss
        self._nodes: dict[str, Row] = {}
        self._pipes: dict[str, Row] = {}
        self._pumps: dict[str, Row] = {}
        self._valves: dict[str, Row] = {}
        self._rest: dict[str, dict[str, Row]] = {}

    def node(self, asset_id: str, x: float | None = None, y: float | None = None, **columns: Any) -> Self:
        """A junction (or another ``kind``): elevation_m, demand_m3h and other columns."""
        known = self._nodes.get(asset_id)
        number = known["number"] if known else len(self._nodes)
        grid_x = _ORIGIN[0] + _STEP_M * (number % _COLUMNS_OF_GRID)
        grid_y = _ORIGIN[1] + _STEP_M * (number // _COLUMNS_OF_GRID)
        place = {"x": grid_x if x is None else x, "y": grid_y if y is None else y, "number": number}
        self._nodes[asset_id] = {"kind": NodeKind.JUNCTION, **place, **columns}
        return self

    def source(
        self, asset_id: str, x: float | None = None, y: float | None = None, *, head_m: float = 60.0, **columns: Any
    ) -> Self:
        """A source with a fixed head."""
        return self.node(asset_id, x, y, **{"kind": NodeKind.SOURCE, "head_m": head_m, **columns})

    def tank(self, asset_id: str, x: float | None = None, y: float | None = None, **columns: Any) -> Self:
        """A tank: 10 m wide, half full of 6 m, floor at 50 m unless told otherwise."""
        usual = {
            "kind": NodeKind.TANK, "elevation_m": 50.0, "tank_level_m": 3.0, "tank_min_m": 0.0, "tank_max_m": 6.0,
            "tank_diameter_m": 10.0,
        }  # fmt: skip
        return self.node(asset_id, x, y, **{**usual, **columns})

    def pipe(
        self, asset_id: str, a: str, b: str, *, length_m: float | None = None, diameter_mm: float = 200.0,
        points: Sequence[tuple[float, float]] | None = None, **columns: Any,
    ) -> Self:  # fmt: skip
        """A pipe from node ``a`` to ``b``. ``points``: inner vertices; the length is the line's unless given."""
        self._join(a, b)
        row = {"from_node": a, "to_node": b, "diameter_mm": diameter_mm, "length_m": length_m, "inner": list(points or ())}
        self._pipes[asset_id] = {"source_id": asset_id, "status": PipeStatus.OPEN, "roughness": 120.0, **row, **columns}
        return self

    def valve(
        self, asset_id: str, *, on: str | None = None, at: str | None = None, between: tuple[str, str] | None = None,
        kind: ValveKind = ValveKind.GATE, state: ValveState = ValveState.OPEN, operable: bool = True,
        flows_to: str | None = None, **columns: Any,
    ) -> Self:  # fmt: skip
        """A valve ``on`` a pipe ``at`` one of its ends (the first unless given), ``at`` a node, or ``between`` two nodes."""
        if on is not None and at is None:
            at = self._pipes[on]["from_node"]
        if between is not None:
            self._join(*between)
        if at is not None:
            self._join(at)
        row = {
            "pipe": on, "node": at, "from_node": between[0] if between else None, "to_node": between[1] if between else None,
            "kind": kind, "state": state, "normal_state": state, "operable": operable, "flows_to": flows_to,
        }  # fmt: skip
        self._valves[asset_id] = {**row, **columns}
        return self

    def pump(self, asset_id: str, a: str | None = None, b: str | None = None, *, at: str | None = None, **columns: Any) -> Self:
        """A pump that lifts from node ``a`` to ``b``, or sits ``at`` a node."""
        self._join(*(name for name in (a, b, at) if name is not None))
        self._pumps[asset_id] = {"from_node": a, "to_node": b, "node": at, **columns}
        return self

    def customer(self, asset_id: str, *, on: str, households: int = 1, people: int = 3, **columns: Any) -> Self:
        """Customers ``on`` a pipe: critical, community, supply and other columns."""
        return self._add("customers", asset_id, {"pipe": on, "households": households, "people": people, **columns})

    def hydrant(self, asset_id: str, *, at: str | None = None, on: str | None = None, **columns: Any) -> Self:
        """A hydrant ``at`` a node or ``on`` a pipe."""
        return self._add("hydrants", asset_id, {"node": at, "pipe": on, **columns})

    def station(self, asset_id: str, *, at: str | None = None, on: str = "", channels: str = "pressure", **columns: Any) -> Self:
        """A measuring station ``at`` a node, or ``on`` a link for flow."""
        row = {"name": asset_id, "node": at, "link": on, "channels": channels, **columns}
        return self._add("stations", asset_id, row)

    def plant(self, asset_id: str, *, at: str, kind: str = "plant", **columns: Any) -> Self:
        """A water plant or pumping station ``at`` a node."""
        return self._add("plants", asset_id, {"node": at, "kind": kind, "name": asset_id, **columns})

    def crew(self, asset_id: str, x: float = _ORIGIN[0], y: float = _ORIGIN[1], **columns: Any) -> Self:
        """A repair crew with its base."""
        return self._add("crews", asset_id, {"name": asset_id, "base_x": x, "base_y": y, **columns})

    def zone(self, asset_id: str, geometry: Any, *, kind: str = "dma", name: str = "") -> Self:
        """A polygon (shapely, in the network's CRS)."""
        return self._add("zones", asset_id, {"kind": kind, "name": name or asset_id, "geometry": geometry})

    def network(self) -> PipeNetwork:
        """The pipes, nodes, pumps and valves."""
        nodes = NodeTable.of(self._nodes, **_columns(NodeTable, self._nodes))
        return PipeNetwork(
            nodes, self._pipe_table(), self._table(PumpTable, self._pumps), self._valve_table(), self._crs, self._headloss
        )

    def build(self, *, model: bool = False) -> City:
        """The city; with ``model`` an EPANET model is built for it."""
        network = self.network()
        city = City(
            CityInfo(self._name, "test", synthetic=True),
            network,
            hydrants=self._table(HydrantTable, self._placed("hydrants")),
            plants=self._table(PlantTable, self._rest.get("plants", {})),
            crews=self._table(CrewTable, self._rest.get("crews", {})),
            stations=self._table(StationTable, self._placed("stations")),
            customers=self._table(CustomerTable, self._placed("customers")),
            zones=self._zone_table(),
        )
        return _with_model(city) if model else city

    def _add(self, layer: str, asset_id: str, row: Row) -> Self:
        self._rest.setdefault(layer, {})[asset_id] = row
        return self

    def _join(self, *names: str) -> None:
        for name in names:
            if name not in self._nodes:
                self.node(name)

    def _row_of(self, column: str, value: Any) -> Any:
        if value is None:
            return -1
        if column in ("from_node", "to_node", "node"):
            return list(self._nodes).index(value)
        return list(self._pipes).index(value) if column in ("pipe", "flows_to") else value

    def _table(self, kind: Any, rows: Mapping[str, Row]) -> Any:
        columns = _columns(kind, rows)
        for name in {"from_node", "to_node", "node", "pipe", "flows_to"} & set(columns):
            columns[name] = [self._row_of(name, value) for value in columns[name]]
        return kind.of(rows, **columns)

    def _at(self, node: str | None) -> tuple[float, float]:
        return (self._nodes[node]["x"], self._nodes[node]["y"]) if node is not None else (math.nan, math.nan)

    def _middle(self, pipe: str) -> tuple[float, float]:
        (ax, ay), (bx, by) = (self._at(self._pipes[pipe][end]) for end in ("from_node", "to_node"))
        return ((ax + bx) / 2, (ay + by) / 2)

    def _placed(self, layer: str) -> dict[str, Row]:
        """Rows with a point: at their node, else in the middle of their pipe."""
        placed = dict[str, Row]()
        for asset_id, row in self._rest.get(layer, {}).items():
            pipe = row.get("pipe") or row.get("link") or None
            x, y = self._at(row.get("node")) if pipe not in self._pipes else self._middle(pipe)
            placed[asset_id] = {"x": x, "y": y, **row}
        return placed

    def _pipe_table(self) -> PipeTable:
        rows, points, offsets = dict[str, Row](), list[tuple[float, float]](), [0]
        for asset_id, row in self._pipes.items():
            line = [self._at(row["from_node"]), *row["inner"], self._at(row["to_node"])]
            length = row["length_m"] if row["length_m"] is not None else sum(map(math.dist, line, line[1:]))
            rows[asset_id] = {**row, "length_m": length}
            points += line
            offsets.append(len(points))
        vertices = np.array(points, dtype=np.float64).reshape(-1, 2)
        table: PipeTable = self._table(PipeTable, rows)
        return table.replaced(vertices=vertices, offsets=np.array(offsets, dtype=np.int64))

    def _valve_table(self) -> ValveTable:
        rows = dict[str, Row]()
        for asset_id, row in self._valves.items():
            x, y = self._at(row["node"] or row["from_node"])
            rows[asset_id] = {"x": x, "y": y, **row}
        table: ValveTable = self._table(ValveTable, rows)
        return table

    def _zone_table(self) -> ZoneTable:
        rows = self._rest.get("zones", {})
        shapes = np.empty(len(rows), dtype=object)
        shapes[:] = [row["geometry"] for row in rows.values()]
        return ZoneTable.of(rows, **_columns(ZoneTable, rows), geometry=shapes)


def _columns(kind: Any, rows: Mapping[str, Row]) -> dict[str, list[Any]]:
    """Columns that some row gives; a row without it gets the table's default."""
    given = dict.fromkeys(name for row in rows.values() for name in row if name in kind.column_kinds())
    blank = kind.of(["blank"])
    return {name: [row[name] if name in row else getattr(blank, name)[0] for row in rows.values()] for name in given}


def _with_model(city: City) -> City:

    from maps.hydraulics.model_building.model import ModelDetail, build_model

    return replace(city, epanet=build_model(city.network, ModelDetail(), city.info.name))
