"""Figures of location: ``run(pipes, stations) -> dict`` its times; ``accuracy(...)`` how well it does on L-Town."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csc_array
from scipy.sparse.linalg import splu

from console.bench.trace import lattice
from console.bench.truth import MismatchedTruth
from maps.city import City
from maps.columns import Floats
from maps.hydraulics.session import EpanetSession
from maps.hydraulics.state import HydraulicState
from maps.importers import ImportOptions, import_city
from maps.locate import PumpCurves, Signatures, build_signatures, locate, place_stations
from maps.network import NodeKind, NodeTable
from maps.trace import shortest_path

_EVENTS = 10
_BURST_M3H = 30.0
_READING_SIGMA_M = 0.03
_STEP_S = 300.0
_DAY_STEPS = 288
_WEEK_STEPS = 7 * _DAY_STEPS
_LEVEL_STEPS = 24


def run(pipes: int = 100_000, stations: int = 300, seed: int = 1) -> dict[str, Any]:
    """Times on a lattice: signatures of one state (s), one event (ms), signatures anew around a burst (``refine_s``)."""
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
    """Heads and flows of a network whose resistances are constant: enough of a state to time what is built on one."""
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


def accuracy(
    inp: Path, station_nodes: list[str], bursts: int = 200, flow_m3h: float = _BURST_M3H, days: int = 21, seed: int = 1
) -> dict[str, Any]:
    """How near the first candidate is, from one reading after each of ``bursts`` random bursts in a mismatched truth.

    Baselines come from ``days`` of quiet readings of the same truth; distances run along the network between the
    middles of the pipes.
    """
    city = import_city([inp], ImportOptions()).city
    city = replace(city, stations=_stations_at(city, station_nodes))
    hours = _signatures_by_hour(city)
    node = city.stations.node.astype(np.int64)
    random = np.random.default_rng(seed + 1000)
    with MismatchedTruth(city, seed) as truth:
        quiet = np.stack([truth.heads(step * _STEP_S)[node] for step in range(days * _DAY_STEPS)])
        quiet += _READING_SIGMA_M * random.standard_normal(quiet.shape)
        base = _daily_median(quiet)
        anomaly = quiet - base[np.arange(len(quiet)) % _DAY_STEPS]
        found: list[tuple[float, bool, int, bool]] = []
        for pipe in random.integers(0, len(city.network.pipes), bursts):
            step = int(random.integers(_WEEK_STEPS, len(quiet)))
            heads = truth.heads(step * _STEP_S, _leak(city, int(pipe), flow_m3h, random.random()))[node]
            residual = heads + _READING_SIGMA_M * random.standard_normal(len(node)) - base[step % _DAY_STEPS]
            residual -= anomaly[step - _LEVEL_STEPS : step].mean(axis=0)
            found.append(_scored(city, hours[step * 24 // _DAY_STEPS % 24], residual, int(pipe)))
    distance, held, size, in_ten = (np.array(part, dtype=np.float64) for part in zip(*found, strict=True))
    return {
        "bursts": bursts,
        "flow_m3h": flow_m3h,
        "median_m": round(float(np.median(distance)), 1),
        "within_300_m": round(float((distance <= 300.0).mean()), 3),
        "in_first_ten": round(float(in_ten.mean()), 3),
        "set_90_holds": round(float(held.mean()), 3),
        "set_90_pipes": float(np.median(size)),
    }


def _scored(city: City, signatures: Signatures, residual: Floats, pipe: int) -> tuple[float, bool, int, bool]:
    location = locate(city.network, signatures, residual)
    ids = [candidate.pipe_id for candidate in location.candidates]
    true = str(city.network.pipes.asset_id[pipe])
    distance = _between(city, city.network.pipes.row(ids[0]), pipe)
    return distance, true in location.set_90, len(location.set_90), true in ids[:10]


def _between(city: City, one: int, other: int) -> float:
    """Metres along the network between the middles of two pipes, infinite when not connected."""
    if one == other:
        return 0.0
    pipes = city.network.pipes
    halves = float(np.nan_to_num(pipes.length_m[one]) + np.nan_to_num(pipes.length_m[other])) / 2.0
    best = np.inf
    for start in (int(pipes.from_node[one]), int(pipes.to_node[one])):
        for end in (int(pipes.from_node[other]), int(pipes.to_node[other])):
            way = shortest_path(city.network, [start, end])
            best = min(best, float(way.length_m) if len(way.nodes) else np.inf)
    return halves + best


def _stations_at(city: City, nodes: list[str]) -> Any:
    from maps.city import StationTable

    rows = city.network.nodes.rows(nodes)
    table: NodeTable = city.network.nodes
    return StationTable.of(nodes, name=nodes, node=rows, channels=["pressure"] * len(nodes), x=table.x[rows], y=table.y[rows])


def _signatures_by_hour(city: City) -> list[Signatures]:
    curves = PumpCurves.of(city)
    with EpanetSession(city) as session:
        states = [session.solve(hour * 3600) for hour in range(24)]
    return [build_signatures(city, state, pump_slope_m_per_m3h=curves.slopes(state), smallest_flow_m3h=3.0) for state in states]


def _daily_median(quiet: NDArray[np.float64]) -> Floats:
    """(steps of a day, stations): medians by time of day, smoothed over 25 minutes."""
    profile = np.median(quiet[: len(quiet) // _DAY_STEPS * _DAY_STEPS].reshape(-1, _DAY_STEPS, quiet.shape[1]), axis=0)
    return np.asarray(sum(np.roll(profile, shift, axis=0) for shift in range(-2, 3)) / 5.0)


def _leak(city: City, pipe: int, flow_m3h: float, share: float) -> dict[int, float]:
    start, end = int(city.network.pipes.from_node[pipe]), int(city.network.pipes.to_node[pipe])
    leak = {start: flow_m3h * (1.0 - share)}
    leak[end] = leak.get(end, 0.0) + flow_m3h * share
    return leak


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result
