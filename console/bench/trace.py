"""Benchmark of traces and isolation plans on a street lattice of any size: ``run(pipes) -> dict``.

The lattice replaces a synthetic city, which would take longer to build than to measure: crossings in a grid joined along the
streets, three branched dead-end pipes per seven street pipes, 0.6 valves per pipe, sources along one side, tanks on the
other, one customer per pipe. Bursts are chosen by seed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from console.bench.peer import side_by_side
from maps.city import City, CityInfo, CustomerTable
from maps.isolation import Isolator, ValveOverride, build_segments, city_plans
from maps.network import NodeKind, NodeTable, PipeNetwork, PipeTable, PumpTable, ValveTable
from maps.trace import connected, shortest_path, upstream

_BURSTS = 200
_STREET_SHARE = 0.7
_STREETS_VALVED, _BRANCHES_VALVED = 0.75, 0.25
_STEP_M = 80.0


def run(pipes: int = 200_000, seed: int = 1, peer: bool = False) -> dict[str, Any]:
    """Segments, plans, alternatives, replans and traces on ``pipes`` pipes, in ms; a long ``city_plans_s`` is extrapolated.

    ``peer``: also WNTR's segments side by side, on ky10 and on the largest lattice it finishes in a minute.
    """
    city = lattice(pipes, seed)
    network = city.network
    segments_ms, graph = _timed(lambda: build_segments(network))
    load_ms, isolator = _timed(lambda: _warm(Isolator(city), network))
    ids = network.pipes.asset_id
    bursts = [str(ids[row]) for row in np.random.default_rng(seed).integers(0, len(ids), _BURSTS)]
    plain = [_timed(partial(isolator.plan, [burst], alternatives=False)) for burst in bursts]
    full = [_timed(partial(isolator.plan, [burst]))[0] for burst in bursts]
    more = [both - alone for both, (alone, _) in zip(full, plain, strict=True)]
    replans = [
        _timed(partial(isolator.plan, plan.burst_pipes, valves=_stuck(plan), alternatives=False))[0]
        for _, plan in plain
        if plan.valves_to_close
    ]
    _warm_traces(network)
    # A crossing in the middle of the town, because nothing is upstream of the first node, a source.
    start = _middle(network)
    connected_ms, reached = _timed(lambda: connected(network, start))
    upstream_ms, feeding = _timed(lambda: upstream(network, start))
    path_ms, path = _timed(lambda: shortest_path(network, [start, 1]))
    plan_ms = [alone for alone, _ in plain]
    figures = {
        "pipes": len(network.pipes),
        "valves": len(network.valves),
        "segments": graph.count,
        "segments_ms": round(segments_ms, 1),
        "load_ms": round(load_ms, 1),
        "plan_ms": _spread(plan_ms),
        "alternatives_ms": _spread(more),
        "replan_ms": _spread(replans),
        "connected_ms": round(connected_ms, 1),
        "connected_pipes": len(reached.pipes),
        "upstream_ms": round(upstream_ms, 1),
        "upstream_pipes": len(feeding.pipes),
        "path_ms": round(path_ms, 1),
        "path_pipes": len(path.pipes),
        "city_plans_s": _city_plans_s(isolator),
        "dry_pocket_share": round(float(np.mean([bool(plan.dry_pocket_pipes) for _, plan in plain])), 3),
    }
    return figures | {"wntr": side_by_side(lattice, seed)} if peer else figures


def _city_plans_s(isolator: Isolator) -> float:
    """Seconds for the plans of all segments; beyond ten seconds extrapolated from the first part of them."""
    began, share = time.perf_counter(), 1.0

    def within_ten_seconds(done: float) -> bool:
        nonlocal share
        share = done if time.perf_counter() - began > 10.0 else 1.0
        return share == 1.0

    city_plans(isolator, within_ten_seconds)
    return round((time.perf_counter() - began) / share, 3)


def _stuck(plan: Any) -> dict[str, ValveOverride]:
    return {plan.valves_to_close[0].asset_id: ValveOverride(operable=False)}


def _warm(isolator: Isolator, network: PipeNetwork) -> Isolator:
    """Compute a first plan, which builds indices and trees; they count as loading."""
    isolator.plan([str(network.pipes.asset_id[0])])
    return isolator


def _warm_traces(network: PipeNetwork) -> None:
    start = _middle(network)
    connected(network, start)
    upstream(network, start)
    shortest_path(network, [start, start + 1])


def _middle(network: PipeNetwork) -> int:
    """Node row of a crossing in the middle (crossings are the first nodes; each joins two or more streets)."""
    side = int(network.pipes.from_node.max()) + 1
    return side // 2 + int(np.sqrt(side)) // 2


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return (time.perf_counter() - began) * 1000.0, result


def _spread(values: Sequence[float]) -> dict[str, float]:
    p50, p95 = np.percentile(values, [50, 95])
    return {"p50": round(float(p50), 2), "p95": round(float(p95), 2), "max": round(max(values), 1)}


def lattice(pipes: int, seed: int = 1) -> City:
    """The lattice city of about ``pipes`` pipes, deterministic by seed."""
    random = np.random.default_rng(seed)
    side = max(int(np.sqrt(pipes * _STREET_SHARE / 2.0)), 3)
    grid = np.arange(side * side).reshape(side, side)
    start = np.concatenate([grid[:, :-1].ravel(), grid[:-1].ravel()])
    end = np.concatenate([grid[:, 1:].ravel(), grid[1:].ravel()])
    twigs = max(pipes - len(start), 0)
    stems = random.integers(0, side * side, twigs)
    # Every second branch starts at an earlier one, so it is dry when the earlier one is shut off.
    later = np.flatnonzero(np.arange(twigs) % 2)
    stems[later] = side * side + (random.random(len(later)) * later).astype(np.int64)
    start = np.concatenate([start, stems])
    end = np.concatenate([end, side * side + np.arange(twigs)])
    count, nodes = len(start), side * side + twigs
    kind = np.zeros(nodes, dtype=np.uint8)
    kind[grid[:: max(side // 6, 1), 0]] = NodeKind.SOURCE
    kind[grid[side // 3 :: max(side // 3, 1), -1]] = NodeKind.TANK
    x, y = _places(grid, start[-twigs:] if twigs else start[:0], random)
    table = PipeTable.of(
        [f"P{number}" for number in range(count)],
        from_node=start,
        to_node=end,
        length_m=np.hypot(x[start] - x[end], y[start] - y[end]),
        diameter_mm=random.choice([100.0, 150.0, 200.0, 300.0, 600.0], count),
        vertices=np.column_stack([x, y])[np.column_stack([start, end]).ravel()],
        offsets=np.arange(count + 1) * 2,
    )
    return City(
        CityInfo("lattice", "bench", synthetic=True),
        PipeNetwork(
            NodeTable.of([f"J{number}" for number in range(nodes)], x=x, y=y, kind=kind),
            table,
            PumpTable.empty(),
            _valves(start, count - twigs, random),
            "EPSG:4548",
        ),
        customers=CustomerTable.of(
            [f"C{number}" for number in range(count)], pipe=np.arange(count), households=np.full(count, 20)
        ),
    )


def _places(
    grid: NDArray[np.int64], stems: NDArray[np.int64], random: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates of crossings on the grid, and of each branch's end beside its start node, which has a lower row."""
    row, column = np.divmod(np.arange(grid.size), grid.shape[1])
    shift = random.uniform(5.0, 35.0, (2, len(stems)))
    x, y = np.concatenate([column * _STEP_M, shift[0]]), np.concatenate([row * _STEP_M, shift[1]])
    for number, stem in enumerate(stems.tolist(), start=grid.size):
        x[number] += x[stem]
        y[number] += y[stem]
    return x, y


def _valves(start: NDArray[np.int64], streets: int, random: np.random.Generator) -> ValveTable:
    """Valves where pipes leave a crossing, on three quarters of the streets and a quarter of the branches: 0.6 per pipe."""
    shares = ((0, streets, _STREETS_VALVED), (streets, len(start), _BRANCHES_VALVED))
    parts = [low + random.choice(high - low, int(share * (high - low)), replace=False) for low, high, share in shares]
    pipe = np.sort(np.concatenate(parts))
    none = np.full(len(pipe), -1)
    return ValveTable.of(
        [f"V{number}" for number in range(len(pipe))],
        pipe=pipe,
        node=start[pipe],
        from_node=none,
        to_node=none,
        flows_to=none,
    )
