"""``quanmai trace``: one trace as JSON."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from maps.city import City
from maps.errors import InputFault, UnknownAsset
from maps.trace import Trace, connected, downstream, ends_of_pipe, islands, supply_path, upstream

_SENSE = {"connected": None, "upstream": True, "downstream": False}
KINDS = ("connected", "upstream", "downstream", "supply", "islands")


def answer_trace(city: City, start: str, kind: str) -> dict[str, Any]:
    """The trace from a pipe or node id. Raises UnknownAsset and InputFault for an unknown kind."""
    network = city.network
    if kind not in KINDS:
        raise InputFault(f"kind {kind!r} is none of {', '.join(KINDS)}")
    if network.pipes.has(start):
        pipe, node = network.pipes.row(start), int(network.pipes.from_node[network.pipes.row(start)])
    elif network.nodes.has(start):
        pipe, node = -1, network.nodes.row(start)
    else:
        raise UnknownAsset(f"no pipe or node {start!r} in this network; check the id")
    if kind == "islands":
        count, label, fed = islands(network)
        return {"kind": kind, "islands": count, "without_source": int(np.count_nonzero(~fed)), "island": int(label[node])}
    if kind == "supply":
        trace = supply_path(network, pipe if pipe >= 0 else int(network.pipes_at(node)[0]))
    else:
        starts = ends_of_pipe(network, pipe, upstream=_SENSE[kind]) if pipe >= 0 else [node]
        trace = {"connected": connected, "upstream": upstream, "downstream": downstream}[kind](network, starts)
        if pipe >= 0:
            rows = np.union1d(trace.pipes, [pipe]).astype(np.int32)
            trace = replace(trace, pipes=rows, length_m=float(np.nansum(network.pipes.length_m[rows])))
    return {"kind": kind, "from": start, **_trace_json(city, trace)}


def _trace_json(city: City, trace: Trace) -> dict[str, Any]:
    return {
        "basis": trace.basis,
        "pipes": list(city.network.pipes.ids(trace.pipes)),
        "nodes": list(city.network.nodes.ids(trace.nodes)),
        "length_m": round(trace.length_m, 1),
        "stops": [
            {"node": str(city.network.nodes.asset_id[s.node]), "reason": s.reason, "asset_id": s.asset_id} for s in trace.stops
        ],
        "sources": list(city.network.nodes.ids(trace.sources)),
        "unknown_direction": list(city.network.pipes.ids(trace.unknown_direction)),
    }
