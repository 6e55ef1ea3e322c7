"""Builds nodes and pipes from layers: topology as stated, else from where lines end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from maps.errors import Fault, InputFault, Severity
from maps.importers.readers.standard_layers import StandardFrame
from maps.importers.readers.typed_columns import asset_ids, plain_columns, points_of
from maps.importers.topology.snapping import Snapped, generated_ids, snap
from maps.importers.topology.splitting import Cuts, ends_on_pipes, split
from maps.network import NodeTable, PipeTable

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Links:
    """Lines of one layer with their ends. ``ends``: node rows, -1 while unknown, (n, 2); ``drawn``: drawn ends, (n, 2, 2)."""

    ends: Rows
    drawn: NDArray[np.float64]

    @property
    def open(self) -> NDArray[np.bool_]:
        """Ends whose node must be found by geometry, (n, 2)."""
        return (self.ends < 0) & np.isfinite(self.drawn).all(axis=2)


@dataclass(frozen=True, eq=False)
class Base:
    """Nodes and pipes before numbering: pieces of a pipe share its id.

    ``links``: node rows of the ends of lines by layer (pumps, valves), (n, 2). ``alone``: ids of nodes left out because no link
    reaches them.
    """

    nodes: NodeTable
    pipes: PipeTable
    links: dict[str, Rows]
    alone: frozenset[str] = frozenset()


def build_base(frames: dict[str, StandardFrame], snap_m: float, faults: list[Fault]) -> Base:
    """Build nodes, pipes and the ends of drawn pumps and valves. Raises InputFault for nodes without coordinates."""
    nodes = node_table(frames["nodes"], faults)
    if not np.isfinite(nodes.x + nodes.y).all():
        raise InputFault.from_faults("nodes", faults)  # nothing can be joined to a node without coordinates
    frame = single_lines(frames["pipes"], faults)
    if not len(nodes) and frame.has("from_node") and frame.has("to_node"):
        nodes = _nodes_of_ends(frame, faults)
    pipe_links = links_of(frame, nodes, faults, known_nodes=bool(len(nodes)))
    keep = _usable(frame, pipe_links, faults)
    frame, pipe_links = frame.only(keep), Links(pipe_links.ends[keep], pipe_links.drawn[keep])
    others = {name: links_of(frames[name], nodes, faults, known_nodes=bool(len(nodes))) for name in ("pumps", "valves")}
    parts = {"pipes": pipe_links, **others}
    given = len(nodes)
    nodes, ends = _joined(nodes, parts, snap_m, faults)
    pipes = _pipe_table(frame, ends["pipes"], pipe_links, nodes, snap_m, faults)
    pipes = _cut_where_ends_lie(pipes, nodes, pipe_links, ends, given, snap_m, faults)
    return _without_lone_nodes(nodes, pipes, {name: ends[name] for name in others}, frames["pumps"], faults)


def _without_lone_nodes(
    nodes: NodeTable, pipes: PipeTable, links: dict[str, Rows], pumps: StandardFrame, faults: list[Fault]
) -> Base:
    """Leave out and report nodes that no link reaches: EPANET refuses a model with one."""
    used = np.zeros(len(nodes) + 1, dtype=np.bool_)
    used[np.concatenate([pipes.from_node, pipes.to_node, *(rows.reshape(-1) for rows in links.values())])] = True
    used[[nodes.row(str(name)) for name in pumps.text("node") if nodes.has(str(name))]] = True
    keep = used[:-1]
    if keep.all():
        return Base(nodes, pipes, links)
    alone = np.flatnonzero(~keep)
    faults += [_at(nodes, int(row), "node_alone", "no pipe, pump or valve ends here; left out") for row in alone]
    at = np.append(np.cumsum(keep) - 1, -1)
    columns = {name: getattr(nodes, name)[keep] for name in NodeTable.column_kinds()}
    extra = {name: values[keep] for name, values in nodes.extra.items()}
    pipes = pipes.replaced(from_node=at[pipes.from_node], to_node=at[pipes.to_node])
    kept = NodeTable.of(columns.pop("asset_id"), **columns, extra=extra)
    return Base(kept, pipes, {name: at[rows] for name, rows in links.items()}, frozenset(map(str, nodes.asset_id[alone])))


def node_table(frame: StandardFrame, faults: list[Fault]) -> NodeTable:
    """The nodes layer as a table. Fatal: a duplicate id, a node without coordinates."""
    if not len(frame):
        return NodeTable.empty()
    points = points_of(frame)
    for at in np.flatnonzero(~np.isfinite(points).all(axis=1)):
        faults.append(frame.fault(int(at), "not_finite", "has no finite coordinates; give it a point", Severity.FATAL))
    columns = plain_columns(NodeTable, frame, faults, skip=("x", "y"))
    if "demand_m3h" in columns:
        # Kept in a column of its own: customers' demand may be added to the node's later.
        columns["inflow_m3h"] = np.fmax(columns.get("inflow_m3h", 0.0), np.maximum(-np.nan_to_num(columns["demand_m3h"]), 0.0))
    ids = asset_ids(frame, faults, unique=True)
    return NodeTable.of(ids, x=points[:, 0], y=points[:, 1], **columns, extra=frame.extras())


def single_lines(frame: StandardFrame, faults: list[Fault]) -> StandardFrame:
    """One line per row: parts that touch are merged, other parts become rows with the same id."""
    kinds = np.asarray(shapely.get_type_id(frame.geometry))
    wrong = (kinds >= 0) & ~np.isin(kinds, (1, 2, 5))
    for at in np.flatnonzero(wrong):
        said = f"is a {frame.geometry[at].geom_type}, expected a line; left out"
        faults.append(frame.fault(int(at), "not_a_line", said))
    shapes = frame.geometry.copy()
    multi = np.flatnonzero(kinds == 5)
    shapes[multi] = shapely.line_merge(shapes[multi])
    counts = np.where(np.asarray(shapely.get_type_id(shapes)) == 5, shapely.get_num_geometries(shapes), 1)
    for at in np.flatnonzero(counts > 1):
        faults.append(frame.fault(int(at), "multi_part", f"is drawn in {counts[at]} parts; each becomes a pipe of its own"))
    rows = np.repeat(np.arange(len(frame)), counts)
    nth = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    many = counts[rows] > 1
    lines = shapes[rows]
    lines[many] = shapely.get_geometry(shapes[rows[many]], nth[many])
    keep = ~wrong[rows]
    table = frame.frame.iloc[rows].reset_index(drop=True)
    if many.any():
        # Ends and length stated for the whole are valid for none of its parts.
        for name in {"from_node", "to_node", "length_m"} & set(table):
            table.loc[many, name] = ""
    return StandardFrame(frame.layer, table, lines, frame.row[rows], frame.extra, frame.faults).only(keep)


def links_of(frame: StandardFrame, nodes: NodeTable, faults: list[Fault], *, known_nodes: bool) -> Links:
    """Ends as stated in the columns from_node and to_node, and as drawn. Fatal: an unknown node id, if ``known_nodes``."""
    ends = np.full((len(frame), 2), -1, dtype=np.int64)
    drawn = np.full((len(frame), 2, 2), np.nan)
    lines = np.flatnonzero(np.asarray(shapely.get_type_id(frame.geometry)) == 1)
    lines = lines[~np.asarray(shapely.is_empty(frame.geometry[lines]))]
    for side, at in enumerate((0, -1)):
        drawn[lines, side] = shapely.get_coordinates(shapely.get_point(frame.geometry[lines], at))
    for side, name in enumerate(("from_node", "to_node")):
        for at, node in enumerate(frame.text(name)):
            if node and nodes.has(node):
                ends[at, side] = nodes.row(node)
            elif node and known_nodes:
                message = f"no node {node!r}; correct the id or add the node"
                faults.append(frame.fault(at, "unknown_node", message, Severity.FATAL, column=name))
    return Links(ends, drawn)


def _nodes_of_ends(frame: StandardFrame, faults: list[Fault]) -> NodeTable:
    """Nodes from the ids at the pipes' ends, without a nodes layer; each at the end of the first line that names it."""
    place: dict[str, tuple[float, float]] = {}
    for shape, start, end in zip(frame.geometry, frame.text("from_node"), frame.text("to_node"), strict=True):
        if shape is None or shape.is_empty:
            continue
        for name, at in ((start, 0), (end, -1)):
            if name:
                place.setdefault(str(name), shape.coords[at][:2])
    points = np.array(list(place.values()), dtype=np.float64).reshape(-1, 2)
    faults.append(
        Fault(Severity.INFO, "nodes_from_pipes", f"no nodes layer: {len(place)} nodes taken from the pipes' ends", "nodes")
    )
    return NodeTable.of(place, x=points[:, 0], y=points[:, 1])


def _usable(frame: StandardFrame, links: Links, faults: list[Fault]) -> NDArray[np.bool_]:
    """Pipes with a position: a line, or two known nodes, (n,)."""
    somewhere = np.asarray(((links.ends >= 0) | np.isfinite(links.drawn).all(axis=2)).all(axis=1), dtype=np.bool_)
    for at in np.flatnonzero(~somewhere):
        faults.append(frame.fault(int(at), "no_geometry", "has neither a line nor two nodes; left out"))
    return somewhere


def _joined(nodes: NodeTable, parts: dict[str, Links], snap_m: float, faults: list[Fault]) -> tuple[NodeTable, dict[str, Rows]]:
    """Node rows for the open ends of all parts; new nodes where no node is near."""
    ends = {name: part.ends.copy() for name, part in parts.items()}
    wanted = {name: np.argwhere(part.open) for name, part in parts.items()}
    if not any(len(at) for at in wanted.values()):
        return nodes, ends
    points = np.concatenate([parts[name].drawn[at[:, 0], at[:, 1]] for name, at in wanted.items()])
    sizes = np.cumsum([0, *(len(part.ends) for part in parts.values())])
    line = np.concatenate([at[:, 0] + sizes[number] for number, at in enumerate(wanted.values())])
    found = snap(points, line, np.column_stack([nodes.x, nodes.y]), snap_m)
    start = 0
    for name, at in wanted.items():
        ends[name][at[:, 0], at[:, 1]] = found.node[start : start + len(at)]
        start += len(at)
    faults += _snap_faults(found, nodes, snap_m)
    return _with_new_nodes(nodes, found), ends


def _snap_faults(found: Snapped, nodes: NodeTable, snap_m: float) -> list[Fault]:
    moved = found.moved_m > 1e-3
    said = f"{snap_m:g} m or nearer to node"
    faults = [
        _at(nodes, b, "nodes_too_close", f"{said} {nodes.asset_id[a]}; kept apart; join them if they are the same node")
        for a, b in found.crowded
    ]
    if moved.any():
        said = f"{int(moved.sum())} ends moved to join others, by {found.moved_m.max():.2f} m at most (tolerance {snap_m:g} m)"
        faults.append(Fault(Severity.INFO, "ends_snapped", said, "pipes"))
    return faults


def _at(nodes: NodeTable, row: int, code: str, message: str) -> Fault:
    return Fault(Severity.WARNING, code, message, "nodes", str(nodes.asset_id[row]), x=float(nodes.x[row]), y=float(nodes.y[row]))


def _with_new_nodes(nodes: NodeTable, found: Snapped) -> NodeTable:
    ids = generated_ids(len(found.xy) - len(nodes), "N", map(str, nodes.asset_id))
    return with_nodes(nodes, ids, found.xy[len(nodes) :])


def with_nodes(nodes: NodeTable, ids: list[str], xy: NDArray[np.float64], **columns: Any) -> NodeTable:
    """The table with junctions appended; columns that are not given get their default. ``xy``: (k, 2)."""
    added = NodeTable.of(ids, x=xy[:, 0], y=xy[:, 1], **columns)
    joined = {name: np.concatenate([getattr(nodes, name), getattr(added, name)]) for name in NodeTable.column_kinds()}
    extra = {name: np.concatenate([values, np.full(len(ids), "", dtype=object)]) for name, values in nodes.extra.items()}
    return NodeTable.of(joined.pop("asset_id"), **joined, extra=extra)


def _pipe_table(
    frame: StandardFrame, ends: Rows, links: Links, nodes: NodeTable, snap_m: float, faults: list[Fault]
) -> PipeTable:
    """Pipes with their lines.

    Ends that were joined, or lie within the tolerance, are moved exactly to their node; stated ones may end farther from it.
    """
    xy = np.column_stack([nodes.x, nodes.y])
    shapes, joined = list[NDArray[np.float64]](), links.open
    for at, shape in enumerate(frame.geometry):
        a, b = xy[ends[at, 0]], xy[ends[at, 1]]
        if shape is None or shape.is_empty:
            shapes.append(np.array([a, b]))
            continue
        line = shapely.get_coordinates(shape)
        if joined[at].any():
            line[0], line[-1] = (a if joined[at, 0] else line[0]), (b if joined[at, 1] else line[-1])
        elif np.hypot(*(line[0] - b)) + np.hypot(*(line[-1] - a)) < np.hypot(*(line[0] - a)) + np.hypot(*(line[-1] - b)):
            line = line[::-1]
        for end, at_node in ((0, a), (-1, b)):
            # A valve drawn in so small a gap is on this pipe, not on the node.
            if np.hypot(*(line[end] - at_node)) <= snap_m:
                line[end] = at_node
        shapes.append(line)
    offsets = np.concatenate([[0], np.cumsum([len(line) for line in shapes])]).astype(np.int64)
    vertices = np.concatenate(shapes) if shapes else np.empty((0, 2))
    columns = plain_columns(PipeTable, frame, faults)
    drawn = np.array([float(np.hypot(*np.diff(line, axis=0).T).sum()) for line in shapes], dtype=np.float64)
    stated = columns.get("length_m", np.full(len(frame), np.nan))
    columns["length_m"] = np.where(stated > 0, stated, drawn)
    return PipeTable.of(
        asset_ids(frame, faults, unique=False), **columns, from_node=ends[:, 0], to_node=ends[:, 1],
        vertices=vertices, offsets=offsets, extra=frame.extras(),
    )  # fmt: skip


def _cut_where_ends_lie(
    pipes: PipeTable, nodes: NodeTable, links: Links, ends: dict[str, Rows], given: int, snap_m: float, faults: list[Fault]
) -> PipeTable:
    """Split pipes without stated topology where a node lies on them, and stated ones only where a loose end does."""
    loose = np.asarray(links.open.any(axis=1), dtype=np.bool_)
    if not loose.any():
        return pipes
    xy = np.column_stack([nodes.x, nodes.y])
    cuts = ends_on_pipes(pipes, xy, snap_m)
    new = np.zeros(len(nodes), dtype=np.bool_)
    new[ends["pipes"][links.open]] = True
    new[given:] = True
    keep = loose[cuts.pipe] | new[cuts.node]
    cuts = Cuts(cuts.pipe[keep], cuts.along_m[keep], cuts.node[keep])
    faults += _split_faults(pipes, cuts, xy)
    pieces, _ = split(pipes, cuts, xy)
    return pieces


def _split_faults(pipes: PipeTable, cuts: Cuts, xy: NDArray[np.float64]) -> list[Fault]:
    faults = list[Fault]()
    rows, first, count = np.unique(cuts.pipe, return_index=True, return_counts=True)
    for pipe, at, times in zip(rows, first, count, strict=True):
        message = f"split at {times} places where others end on it"
        x, y = xy[cuts.node[at]]
        faults.append(Fault(Severity.INFO, "pipe_split", message, "pipes", str(pipes.asset_id[pipe]), x=float(x), y=float(y)))
    return faults
