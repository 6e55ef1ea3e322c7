"""Linearisation: flow per metre of head (gradient) of every link in one hydraulic state.

For a pipe h = r qⁿ, so dq/dh = |q| / (n |Δh|), n = 1.852 (Hazen-Williams) or 2 (Darcy-Weisbach, Chezy-Manning).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maps.columns import Floats, Ints
from maps.hydraulics.state import HydraulicState, LinkStatus
from maps.network import PipeNetwork, ValveKind

EXPONENT: Mapping[str, float] = {"H-W": 1.852, "D-W": 2.0, "C-M": 2.0}
"""Exponent n of the flow in each head-loss formula."""

LARGEST_GRADIENT = 1e6
"""m³/h per m: gradient of a link without resistance, small enough for a well-conditioned matrix."""

SMALLEST_FLOW_M3H = 0.02
"""Least flow for linearisation: at zero flow the exponent would give zero resistance."""

_SMALLEST_DROP_M = 2e-4
_GRAVITY = 9.80665
_SECONDS_PER_HOUR = 3600.0
_TYPICAL_FRICTION_FACTOR = 0.025
_HW_TYPICAL, _CM_TYPICAL = 110.0, 0.012


@dataclass(frozen=True, eq=False)
class Links:
    """Open links as edges. ``start``/``end``: node rows; ``gradient``: m³/h per m; ``slot``: edge by (table, row)."""

    start: Ints
    end: Ints
    gradient: Floats
    slot: Mapping[str, NDArray[np.int64]]


@dataclass(frozen=True, eq=False)
class Pins:
    """Nodes whose head an active valve holds, and the nodes to which their flow balance is added; (k,) each."""

    held: Ints
    passes_to: Ints


def pipe_gradients(network: PipeNetwork, state: HydraulicState, smallest_flow_m3h: float = SMALLEST_FLOW_M3H) -> Floats:
    """m³/h per m of every pipe, (pipes,); zero where closed."""
    pipes = network.pipes
    exponent = EXPONENT.get(network.headloss, 1.852)
    flow = np.abs(np.nan_to_num(state.pipe_flow_m3h))
    drop = np.abs(state.head_m[pipes.from_node] - state.head_m[pipes.to_node])
    minor = _minor_loss(network)
    known = (flow > smallest_flow_m3h) & (drop > _SMALLEST_DROP_M)
    safe_flow = np.maximum(flow, smallest_flow_m3h)
    friction = np.maximum(drop - minor * flow**2, 0.0)
    from_state = exponent * friction / safe_flow + 2.0 * minor * safe_flow
    resistance = _resistance(network)
    from_formula = exponent * resistance * safe_flow ** (exponent - 1.0) + 2.0 * minor * safe_flow
    slope = np.where(known, from_state, from_formula)
    gradient = 1.0 / np.maximum(slope, 1.0 / LARGEST_GRADIENT)
    return np.where(state.pipe_open, gradient, 0.0)


def _resistance(network: PipeNetwork) -> Floats:
    """Coefficient r of h = r qⁿ with q in m³/h, (pipes,); typical values replace missing ones.

    Hazen-Williams 10.667 L / (C^1.852 d^4.871) in m and m³/s; Chezy-Manning 10.29 n² L / d^5.33; Darcy-Weisbach with
    a friction factor of rough pipes, 8 f L / (π² g d⁵) (EPANET 2.2 manual, chapter 12).
    """
    pipes = network.pipes
    diameter = np.where(pipes.diameter_mm > 0, pipes.diameter_mm, 150.0) / 1000.0
    length = np.maximum(np.nan_to_num(pipes.length_m), 0.1)
    rough = np.where(pipes.roughness > 0, pipes.roughness, np.nan)
    if network.headloss == "D-W":
        r = 8.0 * _TYPICAL_FRICTION_FACTOR * length / (np.pi**2 * _GRAVITY * diameter**5)
        return np.asarray(r / _SECONDS_PER_HOUR**2)
    if network.headloss == "C-M":
        r = 10.29 * np.nan_to_num(rough, nan=_CM_TYPICAL) ** 2 * length / diameter**5.33
        return np.asarray(r / _SECONDS_PER_HOUR**2)
    r = 10.667 * length / (np.nan_to_num(rough, nan=_HW_TYPICAL) ** 1.852 * diameter**4.871)
    return np.asarray(r / _SECONDS_PER_HOUR**1.852)


def _minor_loss(network: PipeNetwork) -> Floats:
    """Coefficient m of h = m q² (q in m³/h) of the fittings, (pipes,): K 8 / (π² g d⁴)."""
    pipes = network.pipes
    diameter = np.where(pipes.diameter_mm > 0, pipes.diameter_mm, 150.0) / 1000.0
    coefficient = np.nan_to_num(pipes.minor_loss)
    return np.asarray(coefficient * 8.0 / (np.pi**2 * _GRAVITY * diameter**4) / _SECONDS_PER_HOUR**2)


def pump_gradients(network: PipeNetwork, state: HydraulicState, slope_m_per_m3h: Floats | None = None) -> Floats:
    """m³/h per m of every pump link, (pumps,); zero when stopped.

    ``slope_m_per_m3h``: slope of each head curve at its flow (maps.locate.pumps); NaN or None: that of a pump of constant
    power, gain / flow.
    """
    pumps = network.pumps
    link = pumps.from_node >= 0
    start, end = np.where(link, pumps.from_node, 0), np.where(link, pumps.to_node, 0)
    flow = np.nan_to_num(state.pump_flow_m3h)
    running = link & (flow > SMALLEST_FLOW_M3H)
    gain = np.maximum(state.head_m[end] - state.head_m[start], 1e-3)
    constant_power = gain / np.maximum(flow, SMALLEST_FLOW_M3H)
    slope = constant_power if slope_m_per_m3h is None else np.where(slope_m_per_m3h > 0, slope_m_per_m3h, constant_power)
    return np.where(running, 1.0 / np.maximum(slope, 1.0 / LARGEST_GRADIENT), 0.0)


def valve_gradients(network: PipeNetwork, state: HydraulicState) -> Floats:
    """m³/h per m of every valve that is a link, (valves,); zero when shut, or holding a pressure or a flow."""
    valves = network.valves
    link = valves.is_link
    start, end = np.where(link, valves.from_node, 0), np.where(link, valves.to_node, 0)
    flow = np.abs(np.nan_to_num(state.valve_flow_m3h))
    drop = np.abs(state.head_m[start] - state.head_m[end])
    slope = 2.0 * drop / np.maximum(flow, SMALLEST_FLOW_M3H)
    holding = (state.valve_status == LinkStatus.ACTIVE) & np.isin(valves.kind, [ValveKind.PRV, ValveKind.PSV, ValveKind.FCV])
    # A PBV has a constant head drop at any flow: both heads change equally.
    slope = np.where((state.valve_status == LinkStatus.ACTIVE) & (valves.kind == ValveKind.PBV), 0.0, slope)
    shut = ~link | np.isin(state.valve_status, [LinkStatus.CLOSED, LinkStatus.NA]) | holding
    return np.where(shut, 0.0, 1.0 / np.maximum(slope, 1.0 / LARGEST_GRADIENT))


def pins(network: PipeNetwork, state: HydraulicState) -> Pins:
    """Heads held by active PRVs (downstream) and PSVs (upstream); their flow balance is added to the valve's other end."""
    valves = network.valves
    active = valves.is_link & (state.valve_status == LinkStatus.ACTIVE)
    reducing = np.flatnonzero(active & (valves.kind == ValveKind.PRV))
    sustaining = np.flatnonzero(active & (valves.kind == ValveKind.PSV))
    held = np.concatenate([valves.to_node[reducing], valves.from_node[sustaining]])
    passes_to = np.concatenate([valves.from_node[reducing], valves.to_node[sustaining]])
    _, first = np.unique(held, return_index=True)
    return Pins(held[first], passes_to[first])


def links_of(
    network: PipeNetwork,
    state: HydraulicState,
    slope_m_per_m3h: Floats | None = None,
    smallest_flow_m3h: float = SMALLEST_FLOW_M3H,
) -> Links:
    """All open links of a state; ``slot`` maps ``pipe``/``pump``/``valve`` rows to edges, -1 where none."""
    tables = {
        "pipe": (network.pipes.from_node, network.pipes.to_node, pipe_gradients(network, state, smallest_flow_m3h)),
        "pump": (network.pumps.from_node, network.pumps.to_node, pump_gradients(network, state, slope_m_per_m3h)),
        "valve": (network.valves.from_node, network.valves.to_node, valve_gradients(network, state)),
    }
    slot: dict[str, NDArray[np.int64]] = {}
    columns: list[tuple[Ints, Ints, Floats]] = []
    total = 0
    for name, (start, end, gradient) in tables.items():
        passing = np.flatnonzero((gradient > 0) & (start != end))
        slot[name] = np.full(len(gradient), -1, dtype=np.int64)
        slot[name][passing] = total + np.arange(len(passing))
        total += len(passing)
        columns.append((start[passing], end[passing], gradient[passing]))
    start, end, gradient = (np.concatenate(part) for part in zip(*columns, strict=True))
    return Links(start, end, gradient, slot)
