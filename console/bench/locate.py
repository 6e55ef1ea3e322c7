"""Benchmark of location times: ``run(pipes, stations) -> dict``. Accuracy is measured in console.bench.ltown."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.sparse import coo_array, csc_array
from scipy.sparse.linalg import splu

from console.bench.trace import lattice
from maps.city import City
from maps.hydraulics.state import HydraulicState
from maps.locate import build_signatures, locate, place_stations
from maps.network import NodeKind

_EVENTS = 10
_READING_SIGMA_M = 0.03


def run(pipes: int = 100_000, stations: int = 300, seed: int = 1) -> dict[str, Any]:
    """Times on a lattice: signatures of one state (s), one event (ms), and a second state after the first (``refine_s``)."""
    city = lattice(pipes, seed)
    city = replace(city, stations=place_stations(city, stations))
    state = laminar_state(city, seed)
    signatures_s, signatures = _timed(lambda: build_signatures(city, state))
    noise = signatures.demand_covariance(0.1) + _READING_SIGMA_M**2 * np.eye(len(city.stations))
    random = np.random.default_rng(seed)
    spent: list[float] = []
    for row in random.integers(0, len(city.network.pipes), _EVENTS):
        shape = signatures.of_pipes(city.network, np.array([row]))[:, 0].astype(np.float64)
        residual = shape * 100.0 + _READING_SIGMA_M * random.standard_normal(len(shape))
        began = time.perf_counter()
        locate(city.network, signatures, residual, noise_covariance=noise)
        spent.append((time.perf_counter() - began) * 1000.0)
    refine_s, _ = _timed(lambda: build_signatures(city, state))
    return {
        "pipes": len(city.network.pipes),
        "stations": len(city.stations),
        "signatures_s": round(signatures_s, 3),
        "event_ms": round(float(np.median(spent)), 1),
        "refine_s": round(refine_s, 3),
    }


def laminar_state(city: City, seed: int) -> HydraulicState:
    """Heads and flows of a network with constant resistances: a sufficient hydraulic state for timing."""
    network, random = city.network, np.random.default_rng(seed)
    start, end = network.pipes.from_node.astype(np.int64), network.pipes.to_node.astype(np.int64)
    conductance = (np.nan_to_num(network.pipes.diameter_mm, nan=100.0) / 100.0) ** 2.6 * 500.0
    conductance /= np.maximum(np.nan_to_num(network.pipes.length_m), 1.0)
    nodes = len(network.nodes)
    fixed = network.nodes.kind != NodeKind.JUNCTION
    demand = np.where(fixed, 0.0, random.uniform(0.05, 0.3, nodes))
    column = np.where(fixed, -1, np.cumsum(~fixed) - 1)
    entries = [(start, start, conductance), (end, end, conductance), (start, end, -conductance), (end, start, -conductance)]
    row, other, value = (np.concatenate(part) for part in zip(*entries, strict=True))
    inside = ~fixed[row] & ~fixed[other]
    free = int((~fixed).sum())
    matrix = csc_array(coo_array((value[inside], (column[row[inside]], column[other[inside]])), shape=(free, free)))
    head = np.full(nodes, 60.0)
    head[~fixed] += splu(matrix, permc_spec="MMD_AT_PLUS_A").solve(-demand[~fixed])
    flow = conductance * (head[start] - head[end])
    nothing = np.empty(0)
    valves = len(network.valves)
    return HydraulicState(
        at_s=0.0,
        converged=True,
        message="",
        head_m=head,
        pressure_m=head - np.nan_to_num(network.nodes.elevation_m),
        demand_m3h=demand,
        pipe_flow_m3h=flow,
        pump_flow_m3h=nothing,
        valve_flow_m3h=np.full(valves, np.nan),
        valve_status=np.zeros(valves, dtype=np.uint8),
        pipe_open=np.ones(len(flow), dtype=bool),
    )


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result
