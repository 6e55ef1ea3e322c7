"""Converts a standard frame's columns to typed table columns, ids and points; references between tables are not resolved here."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from enum import IntEnum
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from maps.columns import Columns
from maps.errors import Fault, Severity
from maps.importers.readers.standard_layers import StandardFrame
from maps.network import NodeKind, PipeStatus, ValveKind, ValveState

_YEAR = re.compile(r"(?<!\d)(1[89]\d\d|20\d\d)(?!\d)")

CODES: Mapping[tuple[str, str], tuple[type[IntEnum], int, int]] = {
    # layer, column -> enumeration, code where empty, code where not understood
    ("nodes", "kind"): (NodeKind, NodeKind.JUNCTION, NodeKind.JUNCTION),
    ("pipes", "status"): (PipeStatus, PipeStatus.OPEN, PipeStatus.OPEN),
    ("pumps", "status"): (PipeStatus, PipeStatus.OPEN, PipeStatus.OPEN),
    ("valves", "kind"): (ValveKind, ValveKind.GATE, ValveKind.OTHER),
    ("valves", "state"): (ValveState, ValveState.OPEN, ValveState.UNKNOWN),
    ("valves", "normal_state"): (ValveState, ValveState.OPEN, ValveState.UNKNOWN),
}
REFERENCES = frozenset({"from_node", "to_node", "node", "pipe", "flows_to"})


def plain_columns(kind: type[Columns], frame: StandardFrame, faults: list[Fault], skip: Collection[str] = ()) -> dict[str, Any]:
    """The columns of ``table`` that a frame has, typed, without references; invalid values are reported and become unknown."""
    columns: dict[str, Any] = {}
    for name, sort in kind.column_kinds().items():
        if name == "asset_id" or name in skip or not frame.has(name) or (sort == "Ints" and name in REFERENCES):
            continue
        columns[name] = _column(kind, name, sort, frame, faults)
    return columns


def _column(kind: type[Columns], name: str, sort: str, frame: StandardFrame, faults: list[Fault]) -> Any:
    if sort == "Texts":
        return frame.text(name)
    if sort == "Bools":
        return frame.flag(name, bool(kind.DEFAULTS.get(name, False)), faults)
    if sort == "Codes":
        kinds, default, unknown = CODES[(kind.LAYER, name)]
        return frame.code(name, kinds, int(default), int(unknown), faults)
    if name == "year_laid":
        return years(frame.text(name))
    values = frame.number(name, faults)
    default = kind.DEFAULTS.get(name, np.nan if sort == "Floats" else -1)
    values = np.where(np.isfinite(values), values, default)
    return values if sort == "Floats" else np.clip(values, -1, 2**31 - 1).astype(np.int32)


def years(texts: NDArray[np.object_]) -> NDArray[np.int32]:
    """The year in each date of any form, -1 where there is none, (n,)."""
    found = (_YEAR.search(str(text)) for text in texts)
    return np.array([int(match[1]) if match else -1 for match in found], dtype=np.int32)


def asset_ids(frame: StandardFrame, faults: list[Fault], *, unique: bool) -> NDArray[np.object_]:
    """Asset ids of a frame, (n,). An empty id becomes ``<layer>-row<n>`` and is reported; a duplicate is fatal if ``unique``."""
    ids = frame.text("asset_id").copy()
    for at in map(int, np.flatnonzero(ids == "")):
        ids[at] = f"{frame.layer}-row{frame.row[at]}"
        faults.append(frame.fault(at, "no_id", f"has no asset_id; called {ids[at]}"))
    if not unique:
        return ids
    seen: dict[str, int] = {}
    for at, name in enumerate(ids):
        if name in seen:
            message = f"{name!r} is the id of row {seen[name]} too; ids of {frame.layer} must be unique"
            faults.append(frame.fault(at, "duplicate_id", message, Severity.FATAL, column="asset_id"))
        else:
            seen[name] = int(frame.row[at])
    return ids


def once(frame: StandardFrame, faults: list[Fault]) -> NDArray[np.object_]:
    """Asset ids of a layer that allows duplicates, (n,): the second becomes ``<id>~2`` and is reported."""
    ids = asset_ids(frame, faults, unique=False)
    used, number = set(ids), dict[str, int]()
    for at, name in enumerate(ids.copy()):
        number[name] = number.get(name, 0) + 1
        if number[name] == 1:
            continue
        while f"{name}~{number[name]}" in used:
            number[name] += 1
        ids[at] = f"{name}~{number[name]}"
        used.add(ids[at])
        faults.append(frame.fault(at, "duplicate_id", f"{name!r} is there more than once; this one is called {ids[at]}"))
    return ids


def points_of(frame: StandardFrame) -> NDArray[np.float64]:
    """A point for each row, (n, 2), network CRS: the geometry's own or its middle; NaN without a geometry."""
    found = np.full((len(frame), 2), np.nan)
    shapes = frame.geometry
    for at in np.flatnonzero([shape is not None and not shape.is_empty for shape in shapes]):
        shape = shapes[at]
        point = shape if shape.geom_type == "Point" else shapely.point_on_surface(shape)
        found[at] = (point.x, point.y)
    return found
