"""Isolation rules for valves and pumps, as bits of one code per edge.

An edge connects segments ``u`` and ``v``. *Grow*: an isolated zone on one side extends to the other, because the edge
cannot be closed. *Supply*: water from a source may pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maps.errors import InputFault
from maps.isolation.graph.segments import SegmentGraph
from maps.network import CONTROL_VALVES, DIRECTED_VALVES, PipeNetwork, ValveState

GROW_UV, GROW_VU, SUPPLY_UV, SUPPLY_VU = 1, 2, 4, 8
WALL, CLOSABLE, ONE_WAY, UNKNOWN = 16, 32, 64, 128
"""``CLOSABLE``: can be operated; with ``WALL``: it is closed and could be opened."""
GROW = GROW_UV | GROW_VU
SUPPLY = SUPPLY_UV | SUPPLY_VU

_SWAPPED = np.array(
    [
        (code & ~15)
        | (GROW_VU if code & GROW_UV else 0)
        | (GROW_UV if code & GROW_VU else 0)
        | (SUPPLY_VU if code & SUPPLY_UV else 0)
        | (SUPPLY_UV if code & SUPPLY_VU else 0)
        for code in range(256)
    ],
    dtype=np.uint8,
)
SWAPPED: tuple[int, ...] = tuple(int(code) for code in _SWAPPED)
"""The code of an edge with its ends exchanged."""


class Keep(Enum):
    """Marker value: keep the dataset's value."""

    KEEP = "keep"


KEEP = Keep.KEEP


@dataclass(frozen=True, slots=True)
class ValveOverride:
    """Correction of one valve for one plan. None clears a value (open, operable, not one-way); ``flows_to`` is a pipe id."""

    state: ValveState | Keep | None = KEEP
    operable: bool | Keep | None = KEEP
    flows_to: str | Keep | None = KEEP


@dataclass(frozen=True, eq=False)
class EdgeFacts:
    """Properties of the edges' valves as columns, (edges,). ``flows_to``: pipe row, -1 none; ``link``: a link of its own."""

    kind: NDArray[np.uint8]
    state: NDArray[np.uint8]
    operable: NDArray[np.bool_]
    flows_to: NDArray[np.int32]
    link: NDArray[np.bool_]


def facts_of(network: PipeNetwork, graph: SegmentGraph, edges: NDArray[np.int32] | slice) -> EdgeFacts:
    """The dataset's properties; values of edges without a valve are arbitrary and unused."""
    valves, valve = network.valves, graph.valve[edges]
    if not len(valves):
        zero = np.zeros(len(valve), dtype=np.uint8)
        return EdgeFacts(zero, zero, zero.astype(np.bool_), zero.astype(np.int32) - 1, zero.astype(np.bool_))
    row = np.where(valve >= 0, valve, 0)
    flows_to = np.where(valve >= 0, valves.flows_to[row], -1)
    return EdgeFacts(valves.kind[row], valves.state[row], valves.operable[row], flows_to, valves.is_link[row])


def directions(
    network: PipeNetwork, graph: SegmentGraph, edges: NDArray[np.int32] | slice, flows_to: NDArray[np.int32]
) -> NDArray[np.int8]:
    """Flow direction of one-way valves: +1 from ``u`` to ``v``, -1 back, 0 not one-way (or ``flows_to`` is missing)."""
    pipes, pipe, node, valve = network.pipes, graph.pipe[edges], graph.node[edges], graph.valve[edges]
    set_ = flows_to >= 0
    sign = np.zeros(len(flows_to), dtype=np.int8)
    if not set_.any():
        return sign
    into = np.where(set_, flows_to, 0)
    start, end = pipes.from_node[into], pipes.to_node[into]
    on_pipe = set_ & (pipe >= 0)
    # At a pipe's end any other pipe means "out of this one"; at a node only a pipe that ends there gives the direction.
    alone = network.valves.pipe[np.where(on_pipe, valve, 0)] >= 0 if len(network.valves) else on_pipe
    sign[on_pipe & (alone | (start == node) | (end == node))] = 1
    sign[on_pipe & (into == pipe)] = -1
    link = set_ & (pipe < 0) & (valve >= 0)
    row = np.where(link, valve, 0)
    first, second = network.valves.from_node[row], network.valves.to_node[row]
    sign[link & ((start == first) | (end == first))] = -1
    sign[link & ((start == second) | (end == second))] = 1
    return sign


def edge_codes(
    network: PipeNetwork, graph: SegmentGraph, edges: NDArray[np.int32] | slice, facts: EdgeFacts, *, ignore_one_way: bool = False
) -> NDArray[np.uint8]:
    """The code of each edge, (edges,).

    ``ignore_one_way``: one-way valves are assumed to leak: zones grow through them both ways (supply still has one direction).
    """
    sign = directions(network, graph, edges, facts.flows_to)
    valve, pump = graph.valve[edges], graph.pump[edges]
    control = np.isin(facts.kind, CONTROL_VALVES)
    # A control valve that is a link supplies in its own direction; at a pipe's end the direction is unknown.
    supply_sign = np.where(facts.operable, sign, 0)
    supply_sign = np.where((supply_sign == 0) & facts.link & np.isin(facts.kind, DIRECTED_VALVES), 1, supply_sign)
    supply = np.choose(supply_sign + 1, [SUPPLY_VU, SUPPLY, SUPPLY_UV])
    one_way = np.choose(sign + 1, [SUPPLY_VU | GROW_UV | ONE_WAY, 0, SUPPLY_UV | GROW_VU | ONE_WAY])
    if ignore_one_way:
        one_way = one_way | GROW
    code = np.select(
        [
            pump >= 0,
            valve < 0,
            (facts.state == ValveState.CLOSED) & facts.operable & ~control,
            facts.state == ValveState.CLOSED,
            facts.state == ValveState.UNKNOWN,
            control | ~facts.operable,
            sign != 0,
        ],
        [GROW | SUPPLY_UV, GROW, WALL | CLOSABLE, WALL, GROW | UNKNOWN, GROW | supply, one_way],
        default=SUPPLY | CLOSABLE,
    )
    return code.astype(np.uint8)


class BaseRules:
    """Edge codes of the dataset's states, and of corrected states."""

    def __init__(self, network: PipeNetwork, graph: SegmentGraph) -> None:
        self._network, self._graph = network, graph
        self.codes = edge_codes(network, graph, slice(None), facts_of(network, graph, slice(None)))

    def changed(self, valves: Mapping[str, ValveOverride], ignore_one_way: bool) -> dict[int, int]:
        """Codes of the edges that differ from the dataset's. Raises UnknownAsset, InputFault (flows_to is not at its valve)."""
        changed: dict[int, int] = {}
        if ignore_one_way:
            one_way = np.flatnonzero(self.codes & ONE_WAY).astype(np.int32)
            self._put(changed, one_way, facts_of(self._network, self._graph, one_way), True)
        for valve_id, override in valves.items():
            self._override(changed, valve_id, override, ignore_one_way)
        return changed

    def changed_more(
        self, changed: Mapping[int, int], valve_id: str, override: ValveOverride, ignore_one_way: bool
    ) -> dict[int, int]:
        """``changed`` with one more valve correction, or one replaced."""
        more = dict(changed)
        self._override(more, valve_id, override, ignore_one_way)
        return more

    def _override(self, changed: dict[int, int], valve_id: str, override: ValveOverride, ignore_one_way: bool) -> None:
        edges = self._graph.valve_edges(self._network.valves.row(valve_id))
        self._put(changed, edges, self._overridden(valve_id, edges, override), ignore_one_way)

    def _put(self, changed: dict[int, int], edges: NDArray[np.int32], facts: EdgeFacts, ignore_one_way: bool) -> None:
        codes = edge_codes(self._network, self._graph, edges, facts, ignore_one_way=ignore_one_way)
        for edge, code in zip(edges.tolist(), codes.tolist(), strict=True):
            if code == self.codes[edge]:
                changed.pop(edge, None)
            else:
                changed[edge] = code

    def _overridden(self, valve_id: str, edges: NDArray[np.int32], override: ValveOverride) -> EdgeFacts:
        facts = facts_of(self._network, self._graph, edges)
        columns: dict[str, Any] = {}
        if not isinstance(override.state, Keep):
            columns["state"] = np.full(len(edges), ValveState.OPEN if override.state is None else override.state, dtype=np.uint8)
        if not isinstance(override.operable, Keep):
            columns["operable"] = np.full(len(edges), override.operable is not False)
        if not isinstance(override.flows_to, Keep):
            columns["flows_to"] = np.full(len(edges), self._into(valve_id, edges, override.flows_to), dtype=np.int32)
        return replace(facts, **columns)

    def _into(self, valve_id: str, edges: NDArray[np.int32], pipe_id: str | None) -> int:
        """Row of the pipe into which a one-way valve lets water; of a split pipe the piece at the valve."""
        pipes = self._network.pipes
        if pipe_id is None:
            return -1
        rows = [pipes.row(pipe_id)] if pipes.has(pipe_id) else np.flatnonzero(pipes.source_id == pipe_id).tolist()
        if not rows:
            pipes.row(pipe_id)
        for row in rows:
            if not len(edges) or directions(self._network, self._graph, edges, np.full(len(edges), row, dtype=np.int32)).any():
                return int(row)
        raise InputFault(f"valve {valve_id}: flows_to {pipe_id!r} does not end at this valve; name a pipe that does")
