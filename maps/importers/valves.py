"""Valves of a layer: each one's place, pipes cut where one sits in between, and their table on the pipes' last rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maps.columns import texts
from maps.errors import Fault, Severity
from maps.importers.base import Base, Rows, with_nodes
from maps.importers.frames import StandardFrame
from maps.importers.pieces import Pieces
from maps.importers.splitting import Cuts, split
from maps.importers.tables import asset_ids, plain_columns, points_of
from maps.importers.valve_places import Finder, Place, ValveRow, by_node, by_point, other_than
from maps.network import NodeTable, PipeTable, ValveKind, ValveTable

_PLAIN = ("", "gate", "butterfly", "ball", "other")
"""Kinds without a direction of their own: on a pipe's end they do what they do as a link."""


@dataclass(frozen=True, eq=False)
class Placed:
    """Valves placed. ``nodes``/``pipes``: with what was cut; ``pipes`` still carry their parents' ids.

    ``parent``: the row of each before the cuts, (pipes,), ascending.
    """

    nodes: NodeTable
    pipes: PipeTable
    places: list[Place]
    points: NDArray[np.float64]
    parent: NDArray[np.int64]
    cut: bool

    def piece(self, place: Place) -> int:
        """Row of the piece of a valve's pipe that ends at its node, -1 where it shuts the node or is a link."""
        if place.pipe < 0:
            return -1
        first, last = np.searchsorted(self.parent, [place.pipe, place.pipe + 1])
        ends = ((row, self.pipes.from_node[row], self.pipes.to_node[row]) for row in range(int(first), int(last)))
        return next((row for row, a, b in ends if place.node in (a, b)), -1)


def place_valves(frame: StandardFrame, base: Base, snap_m: float, faults: list[Fault]) -> Placed:
    """Every valve's place; pipes are cut where one sits in between. Fatal: a node that is not there."""
    points, pieces, finder = points_of(frame), Pieces(base.pipes), Finder(base, snap_m)
    links = base.links["valves"]
    nodes, pipes = frame.text("node"), frame.text("pipe")
    stated = np.array(
        [pieces.near(str(name), at) if name else -1 for name, at in zip(pipes, points, strict=True)], dtype=np.int64
    )
    nearest = finder.pipes(points, pieces)
    meant = np.where(stated >= 0, stated, nearest.pipe)
    along, length = pieces.index.along(meant, points)
    off = pieces.index.away(meant, points)
    near, near_m = finder.near(points)
    places, cuts = list[Place](), list[tuple[int, float, int]]()
    for at in range(len(frame)):
        place = Place()
        places.append(place)
        drawn = bool(np.isfinite(points[at]).all())
        other, other_m = other_than(int(meant[at]), nearest, at)
        row = ValveRow(
            at, str(nodes[at]), str(pipes[at]), drawn, stated=int(stated[at]), meant=int(meant[at]), near_node=int(near[at]),
            along_m=float(along[at]), length_m=float(length[at]), off_m=float(off[at]), node_m=float(near_m[at]),
            other=other, other_m=other_m,
        )  # fmt: skip
        if (links[at] >= 0).all():
            place.ends = (int(links[at, 0]), int(links[at, 1]))
            _over_pipe(frame, at, base, pieces, finder.snap_m, place, faults)
        elif row.node:
            by_node(frame, row, base, pieces, place, faults)
        else:
            cut = by_point(frame, row, finder, place, faults)
            if cut is not None:
                cuts.append((cut[0], cut[1], at))
    return _cut(frame, base, places, cuts, points, pieces)


def _over_pipe(
    frame: StandardFrame, at: int, base: Base, pieces: Pieces, snap_m: float, place: Place, faults: list[Fault]
) -> None:
    """A valve drawn as a line along a pipe that was drawn on beneath it sits on that pipe: as a link it would be bypassed."""
    shape, table = frame.geometry[at], base.pipes
    if shape is None or shape.is_empty or shape.geom_type != "LineString":
        return
    middle = np.array([shape.interpolate(0.5, normalized=True).coords[0][:2]])
    near = pieces.index.within(middle, snap_m)[1].tolist()
    same = [row for row in near if {int(table.from_node[row]), int(table.to_node[row])} == set(place.ends)]
    under = [row for row in sorted(same) if pieces.index.lines[row].hausdorff_distance(shape) <= snap_m]
    if not under:
        return
    pipe = str(table.asset_id[under[0]])
    plain = str(frame.text("kind")[at]).lower() in _PLAIN and not frame.text("flows_to")[at]
    if plain and len(under) == 1:
        place.node, place.pipe, place.ends = place.ends[1], under[0], (-1, -1)
        said = f"drawn along pipe {pipe!r}, which runs on beneath it: taken to sit on that pipe"
        faults.append(frame.fault(at, "valve_over_pipe", said, Severity.INFO))
        return
    said = f"pipe {pipe!r} runs on beneath it, so water passes it by; interrupt the pipe where the valve is"
    faults.append(frame.fault(at, "valve_bypassed", said))


def _cut(
    frame: StandardFrame,
    base: Base,
    places: list[Place],
    cuts: list[tuple[int, float, int]],
    points: NDArray[np.float64],
    pieces: Pieces,
) -> Placed:
    if not cuts:
        return Placed(base.nodes, base.pipes, places, points, np.arange(len(base.pipes)), cut=False)
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
    pipes, parent = split(base.pipes, Cuts(rows, along, made), np.column_stack([nodes.x, nodes.y]))
    return Placed(nodes, pipes, places, points, parent, cut=True)


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
    spots = [_Spot(place.node, placed.piece(place), place.ends, place.doubts) for place in placed.places]
    columns |= {
        "node": [spot.node for spot in spots], "pipe": [spot.pipe for spot in spots],
        "from_node": [spot.ends[0] for spot in spots], "to_node": [spot.ends[1] for spot in spots],
        "flows_to": _flows_to(frame, spots, pieces, pipes, columns.get("kind"), faults),
    }  # fmt: skip
    columns["placing"] = _marks(frame, placed)
    at = np.array([spot.node if spot.node >= 0 else spot.ends[0] for spot in spots], dtype=np.int64)
    xy = np.append(np.column_stack([placed.nodes.x, placed.nodes.y]), [[np.nan, np.nan]], axis=0)[at]
    xy = np.where(np.isfinite(placed.points), placed.points, xy)
    table = ValveTable.of(ids, **columns, x=xy[:, 0], y=xy[:, 1], extra=frame.extras())
    return _without_lost(table, np.array([not place.lost for place in placed.places], dtype=np.bool_))


def _marks(frame: StandardFrame, placed: Placed) -> list[str]:
    """Doubts of this import, and those that a dataset taken in again has of old where this one has none of its own."""
    given = frame.text("placing")
    return [",".join(place.doubts) or str(old) for place, old in zip(placed.places, given, strict=True)]


@dataclass(frozen=True, slots=True)
class _Spot:
    node: int
    pipe: int
    ends: tuple[int, int]
    doubts: list[str]

    def into(self, pieces: Pieces, pipe: str) -> list[int]:
        """Pieces of a pipe at this valve that it may let water into, the likeliest first.

        Of two pieces the valve's own comes first, then the later one: water is taken to run as the pipe is drawn.
        """
        found = next((rows for node in self._nodes() if (rows := pieces.all_at_node(pipe, node))), [])
        return sorted(found, key=lambda row: (row != self.pipe, -row))

    def _nodes(self) -> list[int]:
        return [node for node in (self.node, self.ends[1], self.ends[0]) if node >= 0]


def _flows_to(
    frame: StandardFrame, spots: list[_Spot], pieces: Pieces, pipes: PipeTable, kinds: Any, faults: list[Fault]
) -> list[int]:
    found = list[int]()
    for at, (pipe, spot) in enumerate(zip(frame.text("flows_to"), spots, strict=True)):
        rows = spot.into(pieces, str(pipe)) if pipe else []
        row = rows[0] if rows else -1
        if len(rows) > 1:
            spot.doubts.append("direction_unknown")
            said = f"pieces of {pipe!r} lie on both sides of this valve: taken to let water into {pipes.asset_id[row]}; name it"
            faults.append(frame.fault(at, "flows_to_ambiguous", said, column="flows_to"))
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
