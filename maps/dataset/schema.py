"""Layers, columns and versions of a city dataset, for reading and writing."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from maps.city import CrewTable, CustomerTable, HydrantTable, PlantTable, ShapeTable, StationTable, ZoneTable
from maps.columns import Columns
from maps.network import NodeKind, NodeTable, PipeStatus, PipeTable, PumpTable, ValveKind, ValveState, ValveTable

SCHEMA_VERSION = 1

LOCAL_WKT = 'LOCAL_CS["Local grid, not georeferenced",UNIT["metre",1],AXIS["x",EAST],AXIS["y",NORTH]]'
"""Engineering CRS of coordinates without a position on earth."""

CODES: Mapping[tuple[str, str], type[IntEnum]] = {
    ("nodes", "kind"): NodeKind,
    ("pipes", "status"): PipeStatus,
    ("pumps", "status"): PipeStatus,
    ("valves", "kind"): ValveKind,
    ("valves", "state"): ValveState,
    ("valves", "normal_state"): ValveState,
}
NODE_REFERENCES = frozenset({"from_node", "to_node", "node"})
PIPE_REFERENCES = frozenset({"pipe", "flows_to"})
POINT_COLUMNS: Mapping[str, tuple[str, str]] = {
    "nodes": ("x", "y"), "valves": ("x", "y"), "hydrants": ("x", "y"), "stations": ("x", "y"), "customers": ("x", "y"),
    "crews": ("base_x", "base_y"),
}  # fmt: skip
"""Columns that the file holds as geometry."""

TABLES: Mapping[str, type[Columns]] = {
    "nodes": NodeTable, "pipes": PipeTable, "pumps": PumpTable, "valves": ValveTable, "hydrants": HydrantTable,
    "plants": PlantTable, "crews": CrewTable, "stations": StationTable, "customers": CustomerTable, "zones": ZoneTable,
    "roads": ShapeTable, "water": ShapeTable, "places": ShapeTable,
}  # fmt: skip
REQUIRED: Mapping[str, frozenset[str]] = {"pipes": frozenset({"asset_id", "from_node", "to_node"})}
UNIQUE = frozenset({"nodes", "pipes", "pumps", "valves", "stations"})
