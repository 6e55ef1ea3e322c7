"""Where valves sit: at a node, at a pipe's end, as a link, or on a pipe, which is then cut there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from maps.columns import texts
from maps.errors import Fault, Severity
from maps.importers.base import Base, Rows, with_nodes
from maps.importers.frames import StandardFrame
from maps.importers.pieces import Pieces
from maps.importers.splitting import Cuts, split
from maps.importers.tables import asset_ids, plain_columns, points_of
from maps.network import NodeTable, PipeTable, ValveKind, ValveTable


@dataclass(eq=False)
class _Place:
    """Where one valve sits; ``pipe`` is an id until the pipes have their last rows."""

    node: int = -1
    pipe: str = ""
    ends: tuple[int, int] = (-1, -1)
    lost: bool = False


@dataclass(frozen=True, eq=False)
class Placed:
    """Valves placed. ``nodes``/``pipes``: with what was cut; ``pipes`` still carry their parents' ids."""

    nodes: NodeTable
    pipes: PipeTable
    places: list[_Place]
    points: NDArray[np.float64]
    cut: bool


def place_valves(frame: StandardFrame, base: Base, snap_m: float, faults: list[Fault]) -> Placed:
    """Every valve's place; pipes are cut where one sits in between. Fatal: a node that is not there."""
    points, pieces, finder = points_of(frame), Pieces(base.pipes), _Finder(base, snap_m)
    links = base.links["valves"]
    nodes, pipes = frame.text("node"), frame.text("pipe")
    stated = np.array(
        [pieces.near(str(name), at) if name else -1 for name, at in zip(pipes, points, strict=True)], dtype=np.int64
    )
    meant = np.where(stated >= 0, stated, pieces.index.nearest(points, max(snap_m, 1e-3)))
    along, length = pieces.index.along(meant, points)
    near = finder.near(points)
    places, cuts = list[_Place](), list[tuple[int, float, int]]()
    for at in range(len(frame)):
        place = _Place()
        places.append(place)
        drawn = bool(np.isfinite(points[at]).all())
        row = _Row(
            at, str(nodes[at]), str(pipes[at]), drawn, stated=int(stated[at]), meant=int(meant[at]), near_node=int(near[at]),
            along_m=float(along[at]), length_m=float(length[at]),
        )  # fmt: skip
        if (links[at] >= 0).all():
            place.ends = (int(links[at, 0]), int(links[at, 1]))
        elif row.node:
            _by_node(frame, row, base, pieces, place, faults)
        else:
            cut = _by_point(frame, row, finder, place, faults)
            if cut is not None:
                cuts.append((cut[0], cut[1], at))
    return _cut(frame, base, places, cuts, points, pieces)


@dataclass(frozen=True, slots=True)
class _Row:
    """One valve: what it states, and what is near its point. ``meant``: the pipe stated, else the nearest; -1 for none."""

    at: int
    node: str
    pipe: str
    drawn: bool
    stated: int
    meant: int
    near_node: int
    along_m: float
    length_m: float


class _Finder:
    """Nodes by place, and how many pipes each has."""

    def __init__(self, base: Base, snap_m: float) -> None:
        self.base, self.snap_m = base, max(snap_m, 1e-3)
        ends = np.concatenate([base.pipes.from_node, base.pipes.to_node]).astype(np.int64)
        self.degree = np.bincount(ends, minlength=len(base.nodes))
        self._used = np.flatnonzero(self.degree > 0)
        xy = np.column_stack([base.nodes.x, base.nodes.y])[self._used]
        self._tree = cKDTree(xy) if len(xy) and np.isfinite(xy).all() else None

    def near(self, points: NDArray[np.float64]) -> NDArray[np.int64]:
        """The node row nearest to each point within the tolerance, -1 when there is none; (n,)."""
        found = np.full(len(points), -1, dtype=np.int64)
        known = np.flatnonzero(np.isfinite(points).all(axis=1))
        if self._tree is None or not len(known):
            return found
        away, at = (np.asarray(part) for part in self._tree.query(points[known], distance_upper_bound=self.snap_m))
        hit = np.flatnonzero(np.isfinite(away))
        found[known[hit]] = self._used[at[hit]]
        return found


def _by_node(frame: StandardFrame, row: _Row, base: Base, pieces: Pieces, place: _Place, faults: list[Fault]) -> None:
    if row.node in base.alone:
        place.lost = True
        faults.append(frame.fault(row.at, "valve_off_network", f"no pipe ends at its node {row.node!r}; left out", column="node"))
        return
    if not base.nodes.has(row.node):
        message = f"no node {row.node!r}; correct the id or add the node"
        faults.append(frame.fault(row.at, "unknown_node", message, Severity.FATAL, column="node"))
        return
    place.node = base.nodes.row(row.node)
    if not row.pipe:
        return
    if pieces.at_node(row.pipe, place.node) >= 0:
        place.pipe = row.pipe
        return
    said = "is not there" if not pieces.rows(row.pipe) else f"does not end at node {row.node}"
    message = f"pipe {row.pipe!r} {said}; the valve is taken to shut the whole node"
    faults.append(frame.fault(row.at, "valve_pipe_wrong", message, column="pipe"))


def _by_point(frame: StandardFrame, row: _Row, finder: _Finder, place: _Place, faults: list[Fault]) -> tuple[int, float] | None:
    """A valve known by its pipe or its point. Gives (pipe row, metres along) where the pipe must be cut."""
    if row.pipe and row.stated < 0:
        faults.append(frame.fault(row.at, "unknown_pipe", f"no pipe {row.pipe!r}; placed by its point", column="pipe"))
    if row.stated >= 0 and row.drawn:
        return _on_pipe(row, finder, place)
    if row.stated >= 0:
        place.node, place.pipe = int(finder.base.pipes.from_node[row.stated]), row.pipe
        said = "neither node nor point: taken to sit at the pipe's first end"
        faults.append(frame.fault(row.at, "valve_end_unknown", said, column="node"))
        return None
    if row.near_node >= 0:
        place.node, degree = row.near_node, finder.degree[row.near_node]
        if degree > 2:
            said = f"drawn on a junction of {degree} pipes: taken to shut all of them; move it onto its pipe"
            faults.append(frame.fault(row.at, "valve_at_junction", said))
        return None
    if row.meant >= 0:
        return _on_pipe(row, finder, place)
    place.lost = True
    faults.append(frame.fault(row.at, "valve_off_network", f"no pipe or node within {finder.snap_m:g} m; left out"))
    return None


def _on_pipe(row: _Row, finder: _Finder, place: _Place) -> tuple[int, float] | None:
    table, to_end = finder.base.pipes, row.length_m - row.along_m
    if min(row.along_m, to_end) > finder.snap_m:
        return row.meant, row.along_m
    place.node = int(table.from_node[row.meant] if row.along_m <= to_end else table.to_node[row.meant])
    # At a plain joint of two pipes it shuts both sides the same; only at a branch does the pipe matter.
    place.pipe = str(table.asset_id[row.meant]) if finder.degree[place.node] != 2 else ""
    return None


def _cut(
    frame: StandardFrame,
    base: Base,
    places: list[_Place],
    cuts: list[tuple[int, float, int]],
    points: NDArray[np.float64],
    pieces: Pieces,
) -> Placed:
    if not cuts:
        return Placed(base.nodes, base.pipes, places, points, cut=False)
    rows = np.array([cut[0] for cut in cuts], dtype=np.int64)
    along = np.array([cut[1] for cut in cuts], dtype=np.float64)
    xy, length = pieces.index.at(rows, along)
    share = along / np.maximum(length, 1e-9)
    a, b = (base.nodes.elevation_m[ends[rows]] for ends in (base.pipes.from_node, base.pipes.to_node))
    ids = frame.text("asset_id")
    names = _node_names(base.nodes, [str(ids[cut[2]]) for cut in cuts])
    nodes = with_nodes(base.nodes, names, xy, elevation_m=a + (b - a) * share)
    made = np.arange(len(base.nodes), len(nodes), dtype=np.int64)
    for node, cut in zip(made, cuts, strict=True):
        places[cut[2]].node = int(node)
    pipes, _ = split(base.pipes, Cuts(rows, along, made), np.column_stack([nodes.x, nodes.y]))
    return Placed(nodes, pipes, places, points, cut=True)


def _node_names(nodes: NodeTable, valves: list[str]) -> list[str]:
    """The node that a valve cuts into a pipe is called after the valve."""
    used, names = set(map(str, nodes.asset_id)), list[str]()
    for valve in valves:
        name, number = valve, 1
        while name in used:
            number += 1
            name = f"{valve}~{number}"
        used.add(name)
        names.append(name)
    return names


def valve_table(frame: StandardFrame, placed: Placed, pipes: PipeTable, faults: list[Fault]) -> ValveTable:
    """Valves in their columns, on the pipes' last rows. Fatal: an id twice. One-way: ``flows_to`` names the pipe."""
    ids = asset_ids(frame, faults, unique=True)
    columns: dict[str, Any] = plain_columns(ValveTable, frame, faults, skip=("x", "y"))
    if not frame.has("normal_state") and "state" in columns:
        columns["normal_state"] = columns["state"]
    pieces = Pieces(pipes, placed.pipes.asset_id)
    spots = [_Spot(p.node, _piece(pieces, p), p.ends) for p in placed.places]
    columns |= {
        "node": [spot.node for spot in spots], "pipe": [spot.pipe for spot in spots],
        "from_node": [spot.ends[0] for spot in spots], "to_node": [spot.ends[1] for spot in spots],
        "flows_to": _flows_to(frame, spots, pieces, pipes, columns.get("kind"), faults),
    }  # fmt: skip
    at = np.array([spot.node if spot.node >= 0 else spot.ends[0] for spot in spots], dtype=np.int64)
    xy = np.append(np.column_stack([placed.nodes.x, placed.nodes.y]), [[np.nan, np.nan]], axis=0)[at]
    xy = np.where(np.isfinite(placed.points), placed.points, xy)
    table = ValveTable.of(ids, **columns, x=xy[:, 0], y=xy[:, 1], extra=frame.extras())
    return _without_lost(table, np.array([not place.lost for place in placed.places], dtype=np.bool_))


@dataclass(frozen=True, slots=True)
class _Spot:
    node: int
    pipe: int
    ends: tuple[int, int]


def _piece(pieces: Pieces, place: _Place) -> int:
    return pieces.at_node(place.pipe, place.node) if place.pipe else -1


def _flows_to(
    frame: StandardFrame, spots: list[_Spot], pieces: Pieces, pipes: PipeTable, kinds: Any, faults: list[Fault]
) -> list[int]:
    found = list[int]()
    for at, (pipe, spot) in enumerate(zip(frame.text("flows_to"), spots, strict=True)):
        nodes = [node for node in (spot.node, spot.ends[1], spot.ends[0]) if node >= 0]
        row = next((hit for node in nodes if (hit := pieces.at_node(str(pipe), node)) >= 0), -1) if pipe else -1
        if pipe and row < 0:
            said = f"no pipe {pipe!r} at this valve; taken as letting water both ways"
            faults.append(frame.fault(at, "flows_to_wrong", said, column="flows_to"))
        if row < 0 and not pipe and kinds is not None and kinds[at] == ValveKind.CHECK:
            row = _after_link(spot, pipes)
            if row < 0:
                faults.append(frame.fault(at, "check_valve_without_direction", "flows_to is empty; taken as letting both ways"))
        found.append(row)
    return found


def _after_link(spot: _Spot, pipes: PipeTable) -> int:
    """A check valve drawn as a link lets water from its first end to its second."""
    if spot.ends[1] < 0:
        return -1
    rows = np.flatnonzero((pipes.from_node == spot.ends[1]) | (pipes.to_node == spot.ends[1]))
    return int(rows[0]) if len(rows) else -1


def _without_lost(table: ValveTable, keep: NDArray[np.bool_]) -> ValveTable:
    if keep.all():
        return table
    columns = {name: getattr(table, name)[keep] for name in ValveTable.column_kinds()}
    extra = {name: values[keep] for name, values in table.extra.items()}
    return replace(table, **columns, extra=extra)


def inlet_valves(nodes: NodeTable, pipes: PipeTable, inlets: NDArray[np.object_], faults: list[Fault]) -> ValveTable:
    """One-way valves at tanks whose inlet pipes only fill them. ``inlets``: (nodes,) pipe ids parted by , ; | or blanks."""
    pieces, rows = Pieces(pipes), list[tuple[str, int, int, int]]()
    for node, text in enumerate(inlets):
        names = [name for name in str(text).translate(str.maketrans("|;,{}", "     ")).split() if name]
        filling = [(name, pieces.at_node(name, node)) for name in names]
        at_node = np.flatnonzero((pipes.from_node == node) | (pipes.to_node == node))
        leaving = [int(row) for row in at_node if row not in {row for _, row in filling}]
        for name, pipe in filling:
            if pipe < 0 or not leaving:
                said = f"inlet pipe {name!r} " + ("does not end here" if pipe < 0 else "is its only pipe: water may leave by it")
                faults.append(
                    Fault(Severity.WARNING, "inlet_wrong", said, "nodes", str(nodes.asset_id[node]), column="inlet_pipes")
                )
                continue
            rows.append((f"{nodes.asset_id[node]}-inlet-{name}", node, pipe, leaving[0]))
    none: Rows = np.full(len(rows), -1, dtype=np.int64)
    return ValveTable.of(
        texts(row[0] for row in rows), kind=[ValveKind.CHECK] * len(rows), node=[row[1] for row in rows],
        pipe=[row[2] for row in rows], flows_to=[row[3] for row in rows], from_node=none, to_node=none,
        x=nodes.x[[row[1] for row in rows]], y=nodes.y[[row[1] for row in rows]],
        diameter_mm=pipes.diameter_mm[[row[2] for row in rows]],
    )  # fmt: skip
