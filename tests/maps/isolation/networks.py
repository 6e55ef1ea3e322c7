"""Random small networks with every kind of asset, for property tests."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from maps.city import City, CityInfo, CustomerTable
from maps.network import NodeKind, NodeTable, PipeNetwork, PipeTable, PumpTable, ValveKind, ValveState, ValveTable

_KINDS = [ValveKind.GATE] * 6 + [ValveKind.BUTTERFLY, ValveKind.CHECK, ValveKind.PRV, ValveKind.TCV, ValveKind.METER]
_STATES = [ValveState.OPEN] * 7 + [ValveState.PARTIAL, ValveState.CLOSED, ValveState.CLOSED, ValveState.UNKNOWN]
_NODE_KINDS = [NodeKind.JUNCTION] * 6 + [NodeKind.SOURCE, NodeKind.TANK]


@st.composite
def networks(draw: st.DrawFn, *, plain: bool = False, closed_pipes: bool = False) -> PipeNetwork:
    """Loops, parallel and loop pipes, isolated nodes, all valve places and kinds; ``plain``: sources and gate valves only.

    ``closed_pipes``: one pipe in eight is closed by itself.
    """
    nodes = draw(st.integers(2, 9))
    node = st.integers(0, nodes - 1)
    kinds = draw(st.lists(st.sampled_from(_NODE_KINDS), min_size=nodes, max_size=nodes))
    ends = draw(st.lists(st.tuples(node, node), min_size=1, max_size=14))
    # Most pipe ends bear a gate valve, as in a city; without that hardly any plan would have valves to close.
    bare = draw(st.sets(st.integers(0, 2 * len(ends) - 1), max_size=len(ends)))
    rows = [_gate(end, ends) for end in range(2 * len(ends)) if end not in bare]
    valves = draw(st.lists(_valve(node, len(ends), plain), max_size=10))
    rows += [_placed(valve, ends, nodes) for valve in valves]
    states = [0] * 7 + [1] if closed_pipes else [0]
    closed = draw(st.lists(st.sampled_from(states), min_size=len(ends), max_size=len(ends)))
    pumps = [] if plain else draw(st.lists(st.tuples(node, node), max_size=2))
    xy = np.column_stack([np.arange(nodes) * 10.0, np.zeros(nodes)])
    start, end = [a for a, _ in ends], [b for _, b in ends]
    columns = {name: [row[name] for row in rows] for name in _placed(_SAMPLE, ends, nodes)}
    return PipeNetwork(
        NodeTable.of([f"J{n}" for n in range(nodes)], x=xy[:, 0], y=xy[:, 1], kind=kinds),
        PipeTable.of(
            [f"P{n}" for n in range(len(ends))],
            from_node=start,
            to_node=end,
            length_m=[100.0] * len(ends),
            diameter_mm=[200.0] * len(ends),
            status=closed,
            vertices=xy[np.column_stack([start, end]).ravel()],
            offsets=np.arange(len(ends) + 1) * 2,
        ),
        PumpTable.of([f"U{n}" for n in range(len(pumps))], from_node=[a for a, _ in pumps], to_node=[b for _, b in pumps]),
        ValveTable.of([f"V{n}" for n in range(len(rows))], **columns),
        "EPSG:4548",
    )


_SAMPLE = ("end", 0, 0, 0, ValveKind.GATE, ValveState.OPEN, True, None)


def _valve(node: st.SearchStrategy[int], pipes: int, plain: bool) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(
        st.sampled_from(["end", "end", "end", "node", "link"] if not plain else ["end", "end", "node"]),
        st.integers(0, pipes - 1),
        node,
        node,
        st.sampled_from(_KINDS if not plain else [ValveKind.GATE]),
        st.sampled_from(_STATES if not plain else [ValveState.OPEN]),
        st.sampled_from([True, True, True, False]) if not plain else st.just(True),
        st.none() if plain else st.one_of(st.none(), st.none(), st.integers(0, 20)),
    )


def _gate(end: int, ends: list[tuple[int, int]]) -> dict[str, Any]:
    return _placed(("end", end // 2, end % 2, 0, ValveKind.GATE, ValveState.OPEN, True, None), ends, 0)


def _placed(valve: tuple[Any, ...], ends: list[tuple[int, int]], nodes: int) -> dict[str, Any]:
    place, pipe, first, second, kind, state, operable, way = valve
    row = {"pipe": -1, "node": -1, "from_node": -1, "to_node": -1, "kind": kind, "state": state, "operable": operable}
    if place == "end":
        row |= {"pipe": pipe, "node": ends[pipe][first % 2]}
    elif place == "node":
        row |= {"node": first}
    else:
        row |= {"from_node": first, "to_node": second}
    here = {row["node"], row["from_node"], row["to_node"]} - {-1}
    near = [n for n, pair in enumerate(ends) if here & set(pair)]
    return {**row, "flows_to": near[way % len(near)] if way is not None and near else -1}


def city_of(network: PipeNetwork) -> City:
    """A city with one customer on each pipe."""
    pipes = len(network.pipes)
    customers = CustomerTable.of([f"C{n}" for n in range(pipes)], pipe=range(pipes), households=[1] * pipes)
    return City(CityInfo("random", "random"), network, customers=customers)
