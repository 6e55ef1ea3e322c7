"""What a plan relies on without closing it, and which closed valves could feed its dry pockets."""

from __future__ import annotations

from collections.abc import Iterator

from maps.isolation.result import Reliance
from maps.isolation.rules import CLOSABLE, ONE_WAY, SWAPPED, UNKNOWN, WALL
from maps.isolation.solve import Outcome
from maps.isolation.supply import Supply
from maps.isolation.zone import grow
from maps.network import PipeNetwork

_BEYOND_VALVES = 8
_ORDER = ("closed", "one_way", "unknown_state", "assumed")


def relies_on(network: PipeNetwork, supply: Supply, outcome: Outcome) -> tuple[Reliance, ...]:
    """Closed, one-way and unknown-state valves between what is out and what keeps water; assumed ones to close."""
    why: dict[int, tuple[str, int]] = {}
    for _, far, edge, code in _rim(supply, outcome):
        valve = int(supply.graph.valve[edge])
        if valve < 0 or valve in outcome.held:
            continue
        reason = _why(code)
        if reason and outcome.query.supplied(far):
            why.setdefault(valve, (reason, far))
    for valve, borders in outcome.held.items():
        if network.valves.assumed[valve]:
            why.setdefault(valve, ("assumed", borders[0].far))
    rows = sorted(why, key=lambda row: (_ORDER.index(why[row][0]), row))
    return tuple(_reliance(network, supply, outcome, row, *why[row]) for row in rows)


def _reliance(network: PipeNetwork, supply: Supply, outcome: Outcome, row: int, reason: str, far: int) -> Reliance:
    valves = network.valves
    beyond = _beyond(network, supply, outcome, row, far)
    return Reliance(str(valves.asset_id[row]), reason, str(valves.last_checked[row]), beyond)


def _why(code: int) -> str:
    if code & WALL:
        return "closed"
    if code & UNKNOWN:
        return "unknown_state"
    return "one_way" if code & ONE_WAY else ""


def _rim(supply: Supply, outcome: Outcome) -> Iterator[tuple[int, int, int, int]]:
    """(near, far, edge, code as seen from near) of every edge from what is out to what keeps water."""
    out = outcome.zone.segments.keys() | outcome.dry
    for near in out:
        for far, edge, flipped in supply.around.at(near):
            if far not in out:
                code = outcome.changed.get(edge, supply.code_at[edge])
                yield near, far, edge, SWAPPED[code] if flipped else code


def _beyond(network: PipeNetwork, supply: Supply, outcome: Outcome, valve: int, far: int) -> tuple[str, ...]:
    """The next closable valves beyond one that may not hold: the border of the part behind it."""
    zone = grow(supply.around, supply.code_at, outcome.changed, [far])
    out = outcome.zone.segments
    rows = {int(supply.graph.valve[border.edge]) for border in zone.border if border.closable and border.far not in out}
    return network.valves.ids(sorted(rows - {valve})[:_BEYOND_VALVES])


def reopen_candidates(network: PipeNetwork, supply: Supply, outcome: Outcome) -> tuple[str, ...]:
    """Closed valves, closable and whole, between a dry pocket and a part that keeps its water."""
    valves, graph = network.valves, supply.graph
    rows: set[int] = set()
    for near, far, edge, code in _rim(supply, outcome):
        if near not in outcome.dry or code & (WALL | CLOSABLE) != WALL | CLOSABLE:
            continue
        row = int(graph.valve[edge])
        if _lets_in(network, supply, edge, near) and outcome.query.supplied(far):
            rows.add(row)
    return valves.ids(sorted(rows))


def _lets_in(network: PipeNetwork, supply: Supply, edge: int, near: int) -> bool:
    """Whether the valve, once open, lets water towards ``near``: a one-way valve may point the other way."""
    into = int(network.valves.flows_to[supply.graph.valve[edge]])
    if into < 0:
        return True
    return int(supply.graph.of_pipe[into]) == near
