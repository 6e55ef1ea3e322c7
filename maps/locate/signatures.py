"""Signatures: response of every station to a burst of 1 m³/h at any node, in one hydraulic state."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from maps.city import City, StationTable
from maps.columns import Bools, Floats, Ints
from maps.hydraulics.state import HydraulicState
from maps.locate.gradients import SMALLEST_FLOW_M3H
from maps.locate.linear import LinearNetwork
from maps.network import PipeNetwork


@dataclass(frozen=True, eq=False)
class Signatures:
    """Responses of stations to unit bursts around one state.

    ``head_m_per_m3h``: (stations, nodes) float32, change of the station's head; rows of stations without a node are 0.
    ``flow_per_m3h``: (stations, nodes) float32, change of the flow through the station's link, positive from its
    ``from_node``; None when no station measures flow. ``demand_m3h``: (nodes,) of the state. ``station_id``: (stations,).
    ``other_demand_m3h``: (nodes, k) further modes of demand drift (offices against homes), None where unknown.
    """

    at_s: float
    station_id: tuple[str, ...]
    head_m_per_m3h: NDArray[np.float32]
    demand_m3h: Floats
    flow_per_m3h: NDArray[np.float32] | None = None
    other_demand_m3h: Floats | None = None

    @property
    def drifting_demand_m3h(self) -> Floats:
        """(nodes, modes): modes of demand drift; the first is total demand."""
        first = self.demand_m3h[:, None]
        return first if self.other_demand_m3h is None else np.concatenate([first, self.other_demand_m3h], axis=1)

    @cached_property
    def demand_modes(self) -> Floats:
        """Head change of every station per mode of demand drift, (stations, modes); the first: demand doubles everywhere."""
        return np.asarray(self.head_m_per_m3h @ self.drifting_demand_m3h.astype(np.float32), dtype=np.float64)

    @cached_property
    def felt(self) -> Bools:
        """(stations,) whether a burst at some node changes their head."""
        return np.asarray(self.head_m_per_m3h.any(axis=1))

    def of_pipes(self, network: PipeNetwork, rows: NDArray[Any] | None = None) -> NDArray[np.float32]:
        """(stations, pipes) head signatures: a burst on a pipe is the mean of its two ends."""
        return mean_of_ends(self.head_m_per_m3h, network, rows)

    def demand_covariance(self, sigma: float) -> Floats:
        """S diag((σ d)²) Sᵀ, (stations, stations), m²: independent relative errors ``sigma`` of all demands."""
        scaled = self.head_m_per_m3h * (sigma * self.demand_m3h).astype(np.float32)
        return np.asarray(scaled @ scaled.T, dtype=np.float64)


def mean_of_ends(node_values: NDArray[np.float32], network: PipeNetwork, rows: NDArray[Any] | None = None) -> NDArray[np.float32]:
    """(k, nodes) values as (k, pipes): the mean of a pipe's two ends, for all pipes or ``rows``."""
    pipes = network.pipes
    start = pipes.from_node if rows is None else pipes.from_node[rows]
    end = pipes.to_node if rows is None else pipes.to_node[rows]
    mean = node_values[:, start]
    mean += node_values[:, end]
    mean *= np.float32(0.5)
    return mean


def build_signatures(
    city: City,
    state: HydraulicState,
    *,
    stations: StationTable | None = None,
    pump_slope_m_per_m3h: Floats | None = None,
    smallest_flow_m3h: float = SMALLEST_FLOW_M3H,
    flows: bool = True,
) -> Signatures:
    """Signatures of all stations (default: the city's) around ``state``.

    One factorisation, one adjoint solve per station. ``flows`` False leaves out the flow stations' signatures.
    """
    table = city.stations if stations is None else stations
    linear = LinearNetwork(city.network, state, pump_slope_m_per_m3h, smallest_flow_m3h)
    heads = linear.adjoint(head_weights(table.node, len(city.network.nodes)))
    measures_flow = _flow_slots(table, city.network, linear) if flows else np.full(len(table), -1, dtype=np.int64)
    flow_response = None
    if (measures_flow >= 0).any():
        flow_response = linear.adjoint(_flow_weights(measures_flow, linear))
    return Signatures(state.at_s, tuple(table.asset_id), heads, np.nan_to_num(state.demand_m3h), flow_response)


def head_weights(node: Ints, nodes: int) -> csr_array[Any]:
    """(stations, nodes): the head at each station's node as a linear form; zero for -1."""
    placed = np.flatnonzero(node >= 0)
    entries = (np.ones(len(placed)), (placed, node[placed]))
    return csr_array(coo_array(entries, shape=(len(node), nodes)))


def _flow_slots(stations: StationTable, network: PipeNetwork, linear: LinearNetwork) -> NDArray[np.int64]:
    """Edge of each station's link, -1 where it has none (or an active valve, whose flow is no linear form of heads)."""
    slots = np.full(len(stations), -1, dtype=np.int64)
    tables = (("pipe", network.pipes), ("pump", network.pumps), ("valve", network.valves))
    for row, link in enumerate(stations.link):
        for name, table in tables:
            if link and table.has(link):
                slots[row] = linear.links.slot[name][table.row(link)]
                break
    return slots


def _flow_weights(slots: NDArray[np.int64], linear: LinearNetwork) -> csr_array[Any]:
    rows = np.flatnonzero(slots >= 0)
    edge = slots[rows]
    links = linear.links
    entries = (
        np.concatenate([links.gradient[edge], -links.gradient[edge]]),
        (np.tile(rows, 2), np.concatenate([links.start[edge], links.end[edge]])),
    )
    return csr_array(coo_array(entries, shape=(len(slots), len(linear.network.nodes))))
