"""A newer version of a city without the parts that a person rejected; the two are matched by asset id.

What is rejected stays as it was: an added asset is left out, a removed one kept, a moved one put back, a changed value restored.
A pipe that is kept brings its nodes along; nodes of the two versions are the same where they lie in one place, since generated
ids change from export to export. How pipes are cut into pieces follows the newer version.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from maps.city import City, ShapeTable, ZoneTable
from maps.columns import Columns
from maps.comparison.differences import TARGETS, LayerDifference
from maps.network import NodeTable, PipeTable

Part = tuple[str, str, str]
"""Layer, ``added``, ``removed``, ``moved`` or ``changed``, and asset id (of the whole pipe)."""
Rows = NDArray[np.int64]
_NOT_RESTORED = frozenset({"asset_id", "x", "y", "source_id", "pieces"})
_ASSETS = ("hydrants", "plants", "stations", "customers")


def parts_of(found: Sequence[LayerDifference]) -> Iterator[Part]:
    """All parts of a comparison that can be accepted or rejected; nodes follow their pipes and are not listed by themselves."""
    for one in found:
        if one.layer == "nodes":
            continue
        yield from ((one.layer, "added", name) for name in one.added)
        yield from ((one.layer, "removed", name) for name in one.removed)
        yield from ((one.layer, "moved", name) for name, _ in one.moved)
        yield from ((one.layer, "changed", name) for name in dict.fromkeys(change.asset_id for change in one.changed))


def accepted(before: City, after: City, rejected: Collection[Part], tolerance_m: float = 0.5) -> City:
    """The newer version without the rejected parts, under the name and site of the older one: history and cases stay with it.

    The hydraulic model is that of ``after``; where pipes were rejected it has to be built again.
    """
    return _Acceptance(before, after, rejected, tolerance_m).city()


class _Acceptance:
    """One merge. Rows of the new tables: kept rows of ``after`` in their order, then rows taken over from ``before``."""

    def __init__(self, before: City, after: City, rejected: Collection[Part], tolerance_m: float) -> None:
        self._before, self._after, self._tolerance_m = before, after, tolerance_m
        self._rejected: dict[tuple[str, str], set[str]] = {}
        for layer, kind, name in rejected:
            self._rejected.setdefault((layer, kind), set()).add(name)
        old, new = before.network, after.network
        self._old_ids, self._new_ids = _whole(old.pipes), _whole(new.pipes)
        self._kept_pipes = _rows_without(self._new_ids, self._of("pipes", "added"))
        self._taken_pipes = _rows_with(self._old_ids, self._of("pipes", "removed"))
        self._node_of = self._matched_nodes()
        self.nodes = self._nodes()
        self.pipes = self._pipes()
        self.nodes = self._ends_met()

    def _of(self, layer: str, kind: str) -> set[str]:
        return self._rejected.get((layer, kind), set())

    def city(self) -> City:
        """All tables put together."""
        network = self._after.network
        valves = self._table(self._before.network.valves, network.valves)
        pumps = self._table(self._before.network.pumps, network.pumps)
        made = replace(network, nodes=self.nodes, pipes=self.pipes, valves=valves, pumps=pumps)
        assets = {name: self._table(getattr(self._before, name), getattr(self._after, name)) for name in _ASSETS}
        zones = self._table(self._before.zones, self._after.zones)
        info = replace(self._after.info, name=self._before.info.name, site=self._before.info.site)
        return replace(
            self._after, info=replace(info, time_zone=self._before.info.time_zone), network=made, zones=zones, **assets
        )

    # Nodes

    def _matched_nodes(self) -> dict[int, int]:
        """Old node row -> new node row at the same place, for the nodes that rows taken over refer to."""
        old, new = self._before.network.nodes, self._after.network.nodes
        if not len(new) or not len(old):
            return {}
        tree = cKDTree(np.column_stack([new.x, new.y]))
        away, row = tree.query(np.column_stack([old.x, old.y]), distance_upper_bound=max(self._tolerance_m, 1e-3))
        row = np.asarray(row)
        return {int(at): int(row[at]) for at in np.flatnonzero(np.isfinite(away))}

    def _nodes(self) -> NodeTable:
        old, new = self._before.network, self._after.network
        pipes = old.pipes
        needed = np.concatenate([pipes.from_node[self._taken_pipes], pipes.to_node[self._taken_pipes]])
        needed = np.unique(needed[needed >= 0])
        extra = np.array([row for row in needed.tolist() if row not in self._node_of], dtype=np.int64)
        used = np.zeros(len(new.nodes), dtype=np.bool_)
        for table, rows in ((new.pipes, self._kept_pipes), (new.pumps, None), (new.valves, None)):
            for name in ("from_node", "to_node", "node"):
                if hasattr(table, name):
                    values = getattr(table, name) if rows is None else getattr(table, name)[rows]
                    used[values[values >= 0]] = True
        used[[self._node_of[row] for row in needed.tolist() if row in self._node_of]] = True
        kept = np.flatnonzero(used)
        self._new_node = np.full(len(new.nodes) + 1, -1, dtype=np.int64)
        self._new_node[kept] = np.arange(len(kept))
        for at, row in enumerate(extra.tolist()):
            self._node_of[row] = len(new.nodes) + 1 + at
        self._extra_node = {len(new.nodes) + 1 + at: len(kept) + at for at in range(len(extra))}
        taken = old.nodes.taken(extra)
        names = set(map(str, new.nodes.asset_id[kept]))
        ids = np.array([_free(str(name), names) for name in taken.asset_id], dtype=object)
        made: NodeTable = _stacked(new.nodes.taken(kept), taken.replaced(asset_id=ids))
        return made

    def _node(self, old_row: int) -> int:
        """Row in the new table of a node of the older version, -1 where it is gone."""
        found = self._node_of.get(old_row, -1)
        return self._extra_node.get(found, int(self._new_node[found]) if 0 <= found < len(self._new_node) else -1)

    # Pipes

    def _pipes(self) -> PipeTable:
        old, new = self._before.network.pipes, self._after.network.pipes
        back = self._of("pipes", "moved")
        rows_old = {name: list(rows) for name, rows in _by_name(self._old_ids, back)}
        rows_new = {name: list(rows) for name, rows in _by_name(self._new_ids, back)}
        drawn = {
            at: old.points(of)
            for name in back & rows_old.keys() & rows_new.keys()
            if len(rows_old[name]) == len(rows_new[name])
            for at, of in zip(rows_new[name], rows_old[name], strict=True)
        }
        shapes = [drawn.get(at, new.points(at)) for at in self._kept_pipes.tolist()]
        shapes += [old.points(at) for at in self._taken_pipes.tolist()]
        columns: dict[str, Any] = {}
        values = self._restored(old, new)
        for name in PipeTable.column_kinds():
            columns[name] = np.concatenate([values[name][self._kept_pipes], getattr(old, name)[self._taken_pipes]])
        for name in ("from_node", "to_node"):
            mine = self._new_node[getattr(new, name)[self._kept_pipes]]
            taken = [self._node(int(row)) for row in getattr(old, name)[self._taken_pipes]]
            columns[name] = np.concatenate([mine, np.array(taken, dtype=np.int64)])
        offsets = np.concatenate([[0], np.cumsum([len(points) for points in shapes])]).astype(np.int64)
        extra = _extra(new, old, self._kept_pipes, self._taken_pipes)
        self._new_pipe = np.full(len(new) + 1, -1, dtype=np.int64)
        self._new_pipe[self._kept_pipes] = np.arange(len(self._kept_pipes))
        vertices = np.concatenate(shapes) if shapes else np.empty((0, 2))
        return PipeTable.of(columns.pop("asset_id"), **columns, vertices=vertices, offsets=offsets, extra=extra)

    def _ends_met(self) -> NodeTable:
        """Nodes where pipes were put back: moved to where all pipes there end now, if they agree."""
        back = self._of("pipes", "moved")
        rows = [at for at, name in enumerate(_whole(self.pipes)) if str(name) in back]
        if not rows:
            return self.nodes
        pipes, offsets = self.pipes, self.pipes.offsets
        x, y = self.nodes.x.copy(), self.nodes.y.copy()
        touched = {int(node) for at in rows for node in (pipes.from_node[at], pipes.to_node[at])}
        drawn: dict[int, list[NDArray[np.float64]]] = {}
        for ends, at_vertex in ((pipes.from_node, offsets[:-1]), (pipes.to_node, offsets[1:] - 1)):
            for row in np.flatnonzero(np.isin(ends, list(touched))).tolist():
                drawn.setdefault(int(ends[row]), []).append(pipes.vertices[at_vertex[row]])
        for node, points in drawn.items():
            if max(float(np.hypot(*(point - points[0]))) for point in points) <= 1e-3:
                x[node], y[node] = points[0]
        return self.nodes.replaced(x=x, y=y)

    def _pipe(self, old_row: int, node: int) -> int:
        """Row in the new table of a pipe of the older version: its piece that ends at ``node``, else its first; -1 if gone."""
        if old_row < 0:
            return -1
        if not hasattr(self, "_rows_of"):
            self._rows_of: dict[str, list[int]] = {}
            for at, name in enumerate(_whole(self.pipes)):
                self._rows_of.setdefault(str(name), []).append(at)
        rows = self._rows_of.get(str(self._old_ids[old_row]), [])
        ending = [at for at in rows if node >= 0 and node in (self.pipes.from_node[at], self.pipes.to_node[at])]
        return (ending or rows or [-1])[0]

    # Other tables

    def _table(self, old: Any, new: Any) -> Any:
        """A table of assets: rows whose place is gone are left out where they stand on it (valves, pumps), else lose it."""
        kept = _rows_without(new.asset_id, self._of(new.LAYER, "added"))
        taken = _rows_with(old.asset_id, self._of(new.LAYER, "removed"))
        columns = self._restored(old, new)
        first, second = new.taken(kept), old.taken(taken)
        kinds = new.column_kinds()
        mine = {name: columns[name][kept] for name in kinds}
        theirs = {name: getattr(old, name)[taken].copy() for name in kinds}
        for name, kind in kinds.items():
            if kind != "Ints" or name not in TARGETS:
                continue
            lookup = self._new_node if TARGETS[name] == "nodes" else self._new_pipe
            mine[name] = lookup[getattr(new, name)[kept]].astype(np.int32)
            if TARGETS[name] == "nodes":
                theirs[name] = np.array([self._node(int(row)) for row in getattr(old, name)[taken]], dtype=np.int32)
        for name, kind in kinds.items():
            if kind == "Ints" and name in TARGETS and TARGETS[name] == "pipes":
                at = theirs.get("node", np.full(len(taken), -1))
                rows = zip(getattr(old, name)[taken], at, strict=True)
                theirs[name] = np.array([self._pipe(int(row), int(node)) for row, node in rows], dtype=np.int32)
        first, second = first.replaced(**mine), second.replaced(**theirs)
        if new.LAYER in ("valves", "pumps"):
            first = first.taken(_standing(first, new.taken(kept)))
            second = second.taken(_standing(second, old.taken(taken)))
        return self._put_back(_stacked(first, second), old)

    def _restored(self, old: Any, new: Any) -> dict[str, Any]:
        """The columns of the newer table with the old values of rejected changes; references follow the newer version."""
        columns = {name: getattr(new, name) for name in new.column_kinds()}
        wanted = self._of(new.LAYER, "changed")
        if not wanted:
            return columns
        pairs = self._same_rows(old, new, wanted)
        if not pairs:
            return columns
        to, of, whole = (np.array(side, dtype=np.int64) for side in zip(*pairs, strict=True))
        for name, kind in new.column_kinds().items():
            if name in _NOT_RESTORED or (kind == "Ints" and name in TARGETS):
                continue
            mine = whole > 0 if name == "length_m" else np.ones(len(to), dtype=np.bool_)
            column = columns[name].copy()
            column[to[mine]] = getattr(old, name)[of[mine]]
            columns[name] = column
        return columns

    @staticmethod
    def _same_rows(old: Any, new: Any, wanted: set[str]) -> list[tuple[int, int, int]]:
        """(new row, old row, 1 where piece meets piece) of the wanted ids; pieces cut anew take after the first piece."""
        ids = [_whole(table) if isinstance(table, PipeTable) else table.asset_id for table in (old, new)]
        rows_old, rows_new = (dict(_by_name(names, wanted)) for names in ids)
        pairs = list[tuple[int, int, int]]()
        for name, rows in rows_new.items():
            before = rows_old.get(name, [])
            same = len(before) == len(rows)
            pairs += [(row, before[at] if same else before[0], int(same)) for at, row in enumerate(rows) if before]
        return pairs

    def _put_back(self, made: Any, old: Any) -> Any:
        """Assets whose move was rejected, at their old place."""
        wanted = [name for name in self._of(made.LAYER, "moved") if made.has(name) and old.has(name)]
        if not wanted:
            return made
        to, of = made.rows(wanted), old.rows(wanted)
        changes: dict[str, Any] = {}
        for name in ("geometry",) if isinstance(made, ZoneTable | ShapeTable) else ("x", "y"):
            column = getattr(made, name).copy()
            column[to] = getattr(old, name)[of]
            changes[name] = column
        return made.replaced(**changes)


def _whole(pipes: PipeTable) -> NDArray[np.object_]:
    return np.where(pipes.source_id == "", pipes.asset_id, pipes.source_id)


def _rows_without(ids: NDArray[np.object_], names: set[str]) -> Rows:
    return np.array([at for at, name in enumerate(ids) if str(name) not in names], dtype=np.int64)


def _rows_with(ids: NDArray[np.object_], names: set[str]) -> Rows:
    return (
        np.array([at for at, name in enumerate(ids) if str(name) in names], dtype=np.int64)
        if names
        else np.empty(0, dtype=np.int64)
    )


def _by_name(ids: NDArray[np.object_], names: set[str]) -> Iterator[tuple[str, list[int]]]:
    found: dict[str, list[int]] = {}
    for at, name in enumerate(ids):
        if str(name) in names:
            found.setdefault(str(name), []).append(at)
    yield from found.items()


def _standing(table: Any, before: Any) -> Rows:
    """Rows that still have every node and pipe that they had."""
    whole = np.ones(len(table), dtype=np.bool_)
    for name in ("node", "pipe", "from_node", "to_node"):
        if hasattr(table, name):
            whole &= (getattr(before, name) < 0) | (getattr(table, name) >= 0)
    return np.flatnonzero(whole)


def _stacked(first: Any, second: Any) -> Any:
    """Rows of two tables of one kind, one below the other."""
    if not len(second):
        return first
    columns = {name: np.concatenate([getattr(first, name), getattr(second, name)]) for name in first.column_kinds()}
    if hasattr(first, "geometry"):
        columns["geometry"] = np.concatenate([first.geometry, second.geometry])
    every = np.arange(len(first)), np.arange(len(second))
    return replace(first, **columns, extra=_extra(first, second, *every))


def _extra(new: Columns, old: Columns, kept: Rows, taken: Rows) -> Mapping[str, NDArray[Any]]:
    names = dict.fromkeys([*new.extra, *old.extra])
    made: dict[str, NDArray[Any]] = {}
    for name in names:
        parts = [
            table.extra[name][rows] if name in table.extra else np.full(len(rows), "", dtype=object)
            for table, rows in ((new, kept), (old, taken))
        ]
        made[name] = np.concatenate([np.asarray(part, dtype=object) for part in parts])
    return made


def _free(name: str, used: set[str]) -> str:
    made, number = name, 1
    while made in used:
        number += 1
        made = f"{name}~{number}"
    used.add(made)
    return made
