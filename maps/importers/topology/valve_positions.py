"""Finds where a valve sits, from its columns and its drawn point; ambiguous positions are reported and marked.

A valve with a point only sits on the nearest pipe, if that is nearer than any node: within the tolerance of the pipe's end it
shuts that end, else the pipe is cut. A valve drawn on a node shuts every pipe there. Marks of an ambiguous position:
``near_two_pipes``, ``tolerance_edge`` (with a slightly different distance it would sit elsewhere), ``at_junction`` (on a node
of several pipes, where it matters which of them it shuts), ``off_its_pipe`` (drawn away from the pipe it names),
``end_unknown``, ``pipe_wrong``, ``direction_unknown`` (one-way into a pipe with pieces on both sides).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from maps.errors import Fault, Severity
from maps.importers.readers.standard_layers import StandardFrame
from maps.importers.topology.base_network import Base
from maps.importers.topology.pieces import Pieces

_EDGE, _RIVAL, _SAME_M = 0.1, 0.1, 1e-3
"""Shares of the tolerance: band around it that counts as its edge, and within which another pipe is equally near; and a
distance in metres that counts as zero."""


@dataclass(eq=False)
class Place:
    """Position of one valve.

    ``node``, ``ends``: node rows, -1 for none; ``ends`` of a link. ``pipe``: row of the pipes before valves cut them, -1 for the
    whole node. ``lost``: the valve is left out. ``doubts``: marks of an ambiguous position.
    """

    node: int = -1
    pipe: int = -1
    ends: tuple[int, int] = (-1, -1)
    lost: bool = False
    doubts: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ValveRow:
    """One valve: its columns, and what is near its point. ``meant``: row of the stated pipe, else of the nearest; -1 for none.

    ``off_m``, ``node_m``: distance from its point to that pipe and to ``near_node``; ``other``, ``other_m``: the next nearest
    pipe and its distance.
    """

    at: int
    node: str
    pipe: str
    drawn: bool
    stated: int
    meant: int
    near_node: int
    along_m: float
    length_m: float
    off_m: float
    node_m: float
    other: int
    other_m: float


@dataclass(frozen=True, eq=False)
class Nearest:
    """The nearest and the next nearest pipe row of each point within reach, -1 for none, with their distances in m; (n,)."""

    pipe: NDArray[np.int64]
    pipe_m: NDArray[np.float64]
    other: NDArray[np.int64]
    other_m: NDArray[np.float64]


class Finder:
    """Finds nodes and pipes near points; ``degree``: number of pipe ends at each node, (nodes,)."""

    def __init__(self, base: Base, snap_m: float) -> None:
        self.base, self.snap_m = base, max(snap_m, 1e-3)
        ends = np.concatenate([base.pipes.from_node, base.pipes.to_node]).astype(np.int64)
        self.degree = np.bincount(ends, minlength=len(base.nodes))
        links = np.concatenate([rows.reshape(-1) for rows in base.links.values()]).astype(np.int64)
        self._links = np.bincount(links[links >= 0], minlength=len(base.nodes))
        self._used = np.flatnonzero(self.degree > 0)
        xy = np.column_stack([base.nodes.x, base.nodes.y])[self._used]
        self._tree = cKDTree(xy) if len(xy) and np.isfinite(xy).all() else None

    def is_joint(self, node: int) -> bool:
        """Whether a node only joins two pipes, without inflow: then shutting either pipe has the same effect."""
        return bool(self.degree[node] == 2 and self._links[node] == 0 and not self.base.nodes.feeds[node])

    @property
    def reach_m(self) -> float:
        """Search radius: slightly beyond the tolerance, to report what would just not join."""
        return self.snap_m * (1.0 + _EDGE)

    def near(self, points: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The node row nearest to each point, -1 for none within reach, and its distance in m; (n,)."""
        found, distance = np.full(len(points), -1, dtype=np.int64), np.full(len(points), np.inf)
        known = np.flatnonzero(np.isfinite(points).all(axis=1))
        if self._tree is None or not len(known):
            return found, distance
        away, at = (np.asarray(part) for part in self._tree.query(points[known], distance_upper_bound=self.reach_m))
        hit = np.flatnonzero(np.isfinite(away))
        found[known[hit]], distance[known[hit]] = self._used[at[hit]], away[hit]
        return found, distance

    def pipes(self, points: NDArray[np.float64], pieces: Pieces) -> Nearest:
        """The two pipes nearest to each point within reach; of equally near ones the first row."""
        nothing = np.full(len(points), -1, dtype=np.int64)
        far = np.full(len(points), np.inf)
        found = Nearest(nothing, far, nothing.copy(), far.copy())
        known = np.flatnonzero(np.isfinite(points).all(axis=1))
        at, pipe = pieces.index.within(points[known], self.reach_m)
        at = known[at]
        away = pieces.index.away(pipe, points[at])
        order = np.lexsort((pipe, away, at))
        at, pipe, away = at[order], pipe[order], away[order]
        first = np.ones(len(at), dtype=np.bool_)
        first[1:] = at[1:] != at[:-1]
        found.pipe[at[first]], found.pipe_m[at[first]] = pipe[first], away[first]
        second = np.zeros(len(at), dtype=np.bool_)
        second[1:] = first[:-1] & ~first[1:]
        found.other[at[second]], found.other_m[at[second]] = pipe[second], away[second]
        return found


def other_than(meant: int, nearest: Nearest, at: int) -> tuple[int, float]:
    """The pipe nearest to a point other than ``meant``, and its distance in m; (-1, inf) for none within reach."""
    if nearest.pipe[at] == meant:
        return int(nearest.other[at]), float(nearest.other_m[at])
    return int(nearest.pipe[at]), float(nearest.pipe_m[at])


def by_node(frame: StandardFrame, row: ValveRow, base: Base, pieces: Pieces, place: Place, faults: list[Fault]) -> None:
    """Place a valve that states its node, with or without a pipe. Fatal: an unknown node."""
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
    ending = pieces.all_at_node(row.pipe, place.node)
    if ending:
        place.pipe = row.stated if row.stated in ending else ending[0]
        if len(ending) > 1 and not row.drawn:
            place.doubts.append("end_unknown")
            said = f"{len(ending)} pieces of pipe {row.pipe!r} end at its node: taken to sit on the first; give it a point"
            faults.append(frame.fault(row.at, "valve_end_unknown", said, column="pipe"))
        return
    said = "is not there" if not pieces.rows(row.pipe) else f"does not end at node {row.node}"
    place.doubts.append("pipe_wrong")
    message = f"pipe {row.pipe!r} {said}; the valve is taken to shut the whole node"
    faults.append(frame.fault(row.at, "valve_pipe_wrong", message, column="pipe"))


def by_point(frame: StandardFrame, row: ValveRow, finder: Finder, place: Place, faults: list[Fault]) -> tuple[int, float] | None:
    """Place a valve that states its pipe or has a point; returns (pipe row, metres along) of a necessary cut, else None."""
    if row.pipe and row.stated < 0:
        faults.append(frame.fault(row.at, "unknown_pipe", f"no pipe {row.pipe!r}; placed by its point", column="pipe"))
    if row.stated >= 0 and not row.drawn:
        place.node, place.pipe = int(finder.base.pipes.from_node[row.stated]), row.stated
        place.doubts.append("end_unknown")
        said = "neither node nor point given: taken to sit at the pipe's first end"
        faults.append(frame.fault(row.at, "valve_end_unknown", said, column="node"))
        return None
    cut = None
    if _is_on_node(row, finder):
        place.node = row.near_node
    elif row.stated >= 0 or (row.meant >= 0 and row.off_m <= finder.snap_m):
        cut = _on_pipe(row, finder, place)
    else:
        place.lost = True
        faults.append(frame.fault(row.at, "valve_off_network", _off_network(row, finder)))
        return None
    _doubt(frame, row, finder, place, cut, faults)
    return cut


def _is_on_node(row: ValveRow, finder: Finder) -> bool:
    """Whether a valve names no pipe and is not drawn nearer to a pipe than to its node."""
    return row.stated < 0 and row.node_m <= finder.snap_m and (row.meant < 0 or row.node_m <= row.off_m + _SAME_M)


def _off_network(row: ValveRow, finder: Finder) -> str:
    least = min(row.off_m if row.meant >= 0 else np.inf, row.node_m)
    nearly = f" ({least:.2f} m to the nearest)" if np.isfinite(least) else ""
    return f"no pipe or node within {finder.snap_m:g} m{nearly}; left out, move it or widen the tolerance"


def _on_pipe(row: ValveRow, finder: Finder, place: Place) -> tuple[int, float] | None:
    table, to_end = finder.base.pipes, row.length_m - row.along_m
    if min(row.along_m, to_end) > finder.snap_m:
        return row.meant, row.along_m
    place.node = int(table.from_node[row.meant] if row.along_m <= to_end else table.to_node[row.meant])
    place.pipe = row.meant
    return None


def _doubt(
    frame: StandardFrame, row: ValveRow, finder: Finder, place: Place, cut: tuple[int, float] | None, faults: list[Fault]
) -> None:
    """Report and mark an ambiguous position."""
    ids = finder.base.pipes.asset_id
    if row.stated >= 0 and row.off_m > finder.snap_m:
        place.doubts.append("off_its_pipe")
        said = f"drawn {row.off_m:.1f} m from pipe {row.pipe!r}, which it names; correct the pipe or the point"
        faults.append(frame.fault(row.at, "valve_off_its_pipe", said, column="pipe"))
    if place.node >= 0 and place.pipe < 0 and finder.degree[place.node] > 1 and not finder.is_joint(place.node):
        place.doubts.append("at_junction")
        said = f"drawn on a junction of {finder.degree[place.node]} pipes: taken to shut all of them; move it onto its pipe"
        faults.append(frame.fault(row.at, "valve_at_junction", said))
    elif _has_rival(row, finder, place):
        place.doubts.append("near_two_pipes")
        said = (
            f"drawn {row.off_m:.2f} m from pipe {ids[row.meant]} and {row.other_m:.2f} m from pipe {ids[row.other]}: taken to "
            f"sit on {ids[row.meant]}; name its pipe or move it"
        )
        faults.append(frame.fault(row.at, "valve_near_two_pipes", said))
    edge = _at_edge(row, finder, place, cut)
    if edge:
        place.doubts.append("tolerance_edge")
        said = f"{edge}, about as far as the tolerance of {finder.snap_m:g} m: check its position"
        faults.append(frame.fault(row.at, "valve_at_tolerance", said))


def _has_rival(row: ValveRow, finder: Finder, place: Place) -> bool:
    """Whether another pipe is about as near as the chosen one, and shutting it would have another effect."""
    ids = finder.base.pipes.asset_id
    if row.meant < 0 or row.other < 0 or (row.stated >= 0 and ids[row.other] != ids[row.meant]):
        return False
    if row.other_m > max(2.0 * row.off_m, row.off_m + _RIVAL * finder.snap_m):
        return False
    table = finder.base.pipes
    joined = place.node >= 0 and finder.is_joint(place.node)
    return not (joined and place.node in (table.from_node[row.other], table.to_node[row.other]))


def _at_edge(row: ValveRow, finder: Finder, place: Place, cut: tuple[int, float] | None) -> str:
    """The distance that lies at the tolerance's edge, in words: to the chosen pipe or node, or to the pipe's end; "" for none."""
    low, high = finder.snap_m * (1.0 - _EDGE), finder.snap_m * (1.0 + _EDGE)
    if place.node == row.near_node and row.near_node >= 0 and place.pipe < 0 and cut is None and row.stated < 0:
        return f"{row.node_m:.2f} m from its node" if low <= row.node_m <= high else ""
    if row.stated < 0 and low <= row.off_m <= high:
        return f"{row.off_m:.2f} m from its pipe"
    to_end = min(row.along_m, row.length_m - row.along_m)
    return f"{to_end:.2f} m along the pipe from its end" if low <= to_end <= high else ""
