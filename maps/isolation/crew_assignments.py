"""Assignments of valves to crews: full enumeration for a few valves, neighbouring assignments for local search."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

Deal = list[list[int]]
"""Valves of each crew in closing order; the plan's last valve is at the end of one crew's list."""


def dealt(deal: Deal, valves: Sequence[int]) -> Iterator[Deal]:
    """Every assignment of ``valves``, in every order, added to ``deal``."""
    if not valves:
        yield deal
        return
    for crew, mine in enumerate(deal):
        for slot in range(len(mine) + 1):
            taken = [*mine[:slot], valves[0], *mine[slot:]]
            yield from dealt([taken if n == crew else other for n, other in enumerate(deal)], valves[1:])


def neighbours(deal: Deal, last: int) -> Iterator[Deal]:
    """Assignments with one valve moved or two exchanged; ``last`` may change crews too and stays at the end of a list."""
    yield from _moved(deal, last)
    yield from _handed_over(deal, last)
    others = [valve for valves in deal for valve in valves if valve != last]
    for place, one in enumerate(others):
        for two in others[place + 1 :]:
            yield [[two if v == one else one if v == two else v for v in valves] for valves in deal]


def _moved(deal: Deal, last: int) -> Iterator[Deal]:
    for valve in [valve for valves in deal for valve in valves]:
        without = [[v for v in valves if v != valve] for valves in deal]
        for crew, valves in enumerate(without):
            most = len(valves) + (0 if last in valves else 1)
            for slot in [len(valves)] if valve == last else range(most):
                yield [[*v[:slot], valve, *v[slot:]] if n == crew else v for n, v in enumerate(without)]


def _handed_over(deal: Deal, last: int) -> Iterator[Deal]:
    """``last`` exchanged for a valve of another crew."""
    owner = next(crew for crew, valves in enumerate(deal) if last in valves)
    kept = deal[owner][:-1]
    for crew, valves in enumerate(deal):
        for valve in valves if crew != owner else ():
            rest = [v for v in valves if v != valve]
            for slot in range(len(kept) + 1):
                swapped = {crew: [*rest, last], owner: [*kept[:slot], valve, *kept[slot:]]}
                yield [swapped.get(n, v) for n, v in enumerate(deal)]
