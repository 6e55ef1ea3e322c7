"""PipeNetwork: the city's pipes, nodes, pumps and valves as frozen columns; the only source of topology and state.

Built once, never mutated. Rows are positions in the tables; ``asset_id`` is the utility's own id.
Units: m, mm (diameters), m³/h, head m. Coordinates: projected metres in ``crs``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from maps.columns import Bools, Codes, Columns, Floats, Ints, Texts


class NodeKind(IntEnum):
    """Kind of a node. Every kind from SOURCE on is a source for isolation."""

    JUNCTION = 0
    SOURCE = 1
    TANK = 2
    WELL = 3
    PLANT = 4
    OUTSIDE_PUMP = 5


class PipeStatus(IntEnum):
    """A pipe's own status (not that of valves on it)."""

    OPEN = 0
    CLOSED = 1


class ValveKind(IntEnum):
    """Kinds of valves; PRV … GPV are EPANET's control valves; a METER never closes."""

    GATE = 0
    BUTTERFLY = 1
    BALL = 2
    CHECK = 3
    PRV = 4
    PSV = 5
    PBV = 6
    FCV = 7
    TCV = 8
    GPV = 9
    METER = 10
    OTHER = 11


class ValveState(IntEnum):
    """State of a valve. UNKNOWN counts as open for the cut and as closed for supply."""

    OPEN = 0
    PARTIAL = 1
    CLOSED = 2
    UNKNOWN = 3


CONTROL_VALVES = (
    ValveKind.PRV,
    ValveKind.PSV,
    ValveKind.PBV,
    ValveKind.FCV,
    ValveKind.TCV,
    ValveKind.GPV,
    ValveKind.METER,
)
"""Kinds that never bound an isolated area: they count as open for the cut."""

DIRECTED_VALVES = (ValveKind.PRV, ValveKind.PSV, ValveKind.PBV, ValveKind.FCV)
"""Link kinds that supply only from ``from_node`` to ``to_node``."""


@dataclass(frozen=True, eq=False)
class NodeTable(Columns):
    """Nodes. ``x``, ``y``: projected metres; ``kind``: NodeKind; ``head_m``: of a source; tank levels above elevation.

    ``inflow_m3h``: greatest inflow at a junction in any hour (a well, a transfer), 0 for none.
    """

    x: Floats
    y: Floats
    kind: Codes
    elevation_m: Floats
    demand_m3h: Floats
    head_m: Floats
    tank_level_m: Floats
    tank_min_m: Floats
    tank_max_m: Floats
    tank_diameter_m: Floats
    name: Texts
    inflow_m3h: Floats

    LAYER: ClassVar[str] = "nodes"
    DEFAULTS: ClassVar[Mapping[str, Any]] = {"elevation_m": 0.0, "demand_m3h": 0.0, "inflow_m3h": 0.0}
    OPTIONAL: ClassVar[frozenset[str]] = frozenset({"inflow_m3h"})

    @cached_property
    def feeds(self) -> Bools:
        """Nodes that supply water, (n,): sources, and junctions with an inflow or a negative demand."""
        inflow = (np.nan_to_num(self.inflow_m3h) > 0) | (np.nan_to_num(self.demand_m3h) < 0)
        return np.asarray((self.kind >= NodeKind.SOURCE) | inflow)


@dataclass(frozen=True, eq=False)
class PipeTable(Columns):
    """Pipes. ``from_node``/``to_node``: node rows; ``year_laid``: -1 unknown; ``roughness`` read by the city's headloss.

    Geometry is ragged: pipe ``i`` has the points ``vertices[offsets[i]:offsets[i + 1]]``, (k, 2), k ≥ 2, both
    end points included, in digitised order from ``from_node`` to ``to_node``.
    """

    from_node: Ints
    to_node: Ints
    diameter_mm: Floats
    length_m: Floats
    material: Texts
    year_laid: Ints
    roughness: Floats
    minor_loss: Floats
    status: Codes
    road_name: Texts
    ownership: Texts
    source_id: Texts
    depth_m: Floats
    road_side: Texts
    vertices: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 2)), kw_only=True)
    offsets: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, dtype=np.int64), kw_only=True)

    LAYER: ClassVar[str] = "pipes"
    DEFAULTS: ClassVar[Mapping[str, Any]] = {"minor_loss": 0.0}

    def points(self, row: int) -> NDArray[np.float64]:
        """Points of one pipe, (k, 2), projected metres."""
        return self.vertices[self.offsets[row] : self.offsets[row + 1]]


@dataclass(frozen=True, eq=False)
class PumpTable(Columns):
    """Pumps: links that supply from ``from_node`` to ``to_node`` only, or at ``node`` (then without a direction)."""

    from_node: Ints
    to_node: Ints
    node: Ints
    status: Codes
    name: Texts

    LAYER: ClassVar[str] = "pumps"


@dataclass(frozen=True, eq=False)
class ValveTable(Columns):
    """Valves, at ``node`` (shuts all its pipes there), ``pipe`` + ``node`` (that end), or ``from_node`` + ``to_node``.

    ``flows_to``: row of the pipe that a one-way valve lets water into, -1 when not one-way. ``operable`` False:
    cannot be closed (and, one-way, counts as open both ways). ``setting``: of a control valve, in EPANET's sense,
    inside units (PRV/PSV/PBV: head m; FCV: m³/h; TCV: loss coefficient). ``last_checked``: ISO date or "". ``placing``: why
    its position is ambiguous, codes of ``maps.importers.topology.valve_positions`` separated by commas; "" when it is not.
    """

    kind: Codes
    pipe: Ints
    node: Ints
    from_node: Ints
    to_node: Ints
    state: Codes
    normal_state: Codes
    operable: Bools
    flows_to: Ints
    control: Texts
    turns_to_close: Floats
    closes: Texts
    depth_m: Floats
    photo: Texts
    diameter_mm: Floats
    last_checked: Texts
    assumed: Bools
    setting: Floats
    x: Floats
    y: Floats
    placing: Texts

    LAYER: ClassVar[str] = "valves"
    DEFAULTS: ClassVar[Mapping[str, Any]] = {"operable": True, "control": "manual", "closes": "cw"}
    OPTIONAL: ClassVar[frozenset[str]] = frozenset({"placing"})

    @cached_property
    def is_link(self) -> Bools:
        """Valves that are links between two nodes, (n,)."""
        return np.asarray(self.from_node >= 0)


@dataclass(frozen=True, eq=False)
class PipeNetwork:
    """Topology and state of one network. ``crs``: an authority code (``EPSG:4548``), WKT, or ``"local"``."""

    nodes: NodeTable
    pipes: PipeTable
    pumps: PumpTable
    valves: ValveTable
    crs: str
    headloss: str = "H-W"

    @property
    def georeferenced(self) -> bool:
        """Whether coordinates have a position on earth."""
        return self.crs != "local"

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """(min x, min y, max x, max y) of nodes and pipes, projected metres; zeros when empty."""
        points = np.concatenate([np.column_stack([self.nodes.x, self.nodes.y]), self.pipes.vertices])
        points = points[np.isfinite(points).all(axis=1)]
        if not len(points):
            return (0.0, 0.0, 0.0, 0.0)
        low, high = points.min(axis=0), points.max(axis=0)
        return (float(low[0]), float(low[1]), float(high[0]), float(high[1]))

    @cached_property
    def _incidence(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """CSR of node -> pipes (offsets, pipe rows); a loop pipe is listed twice."""
        ends = np.concatenate([self.pipes.from_node, self.pipes.to_node])
        rows = np.tile(np.arange(len(self.pipes), dtype=np.int32), 2)
        order = np.argsort(ends, kind="stable")
        offsets = np.zeros(len(self.nodes) + 1, dtype=np.int64)
        np.cumsum(np.bincount(ends, minlength=len(self.nodes)), out=offsets[1:])
        return offsets, rows[order]

    def pipes_at(self, node: int) -> Ints:
        """Rows of the pipes that end at a node row."""
        offsets, rows = self._incidence
        return rows[offsets[node] : offsets[node + 1]]
