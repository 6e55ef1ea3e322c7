"""Refinement: signatures of the first candidates from full hydraulic solutions at the fitted burst flow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from maps.columns import Floats
from maps.network import PipeNetwork

Responses = Callable[[float, NDArray[np.int64], Sequence[Mapping[int, float]]], Floats]
"""(seconds of the day, node rows (n,), leaks in m³/h at node rows) -> change of heads (leaks, n), m; NaN where unsolved.

The program computes them with EPANET in its own process (``maps.hydraulics.analysis.burst_responses``)."""

Changes = Callable[[Sequence[Mapping[int, float]]], Floats]
"""Responses at one time: leaks -> change of heads at stations' nodes, m, or of channels in their units (leaks, n); NaN where
unsolved."""

_MOST, _WORK = 120, 400_000
_LEAST_FLOW_M3H = 2.0


def most_refined(pipes: int) -> int:
    """Number of candidates to solve with full hydraulics: as many as take about a second, fewer in a large city."""
    return int(np.clip(_WORK // max(pipes, 1), 4, _MOST))


def refined_shapes(network: PipeNetwork, changes: Changes, pipes: NDArray[np.int64], flow_m3h: Floats) -> Floats:
    """What ``changes`` gives (n, k) per m³/h for bursts of ``flow_m3h`` (k,) on ``pipes`` (k,); NaN where unsolved.

    The flow is limited to between 2 m³/h, below which rounding errors show, and a third of the city's demand, above which
    solutions are not meaningful.
    """
    drawn = float(np.maximum(np.nan_to_num(network.nodes.demand_m3h), 0.0).sum())
    flow = np.clip(flow_m3h, _LEAST_FLOW_M3H, max(drawn / 3.0, 10.0 * _LEAST_FLOW_M3H))
    leaks = [_leak(network, int(pipe), float(size)) for pipe, size in zip(pipes, flow, strict=True)]
    return np.asarray(changes(leaks) / flow[:, None]).T


def _leak(network: PipeNetwork, pipe: int, flow_m3h: float) -> dict[int, float]:
    start, end = int(network.pipes.from_node[pipe]), int(network.pipes.to_node[pipe])
    leak = {start: flow_m3h / 2.0}
    leak[end] = leak.get(end, 0.0) + flow_m3h / 2.0
    return leak
