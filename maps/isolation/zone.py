"""Zone 1 and what falls dry with it, on the segment graph."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from maps.isolation.graph import SegmentGraph
from maps.isolation.supply import Supply
from maps.isolation.valves import Behaviour


@dataclass(frozen=True, slots=True)
class Zone:
    """Segments of zone 1, the sources caught in it, its border and walls.

    ``border``: edge -> segment beyond, by open valves (outgoing one-way ones included); ``walls``: edges of shut
    valves on the border; ``dry``: segments outside the zone that lose every source; ``to_close``: border edges whose
    far side has water and may flow in; ``outgoing``: one-way border edges that hold by themselves.
    """

    inside: frozenset[int]
    sources: tuple[int, ...]
    border: dict[int, int]
    walls: tuple[int, ...]
    dry: frozenset[int]
    to_close: tuple[int, ...]
    outgoing: tuple[int, ...]


def find_zone(graph: SegmentGraph, rules: Behaviour, supply: Supply, burst: Iterable[int]) -> Zone:
    """Zone 1 of burst segments by the rules of isolation, and the dry pockets around it."""
    inside, sources, border, walls = _flood(graph, rules, burst)
    lost = supply.lost(inside)
    dry, to_close, outgoing = set[int](), list[int](), list[int]()
    for edge, beyond in border.items():
        if beyond in lost or not supply.supplied[beyond]:
            dry |= _dry_side(graph, rules, supply, beyond, inside, lost)
        elif _leaves(graph, rules, edge, inside):
            outgoing.append(edge)
        else:
            to_close.append(edge)
    dry |= lost  # parts that hang on the zone by a path no border valve starts, such as behind a pump
    return Zone(frozenset(inside), tuple(sources), border, tuple(walls), frozenset(dry), tuple(to_close), tuple(outgoing))


def _flood(graph: SegmentGraph, rules: Behaviour, burst: Iterable[int]) -> tuple[set[int], list[int], dict[int, int], list[int]]:
    inside, todo = set[int](burst), list[int](dict.fromkeys(burst))
    sources, border, walls = list[int](), dict[int, int](), set[int]()
    while todo:
        segment = todo.pop()
        if graph.is_source[segment]:
            sources.append(segment)
            continue  # nothing floods across a source
        for edge in graph.at(segment):
            other = int(graph.b[edge]) if int(graph.a[edge]) == segment else int(graph.a[edge])
            if other in inside:
                continue
            if rules.wall[edge]:
                walls.add(edge)
            elif rules.border[edge] and not _flows_into(graph, rules, edge, segment):
                border[edge] = other
            else:
                inside.add(other)
                todo.append(other)
    return (
        inside,
        sources,
        {e: o for e, o in border.items() if o not in inside},
        [e for e in walls if not _within(graph, e, inside)],
    )


def _within(graph: SegmentGraph, edge: int, inside: set[int]) -> bool:
    return int(graph.a[edge]) in inside and int(graph.b[edge]) in inside


def _flows_into(graph: SegmentGraph, rules: Behaviour, edge: int, segment: int) -> bool:
    """A one-way valve whose flow leads into this segment cannot be trusted to be closed: the zone grows upstream."""
    direction = int(rules.one_way[edge])
    return direction != 0 and (int(graph.b[edge]) if direction > 0 else int(graph.a[edge])) == segment


def _leaves(graph: SegmentGraph, rules: Behaviour, edge: int, inside: set[int]) -> bool:
    direction = int(rules.one_way[edge])
    return direction != 0 and (int(graph.a[edge]) if direction > 0 else int(graph.b[edge])) in inside


def _dry_side(graph: SegmentGraph, rules: Behaviour, supply: Supply, start: int, inside: set[int], lost: set[int]) -> set[int]:
    """Everything without a source that hangs together with ``start``, the zone left out."""
    found, todo = {start}, [start]
    while todo:
        segment = todo.pop()
        for edge in graph.at(segment):
            other = int(graph.b[edge]) if int(graph.a[edge]) == segment else int(graph.a[edge])
            open_ = rules.forward[edge] or rules.backward[edge]
            if open_ and other not in found and other not in inside and (other in lost or not supply.supplied[other]):
                found.add(other)
                todo.append(other)
    return found
