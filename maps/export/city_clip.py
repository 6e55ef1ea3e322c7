"""Cuts a part out of a city for an incident package: small, with the same isolation plans."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from maps.city import City, ShapeTable, ZoneTable
from maps.columns import Columns
from maps.network import NodeKind, PipeNetwork, PipeStatus, PipeTable, ValveState

Rows = NDArray[np.int64]
Box = tuple[float, float, float, float]
TableT = TypeVar("TableT", bound=Columns)


def clip_city(city: City, box: Box) -> City:
    """The part of ``city`` that touches ``box`` (min x, min y, max x, max y; its CRS), with new rows and the same ids.

    Pipes are kept whole. Parts outside that are supplied only through the clip are included, since otherwise paths through
    them and their dry pockets would be lost. The first node beyond the edge becomes a source where a source lies behind it, so
    that isolation finds the same supply for everything that does not reach the edge. The hydraulic model cannot be cut
    and is left out, as ``info.assumed`` says.
    """
    network = city.network
    pipe = _touching(network.pipes, box)
    keep = np.zeros(len(network.nodes), dtype=np.bool_)
    keep[network.pipes.from_node[pipe]] = keep[network.pipes.to_node[pipe]] = True
    keep |= _inside(network.nodes.x, network.nodes.y, box)
    for table in (network.valves, network.pumps):
        near = (table.from_node >= 0) & (keep[table.from_node] | keep[table.to_node])
        keep[table.from_node[near]] = keep[table.to_node[near]] = True
    pipe |= keep[network.pipes.from_node] & keep[network.pipes.to_node]  # otherwise a path between two kept nodes would be lost
    hanging, watered = _outside(network, keep, pipe)
    keep |= hanging
    # One more pipe at the edge, because the valves at the last nodes sit on it; closed ones too, for the effect of opening them.
    pipe |= keep[network.pipes.from_node] | keep[network.pipes.to_node]
    ends = keep.copy()
    ends[network.pipes.from_node[pipe]] = ends[network.pipes.to_node[pipe]] = True
    for table in (network.valves, network.pumps):
        near = (table.from_node >= 0) & (keep[table.from_node] | keep[table.to_node])
        ends[table.from_node[near]] = ends[table.to_node[near]] = True
    beyond = ends & ~keep & watered
    keep = ends
    nodes = np.flatnonzero(keep)
    pipes = np.flatnonzero(pipe)
    node_at, pipe_at = _places(nodes, len(keep)), _places(pipes, len(pipe))
    fed = np.flatnonzero(beyond)
    kind = network.nodes.kind.copy()
    kind[fed] = np.where(kind[fed] == NodeKind.JUNCTION, NodeKind.SOURCE, kind[fed])
    part = PipeNetwork(
        _picked(network.nodes.replaced(kind=kind), nodes),
        _pipes(network.pipes, pipes, node_at),
        _moved(_picked(network.pumps, _whole(network.pumps, keep)), node_at, pipe_at),
        _moved(_picked(network.valves, _whole_valves(network, keep, pipe)), node_at, pipe_at),
        network.crs,
        network.headloss,
    )
    info = replace(city.info, assumed=(*city.info.assumed, "cut out of a larger city: nodes at the edge count as sources"))
    return _surroundings(City(info, part), city, box, keep, pipe, node_at, pipe_at)


def _surroundings(
    made: City, city: City, box: Box, keep: NDArray[np.bool_], pipe: NDArray[np.bool_], node_at: Rows, pipe_at: Rows
) -> City:
    hydrants, stations, customers, plants = city.hydrants, city.stations, city.customers, city.plants
    near = _inside(stations.x, stations.y, box) | ((stations.node >= 0) & keep[stations.node])
    at_node = np.flatnonzero((hydrants.node >= 0) & keep[hydrants.node])
    on_pipe = np.union1d(city.hydrants_on.rows_on(pipe), at_node)
    return replace(
        made,
        hydrants=_moved(_picked(hydrants, on_pipe), node_at, pipe_at),
        plants=_moved(_picked(plants, np.flatnonzero((plants.node >= 0) & keep[plants.node])), node_at, pipe_at),
        crews=city.crews,
        stations=_moved(_picked(stations, np.flatnonzero(near)), node_at, pipe_at),
        customers=_moved(_picked(customers, city.customers_on.rows_on(pipe).astype(np.int64)), node_at, pipe_at),
        zones=_shapes(city.zones, box),
        roads=_shapes(city.roads, box),
        water=_shapes(city.water, box),
        places=_shapes(city.places, box),
    )


def _touching(pipes: PipeTable, box: Box) -> NDArray[np.bool_]:
    """Pipes with a point in the box or whose box meets it, (n,)."""
    if not len(pipes):
        return np.zeros(0, dtype=np.bool_)
    points, starts = pipes.vertices, pipes.offsets[:-1]
    low, high = np.minimum.reduceat(points, starts), np.maximum.reduceat(points, starts)
    return np.asarray((low[:, 0] <= box[2]) & (high[:, 0] >= box[0]) & (low[:, 1] <= box[3]) & (high[:, 1] >= box[1]))


def _outside(
    network: PipeNetwork, keep: NDArray[np.bool_], pipe: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(nodes outside whose parts reach no source by themselves yet touch the clip, nodes outside whose parts do reach one)."""
    valves, pumps, pipes = network.valves, network.pumps, network.pipes
    shut = pipes.status != PipeStatus.OPEN
    shut[valves.pipe[(valves.pipe >= 0) & (valves.state == ValveState.CLOSED)]] = True
    rows = np.flatnonzero(~pipe)
    links = [(pipes.from_node[rows], pipes.to_node[rows], ~shut[rows])]
    for table, passes in ((valves, valves.state != ValveState.CLOSED), (pumps, np.ones(len(pumps), dtype=np.bool_))):
        out = (table.from_node >= 0) & ~(keep[table.from_node] & keep[table.to_node])
        links.append((table.from_node[out], table.to_node[out], passes[out]))
    start, end, is_open = (np.concatenate(column) for column in zip(*links, strict=True))
    count = len(network.nodes)
    inner = is_open & ~(keep[start] | keep[end])
    graph = coo_array((np.ones(int(inner.sum()), dtype=np.int8), (start[inner], end[inner])), shape=(count, count))
    _, label = connected_components(graph, directed=False)
    source = np.zeros(int(label.max(initial=0)) + 1, dtype=np.bool_)
    source[label[network.nodes.feeds & ~keep]] = True
    edge = keep[start] != keep[end]
    far = np.where(keep[start], end, start)[edge]
    touched = np.zeros(len(source), dtype=np.bool_)
    touched[label[far[~source[label[far]]]]] = True
    return touched[label] & ~keep, source[label] & ~keep


def _whole(table: Any, keep: NDArray[np.bool_]) -> Rows:
    linked = (table.from_node >= 0) & keep[table.from_node] & keep[table.to_node]
    return np.flatnonzero(linked | ((table.node >= 0) & keep[table.node] & (table.from_node < 0)))


def _whole_valves(network: PipeNetwork, keep: NDArray[np.bool_], pipe: NDArray[np.bool_]) -> Rows:
    valves = network.valves
    rows = _whole(valves, keep)
    on = valves.pipe[rows]
    return np.asarray(rows[(on < 0) | (pipe[on] if len(pipe) else False)])


def _inside(x: NDArray[np.float64], y: NDArray[np.float64], box: Box) -> NDArray[np.bool_]:
    return np.asarray((x >= box[0]) & (x <= box[2]) & (y >= box[1]) & (y <= box[3]))


def _places(rows: Rows, count: int) -> Rows:
    """New row of each old row, (count + 1,); -1 for removed rows and, at the end, for none."""
    places = np.full(count + 1, -1, dtype=np.int64)
    places[rows] = np.arange(len(rows))
    return places


def _picked(table: TableT, rows: Rows) -> TableT:
    columns = {name: getattr(table, name)[rows] for name in table.column_kinds()}
    return replace(table, **columns, extra={name: values[rows] for name, values in table.extra.items()})


def _moved(table: TableT, node_at: Rows, pipe_at: Rows) -> TableT:
    places = {"from_node": node_at, "to_node": node_at, "node": node_at, "pipe": pipe_at, "flows_to": pipe_at}
    kinds = table.column_kinds()
    return table.replaced(**{name: place[getattr(table, name)] for name, place in places.items() if name in kinds})


def _pipes(pipes: PipeTable, rows: Rows, node_at: Rows) -> PipeTable:
    counts = np.diff(pipes.offsets)[rows]
    offsets = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum(counts, out=offsets[1:])
    taken = np.repeat(pipes.offsets[:-1][rows] - offsets[:-1], counts) + np.arange(offsets[-1])
    columns: dict[str, Any] = {name: getattr(pipes, name)[rows] for name in pipes.column_kinds()}
    columns["from_node"], columns["to_node"] = node_at[columns["from_node"]], node_at[columns["to_node"]]
    extra = {name: values[rows] for name, values in pipes.extra.items()}
    return PipeTable(**columns, extra=extra, vertices=pipes.vertices[taken], offsets=offsets)


def _shapes(table: Any, box: Box) -> Any:
    """Zones that touch the box, whole (a notice names whole communities); roads and water, cut to it."""
    if not len(table):
        return table
    frame = shapely.box(*box)
    touching = np.flatnonzero(shapely.intersects(table.geometry, frame))
    picked = _picked(table, touching)
    shapes = table.geometry[touching]
    if isinstance(table, ShapeTable) and not isinstance(table, ZoneTable):
        shapes = shapely.clip_by_rect(shapes, *box)
    return replace(picked, geometry=shapes)
