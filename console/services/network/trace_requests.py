"""Trace requests with starts, barriers and directions; answers as numbers and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from maps.city import City
from maps.columns import Bools, Floats
from maps.errors import InputFault, UnknownAsset
from maps.hydraulics.state import HydraulicState
from maps.network import PipeNetwork
from maps.trace import (
    Barriers,
    Flows,
    SourceShares,
    Trace,
    TraceSummary,
    assumed_flows,
    barriers,
    connected,
    downstream,
    ends_of_pipe,
    head_loss,
    islands,
    loops,
    resistance,
    shortest_path,
    source_shares,
    summary,
    supply_path,
    upstream,
)

KINDS = ("connected", "upstream", "downstream", "fed", "supply", "sources", "path", "loop", "islands")
COSTS = ("length", "resistance", "headloss")
DIRECTIONS = ("auto", "flow", "devices", "assumed")
_DIRECTED = ("upstream", "downstream", "fed", "supply", "sources")


@dataclass(frozen=True, slots=True)
class TraceRequest:
    """One request. ``starts``: pipe or node ids (a path: from the first to ``to`` over ``via``).

    ``kind``: one of KINDS; fed: everything fed through the pipes; supply: the way from the source; sources: their shares;
    loop: the looped part a pipe is in. ``barriers``: ids of pipes, nodes, valves; ``zones``: ids or names; ``where``:
    conditions on pipes. ``directions``: one of DIRECTIONS; auto is the solved flow where one is given, else the devices.
    """

    starts: tuple[str, ...]
    kind: str = "connected"
    to: str = ""
    via: tuple[str, ...] = ()
    barriers: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    cost: str = "length"
    directions: str = "auto"


@dataclass(frozen=True, eq=False)
class TraceAnswer:
    """The trace, its numbers, and results of single kinds."""

    request: TraceRequest
    trace: Trace
    summary: TraceSummary
    shares: SourceShares | None = None
    extra: dict[str, Any] = field(default_factory=dict)


def needs_flow(request: TraceRequest) -> bool:
    """Whether a solved state would be used; a solve takes seconds."""
    if request.kind == "path":
        return request.cost == "headloss"
    return request.kind in _DIRECTED and request.directions in ("auto", "flow")


def solved_flows(state: HydraulicState) -> Flows:
    """Flows of a solved state."""
    return Flows(state.pipe_flow_m3h, state.pump_flow_m3h, state.valve_flow_m3h)


def trace_of(city: City, request: TraceRequest, state: HydraulicState | None = None) -> TraceAnswer:
    """Carry out a request; ``state``: solved heads and flows, or None.

    Raises UnknownAsset; InputFault for an inconsistent request or a missing solved flow.
    """
    return _Asked(city, request, state).answer()


def answer_json(city: City, answer: TraceAnswer) -> dict[str, Any]:
    """An answer as JSON: ids, lengths in m, reason of each end."""
    trace, numbers, network = answer.trace, answer.summary, city.network
    request = answer.request
    body: dict[str, Any] = {"kind": request.kind, "from": request.starts[0] if len(request.starts) == 1 else list(request.starts)}
    body |= {
        "basis": trace.basis,
        "pipes": list(network.pipes.ids(trace.pipes)),
        "nodes": list(network.nodes.ids(trace.nodes)),
        "valves": list(network.valves.ids(trace.valves)),
        "pumps": list(network.pumps.ids(trace.pumps)),
        "length_m": round(numbers.length_m, 1),
        "length_by_diameter": {size: round(length, 1) for size, length in numbers.by_diameter.items()},
        "length_by_material": {name: round(length, 1) for name, length in numbers.by_material.items()},
        "customers": list(city.customers.ids(numbers.customers)),
        "households": numbers.households,
        "people": numbers.people,
        "critical_customers": list(city.customers.ids(numbers.critical)),
        "stops": stops_json(network, trace),
        "sources": list(network.nodes.ids(trace.sources)),
        "unknown_direction": list(network.pipes.ids(trace.unknown_direction)),
    }
    if answer.shares is not None:
        named = zip(network.nodes.ids(answer.shares.sources), answer.shares.shares, strict=True)
        body["shares"] = [{"asset_id": name, "share": round(share, 4)} for name, share in named]
        body["share_unknown"] = round(answer.shares.unknown, 4)
    return body | answer.extra


def stops_json(network: PipeNetwork, trace: Trace) -> list[dict[str, str]]:
    """Reason of each end of the trace: valves, sources, barriers, ends of the data."""
    ids = network.nodes.asset_id
    found = [{"node": str(ids[s.node]), "reason": s.reason, "asset_id": s.asset_id} for s in trace.stops]
    met = {stop.node for stop in trace.stops}
    ends = [int(node) for node in trace.ends if int(node) not in met]
    return found + [{"node": str(ids[node]), "reason": "end_of_data", "asset_id": str(ids[node])} for node in ends]


class _Asked:
    """A resolved request: rows instead of ids, flows instead of a direction word."""

    def __init__(self, city: City, request: TraceRequest, state: HydraulicState | None) -> None:
        for name, value, known in (
            ("kind", request.kind, KINDS),
            ("cost", request.cost, COSTS),
            ("directions", request.directions, DIRECTIONS),
        ):
            if value not in known:
                raise InputFault(f"{name} {value!r} is none of {', '.join(known)}")
        if not request.starts:
            raise InputFault("name at least one pipe or node to trace from")
        self._city, self._network, self._request, self._state = city, city.network, request, state
        self._bars = barriers(city, request.barriers, zones=request.zones, where=request.where)
        places = [self._place(start) for start in request.starts]
        self._pipes = [row for table, row in places if table == "pipe"]
        self._nodes = [row for table, row in places if table == "node"]

    def answer(self) -> TraceAnswer:
        """Run the trace and compute its numbers."""
        kind = self._request.kind
        extra: dict[str, Any] = {}
        shares = None
        if kind == "islands":
            trace, extra = self._islands()
        elif kind == "path":
            trace = self._path()
            extra = {"found": trace.found, "cost": round(trace.cost, 3), "cost_of": self._request.cost}
        elif kind == "loop":
            trace, extra = self._loop()
        elif kind == "supply":
            trace = self._supply()
        else:
            trace = self._reached({"sources": "upstream", "fed": "downstream"}.get(kind, kind))
            shares = self._shares() if kind in ("sources", "upstream") else None
        return TraceAnswer(self._request, trace, summary(self._city, trace), shares, extra)

    def _place(self, name: str) -> tuple[str, int]:
        network = self._network
        if network.pipes.has(name):
            return "pipe", network.pipes.row(name)
        if network.nodes.has(name):
            return "node", network.nodes.row(name)
        raise UnknownAsset(f"no pipe or node {name!r} in this network; check the id")

    def _node(self, name: str) -> int:
        table, row = self._place(name)
        return row if table == "node" else int(self._network.pipes.from_node[row])

    def _flows(self) -> Flows | None:
        asked, state = self._request.directions, self._state
        if asked == "assumed":
            return assumed_flows(self._network)
        usable = state is not None and state.converged
        if asked == "flow" and not usable:
            raise InputFault("directions by flow need a hydraulic model that converges; ask for devices or assumed")
        return solved_flows(state) if state is not None and usable and asked != "devices" else None

    def _reached(self, kind: str) -> Trace:
        network, bars = self._network, self._bars
        sense = {"connected": None, "upstream": True, "downstream": False}[kind]
        flows = self._flows() if sense is not None else None
        ends = [end for row in self._pipes for end in ends_of_pipe(network, row, upstream=sense, flows=flows)]
        starts = list(dict.fromkeys([*self._nodes, *ends]))
        masks = _masks(bars)
        if sense is None:
            trace = connected(network, starts, **masks)
        else:
            trace = (upstream if sense else downstream)(network, starts, flows=flows, **masks)
        if not self._pipes:
            return trace
        # A start pipe belongs to its trace even if both its ends are shut.
        rows = np.union1d(trace.pipes, np.array(self._pipes, dtype=np.int32)).astype(np.int32)
        return replace(trace, pipes=rows, length_m=float(np.nansum(network.pipes.length_m[rows])))

    def _supply(self) -> Trace:
        pipes = self._pipes or [int(row) for node in self._nodes for row in self._network.pipes_at(node)[:1]]
        flows = self._flows()
        if not pipes:
            return Trace(basis="shortest path")
        return supply_path(self._network, pipes[0], flows.pipe_m3h if flows is not None and flows.solved else None)

    def _shares(self) -> SourceShares | None:
        """Source shares at the first start; a pipe has the shares of its upstream end."""
        flows = self._flows()
        if flows is None or not flows.solved:
            return None
        ends = [end for row in self._pipes for end in ends_of_pipe(self._network, row, upstream=True, flows=flows)]
        places = [*self._nodes, *ends]
        return source_shares(self._network, places[0], flows) if places else None

    def _path(self) -> Trace:
        if not self._request.to:
            raise InputFault("a path needs --to, the pipe or node it leads to")
        stops = [self._node(name) for name in (self._request.starts[0], *self._request.via, self._request.to)]
        masks = _masks(self._bars)
        return shortest_path(
            self._network,
            stops,
            cost=self._cost(),
            avoid_pipes=masks.get("barrier_pipes"),
            avoid_nodes=masks.get("barrier_nodes"),
            avoid_valves=masks.get("barrier_valves"),
        )

    def _cost(self) -> Floats | None:
        match self._request.cost:
            case "resistance":
                return resistance(self._network)
            case "headloss":
                if self._state is None or not self._state.converged:
                    raise InputFault("a path by head loss needs a hydraulic model that converges; take length or resistance")
                return head_loss(self._network, self._state.head_m)
        return None

    def _loop(self) -> tuple[Trace, dict[str, Any]]:
        found = loops(self._network)
        pipes = self._pipes or [int(row) for node in self._nodes for row in self._network.pipes_at(node)]
        rows = np.unique(np.concatenate([found.of_pipe(row) for row in pipes] or [np.empty(0, dtype=np.int32)]))
        nodes = np.unique(np.concatenate([self._network.pipes.from_node[rows], self._network.pipes.to_node[rows]]))
        trace = Trace(nodes=nodes.astype(np.int32), pipes=rows.astype(np.int32))
        bridges = [row for row in pipes if found.loop[row] < 0]
        extra = {
            "loops": found.independent,
            "looped_parts": found.count,
            "without_second_way": list(self._network.pipes.ids(bridges)),
        }
        return trace, extra

    def _islands(self) -> tuple[Trace, dict[str, Any]]:
        network = self._network
        count, label, fed = islands(network)
        at = self._nodes[0] if self._nodes else int(network.pipes.from_node[self._pipes[0]])
        mine = label == label[at]
        of_pipe = label[network.pipes.from_node]
        nodes = np.flatnonzero(mine).astype(np.int32)
        trace = Trace(nodes=nodes, pipes=np.flatnonzero(of_pipe == label[at]).astype(np.int32))
        trace = replace(trace, sources=nodes[network.nodes.kind[nodes] > 0])
        pipes, sizes = np.bincount(of_pipe, minlength=count), np.bincount(label, minlength=count)
        order = np.argsort(-sizes, kind="stable")[:100]
        listed = [{"island": int(n), "nodes": int(sizes[n]), "pipes": int(pipes[n]), "fed": bool(fed[n])} for n in order]
        without = int(np.count_nonzero(~fed))
        return trace, {"islands": count, "without_source": without, "island": int(label[at]), "largest": listed}


def _masks(bars: Barriers) -> dict[str, Bools]:
    """Keyword arguments of the traces; empty without barriers (copying the graph takes time)."""
    return {f"barrier_{name}": getattr(bars, name) for name in ("pipes", "nodes", "valves")} if bars.any else {}


def ids_listed(values: Sequence[str] | None) -> tuple[str, ...]:
    """Ids given one by one or joined by commas."""
    return tuple(part for value in values or () for part in (piece.strip() for piece in value.split(",")) if part)
