"""Makes repairs on standard layers before nodes and pipes are built of them. Pure; what fits nothing any more is reported."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.ops import substring

from maps.errors import Fault, Severity
from maps.importers.readers.standard_layers import StandardFrame
from maps.importers.repairs.repair import Repair, RepairKind

_PIECE = re.compile(r"~\d+$")
_NODE_COLUMNS = ("from_node", "to_node", "node")
_PIPE_COLUMNS = ("pipe", "link", "flows_to")
_SAME_M = 0.01
_ENDS = ("from_node", "to_node")
_MEANT_M = 2.0
"""An end further than this from where the repair expects it has been moved since: the repair no longer fits."""


def repaired(
    frames: Mapping[str, StandardFrame], repairs: Sequence[Repair], snap_m: float, faults: list[Fault]
) -> dict[str, StandardFrame]:
    """The layers after the repairs, in their order. A repair that finds nothing to do is a warning, not a refusal."""
    if not repairs:
        return dict(frames)
    work = {name: _Work(frame) for name, frame in frames.items()}
    makers = {
        RepairKind.SNAP: _snap,
        RepairKind.SPLIT: _split,
        RepairKind.MERGE: _merge,
        RepairKind.DROP: _drop,
    }
    for one in repairs:
        if one.layer not in work or not makers[one.kind](work, one, snap_m):
            said = f"repair {one.kind} finds nothing to do any more; remove it from the list of repairs"
            faults.append(Fault(Severity.WARNING, "repair_not_made", said, one.layer, one.asset_id, x=one.x, y=one.y))
    return {name: made.frame() for name, made in work.items()}


class _Work:
    """One layer that is being changed: rows are marked as dropped and added ones appended, so that numbers of rows stay."""

    def __init__(self, source: StandardFrame) -> None:
        self._source = source
        self.columns: dict[str, list[Any]] | None = None
        """Column -> values; None while nothing was changed."""
        self.shapes: list[Any] = []
        self.merged: dict[str, str] = {}
        """Id of a merged row -> the row that took its place."""
        self._rows: list[int] = []
        self._kept: list[bool] = []
        self._by_id: dict[str, list[int]] = {}
        self._users: dict[str, dict[str, set[int]]] = {}

    def open(self) -> dict[str, list[Any]]:
        """The columns, to be changed in place."""
        if self.columns is None:
            self.columns = {str(name): self._source.frame[name].tolist() for name in self._source.frame}
            self.shapes = list(self._source.geometry)
            self._rows = self._source.row.tolist()
            self._kept = [True] * len(self._rows)
            for at, name in enumerate(self.columns.get("asset_id", [])):
                self._by_id.setdefault(str(name), []).append(at)
        return self.columns

    def find(self, name: str) -> list[int]:
        """Rows of an id, or of the pipe that a piece ``<id>~<n>`` belongs to."""
        self.open()
        found = self._by_id.get(name) or self._by_id.get(_PIECE.sub("", name), [])
        return [at for at in found if self._kept[at]]

    def drop(self, at: int) -> None:
        """Leave a row out."""
        self._kept[at] = False

    def copy(self, at: int) -> int:
        """A further row like this one."""
        columns = self.open()
        made = len(self._rows)
        for name, values in columns.items():
            values.append(values[at])
            if name in self._users:
                self._users[name].setdefault(str(values[at]), set()).add(made)
        self.shapes.append(self.shapes[at])
        self._rows.append(self._rows[at])
        self._kept.append(True)
        self._by_id.setdefault(str(columns["asset_id"][at]), []).append(made)
        return made

    def put(self, column: str, at: int, value: str) -> None:
        """Set a value of a column that the layer has."""
        if column in (columns := self.open()):
            columns[column][at] = value
            if column in self._users:
                self._users[column].setdefault(value, set()).add(at)

    def get(self, column: str, at: int) -> str:
        """A value as text, "" where the layer lacks the column."""
        return str(self.open().get(column, {at: ""})[at]) if column in self.open() else ""

    def refer(self, column: str, before: str, after: str) -> None:
        """Let all rows that name ``before`` in a column of ids name ``after``."""
        columns = self.open()
        if column not in columns:
            return
        if column not in self._users:
            users: dict[str, set[int]] = {}
            for at, name in enumerate(columns[column]):
                users.setdefault(str(name), set()).add(at)
            self._users[column] = users
        for at in self._users[column].pop(before, set()):
            if columns[column][at] == before:
                self.put(column, at, after)

    def frame(self) -> StandardFrame:
        """The layer as it is now; pieces of a pipe follow one another."""
        if self.columns is None:
            return self._source
        order = np.lexsort((np.arange(len(self._rows)), self._first_of_row()))
        keep = order[np.array(self._kept, dtype=np.bool_)[order]]
        table = pd.DataFrame({name: np.array(values, dtype=object) for name, values in self.columns.items()}, dtype=object)
        shapes = np.empty(len(self.shapes), dtype=object)
        shapes[:] = self.shapes
        rows = np.array(self._rows, dtype=np.int64)
        source = self._source
        return replace(source, frame=table.iloc[keep].reset_index(drop=True), geometry=shapes[keep], row=rows[keep])

    def _first_of_row(self) -> NDArray[np.int64]:
        """Position of each row's original, (rows,): added rows stand beside the row they were copied from."""
        first: dict[tuple[int, str], int] = {}
        ids = (self.columns or {}).get("asset_id", [""] * len(self._rows))
        return np.array(
            [first.setdefault((row, str(name)), at) for at, (row, name) in enumerate(zip(self._rows, ids, strict=True))],
            dtype=np.int64,
        )


def _snap(work: Mapping[str, _Work], one: Repair, snap_m: float) -> bool:
    layer = work[one.layer]
    rows = layer.find(one.asset_id)
    if not rows:
        return False
    if one.column:  # the place that is drawn counts instead of a wrong id
        wrong = [at for at in rows if (name := layer.get(one.column, at)) and not work["nodes"].find(name)]
        for at in wrong:
            layer.put(one.column, at, "")
        return bool(wrong)
    if one.to_x is None or one.to_y is None:
        return False
    target = (one.to_x, one.to_y)
    if one.layer == "pipes":
        end = _end(layer, rows, one, snap_m)
        if end is None:
            return False
        _move_end(layer, *end, target)
        stated = _ENDS[end[1]]
        if layer.get(stated, end[0]):
            layer.put(stated, end[0], one.to_id if work["nodes"].find(one.to_id) else "")
        return True
    at = _nearest(layer, rows, one)
    layer.shapes[at] = shapely.Point(target)
    return True


def _split(work: Mapping[str, _Work], one: Repair, snap_m: float) -> bool:
    """The end of one pipe, with its node, is moved onto another one, which is cut there."""
    pipes, nodes = work["pipes"], work["nodes"]
    end = _end(pipes, pipes.find(one.asset_id), one, snap_m)
    others = pipes.find(one.to_id)
    if end is None or one.to_x is None or one.to_y is None or not others:
        return False
    point = shapely.Point(one.to_x, one.to_y)
    cut = min(others, key=lambda at: _away(pipes.shapes[at], point))
    line = pipes.shapes[cut]
    if cut == end[0] or _away(line, point) > max(snap_m, _SAME_M):
        return False
    along = float(shapely.line_locate_point(line, point))
    if not _SAME_M < along < line.length - _SAME_M:
        return False
    _move_end(pipes, *end, (one.to_x, one.to_y))
    stated = pipes.get(_ENDS[end[1]], end[0])
    for at in nodes.find(stated or one.node):  # a generated node is none of the layer
        nodes.shapes[at] = point
    _cut(pipes, cut, along, point, stated)
    return True


def _cut(pipes: _Work, row: int, along: float, point: shapely.Point, node: str) -> None:
    line = pipes.shapes[row]
    first = shapely.get_coordinates(substring(line, 0.0, along))
    last = shapely.get_coordinates(substring(line, along, line.length))
    first[-1] = last[0] = (point.x, point.y)
    second = pipes.copy(row)
    pipes.shapes[row], pipes.shapes[second] = shapely.LineString(first), shapely.LineString(last)
    pipes.put("to_node", row, node)
    pipes.put("from_node", second, node)
    whole = _number(pipes.get("length_m", row))
    if whole is not None:
        pipes.put("length_m", row, repr(whole * along / line.length))
        pipes.put("length_m", second, repr(whole * (1.0 - along / line.length)))


def _merge(work: Mapping[str, _Work], one: Repair, snap_m: float) -> bool:
    nodes = work["nodes"]
    to_id = one.to_id
    while to_id in nodes.merged:
        to_id = nodes.merged[to_id]
    gone, kept = nodes.find(one.asset_id), nodes.find(to_id)
    if not gone or not kept or gone == kept:
        return False
    for layer in work.values():
        for column in _NODE_COLUMNS:
            layer.refer(column, one.asset_id, to_id)
    for at in gone:
        nodes.drop(at)
    nodes.merged[one.asset_id] = to_id
    return True


def _drop(work: Mapping[str, _Work], one: Repair, snap_m: float) -> bool:
    layer = work[one.layer]
    rows = layer.find(one.asset_id)
    if not rows:
        return False
    if one.fault == "duplicate_id":  # the first row of the id stays
        for at in rows[1:]:
            layer.drop(at)
        return len(rows) > 1
    layer.drop(rows[-1] if one.x is None else _nearest(layer, rows[::-1], one))
    if one.layer == "pipes" and len(rows) == 1 and one.to_id:
        for other in work.values():
            for column in _PIPE_COLUMNS:
                other.refer(column, one.asset_id, one.to_id)
    return True


def _end(layer: _Work, rows: Sequence[int], one: Repair, snap_m: float) -> tuple[int, int] | None:
    """(row, 0 for its start or 1 for its end) of the drawn end nearest to the repair's place; None where none is near."""
    if one.x is None or one.y is None:
        return None
    ends = [(at, side) for at in rows if _is_line(layer.shapes[at]) for side in (0, 1)]
    if not ends:
        return None
    place = np.array([one.x, one.y])
    away = [float(np.hypot(*(_end_point(layer.shapes[at], side) - place))) for at, side in ends]
    best = int(np.argmin(away))
    return ends[best] if away[best] <= _MEANT_M + snap_m else None


def _is_line(shape: Any) -> bool:
    return shape is not None and shape.geom_type == "LineString" and not shape.is_empty


def _end_point(shape: Any, side: int) -> NDArray[np.float64]:
    return np.asarray(shape.coords[-side][:2], dtype=np.float64)


def _move_end(layer: _Work, at: int, side: int, to: tuple[float, float]) -> None:
    points = shapely.get_coordinates(layer.shapes[at])
    points[-side] = to
    layer.shapes[at] = shapely.LineString(points)


def _nearest(layer: _Work, rows: Sequence[int], one: Repair) -> int:
    if one.x is None or one.y is None or len(rows) == 1:
        return rows[0]
    point = shapely.Point(one.x, one.y)
    return min(rows, key=lambda at: _away(layer.shapes[at], point))


def _away(shape: Any, point: shapely.Point) -> float:
    return float("inf") if shape is None or shape.is_empty else float(shapely.distance(shape, point))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
