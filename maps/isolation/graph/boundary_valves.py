"""Core algorithm of a plan on segments: boundary valves that hold back a source, and segments without supply."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from maps.isolation.graph.edge_rules import WALL
from maps.isolation.graph.isolation_zone import Border, Zone, grow
from maps.isolation.graph.segments import SegmentGraph
from maps.isolation.graph.supply import SupplyQuery
from maps.isolation.graph.supply_trees import Supply


@dataclass(frozen=True, slots=True)
class Outcome:
    """One solved burst. ``close``: valve rows, unordered; ``query``: supply with the plan carried out."""

    zone: Zone
    close: tuple[int, ...]
    dry: frozenset[int]
    sources_inside: tuple[int, ...]
    query: SupplyQuery
    changed: Mapping[int, int]
    held: Mapping[int, tuple[Border, ...]] = field(default_factory=dict)


def solve(supply: Supply, starts: Iterable[int], changed: Mapping[int, int], shut_now: Iterable[int] = ()) -> Outcome:
    """Zone 1 from the segments ``starts``, its valves to close and its dry pockets, with edge codes ``changed``.

    ``shut_now``: edges among ``changed`` that were closed for this incident: segments they cut off count as dry by this plan.
    """
    graph = supply.graph
    zone = grow(supply.around, supply.code_at, changed, starts)
    query = SupplyQuery(supply, zone.segments.keys(), changed)
    held = _held(graph, zone, query)
    closed = _closed_edges(graph, held)
    after = changed
    if closed:
        held = _necessary(supply, zone, changed, held)
        after = {**changed, **_closed_edges(graph, held)}
        query = SupplyQuery(supply, zone.segments.keys(), after)
    far = [border.far for border in zone.border if border.is_open]
    shut = [*shut_now, *(edge for edge in after if edge not in changed)]
    far += [end for edge in shut for end in (int(graph.u[edge]), int(graph.v[edge]))]
    dry = query.dry_from(far)
    inside = sorted({node for segment in zone.segments if supply.source_at[segment] for node in graph.sources_of[segment]})
    return Outcome(zone, tuple(sorted(held)), frozenset(dry), tuple(inside), query, changed, held)


def _held(graph: SegmentGraph, zone: Zone, query: SupplyQuery) -> dict[int, tuple[Border, ...]]:
    """Valve rows to close -> boundary edges with supply on the other side."""
    held: dict[int, tuple[Border, ...]] = {}
    for border in zone.border:
        if border.closable and query.supplied(border.far):
            valve = int(graph.valve[border.edge])
            held[valve] = (*held.get(valve, ()), border)
    return held


def _closed_edges(graph: SegmentGraph, held: Mapping[int, tuple[Border, ...]]) -> dict[int, int]:
    """Further edges closed with the boundary valves: a valve at a node closes every pipe there."""
    closed: dict[int, int] = {}
    for valve, borders in held.items():
        edges = graph.valve_edges(valve).tolist()
        if len(edges) > len(borders):
            closed.update(dict.fromkeys(edges, WALL))
    return closed


def _necessary(
    supply: Supply, zone: Zone, changed: Mapping[int, int], held: dict[int, tuple[Border, ...]]
) -> dict[int, tuple[Border, ...]]:
    """Only the valves without which a source reaches the zone.

    A valve at a node closes every pipe there, which may also cut the only path from a source to another valve; that one then
    stays open. Two pipes are enough for that where the node is a source or has a pump or a valve link.
    """
    graph = supply.graph
    if len(held) < 2 or all(len(graph.valve_edges(valve)) < 2 for valve in held):
        return held
    kept = dict(held)
    for valve in sorted(held, key=lambda row: (len(graph.valve_edges(row)), row)):
        others = {row: borders for row, borders in kept.items() if row != valve}
        query = SupplyQuery(supply, zone.segments.keys(), {**changed, **_closed_edges(graph, others)})
        if not any(query.supplied(border.far) for border in held[valve]):
            kept = others
    return kept
