"""How each edge behaves, by the state of its valve; overrides correct what the dataset says."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from maps.errors import UnknownAsset
from maps.isolation.graph import SegmentGraph
from maps.network import CONTROL_VALVES, PipeNetwork, ValveState


class Keep(Enum):
    """Stands for "as the dataset says"."""

    KEEP = "keep"


KEEP = Keep.KEEP


@dataclass(frozen=True, slots=True)
class ValveOverride:
    """What is known better of one valve than the dataset. ``flows_to``: a pipe id, None for not one-way."""

    state: ValveState | Keep = KEEP
    operable: bool | Keep = KEEP
    flows_to: str | Keep | None = KEEP


@dataclass(frozen=True, eq=False)
class Behaviour:
    """Edge masks, (edges,). For the cut: ``wall`` stops the flood; ``border``: stops it, by an open valve;

    ``in_a_to_b``/``in_b_to_a``: the border edge is one-way with that direction. For supply: ``forward`` (a to b) and
    ``backward``. ``valve_state``/``closable``/``one_way``: (valves,).
    """

    wall: NDArray[np.bool_]
    border: NDArray[np.bool_]
    one_way: NDArray[np.int8]
    forward: NDArray[np.bool_]
    backward: NDArray[np.bool_]
    state: NDArray[np.uint8]
    operable: NDArray[np.bool_]


def behaviour(
    network: PipeNetwork,
    graph: SegmentGraph,
    overrides: Mapping[str, ValveOverride] | None = None,
    *,
    ignore_one_way: bool = False,
) -> Behaviour:
    """The rules of one valve, applied to every edge. Raises UnknownAsset for an override of no valve."""
    valves = network.valves
    state, operable, flow = valves.state.copy(), valves.operable.copy(), graph.flow.copy()
    for asset_id, override in (overrides or {}).items():
        changed = valves.row(asset_id)
        if not isinstance(override.state, Keep):
            state[changed] = override.state
        if not isinstance(override.operable, Keep):
            operable[changed] = override.operable
        if not isinstance(override.flows_to, Keep):
            _turn(network, graph, flow, changed, override.flows_to)
    if ignore_one_way:
        flow[:] = 0
    has = graph.valve >= 0
    row = np.where(has, graph.valve, 0)
    control = np.zeros(len(has), dtype=bool)
    if len(valves):
        control = has & np.isin(valves.kind[row], CONTROL_VALVES)
        of_state = np.where(has, state[row], ValveState.OPEN)
        usable = has & operable[row]
    else:
        of_state, usable = np.full(len(has), ValveState.OPEN, dtype=np.uint8), np.zeros(len(has), dtype=bool)
    closed, unknown = of_state == ValveState.CLOSED, of_state == ValveState.UNKNOWN
    # A valve that does not work counts as open both ways; a control valve or pump never holds a boundary.
    one_way = np.where(usable & ~closed & ~unknown, flow, 0).astype(np.int8)
    pipe_shut = graph.shut & (graph.pump < 0)
    wall = closed | pipe_shut
    border = usable & ~control & ~closed & ~unknown & ~pipe_shut
    supplies = ~closed & ~unknown & ~graph.shut
    return Behaviour(
        wall=wall,
        border=border,
        one_way=one_way,
        forward=supplies & (one_way >= 0),
        backward=supplies & (one_way <= 0) & ~graph.directed,
        state=state,
        operable=operable,
    )


def _turn(network: PipeNetwork, graph: SegmentGraph, flow: NDArray[np.int8], row: int, flows_to: str | None) -> None:
    """Give a valve's edges the direction of ``flows_to`` (None: no direction)."""
    edges = np.flatnonzero(graph.valve == row)
    if flows_to is None:
        flow[edges] = 0
        return
    if not network.pipes.has(flows_to):
        raise UnknownAsset(f"valve {network.valves.asset_id[row]}: flows_to names no pipe {flows_to!r}; check the id")
    pipe = network.pipes.row(flows_to)
    segment = int(graph.segment_of[len(network.nodes) + pipe])
    ends = {int(graph.segment_of[network.pipes.from_node[pipe]]), int(graph.segment_of[network.pipes.to_node[pipe]])}
    for edge in edges:
        a, b = int(graph.a[edge]), int(graph.b[edge])
        into_b = b == segment or (a != segment and b in ends)
        flow[edge] = 1 if into_b else -1


def only_inoperable(overrides: Mapping[str, ValveOverride], one_way_valves: Collection[str]) -> bool:
    """Whether overrides leave the supply as it is: only closability changes, of valves that are not one-way."""
    return all(o.state is KEEP and o.flows_to is KEEP and asset_id not in one_way_valves for asset_id, o in overrides.items())
