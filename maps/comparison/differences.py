"""Differences between two versions of a city dataset, by asset id: added, removed, cut anew, moved, changed.

A new export of the GIS is compared before it replaces the old one. Cases and history refer to ids: a removed id loses them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from maps.city import City
from maps.columns import Columns
from maps.errors import InputFault
from maps.network import NodeKind, PipeStatus, PipeTable, ValveKind, ValveState

TARGETS: Mapping[str, str] = {"from_node": "nodes", "to_node": "nodes", "node": "nodes", "pipe": "pipes", "flows_to": "pipes"}
"""Columns that hold rows of another table; their ids are compared, since rows renumber."""
_GENERATED = re.compile(r"N\d+")
"""Ids of nodes that an import made where lines end."""
_SKIPPED = frozenset({"asset_id", "x", "y", "source_id", "pieces", "placing", "assumed", "estimated"})
_KINDS: Mapping[tuple[str, str], type[IntEnum]] = {
    ("nodes", "kind"): NodeKind,
    ("pipes", "status"): PipeStatus,
    ("pumps", "status"): PipeStatus,
    ("valves", "kind"): ValveKind,
    ("valves", "state"): ValveState,
    ("valves", "normal_state"): ValveState,
}


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs. ``before``, ``after``: as text, "" for unknown."""

    asset_id: str
    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class LayerDifference:
    """One layer. ``recut``: (id of the uncut pipe, pieces before, pieces after); ``moved``: (id, metres).

    Pipes are compared uncut: pieces of one pipe count together, with the values of the first piece, except lengths and ends.
    """

    layer: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    recut: tuple[tuple[str, int, int], ...] = ()
    moved: tuple[tuple[str, float], ...] = ()
    changed: tuple[Change, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs."""
        return not (self.added or self.removed or self.recut or self.moved or self.changed)

    def counts(self) -> dict[str, int]:
        """Number of assets by kind of difference; an asset with two changed values counts once."""
        return {
            "added": len(self.added),
            "removed": len(self.removed),
            "recut": len(self.recut),
            "moved": len(self.moved),
            "changed": len({change.asset_id for change in self.changed}),
        }


@dataclass(frozen=True, eq=False)
class _Side:
    """One table of one version, a row for each id. ``first``: its row in the table; ``count``: pieces, 1 for other tables."""

    table: Columns
    ids: tuple[str, ...]
    first: NDArray[np.int64]
    count: NDArray[np.int64]
    city: City


def compare(before: City, after: City, tolerance_m: float = 0.5) -> tuple[LayerDifference, ...]:
    """Differences of all layers with ids, empty ones included. ``tolerance_m``: shifts up to this are none.

    Raises InputFault when the two are in different CRS.
    """
    if before.network.crs != after.network.crs:
        raise InputFault(
            f"the datasets differ in their CRS ({before.network.crs} and {after.network.crs}); "
            f"import the new one with --crs {before.network.crs}"
        )
    pairs = zip(tables_of(before), tables_of(after), strict=True)
    found = (_layer(_side(one, before), _side(other, after), tolerance_m) for one, other in pairs)
    return tuple(_without_renumbered(one, before, after, tolerance_m) if one.layer == "nodes" else one for one in found)


def _without_renumbered(found: LayerDifference, before: City, after: City, tolerance_m: float) -> LayerDifference:
    """Nodes without those that only have another generated id at the same place."""
    old, new = before.network.nodes, after.network.nodes
    gone, come = ([name for name in names if _GENERATED.fullmatch(name)] for names in (found.removed, found.added))
    if not gone or not come:
        return found
    rows = [old.row(name) for name in gone], [new.row(name) for name in come]
    tree = cKDTree(np.column_stack([old.x[rows[0]], old.y[rows[0]]]))
    away, at = tree.query(np.column_stack([new.x[rows[1]], new.y[rows[1]]]), distance_upper_bound=max(tolerance_m, 1e-3))
    met, at = np.flatnonzero(np.isfinite(away)), np.asarray(at)
    same = {come[k] for k in met}, {gone[at[k]] for k in met}
    added = tuple(name for name in found.added if name not in same[0])
    return replace(found, added=added, removed=tuple(name for name in found.removed if name not in same[1]))


def tables_of(city: City) -> tuple[Columns, ...]:
    """The tables that are compared, in order."""
    network = city.network
    return (
        network.nodes,
        network.pipes,
        network.valves,
        network.pumps,
        city.hydrants,
        city.plants,
        city.stations,
        city.customers,
        city.zones,
    )


def _side(table: Columns, city: City) -> _Side:
    names = table.asset_id
    if isinstance(table, PipeTable):
        names = np.where(table.source_id == "", table.asset_id, table.source_id)
    first: dict[str, int] = {}
    count: dict[str, int] = {}
    for row, name in enumerate(map(str, names)):
        first.setdefault(name, row)
        count[name] = count.get(name, 0) + 1
    return _Side(
        table, tuple(first), np.array(list(first.values()), dtype=np.int64), np.array(list(count.values()), dtype=np.int64), city
    )


def _layer(one: _Side, other: _Side, tolerance_m: float) -> LayerDifference:
    at_one = {name: k for k, name in enumerate(one.ids)}
    at_other = {name: k for k, name in enumerate(other.ids)}
    shared = [name for name in one.ids if name in at_other]
    a = np.array([at_one[name] for name in shared], dtype=np.int64)
    b = np.array([at_other[name] for name in shared], dtype=np.int64)
    recut = one.count[a] != other.count[b]
    return LayerDifference(
        one.table.LAYER,
        tuple(name for name in other.ids if name not in at_one),
        tuple(name for name in one.ids if name not in at_other),
        tuple((shared[k], int(one.count[a[k]]), int(other.count[b[k]])) for k in np.flatnonzero(recut)),
        tuple(_moved(one, other, shared, a, b, tolerance_m)),
        tuple(_changes(one, other, shared, a, b, tolerance_m)),
    )


def _moved(
    one: _Side, other: _Side, shared: Sequence[str], a: NDArray[np.int64], b: NDArray[np.int64], tolerance_m: float
) -> Iterator[tuple[str, float]]:
    if not shared:
        return
    shapes = _shapes(one), _shapes(other)
    if shapes[0] is None or shapes[1] is None:
        return
    away = np.asarray(shapely.hausdorff_distance(shapes[0][a], shapes[1][b]))
    for k in map(int, np.flatnonzero(np.nan_to_num(away) > tolerance_m)):
        yield shared[k], float(away[k])


def _shapes(side: _Side) -> NDArray[np.object_] | None:
    """Shapes of the ids in the network's CRS, (ids,), None in a row without a place; None for a table without places."""
    table = side.table
    if isinstance(table, PipeTable):
        rows = np.repeat(np.arange(len(table)), np.diff(table.offsets))
        lines = (
            np.asarray(shapely.linestrings(table.vertices, indices=rows), dtype=object)
            if len(table)
            else np.empty(0, dtype=object)
        )
        names = np.where(table.source_id == "", table.asset_id, table.source_id)
        made: dict[str, list[Any]] = {}
        for name, line in zip(map(str, names), lines, strict=True):
            made.setdefault(name, []).append(line)
        merged = np.empty(len(side.ids), dtype=object)
        merged[:] = [_joined(made[name]) for name in side.ids]
        return merged
    if hasattr(table, "geometry"):
        return np.asarray(table.geometry, dtype=object)[side.first]
    if not (hasattr(table, "x") and hasattr(table, "y")):
        return None
    x, y = np.asarray(table.x)[side.first], np.asarray(table.y)[side.first]
    points = np.empty(len(x), dtype=object)
    known = np.isfinite(x) & np.isfinite(y)
    points[known] = shapely.points(x[known], y[known])
    return points


def _joined(lines: list[Any]) -> Any:
    return lines[0] if len(lines) == 1 else shapely.line_merge(shapely.multilinestrings(lines))


def _changes(
    one: _Side, other: _Side, shared: Sequence[str], a: NDArray[np.int64], b: NDArray[np.int64], tolerance_m: float
) -> Iterator[Change]:
    for column, kind in type(one.table).column_kinds().items():
        if column in _SKIPPED:
            continue
        before, after = _texts(one, column, kind)[a], _texts(other, column, kind)[b]
        if isinstance(one.table, PipeTable) and column in ("from_node", "to_node", "length_m"):
            whole = (one.count[a] == 1) & (other.count[b] == 1)  # ends and lengths of pieces follow their cuts
        else:
            whole = np.ones(len(a), dtype=np.bool_)
        if kind == "Ints" and TARGETS.get(column) == "nodes":
            whole &= ~_same_place(one, other, column, a, b, tolerance_m)
        for k in map(int, np.flatnonzero((before != after) & whole)):
            yield Change(shared[k], column, str(before[k]), str(after[k]))


def _same_place(
    one: _Side, other: _Side, column: str, a: NDArray[np.int64], b: NDArray[np.int64], tolerance_m: float
) -> NDArray[np.bool_]:
    """Whether the nodes that a column names lie in one place, (a,): generated ids change from one export to the next."""
    places = []
    for side, rows in ((one, a), (other, b)):
        nodes = side.city.network.nodes
        xy = np.append(np.column_stack([nodes.x, nodes.y]), [[np.nan, np.nan]], axis=0)
        places.append(xy[getattr(side.table, column)[side.first[rows]]])
    return np.asarray(np.hypot(*(places[0] - places[1]).T) <= tolerance_m)


def _texts(side: _Side, column: str, kind: str) -> NDArray[np.object_]:
    """A column of the ids as text, (ids,): ids for references, names for kinds, numbers to 6 digits, "" for unknown."""
    values = getattr(side.table, column)[side.first]
    if kind == "Ints" and column in TARGETS:
        network = side.city.network
        target = network.nodes.asset_id if TARGETS[column] == "nodes" else network.pipes.asset_id
        return np.asarray(np.append(target, "")[values], dtype=object)
    made = np.empty(len(values), dtype=object)
    if kind == "Codes":
        kinds = _KINDS[side.table.LAYER, column]
        made[:] = [kinds(int(value)).name.lower() for value in values]
    elif kind == "Floats":
        made[:] = ["" if not np.isfinite(value) else f"{value:.6g}" for value in values.tolist()]
    elif kind == "Ints":
        made[:] = ["" if value == -1 else str(value) for value in values.tolist()]
    else:
        made[:] = [str(value) for value in values.tolist()]
    return made
