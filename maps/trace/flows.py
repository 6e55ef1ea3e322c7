"""Flow directions: from a solved state, or assumed to lead away from the nearest source and marked as assumed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maps.columns import Floats
from maps.network import PipeNetwork
from maps.trace.graph import PIPE, PUMP, TraceGraph, trace_graph

FLOW, ASSUMED = "flow", "assumed: away from the nearest source"
NO_FLOW_M3H = 1e-3
"""Below this (m³/h) a solver's flow is rounding error without a meaningful sign."""


@dataclass(frozen=True, eq=False)
class Flows:
    """Flow of every link, positive from ``from_node``: (pipes,), (pumps,), (valves,) in m³/h; NaN unknown.

    ``basis``: their origin. Assumed flows have a direction only, no magnitude.
    """

    pipe_m3h: Floats
    pump_m3h: Floats
    valve_m3h: Floats
    basis: str = FLOW

    @property
    def solved(self) -> bool:
        """Whether magnitudes are valid."""
        return self.basis == FLOW

    def of_links(self, graph: TraceGraph) -> Floats:
        """(links,)."""
        columns = {PIPE: self.pipe_m3h, PUMP: self.pump_m3h}
        found = np.empty(len(graph.start))
        for kind in np.unique(graph.kind).tolist():
            here = graph.kind == kind
            found[here] = columns.get(kind, self.valve_m3h)[graph.row[here]]
        return found


def assumed_flows(network: PipeNetwork) -> Flows:
    """Directions away from the nearest source by length through open links; unknown (NaN) where both ends are equally far."""
    graph = trace_graph(network)
    unknown = np.full(len(graph.start), np.nan)
    if graph.feeds.any():
        reach, _ = graph.from_sources
        with np.errstate(invalid="ignore"):
            unknown = np.sign(reach[graph.end] - reach[graph.start])
        unknown[unknown == 0.0] = np.nan
    table = {kind: np.full(n, np.nan) for kind, n in enumerate((len(network.pipes), len(network.pumps), len(network.valves)))}
    for kind, column in table.items():
        here = graph.kind == kind
        column[graph.row[here]] = unknown[here]
    return Flows(table[0], table[1], table[2], ASSUMED)
