"""Fine segments: the network cut at every valve and pump regardless of state; the graph used by all plans.

Cutting at *every* valve gives one graph for all states: a stuck, unknown or reopened valve changes an edge's code
(``edge_rules``), never the graph. Built with array operations only: a million pipes in a fraction of a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from maps.columns import Bools, Ints
from maps.network import NodeKind, PipeNetwork, PipeStatus


@dataclass(frozen=True, eq=False)
class SegmentGraph:
    """Fine segments as vertices; valves, pumps and ends of closed pipes as edges.

    ``of_node`` (nodes,) and ``of_pipe`` (pipes,): segment of each. Edges, all (edges,): ``u``, ``v`` segments; ``valve``
    row or -1; ``pump`` row or -1; ``pipe`` and ``node`` rows of its pipe end (``u`` is the pipe's side), -1 for links (``u`` is
    the side of ``from_node``). ``source_segment``/``source_node``: pairs of adjacent segment and supply source; a source never
    connects two of its pipes, but a junction with an inflow does and supplies its own segment.
    """

    count: int
    of_node: Ints
    of_pipe: Ints
    u: Ints
    v: Ints
    valve: Ints
    pump: Ints
    pipe: Ints
    node: Ints
    source_segment: Ints
    source_node: Ints

    @cached_property
    def _pipes(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        return grouped(self.of_pipe, self.count)

    @cached_property
    def _nodes(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        return grouped(self.of_node, self.count)

    @cached_property
    def has_pipes(self) -> NDArray[np.bool_]:
        """Whether a segment holds a pipe, (segments,)."""
        return np.bincount(self.of_pipe, minlength=self.count) > 0

    def pipes_in(self, segments: NDArray[np.int32]) -> Ints:
        """Pipe rows of segments, sorted."""
        return members(self._pipes, segments)

    def nodes_in(self, segments: NDArray[np.int32]) -> Ints:
        """Node rows of segments, sorted."""
        return members(self._nodes, segments)

    @cached_property
    def edges_of_valve(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """CSR valve row -> edges."""
        with_valve = np.flatnonzero(self.valve >= 0).astype(np.int32)
        most = int(self.valve.max(initial=-1)) + 1
        offsets, order = grouped(self.valve[with_valve], most)
        return offsets, with_valve[order]

    def valve_edges(self, valve: int) -> Ints:
        """Edges of one valve row; none when the valve has no location in the network."""
        offsets, edges = self.edges_of_valve
        return edges[offsets[valve] : offsets[valve + 1]] if valve + 1 < len(offsets) else edges[:0]

    @cached_property
    def sources_of(self) -> dict[int, tuple[int, ...]]:
        """Segment -> adjacent source node rows."""
        found: dict[int, tuple[int, ...]] = {}
        for segment, node in zip(self.source_segment.tolist(), self.source_node.tolist(), strict=True):
            found[segment] = tuple(sorted({*found.get(segment, ()), node}))
        return found


class ClosedPipes:
    """Pipes closed by themselves. The closed pieces of a pipe that was cut belong together: they are open or closed as one."""

    def __init__(self, network: PipeNetwork, graph: SegmentGraph) -> None:
        self._pieces: dict[int, list[int]] = {}
        self._edges: dict[int, list[int]] = {}
        self._first: dict[int, int] = {}
        first_of: dict[str, int] = {}
        for row in np.flatnonzero(network.pipes.status == PipeStatus.CLOSED).tolist():
            source = str(network.pipes.source_id[row])
            first = first_of.setdefault(source, row) if source else row
            self._first[row] = first
            self._pieces.setdefault(first, []).append(row)
        for edge in np.flatnonzero((graph.valve < 0) & (graph.pump < 0)).tolist():
            self._edges.setdefault(self._first[int(graph.pipe[edge])], []).append(edge)

    def first(self, row: int) -> int:
        """Row of the first closed piece of a closed pipe row's pipe: itself where it was not cut."""
        return self._first[row]

    def pieces(self, first: int) -> list[int]:
        """Rows of the closed pieces of a pipe, by the first of them."""
        return self._pieces[first]

    def edges(self, first: int) -> list[int]:
        """The edges at the ends of all closed pieces of a pipe, by the first of them."""
        return self._edges.get(first, [])


def grouped(keys: NDArray[np.int32], count: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """CSR of key -> positions, by counting sort (a comparison sort takes ten times as long on a million rows)."""
    positions = np.arange(len(keys), dtype=np.int32)
    table = csr_array(coo_array((np.ones(len(keys), dtype=np.bool_), (keys, positions)), shape=(count, max(len(keys), 1))))
    return table.indptr, table.indices


def members(groups: tuple[NDArray[np.int32], NDArray[np.int32]], keys: NDArray[np.int32]) -> Ints:
    """Positions of several keys, sorted."""
    offsets, positions = groups
    parts = [positions[offsets[key] : offsets[key + 1]] for key in keys.tolist()]
    return np.sort(np.concatenate(parts)) if parts else np.empty(0, dtype=np.int32)


def build_segments(network: PipeNetwork) -> SegmentGraph:
    """The fine segments of a network."""
    return _Builder(network).build()


class _Builder:
    """Builds the graph in one pass; a class because the steps share a dozen arrays."""

    def __init__(self, network: PipeNetwork) -> None:
        pipes = network.pipes
        self._network = network
        self._pipes = len(pipes)
        self._end_node = np.concatenate([pipes.from_node, pipes.to_node])
        self._is_source: Bools = np.asarray(network.nodes.kind >= NodeKind.SOURCE)
        self._count = 0

    def build(self) -> SegmentGraph:
        """Segments, then the edges between them."""
        end, valve = self._valves_on_ends()
        barred = np.zeros(2 * self._pipes, dtype=np.bool_)
        barred[end] = True
        at_source = self._is_source[self._end_node]
        of_node, of_pipe = self._label(~barred & ~at_source)
        touching = np.flatnonzero(at_source & ~barred)
        sources = [(of_pipe[touching % self._pipes] if self._pipes else touching, self._end_node[touching])]
        inflow = np.flatnonzero(self._network.nodes.feeds & ~self._is_source)
        sources.append((of_node[inflow], inflow))
        u, v, copies = self._chain(end, of_node, of_pipe)
        sources.append(copies)
        links, at_links = self._links(of_node)
        sources.extend(at_links)
        none = np.full(len(links[0]), -1, dtype=np.int32)
        pipe = (end % self._pipes) if self._pipes else end
        return SegmentGraph(
            self._count,
            of_node,
            of_pipe,
            _joined(u, links[0]),
            _joined(v, links[1]),
            _joined(valve, links[2]),
            _joined(np.full(len(u), -1), links[3]),
            _joined(pipe, none),
            _joined(self._end_node[end], none),
            _joined(*(segment for segment, _ in sources)),
            _joined(*(node for _, node in sources)),
        )

    def _valves_on_ends(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Pairs (pipe end, valve row or -1), sorted by end, from the pipe's middle outward. Ends: from 0…, to P….

        A valve on a pipe that begins and ends at the valve's node closes both ends, because the data do not give the end. A
        closed pipe closes both its ends without a valve, because the location of the closure along it is unknown.
        """
        valves, pipes, count = self._network.valves, self._network.pipes, self._pipes
        on_pipe = np.flatnonzero((valves.pipe >= 0) & (valves.node >= 0) & ~valves.is_link)
        pipe, node = valves.pipe[on_pipe].astype(np.int64), valves.node[on_pipe]
        at_from, at_to = pipes.from_node[pipe] == node, pipes.to_node[pipe] == node
        on_node = np.flatnonzero((valves.pipe < 0) & (valves.node >= 0) & ~valves.is_link)
        node_end, node_valve = self._ends_at(valves.node[on_node], on_node)
        shut = np.flatnonzero(pipes.status == PipeStatus.CLOSED)
        ends = np.concatenate([shut, shut + count, pipe[at_from], pipe[at_to] + count, node_end])
        rows = np.concatenate([np.full(2 * len(shut), -1), on_pipe[at_from], on_pipe[at_to], node_valve])
        rank = np.repeat([0, 1, 2], [2 * len(shut), int(at_from.sum() + at_to.sum()), len(node_end)])
        order = np.lexsort((rows, rank, ends))
        return ends[order], rows[order]

    def _ends_at(self, node: NDArray[np.int32], valve: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Every pipe end at the nodes of node valves, paired with each valve there."""
        if not len(node):
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        here = np.bincount(node, minlength=len(self._network.nodes))
        ends = np.flatnonzero(here[self._end_node] > 0)
        times = here[self._end_node[ends]]
        first = np.concatenate([[0], np.cumsum(here)[:-1]])
        sorted_valve = valve[np.argsort(node, kind="stable")]
        repeated = np.repeat(ends, times)
        within = np.arange(len(repeated)) - np.repeat(np.cumsum(times) - times, times)
        return repeated, sorted_valve[first[self._end_node[repeated]] + within]

    def _label(self, free: Bools) -> tuple[Ints, Ints]:
        """Segments of nodes and of pipes; a pipe without a free end is a segment of its own."""
        pipes, nodes = self._network.pipes, len(self._network.nodes)
        free_from, free_to = free[: self._pipes], free[self._pipes :]
        both = free_from & free_to
        graph = coo_array((np.ones(int(both.sum())), (pipes.from_node[both], pipes.to_node[both])), shape=(nodes, nodes))
        count, of_node = connected_components(csr_array(graph), directed=False) if nodes else (0, np.empty(0, dtype=np.int32))
        of_pipe = np.where(free_from, of_node[pipes.from_node], of_node[pipes.to_node]).astype(np.int32)
        alone = np.flatnonzero(~free_from & ~free_to)
        of_pipe[alone] = count + np.arange(len(alone), dtype=np.int32)
        self._count = count + len(alone)
        return of_node.astype(np.int32), of_pipe

    def _new(self, number: int) -> NDArray[np.int32]:
        fresh = np.arange(self._count, self._count + number, dtype=np.int32)
        self._count += number
        return fresh

    def _chain(
        self, end: NDArray[np.int64], of_node: Ints, of_pipe: Ints
    ) -> tuple[NDArray[np.int32], NDArray[np.int32], tuple[NDArray[np.int32], NDArray[np.int32]]]:
        """Edges of closed or valved ends, pipe side to node side, through empty segments where one end has several valves."""
        first = np.ones(len(end), dtype=np.bool_)
        first[1:] = end[1:] != end[:-1]
        last = np.roll(first, -1)
        last[-1:] = True
        u, v = np.empty(len(end), dtype=np.int32), np.empty(len(end), dtype=np.int32)
        between = self._new(int((~last).sum()))
        v[~last] = between
        u[~first] = between
        u[first] = of_pipe[end[first] % self._pipes] if self._pipes else 0
        node = self._end_node[end[last]]
        v[last] = of_node[node]
        # Each valved end of a source's pipe connects to its own copy of the source, so that isolation does not spread through it.
        at_source = self._is_source[node]
        copies = self._new(int(at_source.sum()))
        tail = v[last]
        tail[at_source] = copies
        v[last] = tail
        return u, v, (copies, node[at_source])

    def _links(self, of_node: Ints) -> tuple[tuple[NDArray[np.int32], ...], list[tuple[NDArray[np.int32], NDArray[np.int32]]]]:
        """(u, v, valve, pump) of link valves and link pumps; (segment, node) of the sources at their ends."""
        valves, pumps = self._network.valves, self._network.pumps
        valve = np.flatnonzero(valves.is_link & (valves.to_node >= 0)).astype(np.int32)
        pump = np.flatnonzero((pumps.from_node >= 0) & (pumps.to_node >= 0)).astype(np.int32)
        none_v, none_p = np.full(len(pump), -1, dtype=np.int32), np.full(len(valve), -1, dtype=np.int32)
        ends: list[NDArray[np.int32]] = []
        pairs: list[tuple[NDArray[np.int32], NDArray[np.int32]]] = []
        for side in ("from_node", "to_node"):
            node = np.concatenate([getattr(valves, side)[valve], getattr(pumps, side)[pump]])
            segment = of_node[node]
            at_source = self._is_source[node]
            segment[at_source] = self._new(int(at_source.sum()))
            ends.append(segment)
            pairs.append((segment[at_source], node[at_source]))
        return (*ends, np.concatenate([valve, none_v]), np.concatenate([none_p, pump])), pairs


def _joined(*parts: NDArray[np.generic]) -> Ints:
    return np.concatenate(parts).astype(np.int32)
