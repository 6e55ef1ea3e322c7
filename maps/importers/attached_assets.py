"""Assets that refer to the network: hydrants, plants, crews, stations, customers; zones and background layers."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from maps.attachment import piece_ids, pieces_text
from maps.city import CrewTable, CustomerTable, HydrantTable, PlantTable, ShapeTable, StationTable, ZoneTable
from maps.errors import Fault, Severity
from maps.importers.readers.standard_layers import StandardFrame
from maps.importers.readers.typed_columns import asset_ids, once, plain_columns, points_of
from maps.importers.station_rows import one_row_a_station
from maps.importers.topology.pieces import Pieces
from maps.network import PipeNetwork

_HYDRANT_M, _CUSTOMER_M, _STATION_M = 10.0, 100.0, 10.0
"""Greatest distance between an asset without a reference and the pipe or node it is attached to."""

_SAME_M = 1e-3

_OWN = ("x", "y", "pieces")

Shapes = TypeVar("Shapes", ZoneTable, ShapeTable)


class Around:
    """Attaches the rows of layers to a finished network and returns their tables; faults are collected in ``faults``."""

    def __init__(self, network: PipeNetwork, pieces: Pieces, faults: list[Fault]) -> None:
        self._network, self._pieces, self._faults = network, pieces, faults
        xy = np.column_stack([network.nodes.x, network.nodes.y])
        self._known = np.flatnonzero(np.isfinite(xy).all(axis=1))
        self._tree = cKDTree(xy[self._known]) if len(self._known) else None

    def hydrants(self, frame: StandardFrame) -> HydrantTable:
        """Hydrants at their node or pipe, else at the nearest pipe."""
        columns, points = plain_columns(HydrantTable, frame, self._faults, skip=_OWN), points_of(frame)
        node = self._nodes(frame, fatal=False)
        pieces = self._unplaced(frame, points, node >= 0)
        pipe = np.where(node >= 0, -1, self._pipes(frame, points, pieces, _HYDRANT_M))
        self._lost(frame, (node < 0) & (pipe < 0), f"no pipe or node within {_HYDRANT_M:g} m")
        xy = self._points(points, node, pipe, pieces)
        ids = once(frame, self._faults)
        named = self._named(frame, pieces)
        return HydrantTable.of(ids, **columns, node=node, pipe=pipe, x=xy[:, 0], y=xy[:, 1], pieces=named)

    def customers(self, frame: StandardFrame) -> CustomerTable:
        """Customers on their pipe, else on the nearest one."""
        columns, points = plain_columns(CustomerTable, frame, self._faults, skip=_OWN), points_of(frame)
        pieces = self._unplaced(frame, points)
        pipe = self._pipes(frame, points, pieces, _CUSTOMER_M)
        self._lost(frame, pipe < 0, f"no pipe within {_CUSTOMER_M:g} m")
        xy = self._points(points, np.full(len(frame), -1), pipe, pieces)
        for name in ("households", "people"):
            if name in columns:
                columns[name] = np.maximum(columns[name], 0)
        ids = once(frame, self._faults)
        columns["pieces"] = self._named(frame, pieces)
        return CustomerTable.of(ids, **columns, pipe=pipe, x=xy[:, 0], y=xy[:, 1], extra=frame.extras())

    def stations(self, frame: StandardFrame) -> StationTable:
        """Stations at their node or link. Fatal: a duplicate id, an unknown node or link."""
        frame = one_row_a_station(frame, self._faults)
        columns, points = plain_columns(StationTable, frame, self._faults, skip=(*_OWN, "link")), points_of(frame)
        node, link = self._nodes(frame, fatal=False, quiet=True), frame.text("link").copy()
        for at, name in enumerate(frame.text("node")):
            if name and node[at] < 0:
                link[at] = name
        for at, name in enumerate(link):
            if name and not self._is_link(str(name)):
                message = f"no node or link {name!r}; correct the id"
                self._faults.append(frame.fault(at, "unknown_node", message, Severity.FATAL, column="node"))
        unplaced = (node < 0) & (link == "")
        node = np.where(unplaced, self._nearest_node(points), node)
        self._lost(frame, (node < 0) & (link == ""), f"no node within {_STATION_M:g} m")
        pieces = self._unplaced(frame, points, node >= 0, link)
        pipe = np.array(
            [self._pieces.near(str(name), at) if name else -1 for name, at in zip(link, points, strict=True)], dtype=np.int64
        )
        xy = self._points(points, node, pipe, pieces)
        columns.setdefault("channels", np.where(link == "", "pressure", "flow").astype(object))
        columns["pieces"] = self._named(frame, pieces)
        link = np.where(pipe >= 0, np.append(self._network.pipes.asset_id, "")[pipe], link)
        ids = asset_ids(frame, self._faults, unique=True)
        columns.setdefault("name", ids)
        return StationTable.of(ids, **columns, node=node, link=link, x=xy[:, 0], y=xy[:, 1], extra=frame.extras())

    def plants(self, frame: StandardFrame) -> PlantTable:
        """Plants at their node, else at the nearest one."""
        columns, node = plain_columns(PlantTable, frame, self._faults), self._nodes(frame, fatal=False)
        node = np.where(node >= 0, node, self._nearest_node(points_of(frame)))
        return PlantTable.of(once(frame, self._faults), **columns, node=node, extra=frame.extras())

    def crews(self, frame: StandardFrame) -> CrewTable:
        """Crews; the base is where they are drawn, unless columns give it."""
        columns, points = plain_columns(CrewTable, frame, self._faults), points_of(frame)
        columns.setdefault("base_x", points[:, 0])
        columns.setdefault("base_y", points[:, 1])
        return CrewTable.of(once(frame, self._faults), **columns, extra=frame.extras())

    def shapes(self, frame: StandardFrame, kind: type[Shapes]) -> Shapes:
        """Zones and background as drawn; rows without a shape are left out."""
        drawn = np.asarray(~(shapely.is_missing(frame.geometry) | shapely.is_empty(frame.geometry)), dtype=np.bool_)
        kept = frame.only(drawn)
        columns: dict[str, Any] = plain_columns(kind, kept, self._faults)
        if not kept.has("asset_id"):
            columns["asset_id"] = np.array([f"{frame.layer}-{row}" for row in kept.row], dtype=object)
        ids = columns.pop("asset_id", None)
        ids = once(kept, self._faults) if ids is None else ids
        columns.setdefault("name", ids)
        return kind.of(ids, **columns, geometry=np.asarray(shapely.make_valid(kept.geometry), dtype=object))

    def _nodes(self, frame: StandardFrame, *, fatal: bool, quiet: bool = False) -> NDArray[np.int64]:
        found = np.full(len(frame), -1, dtype=np.int64)
        nodes = self._network.nodes
        for at, name in enumerate(frame.text("node")):
            if name and nodes.has(str(name)):
                found[at] = nodes.row(str(name))
            elif name and not quiet:
                severity = Severity.FATAL if fatal else Severity.WARNING
                self._faults.append(frame.fault(at, "unknown_node", f"no node {name!r}", severity, column="node"))
        return found

    def _unplaced(
        self,
        frame: StandardFrame,
        points: NDArray[np.float64],
        at_node: NDArray[np.bool_] | None = None,
        names: NDArray[np.object_] | None = None,
    ) -> dict[int, list[int]]:
        """Row -> pipe rows, for rows that name a pipe in several pieces and have no position that selects one of them.

        A dataset that is imported again has them in ``pieces``; its point there is only where the row was drawn.
        """
        found: dict[int, list[int]] = {}
        old, of_dataset = frame.text("pieces"), "pieces" in frame.frame
        for at, name in enumerate(frame.text("pipe") if names is None else names):
            if at_node is not None and at_node[at]:
                continue
            rows = self._pieces_of_old(str(old[at])) if old[at] else []
            if not rows and name:
                drawn_only = of_dataset and self._is_made_up(str(name), points[at], is_station=names is not None)
                rows = self._pieces.rows(str(name)) if drawn_only else self._pieces.nearest(str(name), points[at])
            if len(rows) > 1:
                found[at] = rows
        return found

    def _is_made_up(self, pipe: str, point: NDArray[np.float64], *, is_station: bool) -> bool:
        """Whether a point is where a dataset draws a row without one: midway between its pipe's ends, a station at the first end.

        Such a point does not select a piece once another import cuts that pipe.
        """
        rows = self._pieces.rows(pipe)
        if len(rows) < 2:
            return False
        nodes, pipes = self._network.nodes, self._network.pipes
        ends = [int(pipes.from_node[rows[0]]), int(pipes.to_node[rows[-1]])]
        first, last = np.column_stack([nodes.x[ends], nodes.y[ends]])
        made_up = [(first + last) / 2, first] if is_station else [(first + last) / 2]
        away = np.abs(np.array(made_up) - point).max(axis=1)
        return bool((away < _SAME_M).any())

    def _pieces_of_old(self, text: str) -> list[int]:
        try:
            return sorted({row for name in piece_ids(text) for row in self._pieces.rows(name)})
        except ValueError:
            return []

    def _named(self, frame: StandardFrame, pieces: dict[int, list[int]]) -> NDArray[np.object_]:
        """The column ``pieces``: ids of the pieces that a row counts for, "" for other rows, (n,)."""
        named = np.full(len(frame), "", dtype=object)
        for at, rows in pieces.items():
            named[at] = pieces_text(self._network.pipes.ids(rows))
        return named

    def _pipes(
        self, frame: StandardFrame, points: NDArray[np.float64], pieces: dict[int, list[int]], within_m: float
    ) -> NDArray[np.int64]:
        names = frame.text("pipe")
        found = np.array([self._pieces.near(str(name), at) if name else -1 for name, at in zip(names, points, strict=True)])
        found = found.astype(np.int64)
        found[list(pieces)] = [rows[0] for rows in pieces.values()]
        for at in np.flatnonzero((names != "") & (found < 0)):
            self._faults.append(frame.fault(int(at), "unknown_pipe", f"no pipe {names[at]!r}", column="pipe"))
        return np.where(found >= 0, found, self._pieces.index.nearest(points, within_m))

    def _nearest_node(self, points: NDArray[np.float64]) -> NDArray[np.int64]:
        found = np.full(len(points), -1, dtype=np.int64)
        known = np.isfinite(points).all(axis=1)
        if self._tree is None or not known.any():
            return found
        away, at = self._tree.query(points[known], distance_upper_bound=_STATION_M)
        found[known] = np.where(np.isfinite(away), np.append(self._known, -1)[at], -1)
        return found

    def _is_link(self, name: str) -> bool:
        network = self._network
        return bool(self._pieces.rows(name)) or network.pumps.has(name) or network.valves.has(name)

    def _points(
        self,
        points: NDArray[np.float64],
        node: NDArray[np.int64],
        pipe: NDArray[np.int64],
        pieces: dict[int, list[int]],
    ) -> NDArray[np.float64]:
        """Where assets are drawn, (n, 2): their own point, else their node, else midway between the ends of their pipe."""
        nodes, pipes = self._network.nodes, self._network.pipes
        xy = np.append(np.column_stack([nodes.x, nodes.y]), [[np.nan, np.nan]], axis=0)
        out = np.where(np.isfinite(points), points, xy[node])
        if len(pipes):
            middle = (xy[pipes.from_node] + xy[pipes.to_node]) / 2
            out = np.where(np.isfinite(out), out, np.append(middle, [[np.nan, np.nan]], axis=0)[pipe])
            for at, rows in pieces.items():
                out[at] = middle[rows].mean(axis=0)
        return np.asarray(out, dtype=np.float64)

    def _lost(self, frame: StandardFrame, lost: NDArray[np.bool_], message: str) -> None:
        self._faults += [frame.fault(int(at), "off_network", message) for at in np.flatnonzero(lost)]
