"""Places the valves of a layer, and cuts a pipe where a valve sits between its ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maps.errors import Fault, Severity
from maps.importers.readers.standard_layers import StandardFrame
from maps.importers.readers.typed_columns import points_of
from maps.importers.topology.base_network import Base, with_nodes
from maps.importers.topology.pieces import Pieces
from maps.importers.topology.splitting import Cuts, split
from maps.importers.topology.valve_positions import Finder, Place, ValveRow, by_node, by_point, other_than
from maps.network import NodeTable, PipeTable

_PLAIN = ("", "gate", "butterfly", "ball", "other")
"""Kinds without a direction: on a pipe's end they act as they do as a link."""


@dataclass(frozen=True, eq=False)
class Placed:
    """Placed valves, and the network after the cuts. ``pipes``: pieces still have their pipe's id.

    ``points``: drawn points of the valves, (n, 2). ``parent``: row of each pipe before the cuts, (pipes,), ascending.
    """

    nodes: NodeTable
    pipes: PipeTable
    places: list[Place]
    points: NDArray[np.float64]
    parent: NDArray[np.int64]
    cut: bool

    def piece(self, place: Place) -> int:
        """Row of the piece of a valve's pipe that ends at its node; -1 where the valve shuts the whole node or is a link."""
        if place.pipe < 0:
            return -1
        first, last = np.searchsorted(self.parent, [place.pipe, place.pipe + 1])
        ends = ((row, self.pipes.from_node[row], self.pipes.to_node[row]) for row in range(int(first), int(last)))
        return next((row for row, a, b in ends if place.node in (a, b)), -1)


def place_valves(frame: StandardFrame, base: Base, snap_m: float, faults: list[Fault]) -> Placed:
    """Find the position of each valve, and cut pipes that a valve sits on. Fatal: an unknown node."""
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
    """Place a valve drawn as a line along a pipe on that pipe: as a link beside the pipe it would be bypassed."""
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
        said = f"drawn along pipe {pipe!r}, which continues beneath it: taken to sit on that pipe"
        faults.append(frame.fault(at, "valve_over_pipe", said, Severity.INFO))
        return
    said = f"pipe {pipe!r} continues beneath it, so water bypasses the valve; interrupt the pipe at the valve"
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
    """Ids of the nodes where valves cut pipes: the valve's id, numbered when taken."""
    used, names = set(map(str, nodes.asset_id)), list[str]()
    for valve in valves:
        name, number = valve, 1
        while name in used:
            number += 1
            name = f"{valve}~{number}"
        used.add(name)
        names.append(name)
    return names
